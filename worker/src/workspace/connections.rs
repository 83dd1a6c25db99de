//! The streams that agents hold, and what is left of those they held: one row each.
//!
//! A connection is a stream; a session is the model behind it. A client over HTTP+SSE that reconnects in silence gets a new connection
//! and keeps its session; one that says `initialize` begins a new session. A client over Streamable HTTP names its session itself
//! ([`super::sessions`]), and each of its streams is a connection of that session.

use agentrq_core::decide::{Holder, Reader};
use agentrq_core::id::{DeliveryId, Id, SessionId};
use agentrq_core::mcp::jsonrpc::RequestId;
use agentrq_core::model::{AgentName, RUNNER};
use agentrq_core::time::Timestamp;

use crate::sql::{Row, Sql, SqlError, Value};

/// How long a broken connection can be taken up again.
pub const KEPT_MS: u64 = 10 * 60 * 1000;
/// How exactly it is known when a client last spoke.
pub(super) const HEARD_EVERY_MS: u64 = 1_000;
/// How long a stream that begins in silence may wait for the one before it to be found broken: two pongs, and some more.
const ORPHAN_MS: u64 = 30 * 1000;
/// Streams that one token may hold at once.
pub const STREAMS_OF_TOKEN: u64 = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Names the stream: it stands in the URL to which a client over HTTP+SSE posts, and in the ids of a stream's events.
    pub id: SessionId,
    pub kind: Kind,
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

impl Connection {
    /// A stream that has just been opened, on which nobody has spoken.
    pub fn opened(id: SessionId, kind: Kind, token: Id, agent: AgentName, now: Timestamp) -> Self {
        Self { id, kind, session: id, token, agent, is_live: true, phase: Phase::Opened, heard_at: now, is_outdone: false, heir: None }
    }
}

/// What a connection is to its client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// HTTP+SSE: all that the server says comes on this stream.
    Sse,
    /// A stream of a Streamable HTTP session, for what the server says unasked.
    Session,
    /// The answer to one request, over Streamable HTTP: the stream ends with it.
    Call { request: RequestId, left: WhenLeft },
    /// What a client asked to be told of, with `subscriptions/listen`.
    Listen { request: RequestId },
    /// No stream at all: a session whose requests are answered in the responses to them.
    Http,
}

/// What it means that the client of a request's stream has gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenLeft {
    /// It may come back and resume the stream (to 2025-11-25).
    Resumable,
    /// It has cancelled the request (from 2026-07-28 on).
    Cancelled,
}

impl Kind {
    fn name(&self) -> &'static str {
        match self {
            Self::Sse => "sse",
            Self::Session => "get",
            Self::Call { .. } => "call",
            Self::Listen { .. } => "listen",
            Self::Http => "http",
        }
    }

    fn request(&self) -> Option<&RequestId> {
        match self {
            Self::Call { request, .. } | Self::Listen { request } => Some(request),
            Self::Sse | Self::Session | Self::Http => None,
        }
    }

    fn ends_with_client(&self) -> bool {
        matches!(self, Self::Listen { .. } | Self::Call { left: WhenLeft::Cancelled, .. })
    }

    fn read(name: &str, request: Option<&str>, ends_with_client: bool) -> Result<Self, SqlError> {
        let request = || {
            let value = serde_json::from_str(request.unwrap_or_default()).ok();
            value.as_ref().and_then(RequestId::from_value).ok_or_else(|| SqlError(format!("a {name} stream answers no request")))
        };
        let left = if ends_with_client { WhenLeft::Cancelled } else { WhenLeft::Resumable };
        Ok(match name {
            "get" => Self::Session,
            "call" => Self::Call { request: request()?, left },
            "listen" => Self::Listen { request: request()? },
            _ => Self::Sse,
        })
    }
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
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Initializing => "initializing",
            Self::Ready => "ready",
        }
    }

    pub(super) fn read(name: &str) -> Self {
        match name {
            "ready" => Self::Ready,
            "initializing" => Self::Initializing,
            _ => Self::Opened,
        }
    }
}

const COLUMNS: &str = "id, session, token, agent, is_live, phase, heir, heard_at, EXISTS (
    SELECT 1 FROM connections other
    WHERE other.is_live = 1 AND other.agent <> connections.agent AND other.heard_at >= connections.heard_at), kind, request, ends_with_client";

fn connection(row: &Row) -> Result<Connection, SqlError> {
    Ok(Connection {
        id: id(row, 0)?,
        kind: Kind::read(row.text(9)?, row.optional_text(10)?, row.integer(11)? == 1)?,
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
        connection.kind.name().into(),
        connection.kind.request().map(|request| request.as_value().to_string()).into(),
        connection.kind.ends_with_client().into(),
    ];
    sql.exec(
        "INSERT INTO connections (id, session, token, agent, opened_at, heard_at, is_live, phase, closed_at, kind, request, ends_with_client)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
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

/// A stream on which somebody listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub connection: SessionId,
    pub takes: Takes,
}

/// What can be given over a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    Pushes,
    /// Nothing but the answer to the call that waits on it.
    Answer,
}

/// The streams over which something can be given to who may hear it, as routing sees them.
pub fn listeners(sql: &impl Sql) -> Result<(Vec<Listener>, Vec<Holder>), SqlError> {
    let rows = sql.exec(
        "SELECT id, session, agent, opened_at, heard_at, kind, had,
           (SELECT json_extract(a.json, '$.client.name') FROM agents a WHERE a.name = connections.agent) FROM connections
         WHERE is_live = 1 AND phase = 'ready' AND kind <> 'listen'
         AND (kind <> 'call' OR EXISTS (SELECT 1 FROM waits w WHERE w.connection = connections.id AND w.task IS NULL))
         AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = token AND t.hears = 0) ORDER BY opened_at",
        &[],
    )?;
    let read = |row: &Row| {
        let holder = Holder {
            session: id(row, 1)?,
            agent: AgentName::new(row.text(2)?).map_err(|why| SqlError(why.to_string()))?,
            opened_at: Timestamp::from_ms(row.count(3)?),
            active_at: Timestamp::from_ms(row.count(4)?),
            reader: match row.optional_text(7)? {
                Some(RUNNER) => Reader::Program,
                _ => Reader::Model,
            },
            had: row
                .text(6)?
                .split_whitespace()
                .map(|id| id.parse().map_err(|error| SqlError(format!("{error}"))))
                .collect::<Result<_, _>>()?,
        };
        let takes = if row.text(5)? == "call" { Takes::Answer } else { Takes::Pushes };
        Ok((Listener { connection: id(row, 0)?, takes }, holder))
    };
    Ok(rows.iter().map(read).collect::<Result<Vec<_>, SqlError>>()?.into_iter().unzip())
}

/// What this session was given is owed to another: streams of its own that are held do not show it again.
pub fn had(sql: &impl Sql, session: SessionId, delivery: DeliveryId) -> Result<(), SqlError> {
    sql.exec(
        "UPDATE connections SET had = trim(had || ' ' || ?) WHERE session = ? AND is_live = 1",
        &[delivery.to_string().into(), text(session)],
    )?;
    Ok(())
}

/// The sessions of every other agent that hold a stream.
pub fn sessions_of_others(sql: &impl Sql, agent: &AgentName) -> Result<Vec<SessionId>, SqlError> {
    let rows = sql.exec("SELECT DISTINCT session FROM connections WHERE is_live = 1 AND agent <> ?", &[agent.as_str().into()])?;
    rows.iter().map(|row| id(row, 0)).collect()
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
        "SELECT id FROM connections WHERE token = ? AND agent = ? AND is_live = 1 AND phase = 'ready' AND kind = 'sse' AND id <> ?",
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
            "SELECT {COLUMNS} FROM connections WHERE token = ? AND agent = ? AND is_live = 0 AND phase = 'ready' AND kind = 'sse' AND heir IS NULL AND closed_at >= ?
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

/// A stream of this session for what the server says unasked: of several, the one opened last.
pub fn stream_of(sql: &impl Sql, session: SessionId) -> Result<Option<SessionId>, SqlError> {
    let row = sql.first(
        "SELECT id FROM connections WHERE session = ? AND is_live = 1 AND phase = 'ready' AND kind IN ('sse', 'get') ORDER BY opened_at DESC LIMIT 1",
        &[text(session)],
    )?;
    row.map(|row| id(&row, 0)).transpose()
}

/// The streams of a session that are held, or whose client may come back.
pub fn of_session(sql: &impl Sql, session: SessionId) -> Result<Vec<Connection>, SqlError> {
    sql.exec(&format!("SELECT {COLUMNS} FROM connections WHERE session = ?"), &[text(session)])?.iter().map(connection).collect()
}

/// The streams of a token that are held.
pub fn live_of_token(sql: &impl Sql, token: Id) -> Result<Vec<Connection>, SqlError> {
    let rows = sql.exec(&format!("SELECT {COLUMNS} FROM connections WHERE is_live = 1 AND token = ?"), &[token.to_string().into()])?;
    rows.iter().map(connection).collect()
}

/// Notes that the client of a session spoke, on all streams that it holds.
pub fn session_heard(sql: &impl Sql, session: SessionId, now: Timestamp) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET heard_at = ? WHERE session = ? AND is_live = 1", &[now.ms().into(), text(session)])?;
    Ok(())
}

/// The session's client has been set up: what is pushed on its streams finds it.
pub fn session_ready(sql: &impl Sql, session: SessionId) -> Result<(), SqlError> {
    sql.exec("UPDATE connections SET phase = 'ready' WHERE session = ?", &[text(session)])?;
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
    sql.exec("DELETE FROM subscriptions WHERE subscriber NOT IN (SELECT session FROM connections UNION ALL SELECT id FROM sessions)", &[])?;
    sql.exec("DELETE FROM log_levels WHERE session NOT IN (SELECT session FROM connections UNION ALL SELECT id FROM sessions)", &[])?;
    sql.exec("DELETE FROM shown WHERE session NOT IN (SELECT session FROM connections UNION ALL SELECT id FROM sessions)", &[])?;
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
        let connection = Connection { phase: Phase::Ready, ..Connection::opened(id, Kind::Sse, token, agent, at) };
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
