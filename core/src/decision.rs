//! What a decision comes to: an outcome for the caller, events with their changes for everyone, effects for the shell.

use serde::{Deserialize, Serialize};

use crate::id::TaskId;
use crate::model::{Actor, Entity, EntityRef};
use crate::time::Timestamp;

/// One write. Everything a store ever does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "op", rename_all = "camelCase")]
pub enum Change {
    Put { entity: Box<Entity> },
    Delete { entity: EntityRef },
}

impl From<Entity> for Change {
    fn from(entity: Entity) -> Self {
        Self::Put { entity: Box::new(entity) }
    }
}

/// What happened, in the words of the dashboard's event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    #[serde(rename = "task.created")]
    TaskCreated,
    #[serde(rename = "task.updated")]
    TaskUpdated,
    #[serde(rename = "task.deleted")]
    TaskDeleted,
    #[serde(rename = "reply.received")]
    ReplyReceived,
    #[serde(rename = "status.updated")]
    StatusUpdated,
    #[serde(rename = "agent.connected")]
    AgentConnected,
    #[serde(rename = "agent.disconnected")]
    AgentDisconnected,
    #[serde(rename = "agent.updated")]
    AgentUpdated,
    #[serde(rename = "delivery.updated")]
    DeliveryUpdated,
    #[serde(rename = "workspace.updated")]
    WorkspaceUpdated,
    /// Nothing happened but that commands were counted.
    #[serde(rename = "mutation.acknowledged")]
    MutationAcknowledged,
}

impl EventType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::TaskCreated => "task.created",
            Self::TaskUpdated => "task.updated",
            Self::TaskDeleted => "task.deleted",
            Self::ReplyReceived => "reply.received",
            Self::StatusUpdated => "status.updated",
            Self::AgentConnected => "agent.connected",
            Self::AgentDisconnected => "agent.disconnected",
            Self::AgentUpdated => "agent.updated",
            Self::DeliveryUpdated => "delivery.updated",
            Self::WorkspaceUpdated => "workspace.updated",
            Self::MutationAcknowledged => "mutation.acknowledged",
        }
    }
}

/// One thing that happened, with everything it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    #[serde(rename = "type")]
    pub kind: EventType,
    pub task_id: Option<TaskId>,
    pub actor: Actor,
    pub at: Timestamp,
    pub changes: Vec<Change>,
}

/// What the shell must do after the commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Something is queued: see who can be reached.
    Deliver,
}

/// What the caller is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done,
    /// It was so already; nothing changed.
    Already,
    /// The task that was claimed, if one was waiting.
    Claimed(Option<TaskId>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub outcome: Outcome,
    pub events: Vec<Event>,
    pub effects: Vec<Effect>,
}

impl Decision {
    /// Nothing to do.
    pub fn already() -> Self {
        Self { outcome: Outcome::Already, events: Vec::new(), effects: Vec::new() }
    }

    /// Every write, in order.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.events.iter().flat_map(|event| &event.changes)
    }
}
