//! Whether an agent is there: it holds a stream, or it has made a request over Streamable HTTP a moment ago.

use agentrq_core::Report;
use agentrq_core::model::AgentName;

use super::connections;
use super::sessions::{self, Session};
use super::timers::{self, Timer};
use super::transaction::Transaction;
use crate::problem::Problem;
use crate::sql::Sql;

/// How long an agent that holds no stream is taken to be there after a request.
const AWAY_MS: u64 = 60_000;

/// The client of a session makes a request. Noted once a second at most, like the time itself.
pub fn asked<S: Sql>(tx: &mut Transaction<S>, session: &Session) -> Result<(), Problem> {
    let is_new = session.heard_at == tx.now;
    if !(sessions::heard(tx.sql(), session, tx.now)? || is_new) || connections::is_present(tx.sql(), &session.agent)? {
        return Ok(());
    }
    tx.report(Report::Connected { agent: session.agent.clone() })?;
    Ok(timers::set(tx.sql(), Timer::Away, session.agent.as_str(), tx.now.plus_ms(AWAY_MS))?)
}

/// A stream of this agent has ended, or it has not been heard for long: is it away?
pub fn gone<S: Sql>(tx: &mut Transaction<S>, agent: &AgentName) -> Result<(), Problem> {
    if connections::is_present(tx.sql(), agent)? {
        return Ok(());
    }
    match sessions::last_heard(tx.sql(), agent)?.map(|heard| heard.plus_ms(AWAY_MS)).filter(|until| *until > tx.now) {
        Some(until) => timers::set(tx.sql(), Timer::Away, agent.as_str(), until)?,
        None => {
            tx.report(Report::Disconnected { agent: agent.clone() })?;
            tx.watch(agent)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::{Id, SessionId};
    use agentrq_core::model::Presence;
    use agentrq_core::time::Timestamp;
    use agentrq_core::view::View;

    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::inbox::looked;
    use crate::workspace::made_for_tests;
    use crate::workspace::sessions::State;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn presence(tx: &Transaction<&rusqlite::Connection>, agent: &AgentName) -> Option<Presence> {
        looked(tx, tx.store().agent(agent)).expect("looked").map(|agent| agent.presence)
    }

    #[test]
    fn an_agent_that_only_makes_requests_is_there_until_a_minute_after_the_last() {
        let db = memory();
        made_for_tests(&db);
        let agent = AgentName::new("laptop").expect("a name");
        let session = Session::new(SessionId(Id::new(NOW.ms(), 1)), Id::new(NOW.ms(), 2), agent.clone(), State::Shared, NOW);
        sessions::insert(&db, &session).expect("inserted");
        let at = |ms| Transaction::begin(&db, NOW.plus_ms(ms)).expect("begun");
        let mut tx = at(0);
        asked(&mut tx, &session).expect("asked");
        assert_eq!(presence(&tx, &agent), Some(Presence::Connected));
        let mut tx = at(30_000);
        asked(&mut tx, &session).expect("asked again");
        let mut tx = at(60_000);
        gone(&mut tx, &agent).expect("looked after the first request");
        assert_eq!(presence(&tx, &agent), Some(Presence::Connected));
        assert_eq!(timers::next(&db), Ok(Some(NOW.plus_ms(90_000))));
        let mut tx = at(90_000);
        gone(&mut tx, &agent).expect("looked after the last");
        assert_eq!(presence(&tx, &agent), Some(Presence::Disconnected));
    }
}
