//! The ways by which something would reach an agent this moment. Read off the streams that are held, and kept nowhere: they come and go
//! with each call.

use std::collections::BTreeSet;

use agentrq_core::json::{Write, extended};
use agentrq_core::model::{Agent, Route};

use super::connections::{self, Takes};
use crate::sql::{Sql, SqlError};

/// An agent, with the ways to it, the quickest first. Whatever else there is, its next call of a tool brings it what waits.
#[derive(Debug)]
pub struct Reached {
    pub agent: Agent,
    pub reach: Vec<Route>,
}

impl Write for Reached {
    fn write(&self, to: &mut String) {
        extended(to, &self.agent, &[("reach", Some(&self.reach))]);
    }
}

/// The ways to each of these agents.
pub fn of(sql: &impl Sql, agents: Vec<Agent>) -> Result<Vec<Reached>, SqlError> {
    let (listeners, holders) = connections::listeners(sql)?;
    let listening = listeners.iter().zip(holders).filter(|(listener, _)| listener.takes == Takes::Pushes);
    let pushed: BTreeSet<String> = listening.map(|(_, holder)| holder.agent.into()).collect();
    let waiting = waiting(sql)?;
    let ways = |agent: &Agent| {
        let wait = waiting.contains(agent.name.as_str()).then_some(Route::Wait);
        let channel = pushed.contains(agent.name.as_str()).then_some(Route::Channel);
        [wait, channel, Some(Route::Result)].into_iter().flatten().collect()
    };
    Ok(agents.into_iter().map(|agent| Reached { reach: ways(&agent), agent }).collect())
}

/// The agents of which a call waits for a person, and which may hear one.
fn waiting(sql: &impl Sql) -> Result<BTreeSet<String>, SqlError> {
    let rows = sql.exec(
        "SELECT DISTINCT w.agent FROM waits w JOIN connections c ON c.id = w.connection
         WHERE c.is_live = 1 AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = c.token AND t.hears = 0)",
        &[],
    )?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}
