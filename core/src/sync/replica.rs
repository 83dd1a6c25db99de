//! The browser's side: what the server has confirmed, and on top of it what this person has asked meanwhile.
//!
//! ```text
//! shown = confirmed + each pending command, decided again
//! ```
//!
//! After every delta the pending commands that looked at something in it are decided anew on what is now confirmed, so that the page
//! is always what the server would say if it heard them now. Server events are never rebased. A verdict is never painted before the
//! server has confirmed it, nor is anything that needs a part of the workspace that is not here.

mod pending;
mod shown;

pub use pending::{Pending, Proposed};
pub use shown::{Changes, Shown};

use std::collections::{BTreeSet, VecDeque};

use super::checkpoint::{self, Threads, Unreadable};
use super::delta::{Frame, Snapshot, ThreadPage};
use super::search::Index;
use super::touched::{Ids, Touched};
use crate::cursor::Cursor;
use crate::decision::{Change, Event};
use crate::id::{Id, TaskId};
use crate::model::{Actor, Attachment, Entity, EntityRef, Task};
use crate::store::{Extent, MemoryStore};

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

    pub fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    pub fn me(&self) -> Option<&Actor> {
        self.me.as_ref()
    }
}
