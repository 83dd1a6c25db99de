//! What a decision comes to while it is being made: events with their writes, and effects.

use crate::command::Context;
use crate::decision::{Change, Decision, Effect, Event, EventType, Outcome};
use crate::id::{Id, TaskId};
use crate::model::{Agent, AgentName, Delivery, Entity, Message, Task, Workspace};
use crate::view::View;

/// Collects what a decision writes, and stamps each entity with the revision of the commit under way.
pub(super) struct Draft<'a> {
    revision: u64,
    pub(super) cx: &'a Context,
    pub(super) events: Vec<Event>,
    pub(super) effects: Vec<Effect>,
    /// The last of the ids that were made up for deliveries.
    pub(super) given: Option<Id>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(view: &impl View, cx: &'a Context) -> Self {
        Self { revision: view.head() + 1, cx, events: Vec::new(), effects: Vec::new(), given: None }
    }

    /// Opens an event; later puts belong to it.
    pub(super) fn event(&mut self, kind: EventType, task_id: Option<TaskId>) -> &mut Self {
        let event = Event { kind, task_id, actor: self.cx.actor.clone(), at: self.cx.now, changes: Vec::new() };
        self.events.push(event);
        self
    }

    pub(super) fn put(&mut self, entity: Entity) -> &mut Self {
        let entity = match entity {
            Entity::Workspace(it) => Entity::Workspace(Workspace { revision: self.revision, ..it }),
            Entity::Task(it) => Entity::Task(Task { revision: self.revision, ..it }),
            Entity::Message(it) => Entity::Message(Message { revision: self.revision, ..it }),
            Entity::Delivery(it) => Entity::Delivery(Delivery { revision: self.revision, ..it }),
            Entity::Agent(it) => Entity::Agent(Agent { revision: self.revision, ..it }),
        };
        self.change(entity.into())
    }

    pub(super) fn change(&mut self, change: Change) -> &mut Self {
        if let Some(event) = self.events.last_mut() {
            event.changes.push(change);
        }
        self
    }

    /// Does something bear this id that is about to be written?
    pub(super) fn names(&self, id: Id) -> bool {
        self.events.iter().flat_map(|event| &event.changes).any(|change| match change {
            Change::Put { entity } => match &**entity {
                Entity::Task(it) => it.id.0 == id,
                Entity::Message(it) => it.id.0 == id,
                Entity::Delivery(it) => it.id.0 == id,
                Entity::Workspace(_) | Entity::Agent(_) => false,
            },
            Change::Delete { .. } => false,
        })
    }

    /// Is this agent about to be written?
    pub(super) fn has_changed(&self, agent: &AgentName) -> bool {
        self.events.iter().flat_map(|event| &event.changes).any(|change| match change {
            Change::Put { entity } => matches!(&**entity, Entity::Agent(it) if it.name == *agent),
            Change::Delete { .. } => false,
        })
    }

    pub(super) fn effect(&mut self, effect: Effect) -> &mut Self {
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
        self
    }

    pub(super) fn done(self) -> Decision {
        self.ends(Outcome::Done)
    }

    pub(super) fn ends(self, outcome: Outcome) -> Decision {
        Decision { outcome, events: self.events, effects: self.effects }
    }
}
