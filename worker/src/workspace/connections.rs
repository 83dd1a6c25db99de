//! The streams that agents hold, and what is left of those they held: one row each.
//!
//! A connection is a stream; a session is the model behind it. A client that reconnects in silence gets a new
//! connection and keeps its session; one that says `initialize` begins a new session.

use agentrq_core::decide::Holder;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::AgentName;
use agentrq_core::time::Timestamp;

use crate::sql::{Row, Sql, SqlError, Value};

/// How long a broken connection can be taken up again.
pub const KEPT_MS: u64 = 10 * 60 * 1000;
/// How exactly it is known when a client last spoke.
const HEARD_EVERY_MS: u64 = 1_000;
/// How long a stream that begins in silence may wait for the one before it to be found broken: two pongs, and some more.
const ORPHAN_MS: u64 = 30 * 1000;
/// Streams that one token may hold at once.
pub const STREAMS_OF_TOKEN: u64 = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Names the stream; it stands in the URL to which the client posts.
    pub id: SessionId,
    pub session: SessionId,
    pub token: Id,
    pub agent: AgentName,
    pub is_live: bool,
    pub phase: Phase,
    /// When the client last spoke, to the second.
    pub heard_at: Timestamp,
    /// Another agent has spoken since.
    pub is_outdone: bool,
    /// The connection that goes on from this one.
    pub heir: Option<SessionId>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody has spoken on it: a new client, or one that reconnected in silence.
    Opened,
    /// A client said `initialize`: a new model is being set up.
    Initializing,
    /// Somebody listens: what is pushed finds them.
    Ready,
}

impl Phase {
    fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Initializing => "initializing",
            Self::Ready => "ready",
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "ready" => Self::Ready,
            "initializing" => Self::Initializing,
            _ => Self::Opened,
        }
    }
}

const COLUMNS: &str = "id, session, token, agent, is_live, phase, heir, heard_at, EXISTS (
    SELECT 1 FROM connections other
    WHERE other.is_live = 1 AND other.agent <> connections.agent AND other.heard_at >= connections.heard_at)";

fn connection(row: &Row) -> Result<Connection, SqlError> {
    Ok(Connection {
        id: id(row, 0)?,
        session: id(row, 1)?,
        token: id(row, 2)?,
        agent: AgentName::new(row.text(3)?).map_err(|why| SqlError(why.to_string()))?,
        is_live: row.integer(4)? == 1,
        phase: Phase::read(row.text(5)?),
        heard_at: Timestamp::from_ms(row.count(7)?),
        is_outdone: row.integer(8)? == 1,
        heir: row.optional_text(6)?.map(|id| id.parse().map_err(|error| SqlError(format!("{error}")))).transpose()?,
    })
}

/// An id out of a column.
pub(super) fn id<T: std::str::FromStr<Err = agentrq_core::id::InvalidId>>(row: &Row, column: usize) -> Result<T, SqlError> {
    row.text(column)?.parse().map_err(|error| SqlError(format!("{error}")))
}

fn text(id: SessionId) -> Value {
    id.to_string().into()
}

/// Adds a connection whose stream has just been opened, or which only ever posts.
pub fn insert(sql: &impl Sql, connection: &Connection, now: Timestamp) -> Result<(), SqlError> {
    let closed_at = (!connection.is_live).then_some(now.ms());
    let args = [
        text(connection.id),
        text(connection.session),
        connection.token.to_string().into(),
        connection.agent.as_str().into(),
        now.ms().into(),
        now.ms().into(),
        connection.is_live.into(),
        connection.phase.name().into(),
        closed_at.into(),
    ];
    sql.exec(
        "INSERT INTO connections (id, session, token, agent, opened_at, heard_at, is_live, phase, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        &args,
    )?;
    Ok(())
}

pub fn find(sql: &impl Sql, id: SessionId) -> Result<Option<Connection>, SqlError> {
    sql.first(&format!("SELECT {COLUMNS} FROM connections WHERE id = ?"), &[text(id)])?.as_ref().map(connection).transpose()
}

/// Every connection whose stream is held.
pub fn live(sql: &impl Sql) -> Result<Vec<Connection>, SqlError> {
    sql.exec(&format!("SELECT {COLUMNS} FROM connections WHERE is_live = 1"), &[])?.iter().map(connection).collect()
}

/// How many streams a token holds.
pub fn streams_of(sql: &impl Sql, token: Id) -> Result<u64, SqlError> {
    let row = sql.first("SELECT count(*) FROM connections WHERE is_live = 1 AND token = ?", &[token.to_string().into()])?;
    row.map_or(Ok(0), |row| row.count(0))
}

/// Does the agent hold a stream?
pub fn is_present(sql: &impl Sql, agent: &AgentName) -> Result<bool, SqlError> {
    Ok(sql.first("SELECT 1 FROM connections WHERE is_live = 1 AND agent = ? LIMIT 1", &[agent.as_str().into()])?.is_some())
}

/// The streams on which somebody listens who may hear what people answer, with the connection of each, for routing.
pub fn holders(sql: &impl Sql) -> Result<Vec<(SessionId, Holder)>, SqlError> {
    let rows = sql.exec(
        "SELECT id, session, agent, opened_at, heard_at FROM connections WHERE is_live = 1 AND phase = 'ready'
         AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = token AND t.hears = 0) ORDER BY opened_at",
        &[],
    )?;
    let holder = |row: &Row| {
        let holder = Holder {
            session: id(row, 1)?,
            agent: AgentName::new(row.text(2)?).map_err(|why| SqlError(why.to_string()))?,
            opened_at: Timestamp::from_ms(row.count(3)?),
            active_at: Timestamp::from_ms(row.count(4)?),
        };
        Ok((id(row, 0)?, holder))
    };
    rows.iter().map(holder).collect()
}

/// Notes that the client spoke: at most once a second, unless that makes its agent the one that was active last, which routing asks.
pub fn heard(sql: &impl Sql, connection: &Connection, now: Timestamp) -> Result<(), SqlError> {
    if connection.is_outdone || now.ms().saturating_sub(connection.heard_at.ms()) >= HEARD_EVERY_MS {
        sql.exec("UPDATE connections SET heard_at = ? WHERE id = ?", &[now.ms().into(), text(connection.id)])?;
    }
    Ok(())
}

/// Notes how far the connection has come, and as which session.
pub fn reached(sql: &impl Sql, id: SessionId, phase: Phase, session: SessionId) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET phase = ?, session = ? WHERE id = ?", &[phase.name().into(), text(session), text(id)])?;
    Ok(())
}

/// Notes that the stream is held again.
pub fn resumed(sql: &impl Sql, id: SessionId) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET is_live = 1, closed_at = NULL WHERE id = ?", &[text(id)])?;
    Ok(())
}

/// Notes that nobody holds the stream.
pub fn closed(sql: &impl Sql, id: SessionId, now: Timestamp) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET is_live = 0, closed_at = coalesce(closed_at, ?) WHERE id = ?", &[now.ms().into(), text(id)])?;
    Ok(())
}

/// The other streams on which a client of the same token and agent listens, or seems to.
pub fn beside(sql: &impl Sql, connection: &Connection) -> Result<Vec<SessionId>, SqlError> {
    let rows = sql.exec(
        "SELECT id FROM connections WHERE token = ? AND agent = ? AND is_live = 1 AND phase = 'ready' AND id <> ?",
        &[connection.token.to_string().into(), connection.agent.as_str().into(), text(connection.id)],
    )?;
    rows.iter().map(|row| id(row, 0)).collect()
}

/// Notes that somebody listens on it who must have had another stream before, which has not been found broken yet.
pub fn orphaned(sql: &impl Sql, id: SessionId) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET is_orphan = 1 WHERE id = ?", &[text(id)])?;
    Ok(())
}

/// The stream that has waited for this one to be found broken. One that has waited longer than a pong takes had another before it.
pub fn orphan_of(sql: &impl Sql, broken: &Connection, now: Timestamp) -> Result<Option<SessionId>, SqlError> {
    let row = sql.first(
        "SELECT id FROM connections WHERE token = ? AND agent = ? AND is_live = 1 AND is_orphan = 1 AND id <> ? AND opened_at >= ? ORDER BY opened_at LIMIT 1",
        &[broken.token.to_string().into(), broken.agent.as_str().into(), text(broken.id), now.ms().saturating_sub(ORPHAN_MS).into()],
    )?;
    row.map(|row| id(&row, 0)).transpose()
}

/// The connection that a silent reconnect of this agent goes on from: of those of its token that broke, the one opened last.
pub fn left_behind(sql: &impl Sql, token: Id, agent: &AgentName, now: Timestamp) -> Result<Option<Connection>, SqlError> {
    let since = now.ms().saturating_sub(KEPT_MS);
    let found = sql.first(
        &format!(
            "SELECT {COLUMNS} FROM connections WHERE token = ? AND agent = ? AND is_live = 0 AND phase = 'ready' AND heir IS NULL AND closed_at >= ?
             ORDER BY opened_at DESC LIMIT 1"
        ),
        &[token.to_string().into(), agent.as_str().into(), since.into()],
    )?;
    found.as_ref().map(connection).transpose()
}

/// Gives what a broken connection left to the one that goes on from it. What is still posted to the broken one is the other's too.
pub fn take_over(sql: &impl Sql, from: SessionId, to: SessionId) -> Result<(), SqlError> {
    for table in ["answers", "waits"] {
        sql.exec(&format!("UPDATE OR REPLACE {table} SET connection = ? WHERE connection = ?"), &[text(to), text(from)])?;
    }
    sql.exec("UPDATE connections SET heir = ? WHERE id = ?", &[text(to), text(from)])?;
    sql.exec("UPDATE connections SET is_orphan = 0 WHERE id = ?", &[text(to)])?;
    Ok(())
}

/// Forgets connections that nobody will take up any more, with what they left.
pub fn sweep(sql: &impl Sql, now: Timestamp) -> Result<(), SqlError> {
    let before: Value = now.ms().saturating_sub(KEPT_MS).into();
    let gone = "SELECT id FROM connections WHERE is_live = 0 AND closed_at < ?";
    for table in ["answers", "waits", "pings"] {
        sql.exec(&format!("DELETE FROM {table} WHERE connection IN ({gone})"), std::slice::from_ref(&before))?;
    }
    sql.exec("DELETE FROM connections WHERE is_live = 0 AND closed_at < ?", std::slice::from_ref(&before))?;
    sql.exec("DELETE FROM shown WHERE session NOT IN (SELECT session FROM connections)", &[])?;
    sql.exec("DELETE FROM creations WHERE at < ?", &[before])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn opened(db: &rusqlite::Connection, random: u32, at: Timestamp) -> Connection {
        let id = SessionId(Id::new(at.ms(), random));
        let agent = AgentName::new("laptop").expect("a name");
        let token = Id::new(NOW.ms(), 7);
        let connection =
            Connection { id, session: id, token, agent, is_live: true, phase: Phase::Ready, heard_at: at, is_outdone: false, heir: None };
        insert(db, &connection, at).expect("inserted");
        connection
    }

    #[test]
    fn a_stream_waits_for_the_one_before_it_and_not_for_any_that_ends_later() {
        let db = memory();
        crate::workspace::made_for_tests(&db);
        let (lost, other) = (opened(&db, 1, NOW), opened(&db, 2, NOW));
        let silent = opened(&db, 3, NOW);
        orphaned(&db, silent.id).expect("noted");
        assert_eq!(orphan_of(&db, &lost, NOW.plus_ms(20_000)), Ok(Some(silent.id)));
        assert_eq!(orphan_of(&db, &other, NOW.plus_ms(60_000)), Ok(None));
        take_over(&db, lost.id, silent.id).expect("taken over");
        assert_eq!(orphan_of(&db, &other, NOW.plus_ms(20_000)), Ok(None));
    }

    #[test]
    fn of_broken_streams_the_one_opened_last_is_gone_on_from_and_only_once() {
        let db = memory();
        crate::workspace::made_for_tests(&db);
        let (first, second) = (opened(&db, 1, NOW), opened(&db, 2, NOW.plus_ms(1)));
        let silent = opened(&db, 3, NOW.plus_ms(2));
        // The first is found broken last.
        closed(&db, second.id, NOW.plus_ms(10)).expect("closed");
        closed(&db, first.id, NOW.plus_ms(20)).expect("closed");
        let left = |now| left_behind(&db, silent.token, &silent.agent, now).expect("looked").map(|found| found.id);
        assert_eq!(left(NOW.plus_ms(30)), Some(second.id));
        take_over(&db, second.id, silent.id).expect("taken over");
        assert_eq!(left(NOW.plus_ms(30)), Some(first.id));
        assert_eq!(left(NOW.plus_ms(30 + KEPT_MS)), None);
    }
}
