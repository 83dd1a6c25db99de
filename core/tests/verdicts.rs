//! A verdict is a person's, stands on what was shown, and the first one wins.

use agentrq_core::Rejection;
use agentrq_core::command::{Command, Then};
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, Turn, Verdict};
use agentrq_core::testing::{World, ada, agent, bob, file, system};

#[test]
fn agents_and_the_system_do_not_decide() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    for who in [agent("claude"), agent("codex"), system()] {
        let refused = world.rules(&who, task, Verdict::Approved, Then::HandBack);
        assert!(matches!(refused, Err(Rejection::Forbidden { who: "a person", .. })), "{refused:?}");
    }
    assert_eq!(world.task(task).verdict, None);
}

#[test]
fn what_was_changed_since_it_was_shown_is_not_approved() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: delete one row");
    let shown = world.task(task).digest;
    let id = world.id();
    let edit = Command::EditTask { id, task, title: None, body: Some("delete all rows".into()), assignee: None, options: None };
    world.run(&claude, edit).expect("edited");
    let refused = world.rules_on(&ada(), task, Verdict::Approved, Then::HandBack, shown);
    let current = world.task(task).digest;
    assert_eq!(refused, Err(Rejection::ShownChanged { task, current: current.clone() }));
    world.rules_on(&ada(), task, Verdict::Approved, Then::HandBack, current).expect("what is shown now");
}

#[test]
fn the_files_of_a_card_are_part_of_what_is_shown() {
    let mut world = World::new();
    let mut with = |number: u32| {
        let id = world.id();
        let (title, body) = ("Approve: x".to_owned(), String::new());
        let create = Command::CreateTask { id, title, body, assignee: Assignee::Human, attachments: vec![file(number).id], options: None };
        world.run(&agent("claude"), create).expect("created");
        world.task(agentrq_core::id::TaskId(id)).digest
    };
    assert_ne!(with(1), with(2));
}

#[test]
fn the_first_verdict_wins_and_the_second_hears_of_it() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("the first");
    for verdict in [Verdict::Rejected, Verdict::Approved] {
        let refused = world.rules(&bob(), task, verdict, Then::HandBack).expect_err("the second");
        assert!(matches!(&refused, Rejection::VerdictStands { kind: Verdict::Approved, by, .. } if by == &ada().actor), "{refused:?}");
        assert!(refused.to_string().contains("was approved by Ada"), "{refused}");
    }
}

#[test]
fn a_rejection_ends_the_task_with_the_comment_as_its_reason() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    let (id, digest) = (world.id(), world.task(task).digest);
    let text = " Not on a Friday. ".to_owned();
    let ruling = Command::GiveVerdict {
        id,
        task,
        verdict: Verdict::Rejected,
        digest,
        text,
        attachments: Vec::new(),
        then: Then::HandBack,
        edited: None,
    };
    world.run(&ada(), ruling).expect("rejected");
    let over = world.task(task);
    assert_eq!((over.status, over.turn, over.reason.as_deref()), (Status::Rejected, Turn::Nobody, Some("Not on a Friday.")));
}

#[test]
fn approve_and_complete_is_one_step() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    world.rules(&ada(), task, Verdict::Approved, Then::Complete).expect("approved");
    assert_eq!((world.task(task).status, world.task(task).turn), (Status::Completed, Turn::Nobody));
    assert!(matches!(world.rules(&bob(), task, Verdict::Rejected, Then::HandBack), Err(Rejection::VerdictStands { .. })));
}

#[test]
fn a_closed_task_without_a_verdict_takes_none() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    world.sets(&agent("claude"), task, Status::Completed).expect("completed");
    let refused = world.rules(&ada(), task, Verdict::Approved, Then::HandBack);
    assert_eq!(refused, Err(Rejection::TaskClosed { task, status: Status::Completed }));
}

#[test]
fn an_edit_takes_the_approval_of_an_open_task_away() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: x");
    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    let id = world.id();
    let edit = Command::EditTask { id, task, title: Some("Approve: y".into()), body: None, assignee: None, options: None };
    world.run(&claude, edit).expect("edited");
    assert_eq!((world.task(task).verdict, world.task(task).turn), (None, Turn::Human));
}

#[test]
fn what_was_decided_on_cannot_be_rewritten_once_the_task_is_over() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: delete one row");
    world.rules(&ada(), task, Verdict::Approved, Then::Complete).expect("approved");
    for who in [claude, ada()] {
        let id = world.id();
        let edit =
            Command::EditTask { id, task, title: Some("Approve: delete all rows".into()), body: None, assignee: None, options: None };
        assert_eq!(world.run(&who, edit), Err(Rejection::TaskClosed { task, status: Status::Completed }));
    }
}

#[test]
fn the_same_verdict_sent_twice_counts_once() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    let (id, digest) = (world.id(), world.task(task).digest);
    let ruling = Command::GiveVerdict {
        id,
        task,
        verdict: Verdict::Approved,
        digest,
        text: String::new(),
        attachments: Vec::new(),
        then: Then::HandBack,
        edited: None,
    };
    world.run(&ada(), ruling.clone()).expect("given");
    assert!(world.run(&ada(), ruling).expect("a repeat").events.is_empty());
    assert_eq!(world.task(task).messages, 2);
}

#[test]
fn an_approval_that_was_long_on_its_way_does_not_answer_a_question_that_was_asked_meanwhile() {
    let mut world = World::new();
    let claude = agent("claude");
    let task = world.asks(&claude, "Approve: drop table x");
    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    world.says(&claude, task, "Done. Shall I drop table y too?");
    let late = world.rules(&bob(), task, Verdict::Approved, Then::HandBack);
    assert!(matches!(late, Err(Rejection::VerdictStands { .. })), "{late:?}");
}

#[test]
fn approving_what_no_agent_knows_of_leaves_it_with_the_person() {
    let mut world = World::new();
    let task = world.asks(&ada(), "Approve: my own plan");
    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    assert_eq!(world.task(task).turn, Turn::Human);
}
