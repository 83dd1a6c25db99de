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

/// The tasks that may look different, they themselves or something of their threads: for those who look now and then.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    everything: bool,
    unpainted: Ids,
    unsearched: Ids,
}

impl Touched {
    pub(super) fn everything() -> Self {
        Self { everything: true, ..Self::default() }
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
            Entity::Message(it) => self.task(it.task),
            Entity::Delivery(it) => self.task(it.task),
            Entity::Agent(_) | Entity::Workspace(_) => self.around(),
        }
    }

    pub(super) fn task(&mut self, task: TaskId) {
        self.unpainted.add(task.0);
        self.unsearched.add(task.0);
    }

    /// The workspace itself, or its agents.
    pub(super) fn around(&mut self) {
        self.unpainted.add(AROUND);
    }

    /// What the page has to paint; from now on, nothing. Whether it is everything.
    pub(super) fn painted(&mut self) -> (bool, Ids) {
        (std::mem::take(&mut self.everything), std::mem::take(&mut self.unpainted))
    }

    /// What the search has to read again; from now on, nothing.
    pub(super) fn searched(&mut self) -> Ids {
        std::mem::take(&mut self.unsearched)
    }
}
