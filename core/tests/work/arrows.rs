//! What waits for what: free when the last of it is done, in no circle, and on one list.

use agentrq_core::command::{Arrows, Command, NewWork, WorkChange};
use agentrq_core::decide::decide;
use agentrq_core::id::{Id, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::ListName;
use agentrq_core::rejection::Rejection;
use agentrq_core::store::{Extent, MemoryStore};
use agentrq_core::testing::{World, ada, agent};
use agentrq_core::time::Timestamp;
use agentrq_core::view::Store;

use crate::{to, waits_for};

#[test]
fn what_waits_is_free_when_the_last_of_what_it_waited_for_is_completed() {
    let mut world = World::new();
    let claude = agent("claude");
    let [a, b] = ["a", "b"].map(|title| world.lists(&claude, title, &[]));
    let c = world.lists(&claude, "c", &[a, b]);
    let d = world.lists(&claude, "d", &[c]);
    let waves = |world: &World| [a, b, c, d].map(|task| world.work(task).wave);
    assert_eq!(waves(&world), [Some(1), Some(1), None, None]);
    world.sets(&claude, a, Status::Completed).expect("done");
    assert_eq!(waves(&world), [Some(1), Some(1), None, None]);
    // What is rejected was not done: whatever waits for it goes on waiting.
    world.sets(&claude, b, Status::Rejected).expect("given up");
    assert_eq!(waves(&world), [Some(1), Some(1), None, None]);
    world.reopens(&ada(), b).expect("reopened");
    world.sets(&claude, b, Status::Completed).expect("done");
    assert_eq!(waves(&world), [Some(1), Some(1), Some(2), None]);
    world.reopens(&ada(), a).expect("reopened");
    assert_eq!(waves(&world), [Some(1), Some(1), None, None]);
    world.deletes(&ada(), a).expect("deleted");
    assert_eq!([b, c, d].map(|task| world.work(task).wave), [Some(1), Some(2), None]);
    world.sets(&claude, c, Status::Completed).expect("done");
    assert_eq!((world.work(c).wave, world.work(d).wave), (Some(2), Some(3)));
}

#[test]
fn a_circle_is_refused_by_the_names_of_those_in_it_and_changes_nothing() {
    let mut world = World::new();
    let claude = agent("claude");
    let a = world.lists(&claude, "a", &[]);
    let b = world.lists(&claude, "b", &[a]);
    let c = world.lists(&claude, "c", &[b]);
    let tasks = |world: &World| world.store.tasks().cloned().collect::<Vec<_>>();
    let before = tasks(&world);
    let blocks = |tasks: &[TaskId]| WorkChange {
        arrows: Arrows { add_blocks: tasks.to_vec(), ..Arrows::default() },
        title: Some("Another".into()),
        ..WorkChange::default()
    };
    for (task, change, circle) in [
        (a, waits_for(&[c]), "#1 → #2 → #3 → #1"),
        (c, blocks(&[a]), "#3 → #1 → #2 → #3"),
        (a, waits_for(&[a]), "#1 → #1"),
        (a, blocks(&[a]), "#1 → #1"),
    ] {
        let why = world.updates(&claude, task, change).expect_err(circle);
        assert_eq!((why.code(), why.to_string()), ("dependency_cycle", format!("the dependencies would go in a circle: {circle}")));
    }
    let both = WorkChange { arrows: Arrows { add_blocks: vec![b], add_blocked_by: vec![b], ..Arrows::default() }, ..WorkChange::default() };
    let d = world.lists(&claude, "d", &[]);
    assert!(matches!(world.updates(&claude, d, both), Err(Rejection::Cycle { .. })));
    world.deletes(&claude, d).expect("deleted");
    assert_eq!(tasks(&world), before);
}

#[test]
fn an_arrow_is_turned_round_in_one_step() {
    let mut world = World::new();
    let claude = agent("claude");
    let a = world.lists(&claude, "a", &[]);
    let b = world.lists(&claude, "b", &[a]);
    let turned = Arrows { add_blocks: vec![a], remove_blocked_by: vec![a], ..Arrows::default() };
    world.updates(&claude, b, WorkChange { arrows: turned, ..WorkChange::default() }).expect("turned");
    assert_eq!((world.work(a).blocked_by, world.work(b).blocked_by), (vec![b], vec![]));
    assert_eq!((world.work(a).wave, world.work(b).wave), (None, Some(1)));
    let gone = Arrows { remove_blocks: vec![a], ..Arrows::default() };
    world.updates(&claude, b, WorkChange { arrows: gone, ..WorkChange::default() }).expect("removed");
    assert_eq!(world.work(a).wave, Some(1));
}

#[test]
fn an_arrow_that_is_to_come_and_to_go_stays_and_makes_no_circle() {
    let mut world = World::new();
    let claude = agent("claude");
    let a = world.lists(&claude, "a", &[]);
    let b = world.lists(&claude, "b", &[a]);
    let both = Arrows { add_blocks: vec![b], add_blocked_by: vec![b], remove_blocks: vec![b], ..Arrows::default() };
    let refused = world.updates(&claude, a, WorkChange { arrows: both, ..WorkChange::default() });
    assert!(matches!(refused, Err(Rejection::Cycle { .. })), "{refused:?}");
}

#[test]
fn a_task_waits_for_tasks_of_its_own_list_alone() {
    let mut world = World::new();
    let claude = agent("claude");
    let here = world.lists(&claude, "here", &[]);
    let question = world.asks(&claude, "Question: x");
    let nowhere = TaskId(world.id());
    assert!(matches!(world.updates(&claude, here, waits_for(&[nowhere])), Err(Rejection::TaskNotFound { .. })));
    let why = world.updates(&claude, here, waits_for(&[question])).expect_err("of another list").to_string();
    assert!(why.contains("is not of the list main"), "{why}");
    assert!(matches!(world.updates(&claude, question, to(Status::Active)), Err(Rejection::NotListed { .. })));
}

/// Decides and applies, without a look at the whole of it after each step.
fn runs(store: &mut MemoryStore, command: Command) -> Result<(), Rejection> {
    let decision = decide(store, command, &agent("claude").at(Timestamp::from_ms(1_774_362_821_000)))?;
    let Ok(()) = store.apply(decision.changes());
    Ok(())
}

#[test]
fn a_thousand_arrows_at_one_task_are_allowed_and_one_more_is_not() {
    let mut store = MemoryStore::new(Extent::Whole);
    let ids: Vec<_> = (0..=limits::EDGES as u32 + 2).map(|number| TaskId(Id::new(1, number))).collect();
    let put = |id: TaskId, blocked_by: &[TaskId]| {
        let work = NewWork { title: "x".into(), blocked_by: blocked_by.to_vec(), ..NewWork::default() };
        Command::CreateWork { id: id.0, list: ListName::default(), work: Box::new(work) }
    };
    let ([first, last], others) = ([ids[0], ids[1]], &ids[2..]);
    for id in [first].iter().chain(others) {
        runs(&mut store, put(*id, &[])).expect("put");
    }
    let refused = runs(&mut store, put(last, others));
    assert!(matches!(refused, Err(Rejection::TooMany { limit: limits::EDGES, .. })), "{refused:?}");
    runs(&mut store, put(last, &others[1..])).expect("a thousand");
    let blocks = |number: u32, tasks: &[TaskId]| {
        let arrows = Arrows { add_blocks: tasks.to_vec(), ..Arrows::default() };
        Command::UpdateWork {
            id: Id::new(1_774_362_821_001, number),
            task: first,
            change: Box::new(WorkChange { arrows, ..WorkChange::default() }),
        }
    };
    assert!(matches!(runs(&mut store, blocks(1, others)), Err(Rejection::TooMany { .. })));
    runs(&mut store, blocks(2, &others[1..])).expect("a thousand");
    let full = Id::new(1_774_362_821_001, 9);
    assert!(matches!(runs(&mut store, put(TaskId(full), &[first])), Err(Rejection::TooMany { .. })), "said from the other side, too");
    let repeated = blocks(4, &vec![others[1]; limits::EDGES + 1]);
    assert!(matches!(runs(&mut store, repeated), Err(Rejection::TooMany { .. })), "one task, named too often");
    runs(&mut store, Command::UpdateWork { id: Id::new(1_774_362_821_001, 3), task: first, change: Box::new(to(Status::Completed)) })
        .expect("done");
    let waves: Vec<_> = store.tasks().filter_map(|task| task.work.as_ref()).map(|work| work.wave).collect();
    assert_eq!(waves.iter().filter(|wave| **wave == Some(2)).count(), limits::EDGES);
}

#[test]
fn what_waits_may_begin_unless_the_workspace_wants_it_to_wait() {
    let mut world = World::new();
    let claude = agent("claude");
    let first = world.lists(&claude, "first", &[]);
    let tasks = [1, 2].map(|_| world.lists(&claude, "later", &[first]));
    world.updates(&claude, tasks[0], to(Status::Active)).expect("begun all the same");
    let id = world.id();
    world.run(&ada(), Command::EditWorkspace { id, name: None, mission: None, enforce_dependencies: Some(true) }).expect("said");
    for status in [Status::Active, Status::Completed] {
        let why = world.updates(&claude, tasks[1], to(status)).expect_err("it waits");
        assert_eq!((why.code(), why.to_string()), ("task_blocked", "#3 waits for #1: that must be completed first".to_owned()));
    }
    assert!(matches!(world.sets(&claude, tasks[1], Status::Active), Err(Rejection::Blocked { .. })));
    world.sets(&claude, tasks[1], Status::Rejected).expect("it can be given up");
}

#[test]
fn of_a_long_circle_the_ends_are_named() {
    let mut world = World::new();
    let claude = agent("claude");
    let first = world.lists(&claude, "x", &[]);
    let mut last = first;
    for _ in 0..20 {
        last = world.lists(&claude, "x", &[last]);
    }
    let why = world.updates(&claude, first, waits_for(&[last])).expect_err("a circle").to_string();
    let named = "#1 → #2 → #3 → #4 → #5 → #6 → (10 more) → #17 → #18 → #19 → #20 → #21 → #1";
    assert_eq!(why, format!("the dependencies would go in a circle: {named}"));
}
