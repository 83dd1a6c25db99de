//! A new model listens: what earlier sessions of its agent were given and never acted on is owed to it.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::model::AgentName;
use agentrq_core::view::{Unseen, View};

use super::answers::being_written;
use super::reading::looked;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::connections;
use crate::workspace::transaction::Transaction;

/// A session begins. Streams of sessions before it that are still held do not show again what is owed to this one.
pub fn begins<S: Sql>(tx: &mut Transaction<S>, agent: &AgentName, session: SessionId) -> Result<(), Problem> {
    let elsewhere = connections::sessions_of_others(tx.sql(), agent)?;
    let in_answers = being_written(tx.sql(), agent)?;
    let is_program = looked(tx, tx.store().agent(agent))?.is_some_and(|agent| agent.is_program());
    for owed in looked(tx, tx.store().unseen(Unseen::OwedTo { agent, session }))? {
        let is_named = owed.agent.is_some();
        if in_answers.contains(&owed.last_copy()) {
            continue;
        }
        if let Some(before) = owed.session.filter(|with| (is_named || !is_program) && !elsewhere.contains(with)) {
            connections::had(tx.sql(), before, owed.id)?;
        }
    }
    tx.report(Report::SessionStarted { agent: agent.clone(), session, elsewhere, in_answers })?;
    Ok(())
}
