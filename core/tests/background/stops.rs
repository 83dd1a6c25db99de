//! A stop reaches whoever runs the work, and holds once that one says so, or time is over.

use super::*;

#[test]
fn a_stop_reaches_who_runs_it_and_holds_once_that_one_says_so() {
    for who in [ada(), agent("claude"), agent("laptop")] {
        let mut world = World::new();
        let task = running(&mut world, None);
        stops(&mut world, &who, task).expect("asked");
        let (kinds, notes): (Vec<_>, Vec<_>) = told(&world, "laptop").into_iter().unzip();
        assert_eq!((kinds, world.task(task).status), (vec![DeliveryKind::Stop], Status::Active));
        assert!(notes[0].ends_with(" wants it"), "{notes:?}");
        let asked = job(&world, task).stop.expect("asked");
        assert_eq!((asked.by.as_ref(), asked.unconfirmed), (Some(&who.actor), false));
        stops(&mut world, &ada(), task).expect("asked again, it is no news");
        assert_eq!((told(&world, "laptop").len(), job(&world, task).stop), (1, Some(asked)));
        world.updates(&agent("laptop"), task, to(Status::Killed)).expect("it has ended");
        assert_eq!(world.task(task).status, Status::Killed);
        assert_eq!(told(&world, "laptop"), Vec::new(), "who says that it has ended need not be told that it should");
        assert_eq!(told(&world, "claude"), ended("Background command \"npm test\" killed"));
    }
}

#[test]
fn who_wanted_it_stopped_is_told_of_the_end_too() {
    let mut world = World::new();
    let task = running(&mut world, None);
    stops(&mut world, &agent("codex"), task).expect("asked");
    world.updates(&agent("laptop"), task, WorkChange { exit_code: Some(0), ..to(Status::Completed) }).expect("it was quicker");
    for agent in ["claude", "codex"] {
        assert_eq!(told(&world, agent), ended("Background command \"npm test\" completed (exit code 0)"), "{agent}");
    }
}

#[test]
fn what_runs_already_is_claimed_as_it_is_asked_for_so_that_a_stop_reaches_who_runs_it_at_any_time() {
    let mut world = World::new();
    world.report(Report::Connected { agent: name("laptop") });
    let begun = |id| {
        let metadata = Metadata::from(&serde_json::Map::from_iter([("task_uid".to_owned(), serde_json::Value::from("run-1"))]));
        let work =
            NewWork { title: "Run it".into(), metadata, job: Some(shell("npm test")), status: FirstStatus::Active, ..NewWork::default() };
        Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }
    };
    let id = world.id();
    world.run(&agent("laptop"), begun(id)).expect("begun");
    let task = TaskId(id);
    let is = |world: &World| (world.task(task).status, world.work(task).holder, world.work(task).fence);
    assert_eq!(is(&world), (Status::Active, Some(name("laptop")), 1));
    assert_eq!(job(&world, task).started_at, Some(world.now()));

    // Asked for once more, as by who did not get the answer, it is the same on the same claim; another is told whose it is.
    let id = world.id();
    assert_eq!(world.run(&agent("laptop"), begun(id)).expect("the same").outcome, Outcome::Found(task));
    assert_eq!(is(&world), (Status::Active, Some(name("laptop")), 1));
    let id = world.id();
    let other = world.run(&agent("other"), begun(id));
    assert!(matches!(other, Err(Rejection::Held { .. })), "{other:?}");

    stops(&mut world, &ada(), task).expect("stopped");
    assert_eq!(told(&world, "laptop"), [(DeliveryKind::Stop, "Ada wants it".to_owned())]);
    assert_eq!(world.task(task).status, Status::Active, "it ends when who runs it says so");
}

#[test]
fn what_nobody_has_begun_is_stopped_at_once() {
    let mut world = World::new();
    let task = world.runs_in_background(&agent("claude"), shell("npm test"));
    stops(&mut world, &ada(), task).expect("stopped");
    assert_eq!(world.task(task).status, Status::Killed);
    assert_eq!(told(&world, "claude"), ended("Background command \"npm test\" killed: stopped before anybody ran it"));
    assert!(stops(&mut world, &ada(), task).expect("it is so already").events.is_empty());
    assert!(world.updates(&agent("laptop"), task, to(Status::Active)).is_err(), "nobody runs it any more");
}

#[test]
fn a_stop_that_nobody_confirms_is_marked_and_still_holds_when_it_is_confirmed() {
    let mut world = World::new();
    let task = running(&mut world, None);
    stops(&mut world, &ada(), task).expect("asked");
    let asked = world.now();
    assert_eq!(due_at(&world.task(task), LEASE_MS), Some(asked.plus_ms(STOP_GRACE_MS)));
    in_time(&mut world, task);
    assert!(job(&world, task).stop.is_some_and(|stop| stop.unconfirmed));
    assert_eq!((world.task(task).status, due_at(&world.task(task), LEASE_MS)), (Status::Active, None));
    world.updates(&agent("laptop"), task, to(Status::Killed)).expect("it has ended after all");
    assert_eq!(world.task(task).status, Status::Killed);
}

#[test]
fn what_runs_longer_than_it_may_is_to_stop() {
    let mut world = World::new();
    let task = running(&mut world, Some(60_000));
    assert_eq!(due_at(&world.task(task), LEASE_MS), Some(world.now().plus_ms(60_000)));
    world.wait(59_000);
    let id = world.id();
    world.report(Report::Due { id, task, lease_ms: LEASE_MS });
    assert_eq!(job(&world, task).stop, None, "it is not time yet");
    in_time(&mut world, task);
    assert!(job(&world, task).stop.is_some_and(|stop| stop.by.is_none()));
    assert_eq!(told(&world, "laptop"), [(DeliveryKind::Stop, "its time is over".to_owned())]);
}

#[test]
fn a_stop_is_for_one_run_and_not_for_the_next() {
    let mut world = World::new();
    let task = running(&mut world, None);
    stops(&mut world, &ada(), task).expect("asked");
    world.report(Report::Silent { task });
    in_time(&mut world, task);
    in_time(&mut world, task);
    assert_eq!(world.task(task).status, Status::Killed);
    assert_eq!(told(&world, "laptop"), [], "nobody need hear of it any more");
    let id = world.id();
    world.run(&ada(), Command::Reopen { id, task }).expect("reopened");
    world.updates(&agent("laptop"), task, to(Status::Active)).expect("run again");
    assert_eq!(job(&world, task).stop, None);
}

#[test]
fn what_waits_for_others_is_stopped_even_where_they_must_come_first() {
    let mut world = strict();
    let first = world.lists(&agent("claude"), "First", &[]);
    let blocked = NewWork { title: "x".into(), job: Some(shell("npm test")), blocked_by: vec![first], ..NewWork::default() };
    let id = world.id();
    world.run(&agent("claude"), Command::CreateWork { id, list: Default::default(), work: Box::new(blocked) }).expect("put");
    stops(&mut world, &ada(), TaskId(id)).expect("stopped");
    assert_eq!(world.task(TaskId(id)).status, Status::Killed);
}
