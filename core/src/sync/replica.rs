//! The browser's side: what the server has confirmed, and on top of it what this person has asked meanwhile.
//!
//! ```text
//! shown = confirmed + each pending command, decided again
//! ```
//!
//! After every delta the pending commands are decided anew on what is now confirmed, so that the page is always what
//! the server would say if it heard them now. Server events are never rebased. A verdict is never painted before the
//! server has confirmed it, nor is anything that needs a part of the workspace that is not here.

use serde::Serialize;

use super::delta::{Frame, Snapshot, ThreadPage};
use crate::command::{Command, Context};
use crate::cursor::Cursor;
use crate::decide::decide;
use crate::decision::Event;
use crate::id::{AttachmentId, DeliveryId, MessageId, TaskId};
use crate::model::{Actor, Agent, AgentName, Attachment, Delivery, Entity, Message, Task, Workspace};
use crate::rejection::{Problem, Rejection};
use crate::store::{Extent, MemoryStore};
use crate::view::{Look, Unseen, View};

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// Painted as if it had happened, marked pending.
    Accepted,
    /// Only the server can decide it: shown as "sending".
    Sending,
    /// It cannot be: nothing is queued.
    Rejected(Rejection),
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Part of a commit whose end has not come.
    Buffered,
    Committed,
    /// Known already.
    Repeated,
    /// It does not follow on what is here: load the snapshot again.
    Diverged,
}

/// A command that the server has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub mutation_id: u64,
    pub command: Command,
    pub context: Context,
    /// The commit that holds it, once the server has said so.
    pub acknowledged: Option<Cursor>,
    pub painted: bool,
}

/// A value as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shown<T> {
    #[serde(flatten)]
    pub value: T,
    /// It rests on a command that the server has not confirmed.
    pub pending: bool,
}

#[derive(Clone, Debug)]
pub struct Replica {
    client_id: String,
    cursor: Option<Cursor>,
    me: Option<Actor>,
    confirmed: MemoryStore,
    /// What the pending commands write.
    overlay: MemoryStore,
    pending: Vec<Pending>,
    /// Files that were uploaded here: pending messages may name them whatever snapshot comes.
    uploaded: Vec<Attachment>,
    /// Events of the commit that is under way.
    buffer: Vec<Event>,
}

impl Replica {
    pub fn new(client_id: String) -> Self {
        Self {
            client_id,
            cursor: None,
            me: None,
            confirmed: MemoryStore::new(Extent::Part),
            overlay: MemoryStore::new(Extent::Part),
            pending: Vec::new(),
            uploaded: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Begins anew from a snapshot; pending commands stay and are decided on it.
    pub fn load_snapshot(&mut self, snapshot: Snapshot) {
        let mut confirmed = MemoryStore::new(Extent::Part);
        confirmed.set_head(snapshot.cursor.seq);
        confirmed.put(Entity::Workspace(snapshot.workspace));
        snapshot.tasks.into_iter().for_each(|task| confirmed.put(Entity::Task(task)));
        snapshot.agents.into_iter().for_each(|agent| confirmed.put(Entity::Agent(agent)));
        snapshot.deliveries.into_iter().for_each(|delivery| confirmed.put(Entity::Delivery(delivery)));
        self.uploaded.iter().for_each(|file| confirmed.attach(file.clone()));
        self.confirmed = confirmed;
        self.cursor = Some(snapshot.cursor);
        self.me = Some(snapshot.me);
        self.buffer.clear();
        self.drop_confirmed();
        self.rebase();
    }

    /// Adds a page of a thread.
    pub fn load_thread(&mut self, page: ThreadPage) {
        for message in page.messages {
            self.keep_newer(Entity::Message(message));
        }
        for delivery in page.deliveries {
            self.keep_newer(Entity::Delivery(delivery));
        }
        self.rebase();
    }

    /// Adds tasks that a later page or a search brought.
    pub fn load_tasks(&mut self, tasks: Vec<Task>) {
        for task in tasks {
            self.keep_newer(Entity::Task(task));
        }
        self.rebase();
    }

    /// A page may be older than a delta that overtook it.
    fn keep_newer(&mut self, entity: Entity) {
        let (known, given) = match &entity {
            Entity::Message(it) => (revision(self.confirmed.message(it.id), |it| it.revision), it.revision),
            Entity::Delivery(it) => (revision(self.confirmed.delivery(it.id), |it| it.revision), it.revision),
            Entity::Task(it) if self.confirmed.holds_task(it.id) == Some(&None) => (u64::MAX, it.revision),
            Entity::Task(it) => (revision(self.confirmed.task(it.id), |it| it.revision), it.revision),
            Entity::Workspace(_) | Entity::Agent(_) => return,
        };
        if given >= known {
            self.confirmed.put(entity);
        }
    }

    /// Makes an uploaded file known, so that a message may name it.
    pub fn attach(&mut self, attachment: Attachment) {
        self.confirmed.attach(attachment.clone());
        self.uploaded.push(attachment);
    }

    /// Takes the next frame of the event stream. A commit takes effect as a whole, with its last frame.
    pub fn apply(&mut self, frame: Frame) -> Applied {
        let Some(cursor) = &self.cursor else { return Applied::Diverged };
        self.buffer.push(frame.event);
        let Some(end) = frame.end else { return Applied::Buffered };
        let events = std::mem::take(&mut self.buffer);
        if end.cursor.epoch == cursor.epoch && end.cursor.seq <= cursor.seq {
            return if end.cursor.seq == cursor.seq && end.cursor != *cursor { Applied::Diverged } else { Applied::Repeated };
        }
        if end.base != *cursor {
            return Applied::Diverged;
        }
        events.iter().flat_map(|event| &event.changes).for_each(|change| self.confirmed.apply_change(change));
        self.confirmed.set_head(end.cursor.seq);
        self.cursor = Some(end.cursor);
        for settled in end.mutations.iter().filter(|settled| settled.client_id == self.client_id) {
            self.pending.retain(|pending| pending.mutation_id != settled.mutation_id);
        }
        self.drop_confirmed();
        self.rebase();
        Applied::Committed
    }

    /// Decides a command on what is shown, paints it if it may be painted, and queues it.
    pub fn propose(&mut self, mutation_id: u64, command: Command, context: Context) -> Proposed {
        let mut pending = Pending { mutation_id, command, context, acknowledged: None, painted: false };
        let proposed = self.paint(&mut pending);
        if !matches!(proposed, Proposed::Rejected(_)) {
            self.pending.push(pending);
        }
        proposed
    }

    /// Notes the server's answer to a command: a refusal takes it back, an acceptance holds until its delta is here.
    pub fn settle(&mut self, mutation_id: u64, rejection: Option<&Problem>, cursor: Option<Cursor>) {
        match rejection {
            Some(_) => self.pending.retain(|pending| pending.mutation_id != mutation_id),
            None => {
                let found = self.pending.iter_mut().find(|pending| pending.mutation_id == mutation_id);
                if let Some(pending) = found {
                    pending.acknowledged = cursor;
                }
            }
        }
        self.drop_confirmed();
        self.rebase();
    }

    /// Forgets acknowledged commands whose commit is part of what is confirmed.
    fn drop_confirmed(&mut self) {
        let Some(cursor) = &self.cursor else { return };
        let is_in = |at: &Cursor| at.epoch == cursor.epoch && at.seq <= cursor.seq;
        self.pending.retain(|pending| !pending.acknowledged.as_ref().is_some_and(is_in));
    }

    fn rebase(&mut self) {
        self.overlay = MemoryStore::new(Extent::Part);
        let mut pending = std::mem::take(&mut self.pending);
        for command in &mut pending {
            self.paint(command);
        }
        self.pending = pending;
    }

    fn paint(&mut self, pending: &mut Pending) -> Proposed {
        pending.painted = false;
        let decision = match decide(&self.layers(), pending.command.clone(), &pending.context) {
            Ok(decision) => decision,
            Err(Rejection::NotLoaded { .. }) => return Proposed::Sending,
            Err(rejection) => return Proposed::Rejected(rejection),
        };
        // A verdict is shown as done only when it is done.
        if matches!(pending.command, Command::GiveVerdict { .. }) {
            return Proposed::Sending;
        }
        decision.changes().for_each(|change| self.overlay.apply_change(change));
        pending.painted = true;
        Proposed::Accepted
    }

    fn layers(&self) -> Layers<'_> {
        Layers { top: &self.overlay, base: &self.confirmed }
    }

    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    pub fn me(&self) -> Option<&Actor> {
        self.me.as_ref()
    }

    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    pub fn workspace(&self) -> Option<Workspace> {
        match self.layers().workspace() {
            Look::Known(workspace) => Some(workspace),
            Look::Unknown => None,
        }
    }

    /// Every task that is here, newest first.
    pub fn tasks(&self) -> Vec<Shown<Task>> {
        let changed = self.overlay.tasks().map(|task| shown(task, true));
        let untouched = self.confirmed.tasks().filter(|task| self.overlay.holds_task(task.id).is_none());
        let mut tasks: Vec<_> = changed.chain(untouched.map(|task| shown(task, false))).collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.value.id));
        tasks
    }

    pub fn task(&self, id: TaskId) -> Option<Shown<Task>> {
        match self.overlay.holds_task(id) {
            Some(held) => held.as_ref().map(|task| shown(task, true)),
            None => self.confirmed.holds_task(id)?.as_ref().map(|task| shown(task, false)),
        }
    }

    /// The messages of a task that are here, in order.
    pub fn thread(&self, task: TaskId) -> Vec<Shown<Message>> {
        let changed = self.overlay.thread(task);
        let untouched = self.confirmed.thread(task).into_iter();
        let untouched = untouched.filter(|message| !changed.iter().any(|other| other.id == message.id));
        let mut thread: Vec<_> = untouched.map(|message| shown(message, false)).collect();
        thread.extend(changed.iter().map(|message| shown(*message, true)));
        thread.sort_by_key(|message| (message.value.index, message.value.id));
        thread
    }

    pub fn deliveries(&self, task: TaskId) -> Vec<Shown<Delivery>> {
        let changed = self.overlay.deliveries().filter(|delivery| delivery.task == task).map(|it| shown(it, true));
        let untouched = self.confirmed.deliveries().filter(|delivery| delivery.task == task);
        let untouched = untouched.filter(|it| self.overlay.delivery(it.id) == Look::Unknown).map(|it| shown(it, false));
        untouched.chain(changed).collect()
    }

    pub fn agents(&self) -> Vec<Shown<Agent>> {
        let changed = self.overlay.agents().map(|agent| shown(agent, true));
        let untouched = self.confirmed.agents().filter(|agent| self.overlay.agent(&agent.name) == Look::Unknown);
        let mut agents: Vec<_> = changed.chain(untouched.map(|agent| shown(agent, false))).collect();
        agents.sort_by(|a, b| a.value.name.cmp(&b.value.name));
        agents
    }
}

fn shown<T: Clone>(value: &T, pending: bool) -> Shown<T> {
    Shown { value: value.clone(), pending }
}

fn revision<T>(look: Look<Option<T>>, of: impl Fn(&T) -> u64) -> u64 {
    match look {
        Look::Known(Some(known)) => of(&known),
        Look::Known(None) | Look::Unknown => 0,
    }
}

/// What pending commands write, over what is confirmed.
struct Layers<'a> {
    top: &'a MemoryStore,
    base: &'a MemoryStore,
}

impl Layers<'_> {
    fn look<T>(&self, at: impl Fn(&MemoryStore) -> Look<T>) -> Look<T> {
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
        self.look(MemoryStore::workspace)
    }

    fn task(&self, id: TaskId) -> Look<Option<Task>> {
        self.look(|store| store.task(id))
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.look(|store| store.message(id))
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.look(|store| store.attachment(id))
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.look(|store| store.delivery(id))
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.look(|store| store.agent(name))
    }

    fn claimable(&self, _agent: &AgentName) -> Look<Option<Task>> {
        Look::Unknown
    }

    fn unseen(&self, _which: Unseen<'_>) -> Look<Vec<Delivery>> {
        Look::Unknown
    }
}
