//! What the page shows: what is confirmed, and over it what is painted of what is pending.

use super::super::layers::AROUND;
use super::super::search::Shelves;
use super::Replica;
use crate::id::TaskId;
use crate::json::{Write, extended};
use crate::model::{Agent, Delivery, Message, Task, Workspace};
use crate::writes;

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

impl Replica {
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
