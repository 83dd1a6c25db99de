//! The runner's hands: so many commands run at once, and each hears of the stop that is meant for it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tokio::task::{Id, JoinSet};

use super::Desk;
use super::look::Candidate;
use super::work::{Came, work};
use crate::job::stop::Stop;

#[derive(Debug)]
pub struct Hands {
    desk: Arc<Desk>,
    most: usize,
    at_work: JoinSet<Came>,
    /// The task that each works on, and where it hears of a stop.
    tasks: HashMap<Id, (String, Arc<Stop>)>,
    next: VecDeque<Candidate>,
}

impl Hands {
    pub fn new(desk: Arc<Desk>, most: usize) -> Self {
        Self { desk, most, at_work: JoinSet::new(), tasks: HashMap::new(), next: VecDeque::new() }
    }

    pub fn are_all_busy(&self) -> bool {
        self.at_work.len() >= self.most
    }

    pub fn are_at_work(&self) -> bool {
        !self.at_work.is_empty()
    }

    /// Takes as many as there are hands for; the others are next, until it is looked again.
    pub fn take(&mut self, candidates: Vec<Candidate>) {
        self.next = candidates.into();
        self.begin();
    }

    /// Waits until something has come to its end: for ever, if nothing was begun.
    pub async fn done(&mut self) -> Came {
        let (id, came) = match self.at_work.join_next_with_id().await {
            Some(Ok((id, came))) => (id, came),
            // Whatever went wrong with it, it is over.
            Some(Err(error)) => (error.id(), Came::Ran),
            None => return std::future::pending().await,
        };
        self.tasks.remove(&id);
        if came == Came::Not {
            self.begin();
        }
        came
    }

    /// A stop is asked for: for one task.
    pub fn stop(&self, task: &str) {
        self.tasks.values().filter(|(id, _)| id == task).for_each(|(_, stop)| stop.ask());
    }

    /// Begins nothing more, and stops all.
    pub fn stop_all(&mut self) {
        self.next.clear();
        self.tasks.values().for_each(|(_, stop)| stop.ask());
    }

    /// The same without any grace.
    pub fn insist(&mut self) {
        self.next.clear();
        self.tasks.values().for_each(|(_, stop)| stop.insist());
    }

    fn begin(&mut self) {
        while !self.are_all_busy()
            && let Some(candidate) = self.next.pop_front()
        {
            // A claim that is under way is not to be seen on the list yet.
            if self.tasks.values().any(|(id, _)| *id == candidate.id) {
                continue;
            }
            let stop = Arc::new(Stop::default());
            let (desk, its, task) = (self.desk.clone(), stop.clone(), candidate.id.clone());
            let handle = self.at_work.spawn(async move { work(&desk, &candidate, &its).await });
            self.tasks.insert(handle.id(), (task, stop));
        }
    }
}
