//! A message of a task's thread. The first message (index 0) is the task's body and bears the task's id.

use super::{Actor, Attachment, Chosen, Verdict};
use crate::id::{MessageId, TaskId};
use crate::json::through_json;
use crate::record;
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: MessageId,
    pub task: TaskId,
    /// Place in the thread, from 0.
    pub index: u32,
    pub author: Actor,
    /// Markdown, may be empty where a verdict or an attachment speaks.
    pub text: String,
    pub attachments: Vec<Attachment>,
    pub verdict: Option<Verdict>,
    /// What a person chose of the task's options.
    pub choices: Option<Vec<Chosen>>,
    /// What a person changed before approving it.
    pub edited: Option<Edited>,
    pub in_reply_to: Option<MessageId>,
    pub at: Timestamp,
    pub revision: u64,
}

record!(Message { id, task, index, author, text, attachments, verdict, choices, edited, in_reply_to, at, revision });

/// A change of the task's body that was approved together with the rest. The verdict's digest is of what was shown, `after` is of what
/// was approved: the task's own digest for as long as the verdict stands. Taking `diff` back from `text` gives what was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edited {
    /// The digest of what was shown.
    pub before: String,
    /// The digest of what was approved.
    pub after: String,
    /// The body as it was approved.
    pub text: String,
    /// The change as a unified diff; absent where that would be longer than it helps.
    pub diff: Option<String>,
}

record!(Edited { before, after, text, diff });
through_json!(Message Edited);
