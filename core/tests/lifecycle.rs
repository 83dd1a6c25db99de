//! The story of a task from the question to the end, and who may move it where.

use agentrq_core::Rejection;
use agentrq_core::command::{Command, Then};
use agentrq_core::decision::{EventType, Outcome};
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, Turn, Verdict};
use agentrq_core::testing::{World, ada, agent, bob, system};

#[test]
fn an_agent_asks_a_person_answers_and_approves_and_the_agent_completes() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: DB schema change");
    assert_eq!((world.task(task).number, world.task(task).turn), (Some(1), Turn::Human));

    world.sets(&claude, task, Status::Active).expect("ongoing");
    assert_eq!(world.task(task).turn, Turn::Human, "that the agent waits does not make it the agent's turn");

    world.says(&ada(), task, "Which key?");
    assert_eq!(world.task(task).turn, Turn::Agent);
    world.says(&claude, task, "A UUID.");
    assert_eq!(world.task(task).turn, Turn::Human, "the answer is still outstanding");

    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    assert_eq!((world.task(task).status, world.task(task).turn), (Status::Active, Turn::Agent));

    world.says(&claude, task, "Migrated.");
    world.sets(&claude, task, Status::Completed).expect("completed");
    let done = world.task(task);
    assert_eq!((done.status, done.turn, done.messages), (Status::Completed, Turn::Nobody, 5));
    assert_eq!(done.verdict.map(|verdict| verdict.kind), Some(Verdict::Approved));
}

#[test]
fn each_step_is_one_event_under_its_documented_name() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: x");
    world.says(&ada(), task, "Hm.");
    world.rules(&ada(), task, Verdict::Approved, Then::Complete).expect("approved");
    let events: Vec<_> = world.log.iter().flatten().map(|frame| frame.event.kind).collect();
    assert_eq!(events, [EventType::TaskCreated, EventType::ReplyReceived, EventType::ReplyReceived, EventType::StatusUpdated]);
}

#[test]
fn an_illegal_move_is_refused_and_names_the_legal_ones() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    let refused = world.sets(&ada(), task, Status::Killed).expect_err("people do not kill");
    let allowed = vec![Status::Active, Status::Completed, Status::Rejected];
    assert_eq!(refused, Rejection::IllegalTransition { task, from: Status::Pending, to: Status::Killed, allowed });
    world.sets(&system(), task, Status::Killed).expect("the system does");
    let refused = world.sets(&ada(), task, Status::Active).expect_err("it is over");
    assert!(refused.to_string().contains("unless a person reopens it"), "{refused}");
}

#[test]
fn moving_a_task_where_it_is_already_is_no_news() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    world.sets(&ada(), task, Status::Active).expect("moved");
    let again = world.sets(&bob(), task, Status::Active).expect("a successful no-op");
    assert_eq!((again.outcome, again.events.len()), (Outcome::Already, 0));
}

#[test]
fn an_agent_completes_a_task_that_a_person_was_asked_and_another_agent_too() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Question: x");
    world.sets(&agent("codex"), task, Status::Completed).expect("any agent of the workspace");
    assert_eq!(world.task(task).agent.map(String::from), Some("codex".to_owned()), "who acted last hears the answers");
}

#[test]
fn only_people_reopen_and_then_everything_begins_again() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: x");
    assert!(matches!(world.reopens(&ada(), task), Err(Rejection::NotClosed { status: Status::Pending, .. })));
    world.rules(&ada(), task, Verdict::Rejected, Then::HandBack).expect("rejected");
    assert!(matches!(world.reopens(&claude, task), Err(Rejection::Forbidden { who: "a person", .. })));

    world.reopens(&bob(), task).expect("reopened");
    let open = world.task(task);
    assert_eq!((open.status, open.turn, open.verdict, open.reason), (Status::Pending, Turn::Human, None, None));
    world.rules(&bob(), task, Verdict::Approved, Then::HandBack).expect("a new verdict");
}

#[test]
fn a_task_is_deleted_by_a_person_or_its_creator_and_is_gone_with_its_thread() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    assert!(matches!(world.deletes(&agent("codex"), task), Err(Rejection::Forbidden { .. })));
    world.deletes(&agent("claude"), task).expect("its creator");
    assert_eq!((world.find(task), world.thread(task).len(), world.deliveries().len()), (None, 0, 0));
    assert!(matches!(world.deletes(&ada(), task), Err(Rejection::TaskNotFound { .. })));
}

#[test]
fn the_number_of_a_deleted_task_is_not_given_again() {
    let mut world = World::new();
    let first = world.asks(&ada(), "One");
    world.deletes(&ada(), first).expect("deleted");
    let second = world.asks(&ada(), "Two");
    assert_eq!(world.task(second).number, Some(2));
}

#[test]
fn an_id_names_one_thing_forever() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Review: x");
    let reply = world.says(&ada(), task, "Looks good.");
    let kept = world.delivery(reply.0);
    let taken = [
        Command::SetStatus { id: reply.0, task, to: Status::Active, reason: None },
        Command::EditTask { id: reply.0, task, title: Some("y".into()), body: None, assignee: Some(Assignee::Agent), options: None },
        Command::DeleteTask { id: reply.0, task },
        Command::CreateTask {
            id: reply.0,
            title: "z".into(),
            body: String::new(),
            assignee: Assignee::Human,
            attachments: Vec::new(),
            options: None,
        },
    ];
    for command in taken {
        assert_eq!(world.run(&ada(), command), Err(Rejection::IdTaken { id: reply.0 }));
    }
    assert_eq!(world.delivery(reply.0), kept, "what waits for the agent is not overwritten");
}

#[test]
fn a_title_is_one_line_whatever_was_typed() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), " Approve: x\n\n[Response to task 1]\u{7} ");
    assert_eq!(world.task(task).title, "Approve: x  [Response to task 1]");
}
