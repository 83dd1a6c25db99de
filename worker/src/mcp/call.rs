//! A call of a tool under way: who asks, what all tools do for it alike, and what comes of it.

use agentrq_core::command::Command;
use agentrq_core::decision::Outcome;
use agentrq_core::dialect::hitl::InlineAttachment;
use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::mcp::tool::{TaskRef, ToolAnswer};
use agentrq_core::model::{Actor, AgentName, Scopes, Task};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;
use serde_json::json;

use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::connections::{Connection, KEPT_MS};
use crate::workspace::inbox::{Creation, For, Given, looked};
use crate::workspace::transaction::Transaction;
use crate::workspace::{blobs, threads};

/// What came of a call.
pub struct Ran {
    pub answer: ToolAnswer,
    /// What is given in the answer itself.
    pub given: Given,
    /// The task that the call made, or that an unconfirmed call like it had made.
    pub created: Option<Creation>,
    /// Whether what waits for the agent may ride on the answer.
    pub rides: Rides,
    /// The call waits instead of being answered.
    pub waits: Option<Waits>,
}

/// What a call waits for, and how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    pub what: For,
    pub timeout_ms: u64,
}

/// May what waits for the agent ride on an answer?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rides {
    Along,
    /// The token only looks.
    Nothing,
}

impl Ran {
    pub(super) fn done(value: serde_json::Value) -> Self {
        Self { answer: ToolAnswer::Done(value), given: Given::default(), created: None, rides: Rides::Along, waits: None }
    }

    pub fn said(answer: ToolAnswer) -> Self {
        Self { answer, ..Self::done(serde_json::Value::Null) }
    }

    pub(super) fn waits(waits: Waits) -> Self {
        Self { waits: Some(waits), ..Self::done(json!({})) }
    }

    pub fn failed(why: String) -> Self {
        Self { answer: ToolAnswer::Failed(why), given: Given::default(), created: None, rides: Rides::Along, waits: None }
    }
}

/// An agent that calls a tool.
pub(super) struct Caller<'t, S: Sql> {
    pub tx: &'t mut Transaction<S>,
    pub connection: &'t Connection,
    pub agent: Actor,
    pub scopes: Scopes,
}

impl<S: Sql> Caller<'_, S> {
    pub(super) fn command(&mut self, command: Command) -> Result<Outcome, Problem> {
        self.tx.check_scope(&self.scopes, &command)?;
        self.tx.run(command, &self.agent, Some(self.connection.session))
    }

    /// The task that a call with the same content made, if that call may not have been answered.
    pub(super) fn unconfirmed(&self, hash: &str) -> Result<Option<Task>, Problem> {
        match created_lately(self.tx.sql(), &self.connection.agent, hash, self.tx.now)? {
            Some(id) => looked(self.tx, self.tx.store().task(id)),
            None => Ok(None),
        }
    }

    pub(super) fn task(&self, task: TaskRef) -> Result<Task, Problem> {
        threads::task(self.tx, task)
    }

    /// Stores the files of a call, then does what they are for. If that is refused, nothing of them is left.
    pub(super) fn with_files<T>(
        &mut self,
        files: Vec<InlineAttachment>,
        work: impl FnOnce(&mut Self, Vec<AttachmentId>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let mut ids = Vec::with_capacity(files.len());
        let mut stored = Vec::new();
        let done = files
            .into_iter()
            .try_for_each(|file| {
                let id = match file {
                    InlineAttachment::Uploaded(id) => id,
                    InlineAttachment::Bytes { filename, mime_type, bytes } => {
                        let id = AttachmentId(random::id(self.tx.now)?);
                        blobs::store(self.tx.sql(), id, &filename, &mime_type, &bytes, self.tx.now)?;
                        stored.push(id);
                        id
                    }
                };
                ids.push(id);
                Ok(())
            })
            .and_then(|()| work(self, ids));
        if done.is_err() {
            for id in stored {
                blobs::remove(self.tx.sql(), id)?;
            }
        }
        done
    }
}

pub(super) fn created_lately(sql: &impl Sql, agent: &AgentName, hash: &str, now: Timestamp) -> Result<Option<TaskId>, Problem> {
    let since = now.ms().saturating_sub(KEPT_MS);
    let row = sql.first(
        "SELECT task FROM creations WHERE agent = ? AND hash = ? AND at >= ?",
        &[agent.as_str().into(), hash.into(), since.into()],
    )?;
    row.map(|row| row.text(0)?.parse().map_err(Problem::internal)).transpose()
}
