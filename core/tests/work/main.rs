//! Lists of agents' work: what waits for what, who has what, and what becomes of it when its agent is gone.

mod arrows;
mod claims;
mod people;

use agentrq_core::command::{Arrows, Command, NewWork, WorkChange};
use agentrq_core::decision::Outcome;
use agentrq_core::id::TaskId;
use agentrq_core::json::from_str;
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::{AgentName, DeliveryState, ListName, Metadata, Noted, Todo, TodoStatus};
use agentrq_core::rejection::Rejection;
use agentrq_core::report::Report;
use agentrq_core::testing::{Who, World, ada, agent, name};

fn metadata(text: &str) -> Metadata {
    from_str(text).expect("metadata")
}

fn to(status: Status) -> WorkChange {
    WorkChange { status: Some(status), ..WorkChange::default() }
}

/// To begin a task under a name.
fn claim(owner: &str) -> WorkChange {
    WorkChange { owner: Some(Some(name(owner))), ..to(Status::Active) }
}

fn waits_for(blockers: &[TaskId]) -> WorkChange {
    WorkChange { arrows: Arrows { add_blocked_by: blockers.to_vec(), ..Arrows::default() }, ..WorkChange::default() }
}

fn puts(world: &mut World, who: &Who, title: &str, noted: &str) -> TaskId {
    let id = world.id();
    let work = NewWork { title: title.to_owned(), metadata: metadata(noted), ..NewWork::default() };
    world.run(who, Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }).expect("put");
    TaskId(id)
}

fn next(world: &mut World, who: &Who) -> Option<TaskId> {
    let id = world.id();
    let decision = world.run(who, Command::ClaimWork { id, list: ListName::default(), owner: None }).expect("asked");
    match decision.outcome {
        Outcome::Claimed(task) => task,
        other => panic!("a claim ends with {other:?}"),
    }
}

/// What an agent is to be told.
fn told(world: &World, agent: &str) -> Vec<String> {
    let queued = world.deliveries().into_iter().filter(|it| it.state == DeliveryState::Queued && it.agent == Some(name(agent)));
    queued.filter_map(|it| it.note).collect()
}

fn held_by(refused: Result<agentrq_core::Decision, Rejection>) -> (Option<AgentName>, u64) {
    match refused {
        Err(Rejection::Held { owner, fence, .. }) => (owner, fence),
        other => panic!("it is held: {other:?}"),
    }
}

#[test]
fn numbers_count_by_list_and_are_never_given_twice() {
    let mut world = World::new();
    let claude = agent("claude");
    world.asks(&claude, "Question: x");
    let tasks = [1, 2, 3].map(|_| world.lists(&claude, "x", &[]));
    assert_eq!(tasks.map(|task| world.work(task).number), [Some(1), Some(2), Some(3)]);
    world.deletes(&claude, tasks[2]).expect("deleted");
    let id = world.id();
    let list = ListName::new("other").expect("a name");
    let work = NewWork { title: "x".into(), ..NewWork::default() };
    world.run(&claude, Command::CreateWork { id, list, work: Box::new(work) }).expect("put");
    assert_eq!(world.work(TaskId(id)).number, Some(1));
    let fourth = world.lists(&claude, "x", &[]);
    assert_eq!((world.work(fourth).number, world.task(fourth).number), (Some(4), Some(6)));
}

#[test]
fn whoever_waits_to_begin_a_task_is_told_when_it_is_free() {
    let mut world = World::new();
    let (lead, codex) = (agent("lead"), agent("codex"));
    world.report(Report::Heard { agent: name("codex"), client: None });
    let first = world.lists(&lead, "first", &[]);
    let tasks = [1, 2, 3].map(|_| world.lists(&lead, "later", &[first]));
    for (task, owner) in [(tasks[0], "codex"), (tasks[1], "helper")] {
        let given = WorkChange { owner: Some(Some(name(owner))), ..WorkChange::default() };
        world.updates(&lead, task, given).expect("given");
    }
    assert_eq!(told(&world, "codex"), ["given to you"]);
    world.updates(&codex, first, claim("codex")).expect("claimed");
    world.updates(&codex, first, to(Status::Completed)).expect("done");
    // Who made it free knows; a name without a connection of its own is that of its agent; what is nobody's waits for nobody.
    let free = "free to begin: everything that it waited for is completed";
    assert_eq!((told(&world, "codex"), told(&world, "lead")), (vec!["given to you".to_owned()], vec![free.to_owned()]));
    world.reopens(&ada(), first).expect("reopened");
    world.sets(&ada(), first, Status::Completed).expect("done");
    assert_eq!(told(&world, "codex").last().map(String::as_str), Some(free));
}

#[test]
fn the_same_uid_is_the_same_task_and_a_completed_one_stays_so() {
    let mut world = World::new();
    let claude = agent("claude");
    let noted = r#"{"task_uid":"auth:schema"}"#;
    let first = puts(&mut world, &claude, "Create the schema", noted);
    let again = |world: &mut World, title: &str| {
        let id = world.id();
        let work = NewWork { title: title.into(), metadata: metadata(r#"{"task_uid":"auth:schema","size":"S"}"#), ..NewWork::default() };
        world.run(&claude, Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }).expect("known").outcome
    };
    assert_eq!(again(&mut world, "Create the schema anew"), Outcome::Found(first));
    assert_eq!((world.task(first).title.as_str(), world.work(first).metadata.text("size")), ("Create the schema anew", Some("S".into())));
    world.sets(&claude, first, Status::Completed).expect("done");
    assert_eq!(again(&mut world, "Once more"), Outcome::Found(first));
    assert_eq!((world.task(first).title.as_str(), world.task(first).status), ("Create the schema anew", Status::Completed));
    assert_eq!(world.store.tasks().count(), 1);
}

#[test]
fn metadata_of_16_kibibytes_is_kept_and_more_is_refused() {
    let mut world = World::new();
    let claude = agent("claude");
    let task = world.lists(&claude, "x", &[]);
    let noted = |bytes: usize| WorkChange {
        metadata: Some(Noted::Replaced(metadata(&format!(r#"{{"a":"{}"}}"#, "x".repeat(bytes))))),
        ..WorkChange::default()
    };
    let around = metadata(r#"{"a":""}"#).bytes();
    world.updates(&claude, task, noted(limits::METADATA_BYTES - around)).expect("as much as is allowed");
    let refused = world.updates(&claude, task, noted(limits::METADATA_BYTES - around + 1));
    assert!(matches!(refused, Err(Rejection::TooLong { field: "metadata", .. })), "{refused:?}");
}

#[test]
fn a_checklist_is_its_agents_and_is_replaced_as_a_whole() {
    let mut world = World::new();
    let claude = agent("claude");
    let todo = |content: &str, active_form: &str| Todo {
        content: content.into(),
        status: TodoStatus::InProgress,
        active_form: active_form.into(),
    };
    let writes = |world: &mut World, who: &Who, todos: Vec<Todo>| {
        let id = world.id();
        world.run(who, Command::WriteTodos { id, todos })
    };
    writes(&mut world, &claude, vec![todo("Test", "Testing"), todo(" Ship ", "")]).expect("written");
    let kept = |world: &World| world.store.agents().next().map(|agent| agent.todos.clone());
    assert_eq!(kept(&world), Some(vec![todo("Test", "Testing"), todo("Ship", "Ship")]));
    let same = kept(&world).unwrap_or_default();
    assert_eq!(writes(&mut world, &claude, same).map(|it| it.outcome), Ok(Outcome::Already));
    assert!(matches!(writes(&mut world, &ada(), Vec::new()), Err(Rejection::Forbidden { .. })));
    assert!(matches!(writes(&mut world, &claude, vec![todo(" ", "x")]), Err(Rejection::Empty { field: "content" })));
    let many = |count: usize| vec![todo("x", "x"); count];
    assert!(matches!(writes(&mut world, &claude, many(limits::TODOS + 1)), Err(Rejection::TooMany { .. })));
    writes(&mut world, &claude, many(limits::TODOS)).expect("as many as are allowed");
    let heavy = vec![todo(&"é".repeat(limits::TODO_CHARS), "x"); limits::TODOS_BYTES / (2 * limits::TODO_CHARS + 1) + 1];
    assert!(matches!(writes(&mut world, &claude, heavy), Err(Rejection::TooLong { field: "todos", .. })));
    let long = |size: usize| vec![todo(&"é".repeat(size), "x")];
    assert!(matches!(writes(&mut world, &claude, long(limits::TODO_CHARS + 1)), Err(Rejection::TooLong { .. })));
    writes(&mut world, &claude, long(limits::TODO_CHARS)).expect("as long as is allowed");
    writes(&mut world, &claude, Vec::new()).expect("emptied");
    assert_eq!(kept(&world), Some(Vec::new()));
}

#[test]
fn all_who_found_nothing_to_do_are_told_once_when_something_is_free() {
    let mut world = World::new();
    let (lead, claude, codex) = (agent("lead"), agent("claude"), agent("codex"));
    let first = world.lists(&lead, "first", &[]);
    let [second, third] = ["second", "third"].map(|title| world.lists(&lead, title, &[first]));
    assert_eq!(next(&mut world, &lead), Some(first));
    assert_eq!([next(&mut world, &claude), next(&mut world, &codex), next(&mut world, &codex)], [None; 3]);
    world.updates(&lead, first, to(Status::Completed)).expect("done");
    let free = vec!["free to begin: TaskNext takes it, or what is more urgent".to_owned()];
    // Two tasks are free, and each is told once: of the first.
    assert_eq!((told(&world, "claude"), told(&world, "codex"), told(&world, "lead")), (free.clone(), free.clone(), Vec::new()));
    assert_eq!([next(&mut world, &claude), next(&mut world, &codex)], [Some(second), Some(third)]);
    assert_eq!(told(&world, "claude"), Vec::<String>::new(), "who has taken it has heard of it");
    // What is given back is free again, and so is what comes new.
    assert_eq!(next(&mut world, &lead), None);
    let back = WorkChange { owner: Some(None), ..to(Status::Pending) };
    world.updates(&claude, second, back).expect("given back");
    assert_eq!(told(&world, "lead"), free);
    assert_eq!([next(&mut world, &codex), next(&mut world, &codex)], [Some(second), None]);
    world.lists(&ada(), "new", &[]);
    assert_eq!(told(&world, "codex"), free);
}
