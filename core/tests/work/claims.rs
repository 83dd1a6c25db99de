//! Who has a task: the first that claims it, until its agent is gone, gives it back or is told that another has it.

use agentrq_core::command::{Command, NewWork, WorkChange};
use agentrq_core::decide::LEASE_MS;
use agentrq_core::decision::Outcome;
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::ListName;
use agentrq_core::report::Report;
use agentrq_core::testing::{World, ada, agent, name};

use crate::{claim, held_by, metadata, next, puts, to, told};

#[test]
fn of_two_that_claim_a_task_the_second_is_told_who_has_it() {
    let mut world = World::new();
    let (claude, codex) = (agent("claude"), agent("codex"));
    let task = world.lists(&claude, "x", &[]);
    world.updates(&claude, task, claim("claude")).expect("claimed");
    let work = world.work(task);
    assert_eq!((work.owner, work.holder, work.fence), (Some(name("claude")), Some(name("claude")), 1));
    let held = (Some(name("claude")), 1);
    assert_eq!(held_by(world.updates(&codex, task, claim("codex"))), held);
    assert_eq!(held_by(world.updates(&codex, task, to(Status::Active))), held);
    assert_eq!(held_by(world.updates(&codex, task, to(Status::Completed))), held);
    assert_eq!(held_by(world.sets(&codex, task, Status::Completed)), held);
    assert_eq!(held_by(world.deletes(&codex, task)), held);
    // Of two that share a connection, too: they go by other names.
    assert_eq!(held_by(world.updates(&claude, task, claim("claude-2"))), held);
    // To say something about it is not to take it.
    world.updates(&codex, task, WorkChange { body: Some("See also y".into()), ..WorkChange::default() }).expect("said");
    assert_eq!(world.work(task).holder, Some(name("claude")));
    assert_eq!(world.task(task).agent, Some(name("claude")), "who holds it hears of it");
}

#[test]
fn who_names_the_claim_that_stands_takes_it_over_and_the_claim_before_is_no_more() {
    let mut world = World::new();
    let (claude, codex) = (agent("claude"), agent("codex"));
    let task = world.lists(&claude, "x", &[]);
    world.updates(&claude, task, claim("claude")).expect("claimed");
    let over = WorkChange { fence: Some(1), ..claim("codex") };
    world.updates(&codex, task, over).expect("taken over");
    assert_eq!((world.work(task).owner, world.work(task).fence), (Some(name("codex")), 2));
    let late = WorkChange { fence: Some(1), ..to(Status::Completed) };
    assert_eq!(held_by(world.updates(&claude, task, late)), (Some(name("codex")), 2));
    world.updates(&codex, task, WorkChange { fence: Some(2), ..to(Status::Completed) }).expect("completed");
    assert_eq!((world.work(task).holder, world.work(task).owner), (None, Some(name("codex"))));
}

#[test]
fn the_next_task_is_the_most_urgent_then_of_the_earliest_wave_then_the_oldest() {
    let mut world = World::new();
    let claude = agent("claude");
    let low = puts(&mut world, &claude, "low", r#"{"priority":"low"}"#);
    let first = puts(&mut world, &claude, "first", r#"{"priority":"P0"}"#);
    let id = world.id();
    let work =
        NewWork { title: "second".into(), metadata: metadata(r#"{"priority":"P1"}"#), blocked_by: vec![first], ..NewWork::default() };
    world.run(&claude, Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }).expect("put");
    let second = TaskId(id);
    let early = puts(&mut world, &claude, "early", r#"{"priority":"high"}"#);
    let plain = [puts(&mut world, &claude, "plain", "{}"), puts(&mut world, &claude, "plain", "{}")];
    for (stuck, noted) in [("stuck", r#"{"priority":"P0","blocked_reason":"no key"}"#), ("hidden", r#"{"priority":"P0","_internal":true}"#)]
    {
        puts(&mut world, &claude, stuck, noted);
    }
    assert_eq!(next(&mut world, &claude), Some(first));
    assert_eq!(next(&mut world, &claude), Some(early), "what waits is not given");
    world.sets(&claude, first, Status::Completed).expect("done");
    assert_eq!([(); 5].map(|()| next(&mut world, &claude)), [Some(second), Some(low), Some(plain[0]), Some(plain[1]), None]);
    assert_eq!(world.claims(&claude), None, "work of lists is not what people have for agents");
}

#[test]
fn what_an_agent_that_is_gone_had_begun_is_free_again_and_whoever_asked_for_it_is_told() {
    let mut world = World::new();
    let (lead, claude, codex) = (agent("lead"), agent("claude"), agent("codex"));
    let task = world.lists(&lead, "x", &[]);
    let own = world.lists(&claude, "own", &[]);
    for who in ["claude", "codex"] {
        world.report(Report::Heard { agent: name(who), client: None });
    }
    for task in [task, own] {
        world.updates(&claude, task, claim("claude")).expect("claimed");
    }
    let gone = |world: &mut World| {
        let id = world.id();
        world.report(Report::Gone { id, agent: name("claude"), lease_ms: LEASE_MS })
    };
    world.wait(LEASE_MS - 1_000);
    assert_eq!(gone(&mut world).outcome, Outcome::Already, "not yet");
    world.report(Report::Heard { agent: name("claude"), client: None });
    world.wait(LEASE_MS - 1_000);
    assert_eq!(gone(&mut world).outcome, Outcome::Already, "it was heard of meanwhile");
    world.report(Report::Connected { agent: name("claude") });
    world.wait(2 * LEASE_MS);
    assert_eq!(gone(&mut world).outcome, Outcome::Already, "it holds a stream");
    world.report(Report::Disconnected { agent: name("claude") });
    world.wait(LEASE_MS);
    gone(&mut world);
    for task in [task, own] {
        let work = world.work(task);
        assert_eq!((world.task(task).status, work.owner, work.holder, work.fence), (Status::Pending, None, None, 1));
    }
    assert_eq!(told(&world, "lead"), ["free again: claude had it and has not been heard of"]);
    assert_eq!(told(&world, "claude"), ["taken from you, who were not heard of for long: claim it again before you go on"]);
    assert_eq!(next(&mut world, &codex), Some(task));
    // It comes back, and does not know.
    let late = WorkChange { fence: Some(1), ..to(Status::Completed) };
    assert_eq!(held_by(world.updates(&claude, task, late)), (Some(name("codex")), 2));
    assert_eq!(held_by(world.updates(&claude, task, to(Status::Completed))), (Some(name("codex")), 2));
}

#[test]
fn who_takes_over_under_the_same_name_or_none_has_the_claim() {
    let mut world = World::new();
    let (claude, codex) = (agent("claude"), agent("codex"));
    for owner in [Some(Some(name("backend"))), None] {
        let task = world.lists(&claude, "x", &[]);
        world.updates(&claude, task, claim("backend")).expect("claimed");
        let over = WorkChange { owner, fence: Some(1), ..to(Status::Active) };
        world.updates(&codex, task, over).expect("taken over");
        let work = world.work(task);
        assert_eq!((work.owner, work.holder, work.fence), (Some(name("backend")), Some(name("codex")), 2));
        assert_eq!(world.updates(&codex, task, to(Status::Active)).map(|it| it.outcome), Ok(Outcome::Already));
    }
    let begun = world.lists(&claude, "begun by a person", &[]);
    world.sets(&ada(), begun, Status::Active).expect("begun");
    world.updates(&codex, begun, to(Status::Active)).expect("claimed");
    assert_eq!((world.work(begun).holder, world.work(begun).fence), (Some(name("codex")), 1));
}

#[test]
fn what_is_under_way_and_given_back_or_to_another_who_is_here_waits_to_be_begun() {
    let mut world = World::new();
    let (claude, codex) = (agent("claude"), agent("codex"));
    world.report(Report::Heard { agent: name("codex"), client: None });
    let task = world.lists(&claude, "x", &[]);
    let gives = |owner: Option<&str>| WorkChange { owner: Some(owner.map(name)), ..WorkChange::default() };
    world.updates(&claude, task, claim("claude")).expect("claimed");
    world.updates(&claude, task, gives(None)).expect("given back");
    assert_eq!((world.task(task).status, world.work(task).holder), (Status::Pending, None));
    assert_eq!(next(&mut world, &codex), Some(task));
    world.updates(&codex, task, gives(Some("helper"))).expect("given to a helper of its own");
    assert_eq!((world.task(task).status, world.work(task).holder, world.work(task).fence), (Status::Active, Some(name("codex")), 3));
    let other = world.lists(&claude, "y", &[]);
    world.updates(&claude, other, claim("claude")).expect("claimed");
    world.updates(&claude, other, gives(Some("codex"))).expect("given away");
    assert_eq!((world.task(other).status, world.work(other).owner, world.work(other).holder), (Status::Pending, Some(name("codex")), None));
    // What is meant for one who is here, nobody else begins: not without a name, nor by the tool of the other dialect.
    assert_eq!(held_by(world.updates(&claude, other, to(Status::Active))).0, Some(name("codex")));
    assert_eq!(held_by(world.sets(&claude, other, Status::Active)).0, Some(name("codex")));
    world.updates(&codex, other, to(Status::Active)).expect("begun");
}
