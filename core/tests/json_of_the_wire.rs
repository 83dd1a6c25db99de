//! The shapes on the wire, as other programs read them: camelCase, times in UTC with milliseconds, the words of the lifecycle.

use agentrq_core::decision::{Change, Event, EventType};
use agentrq_core::id::{AttachmentId, DeliveryId, Id, MessageId, SessionId, TaskId};
use agentrq_core::json::Raw;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{
    Actor, Agent, AgentName, Assignee, Attachment, Choice, Chosen, Client, Delivery, DeliveryKind, DeliveryState, Edited, Entity,
    EntityRef, Job, JobKind, ListName, Message, Options, Person, Presence, Route, Run, Stop, Task, Todo, TodoStatus, Turn, Verdict,
    VerdictGiven, Work, Workspace, WorkspaceId,
};
use agentrq_core::rejection::Rejection;
use agentrq_core::sync::authority::Batch;
use agentrq_core::sync::delta::{CommitEnd, Frame, Settled};
use agentrq_core::time::Timestamp;
use agentrq_core::{Command, cursor::Cursor};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

const AT: &str = "2026-03-24T14:33:41.123Z";

fn at() -> Timestamp {
    AT.parse().expect("a time")
}

fn id(n: u32) -> Id {
    Id::new(at().ms(), n)
}

fn text(n: u32) -> String {
    id(n).to_string()
}

fn ada() -> Actor {
    Actor::Person(Person { id: "p1".into(), name: "Ada".into() })
}

fn claude() -> AgentName {
    AgentName::new("claude").expect("a name")
}

fn attachment() -> Attachment {
    Attachment { id: AttachmentId(id(9)), filename: "a b.txt".into(), mime_type: "text/plain".into(), size: 3, sha256: "ab".repeat(32) }
}

fn options() -> Options {
    let plain = Choice { id: "us".into(), label: "Virginia".into(), description: None, recommended: false };
    let eu = Choice { id: "eu".into(), label: "Frankfurt".into(), description: Some("Near".into()), recommended: true };
    Options { choices: vec![eu, plain], multiple: true, free_text: false }
}

fn options_json() -> Value {
    json!({
        "choices": [{"id": "eu", "label": "Frankfurt", "description": "Near", "recommended": true}, {"id": "us", "label": "Virginia"}],
        "multiple": true, "freeText": false,
    })
}

fn work() -> Work {
    Work {
        list: ListName::new("my-project").expect("a name"),
        number: Some(3),
        active_form: Some("Running the tests".into()),
        owner: Some(claude()),
        holder: Some(claude()),
        fence: 2,
        wave: Some(1),
        blocked_by: vec![TaskId(id(8))],
        metadata: agentrq_core::json::from_str(r#"{"deep_one":{"x":-1.5},"priority":"P1","tags":["a",null]}"#).expect("metadata"),
        job: Some(job()),
        step_of: Some(TaskId(id(9))),
    }
}

fn work_json() -> Value {
    json!({
        "list": "my-project", "number": 3, "activeForm": "Running the tests", "owner": "claude", "holder": "claude", "fence": 2, "wave": 1,
        "blockedBy": [text(8)], "metadata": {"deep_one": {"x": -1.5}, "priority": "P1", "tags": ["a", null]},
        "job": job_json(), "stepOf": text(9),
    })
}

fn job() -> Job {
    Job {
        kind: JobKind::LocalBash,
        command: Some("npm test".into()),
        prompt: None,
        timeout_ms: Some(60_000),
        started_at: Some(at()),
        ended_at: None,
        exit_code: Some(2),
        stop: Some(Stop { at: at(), by: Some(ada()), unconfirmed: true }),
        lost_at: Some(at()),
        run: Some(Raw::from(&run_json())),
    }
}

fn job_json() -> Value {
    json!({
        "kind": "local_bash", "command": "npm test", "timeoutMs": 60_000, "startedAt": AT, "exitCode": 2,
        "stop": {"at": AT, "by": {"kind": "person", "id": "p1", "name": "Ada"}, "unconfirmed": true}, "lostAt": AT,
        "run": run_json(),
    })
}

fn run_json() -> Value {
    json!({"workflow": "release", "revision": 3, "parameters": {"version": "1.2"}, "steps": [text(8)], "completed": 1})
}

#[test]
fn a_run_is_read_where_it_is_passed_on_as_it_was_written() {
    assert_eq!(Run::of(&task()), Some(run()));
    assert_eq!(serde_json::to_value(run()).expect("json"), run_json());
}

fn run() -> Run {
    Run {
        workflow: "release".into(),
        revision: 3,
        parameters: agentrq_core::json::from_str(r#"{"version":"1.2"}"#).expect("parameters"),
        steps: vec![TaskId(id(8))],
        completed: 1,
    }
}

fn task() -> Task {
    Task {
        id: TaskId(id(1)),
        number: Some(12),
        title: "Approve: x".into(),
        excerpt: "because".into(),
        risks: Some(vec!["deletes data".into()]),
        assignee: Assignee::Human,
        options: Some(options()),
        status: Status::Active,
        reason: None,
        turn: Turn::Agent,
        waiting_since: at(),
        created_by: Actor::Agent { name: claude() },
        agent: Some(claude()),
        session: Some(SessionId(id(7))),
        digest: "cd".repeat(32),
        verdict: Some(VerdictGiven { kind: Verdict::Approved, by: ada(), at: at(), digest: "cd".repeat(32), message: MessageId(id(2)) }),
        messages: 2,
        attachments: 1,
        work: Some(Box::new(work())),
        created_at: at(),
        updated_at: at(),
        revision: 5,
    }
}

fn task_json() -> Value {
    json!({
        "id": text(1), "number": 12, "title": "Approve: x", "excerpt": "because", "risks": ["deletes data"], "assignee": "human", "options": options_json(), "status": "ongoing", "reason": null,
        "turn": "agent", "waitingSince": AT, "createdBy": {"kind": "agent", "name": "claude"}, "agent": "claude", "session": text(7),
        "digest": "cd".repeat(32),
        "verdict": {"kind": "approved", "by": {"kind": "person", "id": "p1", "name": "Ada"}, "at": AT, "digest": "cd".repeat(32), "message": text(2)},
        "messages": 2, "attachments": 1, "work": work_json(), "createdAt": AT, "updatedAt": AT, "revision": 5,
    })
}

fn message() -> Message {
    Message {
        id: MessageId(id(2)),
        task: TaskId(id(1)),
        index: 1,
        author: ada(),
        text: "yes".into(),
        attachments: vec![attachment()],
        verdict: Some(Verdict::Approved),
        choices: Some(vec![Chosen { id: "eu".into(), label: "Frankfurt".into() }]),
        edited: Some(Edited { before: "cd".repeat(32), after: "ef".repeat(32), text: "New".into(), diff: None }),
        in_reply_to: None,
        at: at(),
        revision: 5,
    }
}

fn message_json() -> Value {
    json!({
        "id": text(2), "task": text(1), "index": 1, "author": {"kind": "person", "id": "p1", "name": "Ada"}, "text": "yes",
        "attachments": [{"id": text(9), "filename": "a b.txt", "mimeType": "text/plain", "size": 3, "sha256": "ab".repeat(32)}],
        "verdict": "approved", "choices": [{"id": "eu", "label": "Frankfurt"}],
        "edited": {"before": "cd".repeat(32), "after": "ef".repeat(32), "text": "New", "diff": null}, "inReplyTo": null, "at": AT, "revision": 5,
    })
}

fn delivery() -> Delivery {
    Delivery {
        id: DeliveryId(id(2)),
        task: TaskId(id(1)),
        kind: DeliveryKind::Verdict,
        note: None,
        agent: Some(claude()),
        state: DeliveryState::Received,
        route: Some(Route::Channel),
        session: Some(SessionId(id(7))),
        queued_at: at(),
        sent_at: Some(at()),
        received_at: Some(at()),
        seen_at: None,
        copies: 1,
        redelivered: false,
        revision: 6,
    }
}

fn delivery_json() -> Value {
    json!({
        "id": text(2), "task": text(1), "kind": "verdict", "note": null, "agent": "claude", "state": "received", "route": "channel",
        "session": text(7), "queuedAt": AT, "sentAt": AT, "receivedAt": AT, "seenAt": null, "copies": 1, "redelivered": false, "revision": 6,
    })
}

fn agent() -> Agent {
    Agent {
        name: claude(),
        display_name: "Claude on the laptop".into(),
        presence: Presence::Connected,
        since: at(),
        last_heard_at: None,
        client: Some(Client { name: "claude-code".into(), version: "2.1".into() }),
        todos: vec![Todo { content: "Run the tests".into(), status: TodoStatus::InProgress, active_form: "Running the tests".into() }],
        waits_for_work: Some(ListName::default()),
        revision: 3,
    }
}

fn agent_json() -> Value {
    json!({
        "name": "claude", "displayName": "Claude on the laptop", "presence": "connected", "since": AT, "lastHeardAt": null,
        "client": {"name": "claude-code", "version": "2.1"},
        "todos": [{"content": "Run the tests", "status": "in_progress", "activeForm": "Running the tests"}], "waitsForWork": "main", "revision": 3,
    })
}

fn workspace() -> Workspace {
    Workspace {
        id: WorkspaceId("w".repeat(22)),
        name: "my-api".into(),
        mission: "Ship".into(),
        enforce_dependencies: true,
        created_at: at(),
        revision: 1,
    }
}

fn workspace_json() -> Value {
    json!({"id": "w".repeat(22), "name": "my-api", "mission": "Ship", "enforceDependencies": true, "createdAt": AT, "revision": 1})
}

/// Writes the value, compares, and reads it back from the text.
fn is_written_as<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T, expected: &Value) {
    let text = serde_json::to_string(value).expect("written");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("json"), *expected);
    assert_eq!(serde_json::from_str::<T>(&text).expect("read back"), *value);
    assert_eq!(serde_json::from_value::<T>(expected.clone()).expect("read from a value"), *value);
}

fn put(entity: Entity, kind: &str, mut fields: Value) {
    fields["type"] = json!(kind);
    is_written_as(&Change::from(entity), &json!({"op": "put", "entity": fields}));
}

#[test]
fn entities_have_the_shapes_of_the_contract() {
    is_written_as(&task(), &task_json());
    is_written_as(&message(), &message_json());
    is_written_as(&delivery(), &delivery_json());
    is_written_as(&agent(), &agent_json());
    is_written_as(&workspace(), &workspace_json());
}

#[test]
fn every_change_is_read_back_also_one_of_a_delivery_that_has_a_kind_of_its_own() {
    put(Entity::Task(task()), "task", task_json());
    put(Entity::Message(message()), "message", message_json());
    put(Entity::Delivery(delivery()), "delivery", delivery_json());
    put(Entity::Agent(agent()), "agent", agent_json());
    put(Entity::Workspace(workspace()), "workspace", workspace_json());
    let gone = Change::Delete { entity: EntityRef::Task { id: TaskId(id(1)) } };
    is_written_as(&gone, &json!({"op": "delete", "entity": {"type": "task", "id": text(1)}}));
}

#[test]
fn rows_of_a_time_without_options_and_edits_are_read() {
    let without = |mut value: Value, fields: &[&str]| {
        let object = value.as_object_mut().expect("an object");
        assert!(fields.iter().all(|field| object.remove(*field).is_some()));
        value
    };
    let old: Task = serde_json::from_value(without(task_json(), &["options"])).expect("an old task");
    assert_eq!(old, Task { options: None, ..task() });
    let old: Task = serde_json::from_value(without(task_json(), &["work"])).expect("a task of no list");
    assert_eq!(old, Task { work: None, ..task() });
    let old: Agent = serde_json::from_value(without(agent_json(), &["todos", "waitsForWork"])).expect("an agent without a checklist");
    assert_eq!(old, Agent { todos: Vec::new(), waits_for_work: None, ..agent() });
    let old: Workspace = serde_json::from_value(without(workspace_json(), &["enforceDependencies"])).expect("an old workspace");
    assert_eq!(old, Workspace { enforce_dependencies: false, ..workspace() });
    let old: Message = serde_json::from_value(without(message_json(), &["choices", "edited"])).expect("an old message");
    assert_eq!(old, Message { choices: None, edited: None, ..message() });
}

#[test]
fn options_need_no_more_than_an_id_and_a_label_each() {
    let read: Options = serde_json::from_value(json!({"choices": [{"id": "a", "label": "A"}]})).expect("options");
    assert_eq!((read.multiple, read.free_text, read.choices[0].recommended), (false, true, false));
}

#[test]
fn actors_of_all_three_kinds_are_told_apart() {
    is_written_as(&ada(), &json!({"kind": "person", "id": "p1", "name": "Ada"}));
    is_written_as(&Actor::Agent { name: claude() }, &json!({"kind": "agent", "name": "claude"}));
    is_written_as(&Actor::System, &json!({"kind": "system"}));
}

#[test]
fn statuses_and_event_types_are_the_documented_words() {
    let statuses = agentrq_core::lifecycle::STATUSES.map(|status| json!(status));
    assert_eq!(Value::from(statuses.to_vec()), json!(["notstarted", "ongoing", "completed", "rejected", "failed", "killed"]));
    let events = [
        (EventType::TaskCreated, "task.created"),
        (EventType::TaskUpdated, "task.updated"),
        (EventType::TaskDeleted, "task.deleted"),
        (EventType::ReplyReceived, "reply.received"),
        (EventType::StatusUpdated, "status.updated"),
        (EventType::AgentConnected, "agent.connected"),
        (EventType::AgentDisconnected, "agent.disconnected"),
        (EventType::AgentUpdated, "agent.updated"),
        (EventType::DeliveryUpdated, "delivery.updated"),
        (EventType::WorkspaceUpdated, "workspace.updated"),
        (EventType::MutationAcknowledged, "mutation.acknowledged"),
    ];
    for (event, word) in events {
        is_written_as(&event, &json!(word));
        assert_eq!(event.name(), word);
    }
}

#[test]
fn a_frame_holds_its_event_and_the_last_of_a_commit_its_end() {
    let event = Event { kind: EventType::TaskDeleted, task_id: Some(TaskId(id(1))), actor: ada(), at: at(), changes: Vec::new() };
    let mut expected = json!({
        "type": "task.deleted", "taskId": text(1), "actor": {"kind": "person", "id": "p1", "name": "Ada"}, "at": AT, "changes": [],
    });
    is_written_as(&Frame { event: event.clone(), end: None }, &expected);

    let cursor = |seq| Cursor { epoch: "e".into(), seq, tag: "t".into() };
    let settled = Settled { client_id: "c".into(), mutation_id: 4, command: id(5), rejection: None };
    let end = CommitEnd { base: cursor(1), cursor: cursor(2), mutations: vec![settled] };
    expected["base"] = json!("e-1-t");
    expected["cursor"] = json!("e-2-t");
    expected["mutations"] = json!([{"clientId": "c", "mutationId": 4, "command": text(5), "rejection": null}]);
    is_written_as(&Frame { event, end: Some(end) }, &expected);
}

#[test]
fn every_command_of_the_contract_is_read() {
    let (it, task) = (text(3), text(1));
    let commands = json!([
        {"type": "createTask", "id": it, "title": "t", "body": "b", "assignee": "human", "attachments": [text(9)]},
        {"type": "createTask", "id": it, "title": "t", "assignee": "agent"},
        {"type": "createTask", "id": it, "title": "t", "assignee": "human", "options": options_json()},
        {"type": "editTask", "id": it, "task": task, "title": "t", "body": "b", "assignee": "agent"},
        {"type": "editTask", "id": it, "task": task},
        {"type": "editTask", "id": it, "task": task, "options": options_json()},
        {"type": "editTask", "id": it, "task": task, "options": null},
        {"type": "setStatus", "id": it, "task": task, "to": "ongoing", "reason": "because"},
        {"type": "setStatus", "id": it, "task": task, "to": "notstarted"},
        {"type": "reopen", "id": it, "task": task},
        {"type": "postMessage", "id": it, "task": task, "text": "t", "attachments": [], "inReplyTo": text(2)},
        {"type": "postMessage", "id": it, "task": task, "text": "t"},
        {"type": "postMessage", "id": it, "task": task, "text": "", "choices": ["eu", "us"], "digest": "cd"},
        {"type": "giveVerdict", "id": it, "task": task, "verdict": "approved", "digest": "cd", "text": "t", "attachments": [], "then": "handBack"},
        {"type": "giveVerdict", "id": it, "task": task, "verdict": "rejected", "digest": "cd", "then": "complete"},
        {"type": "giveVerdict", "id": it, "task": task, "verdict": "approved", "digest": "cd", "edited": "New"},
        {"type": "deleteTask", "id": it, "task": task},
        {"type": "createWork", "id": it, "list": "main", "title": "t", "body": "b", "activeForm": "f", "owner": "claude", "metadata": {"a_b": 1}, "blocks": [text(8)], "blockedBy": [text(9)]},
        {"type": "createWork", "id": it, "title": "t"},
        {"type": "createWork", "id": it, "title": "t", "status": "ongoing"},
        {"type": "updateWork", "id": it, "task": task, "title": "t", "body": "b", "activeForm": null, "status": "ongoing", "owner": null, "metadata": {"a": null}, "fence": 3},
        {"type": "updateWork", "id": it, "task": task, "metadata": {"a": 1}, "metadataMode": "replace", "addBlocks": [text(8)], "addBlockedBy": [text(8)], "removeBlocks": [text(9)], "removeBlockedBy": [text(9)]},
        {"type": "updateWork", "id": it, "task": task},
        {"type": "claimWork", "id": it, "list": "main", "owner": "helper"},
        {"type": "writeTodos", "id": it, "todos": [{"content": "c", "status": "pending", "activeForm": "f"}]},
        {"type": "editWorkspace", "id": it, "name": "n", "mission": "m"},
        {"type": "editWorkspace", "id": it, "name": "n", "mission": "m", "enforceDependencies": true},
        {"type": "nameAgent", "id": it, "agent": "claude", "displayName": "Claude"},
    ]);
    for command in commands.as_array().expect("a list") {
        let read: Command = serde_json::from_value(command.clone()).unwrap_or_else(|error| panic!("{command}: {error}"));
        let written = serde_json::to_value(&read).expect("written");
        for (field, value) in command.as_object().expect("an object") {
            assert_eq!(&written[field], value, "{field} of {command}");
        }
        assert_eq!(serde_json::from_value::<Command>(written).expect("read back"), read);
    }
    let batch = json!({"clientId": "c", "commands": [{"mutationId": 1, "command": commands[6]}]});
    assert_eq!(serde_json::from_value::<Batch>(batch).expect("a batch").commands[0].mutation_id, 1);
}

#[test]
fn what_streams_report_cannot_be_sent_from_outside() {
    for report in [json!({"type": "inbox"}), json!({"type": "Inbox", "Seen": {"deliveries": []}})] {
        assert!(serde_json::from_value::<Command>(report).is_err());
    }
}

#[test]
fn a_refusal_is_a_problem_document_that_names_what_would_be_right() {
    let refusal = Rejection::IllegalTransition {
        task: TaskId(id(1)),
        from: Status::Pending,
        to: Status::Failed,
        allowed: vec![Status::Active, Status::Completed],
    };
    let expected = json!({
        "code": "illegal_transition", "status": 409, "title": "It does not fit the present state",
        "detail": format!("task {} is notstarted: it cannot become failed; it may become ongoing, completed", text(1)),
        "from": "notstarted", "allowed": ["ongoing", "completed"],
    });
    assert_eq!(serde_json::to_value(&refusal).expect("written"), expected);
    let read: Rejection = serde_json::from_value(expected.clone()).expect("read");
    assert_eq!(serde_json::to_value(&read).expect("written again"), expected);
    assert_eq!(read.fault(), refusal.fault());
}
