//! What may be asked of a workspace, by people and by agents.
//!
//! Every command carries one fresh id; what the command creates bears it. So a command that arrives twice
//! is recognised by what it made, and a browser can name a thing before the server has heard of it.

mod wire;

use crate::id::{AttachmentId, Id, MessageId, SessionId, TaskId};
use crate::json::words;
use crate::lifecycle::Status;
use crate::model::{Actor, AgentName, Assignee, Options, Verdict};
use crate::time::Timestamp;

/// Everything impure a decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub now: Timestamp,
    pub actor: Actor,
    /// The agent's session, where an agent asks.
    pub session: Option<SessionId>,
}

/// What people and agents may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    CreateTask {
        id: Id,
        title: String,
        body: String,
        assignee: Assignee,
        attachments: Vec<AttachmentId>,
        options: Option<Options>,
    },
    EditTask {
        id: Id,
        task: TaskId,
        title: Option<String>,
        body: Option<String>,
        assignee: Option<Assignee>,
        /// Absent: they stay; null: the task offers none any more.
        options: Option<Option<Options>>,
    },
    SetStatus {
        id: Id,
        task: TaskId,
        to: Status,
        reason: Option<String>,
    },
    Reopen {
        id: Id,
        task: TaskId,
    },
    PostMessage {
        id: Id,
        task: TaskId,
        text: String,
        attachments: Vec<AttachmentId>,
        in_reply_to: Option<MessageId>,
        asks: Asks,
        /// Which of the task's options a person chose, by id.
        choices: Vec<String>,
        /// The digest of what the person saw, where an answer is to hold for that alone.
        digest: Option<String>,
    },
    GiveVerdict {
        id: Id,
        task: TaskId,
        verdict: Verdict,
        /// The digest of what the person saw.
        digest: String,
        text: String,
        attachments: Vec<AttachmentId>,
        then: Then,
        /// The body as it is approved, where the person changed it.
        edited: Option<String>,
    },
    DeleteTask {
        id: Id,
        task: TaskId,
    },
    /// Takes the next task that waits for an agent.
    ClaimNext {
        id: Id,
    },
    EditWorkspace {
        id: Id,
        name: Option<String>,
        mission: Option<String>,
    },
    NameAgent {
        id: Id,
        agent: AgentName,
        display_name: String,
    },
}

impl Command {
    /// The id that names this command wherever it turns up.
    pub fn id(&self) -> Id {
        match self {
            Self::CreateTask { id, .. }
            | Self::EditTask { id, .. }
            | Self::SetStatus { id, .. }
            | Self::Reopen { id, .. }
            | Self::PostMessage { id, .. }
            | Self::GiveVerdict { id, .. }
            | Self::DeleteTask { id, .. }
            | Self::ClaimNext { id }
            | Self::EditWorkspace { id, .. }
            | Self::NameAgent { id, .. } => *id,
        }
    }
}

/// Whether an agent's message wants an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// The agent did not say: a message that ends with a question mark asks.
    #[default]
    Unsaid,
    Answer,
    Nothing,
}

words!(Asks { "unsaid" => Unsaid, "answer" => Answer, "nothing" => Nothing });

/// What follows an approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// The agent does the work and completes the task.
    #[default]
    HandBack,
    /// The approval was all there was to do.
    Complete,
}

words!(Then { "handBack" => HandBack, "complete" => Complete });
