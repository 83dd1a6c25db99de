//! A new model listens: what earlier sessions of its agent were given and never acted on is owed to it.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::model::AgentName;
use agentrq_core::view::{Unseen, View};

use super::reading::looked;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::connections;
use crate::workspace::transaction::Transaction;

/// A session begins. Streams of sessions before it that are still held do not show again what is owed to this one.
pub fn begins<S: Sql>(tx: &mut Transaction<S>, agent: &AgentName, session: SessionId) -> Result<(), Problem> {
    let elsewhere = connections::sessions_of_others(tx.sql(), agent)?;
    for owed in looked(tx, tx.store().unseen(Unseen::OwedTo { agent, session }))? {
        if let Some(before) = owed.session.filter(|with| !elsewhere.contains(with)) {
            connections::had(tx.sql(), before, owed.id)?;
        }
    }
    tx.report(Report::SessionStarted { agent: agent.clone(), session, elsewhere })?;
    Ok(())
}
