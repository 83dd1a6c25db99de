//! One thing an agent must hear, and how far it has come.
//!
//! ```text
//! queued ──push──▶ sent ──pong──▶ received ──the model acted on it──▶ seen
//!    ▲              │                 │
//!    └──stream lost─┘                 └── a new session of the agent: queued once more, marked redelivered
//! ```

use serde::{Deserialize, Serialize};

use super::AgentName;
use crate::id::{DeliveryId, SessionId, TaskId};
use crate::time::Timestamp;

/// What the agent hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryKind {
    /// A person wrote; the delivery's id is the message's.
    Reply,
    /// A person approved or rejected; the delivery's id is the message's.
    Verdict,
    /// A task was given to agents, or given anew; the id is the task's, or that of the command that gave it anew.
    Task,
    /// A person moved, reopened or deleted the task; `note` says how.
    Status,
}

/// How far it has come. Order is progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DeliveryState {
    /// Nobody has it yet.
    Queued,
    /// Written to a stream; whether it arrived is not known.
    Sent,
    /// The client answered a ping sent after it: the transport has it.
    Received,
    /// The model acted on it.
    Seen,
}

/// The way it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Route {
    Channel,
    Hook,
    /// `waitForMessages`.
    Wait,
    /// It rode on a tool result, or was read with a tool.
    Result,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    pub id: DeliveryId,
    pub task: TaskId,
    pub kind: DeliveryKind,
    /// What happened, for kinds that have no message of their own.
    pub note: Option<String>,
    /// Whom it is for; nobody in particular where no agent owns the task.
    pub agent: Option<AgentName>,
    pub state: DeliveryState,
    pub route: Option<Route>,
    /// The session it was last given to.
    pub session: Option<SessionId>,
    pub queued_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub received_at: Option<Timestamp>,
    pub seen_at: Option<Timestamp>,
    /// How often it was handed to a client: more than once only where an earlier copy may have been lost.
    pub copies: u32,
    /// An earlier session had received it and never acted on it.
    pub redelivered: bool,
    pub revision: u64,
}
