//! When a stream breaks: what it had waits again, what a mended one is told once more, and who goes on from it.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::model::Route;
use agentrq_core::sse;
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;

use super::answers::answer_line;
use super::given::Given;
use super::lost::take_back;
use super::pings::{self, ping};
use super::pushes::pushed;
use super::reading::looked;
use super::results::hand_over;
use super::waits::{end_waits, progress_line};
use crate::problem::Problem;
use crate::random;
use crate::sql::{Sql, Value};
use crate::stream::line::{Down, Ending};
use crate::workspace::connections::{self, Connection, Kind, Phase, WhenLeft};
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::{Outgoing, Transaction};
use crate::workspace::{presence, subscriptions};

/// No pong came: the stream is dead, and what was on it waits again.
pub fn unanswered<S: Sql>(tx: &mut Transaction<S>, ping: &str) -> Result<(), Problem> {
    let row = tx.sql().first("SELECT connection, deliveries FROM pings WHERE id = ?", &[ping.into()])?;
    let Some(row) = row else { return Ok(()) };
    let Some(connection) = connections::find(tx.sql(), connections::id(&row, 0)?)? else { return Ok(()) };
    // Nothing was entrusted to it, and it may be a client that is slow or has no pongs: it is kept, but nothing is pushed there until it
    // answers after all.
    let is_idle = row.text(1)?.is_empty() && (connection.phase == Phase::Opened || connection.kind == Kind::Session);
    if is_idle && connection.phase == Phase::Ready {
        return Ok(connections::reached(tx.sql(), connection.id, Phase::Opened, connection.session)?);
    }
    if is_idle {
        return Ok(());
    }
    lose(tx, connection.id)?;
    tx.outgoing.push(Outgoing::Close { connection: connection.id, ending: Ending::Unresponsive });
    Ok(())
}

/// How long a client that has left its session's stream may take to come back to it before what it had there waits again.
const COMES_BACK_MS: u64 = 5_000;

/// The client has closed the stream.
pub fn left<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    match connections::find(tx.sql(), connection)?.map(|known| known.kind) {
        // Such clients come back after a second or so, and say what they got last.
        Some(Kind::Session) => {
            connections::closed(tx.sql(), connection, tx.now)?;
            Ok(timers::set(tx.sql(), Timer::Lost, &connection.to_string(), tx.now.plus_ms(COMES_BACK_MS))?)
        }
        _ => lose(tx, connection),
    }
}

/// The stream is gone: what it was given and did not prove to have waits again, and its agent may be away.
pub fn lose<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let Some(known) = connections::find(tx.sql(), connection)? else { return Ok(()) };
    connections::closed(tx.sql(), connection, tx.now)?;
    timers::set(tx.sql(), Timer::Sweep, "", tx.now.plus_ms(connections::KEPT_MS + 1_000))?;
    pings::unproven(tx, connection)?;
    match &known.kind {
        Kind::Call { left, .. } => {
            // What came while its answer went out has waited for this.
            tx.deliver = true;
            if *left == WhenLeft::Cancelled {
                end_waits(tx, connection)?;
            }
            let arrived = standing(tx, connection, "NOT NULL")?;
            tx.report(Report::Received { copies: arrived.copies })?;
            let lost = standing(tx, connection, "NULL")?;
            take_back(tx, known.session, lost)?;
            // Once: by the next time they may be on their way elsewhere.
            tx.sql().exec("UPDATE answers SET deliveries = '' WHERE connection = ?", &[connection.to_string().into()])?;
        }
        Kind::Listen { .. } => subscriptions::clear(tx.sql(), connection)?,
        Kind::Sse | Kind::Session | Kind::Http => {}
    }
    presence::gone(tx, &known.agent)?;
    // A client that reconnected in silence, before this stream was found broken, goes on from here.
    if known.kind == Kind::Sse
        && known.phase == Phase::Ready
        && known.heir.is_none()
        && let Some(heir) = connections::orphan_of(tx.sql(), &known, tx.now)?
    {
        inherit(tx, connection, heir)?;
    }
    Ok(())
}

/// What stands in the answers of a stream that were written before it ended, or that were not.
fn standing<S: Sql>(tx: &Transaction<S>, connection: SessionId, written_at_is: &str) -> Result<Given, Problem> {
    let query = format!("SELECT deliveries FROM answers WHERE connection = ? AND written_at IS {written_at_is}");
    let mut standing = Given::default();
    for row in tx.sql().exec(&query, &[connection.to_string().into()])? {
        standing = standing.and(Given::read(row.text(0)?)?);
    }
    Ok(standing)
}

/// What a socket that was dialled again must be told once more: the Worker leaves out what it has written already.
pub fn repeat_unproven<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    for (ping, copies) in pings::waiting(tx, connection)? {
        for (index, copy) in copies {
            if let Some(delivery) = looked(tx, tx.store().delivery(copy.delivery))?
                && delivery.route == Some(Route::Channel)
                && delivery.last_copy() == copy
            {
                let line = pushed(tx, &delivery, copy, &ping.event_id(index))?;
                tx.say(connection, line);
            }
        }
        ping.wait(tx)?;
        tx.say(connection, ping.line());
    }
    match connections::find(tx.sql(), connection)? {
        Some(connection) => repeat_answers(tx, &connection),
        None => Ok(()),
    }
}

/// Sends what a stream still owes its client: answers, and the progress of calls that wait.
pub fn repeat_answers<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    let id: Value = connection.id.to_string().into();
    let rows = tx.sql().exec("SELECT id, json FROM answers WHERE connection = ? ORDER BY id", std::slice::from_ref(&id))?;
    for row in rows {
        let id = row.count(0)?;
        let mut text = row.text(1)?.to_owned();
        for part in tx.sql().exec("SELECT json FROM answer_parts WHERE answer = ? ORDER BY part", &[id.into()])? {
            text.push_str(part.text(0)?);
        }
        tx.say(connection.id, answer_line(connection, id, &text));
    }
    let waits = tx.sql().exec("SELECT request, progress FROM waits WHERE connection = ?", &[id])?;
    for row in waits {
        if let Some(progress) = row.optional_text(1)? {
            tx.say(connection.id, progress_line(row.text(0)?, progress));
        }
    }
    Ok(())
}

/// Writes a comment: nothing to the client, but to a client that is gone it cannot be written, and that is noticed.
pub fn nudge<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let key = format!("n{}", random::id(tx.now)?);
    tx.say(connection, Down::Write { key, cursor: None, text: sse::KEEPALIVE.to_owned() });
    Ok(())
}

/// A connection goes on from a broken one: it gets the answers and the waiting calls that were left.
pub fn take_over<S: Sql>(tx: &mut Transaction<S>, from: SessionId, to: SessionId) -> Result<(), Problem> {
    // Nobody will take the broken one up any more: what it was given and did not prove to have waits again.
    lose(tx, from)?;
    inherit(tx, from, to)
}

pub(super) fn inherit<S: Sql>(tx: &mut Transaction<S>, from: SessionId, to: SessionId) -> Result<(), Problem> {
    timers::clear(tx.sql(), Timer::Lost, &from.to_string())?;
    let waits = tx.sql().exec("SELECT request, deadline FROM waits WHERE connection = ?", &[from.to_string().into()])?;
    for row in waits {
        let request = row.text(0)?;
        timers::clear(tx.sql(), Timer::Wait, &format!("{from} {request}"))?;
        timers::set(tx.sql(), Timer::Wait, &format!("{to} {request}"), Timestamp::from_ms(row.count(1)?))?;
    }
    connections::take_over(tx.sql(), from, to)?;
    let Some(to) = connections::find(tx.sql(), to)? else { return Ok(()) };
    repeat_answers(tx, &to)?;
    given_again(tx, &to)
}

/// What was handed over with answers that are sent once more is handed over with them again, and needs no push besides. What they only told of
/// was not: it may have been named by its id, and its own way is lost. A client whose request failed as the stream broke waits for no answer
/// to it, and its pong says the same as another's: so the next result names what stands here.
fn given_again<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    let rows = tx
        .sql()
        .exec("SELECT id, deliveries FROM answers WHERE connection = ? AND deliveries <> ''", &[connection.id.to_string().into()])?;
    let mut copies = Vec::new();
    for row in rows {
        let before = Given::read(row.text(1)?)?;
        let ids: Vec<_> = before.copies.iter().map(|copy| copy.delivery).collect();
        let given = hand_over(tx, connection, &ids, Route::Result)?.and(Given { told: before.told, ..Given::default() });
        tx.sql().exec("UPDATE answers SET deliveries = ? WHERE id = ?", &[given.write().into(), row.count(0)?.into()])?;
        copies.extend(given.copies);
    }
    if copies.is_empty() { Ok(()) } else { ping(tx, connection.id, &copies) }
}
