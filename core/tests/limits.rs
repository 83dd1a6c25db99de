//! Each limit, exactly at it and one past it. What is refused leaves nothing.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::decide::{check_attachment, check_filename, check_workspace};
use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{AgentName, Assignee, Client, Verdict};
use agentrq_core::report::Report;
use agentrq_core::testing::{World, ada, agent, file, name};
use agentrq_core::{Rejection, limits};

/// Runs the command made for a size at the limit and one past it.
fn at_and_past(limit: usize, make: impl Fn(&mut World, TaskId, usize) -> Command) -> Rejection {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    world.report(Report::Connected { agent: name("claude") });
    let command = make(&mut world, task, limit + 1);
    let before = world.store.clone();
    let refused = world.run(&ada(), command).expect_err("one past the limit");
    assert_eq!(before, world.store, "a refusal leaves nothing");
    let command = make(&mut world, task, limit);
    world.run(&ada(), command).expect("at the limit");
    refused
}

fn too_long(refused: &Rejection, wanted: &str, wanted_limit: usize) {
    let Rejection::TooLong { field, limit, given, .. } = refused else { panic!("{refused:?}") };
    assert_eq!((*field, *limit, *given), (wanted, wanted_limit, wanted_limit + 1));
}

#[test]
fn a_title_has_255_characters_of_any_width() {
    for letter in ["x", "é", "\u{1f600}"] {
        let create = |world: &mut World, _, size| Command::CreateTask {
            id: world.id(),
            title: letter.repeat(size),
            body: String::new(),
            assignee: Assignee::Human,
            attachments: Vec::new(),
            options: None,
        };
        too_long(&at_and_past(limits::TITLE_CHARS, create), "title", 255);
        let edit = |world: &mut World, task, size| Command::EditTask {
            id: world.id(),
            task,
            title: Some(letter.repeat(size)),
            body: None,
            assignee: None,
            options: None,
        };
        too_long(&at_and_past(limits::TITLE_CHARS, edit), "title", 255);
    }
}

#[test]
fn a_body_and_a_message_have_256_kib_of_utf8() {
    let create = |world: &mut World, _, size| Command::CreateTask {
        id: world.id(),
        title: "x".into(),
        body: "x".repeat(size),
        assignee: Assignee::Human,
        attachments: Vec::new(),
        options: None,
    };
    too_long(&at_and_past(limits::TEXT_BYTES, create), "body", 262_144);
    let edit = |world: &mut World, task, size| Command::EditTask {
        id: world.id(),
        task,
        title: None,
        body: Some("x".repeat(size)),
        assignee: None,
        options: None,
    };
    too_long(&at_and_past(limits::TEXT_BYTES, edit), "body", 262_144);
    let post = |world: &mut World, task, size| Command::PostMessage {
        id: world.id(),
        task,
        text: "é".repeat(size / 2) + &"x".repeat(size % 2),
        attachments: Vec::new(),
        in_reply_to: None,
        asks: Asks::Unsaid,
        choices: Vec::new(),
        digest: None,
    };
    too_long(&at_and_past(limits::TEXT_BYTES, post), "text", 262_144);
    let rule = |world: &mut World, task, size| Command::GiveVerdict {
        id: world.id(),
        task,
        verdict: Verdict::Rejected,
        digest: world.task(task).digest,
        text: "x".repeat(size),
        attachments: Vec::new(),
        then: Then::HandBack,
        edited: None,
    };
    too_long(&at_and_past(limits::TEXT_BYTES, rule), "text", 262_144);
}

#[test]
fn twenty_files_ride_on_a_message() {
    let post = |world: &mut World, task, size: usize| Command::PostMessage {
        id: world.id(),
        task,
        text: String::new(),
        attachments: (0..size as u32).map(|number| file(number).id).collect(),
        in_reply_to: None,
        asks: Asks::Unsaid,
        choices: Vec::new(),
        digest: None,
    };
    let refused = at_and_past(limits::ATTACHMENTS, post);
    assert_eq!(refused, Rejection::TooMany { what: "attachments", limit: 20, given: 21 });
}

#[test]
fn a_reason_has_2000_characters() {
    let set =
        |world: &mut World, task, size| Command::SetStatus { id: world.id(), task, to: Status::Rejected, reason: Some("é".repeat(size)) };
    too_long(&at_and_past(limits::REASON_CHARS, set), "reason", 2_000);
}

#[test]
fn a_workspace_has_a_name_of_80_characters_and_a_mission_of_16_kib() {
    let name = |world: &mut World, _, size| Command::EditWorkspace {
        id: world.id(),
        name: Some("é".repeat(size)),
        mission: None,
        enforce_dependencies: None,
    };
    too_long(&at_and_past(limits::WORKSPACE_NAME_CHARS, name), "name", 80);
    let mission = |world: &mut World, _, size| Command::EditWorkspace {
        id: world.id(),
        name: None,
        mission: Some("x".repeat(size)),
        enforce_dependencies: None,
    };
    too_long(&at_and_past(limits::MISSION_BYTES, mission), "mission", 16_384);
    assert!(check_workspace(&"é".repeat(80), &"x".repeat(16_384)).is_ok());
    assert!(check_workspace(&"é".repeat(81), "").is_err());
    assert!(check_workspace("x", &"x".repeat(16_385)).is_err());
    assert_eq!(check_workspace(" \n ", ""), Err(Rejection::Empty { field: "name" }));
}

#[test]
fn an_agent_has_a_name_and_a_display_name_of_64_characters() {
    let call = |world: &mut World, _, size| Command::NameAgent { id: world.id(), agent: name("claude"), display_name: "é".repeat(size) };
    too_long(&at_and_past(limits::NAME_CHARS, call), "displayName", 64);
    assert!(AgentName::new(&"é".repeat(64)).is_ok());
    assert!(AgentName::new(&"é".repeat(65)).is_err());
}

#[test]
fn an_attachment_has_25_mib_and_a_name_of_255_characters() {
    assert_eq!(check_attachment(26_214_400), Ok(()));
    assert!(matches!(check_attachment(26_214_401), Err(Rejection::TooLong { field: "attachment", .. })));
    assert!(check_filename(&"é".repeat(255)).is_ok());
    assert!(check_filename(&"é".repeat(256)).is_err());
    for wrong in ["", " ", ".", "..", "a/b", "a\\b", "a\nb", "a\u{0}b", "cod\u{202e}gpj.exe", "a\u{61c}b"] {
        assert!(check_filename(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn what_a_program_calls_itself_is_kept_in_part() {
    let mut world = World::new();
    let client = Client { name: "x".repeat(1_000_000), version: "1\n2".into() };
    let report = Report::Heard { agent: name("claude"), client: Some(client) };
    world.report(report.clone());
    let kept = world.store.agents().next().and_then(|agent| agent.client.clone()).expect("kept");
    assert_eq!((kept.name.len(), kept.version.as_str()), (64, "12"));
    assert!(world.report(report).events.is_empty(), "and it is no news the second time");
}

#[test]
fn what_is_empty_or_unknown_is_refused_by_name() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    let id = world.id();
    let post = |text: &str, attachments| Command::PostMessage {
        id,
        task,
        text: text.to_owned(),
        attachments,
        in_reply_to: None,
        asks: Asks::Unsaid,
        choices: Vec::new(),
        digest: None,
    };
    assert_eq!(world.run(&ada(), post(" \n", Vec::new())), Err(Rejection::Empty { field: "text" }));
    let attachment = AttachmentId(id);
    assert_eq!(world.run(&ada(), post("x", vec![attachment])), Err(Rejection::AttachmentNotFound { attachment }));
    world.run(&ada(), post("", vec![file(1).id, file(1).id])).expect("a file says enough");
    assert_eq!(world.thread(task)[1].attachments, [file(1)], "once");
    let create = Command::CreateTask {
        id: world.id(),
        title: " \t\n".into(),
        body: "x".into(),
        assignee: Assignee::Agent,
        attachments: Vec::new(),
        options: None,
    };
    assert_eq!(world.run(&ada(), create), Err(Rejection::Empty { field: "title" }));
}
