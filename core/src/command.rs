//! What may be asked of a workspace, by people, by agents and by the workspace's own streams.
//!
//! Every command carries one fresh id; what the command creates bears it. So a command that arrives twice
//! is recognised by what it made, and a browser can name a thing before the server has heard of it.

use serde::{Deserialize, Serialize};

use crate::id::{AttachmentId, DeliveryId, Id, MessageId, SessionId, TaskId};
use crate::lifecycle::Status;
use crate::model::{Actor, AgentName, Assignee, Client, Route, Verdict};
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Command {
    CreateTask {
        id: Id,
        title: String,
        #[serde(default)]
        body: String,
        assignee: Assignee,
        #[serde(default)]
        attachments: Vec<AttachmentId>,
    },
    EditTask {
        id: Id,
        task: TaskId,
        title: Option<String>,
        body: Option<String>,
        assignee: Option<Assignee>,
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
        #[serde(default)]
        attachments: Vec<AttachmentId>,
        in_reply_to: Option<MessageId>,
        #[serde(default)]
        asks: Asks,
    },
    GiveVerdict {
        id: Id,
        task: TaskId,
        verdict: Verdict,
        /// The digest of what the person saw.
        digest: String,
        #[serde(default)]
        text: String,
        #[serde(default)]
        attachments: Vec<AttachmentId>,
        #[serde(default)]
        then: Then,
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
    /// What the streams report. Shells say it; nobody sends it.
    #[serde(skip)]
    Inbox(Inbox),
}

/// Whether an agent's message wants an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Asks {
    /// The agent did not say: a message that ends with a question mark asks.
    #[default]
    Unsaid,
    Answer,
    Nothing,
}

/// What follows an approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Then {
    /// The agent does the work and completes the task.
    #[default]
    HandBack,
    /// The approval was all there was to do.
    Complete,
}

/// What the streams report to the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbox {
    /// An agent holds a stream.
    Connected { agent: AgentName },
    /// It holds none any more.
    Disconnected { agent: AgentName },
    /// An agent spoke; `client` where it said what it is.
    Heard { agent: AgentName, client: Option<Client> },
    /// A new model listens: what earlier sessions received and never saw is owed to it once more.
    SessionStarted { agent: AgentName, session: SessionId },
    /// These were written to the session's stream or into a result for it.
    Sent { deliveries: Vec<DeliveryId>, session: SessionId, route: Route },
    /// The client proved that it has everything up to here.
    Received { deliveries: Vec<DeliveryId> },
    /// These were lost on the way: what is still only sent waits again.
    Lost { deliveries: Vec<DeliveryId> },
    /// The model acted on these.
    Seen { deliveries: Vec<DeliveryId>, route: Option<Route> },
}
