//! Which things have changed, by their ids: what a replica has to decide again, a page to paint again, and a search to read again.

use super::layers::AROUND;
use crate::decision::Change;
use crate::id::{Id, TaskId};
use crate::model::{Entity, EntityRef};
use crate::table::Table;

/// A set of ids. Things of different kinds may share one: whoever asks for the one gets the other as well.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids(Table<()>);

impl Ids {
    pub(super) fn add(&mut self, id: Id) {
        self.0.insert(id, ());
    }

    pub(super) fn has(&self, id: Id) -> bool {
        self.0.get(id).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Id> {
        self.0.iter().map(|(id, ())| id)
    }

    /// All that becomes known where this is put.
    pub(super) fn add_entity(&mut self, entity: &Entity) {
        self.add(entity_id(entity));
        if let Entity::Message(it) = entity {
            it.attachments.iter().for_each(|file| self.add(file.id.0));
        }
    }
}

fn entity_id(entity: &Entity) -> Id {
    match entity {
        Entity::Task(it) => it.id.0,
        Entity::Message(it) => it.id.0,
        Entity::Delivery(it) => it.id.0,
        Entity::Agent(_) | Entity::Workspace(_) => AROUND,
    }
}

/// What a change writes.
pub(super) fn id_of(change: &Change) -> Id {
    match change {
        Change::Put { entity } => entity_id(entity),
        Change::Delete { entity: EntityRef::Task { id } } => id.0,
    }
}

/// What may look different, for those who look now and then.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    unpainted: Unpainted,
    unsearched: Ids,
}

/// What the page has not looked at since it changed.
#[derive(Clone, Debug, Default)]
pub(super) struct Unpainted {
    pub(super) everything: bool,
    /// The workspace itself, or its agents.
    pub(super) around: bool,
    /// These tasks, or something of their threads.
    pub(super) tasks: Ids,
    /// Which messages and deliveries.
    pub(super) parts: Ids,
}

impl Touched {
    pub(super) fn everything() -> Self {
        Self { unpainted: Unpainted { everything: true, ..Unpainted::default() }, ..Self::default() }
    }

    pub(super) fn change(&mut self, change: &Change) {
        match change {
            Change::Put { entity } => self.entity(entity),
            Change::Delete { entity: EntityRef::Task { id } } => self.task(*id),
        }
    }

    pub(super) fn entity(&mut self, entity: &Entity) {
        match entity {
            Entity::Task(it) => self.task(it.id),
            Entity::Message(it) => {
                self.task(it.task);
                self.part(it.id.0);
            }
            Entity::Delivery(it) => {
                self.task(it.task);
                self.part(it.id.0);
            }
            Entity::Agent(_) | Entity::Workspace(_) => self.around(),
        }
    }

    pub(super) fn task(&mut self, task: TaskId) {
        self.unpainted.tasks.add(task.0);
        self.unsearched.add(task.0);
    }

    /// A message, or a delivery.
    pub(super) fn part(&mut self, id: Id) {
        self.unpainted.parts.add(id);
    }

    /// The workspace itself, or its agents.
    pub(super) fn around(&mut self) {
        self.unpainted.around = true;
    }

    /// What the page has to paint; from now on, nothing.
    pub(super) fn painted(&mut self) -> Unpainted {
        std::mem::take(&mut self.unpainted)
    }

    /// What the search has to read again; from now on, nothing.
    pub(super) fn searched(&mut self) -> Ids {
        std::mem::take(&mut self.unsearched)
    }
}
