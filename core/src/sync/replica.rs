//! The browser's side: what the server has confirmed, and on top of it what this person has asked meanwhile.
//!
//! ```text
//! shown = confirmed + each pending command, decided again
//! ```
//!
//! After every delta the pending commands that looked at something in it are decided anew on what is now confirmed, so that the page
//! is always what the server would say if it heard them now. Server events are never rebased. A verdict is never painted before the
//! server has confirmed it, nor is anything that needs a part of the workspace that is not here.

use std::collections::{BTreeSet, VecDeque};

use super::checkpoint::{self, Threads, Unreadable};
use super::delta::{Frame, Snapshot, ThreadPage};
use super::layers::{AROUND, Layers};
use super::search::{Index, Shelves};
use super::touched::{self, Ids, Touched};
use crate::command::{Command, Context};
use crate::cursor::Cursor;
use crate::decide::decide;
use crate::decision::{Change, Event};
use crate::id::{Id, TaskId};
use crate::json::{Write, extended};
use crate::model::{Actor, Agent, Attachment, Delivery, Entity, EntityRef, Message, Task, Workspace};
use crate::rejection::{Problem, Rejection};
use crate::store::{Extent, MemoryStore};
use crate::time::Timestamp;
use crate::writes;

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
    pub command: Command,
    /// When it was given.
    pub at: Timestamp,
    /// The commit that holds it, once the server has said so.
    pub acknowledged: Option<Cursor>,
    pub painted: bool,
    /// What its decision looked at, and what it wrote: it stands as long as none of this changes.
    touches: Vec<Id>,
}

impl Pending {
    fn new(command: Command, at: Timestamp) -> Self {
        Self { command, at, acknowledged: None, painted: false, touches: Vec::new() }
    }
}

/// A value as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown<T> {
    pub value: T,
    /// It rests on a command that the server has not confirmed.
    pub pending: bool,
}

impl<T: Write> Write for Shown<T> {
    fn write(&self, to: &mut String) {
        extended(to, &self.value, &[("pending", Some(&self.pending))]);
    }
}

/// What may look different than at the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes<'a> {
    /// All of it may; the rest is left empty.
    pub everything: bool,
    /// The workspace itself or its agents.
    pub around: bool,
    /// These tasks or something of their threads.
    pub touched: Vec<TaskId>,
    /// Those of them that are here, as they are now.
    pub tasks: Vec<Shown<&'a Task>>,
}

writes!(Changes<'_> { everything, around, touched, tasks });

#[derive(Clone, Debug)]
pub struct Replica {
    cursor: Option<Cursor>,
    me: Option<Actor>,
    confirmed: MemoryStore,
    /// What the pending commands write.
    overlay: MemoryStore,
    pending: Vec<Pending>,
    /// Files that were uploaded here: pending messages may name them whatever snapshot comes.
    uploaded: Vec<Attachment>,
    threads: Threads,
    /// Events of the commit that is under way.
    buffer: Vec<Event>,
    /// Commands that have been settled lately: word of them may still come from another tab.
    settled: VecDeque<Id>,
    index: Index,
    /// What nobody has looked at since it changed.
    touched: Touched,
    decided: u64,
}

/// As many settled commands are remembered.
const REMEMBERED_SETTLED: usize = 2_048;

impl Default for Replica {
    fn default() -> Self {
        Self::new()
    }
}

impl Replica {
    pub fn new() -> Self {
        Self {
            cursor: None,
            me: None,
            confirmed: MemoryStore::new(Extent::Part),
            overlay: MemoryStore::new(Extent::Part),
            pending: Vec::new(),
            uploaded: Vec::new(),
            threads: Threads::default(),
            buffer: Vec::new(),
            settled: VecDeque::new(),
            index: Index::default(),
            touched: Touched::everything(),
            decided: 0,
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
        self.begin(confirmed, snapshot.cursor, Some(snapshot.me), Threads::default());
    }

    /// Begins where an earlier visit ended, see [`Self::checkpoint`]; pending commands stay and are decided on it.
    ///
    /// # Errors
    /// When another build wrote the text, or it is broken. Nothing has changed then.
    pub fn restore(&mut self, text: &str) -> Result<(), Unreadable> {
        let restored = checkpoint::read(text)?;
        self.begin(restored.store, restored.cursor, restored.me, restored.threads);
        Ok(())
    }

    /// Everything that is confirmed, with the threads of these tasks only. `None`: nothing has been loaded.
    pub fn checkpoint(&self, keep: &BTreeSet<TaskId>) -> Option<String> {
        let cursor = self.cursor.as_ref()?;
        let tasks = self.confirmed.tasks().collect();
        Some(checkpoint::write(cursor, self.me.as_ref(), &self.confirmed, &self.threads, keep, tasks))
    }

    /// The same in pieces, so that no text is as long as all of it: the first is to be restored, the others are pages of tasks to be loaded.
    pub fn checkpoint_piece(&self, at: usize, keep: &BTreeSet<TaskId>) -> Option<String> {
        checkpoint::write_piece(at, self.cursor.as_ref()?, self.me.as_ref(), &self.confirmed, &self.threads, keep)
    }

    fn begin(&mut self, mut confirmed: MemoryStore, cursor: Cursor, me: Option<Actor>, threads: Threads) {
        self.uploaded.iter().for_each(|file| confirmed.attach(file.clone()));
        self.confirmed = confirmed;
        self.cursor = Some(cursor);
        self.me = me;
        self.threads = threads;
        self.buffer.clear();
        self.index = Index::default();
        self.touched = Touched::everything();
        self.drop_confirmed();
        self.rebase_all();
    }

    /// Adds a page of a task's thread. Pages come newest first; each says where the older ones go on.
    pub fn load_thread(&mut self, task: TaskId, page: ThreadPage) {
        if self.confirmed.holds_task(task) == Some(&None) {
            return;
        }
        let mut changed = Ids::default();
        let messages = page.messages.into_iter().map(Entity::Message);
        for entity in messages.chain(page.deliveries.into_iter().map(Entity::Delivery)) {
            self.keep_newer(entity, &mut changed);
        }
        self.threads.insert(task.0, page.next_cursor);
        self.touched.task(task);
        self.rebase(changed);
    }

    /// Adds tasks that a later page or a search brought. One that a delta has deleted stays gone.
    pub fn load_tasks(&mut self, tasks: Vec<Task>) {
        let mut changed = Ids::default();
        for task in tasks {
            if self.confirmed.holds_task(task.id) != Some(&None) {
                self.keep_newer(Entity::Task(task), &mut changed);
            }
        }
        self.rebase(changed);
    }

    /// Nothing goes backwards: a page may be older than a delta that overtook it, or newer than the next one.
    fn keep_newer(&mut self, entity: Entity, changed: &mut Ids) {
        let store = &self.confirmed;
        let (known, given) = match &entity {
            Entity::Message(it) => (store.holds_message(it.id).map(|it| it.revision), it.revision),
            Entity::Delivery(it) => (store.holds_delivery(it.id).map(|it| it.revision), it.revision),
            Entity::Task(it) => (store.holds_task(it.id).and_then(Option::as_ref).map(|it| it.revision), it.revision),
            Entity::Agent(it) => (store.holds_agent(&it.name).map(|it| it.revision), it.revision),
            Entity::Workspace(it) => (store.holds_workspace().map(|it| it.revision), it.revision),
        };
        if known.is_none_or(|known| given >= known) {
            changed.add_entity(&entity);
            self.touched.entity(&entity);
            self.confirmed.put(entity);
        }
    }

    /// Makes an uploaded file known, so that a message may name it.
    pub fn attach(&mut self, attachment: Attachment) {
        let mut changed = Ids::default();
        changed.add(attachment.id.0);
        self.confirmed.attach(attachment.clone());
        self.uploaded.push(attachment);
        self.rebase(changed);
    }

    /// Takes the next frame of the event stream. A commit takes effect as a whole, with its last frame.
    pub fn apply(&mut self, frame: Frame) -> Applied {
        let Some(cursor) = &self.cursor else { return Applied::Diverged };
        self.buffer.push(frame.event);
        let Some(end) = frame.end else { return Applied::Buffered };
        let events = std::mem::take(&mut self.buffer);
        if end.cursor.is_by(cursor) {
            return if end.cursor.seq == cursor.seq && end.cursor != *cursor { Applied::Diverged } else { Applied::Repeated };
        }
        if end.base != *cursor {
            return Applied::Diverged;
        }
        let mut changed = Ids::default();
        for change in events.into_iter().flat_map(|event| event.changes) {
            match change {
                Change::Put { entity } => self.keep_newer(*entity, &mut changed),
                Change::Delete { entity } => self.delete(&entity, &mut changed),
            }
        }
        self.confirmed.set_head(end.cursor.seq);
        self.cursor = Some(end.cursor);
        for settled in &end.mutations {
            self.takes_back(settled.command, &mut changed);
            self.pending.retain(|pending| pending.command.id() != settled.command);
            self.note_settled(settled.command);
        }
        self.drop_confirmed().iter().for_each(|id| changed.add(id));
        self.rebase(changed);
        Applied::Committed
    }

    fn delete(&mut self, entity: &EntityRef, changed: &mut Ids) {
        let EntityRef::Task { id } = entity;
        changed.add(id.0);
        self.confirmed.thread(*id).iter().for_each(|message| changed.add(message.id.0));
        self.confirmed.inbox(*id).iter().for_each(|delivery| changed.add(delivery.id.0));
        self.touched.task(*id);
        self.confirmed.delete(entity);
        self.threads.remove(id.0);
    }

    /// What a command touches is another thing once it is not pending any more.
    fn takes_back(&self, command: Id, changed: &mut Ids) {
        let gone = self.pending.iter().filter(|pending| pending.command.id() == command);
        gone.flat_map(|pending| &pending.touches).for_each(|id| changed.add(*id));
    }

    /// Decides a command on what is shown, paints it if it may be painted, and queues it.
    pub fn propose(&mut self, command: Command, at: Timestamp) -> Proposed {
        let mut pending = Pending::new(command, at);
        let proposed = self.paint(&mut pending);
        if !matches!(proposed, Proposed::Rejected(_)) {
            self.pending.push(pending);
        }
        proposed
    }

    /// Why a command would be refused as things are shown here; nothing is queued. What only the server can tell is no refusal.
    pub fn refusal(&self, command: Command, at: Timestamp) -> Option<Rejection> {
        let context = Context { now: at, actor: self.me.clone()?, session: None };
        let refused = decide(&self.layers(), command, &context).err()?;
        (!matches!(refused, Rejection::NotLoaded { .. })).then_some(refused)
    }

    /// Takes over a command that was queued before, on an earlier visit or in another tab: it is pending whatever it comes to here.
    /// Tabs hear of each other out of order: what is pending already stays as it is, and what has been settled lately is not taken back.
    pub fn adopt(&mut self, command: Command, at: Timestamp) {
        let is_known = self.pending.iter().any(|pending| pending.command.id() == command.id());
        if is_known || self.settled.contains(&command.id()) {
            return;
        }
        let mut pending = Pending::new(command, at);
        self.paint(&mut pending);
        self.pending.push(pending);
    }

    /// Notes the server's answer to a command: a refusal takes it back, an acceptance holds until its delta is here.
    pub fn settle(&mut self, command: Id, rejection: Option<&Problem>, cursor: Option<Cursor>) {
        let Some(index) = self.pending.iter().position(|pending| pending.command.id() == command) else { return };
        let mut changed = Ids::default();
        if rejection.is_some() {
            self.takes_back(command, &mut changed);
            self.pending.remove(index);
            self.note_settled(command);
        } else {
            self.pending[index].acknowledged = cursor;
            changed = self.drop_confirmed();
        }
        self.rebase(changed);
    }

    fn note_settled(&mut self, command: Id) {
        self.settled.push_back(command);
        if self.settled.len() > REMEMBERED_SETTLED {
            self.settled.pop_front();
        }
    }

    /// Forgets acknowledged commands whose commit is part of what is confirmed. What they touched.
    fn drop_confirmed(&mut self) -> Ids {
        let mut touched = Ids::default();
        let Some(cursor) = &self.cursor else { return touched };
        let is_in = |pending: &Pending| pending.acknowledged.as_ref().is_some_and(|at| at.is_by(cursor));
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending).into_iter().partition(is_in);
        self.pending = kept;
        gone.iter().map(|pending| pending.command.id()).for_each(|id| self.note_settled(id));
        gone.iter().flat_map(|pending| &pending.touches).for_each(|id| touched.add(*id));
        touched
    }

    /// Decides all that is pending again.
    fn rebase_all(&mut self) {
        self.overlay = MemoryStore::new(Extent::Part);
        let mut pending = std::mem::take(&mut self.pending);
        for command in &mut pending {
            self.paint(command);
        }
        self.pending = pending;
    }

    /// Decides again what touched any of this, and what touched the same things as those did: all others would come to what they came to
    /// before.
    fn rebase(&mut self, mut changed: Ids) {
        let mut pending = std::mem::take(&mut self.pending);
        let mut stale = vec![false; pending.len()];
        loop {
            let mut more = false;
            for (pending, stale) in pending.iter().zip(&mut stale) {
                if !*stale && pending.touches.iter().any(|id| changed.has(*id)) {
                    pending.touches.iter().for_each(|id| changed.add(*id));
                    (*stale, more) = (true, true);
                }
            }
            if !more {
                break;
            }
        }
        for id in changed.iter() {
            self.overlay.forget(id, |task| self.touched.task(task));
            if id == AROUND {
                self.overlay.forget_around();
                self.touched.around();
            }
        }
        let mut new = Ids::default();
        for (pending, _) in pending.iter_mut().zip(&stale).filter(|(_, stale)| **stale) {
            self.paint(pending);
            pending.touches.iter().filter(|id| !changed.has(**id)).for_each(|id| new.add(*id));
        }
        let is_met = pending.iter().zip(&stale).any(|(pending, stale)| !stale && pending.touches.iter().any(|id| new.has(*id)));
        self.pending = pending;
        // One of them went further than before, to something of another that came before or after it.
        if is_met {
            self.rebase_all();
        }
    }

    fn paint(&mut self, pending: &mut Pending) -> Proposed {
        pending.painted = false;
        pending.touches = [pending.command.id()].into_iter().collect();
        // Who looks is known from the first snapshot on.
        let Some(actor) = self.me.clone() else { return Proposed::Sending };
        let context = Context { now: pending.at, actor, session: None };
        self.decided += 1;
        let layers = self.layers();
        let decision = decide(&layers, pending.command.clone(), &context);
        pending.touches.extend(layers.looked());
        let decision = match decision {
            Ok(decision) => decision,
            Err(Rejection::NotLoaded { .. }) => return Proposed::Sending,
            Err(rejection) => return Proposed::Rejected(rejection),
        };
        // A verdict is shown as done only when it is done.
        if matches!(pending.command, Command::GiveVerdict { .. }) {
            return Proposed::Sending;
        }
        for change in decision.changes() {
            pending.touches.push(touched::id_of(change));
            self.touched.change(change);
            self.overlay.apply_change(change);
        }
        pending.painted = true;
        Proposed::Accepted
    }

    fn layers(&self) -> Layers<'_> {
        Layers::new(&self.overlay, &self.confirmed)
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

    /// How often a command of these has been decided.
    pub fn decided(&self) -> u64 {
        self.decided
    }

    /// Where the older messages of a thread go on, if they do; `None` where none of it has been loaded.
    pub fn thread_state(&self, task: TaskId) -> Option<Option<&str>> {
        let next = self.threads.get(task.0)?.as_deref();
        let held = self.confirmed.holds_task(task)?.as_ref()?;
        Some(next.filter(|_| self.confirmed.thread(task).len() < held.messages as usize))
    }

    pub fn workspace(&self) -> Option<&Workspace> {
        self.overlay.holds_workspace().or(self.confirmed.holds_workspace())
    }

    /// What may look different since this was asked for last.
    pub fn changes(&mut self) -> Changes<'_> {
        let (everything, ids) = self.touched.painted();
        if everything {
            return Changes { everything, ..Changes::default() };
        }
        let touched: Vec<_> = ids.iter().filter(|id| *id != AROUND).map(TaskId).collect();
        let tasks = touched.iter().filter_map(|id| self.task(*id)).collect();
        Changes { everything, around: ids.has(AROUND), touched, tasks }
    }

    /// Every task that is here, newest first.
    pub fn tasks(&self) -> Vec<Shown<&Task>> {
        let changed = self.overlay.tasks().map(|task| shown(task, true));
        let untouched = self.confirmed.tasks().filter(|task| self.overlay.holds_task(task.id).is_none());
        let mut tasks: Vec<_> = changed.chain(untouched.map(|task| shown(task, false))).collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.value.id));
        tasks
    }

    pub fn task(&self, id: TaskId) -> Option<Shown<&Task>> {
        match self.overlay.holds_task(id) {
            Some(held) => held.as_ref().map(|task| shown(task, true)),
            None => self.confirmed.holds_task(id)?.as_ref().map(|task| shown(task, false)),
        }
    }

    /// The messages of a task that are here, in order.
    pub fn thread(&self, task: TaskId) -> Vec<Shown<&Message>> {
        if self.overlay.holds_task(task) == Some(&None) {
            return Vec::new();
        }
        let untouched = self.confirmed.thread(task).into_iter().filter(|message| self.overlay.holds_message(message.id).is_none());
        let mut thread: Vec<_> = untouched.map(|message| shown(message, false)).collect();
        thread.extend(self.overlay.thread(task).into_iter().map(|message| shown(message, true)));
        thread.sort_by_key(|message| (message.value.index, message.value.id));
        thread
    }

    pub fn deliveries(&self, task: TaskId) -> Vec<Shown<&Delivery>> {
        let untouched = self.confirmed.inbox(task).into_iter().filter(|delivery| self.overlay.holds_delivery(delivery.id).is_none());
        let changed = self.overlay.inbox(task).into_iter().map(|delivery| shown(delivery, true));
        untouched.map(|delivery| shown(delivery, false)).chain(changed).collect()
    }

    pub fn agents(&self) -> Vec<Shown<&Agent>> {
        let changed = self.overlay.agents().map(|agent| shown(agent, true));
        let untouched = self.confirmed.agents().filter(|agent| self.overlay.holds_agent(&agent.name).is_none());
        let mut agents: Vec<_> = changed.chain(untouched.map(|agent| shown(agent, false))).collect();
        agents.sort_by(|a, b| a.value.name.cmp(&b.value.name));
        agents
    }

    /// The tasks in which every one of the words stands, the best first.
    pub fn search(&mut self, words: &str) -> Vec<TaskId> {
        self.index.forget(&self.touched.searched());
        self.index.search(Shelves { confirmed: &self.confirmed, overlay: &self.overlay }, words)
    }

    /// How many tasks the last search had to compare with its words.
    pub fn compared(&self) -> usize {
        self.index.compared()
    }

    /// Makes so many more tasks ready for the search, which otherwise does it itself when it is asked first. Whether there are more.
    pub fn prepare_search(&mut self, tasks: usize) -> bool {
        self.index.forget(&self.touched.searched());
        self.index.prepare(Shelves { confirmed: &self.confirmed, overlay: &self.overlay }, tasks)
    }
}

fn shown<T>(value: T, pending: bool) -> Shown<T> {
    Shown { value, pending }
}
