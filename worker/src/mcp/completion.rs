//! Completion: what may stand where somebody is typing.

use agentrq_core::dialect::hitl::completions::{self, Candidate, Form, Sought};
use agentrq_core::mcp::completion::{Looked, completed};
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::tool::TaskRef;
use serde_json::{Map, Value};

use super::prompts;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::open_tasks::{self, LOOKED_AT};
use crate::workspace::threads;
use crate::workspace::transaction::Transaction;

/// `completion/complete`.
pub fn complete<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    match Sought::read(params) {
        Ok(Sought::Task { typed, form }) => tasks(tx, typed, form).map(Ok),
        Ok(Sought::Successor { typed }) => {
            let agents = prompts::agents(tx.sql())?;
            Ok(Ok(completed(completions::successors(typed, &agents), Looked::Everything)))
        }
        Ok(Sought::Nothing) => Ok(Ok(completed(Vec::new(), Looked::Everything))),
        Err(error) => Ok(Err(error)),
    }
}

/// The newest open tasks that match; and the one that has been named in full, however old it is. One that is over can only be read.
fn tasks<S: Sql>(tx: &Transaction<S>, typed: &str, form: Form) -> Result<Value, Problem> {
    let mut candidates = open_tasks::candidates(tx.sql())?;
    let looked = if candidates.len() as u64 > LOOKED_AT { Looked::Part } else { Looked::Everything };
    let named = TaskRef::parse(typed).map(|task| threads::find(tx, task)).transpose()?.flatten();
    if let Some(task) = named.filter(|task| task.status.is_open() || form == Form::Uri)
        && let Some(number) = task.number
        && candidates.iter().all(|candidate| candidate.id != task.id)
    {
        candidates.push(Candidate { id: task.id, number, title: task.title });
    }
    Ok(completed(completions::tasks(typed, form, &candidates), looked))
}
