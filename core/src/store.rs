//! A store over maps: the whole of a workspace in tests, a part of it in a browser.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;

use crate::decision::Change;
use crate::id::{AttachmentId, DeliveryId, MessageId, TaskId};
use crate::lifecycle::Status;
use crate::model::{Agent, AgentName, Assignee, Attachment, Delivery, DeliveryState, Entity, EntityRef, Message, Task, Workspace};
use crate::view::{Look, Store, UNSEEN_AT_ONCE, Unseen, View};

/// How much of the workspace a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Extent {
    /// Everything: what is not here does not exist, and tasks get their numbers here.
    #[default]
    Whole,
    /// A part: what is not here may exist elsewhere.
    Part,
}

/// Entities by id. What a delta deleted stays as a tombstone, so that a part knows it is gone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MemoryStore {
    extent: Extent,
    head: u64,
    last_number: u64,
    workspace: Option<Workspace>,
    tasks: BTreeMap<TaskId, Option<Task>>,
    messages: HashMap<MessageId, Message>,
    attachments: HashMap<AttachmentId, Attachment>,
    deliveries: BTreeMap<DeliveryId, Delivery>,
    agents: BTreeMap<AgentName, Agent>,
}

impl MemoryStore {
    pub fn new(extent: Extent) -> Self {
        Self { extent, ..Self::default() }
    }

    /// Makes an attachment known; in the object its blob store does this.
    pub fn attach(&mut self, attachment: Attachment) {
        self.attachments.insert(attachment.id, attachment);
    }

    /// Every task, oldest first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().flatten()
    }

    /// The messages of a task that are here, in order.
    pub fn thread(&self, task: TaskId) -> Vec<&Message> {
        let mut thread: Vec<_> = self.messages.values().filter(|message| message.task == task).collect();
        thread.sort_by_key(|message| (message.index, message.id));
        thread
    }

    /// The deliveries that are here, oldest first.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values()
    }

    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.values()
    }

    /// Puts one entity, as a snapshot or a page of a thread brings it.
    pub fn put(&mut self, entity: Entity) {
        match entity {
            Entity::Workspace(it) => self.workspace = Some(it),
            Entity::Task(it) => {
                self.last_number = self.last_number.max(it.number.unwrap_or(0));
                self.tasks.insert(it.id, Some(it));
            }
            Entity::Message(it) => {
                for attachment in &it.attachments {
                    self.attachments.insert(attachment.id, attachment.clone());
                }
                self.messages.insert(it.id, it);
            }
            Entity::Delivery(it) => {
                self.deliveries.insert(it.id, it);
            }
            Entity::Agent(it) => {
                self.agents.insert(it.name.clone(), it);
            }
        }
    }

    /// Removes a task with its messages and their deliveries, and remembers that it is gone.
    pub fn delete(&mut self, entity: &EntityRef) {
        let EntityRef::Task { id } = entity;
        self.tasks.insert(*id, None);
        self.messages.retain(|_, message| message.task != *id);
        self.deliveries.retain(|_, delivery| delivery.task != *id);
    }

    pub(crate) fn apply_change(&mut self, change: &Change) {
        match change {
            Change::Put { entity } => self.put((**entity).clone()),
            Change::Delete { entity } => self.delete(entity),
        }
    }

    pub(crate) fn set_head(&mut self, head: u64) {
        self.head = head;
    }

    /// What a missing thing means here.
    fn found<T>(&self, thing: Option<T>) -> Look<Option<T>> {
        match (thing, self.extent) {
            (None, Extent::Part) => Look::Unknown,
            (thing, _) => Look::Known(thing),
        }
    }

    pub(crate) fn holds_task(&self, id: TaskId) -> Option<&Option<Task>> {
        self.tasks.get(&id)
    }
}

/// The order in which pending agent tasks are taken.
pub(crate) fn claim_order<'t>(task: &'t Task, agent: &AgentName) -> (bool, u64, &'t TaskId) {
    let anothers = task.agent.as_ref().is_some_and(|owner| owner != agent);
    (anothers, task.number.unwrap_or(u64::MAX), &task.id)
}

/// Whether an agent may take the task.
pub(crate) fn is_claimable(task: &Task) -> bool {
    task.status == Status::Pending && task.assignee == Assignee::Agent
}

/// Whether a delivery is one of those asked for.
pub(crate) fn is_unseen(delivery: &Delivery, which: Unseen<'_>) -> bool {
    let is_for = |agent: &AgentName| delivery.agent.as_ref().is_none_or(|to| to == agent);
    delivery.state != DeliveryState::Seen
        && match which {
            Unseen::QueuedFor(agent) => delivery.state == DeliveryState::Queued && is_for(agent),
            Unseen::OwedTo { agent, session } => {
                delivery.state != DeliveryState::Queued && !delivery.redelivered && delivery.session != Some(session) && is_for(agent)
            }
            Unseen::OfTask(task) => delivery.task == task,
        }
}

impl View for MemoryStore {
    fn head(&self) -> u64 {
        self.head
    }

    fn next_number(&self) -> Option<u64> {
        (self.extent == Extent::Whole).then_some(self.last_number + 1)
    }

    fn workspace(&self) -> Look<Workspace> {
        self.workspace.clone().map_or(Look::Unknown, Look::Known)
    }

    fn task(&self, id: TaskId) -> Look<Option<Task>> {
        match self.tasks.get(&id) {
            Some(held) => Look::Known(held.clone()),
            None => self.found(None),
        }
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.found(self.messages.get(&id).cloned())
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.found(self.attachments.get(&id).cloned())
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.found(self.deliveries.get(&id).cloned())
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.found(self.agents.get(name).cloned())
    }

    fn claimable(&self, agent: &AgentName) -> Look<Option<Task>> {
        if self.extent == Extent::Part {
            return Look::Unknown;
        }
        let waiting = self.tasks().filter(|task| is_claimable(task));
        Look::Known(waiting.min_by_key(|task| claim_order(task, agent)).cloned())
    }

    fn unseen(&self, which: Unseen<'_>) -> Look<Vec<Delivery>> {
        if self.extent == Extent::Part {
            return Look::Unknown;
        }
        let mut found: Vec<_> = self.deliveries.values().filter(|delivery| is_unseen(delivery, which)).collect();
        found.sort_by_key(|delivery| (delivery.queued_at, delivery.id));
        Look::Known(found.into_iter().take(UNSEEN_AT_ONCE).cloned().collect())
    }
}

impl Store for MemoryStore {
    type Error = Infallible;

    fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) -> Result<(), Infallible> {
        changes.into_iter().for_each(|change| self.apply_change(change));
        Ok(())
    }

    fn advance(&mut self, revision: u64) -> Result<(), Infallible> {
        self.set_head(revision);
        Ok(())
    }
}
