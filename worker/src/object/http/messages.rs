//! Threads and files over HTTP, for people and agents alike. A verdict is a person's: core refuses it from anyone else.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{AttachmentId, Id, MessageId, TaskId};
use agentrq_core::limits;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::Verdict;
use agentrq_core::view::View;
use serde::Deserialize;
use serde_json::json;
use worker::Response;

use super::{Asked, Asker, answer};
use crate::body::{self, JSON_BYTES};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::workspace::blobs::named::{self, Named, Wanted};
use crate::workspace::inbox::looked;
use crate::workspace::{blobs, capacity, idempotency, threads};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
    verdict: Option<Verdict>,
    #[serde(default)]
    choices: Vec<String>,
    edited: Option<String>,
    digest: Option<String>,
    #[serde(default)]
    then: Then,
    in_reply_to: Option<MessageId>,
    needs_answer: Option<bool>,
}

impl WorkspaceObject {
    pub(super) fn list_messages(&self, asked: &Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let order = match asked.query("order").as_deref() {
            None | Some("asc") => Order::OldestFirst,
            Some("desc") => Order::NewestFirst,
            Some(_) => return Err(Problem::new(Code::BadRequest, "order: asc or desc").with("allowed", vec!["asc", "desc"])),
        };
        let limit = threads::limit(asked.query("limit").as_deref(), 50)?;
        let cursor = asked.query("cursor");
        let task = self.read_task(task)?;
        let page = threads::page(&self.sql(), task.id, cursor.as_deref(), limit, order)?;
        let deliveries = threads::deliveries(&self.sql(), &page.messages)?;
        answer(200, &json!({"messages": page.messages, "deliveries": deliveries, "nextCursor": page.next_cursor}))
    }

    pub(super) async fn post_message(&self, asked: Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let body = self.body(asked.request, &asked.asker, JSON_BYTES).await?;
        let new: NewMessage = body::parse(&body)?;
        let key = asked.header("idempotency-key");
        let now = random::now();
        let message = self.commit(|tx| {
            let task = threads::task(tx, task)?;
            let id = idempotency::id(tx.sql(), &asked.asker.name(), key.as_deref(), &body, now)?;
            asked.asker.run(tx, new.command(id, task.id)?)?;
            looked(tx, tx.store().message(MessageId(id)))?.ok_or_else(|| Problem::internal("a message that was posted is not there"))
        })?;
        answer(201, &message)
    }

    /// Takes a file. Under an id that its sender has minted, the same file again is answered as it was before.
    pub(super) async fn upload(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let (sql, by, now) = (self.sql(), asked.asker.name(), random::now());
        let wanted = asked.query("id").map(|id| Ok::<_, Problem>(Wanted { id: attachment_id(&id)?, by: &by })).transpose()?;
        wanted.map_or(Ok(()), |wanted| named::check(&sql, wanted))?;
        if matches!(asked.asker, Asker::Agent(..)) {
            capacity::check(&sql, limits::AGENTS_BYTES)?;
        }
        let file = blobs::receive::receive(&sql, AttachmentId(random::id(now)?), asked.request, now).await?;
        if let Err(gone) = self.still_good(&asked.asker).and_then(|()| asked.asker.may_upload(&sql)) {
            blobs::remove(&sql, file.id)?;
            return Err(gone);
        }
        match wanted {
            None => answer(201, &file),
            Some(wanted) => match named::name(&sql, file, wanted)? {
                Named::Now(file) => answer(201, &file),
                Named::Before(file) => answer(200, &file),
            },
        }
    }
}

fn attachment_id(text: &str) -> Result<AttachmentId, Problem> {
    text.parse().map_err(|why| Problem::new(Code::BadRequest, format!("id: {why}")).with("field", "id"))
}

impl NewMessage {
    fn command(self, id: Id, task: TaskId) -> Result<Command, Problem> {
        let Self { text, attachments, verdict, choices, edited, digest, then, in_reply_to, needs_answer } = self;
        let asks = match needs_answer {
            None => Asks::Unsaid,
            Some(true) => Asks::Answer,
            Some(false) => Asks::Nothing,
        };
        let Some(verdict) = verdict else {
            if edited.is_some() {
                return Err(Problem::new(Code::BadRequest, "a changed text is approved: send it with `verdict`").with("field", "edited"));
            }
            // A plain message is about the thread, whatever the task shows by now.
            let digest = digest.filter(|_| !choices.is_empty());
            return Ok(Command::PostMessage { id, task, text, attachments, in_reply_to, asks, choices, digest });
        };
        if !choices.is_empty() {
            let why = "an answer is either a choice or a verdict: send `choices` without `verdict`";
            return Err(Problem::new(Code::BadRequest, why).with("field", "choices"));
        }
        let Some(digest) = digest else {
            let why = "a verdict names what it is about: send the task's `digest` as you were shown it";
            return Err(Problem::new(Code::BadRequest, why).with("field", "digest"));
        };
        Ok(Command::GiveVerdict { id, task, verdict, digest, text, attachments, then, edited })
    }
}
