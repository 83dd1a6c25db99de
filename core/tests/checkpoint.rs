//! What a browser keeps between two visits: read back it is the same, and what another build wrote is refused.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::command::{Command, NewJob, WorkChange};
use agentrq_core::decide::{LEASE_MS, STOP_GRACE_MS};
use agentrq_core::id::TaskId;
use agentrq_core::json;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{JobKind, ListName, Noted, Task, Todo, TodoStatus, Turn};
use agentrq_core::report::Report;
use agentrq_core::sync::checkpoint::{FORMAT, Unreadable};
use agentrq_core::sync::delta::ThreadPage;
use agentrq_core::sync::replica::Replica;
use agentrq_core::testing::{World, ada, agent, bob, name};
use serde_json::{Value, json};

/// A replica with two threads, a task that was deleted under its eyes, and what is on its way to an agent.
fn seen() -> (Replica, World, [TaskId; 3]) {
    let mut world = World::new();
    let tasks = [world.asks(&agent("claude"), "Approve: x"), world.gives(&ada(), "Do y"), world.gives(&bob(), "Gone")];
    world.says(&ada(), tasks[0], "Both.");
    world.report(Report::Connected { agent: name("claude") });
    let mut replica = Replica::new();
    replica.load_snapshot(world.snapshot(&ada()));
    for task in &tasks[..2] {
        replica.load_thread(*task, ThreadPage { messages: world.thread(*task), deliveries: Vec::new(), next_cursor: None });
    }
    let unread = world.log.len();
    world.deletes(&bob(), tasks[2]).expect("deleted");
    world.log[unread..].iter().flatten().for_each(|frame| {
        replica.apply(frame.clone());
    });
    (replica, world, tasks)
}

fn text(replica: &Replica, keep: &[TaskId]) -> String {
    replica.checkpoint(&keep.iter().copied().collect::<BTreeSet<_>>()).expect("something is loaded")
}

fn restored(text: &str) -> Replica {
    let mut replica = Replica::new();
    replica.restore(text).expect("read back");
    replica
}

fn changed(text: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut value = serde_json::from_str(text).expect("JSON");
    change(&mut value);
    value.to_string()
}

#[test]
fn what_is_read_back_is_what_was_there() {
    let (replica, _, tasks) = seen();
    let again = restored(&text(&replica, &tasks));
    assert_eq!(again.cursor(), replica.cursor());
    assert_eq!(again.me(), replica.me());
    assert_eq!(again.workspace(), replica.workspace());
    assert_eq!((again.tasks(), again.tasks().len()), (replica.tasks(), 2));
    assert_eq!(again.agents(), replica.agents());
    for task in tasks {
        assert_eq!(again.thread(task), replica.thread(task));
        assert_eq!(again.deliveries(task), replica.deliveries(task));
        assert_eq!(again.thread_state(task), replica.thread_state(task));
    }
    assert_eq!(text(&again, &tasks), text(&replica, &tasks));
}

#[test]
fn what_is_written_in_pieces_is_the_same_read_back() {
    let (mut replica, mut world, tasks) = seen();
    let more: Vec<_> = (0..2_100)
        .map(|number| Task {
            id: TaskId(world.id()),
            title: format!("Task {number}"),
            turn: if number == 0 { Turn::Human } else { Turn::Agent },
            ..world.task(tasks[1])
        })
        .collect();
    replica.load_tasks(more);
    let keep = tasks.into_iter().collect::<BTreeSet<_>>();
    let pieces: Vec<_> = (0..).map_while(|at| replica.checkpoint_piece(at, &keep)).collect();
    assert_eq!(pieces.len(), 5, "five hundred tasks each");
    let mut again = restored(&pieces[0]);
    let waiting = |replica: &Replica| replica.tasks().iter().filter(|it| it.value.turn == Turn::Human).count();
    assert!(waiting(&replica) > 0 && waiting(&again) == waiting(&replica), "what waits for people comes first, however old it is");
    let newest = |replica: &Replica| replica.tasks().iter().map(|it| it.value.id).max();
    assert_eq!(newest(&again), newest(&replica), "and then the newest");
    for piece in &pieces[1..] {
        let page: BTreeMap<String, Vec<Task>> = serde_json::from_str(piece).expect("a page");
        again.load_tasks(page["tasks"].clone());
    }
    assert_eq!(again.tasks().len(), 2_102);
    assert_eq!(text(&again, &tasks), text(&replica, &tasks));
    assert_eq!(Replica::new().checkpoint_piece(0, &keep), None, "nothing is loaded");
}

#[test]
fn only_the_threads_that_are_asked_for_are_kept() {
    let (replica, _, [question, work, _]) = seen();
    let again = restored(&text(&replica, &[question]));
    assert_eq!(again.thread(question).len(), 2);
    assert_eq!((again.thread(work).len(), again.thread_state(work)), (0, None));
    assert_eq!(again.tasks().len(), 2, "the tasks are all there");
    assert_eq!(again.deliveries(work), replica.deliveries(work), "what is on its way is shown without its thread");
}

#[test]
fn a_task_that_was_deleted_stays_gone_for_pages_that_are_older() {
    let (replica, mut world, [.., gone]) = seen();
    let mut again = restored(&text(&replica, &[]));
    let other = world.gives(&bob(), "Other");
    again.load_tasks(vec![Task { id: gone, ..world.task(other) }]);
    assert_eq!(again.task(gone), None);
}

#[test]
fn the_stream_goes_on_after_it() {
    let (replica, mut world, [question, ..]) = seen();
    let mut again = restored(&text(&replica, &[question]));
    let unread = world.log.len();
    world.says(&bob(), question, "And I.");
    world.log[unread..].iter().flatten().for_each(|frame| {
        again.apply(frame.clone());
    });
    assert_eq!((again.cursor(), again.thread(question).len()), (Some(&world.cursor()), 3));
}

#[test]
fn before_anything_is_loaded_there_is_nothing_to_keep() {
    assert_eq!(Replica::new().checkpoint(&BTreeSet::new()), None);
}

#[test]
fn another_format_is_refused_whatever_else_it_holds_and_changes_nothing() {
    let (replica, _, tasks) = seen();
    let good = text(&replica, &tasks);
    for (wrong, found) in [
        (changed(&good, |it| it["format"] = json!(FORMAT + 1)), FORMAT + 1),
        (changed(&good, |it| it["format"] = json!(0)), 0),
        (json!({"format": FORMAT + 1, "all": "is new"}).to_string(), FORMAT + 1),
    ] {
        let mut other = restored(&good);
        assert_eq!(other.restore(&wrong), Err(Unreadable::Format { found }), "{wrong:.80}");
        assert_eq!(text(&other, &tasks), good);
    }
}

#[test]
fn what_is_broken_is_refused_and_changes_nothing() {
    let (replica, _, tasks) = seen();
    let good = text(&replica, &tasks);
    let half = &good[..good.len() / 2];
    let without = changed(&good, |it| it["tasks"] = Value::Null);
    for wrong in ["", "{}", "null", "[1]", half, &without, &json!({"format": FORMAT}).to_string(), &json!({"format": "1"}).to_string()] {
        let mut other = restored(&good);
        let refused = other.restore(wrong);
        assert!(matches!(refused, Err(Unreadable::Broken { .. })), "{wrong:.80}: {refused:?}");
        assert_eq!(text(&other, &tasks), good);
    }
}

/// The members that stand in a value, by their paths; in a list, those of any item.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
            paths(value, &path, found);
            found.insert(path);
        }),
        Value::Array(items) => items.iter().for_each(|item| paths(item, at, found)),
        _ => {}
    }
}

/// A replica with a list of which one task waits and another is claimed, and with a checklist.
fn with_work() -> Replica {
    let mut world = World::new();
    let claude = agent("claude");
    let first = world.lists(&claude, "Run the tests", &[]);
    world.lists(&claude, "Ship", &[first]);
    let noted = Some(Noted::Merged(json::from_str(r#"{"priority":"P0"}"#).expect("metadata")));
    let active_form = Some(Some("Running the tests".to_owned()));
    world
        .updates(&claude, first, WorkChange { status: Some(Status::Active), active_form, metadata: noted, ..WorkChange::default() })
        .expect("begun");
    let todos = vec![Todo { content: "Run them".into(), status: TodoStatus::Pending, active_form: "Running them".into() }];
    let id = world.id();
    world.run(&claude, Command::WriteTodos { id, todos }).expect("written");
    let id = world.id();
    world.run(&claude, Command::ClaimWork { id, list: ListName::default(), owner: None }).expect("nothing is free");
    let job = |prompt: Option<&str>| NewJob {
        kind: JobKind::LocalBash,
        command: Some("npm test".into()),
        prompt: prompt.map(str::to_owned),
        timeout_ms: Some(60_000),
    };
    let [running, ended] = [job(None), job(Some("All of it"))].map(|job| {
        let task = world.runs_in_background(&claude, job);
        world.updates(&claude, task, WorkChange { status: Some(Status::Active), ..WorkChange::default() }).expect("begun");
        task
    });
    let id = world.id();
    world.run(&ada(), Command::StopWork { id, task: running }).expect("asked");
    world.wait(STOP_GRACE_MS);
    let id = world.id();
    world.report(Report::Due { id, task: running, lease_ms: LEASE_MS });
    world.report(Report::Silent { task: running });
    world.updates(&claude, ended, WorkChange { status: Some(Status::Failed), exit_code: Some(2), ..WorkChange::default() }).expect("ended");
    let mut replica = Replica::new();
    replica.load_snapshot(world.snapshot(&ada()));
    replica
}

/// Who changes what stands here raises FORMAT: a page would take what the build before it wrote for its own.
#[test]
fn the_format_says_what_stands_in_it() {
    let (replica, _, tasks) = seen();
    let mut found = BTreeSet::new();
    paths(&serde_json::from_str(&text(&replica, &tasks)).expect("JSON"), "", &mut found);
    paths(&serde_json::from_str(&text(&with_work(), &[])).expect("JSON"), "", &mut found);
    let members: BTreeSet<_> = MEMBERS.split_whitespace().map(str::to_owned).collect();
    let differ: Vec<_> = found.symmetric_difference(&members).collect();
    assert_eq!((FORMAT, differ), (5, Vec::new()));
}

const MEMBERS: &str = "\
    agents agents.client agents.displayName agents.lastHeardAt agents.name agents.presence agents.revision agents.since agents.todos \
    agents.todos.activeForm agents.todos.content agents.todos.status agents.waitsForWork \
    cursor deliveries deliveries.agent deliveries.copies deliveries.id deliveries.kind deliveries.note deliveries.queuedAt \
    deliveries.receivedAt deliveries.redelivered deliveries.revision deliveries.route deliveries.seenAt deliveries.sentAt \
    deliveries.session deliveries.state deliveries.task format gone me me.id me.kind me.name messages messages.at \
    messages.attachments messages.author messages.author.id messages.author.kind messages.author.name messages.choices \
    messages.edited messages.id messages.inReplyTo messages.index messages.revision messages.task messages.text \
    messages.verdict tasks tasks.agent tasks.assignee tasks.attachments tasks.createdAt tasks.createdBy tasks.createdBy.id \
    tasks.createdBy.kind tasks.createdBy.name tasks.digest tasks.excerpt tasks.id tasks.messages tasks.number \
    tasks.options tasks.reason tasks.revision tasks.risks tasks.session tasks.status tasks.title tasks.turn tasks.updatedAt \
    tasks.verdict tasks.waitingSince tasks.work tasks.work.activeForm tasks.work.blockedBy tasks.work.fence tasks.work.holder \
    tasks.work.job tasks.work.job.command tasks.work.job.endedAt tasks.work.job.exitCode tasks.work.job.kind tasks.work.job.lostAt \
    tasks.work.job.prompt tasks.work.job.startedAt tasks.work.job.stop tasks.work.job.stop.at tasks.work.job.stop.by \
    tasks.work.job.stop.by.id tasks.work.job.stop.by.kind tasks.work.job.stop.by.name tasks.work.job.stop.unconfirmed \
    tasks.work.job.timeoutMs \
    tasks.work.list tasks.work.metadata tasks.work.metadata.priority tasks.work.number tasks.work.owner tasks.work.wave threads \
    workspace workspace.createdAt workspace.enforceDependencies workspace.id workspace.mission workspace.name workspace.revision";
