//! Sessions of Streamable HTTP clients (MCP 2025-03-26 to 2025-11-25): one row each, which outlives every stream, restart and deploy.
//!
//! There is no session to lose: one that this workspace does not know is taken as it is, since it is the token that says who asks. Only one
//! that its client has ended stays ended. Requests that name no session share one: that of their token's agent.

use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::AgentName;
use agentrq_core::time::Timestamp;

use super::connections::{self, Connection, HEARD_EVERY_MS, Kind, Phase};
use crate::sql::{Row, Sql, SqlError, Value};

/// How long one that nobody speaks in is remembered. One that is forgotten and spoken in again is taken up as if it were new.
const KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1000;
/// Sessions that are remembered of one token. Clients that never end theirs begin a new one at each start.
const SESSIONS_OF_TOKEN: u64 = 200;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub token: Id,
    pub agent: AgentName,
    pub state: State,
    /// When the client last spoke, to the second.
    pub heard_at: Timestamp,
    /// Another agent has spoken since.
    pub is_outdone: bool,
}

/// How far a session has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Of all requests of a token's agent that name no session: never set up, never ended.
    Shared,
    /// A new model is being set up.
    Initializing,
    /// It has been set up, and neither opened a stream nor called anything yet: there is no way to it.
    Initialized,
    Ready,
    /// By its client.
    Ended,
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Initializing => "initializing",
            Self::Initialized => "initialized",
            Self::Ready => "ready",
            Self::Ended => "ended",
        }
    }

    fn read(name: &str) -> Self {
        match name {
            "shared" => Self::Shared,
            "initializing" => Self::Initializing,
            "initialized" => Self::Initialized,
            "ended" => Self::Ended,
            _ => Self::Ready,
        }
    }
}

impl Session {
    pub fn new(id: SessionId, token: Id, agent: AgentName, state: State, now: Timestamp) -> Self {
        Self { id, token, agent, state, heard_at: now, is_outdone: false }
    }

    /// The session as what its tools run on: no stream, but where its requests are answered.
    pub fn connection(&self) -> Connection {
        Connection { phase: self.phase(), ..Connection::opened(self.id, Kind::Http, self.token, self.agent.clone(), self.heard_at) }
    }

    /// A stream of the session that has just been opened.
    pub fn stream(&self, id: SessionId, kind: Kind, now: Timestamp) -> Connection {
        Connection { session: self.id, phase: self.phase(), ..Connection::opened(id, kind, self.token, self.agent.clone(), now) }
    }

    fn phase(&self) -> Phase {
        if self.state == State::Initializing { Phase::Initializing } else { Phase::Ready }
    }
}

const COLUMNS: &str = "id, token, agent, phase, heard_at, EXISTS (
    SELECT 1 FROM connections other WHERE other.is_live = 1 AND other.agent <> sessions.agent AND other.heard_at >= sessions.heard_at)";

fn session(row: &Row) -> Result<Session, SqlError> {
    Ok(Session {
        id: connections::id(row, 0)?,
        token: connections::id(row, 1)?,
        agent: AgentName::new(row.text(2)?).map_err(|why| SqlError(why.to_string()))?,
        state: State::read(row.text(3)?),
        heard_at: Timestamp::from_ms(row.count(4)?),
        is_outdone: row.integer(5)? == 1,
    })
}

pub fn find(sql: &impl Sql, id: SessionId) -> Result<Option<Session>, SqlError> {
    sql.first(&format!("SELECT {COLUMNS} FROM sessions WHERE id = ?"), &[id.to_string().into()])?.as_ref().map(session).transpose()
}

/// The session that requests without one share.
pub fn shared(sql: &impl Sql, token: Id, agent: &AgentName) -> Result<Option<Session>, SqlError> {
    let found = sql.first(
        &format!("SELECT {COLUMNS} FROM sessions WHERE token = ? AND agent = ? AND phase = 'shared'"),
        &[token.to_string().into(), agent.as_str().into()],
    )?;
    found.as_ref().map(session).transpose()
}

/// Adds a session, and forgets the one of its token that has been silent longest when there are too many.
pub fn insert(sql: &impl Sql, session: &Session) -> Result<(), SqlError> {
    let at: Value = session.heard_at.ms().into();
    sql.exec(
        "INSERT INTO sessions (id, token, agent, opened_at, heard_at, phase) VALUES (?, ?, ?, ?, ?, ?)",
        &[
            session.id.to_string().into(),
            session.token.to_string().into(),
            session.agent.as_str().into(),
            at.clone(),
            at,
            session.state.name().into(),
        ],
    )?;
    sql.exec(
        "DELETE FROM sessions WHERE id IN (
           SELECT id FROM sessions WHERE token = ? AND phase <> 'shared' ORDER BY heard_at DESC, id DESC LIMIT -1 OFFSET ?)",
        &[session.token.to_string().into(), SESSIONS_OF_TOKEN.into()],
    )?;
    Ok(())
}

/// Notes how far the session has come.
pub fn reached(sql: &impl Sql, id: SessionId, state: State) -> Result<(), SqlError> {
    sql.exec("UPDATE sessions SET phase = ? WHERE id = ?", &[state.name().into(), id.to_string().into()])?;
    Ok(())
}

/// Notes that the client spoke: at most once a second, unless that makes its agent the one that was active last, which routing asks.
/// Returns whether it was noted.
pub fn heard(sql: &impl Sql, session: &Session, now: Timestamp) -> Result<bool, SqlError> {
    let is_due = session.is_outdone || now.ms().saturating_sub(session.heard_at.ms()) >= HEARD_EVERY_MS;
    if is_due {
        sql.exec("UPDATE sessions SET heard_at = ? WHERE id = ?", &[now.ms().into(), session.id.to_string().into()])?;
        connections::session_heard(sql, session.id, now)?;
    }
    Ok(is_due)
}

/// When a client of this agent last spoke in any session that has not ended, to the second.
pub fn last_heard(sql: &impl Sql, agent: &AgentName) -> Result<Option<Timestamp>, SqlError> {
    let row = sql.first("SELECT max(heard_at) FROM sessions WHERE agent = ? AND phase <> 'ended'", &[agent.as_str().into()])?;
    Ok(row.map_or(Ok(None), |row| row.optional_count(0))?.map(Timestamp::from_ms))
}

/// Forgets sessions that nobody has spoken in for long, and what is remembered of calls in forgotten ones.
pub fn sweep(sql: &impl Sql, now: Timestamp) -> Result<(), SqlError> {
    let before = now.ms().saturating_sub(KEPT_MS);
    sql.exec(
        "DELETE FROM sessions WHERE heard_at < ? AND id NOT IN (SELECT session FROM connections WHERE is_live = 1)",
        &[before.into()],
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn begun(db: &rusqlite::Connection, n: u32, state: State) -> Session {
        let id = SessionId(Id::new(NOW.ms(), n));
        let agent = AgentName::new("laptop").expect("a name");
        let session = Session::new(id, Id::new(NOW.ms(), 0), agent, state, NOW.plus_ms(u64::from(n)));
        insert(db, &session).expect("inserted");
        session
    }

    #[test]
    fn of_too_many_sessions_of_a_token_the_one_silent_longest_is_forgotten_and_the_shared_one_never() {
        let db = memory();
        crate::workspace::made_for_tests(&db);
        let shared_one = begun(&db, 1, State::Shared);
        let first = begun(&db, 2, State::Ready);
        for n in 0..SESSIONS_OF_TOKEN {
            assert_eq!(find(&db, first.id).map(|found| found.is_some()), Ok(true), "after {n}");
            begun(&db, 3 + u32::try_from(n).expect("few"), State::Initializing);
        }
        assert_eq!(find(&db, first.id), Ok(None));
        assert_eq!(shared(&db, shared_one.token, &shared_one.agent), Ok(Some(shared_one)));
    }

    #[test]
    fn a_session_that_was_ended_is_remembered_as_such_until_it_is_old() {
        let db = memory();
        crate::workspace::made_for_tests(&db);
        let session = begun(&db, 1, State::Ready);
        reached(&db, session.id, State::Ended).expect("ended");
        sweep(&db, NOW.plus_ms(KEPT_MS)).expect("swept");
        assert_eq!(find(&db, session.id).map(|found| found.map(|it| it.state)), Ok(Some(State::Ended)));
        sweep(&db, NOW.plus_ms(KEPT_MS + 1_000)).expect("swept");
        assert_eq!(find(&db, session.id), Ok(None));
    }
}
