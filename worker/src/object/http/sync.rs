//! The sync over HTTP: commands up, a snapshot to begin from. Deltas go down the event stream.

use agentrq_core::cursor::Cursor;
use agentrq_core::model::{Actor, Agent};
use agentrq_core::sync::authority::{Admission, Batch, hash};
use agentrq_core::sync::delta::{Settled, Snapshot};
use agentrq_core::view::View;
use serde_json::json;
use worker::Response;

use super::{Asked, answer};
use crate::object::WorkspaceObject;
use crate::problem::Problem;
use crate::workspace::clients;
use crate::workspace::inbox::looked;
use crate::workspace::threads::{self, Filter};

/// Tasks that a snapshot holds; more come in pages.
const SNAPSHOT_TASKS: usize = 500;

impl WorkspaceObject {
    pub(super) fn agents(&self) -> Result<Vec<Agent>, Problem> {
        self.read(|tx| Ok(tx.store().many("SELECT json FROM agents ORDER BY name", &[])?))
    }

    pub(super) fn snapshot(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let me = asked.asker.actor()?;
        let page = threads::tasks(&self.sql(), &Filter { limit: SNAPSHOT_TASKS, ..Filter::default() })?;
        let agents = self.agents()?;
        let snapshot = self.read(|tx| {
            let deliveries = threads::deliveries_to_begin_with(tx.sql())?;
            Ok(Snapshot {
                cursor: tx.store().cursor(),
                workspace: looked(tx, tx.store().workspace())?,
                tasks: page.tasks,
                next_cursor: page.next_cursor,
                agents,
                deliveries,
                me,
            })
        })?;
        answer(200, &snapshot)
    }

    /// Commands of a replica, each a commit of its own: a refused one does not hold up the next.
    pub(super) async fn commands(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let person = asked.asker.person()?.clone();
        let batch: Batch = self.json(asked.request, &asked.asker).await?;
        batch.check()?;
        let actor = Actor::Person(person.clone());
        let mut results = Vec::with_capacity(batch.commands.len());
        for numbered in batch.commands {
            let hash = hash(&numbered.command);
            let mutation_id = numbered.mutation_id;
            let rejection = self.commit(|tx| {
                let mut client = clients::load(tx.sql(), &person.id, &batch.client_id)?;
                match client.admit(mutation_id, &hash) {
                    Err(broken) => return Err(broken.problem().into()),
                    Ok(Admission::Repeat(rejection)) => return Ok(rejection),
                    Ok(Admission::Run) => {}
                }
                let rejection = match tx.run(numbered.command, &actor, None) {
                    Ok(_) => None,
                    Err(problem) if problem.status < 500 => Some(problem.refusal()),
                    Err(fault) => return Err(fault),
                };
                let settled = Settled { client_id: batch.client_id.clone(), mutation_id, rejection };
                client.ran(&settled, hash.clone());
                clients::save(tx.sql(), &person.id, &batch.client_id, &client, tx.now)?;
                let rejection = settled.rejection.clone();
                tx.settle(settled);
                Ok(rejection)
            })?;
            results.push(json!({"mutationId": mutation_id, "rejection": rejection}));
        }
        let cursor: Cursor = self.read(|tx| Ok(tx.store().cursor()))?;
        answer(200, &json!({"cursor": cursor, "results": results}))
    }
}
