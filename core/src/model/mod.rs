//! What a workspace is made of. Plain values: the rules that change them stand in `decide`.

mod actor;
mod agent;
mod attachment;
mod delivery;
mod message;
mod scope;
mod task;
mod workspace;

pub use actor::{Actor, AgentName, InvalidName, Person};
pub use agent::{Agent, Client, Presence};
pub use attachment::{Attachment, Shown, shown_digest};
pub use delivery::{Delivery, DeliveryKind, DeliveryState, Route};
pub use message::Message;
pub use scope::{InvalidScopes, OutOfScope, SCOPES, Scope, Scopes};
pub use task::{Assignee, Task, Turn, Verdict, VerdictGiven};
pub use workspace::{Workspace, WorkspaceId};

/// One of the values above, as stores and deltas carry it. The tag is `type`, since a delivery has a `kind` of its own.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Entity {
    Workspace(Workspace),
    Task(Task),
    Message(Message),
    Delivery(Delivery),
    Agent(Agent),
}

/// Which entity a deletion removes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum EntityRef {
    /// A task takes its messages and their deliveries with it.
    Task { id: crate::id::TaskId },
}
