//! Prompts: core has the words, here stands what they are about.

use agentrq_core::dialect::hitl::prompts::{self, PROMPTS, Prompt, Successor, TOLD_TASKS, Waiting};
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::mcp::{page, prompt};
use agentrq_core::model::AgentName;
use agentrq_core::view::View;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::sql::{Sql, SqlError};
use crate::workspace::connections::Connection;
use crate::workspace::inbox::{self, looked};
use crate::workspace::open_tasks::{self, For};
use crate::workspace::threads;
use crate::workspace::transaction::Transaction;

/// `prompts/list`.
///
/// # Errors
/// When a cursor is given: there is one page.
pub fn list(params: &Map<String, Value>) -> Result<Value, RpcError> {
    page::only_page(params)?;
    Ok(prompt::listed(&PROMPTS))
}

/// `prompts/get`. A prompt tells what waits and where to get it; nothing is given with it.
pub fn get<S: Sql>(tx: &Transaction<S>, connection: &Connection, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    match Prompt::read(params) {
        Ok(Prompt::Ask { question, details }) => Ok(Ok(prompts::ask(&question, details.as_deref()))),
        Ok(Prompt::NeedsMe) => needs_me(tx, connection).map(Ok),
        Ok(Prompt::HandOver { task, to }) => hand_over(tx, task, &to),
        Err(error) => Ok(Err(error)),
    }
}

fn needs_me<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<Value, Problem> {
    let waiting = |whom| open_tasks::waiting(tx.sql(), whom, TOLD_TASKS + 1);
    Ok(prompts::needs_me(&Waiting {
        workspace: &looked(tx, tx.store().workspace())?,
        agent: &connection.agent,
        now: tx.now,
        counts: open_tasks::counts(tx.sql())?,
        for_people: &waiting(For::People)?,
        for_agent: &waiting(For::Agent(&connection.agent))?,
        unread: inbox::ungiven(tx, connection)?.len(),
    }))
}

fn hand_over<S: Sql>(tx: &Transaction<S>, named: TaskRef, to: &Successor) -> Result<Result<Value, RpcError>, Problem> {
    let Some(task) = threads::find(tx, named)? else {
        return Ok(Err(prompts::refuse_task("there is no such task in this workspace")));
    };
    if let Successor::Agent(name) = to
        && looked(tx, tx.store().agent(name))?.is_none()
    {
        return Ok(Err(prompts::refuse_successor(name, &agents(tx.sql())?)));
    }
    Ok(prompts::hand_over(&task, to))
}

/// The agents that have been here.
pub(super) fn agents(sql: &impl Sql) -> Result<Vec<AgentName>, SqlError> {
    let rows = sql.exec("SELECT name FROM agents ORDER BY name", &[])?;
    rows.iter().map(|row| AgentName::new(row.text(0)?).map_err(|why| SqlError(why.to_string()))).collect()
}
