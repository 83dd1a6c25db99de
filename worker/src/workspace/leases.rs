//! Claims and their time: what becomes of them when the lease of their agent ends.

use agentrq_core::Report;
use agentrq_core::model::AgentName;

use super::transaction::Transaction;
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;

/// The lease of an agent's claims may have ended: what it holds is free again, unless it has been heard of since.
pub fn ended<S: Sql>(tx: &mut Transaction<S>, agent: &AgentName) -> Result<(), Problem> {
    let (id, lease_ms) = (random::id(tx.now)?, tx.lease_ms());
    tx.report(Report::Gone { id, agent: agent.clone(), lease_ms })?;
    tx.watch(agent)
}
