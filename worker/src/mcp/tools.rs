//! The tools at work: a call becomes commands, their outcome becomes an answer.

use agentrq_core::Report;
use agentrq_core::command::Command;
use agentrq_core::decision::Outcome;
use agentrq_core::dialect::hitl::{self, InlineAttachment, Order};
use agentrq_core::dialect::{self, Call, background, task_list, workflow};
use agentrq_core::id::{AttachmentId, DeliveryId, MessageId, TaskId};
use agentrq_core::limits;
use agentrq_core::mcp::tool::{TaskRef, ToolAnswer};
use agentrq_core::model::{Actor, AgentName, Assignee, ListName, Message, Options, Scopes};
use agentrq_core::view::View;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::about::About;
use super::call::{Caller, Ran, Rides, Waits, created_lately};
use super::{reading, tasks};
use crate::gate::mac::hex;
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::Sql;
use crate::workspace::connections::Connection;
use crate::workspace::inbox::{self, Creation, For, Given, looked};
use crate::workspace::transaction::Transaction;
use crate::workspace::{blobs, threads, tokens};

/// A file up to this size stands in the text of an answer as well as in its structured content; a larger one only in the latter.
const SAID_TWICE_BYTES: u64 = 1024 * 1024;

/// Runs a call, if the client's token opens it. A refusal is an answer that says why; only faults of the server are errors.
pub fn run<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, about: &About, call: Call) -> Result<Ran, Problem> {
    let scopes = tokens::scopes(tx.sql(), connection.token)?;
    if let Err(why) = dialect::check_call(&call, &scopes) {
        return Ok(Ran { rides: rides(&scopes), ..Ran::failed(why.to_string()) });
    }
    let rides = rides(&scopes);
    let agent = Actor::Agent { name: connection.agent.clone() };
    let mut caller = Caller { tx, connection, agent, scopes };
    let ran = match call {
        Call::Hitl(call) => caller.hitl(call, about),
        Call::TaskList(call) => match caller.task_list(call, about) {
            Err(problem) if problem.status < 500 => Ok(Ran::said(task_list::refused(problem.body()))),
            ran => ran,
        },
        Call::Background(call) => match caller.background(call, about) {
            Err(problem) if problem.status < 500 => Ok(Ran::said(background::refused(problem.body()))),
            ran => ran,
        },
        Call::Workflow(call) => match caller.workflow(call, about) {
            Err(problem) if problem.status < 500 => Ok(Ran::said(workflow::refused(problem.body()))),
            ran => ran,
        },
    };
    match ran {
        Err(problem) if problem.status < 500 => Ok(Ran { rides, ..Ran::failed(problem.detail) }),
        ran => ran.map(|ran| Ran { rides, ..ran }),
    }
}

fn rides(scopes: &Scopes) -> Rides {
    if scopes.hear() { Rides::Along } else { Rides::Nothing }
}

/// A task as an agent asks for it, its files aside.
struct NewTask {
    title: String,
    body: String,
    assignee: Assignee,
    options: Option<Options>,
}

impl<S: Sql> Caller<'_, S> {
    fn hitl(&mut self, call: hitl::Call, about: &About) -> Result<Ran, Problem> {
        match call {
            hitl::Call::CreateTask { title, body, assignee, attachments, options } => {
                self.create_task(NewTask { title, body, assignee, options }, attachments)
            }
            hitl::Call::UpdateTaskStatus { task, status, reason } => self.update_task_status(task, status, reason),
            hitl::Call::Reply { task, text, in_reply_to, asks, attachments } => self.reply(task, attachments, |id, task, attachments| {
                Command::PostMessage { id, task, text, attachments, in_reply_to, asks, choices: Vec::new(), digest: None }
            }),
            hitl::Call::GetWorkspace => self.workspace(),
            hitl::Call::GetTaskMessages { task, cursor, limit, order } => self.messages(task, cursor.as_deref(), limit, order),
            hitl::Call::DownloadAttachment { attachment } => self.download(attachment, about),
            hitl::Call::GetNextTask => self.next_task(),
            hitl::Call::WaitForMessages { acknowledge, timeout_s } => self.wait(acknowledge, timeout_s),
        }
    }

    fn create_task(&mut self, new: NewTask, attachments: Vec<InlineAttachment>) -> Result<Ran, Problem> {
        let hash = content_hash(&new.title, &new.body, new.assignee, new.options.as_ref(), &attachments);
        if let Some(task) = self.unconfirmed(&hash)? {
            return Ok(Ran { created: Some(Creation { task: task.id, hash }), ..Ran::done(hitl::created(&task)) });
        }
        let id = random::id(self.tx.now)?;
        let NewTask { title, body, assignee, options } = new;
        self.with_files(attachments, |caller, attachments| {
            caller.command(Command::CreateTask { id, title, body, assignee, attachments, options })
        })?;
        let task = self.task(TaskRef::Id(TaskId(id)))?;
        Ok(Ran { created: Some(Creation { task: task.id, hash }), ..Ran::done(hitl::created(&task)) })
    }

    fn update_task_status(&mut self, task: TaskRef, to: agentrq_core::lifecycle::Status, reason: Option<String>) -> Result<Ran, Problem> {
        let task = self.task(task)?;
        let id = random::id(self.tx.now)?;
        let outcome = self.command(Command::SetStatus { id, task: task.id, to, reason })?;
        let changed = outcome != Outcome::Already;
        Ok(Ran::done(json!({"task_id": task.id, "number": task.number, "status": to, "changed": changed})))
    }

    fn reply(
        &mut self,
        task: TaskRef,
        attachments: Vec<InlineAttachment>,
        command: impl FnOnce(agentrq_core::id::Id, TaskId, Vec<AttachmentId>) -> Command,
    ) -> Result<Ran, Problem> {
        let task = self.task(task)?;
        let id = random::id(self.tx.now)?;
        self.with_files(attachments, |caller, attachments| caller.command(command(id, task.id, attachments)))?;
        Ok(Ran::done(json!({"message_id": id, "task_id": task.id})))
    }

    fn workspace(&mut self) -> Result<Ran, Problem> {
        Ok(Ran::done(reading::workspace(self.tx, &self.connection.agent)?))
    }

    fn messages(&mut self, task: TaskRef, cursor: Option<&str>, limit: usize, order: Order) -> Result<Ran, Problem> {
        let task = self.task(task)?;
        let page = threads::page(self.tx.sql(), task.id, cursor, limit, order)?;
        let answer = hitl::messages(&task, &page.messages, page.next_cursor);
        let given = if self.scopes.hear() {
            reading::given_with(self.tx, self.connection, &page.messages)?
        } else {
            // Who only looks has heard nothing: what is read here still waits for the agent that asked.
            Given::default()
        };
        Ok(Ran { given, ..Ran::done(answer) })
    }

    fn download(&mut self, id: AttachmentId, about: &About) -> Result<Ran, Problem> {
        use base64::Engine as _;
        let attachment = blobs::find(self.tx.sql(), id)?
            .ok_or_else(|| Problem::new(Code::AttachmentNotFound, format!("there is no attachment {id} in this workspace")))?;
        let mut value = json!({"filename": attachment.filename, "mimeType": attachment.mime_type, "size": attachment.size});
        let mut said = value.clone();
        if attachment.size > SAID_TWICE_BYTES {
            value["url"] = json!(format!("{}/{id}", about.upload_url()));
            said["url"] = value["url"].clone();
            said["data"] = json!("in structuredContent; or GET url with your token");
        }
        if attachment.size > limits::INLINE_BYTES as u64 {
            return Ok(Ran::done(value));
        }
        let bytes = blobs::bytes(self.tx.sql(), &attachment)?;
        value["data"] = json!(base64::engine::general_purpose::STANDARD.encode(bytes));
        if attachment.size <= SAID_TWICE_BYTES {
            return Ok(Ran::done(value));
        }
        Ok(Ran { answer: ToolAnswer::Large { value, text: said.to_string() }, ..Ran::done(json!({})) })
    }

    fn next_task(&mut self) -> Result<Ran, Problem> {
        let id = random::id(self.tx.now)?;
        let Outcome::Claimed(Some(id)) = self.command(Command::ClaimNext { id })? else {
            return Ok(Ran::done(hitl::next_task(None)));
        };
        let task = self.task(TaskRef::Id(id))?;
        let body: Option<Message> = looked(self.tx, self.tx.store().message(MessageId(id.0)))?;
        let body = body.ok_or_else(|| Problem::internal(format!("task {id} has no body")))?;
        Ok(Ran::done(hitl::next_task(Some((&task, &body)))))
    }

    fn wait(&mut self, acknowledge: Vec<DeliveryId>, timeout_s: u64) -> Result<Ran, Problem> {
        if !acknowledge.is_empty() {
            self.tx.report_of(Report::Seen { deliveries: acknowledge, route: None }, &self.agent)?;
        }
        let waiting = inbox::ungiven(self.tx, self.connection)?;
        if waiting.is_empty() && timeout_s > 0 {
            return Ok(Ran::waits(Waits { what: For::Messages, timeout_ms: timeout_s * 1_000 }));
        }
        let waited = inbox::waited(self.tx, self.connection, waiting)?;
        Ok(Ran { given: waited.given, ..Ran::done(waited.value) })
    }
}

/// The task that this call of an agent has made already, if it is one that makes a task and its answer may not have arrived.
pub fn unconfirmed(sql: &impl Sql, agent: &AgentName, list: &ListName, call: &Call) -> Result<Option<TaskId>, Problem> {
    match call {
        Call::Hitl(hitl::Call::CreateTask { title, body, assignee, attachments, options }) => {
            created_lately(sql, agent, &content_hash(title, body, *assignee, options.as_ref(), attachments), random::now())
        }
        Call::TaskList(task_list::Call::Create(new)) => created_lately(sql, agent, &tasks::content_hash(list, new), random::now()),
        _ => Ok(None),
    }
}

/// What makes two calls of createTask the same call.
fn content_hash(title: &str, body: &str, assignee: Assignee, options: Option<&Options>, files: &[InlineAttachment]) -> String {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(title.as_bytes());
    part(body.as_bytes());
    part(if assignee == Assignee::Human { b"human" } else { b"agent" });
    if let Some(options) = options {
        part(serde_json::to_string(options).unwrap_or_default().as_bytes());
    }
    for file in files {
        match file {
            InlineAttachment::Bytes { filename, bytes, .. } => {
                part(filename.as_bytes());
                part(bytes);
            }
            InlineAttachment::Uploaded(id) => part(id.to_string().as_bytes()),
        }
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::{Id, SessionId};
    use agentrq_core::model::{DeliveryState, Person, Scope};
    use agentrq_core::time::Timestamp;

    use super::super::about;
    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::connections::{Kind, Phase};
    use crate::workspace::made_for_tests;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn run_with(tx: &mut Transaction<&rusqlite::Connection>, scope: Scope, call: Call) -> Ran {
        tokens::made_for_tests(tx.sql(), stream().token, scope);
        let about = about::for_tests();
        run(tx, &stream(), &about, call).expect("it ran")
    }

    fn stream() -> Connection {
        let id = SessionId(Id::new(NOW.ms(), 1));
        let agent = AgentName::new("laptop").expect("a name");
        Connection { phase: Phase::Ready, ..Connection::opened(id, Kind::Sse, id.0, agent, NOW) }
    }

    fn call(tool: &str, arguments: serde_json::Value) -> Call {
        let serde_json::Value::Object(arguments) = arguments else { panic!("an object") };
        dialect::read(tool, &arguments).expect("a tool").expect("a call that is right")
    }

    fn refusal(ran: &Ran) -> &str {
        match &ran.answer {
            ToolAnswer::Failed(why) => why,
            other => panic!("it ran: {other:?}"),
        }
    }

    #[test]
    fn who_only_looks_takes_no_answer_away_from_the_agent_that_waits_for_it() {
        let db = memory();
        made_for_tests(&db);
        let mut tx = Transaction::begin(&db, NOW).expect("begun");
        let asked = run_with(&mut tx, Scope::Ask, call("createTask", json!({"title": "When?", "assignee": "human"})));
        let task = asked.created.expect("a task").task;
        let reply = Id::new(NOW.ms(), 2);
        let (text, ada) = ("Now.".into(), Actor::Person(Person { id: "p".into(), name: "Ada".into() }));
        let said = Command::PostMessage {
            id: reply,
            task,
            text,
            attachments: Vec::new(),
            in_reply_to: None,
            asks: Default::default(),
            choices: Vec::new(),
            digest: None,
        };
        tx.run(said, &ada, None).expect("replied");

        for (scope, state) in [(Scope::Read, DeliveryState::Queued), (Scope::Ask, DeliveryState::Sent)] {
            let read = run_with(&mut tx, scope, call("getTaskMessages", json!({"task_id": task})));
            let ToolAnswer::Done(value) = &read.answer else { panic!("{:?}", read.answer) };
            assert_eq!(value["messages"][1]["text"], "Now.", "{scope}");
            let delivery = looked(&tx, tx.store().delivery(DeliveryId(reply))).expect("a look").expect("a delivery");
            assert_eq!((delivery.state, read.given.is_empty()), (state, state == DeliveryState::Queued), "{scope}");
        }
    }

    #[test]
    fn a_call_beyond_the_tokens_scopes_is_refused_before_it_does_anything() {
        let db = memory();
        made_for_tests(&db);
        let mut tx = Transaction::begin(&db, NOW).expect("begun");
        let work = call("createTask", json!({"title": "Do it", "assignee": "agent"}));
        let made = run_with(&mut tx, Scope::Agent, work.clone()).created.expect("a task").task;
        // The same call again is answered with the task that it made: not if it may not make any.
        let again = run_with(&mut tx, Scope::Ask, work);
        assert_eq!((again.created.clone(), refusal(&again).contains("needs the scope \"agent\"")), (None, true));
        let taken = call("updateTaskStatus", json!({"task_id": made, "status": "ongoing"}));
        assert!(refusal(&run_with(&mut tx, Scope::Ask, taken)).contains("status of a task for agents"));
        assert!(refusal(&run_with(&mut tx, Scope::Read, call("getNextTask", json!({})))).contains("may not call getNextTask"));
    }
}
