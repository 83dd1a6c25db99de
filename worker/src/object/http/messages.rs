//! Threads and files over HTTP, for people and agents alike. A verdict is a person's: core refuses it from anyone else.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{AttachmentId, Id, MessageId, TaskId};
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::Verdict;
use agentrq_core::view::View;
use serde::Deserialize;
use serde_json::json;
use worker::Response;

use super::{Asked, answer};
use crate::body::{self, JSON_BYTES};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::workspace::inbox::looked;
use crate::workspace::{blobs, idempotency, threads};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
    verdict: Option<Verdict>,
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

    pub(super) async fn upload(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let now = random::now();
        let id = AttachmentId(random::id(now)?);
        let file = blobs::receive::receive(self.sql(), id, asked.request, now).await?;
        if let Err(gone) = self.still_good(&asked.asker).and_then(|()| asked.asker.may_upload(&self.sql())) {
            blobs::remove(&self.sql(), id)?;
            return Err(gone);
        }
        answer(201, &file)
    }
}

impl NewMessage {
    fn command(self, id: Id, task: TaskId) -> Result<Command, Problem> {
        let Self { text, attachments, verdict, digest, then, in_reply_to, needs_answer } = self;
        let asks = match needs_answer {
            None => Asks::Unsaid,
            Some(true) => Asks::Answer,
            Some(false) => Asks::Nothing,
        };
        match (verdict, digest) {
            (None, _) => Ok(Command::PostMessage { id, task, text, attachments, in_reply_to, asks }),
            (Some(verdict), Some(digest)) => Ok(Command::GiveVerdict { id, task, verdict, digest, text, attachments, then }),
            (Some(_), None) => {
                Err(Problem::new(Code::BadRequest, "a verdict names what it is about: send the task's `digest` as you were shown it")
                    .with("field", "digest"))
            }
        }
    }
}
