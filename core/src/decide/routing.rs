//! Which stream an item takes: a pure choice over the streams that are held right now.

use crate::id::{DeliveryId, SessionId};
use crate::model::{AgentName, Delivery, Task};
use crate::time::Timestamp;

/// A live stream, as routing sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub session: SessionId,
    pub agent: AgentName,
    pub opened_at: Timestamp,
    /// When the agent last spoke on it.
    pub active_at: Timestamp,
    pub reader: Reader,
    /// What it was given and is owed to another session since: it does not show that again, whatever becomes of the other.
    pub had: Vec<DeliveryId>,
}

/// Who reads what a stream is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Model,
    /// A program, which is told nothing but what is for its agent.
    Program,
}

/// An item and the stream it takes, as an index into the holders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Push {
    pub delivery: Delivery,
    pub holder: usize,
}

/// The stream for a queued item: the task's session if it lives (of several, its newest stream), else the newest stream of the same agent, else, for
/// what nobody owns, a stream of the agent that was active last and has a model; never one that had it before it was owed to another session. `None`: it
/// stays queued, and rides on the next result.
pub fn route(delivery: &Delivery, task: Option<&Task>, holders: &[Holder]) -> Option<usize> {
    let free = || holders.iter().enumerate().filter(|(_, holder)| !holder.had.contains(&delivery.id));
    let newest = |agent: &AgentName| {
        let of_agent = free().filter(|(_, holder)| &holder.agent == agent);
        of_agent.max_by_key(|(_, holder)| holder.opened_at).map(|(index, _)| index)
    };
    let Some(agent) = delivery.agent.as_ref() else {
        let (_, latest) = free().filter(|(_, holder)| holder.reader == Reader::Model).max_by_key(|(_, holder)| holder.active_at)?;
        return newest(&latest.agent);
    };
    // What is owed to a new session must not go to the one that had it already.
    let home = task.and_then(|task| task.session).filter(|_| !delivery.redelivered);
    let at_home = free().filter(|(_, holder)| Some(holder.session) == home && &holder.agent == agent);
    // A client that opens its stream again may not have been missed on the one before.
    at_home.max_by_key(|(_, holder)| holder.opened_at).map(|(index, _)| index).or_else(|| newest(agent))
}
