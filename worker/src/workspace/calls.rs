//! Calls that were answered in the response to them (Streamable HTTP): remembered, so that one whose answer was lost on its way can be asked
//! again and is not done again.
//!
//! A response bears no proof that it arrived. The Worker says which ones it gave to a client that was still there, with the client's next
//! request, and which ones it could not give.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc::RequestId;
use agentrq_core::time::Timestamp;
use serde_json::Value;

use super::connections::Connection;
use super::inbox::{Given, take_back};
use super::transaction::Transaction;
use crate::problem::Problem;
use crate::sql::{Sql, SqlError};

/// Calls that are remembered of one session.
const REMEMBERED: u64 = 64;
/// A session that calls again this long after a call of which no word came has not got that one's answer.
const NO_WORD_MS: u64 = 2_000;
/// Bytes of an answer that is remembered, which must fit a row.
pub const ANSWER_BYTES: usize = 1_500_000;

/// A call by its session, the client's id of it, and the hash of what it asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub session: SessionId,
    pub request: RequestId,
    pub hash: String,
}

/// Whose ids of requests are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ids {
    /// One client's: an id that comes again is the same request.
    OfOneClient,
    /// Several clients': an id that comes again is the same request only where the answer is known to be lost.
    OfSeveral,
}

/// The answer that such a call was given, if it is one that comes again.
pub fn answered(sql: &impl Sql, call: &Call, ids: Ids, now: Timestamp) -> Result<Option<(u64, String)>, SqlError> {
    let row = sql.first(
        "SELECT id, json, state, at FROM calls WHERE session = ? AND request = ? AND hash = ? AND json <> ''",
        &[call.session.to_string().into(), call.request.as_value().to_string().into(), call.hash.as_str().into()],
    )?;
    let Some(row) = row else { return Ok(None) };
    let is_lost = match row.text(2)? {
        "lost" => true,
        "written" => false,
        _ => now.ms().saturating_sub(row.count(3)?) >= NO_WORD_MS,
    };
    let comes_again = ids == Ids::OfOneClient || is_lost;
    if comes_again { Ok(Some((row.count(0)?, row.text(1)?.to_owned()))) } else { Ok(None) }
}

/// Remembers a call with its answer and what is given in it. Returns its number.
pub fn note<S: Sql>(tx: &Transaction<S>, call: &Call, answer: &str, given: &Given) -> Result<u64, Problem> {
    let kept = if answer.len() <= ANSWER_BYTES { answer } else { "" };
    let session: crate::sql::Value = call.session.to_string().into();
    let row = tx.sql().first(
        "INSERT OR REPLACE INTO calls (id, session, request, hash, at, state, deliveries, json) VALUES ((SELECT last_call + 1 FROM head), ?, ?, ?, ?, 'under way', ?, ?) RETURNING id",
        &[
            session.clone(),
            call.request.as_value().to_string().into(),
            call.hash.as_str().into(),
            tx.now.ms().into(),
            given.write().into(),
            kept.into(),
        ],
    )?;
    let id = row.ok_or_else(|| Problem::internal("an insert returned no row"))?.count(0)?;
    // Not at each call: what is a little too much harms nobody.
    if id % (REMEMBERED / 4) == 0 {
        tx.sql().exec(
            "DELETE FROM calls WHERE session = ?1 AND id <= (SELECT id FROM calls WHERE session = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
            &[session, REMEMBERED.into()],
        )?;
    }
    Ok(id)
}

/// The answer of this number was given to a client that was there.
pub fn written<S: Sql>(tx: &mut Transaction<S>, session: SessionId, id: u64) -> Result<(), Problem> {
    let Some(Given { copies, .. }) = settle(tx, session, id, "written")? else { return Ok(()) };
    tx.sql().exec("DELETE FROM creations WHERE connection = ? AND answer = ?", &[session.to_string().into(), id.into()])?;
    if !copies.is_empty() {
        tx.report(Report::Received { copies })?;
    }
    Ok(())
}

/// The answer of this number reached nobody: what stood in it waits again.
pub fn lost<S: Sql>(tx: &mut Transaction<S>, session: SessionId, id: u64) -> Result<(), Problem> {
    match settle(tx, session, id, "lost")? {
        Some(given) => take_back(tx, session, given),
        None => Ok(()),
    }
}

/// The client gave a call up that has been answered: it has no answer, whatever the Worker saw.
pub fn cancelled<S: Sql>(tx: &mut Transaction<S>, session: SessionId, request: &Value) -> Result<(), Problem> {
    let rows = tx.sql().exec(
        "UPDATE calls SET state = 'lost' WHERE session = ? AND request = ? AND state <> 'lost' RETURNING deliveries",
        &[session.to_string().into(), request.to_string().into()],
    )?;
    match rows.first() {
        Some(row) => take_back(tx, session, Given::read(row.text(0)?)?),
        None => Ok(()),
    }
}

/// Notes what became of an answer, once. Returns what was given in it.
fn settle<S: Sql>(tx: &Transaction<S>, session: SessionId, id: u64, state: &str) -> Result<Option<Given>, Problem> {
    let rows = tx.sql().exec(
        "UPDATE calls SET state = ? WHERE id = ? AND session = ? AND state = 'under way' RETURNING deliveries",
        &[state.into(), id.into(), session.to_string().into()],
    )?;
    Ok(rows.first().map(|row| Given::read(row.text(0)?)).transpose()?)
}

/// Whether it is known of every answer in which something is given what became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    Here,
    Missing,
}

/// The session calls again. Where no word has come of calls for long, their Worker is gone, and their answers may be too.
pub fn without_word<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<Words, Problem> {
    let rows = tx.sql().exec(
        "SELECT id, at, deliveries <> '' FROM calls WHERE session = ? AND state = 'under way'",
        &[connection.session.to_string().into()],
    )?;
    let mut words = Words::Here;
    for row in rows {
        if row.count(1)? <= tx.now.ms().saturating_sub(NO_WORD_MS) {
            lost(tx, connection.session, row.count(0)?)?;
        } else if row.count(2)? == 1 {
            words = Words::Missing;
        }
    }
    Ok(words)
}

/// Forgets calls of sessions that are forgotten.
pub fn sweep(sql: &impl Sql) -> Result<(), SqlError> {
    sql.exec("DELETE FROM calls WHERE session NOT IN (SELECT id FROM sessions)", &[])?;
    Ok(())
}
