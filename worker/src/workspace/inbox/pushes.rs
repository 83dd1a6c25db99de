//! Giving what is queued to whoever listens.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::Report;
use agentrq_core::decide::route;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::channel;
use agentrq_core::mcp::event_id::EventId;
use agentrq_core::mcp::jsonrpc;
use agentrq_core::model::{AgentName, Delivery, DeliveryCopy, Route};
use agentrq_core::view::{Unseen, View};

use super::pings;
use super::reading::{event, item, looked};
use super::waits::{answer_wait, waiting, waiting_elsewhere};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::stream::line::Down;
use crate::workspace::connections::{self, Takes};
use crate::workspace::transaction::Transaction;

/// Gives what is queued to whoever listens. What nobody listens for stays queued.
pub fn deliver<S: Sql>(tx: &mut Transaction<S>) -> Result<(), Problem> {
    let (listeners, holders) = connections::listeners(tx.sql())?;
    let agents: BTreeSet<&AgentName> = holders.iter().map(|holder| &holder.agent).collect();
    let mut given: BTreeMap<usize, Vec<Delivery>> = BTreeMap::new();
    let mut routed = BTreeSet::new();
    for agent in agents {
        for delivery in looked(tx, tx.store().unseen(Unseen::QueuedFor(agent)))? {
            let task = looked(tx, tx.store().task(delivery.task))?;
            let index = route(&delivery, task.as_ref(), &holders);
            // What is for nobody in particular is found for each agent, and goes to one.
            if let (Some(index), true) = (index, routed.insert(delivery.id)) {
                given.entry(index).or_default().push(delivery);
            }
        }
    }
    let (mut is_left, mut is_moved) = (false, false);
    for (index, deliveries) in given {
        let (Some(listener), Some(holder)) = (listeners.get(index), holders.get(index)) else { continue };
        // A model that waits in a call hears nothing else: its call is answered instead of a push.
        if let Some(wait) = waiting(tx.sql(), holder.session)? {
            answer_wait(tx, &wait, deliveries)?;
            is_moved = true;
            continue;
        }
        // Its call has just been answered with something else: the rest finds another way, or waits.
        if listener.takes == Takes::Answer {
            is_left = true;
            continue;
        }
        let connection = listener.connection;
        // What belongs to this session stays with it; the rest may answer another session of the agent that waits.
        let (at_home, free) = at_home(tx, deliveries, holder.session)?;
        match waiting_elsewhere(tx.sql(), &holder.agent)? {
            Some(wait) if !free.is_empty() => answer_wait(tx, &wait, free)?,
            _ => push(tx, connection, holder.session, free)?,
        }
        push(tx, connection, holder.session, at_home)?;
    }
    // Once more, for what found another way closed; never where nothing has changed by it.
    if is_left && is_moved { deliver(tx) } else { Ok(()) }
}

/// Parts deliveries into those of tasks that this session works on, and others.
fn at_home<S: Sql>(tx: &Transaction<S>, deliveries: Vec<Delivery>, session: SessionId) -> Result<(Vec<Delivery>, Vec<Delivery>), Problem> {
    let mut parts = (Vec::new(), Vec::new());
    for delivery in deliveries {
        let task = looked(tx, tx.store().task(delivery.task))?;
        let is_home = task.is_some_and(|task| task.session == Some(session));
        if is_home { parts.0.push(delivery) } else { parts.1.push(delivery) }
    }
    Ok(parts)
}

pub(super) fn push<S: Sql>(
    tx: &mut Transaction<S>,
    connection: SessionId,
    session: SessionId,
    deliveries: Vec<Delivery>,
) -> Result<(), Problem> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let copies: Vec<_> = deliveries.iter().map(Delivery::next_copy).collect();
    let ping = pings::note(tx, connection, &copies)?;
    for ((delivery, copy), index) in deliveries.iter().zip(&copies).zip(0..) {
        let line = pushed(tx, delivery, *copy, &ping.event_id(index))?;
        tx.say(connection, line);
    }
    tx.report(Report::Sent { copies, session, route: Route::Channel })?;
    tx.say(connection, ping.line());
    Ok(())
}

/// The channel event of a copy. Its key names the copy, so that a socket that is dialled again doubles nothing.
pub(super) fn pushed<S: Sql>(tx: &Transaction<S>, delivery: &Delivery, copy: DeliveryCopy, id: &EventId) -> Result<Down, Problem> {
    let item = item(tx, delivery, copy.number)?;
    let told = jsonrpc::notification(channel::METHOD, &item.params());
    Ok(Down::Write { key: format!("d{copy}"), cursor: None, text: event(id, &told) })
}
