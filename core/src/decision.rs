//! What a decision comes to: an outcome for the caller, events with their changes for everyone, effects for the shell.

use crate::id::TaskId;
use crate::json::{Error, Named, Need, Read, Reader, Word, Write, needed, object, through_json, words};
use crate::model::{Actor, Entity, EntityRef};
use crate::record;
use crate::time::Timestamp;

/// One write. Everything a store ever does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Put { entity: Box<Entity> },
    Delete { entity: EntityRef },
}

const ENTITY: &[Named] = &[("entity", Need::Required)];

impl Read for Change {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match &*reader.tag("op")? {
            "put" => {
                let mut entity = None;
                reader.record(ENTITY, &mut [&mut entity])?;
                Ok(Self::Put { entity: needed(entity, "entity")? })
            }
            "delete" => {
                let mut entity = None;
                reader.record(ENTITY, &mut [&mut entity])?;
                Ok(Self::Delete { entity: needed(entity, "entity")? })
            }
            other => Err(Error::unknown(other, ["put", "delete"].into_iter())),
        }
    }
}

impl Write for Change {
    fn write(&self, to: &mut String) {
        let (op, entity): (_, &dyn Write) = match self {
            Self::Put { entity } => ("put", entity),
            Self::Delete { entity } => ("delete", entity),
        };
        object(to, &[("op", Some(&op)), ("entity", Some(entity))]);
    }
}

through_json!(Change);

impl From<Entity> for Change {
    fn from(entity: Entity) -> Self {
        Self::Put { entity: Box::new(entity) }
    }
}

/// What happened, in the words of the dashboard's event stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    TaskCreated,
    TaskUpdated,
    TaskDeleted,
    ReplyReceived,
    StatusUpdated,
    AgentConnected,
    AgentDisconnected,
    AgentUpdated,
    DeliveryUpdated,
    WorkspaceUpdated,
    /// A workflow was saved or deleted. It is no entity: who shows workflows asks for them.
    WorkflowUpdated,
    /// Nothing happened but that commands were counted.
    MutationAcknowledged,
}

words!(EventType {
    "task.created" => TaskCreated,
    "task.updated" => TaskUpdated,
    "task.deleted" => TaskDeleted,
    "reply.received" => ReplyReceived,
    "status.updated" => StatusUpdated,
    "agent.connected" => AgentConnected,
    "agent.disconnected" => AgentDisconnected,
    "agent.updated" => AgentUpdated,
    "delivery.updated" => DeliveryUpdated,
    "workspace.updated" => WorkspaceUpdated,
    "workflow.updated" => WorkflowUpdated,
    "mutation.acknowledged" => MutationAcknowledged,
});

impl EventType {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        self.on_the_wire()
    }
}

/// One thing that happened, with everything it changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub kind: EventType,
    pub task_id: Option<TaskId>,
    pub actor: Actor,
    pub at: Timestamp,
    pub changes: Vec<Change>,
}

record!(Event { kind as "type", task_id, actor, at, changes });
through_json!(Event);

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
    /// The task was there before, under this id; what was said of it has been taken over where it is open.
    Found(TaskId),
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
