//! A message of a task's thread. The first message (index 0) is the task's body and bears the task's id.

use serde::{Deserialize, Serialize};

use super::{Actor, Attachment, Verdict};
use crate::id::{MessageId, TaskId};
use crate::time::Timestamp;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    pub in_reply_to: Option<MessageId>,
    pub at: Timestamp,
    pub revision: u64,
}
