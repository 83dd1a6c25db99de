//! The one task behind all three vocabularies.

use super::{Actor, AgentName, Options, Work};
use crate::id::{MessageId, SessionId, TaskId};
use crate::json::{through_json, words};
use crate::lifecycle::Status;
use crate::record;
use crate::time::Timestamp;

/// Whose task it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Assignee {
    Human,
    Agent,
}

words!(Assignee { "human" => Human, "agent" => Agent });

/// Who must act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Turn {
    Human,
    Agent,
    /// The task is over.
    Nobody,
}

words!(Turn { "human" => Human, "agent" => Agent, "nobody" => Nobody });

/// A person's yes or no. It is not a status: an approved task stays open until the work is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Approved,
    Rejected,
}

words!(Verdict { "approved" => Approved, "approve" => Approved, "rejected" => Rejected, "reject" => Rejected });

impl Verdict {
    /// The word an agent reads.
    pub fn word(self) -> &'static str {
        match self {
            Self::Approved => "Approved",
            Self::Rejected => "Rejected",
        }
    }
}

/// The verdict that stands on a task, with what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictGiven {
    pub kind: Verdict,
    pub by: Actor,
    pub at: Timestamp,
    /// The digest of what was shown to the person who decided.
    pub digest: String,
    pub message: MessageId,
}

record!(VerdictGiven { kind, by, at, digest, message });

/// A task's head. Its body is message 0 of its thread, so that an event about a task stays small however long the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub id: TaskId,
    /// Place in the workspace's numbering, from 1, never reused; given by the authority only, so absent while pending.
    pub number: Option<u64>,
    pub title: String,
    /// The body's beginning on one line, for lists.
    pub excerpt: String,
    /// What in the title and the whole body should make a reader slow down, in words, the gravest first; absent where it was not yet noted.
    pub risks: Option<Vec<String>>,
    pub assignee: Assignee,
    /// The answers that it offers, where it is a question with answers to choose from.
    pub options: Option<Options>,
    pub status: Status,
    /// Why the task ended as it did, where somebody said so.
    pub reason: Option<String>,
    pub turn: Turn,
    /// Since when it has been that turn.
    pub waiting_since: Timestamp,
    pub created_by: Actor,
    /// The agent that created, claimed or last acted on it: it hears the answers.
    pub agent: Option<AgentName>,
    /// The session of that agent: answers go there while it lives.
    pub session: Option<SessionId>,
    /// SHA-256 of what a person is shown, see [`super::shown_digest`].
    pub digest: String,
    pub verdict: Option<VerdictGiven>,
    /// Messages in the thread, the body included.
    pub messages: u32,
    /// Files in all of these messages.
    pub attachments: u32,
    /// Its part in a list of agents' work, if it is of one.
    pub work: Option<Box<Work>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    pub revision: u64,
}

record!(Task {
    id, number, title, excerpt, risks if any, assignee, options, status, reason, turn, waiting_since, created_by, agent, session, digest, verdict,
    messages, attachments = 0, work if any, created_at, updated_at, revision
});
through_json!(VerdictGiven Task);
