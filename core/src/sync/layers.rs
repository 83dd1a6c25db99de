//! What pending commands write, over what is confirmed: the view on which a replica decides. It notes what was looked at: only a
//! change of that can make the decision another one.

use std::cell::RefCell;

use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::model::{Agent, AgentName, Attachment, Delivery, ListName, Message, Task, Workspace};
use crate::store::MemoryStore;
use crate::view::{Look, Unseen, View};

/// Stands for what has no id of its own: the workspace itself, and its agents.
pub(super) const AROUND: Id = Id::MIN;

pub(super) struct Layers<'a> {
    top: &'a MemoryStore,
    base: &'a MemoryStore,
    looked: RefCell<Vec<Id>>,
}

impl<'a> Layers<'a> {
    pub(super) fn new(top: &'a MemoryStore, base: &'a MemoryStore) -> Self {
        Self { top, base, looked: RefCell::default() }
    }

    /// What was looked at, whatever was found there.
    pub(super) fn looked(self) -> Vec<Id> {
        self.looked.into_inner()
    }

    fn look<T>(&self, id: Id, at: impl Fn(&MemoryStore) -> Look<T>) -> Look<T> {
        self.looked.borrow_mut().push(id);
        match at(self.top) {
            Look::Unknown => at(self.base),
            known @ Look::Known(_) => known,
        }
    }
}

impl View for Layers<'_> {
    fn head(&self) -> u64 {
        self.base.head()
    }

    fn next_number(&self) -> Option<u64> {
        None
    }

    fn workspace(&self) -> Look<Workspace> {
        self.look(AROUND, MemoryStore::workspace)
    }

    fn task(&self, id: TaskId) -> Look<Option<Task>> {
        self.look(id.0, |store| store.task(id))
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.look(id.0, |store| store.message(id))
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.look(id.0, |store| store.attachment(id))
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.look(id.0, |store| store.delivery(id))
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.look(AROUND, |store| store.agent(name))
    }

    fn claimable(&self, _agent: &AgentName) -> Look<Option<Task>> {
        Look::Unknown
    }

    fn unseen(&self, _which: Unseen<'_>) -> Look<Vec<Delivery>> {
        Look::Unknown
    }

    fn next_in_list(&self, _list: &ListName) -> Option<u64> {
        None
    }

    fn with_uid(&self, _list: &ListName, _uid: &str) -> Look<Option<Task>> {
        Look::Unknown
    }

    fn dependents(&self, _task: TaskId) -> Look<Vec<TaskId>> {
        Look::Unknown
    }

    fn way(&self, _from: &[TaskId], _to: &[TaskId], _around: TaskId) -> Look<Option<Vec<TaskId>>> {
        Look::Unknown
    }

    fn up_for_grabs(&self, _list: &ListName) -> Look<Option<Task>> {
        Look::Unknown
    }

    fn waiting_for_work(&self, _list: &ListName) -> Look<Vec<Agent>> {
        Look::Unknown
    }

    fn held_by(&self, _agent: &AgentName) -> Look<Vec<Task>> {
        Look::Unknown
    }
}
