//! What agents read, with a tool or as a resource: what stands in it is given to whoever reads.

use agentrq_core::dialect::hitl;
use agentrq_core::id::DeliveryId;
use agentrq_core::model::{AgentName, Message, Route};
use agentrq_core::view::View;
use serde_json::Value;

use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::connections::Connection;
use crate::workspace::inbox::{self, Given, looked};
use crate::workspace::open_tasks;
use crate::workspace::transaction::Transaction;

/// The workspace, as an agent reads it.
pub fn workspace<S: Sql>(tx: &Transaction<S>, agent: &AgentName) -> Result<Value, Problem> {
    let workspace = looked(tx, tx.store().workspace())?;
    Ok(hitl::workspace(&workspace, agent, open_tasks::counts(tx.sql())?))
}

/// These messages stand in what the connection reads: the deliveries of those that are meant for its agent are given to it.
pub fn given_with<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, messages: &[Message]) -> Result<Given, Problem> {
    let mut ids = Vec::new();
    for message in messages {
        let delivery = looked(tx, tx.store().delivery(DeliveryId(message.id.0)))?;
        ids.extend(delivery.filter(|it| it.agent.as_ref().is_none_or(|to| *to == connection.agent)).map(|it| it.id));
    }
    inbox::give(tx, connection, &ids, Route::Result)
}
