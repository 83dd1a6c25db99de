//! What a workspace is made of. Plain values: the rules that change them stand in `decide`.

mod actor;
mod agent;
mod attachment;
mod delivery;
mod job;
mod message;
mod metadata;
mod options;
mod run;
mod scope;
mod task;
mod todo;
mod work;
mod workflow;
mod workspace;

pub use actor::{Actor, AgentName, InvalidName, Person};
pub use agent::{Agent, Client, Presence, RUNNER};
pub use attachment::{Attachment, Shown, bytes_digest, shown_digest};
pub use delivery::{Delivery, DeliveryCopy, DeliveryKind, DeliveryState, Route};
pub use job::{Job, JobKind, Stop};
pub use message::{Edited, Message};
pub use metadata::{MIRRORED_FROM, Metadata, Noted, Priority};
pub use options::{Choice, Chosen, Options};
pub use run::Run;
pub use scope::{InvalidScopes, OutOfScope, SCOPES, Scope, Scopes};
pub use task::{Assignee, Task, Turn, Verdict, VerdictGiven};
pub use todo::{Todo, TodoStatus};
pub use work::{InvalidListName, ListName, Work};
pub use workflow::{By, Parameter, Step, Workflow};
pub use workspace::{Workspace, WorkspaceId};

use crate::json::{Error, Need, Read, Reader, Write, needed, object, tagged, through_json};

/// One of the values above, as stores and deltas carry it. The tag is `type`, since a delivery has a `kind` of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entity {
    Workspace(Workspace),
    Task(Task),
    Message(Message),
    Delivery(Delivery),
    Agent(Agent),
}

impl Read for Entity {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const KINDS: [&str; 5] = ["workspace", "task", "message", "delivery", "agent"];
        match &*reader.tag("type")? {
            "workspace" => Workspace::read(reader).map(Self::Workspace),
            "task" => Task::read(reader).map(Self::Task),
            "message" => Message::read(reader).map(Self::Message),
            "delivery" => Delivery::read(reader).map(Self::Delivery),
            "agent" => Agent::read(reader).map(Self::Agent),
            other => Err(Error::unknown(other, KINDS.into_iter())),
        }
    }
}

impl Write for Entity {
    fn write(&self, to: &mut String) {
        let (kind, value): (_, &dyn Write) = match self {
            Self::Workspace(it) => ("workspace", it),
            Self::Task(it) => ("task", it),
            Self::Message(it) => ("message", it),
            Self::Delivery(it) => ("delivery", it),
            Self::Agent(it) => ("agent", it),
        };
        tagged(to, "type", kind, value);
    }
}

/// Which entity a deletion removes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntityRef {
    /// A task takes its messages and their deliveries with it.
    Task { id: crate::id::TaskId },
}

impl Read for EntityRef {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        match &*reader.tag("type")? {
            "task" => {
                let mut id = None;
                reader.record(&[("id", Need::Required)], &mut [&mut id])?;
                Ok(Self::Task { id: needed(id, "id")? })
            }
            other => Err(Error::unknown(other, ["task"].into_iter())),
        }
    }
}

impl Write for EntityRef {
    fn write(&self, to: &mut String) {
        let Self::Task { id } = self;
        object(to, &[("type", Some(&"task")), ("id", Some(id))]);
    }
}

through_json!(Entity EntityRef);
