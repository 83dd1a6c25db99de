//! What rides on the results of tools, and what a later call proves of it.

use agentrq_core::Report;
use agentrq_core::id::{DeliveryId, TaskId};
use agentrq_core::limits;
use agentrq_core::model::{Delivery, DeliveryState, RUNNER, Route};
use agentrq_core::view::View;

use super::given::Given;
use super::reading::{item, looked};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::calls::{self, Words};
use crate::workspace::connections::{self, Connection, Kind};
use crate::workspace::transaction::Transaction;

/// After this long on a living stream a written answer has arrived: a client that is gone is noticed at the write.
const ARRIVED_MS: u64 = 500;

/// What waits for the agent and has not stood in a result of this session yet. What was for nobody in particular stays with the session
/// that got it, unless it was owed once more already: then whoever calls may have it. A program reads nothing that it is not told by itself.
pub fn ungiven<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<Vec<Delivery>, Problem> {
    let session = connection.session.to_string();
    Ok(tx.store().many(
        "SELECT json FROM deliveries d WHERE state <> 'seen' AND (agent = ?1 OR (agent IS NULL AND (session IS NULL OR session = ?2 OR redelivered = 1)))
         AND NOT EXISTS (SELECT 1 FROM shown WHERE session = ?2 AND delivery = d.id)
         AND NOT EXISTS (SELECT 1 FROM agents WHERE name = ?1 AND json_extract(json, '$.client.name') = ?3) ORDER BY queued_at, id LIMIT 50",
        &[connection.agent.as_str().into(), session.into(), RUNNER.into()],
    )?)
}

/// The items that ride on a tool's result, whole or by id, and what is given with them. They stand first, and have at most 20 KB. What is too
/// long is named and waits on: nobody has been given it.
pub fn riding<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, named: &[DeliveryId]) -> Result<(Vec<String>, Given), Problem> {
    let mut blocks = Vec::new();
    let mut ids = Vec::new();
    let mut room = limits::RIDING_BYTES;
    for delivery in ungiven(tx, connection)? {
        if named.contains(&delivery.id) {
            continue;
        }
        let (id, task) = (delivery.id, delivery.task);
        // What was pushed on this very stream stands before this answer: naming it is enough.
        let was_pushed = delivery.state != DeliveryState::Queued;
        let mut block = if was_pushed {
            format!("{id} for task {task} was pushed; if you have not seen it, call getTaskMessages.")
        } else {
            item(tx, &delivery, delivery.copies + 1)?.block()
        };
        let is_whole = block.len() <= room;
        if !is_whole {
            block = format!("{id} for task {task} waits and is too long for here: call getTaskMessages.");
        }
        if block.len() > room {
            break;
        }
        room -= block.len();
        blocks.push(block);
        if is_whole {
            ids.push(id);
        }
    }
    let given = give(tx, connection, &ids, Route::Result)?;
    Ok((blocks, given))
}

/// Deliveries go into a result for this session: what waits is handed over with it, and of the rest it tells.
pub fn give<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, ids: &[DeliveryId], route: Route) -> Result<Given, Problem> {
    for id in ids {
        let args = [connection.session.to_string().into(), id.to_string().into()];
        tx.sql().exec("INSERT OR IGNORE INTO shown (session, delivery) VALUES (?, ?)", &args)?;
    }
    hand_over(tx, connection, ids, route)
}

/// The same, and a later result names them once more: whether the model reads this one is not known.
pub(super) fn hand_over<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    ids: &[DeliveryId],
    route: Route,
) -> Result<Given, Problem> {
    let mut given = Given::default();
    for &id in ids {
        match looked(tx, tx.store().delivery(id))? {
            Some(delivery) if delivery.state == DeliveryState::Queued => given.copies.push(delivery.next_copy()),
            // On its way or there already: if this answer is lost, that is not, and if that is, it comes again by itself.
            _ => given.told.push(id),
        }
    }
    if !given.copies.is_empty() {
        tx.report(Report::Sent { copies: given.copies.clone(), session: connection.session, route })?;
    }
    Ok(given)
}

/// The session calls again while nothing is outstanding: its model has read the results before. So what stood in them, and has
/// proven to have arrived, is seen, and its createTask calls are known to be answered.
pub fn confirm<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    if connection.kind == Kind::Http {
        return confirm_session(tx, connection);
    }
    let id: crate::sql::Value = connection.id.to_string().into();
    // A call that came on a stream after it broke proves nothing of what was written to it.
    if !connection.is_live {
        return Ok(());
    }
    tx.sql().exec(
        "DELETE FROM creations WHERE connection = ? AND answer NOT IN (SELECT id FROM answers WHERE written_at IS NULL)",
        std::slice::from_ref(&id),
    )?;
    let arrived: crate::sql::Value = tx.now.ms().saturating_sub(ARRIVED_MS).into();
    tx.sql().exec("DELETE FROM answers WHERE connection = ? AND written_at <= ?", &[id.clone(), arrived])?;
    let outstanding = tx.sql().first(
        "SELECT 1 FROM answers WHERE connection = ?1 AND written_at IS NULL UNION ALL SELECT 1 FROM waits WHERE connection = ?1 LIMIT 1",
        &[id],
    )?;
    if outstanding.is_some() {
        return Ok(());
    }
    read_before(tx, connection)
}

/// The same for a session whose requests are answered in their responses, of which the Worker says whether it could give them.
fn confirm_session<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    // What stands in an answer that may be lost has not been read.
    if calls::without_word(tx, connection)? == Words::Missing {
        return Ok(());
    }
    let waits = "SELECT 1 FROM waits w JOIN connections c ON c.id = w.connection WHERE c.session = ? LIMIT 1";
    if tx.sql().first(waits, &[connection.session.to_string().into()])?.is_some() {
        return Ok(());
    }
    read_before(tx, connection)
}

/// What has stood in results of this session, and has arrived, its model has read.
fn read_before<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    let rows = tx.sql().exec(
        "SELECT s.delivery FROM shown s JOIN deliveries d ON d.id = s.delivery WHERE s.session = ? AND d.state = 'received'",
        &[connection.session.to_string().into()],
    )?;
    let seen = rows.iter().map(|row| connections::id(row, 0)).collect::<Result<Vec<DeliveryId>, _>>()?;
    if !seen.is_empty() {
        // What is seen is not asked for again: without this each call would look through all that the session was ever given.
        for delivery in &seen {
            let args = [connection.session.to_string().into(), delivery.to_string().into()];
            tx.sql().exec("DELETE FROM shown WHERE session = ? AND delivery = ?", &args)?;
        }
        tx.report(Report::Seen { deliveries: seen, route: None })?;
    }
    Ok(())
}

/// A task that a call made, or that an unconfirmed call like it had made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    pub task: TaskId,
    /// What makes two such calls the same.
    pub hash: String,
}

/// Notes which answer tells of a task that was made: until that one has arrived, the same call makes no other task.
pub fn creation_answered<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, made: &Creation, answer: u64) -> Result<(), Problem> {
    tx.sql().exec(
        "INSERT OR REPLACE INTO creations (agent, hash, task, connection, answer, at) VALUES (?, ?, ?, ?, ?, ?)",
        &[
            connection.agent.as_str().into(),
            made.hash.as_str().into(),
            made.task.to_string().into(),
            connection.id.to_string().into(),
            answer.into(),
            tx.now.ms().into(),
        ],
    )?;
    Ok(())
}
