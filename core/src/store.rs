//! A store over maps: the whole of a workspace in tests, a part of it in a browser.

use std::convert::Infallible;

use crate::decision::Change;
use crate::graph::Graph;
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::lifecycle::Status;
use crate::model::{
    Agent, AgentName, Assignee, Attachment, Delivery, DeliveryState, Entity, EntityRef, ListName, Message, Priority, Task, Work, Workspace,
};
use crate::table::Table;
use crate::view::{HELD_AT_ONCE, Look, Store, UNSEEN_AT_ONCE, Unseen, View};

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
    tasks: Table<Option<Task>>,
    messages: Table<Message>,
    /// The messages of each task, in order.
    threads: Table<Row>,
    attachments: Table<Attachment>,
    deliveries: Table<Delivery>,
    /// The deliveries of each task, oldest first.
    inboxes: Table<Row>,
    /// By name.
    agents: Vec<Agent>,
    /// The last number of each list, by its name.
    lists: Vec<(ListName, u64)>,
    /// What waits for what.
    graph: Graph,
}

/// What belongs to one task, by its place in it and its id; where there are no places, all have the first.
type Row = Vec<(u32, Id)>;

fn line_up(rows: &mut Table<Row>, task: TaskId, place: (u32, Id)) {
    let row = rows.or_insert_with(task.0, Row::new);
    if let Err(at) = row.binary_search(&place) {
        row.insert(at, place);
    }
}

fn step_out(rows: &mut Table<Row>, task: TaskId, place: (u32, Id)) {
    let Some(row) = rows.get_mut(task.0) else { return };
    row.retain(|other| *other != place);
    if row.is_empty() {
        rows.remove(task.0);
    }
}

impl MemoryStore {
    pub fn new(extent: Extent) -> Self {
        Self { extent, ..Self::default() }
    }

    /// Makes an attachment known; in the object its blob store does this.
    pub fn attach(&mut self, attachment: Attachment) {
        self.attachments.insert(attachment.id.0, attachment);
    }

    /// Every task, oldest first.
    pub fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.tasks.values().flatten()
    }

    /// The tasks of a list, oldest first.
    fn of_list(&self, list: &ListName) -> impl Iterator<Item = (&Task, &Work)> {
        let listed = self.tasks().filter_map(|task| Some((task, task.work.as_deref()?)));
        listed.filter(move |(_, work)| work.list == *list)
    }

    /// The messages of a task that are here, in order.
    pub fn thread(&self, task: TaskId) -> Vec<&Message> {
        let places = self.threads.get(task.0).into_iter().flatten();
        places.filter_map(|(_, id)| self.messages.get(*id)).collect()
    }

    /// The deliveries of a task that are here, oldest first.
    pub fn inbox(&self, task: TaskId) -> Vec<&Delivery> {
        let places = self.inboxes.get(task.0).into_iter().flatten();
        places.filter_map(|(_, id)| self.deliveries.get(*id)).collect()
    }

    /// The deliveries that are here, oldest first.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values()
    }

    pub fn agents(&self) -> impl Iterator<Item = &Agent> {
        self.agents.iter()
    }

    /// Puts one entity, as a snapshot or a page of a thread brings it.
    pub fn put(&mut self, entity: Entity) {
        match entity {
            Entity::Workspace(it) => self.workspace = Some(it),
            Entity::Task(it) => {
                self.last_number = self.last_number.max(it.number.unwrap_or(0));
                if let Some(work) = &it.work {
                    self.count(&work.list, work.number.unwrap_or(0));
                    self.graph.set(it.id, &work.blocked_by);
                }
                self.tasks.insert(it.id.0, Some(it));
            }
            Entity::Message(it) => {
                for attachment in &it.attachments {
                    self.attachments.insert(attachment.id.0, attachment.clone());
                }
                let (task, place) = (it.task, (it.index, it.id.0));
                if let Some(before) = self.messages.insert(it.id.0, it) {
                    step_out(&mut self.threads, before.task, (before.index, before.id.0));
                }
                line_up(&mut self.threads, task, place);
            }
            Entity::Delivery(it) => {
                let (task, place) = (it.task, (0, it.id.0));
                if let Some(before) = self.deliveries.insert(it.id.0, it) {
                    step_out(&mut self.inboxes, before.task, (0, before.id.0));
                }
                line_up(&mut self.inboxes, task, place);
            }
            Entity::Agent(it) => match self.agents.binary_search_by(|agent| agent.name.cmp(&it.name)) {
                Ok(at) => self.agents[at] = it,
                Err(at) => self.agents.insert(at, it),
            },
        }
    }

    /// Removes a task with its messages and their deliveries, and remembers that it is gone.
    pub fn delete(&mut self, entity: &EntityRef) {
        let EntityRef::Task { id } = entity;
        self.bury(*id);
        for (_, message) in self.threads.remove(id.0).unwrap_or_default() {
            self.messages.remove(message);
        }
        for (_, delivery) in self.inboxes.remove(id.0).unwrap_or_default() {
            self.deliveries.remove(delivery);
        }
    }

    /// A number of a list is taken.
    fn count(&mut self, list: &ListName, number: u64) {
        match self.lists.binary_search_by(|(name, _)| name.cmp(list)) {
            Ok(at) => self.lists[at].1 = self.lists[at].1.max(number),
            Err(at) => self.lists.insert(at, (list.clone(), number)),
        }
    }

    /// Remembers that a task is gone. Its deliveries may outlive it: an agent still has to hear of the end.
    pub(crate) fn bury(&mut self, task: TaskId) {
        self.graph.set(task, &[]);
        self.tasks.insert(task.0, None);
    }

    pub(crate) fn apply_change(&mut self, change: &Change) {
        match change {
            Change::Put { entity } => self.put((**entity).clone()),
            Change::Delete { entity } => self.delete(entity),
        }
    }

    /// Forgets whatever stands under this id, as if it had never been put; `of` hears of the tasks that it belonged to.
    pub(crate) fn forget(&mut self, id: Id, mut of: impl FnMut(TaskId)) {
        if self.tasks.remove(id).is_some() {
            self.graph.set(TaskId(id), &[]);
            of(TaskId(id));
        }
        if let Some(it) = self.messages.remove(id) {
            step_out(&mut self.threads, it.task, (it.index, id));
            of(it.task);
        }
        if let Some(it) = self.deliveries.remove(id) {
            step_out(&mut self.inboxes, it.task, (0, id));
            of(it.task);
        }
    }

    /// Forgets the workspace itself and its agents.
    pub(crate) fn forget_around(&mut self) {
        self.workspace = None;
        self.agents.clear();
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
        self.tasks.get(id.0)
    }

    pub(crate) fn holds_message(&self, id: MessageId) -> Option<&Message> {
        self.messages.get(id.0)
    }

    pub(crate) fn holds_delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.get(id.0)
    }

    pub(crate) fn holds_agent(&self, name: &AgentName) -> Option<&Agent> {
        let at = self.agents.binary_search_by(|agent| agent.name.cmp(name)).ok()?;
        self.agents.get(at)
    }

    pub(crate) fn holds_workspace(&self) -> Option<&Workspace> {
        self.workspace.as_ref()
    }

    /// Tasks that a delta deleted.
    pub(crate) fn gone(&self) -> impl Iterator<Item = TaskId> {
        self.tasks.iter().filter(|(_, task)| task.is_none()).map(|(id, _)| TaskId(id))
    }
}

/// The order in which pending agent tasks are taken.
pub(crate) fn claim_order<'t>(task: &'t Task, agent: &AgentName) -> (bool, u64, &'t TaskId) {
    let anothers = task.agent.as_ref().is_some_and(|owner| owner != agent);
    (anothers, task.number.unwrap_or(u64::MAX), &task.id)
}

/// Whether an agent may take the task as the next that people have for agents. What agents keep on their lists is taken from there.
pub(crate) fn is_claimable(task: &Task) -> bool {
    task.status == Status::Pending && task.assignee == Assignee::Agent && task.work.is_none()
}

/// The order in which a list is worked off.
fn grab_order<'t>(task: &'t Task, work: &Work) -> (Priority, u32, u64, &'t TaskId) {
    (work.priority(), work.wave.unwrap_or(u32::MAX), work.number.unwrap_or(u64::MAX), &task.id)
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
        match self.tasks.get(id.0) {
            Some(held) => Look::Known(held.clone()),
            None => self.found(None),
        }
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.found(self.messages.get(id.0).cloned())
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.found(self.attachments.get(id.0).cloned())
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.found(self.deliveries.get(id.0).cloned())
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.found(self.holds_agent(name).cloned())
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

    fn next_in_list(&self, list: &ListName) -> Option<u64> {
        if self.extent == Extent::Part {
            return None;
        }
        let last = self.lists.iter().find(|(name, _)| name == list).map_or(0, |(_, last)| *last);
        Some(last + 1)
    }

    fn with_uid(&self, list: &ListName, uid: &str) -> Look<Option<Task>> {
        let found = self.of_list(list).find(|(_, work)| work.metadata.text("task_uid").as_deref() == Some(uid));
        self.found(found.map(|(task, _)| task.clone()))
    }

    fn dependents(&self, task: TaskId) -> Look<Vec<TaskId>> {
        if self.extent == Extent::Part { Look::Unknown } else { Look::Known(self.graph.after(task)) }
    }

    fn way(&self, from: &[TaskId], to: &[TaskId], around: TaskId) -> Look<Option<Vec<TaskId>>> {
        if self.extent == Extent::Part { Look::Unknown } else { Look::Known(self.graph.way(from, to, around)) }
    }

    fn up_for_grabs(&self, list: &ListName) -> Look<Option<Task>> {
        if self.extent == Extent::Part {
            return Look::Unknown;
        }
        let free = self.of_list(list).filter(|(task, _)| task.is_up_for_grabs());
        Look::Known(free.min_by_key(|(task, work)| grab_order(task, work)).map(|(task, _)| task.clone()))
    }

    fn waiting_for_work(&self, list: &ListName) -> Look<Vec<Agent>> {
        if self.extent == Extent::Part {
            return Look::Unknown;
        }
        let waiting = self.agents.iter().filter(|agent| agent.waits_for_work.as_ref() == Some(list));
        Look::Known(waiting.take(HELD_AT_ONCE).cloned().collect())
    }

    fn held_by(&self, agent: &AgentName) -> Look<Vec<Task>> {
        if self.extent == Extent::Part {
            return Look::Unknown;
        }
        let held = self.tasks().filter(|task| task.work.as_ref().is_some_and(|work| work.holder.as_ref() == Some(agent)));
        Look::Known(held.take(HELD_AT_ONCE).cloned().collect())
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
