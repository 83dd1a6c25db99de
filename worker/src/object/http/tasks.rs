//! Tasks over HTTP, for people and agents alike: core says who may do what.

use agentrq_core::command::Command;
use agentrq_core::id::AttachmentId;
use agentrq_core::lifecycle::{STATUSES, Status};
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{Assignee, Options, Task};
use serde::{Deserialize, Deserializer};
use serde_json::json;
use worker::Response;

use super::{Asked, answer, no_content};
use crate::body::{self, JSON_BYTES};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::workspace::idempotency;
use crate::workspace::threads::{self, Filter};

#[derive(Deserialize)]
struct NewTask {
    title: String,
    #[serde(default)]
    body: String,
    assignee: Option<Assignee>,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
    options: Option<Options>,
}

#[derive(Deserialize)]
struct TaskEdit {
    title: Option<String>,
    body: Option<String>,
    assignee: Option<Assignee>,
    /// Null takes them away.
    #[serde(default, deserialize_with = "given")]
    options: Option<Option<Options>>,
    status: Option<Status>,
    reason: Option<String>,
    #[serde(default)]
    reopen: bool,
}

/// Tells a value that was given as null from one that was not given.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl WorkspaceObject {
    pub(super) fn list_tasks(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let status = asked.query("status").map(|word| {
            Status::from_word(&word).map(Status::word).ok_or_else(|| {
                let allowed: Vec<_> = STATUSES.iter().map(|status| status.word()).collect();
                Problem::new(Code::BadRequest, format!("status: one of {}", allowed.join(", "))).with("allowed", allowed)
            })
        });
        let assignee = asked.query("assignee").map(|word| match word.as_str() {
            "human" => Ok("human"),
            "agent" => Ok("agent"),
            _ => Err(Problem::new(Code::BadRequest, "assignee: human or agent").with("allowed", vec!["human", "agent"])),
        });
        let filter = Filter {
            status: status.transpose()?,
            assignee: assignee.transpose()?,
            list: asked.query("list").filter(|list| !list.is_empty()),
            words: asked.query("q").filter(|words| !words.is_empty()),
            cursor: asked.query("cursor").filter(|cursor| !cursor.is_empty()),
            limit: threads::limit(asked.query("limit").as_deref(), 50)?,
        };
        let page = threads::tasks(&self.sql(), &filter)?;
        answer(200, &json!({"tasks": page.tasks, "nextCursor": page.next_cursor}))
    }

    pub(super) async fn create_task(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let body = self.body(asked.request, &asked.asker, JSON_BYTES).await?;
        let new: NewTask = body::parse(&body)?;
        let key = asked.header("idempotency-key");
        let now = random::now();
        let task = self.commit(|tx| {
            let id = idempotency::id(tx.sql(), &asked.asker.name(), key.as_deref(), &body, now)?;
            let assignee = new.assignee.unwrap_or(Assignee::Agent);
            let NewTask { title, body, attachments, options, .. } = new;
            asked.asker.run(tx, Command::CreateTask { id, title, body, assignee, attachments, options })?;
            threads::task(tx, TaskRef::Id(id.into()))
        })?;
        answer(201, &task)
    }

    pub(super) fn read_task(&self, task: TaskRef) -> Result<Task, Problem> {
        self.read(|tx| threads::task(tx, task))
    }

    pub(super) async fn edit_task(&self, asked: Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let edit: TaskEdit = self.json(asked.request, &asked.asker).await?;
        let asker = &asked.asker;
        let task = self.commit(|tx| {
            let task = threads::task(tx, task)?.id;
            let id = || random::id(random::now());
            if edit.reopen {
                asker.run(tx, Command::Reopen { id: id()?, task })?;
            }
            if edit.title.is_some() || edit.body.is_some() || edit.assignee.is_some() || edit.options.is_some() {
                let (title, body, assignee, options) = (edit.title, edit.body, edit.assignee, edit.options);
                asker.run(tx, Command::EditTask { id: id()?, task, title, body, assignee, options })?;
            }
            if let Some(to) = edit.status {
                asker.run(tx, Command::SetStatus { id: id()?, task, to, reason: edit.reason })?;
            }
            threads::task(tx, TaskRef::Id(task))
        })?;
        answer(200, &task)
    }

    pub(super) fn delete_task(&self, asked: &Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        self.commit(|tx| {
            let task = threads::task(tx, task)?.id;
            let id = random::id(tx.now)?;
            asked.asker.run(tx, Command::DeleteTask { id, task })
        })?;
        no_content()
    }
}
