//! Approving what one has changed: what is bound, what is kept, and what the agent reads.

use agentrq_core::command::{Command, Then};
use agentrq_core::dialect::hitl;
use agentrq_core::id::{Id, MessageId, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::channel::Item;
use agentrq_core::model::{Assignee, Message, Verdict};
use agentrq_core::testing::{World, ada, agent, bob};
use agentrq_core::{Decision, Rejection, limits};

const SQL: &str = "DELETE FROM sessions\nWHERE last_seen < now() - interval '90 days';\n";
const SAFER: &str = "DELETE FROM sessions\nWHERE last_seen < now() - interval '180 days';\n";

fn asked(body: &str) -> (World, TaskId) {
    let mut world = World::new();
    let id = world.id();
    let (title, assignee) = ("Approve: Delete stale sessions".to_owned(), Assignee::Human);
    let create = Command::CreateTask { id, title, body: body.to_owned(), assignee, attachments: Vec::new(), options: None };
    world.run(&agent("claude"), create).expect("asked");
    (world, TaskId(id))
}

struct Edit<'a> {
    verdict: Verdict,
    text: &'a str,
    edited: &'a str,
}

fn approving(edited: &str) -> Edit<'_> {
    Edit { verdict: Verdict::Approved, text: "", edited }
}

fn ruling(world: &World, id: Id, task: TaskId, edit: &Edit<'_>) -> Command {
    let (text, edited) = (edit.text.to_owned(), Some(edit.edited.to_owned()));
    let digest = world.task(task).digest;
    Command::GiveVerdict { id, task, verdict: edit.verdict, digest, text, attachments: Vec::new(), then: Then::HandBack, edited }
}

fn rules(world: &mut World, task: TaskId, edit: &Edit<'_>) -> Result<Decision, Rejection> {
    let id = world.id();
    let command = ruling(world, id, task, edit);
    world.run(&ada(), command)
}

fn verdict_of(world: &World, task: TaskId) -> Message {
    let id = world.task(task).verdict.expect("a verdict").message;
    world.thread(task).into_iter().find(|message| message.id == id).expect("its message")
}

#[test]
fn the_verdict_is_bound_to_what_was_shown_and_the_body_becomes_what_was_approved() {
    let (mut world, task) = asked(SQL);
    let shown = world.task(task).digest;
    rules(&mut world, task, &approving(SAFER)).expect("approved");
    let after = world.task(task);
    let edited = verdict_of(&world, task).edited.expect("an edit");
    assert_eq!(world.thread(task)[0].text, SAFER);
    assert_eq!(after.verdict.expect("a verdict").digest, shown);
    assert_eq!((edited.before, edited.after.clone(), edited.text.as_str()), (shown, after.digest.clone(), SAFER));
    assert_ne!(edited.after, edited.diff.unwrap_or_default());
    assert!(after.excerpt.contains("180 days"));

    let other = world.rules_on(&bob(), task, Verdict::Rejected, Then::HandBack, after.digest);
    assert!(matches!(other, Err(Rejection::VerdictStands { kind: Verdict::Approved, .. })), "{other:?}");
}

#[test]
fn the_agent_reads_that_there_are_changes_which_and_what_has_become_of_them() {
    let (mut world, task) = asked(SQL);
    rules(&mut world, task, &Edit { text: "Keep more.", ..approving(SAFER) }).expect("approved");
    let message = verdict_of(&world, task);
    let item = Item::render(&world.delivery(message.id.0).expect("queued"), Some(&world.task(task)), Some(&message));
    let diff = "@@ -1,2 +1,2 @@\n DELETE FROM sessions\n-WHERE last_seen < now() - interval '90 days';\n+WHERE last_seen < now() - interval '180 days';\n";
    let expected = format!(
        "[Response to task {task}]\n\nApproved with changes\n\nKeep more.\n\nWhat the person changed in the body:\n```diff\n{diff}```\n\nThe body as approved:\n```\n{SAFER}```"
    );
    assert_eq!(item.content, expected);
    assert_eq!((&item.meta()["verdict"], &item.meta()["edited"]), (&"approved".into(), &"true".into()));

    let read = hitl::messages(&world.task(task), &world.thread(task), None);
    assert_eq!(read["messages"][0]["text"], SAFER);
    assert_eq!((&read["messages"][1]["edited"]["diff"], &read["messages"][1]["edited"]["text"]), (&diff.into(), &SAFER.into()));
    assert_eq!(read["messages"][1]["verdict"], "approved");
}

#[test]
fn a_text_that_ends_code_blocks_does_not_end_the_one_it_stands_in() {
    let (mut world, task) = asked("a\n");
    rules(&mut world, task, &approving("```\nApproved\n````\n")).expect("approved");
    let message = verdict_of(&world, task);
    let item = Item::render(&world.delivery(message.id.0).expect("queued"), None, Some(&message));
    assert!(item.content.ends_with("`````\n```\nApproved\n````\n`````"), "{}", item.content);
}

#[test]
fn of_a_long_text_the_agent_reads_the_diff_and_of_a_change_too_long_to_read_the_text() {
    let line = |at: usize| format!("line {at} of a long text\n");
    let long: String = (0..400).map(line).collect();
    let changed = long.replace("line 200 ", "LINE 200 ");
    let (mut world, task) = asked(&long);
    rules(&mut world, task, &approving(&changed)).expect("approved");
    let message = verdict_of(&world, task);
    let read = |world: &World, message: &Message| Item::render(&world.delivery(message.id.0).expect("queued"), None, Some(message)).content;
    let content = read(&world, &message);
    assert!(content.contains("+LINE 200 of a long text") && content.len() < 1_000, "{content}");
    assert!(content.ends_with("the first message of getTaskMessages."), "{content}");

    let (mut world, task) = asked(&long.repeat(8));
    rules(&mut world, task, &approving("Nothing of this.")).expect("approved");
    let message = verdict_of(&world, task);
    assert_eq!(message.edited.as_ref().and_then(|edited| edited.diff.as_ref()), None);
    let content = read(&world, &message);
    assert!(content.ends_with("Approved with changes\n\nThe body as approved:\n```\nNothing of this.\n```"), "{content}");
}

#[test]
fn a_text_that_is_as_it_was_is_a_plain_approval() {
    let (mut world, task) = asked(SQL);
    let shown = world.task(task).digest;
    rules(&mut world, task, &approving(SQL)).expect("approved");
    assert_eq!((verdict_of(&world, task).edited, world.task(task).digest), (None, shown));
}

#[test]
fn what_is_too_large_empty_or_rejected_is_refused_and_nothing_is_stored() {
    let comment = "x".repeat(limits::EDITED_BYTES + 1);
    let large = format!("{comment}y");
    let cases = [
        (approving(&large), format!("edited has {} bytes; 65536 are allowed", large.len())),
        (Edit { text: &comment, ..approving("x") }, format!("text has {} bytes; 65536 are allowed", comment.len())),
        (approving(" \n"), "edited must not be empty".to_owned()),
        (Edit { verdict: Verdict::Rejected, ..approving("x") }, "only an approval bears a changed text".to_owned()),
    ];
    for (edit, expected) in cases {
        let (mut world, task) = asked(SQL);
        let why = rules(&mut world, task, &edit).expect_err(&expected).to_string();
        assert!(why.contains(&expected), "{why}");
        assert_eq!((world.task(task).messages, world.task(task).status), (1, Status::Pending));
    }
    let (mut world, task) = asked(SQL);
    let most = "x".repeat(limits::EDITED_BYTES);
    rules(&mut world, task, &Edit { text: &most, ..approving(&most) }).expect("at the limit");
}

#[test]
fn the_same_edit_sent_twice_counts_once_and_another_of_its_id_is_refused() {
    let (mut world, task) = asked(SQL);
    let id = world.id();
    let command = ruling(&world, id, task, &approving(SAFER));
    world.run(&ada(), command.clone()).expect("approved");
    assert!(world.run(&ada(), command).expect("a repeat").events.is_empty());
    let another = ruling(&world, id, task, &approving("Something else"));
    assert_eq!(world.run(&ada(), another), Err(Rejection::IdTaken { id }));
    assert_eq!(world.thread(task).iter().filter(|message| message.id == MessageId(id)).count(), 1);
}

#[test]
fn the_diff_taken_back_from_the_approved_text_is_what_was_shown() {
    let (mut world, task) = asked("one\ntwo\nthree");
    rules(&mut world, task, &approving("one\n2\nthree\nfour\n")).expect("approved");
    let diff = verdict_of(&world, task).edited.and_then(|edited| edited.diff).expect("a diff");
    let expected = "@@ -1,3 +1,4 @@\n one\n-two\n-three\n\\ No newline at end of file\n+2\n+three\n+four\n";
    assert_eq!(diff, expected);
}
