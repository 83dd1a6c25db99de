//! What the page shows: what is confirmed, and over it what is painted of what is pending.

use super::super::search::Shelves;
use super::super::touched::Unpainted;
use super::Replica;
use crate::id::{DeliveryId, Id, MessageId, TaskId};
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
    /// Of their threads, these messages and deliveries, by their ids.
    pub parts: Vec<Id>,
    /// Those of them that are here.
    pub messages: Vec<Shown<&'a Message>>,
    pub deliveries: Vec<Shown<&'a Delivery>>,
}

writes!(Changes<'_> { everything, around, touched, tasks, parts, messages, deliveries });

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
        let Unpainted { everything, around, tasks, parts } = self.touched.painted();
        if everything {
            return Changes { everything, ..Changes::default() };
        }
        let touched: Vec<_> = tasks.iter().map(TaskId).collect();
        let parts: Vec<_> = parts.iter().collect();
        Changes {
            everything,
            around,
            tasks: touched.iter().filter_map(|id| self.task(*id)).collect(),
            touched,
            messages: parts.iter().filter_map(|id| self.message(MessageId(*id))).collect(),
            deliveries: parts.iter().filter_map(|id| self.delivery(DeliveryId(*id))).collect(),
            parts,
        }
    }

    fn message(&self, id: MessageId) -> Option<Shown<&Message>> {
        let pending = self.overlay.holds_message(id).map(|message| shown(message, true));
        pending.or_else(|| self.confirmed.holds_message(id).map(|message| shown(message, false)))
    }

    fn delivery(&self, id: DeliveryId) -> Option<Shown<&Delivery>> {
        let pending = self.overlay.holds_delivery(id).map(|delivery| shown(delivery, true));
        pending.or_else(|| self.confirmed.holds_delivery(id).map(|delivery| shown(delivery, false)))
    }

    /// Every task that is here, in no order.
    pub fn tasks(&self) -> Vec<Shown<&Task>> {
        let known = self.confirmed.tasks().filter_map(|task| self.task(task.id));
        let new = self.overlay.tasks().filter(|task| self.confirmed.holds_task(task.id).is_none());
        known.chain(new.map(|task| shown(task, true))).collect()
    }

    pub fn task(&self, id: TaskId) -> Option<Shown<&Task>> {
        match self.overlay.holds_task(id) {
            Some(held) => held.as_ref().map(|task| shown(task, true)),
            None => self.confirmed.holds_task(id)?.as_ref().map(|task| shown(task, false)),
        }
    }

    /// The messages of a task that are here; what is pending comes last.
    pub fn thread(&self, task: TaskId) -> Vec<Shown<&Message>> {
        if self.overlay.holds_task(task) == Some(&None) {
            return Vec::new();
        }
        let known = self.confirmed.thread(task).into_iter().filter_map(|message| self.message(message.id));
        let new = self.overlay.thread(task).into_iter().filter(|message| self.confirmed.holds_message(message.id).is_none());
        known.chain(new.map(|message| shown(message, true))).collect()
    }

    /// The deliveries of a task that are here; what is pending comes last.
    pub fn deliveries(&self, task: TaskId) -> Vec<Shown<&Delivery>> {
        let known = self.confirmed.inbox(task).into_iter().filter_map(|delivery| self.delivery(delivery.id));
        let new = self.overlay.inbox(task).into_iter().filter(|delivery| self.confirmed.holds_delivery(delivery.id).is_none());
        known.chain(new.map(|delivery| shown(delivery, true))).collect()
    }

    /// Agents are never added here.
    pub fn agents(&self) -> Vec<Shown<&Agent>> {
        let agents = self.confirmed.agents();
        agents.map(|agent| self.overlay.holds_agent(&agent.name).map_or_else(|| shown(agent, false), |agent| shown(agent, true))).collect()
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
