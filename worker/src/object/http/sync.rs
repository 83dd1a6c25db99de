//! The sync over HTTP: commands up, a snapshot to begin from. Deltas go down the event stream.

use std::collections::HashSet;

use agentrq_core::json;
use agentrq_core::model::{Actor, Agent};
use agentrq_core::sync::authority::{Admission, Batch, Ended, hash};
use agentrq_core::sync::delta::{Settled, Snapshot};
use agentrq_core::sync::outbox::{Answer, Answered};
use agentrq_core::view::View;
use worker::Response;

use super::{Asked, answer, written};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::workspace::inbox::looked;
use crate::workspace::open_tasks::{self, For};
use crate::workspace::threads::{self, Filter};
use crate::workspace::{activity, clients};

/// Tasks that a snapshot holds beside those that wait for people; more come in pages.
const SNAPSHOT_TASKS: usize = 500;
/// Tasks that wait for people in a snapshot. Who has more to decide than that begins with those that have waited for the longest.
const SNAPSHOT_FOR_PEOPLE: usize = 1_000;

impl WorkspaceObject {
    pub(super) fn agents(&self) -> Result<Vec<Agent>, Problem> {
        self.read(|tx| Ok(tx.store().many("SELECT json FROM agents ORDER BY name", &[])?))
    }

    pub(super) fn snapshot(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let me = asked.asker.actor()?;
        let page = threads::tasks(&self.sql(), &Filter { limit: SNAPSHOT_TASKS, ..Filter::default() })?;
        // What a person is to decide must not be missing, however many tasks wait for agents.
        let mut tasks = open_tasks::waiting(&self.sql(), For::People, SNAPSHOT_FOR_PEOPLE)?;
        let first: HashSet<_> = tasks.iter().map(|task| task.id).collect();
        tasks.extend(page.tasks.into_iter().filter(|task| !first.contains(&task.id)));
        let agents = self.agents()?;
        let snapshot = self.read(|tx| {
            let deliveries = threads::deliveries_to_begin_with(tx.sql())?;
            Ok(Snapshot {
                cursor: tx.store().cursor(),
                workspace: looked(tx, tx.store().workspace())?,
                tasks,
                next_cursor: page.next_cursor,
                agents,
                deliveries,
                me,
            })
        })?;
        written(200, json::to_string(&snapshot))
    }

    /// What has happened, newest first.
    pub(super) fn activity(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        asked.asker.person()?;
        let wrong =
            |_| Problem::new(Code::BadRequest, "before: the number of a commit, such as the page's nextBefore").with("field", "before");
        let before = asked.query("before").map(|text| text.parse().map_err(wrong)).transpose()?;
        let limit = threads::limit(asked.query("limit").as_deref(), 50)?;
        answer(200, &activity::page(&self.sql(), before, limit)?)
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
            let id = numbered.command.id();
            let rejection = self.commit(|tx| {
                let mut client = clients::load(tx.sql(), &person.id, &batch.client_id)?;
                let before = clients::ended(tx.sql(), &person.id, id)?;
                match client.admit(mutation_id, id, &hash, before.as_ref()) {
                    Err(broken) => return Err(broken.problem().into()),
                    Ok(Admission::Repeat(rejection)) => {
                        client.count(mutation_id);
                        clients::save(tx.sql(), &person.id, &batch.client_id, &client, tx.now)?;
                        return Ok(rejection);
                    }
                    Ok(Admission::Run) => {}
                }
                let rejection = match tx.run(numbered.command, &actor, None) {
                    Ok(_) => None,
                    Err(problem) if problem.status < 500 => Some(problem.refusal()),
                    Err(fault) => return Err(fault),
                };
                client.count(mutation_id);
                clients::save(tx.sql(), &person.id, &batch.client_id, &client, tx.now)?;
                clients::remember(tx.sql(), &person.id, id, &Ended { hash: hash.clone(), rejection: rejection.clone() })?;
                tx.settle(Settled { client_id: batch.client_id.clone(), mutation_id, command: id, rejection: rejection.clone() });
                Ok(rejection)
            })?;
            results.push(Answered { mutation_id, command: id, rejection });
        }
        let cursor = self.read(|tx| Ok(tx.store().cursor()))?;
        written(200, json::to_string(&Answer { cursor, results }))
    }
}
