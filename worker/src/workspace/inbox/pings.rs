//! Pings and what they prove: a pong says that the client has what came before it.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::event_id::{EventId, Place};
use agentrq_core::mcp::jsonrpc::{self, RequestId};
use agentrq_core::model::DeliveryCopy;

use super::given::{Given, read_copy, words};
use super::lost::take_back;
use super::reading::event;
use crate::problem::Problem;
use crate::random;
use crate::sql::{Row, Sql, SqlError};
use crate::stream::line::Down;
use crate::workspace::connections;
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::Transaction;

/// How long a client has to answer a ping.
const PONG_MS: u64 = 10_000;

/// Stands where a delivery stood that is known to have arrived.
const ARRIVED: &str = "-";

/// A ping that has been noted: it follows on what it will prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ping {
    connection: SessionId,
    /// Whose model listened on the connection when it was said: another may by now.
    pub(super) session: SessionId,
    id: String,
    /// Grows along the stream.
    seq: u64,
    /// How many events it follows on.
    proves: u64,
}

impl Ping {
    /// The id of the event at this place among those that the ping follows on.
    pub(super) fn event_id(&self, index: u64) -> EventId {
        EventId { stream: self.connection, place: Place::Pushed { ping: self.seq, index } }
    }

    /// Gives the client its time for the pong.
    pub(super) fn wait<S: Sql>(&self, tx: &Transaction<S>) -> Result<(), SqlError> {
        timers::set(tx.sql(), Timer::Pong, &self.id, tx.now.plus_ms(PONG_MS))
    }

    pub(super) fn line(&self) -> Down {
        let asked = jsonrpc::request(&RequestId::text(&self.id), "ping");
        Down::Write { key: self.id.clone(), cursor: None, text: event(&self.event_id(self.proves), &asked) }
    }
}

/// Notes a ping whose pong will prove that the client has these copies. They are said before it.
pub(super) fn note<S: Sql>(tx: &Transaction<S>, connection: SessionId, copies: &[DeliveryCopy]) -> Result<Ping, Problem> {
    let id = format!("ping-{}", random::id(tx.now)?);
    // The time, so that numbers of pings that are gone do not come again.
    let rows = tx.sql().exec(
        "INSERT INTO pings (id, connection, session, at, deliveries, answers, seq)
         SELECT ?1, ?2, coalesce((SELECT session FROM connections WHERE id = ?2), ?2), ?3, ?4,
                coalesce((SELECT max(id) FROM answers WHERE connection = ?2), 0),
                max(?3 * 1000, coalesce((SELECT max(seq) FROM pings), 0) + 1)
         RETURNING seq, session",
        &[id.as_str().into(), connection.to_string().into(), tx.now.ms().into(), words(copies.iter().map(DeliveryCopy::to_string)).into()],
    )?;
    let row = rows.first().ok_or_else(|| Problem::internal("an insert returned no row"))?;
    let ping = Ping { connection, session: connections::id(row, 1)?, id, seq: row.count(0)?, proves: copies.len() as u64 };
    ping.wait(tx)?;
    Ok(ping)
}

/// Asks the client whether it is there; the pong will prove that it has these copies.
pub fn ping<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, copies: &[DeliveryCopy]) -> Result<(), Problem> {
    let ping = note(tx, connection, copies)?;
    tx.say(connection, ping.line());
    Ok(())
}

/// A copy with its place among those that one ping follows on.
type Placed = (u64, DeliveryCopy);

/// The copies of a ping that are not known to have arrived, each with its place, and how many there were in all.
fn read(list: &str) -> Result<(Vec<Placed>, u64), SqlError> {
    let mut copies = Vec::new();
    let mut count = 0;
    for word in list.split(' ').filter(|word| !word.is_empty()) {
        if word != ARRIVED {
            copies.push((count, read_copy(word)?));
        }
        count += 1;
    }
    Ok((copies, count))
}

/// The same without their places.
fn read_copies(list: &str) -> Result<Vec<DeliveryCopy>, SqlError> {
    Ok(read(list)?.0.into_iter().map(|(_, copy)| copy).collect())
}

/// The pings of a connection that wait for their pong, in the order of its stream, with what each proves.
pub(super) fn waiting<S: Sql>(tx: &Transaction<S>, connection: SessionId) -> Result<Vec<(Ping, Vec<Placed>)>, Problem> {
    let rows = tx
        .sql()
        .exec("SELECT id, seq, deliveries, session FROM pings WHERE connection = ? ORDER BY seq, id", &[connection.to_string().into()])?;
    let ping = |row: &Row| {
        let (copies, proves) = read(row.text(2)?)?;
        Ok((Ping { connection, session: connections::id(row, 3)?, id: row.text(0)?.to_owned(), seq: row.count(1)?, proves }, copies))
    };
    rows.iter().map(ping).collect()
}

/// A client came back with the last event that it got on a stream: that one, and what came before it, has arrived.
pub fn got<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, last: Place) -> Result<(), Problem> {
    match last {
        Place::Start => Ok(()),
        Place::Pushed { ping, index } => got_pushes(tx, connection, ping, index),
        Place::Answer(number) => {
            let rows = tx.sql().exec(
                "DELETE FROM answers WHERE connection = ? AND id <= ? RETURNING deliveries",
                &[connection.to_string().into(), number.into()],
            )?;
            for row in rows {
                tx.report(Report::Received { copies: Given::read(row.text(0)?)?.copies })?;
            }
            Ok(())
        }
    }
}

fn got_pushes<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, last: u64, index: u64) -> Result<(), Problem> {
    for (ping, copies) in waiting(tx, connection)? {
        if ping.seq < last || (ping.seq == last && index >= ping.proves) {
            pong(tx, connection, &RequestId::text(&ping.id))?;
        } else if ping.seq == last {
            // The rest keeps its places.
            let (arrived, rest): (Vec<_>, Vec<_>) = copies.into_iter().partition(|(place, _)| *place <= index);
            let kept = |place| rest.iter().find(|(at, _)| *at == place).map_or_else(|| ARRIVED.to_owned(), |(_, copy)| copy.to_string());
            let list = words((0..ping.proves).map(kept));
            tx.sql().exec("UPDATE pings SET deliveries = ? WHERE id = ?", &[list.into(), ping.id.into()])?;
            tx.report(Report::Received { copies: arrived.into_iter().map(|(_, copy)| copy).collect() })?;
        }
    }
    Ok(())
}

/// The connection on whose stream a ping was sent, if its pong is still waited for.
pub fn pinged<S: Sql>(tx: &Transaction<S>, id: &RequestId) -> Result<Option<SessionId>, Problem> {
    let Some(id) = id.as_value().as_str() else { return Ok(None) };
    let row = tx.sql().first("SELECT connection FROM pings WHERE id = ?", &[id.into()])?;
    Ok(row.map(|row| connections::id(&row, 0)).transpose()?)
}

/// A pong: what the ping followed has arrived. `false`: nobody waits for this answer.
pub fn pong<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, id: &RequestId) -> Result<bool, Problem> {
    let Some(id) = id.as_value().as_str() else { return Ok(false) };
    let rows = tx.sql().exec(
        "DELETE FROM pings WHERE id = ? AND connection = ? RETURNING deliveries, answers",
        &[id.into(), connection.to_string().into()],
    )?;
    let Some(row) = rows.first() else { return Ok(false) };
    let copies = read_copies(row.text(0)?)?;
    timers::clear(tx.sql(), Timer::Pong, id)?;
    let proven = [connection.to_string().into(), row.count(1)?.into()];
    tx.sql().exec("DELETE FROM answers WHERE connection = ? AND id <= ?", &proven)?;
    tx.sql().exec("DELETE FROM creations WHERE connection = ? AND answer <= ?", &proven)?;
    if !copies.is_empty() {
        tx.report(Report::Received { copies })?;
        // One look gives a bounded number: with these proven, the next ones follow.
        tx.deliver = true;
    }
    Ok(true)
}

/// The connection is gone, and no pong will come: what was to be proven waits again.
pub(super) fn unproven<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let rows =
        tx.sql().exec("DELETE FROM pings WHERE connection = ? RETURNING id, session, deliveries", &[connection.to_string().into()])?;
    for row in rows {
        timers::clear(tx.sql(), Timer::Pong, row.text(0)?)?;
        let given = Given { copies: read_copies(row.text(2)?)?, told: Vec::new() };
        take_back(tx, connections::id(&row, 1)?, given)?;
    }
    Ok(())
}
