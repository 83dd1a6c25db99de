//! Pings and what they prove: a pong says that the client has what came before it.

use agentrq_core::command::Inbox;
use agentrq_core::id::{DeliveryId, SessionId};
use agentrq_core::mcp::jsonrpc::{self, RequestId};

use super::reading::{message, read_ids, write_ids};
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::stream::line::Down;
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::Transaction;

/// How long a client has to answer a ping.
pub(super) const PONG_MS: u64 = 10_000;

/// Asks the client whether it is there; the pong will prove that it has `deliveries`.
pub fn ping<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, deliveries: &[DeliveryId]) -> Result<(), Problem> {
    let id = format!("ping-{}", random::id(tx.now)?);
    tx.sql().exec(
        "INSERT INTO pings (id, connection, at, deliveries, answers) SELECT ?1, ?2, ?3, ?4, coalesce(max(id), 0) FROM answers WHERE connection = ?2",
        &[id.as_str().into(), connection.to_string().into(), tx.now.ms().into(), write_ids(deliveries).into()],
    )?;
    timers::set(tx.sql(), Timer::Pong, &id, tx.now.plus_ms(PONG_MS))?;
    tx.say(connection, ping_line(&id));
    Ok(())
}

pub(super) fn ping_line(id: &str) -> Down {
    Down::Write { key: id.to_owned(), cursor: None, text: message(&jsonrpc::request(&RequestId::text(id), "ping")) }
}

/// A pong: what the ping followed has arrived. `false`: nobody waits for this answer.
pub fn pong<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, id: &RequestId) -> Result<bool, Problem> {
    let Some(id) = id.as_value().as_str() else { return Ok(false) };
    let rows = tx.sql().exec(
        "DELETE FROM pings WHERE id = ? AND connection = ? RETURNING deliveries, answers",
        &[id.into(), connection.to_string().into()],
    )?;
    let Some(row) = rows.first() else { return Ok(false) };
    let deliveries = read_ids(row.text(0)?)?;
    timers::clear(tx.sql(), Timer::Pong, id)?;
    let proven = [connection.to_string().into(), row.count(1)?.into()];
    tx.sql().exec("DELETE FROM answers WHERE connection = ? AND id <= ?", &proven)?;
    tx.sql().exec("DELETE FROM creations WHERE connection = ? AND answer <= ?", &proven)?;
    if !deliveries.is_empty() {
        tx.report(Inbox::Received { deliveries })?;
        // One look gives a bounded number: with these proven, the next ones follow.
        tx.deliver = true;
    }
    Ok(true)
}
