//! What a change makes due: which timers are set for claims, for background tasks, and for the calls that wait for those. The transaction asks for
//! this with all that it writes.

use agentrq_core::decide::{due_at, lease_ends};
use agentrq_core::id::TaskId;
use agentrq_core::model::{AgentName, Task};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View as _;

use super::sql_store::SqlStore;
use super::timers::{self, Timer};
use super::works;
use crate::problem::Problem;
use crate::sql::{Sql, SqlError};

/// Looks again when the lease of this agent's claims ends, if it has any and is not there.
pub(super) fn claims<S: Sql>(store: &SqlStore<S>, now: Timestamp, lease_ms: u64, agent: &AgentName) -> Result<(), Problem> {
    if !works::holds(store.sql(), agent)? {
        return Ok(());
    }
    let known = store.looked(store.agent(agent))?;
    let ends = known.map_or(Some(now.plus_ms(lease_ms)), |agent| lease_ends(&agent, lease_ms));
    if let Some(at) = ends {
        timers::set(store.sql(), Timer::Lease, agent.as_str(), at)?;
    }
    Ok(())
}

/// A task has been written: looks again when time decides something about it, and has its end told where that is waited for.
pub(super) fn task(sql: &impl Sql, now: Timestamp, lease_ms: u64, task: &Task) -> Result<(), SqlError> {
    if task.work.as_ref().is_none_or(|work| work.job.is_none()) {
        return Ok(());
    }
    let key = task.id.to_string();
    match due_at(task, lease_ms) {
        Some(at) => timers::set(sql, Timer::Due, &key, at)?,
        None => timers::clear(sql, Timer::Due, &key)?,
    }
    if task.status.is_open() { Ok(()) } else { over(sql, now, task.id) }
}

/// A task is over or gone: whoever waits for that, or follows what it prints, is to be told.
pub(super) fn over(sql: &impl Sql, now: Timestamp, task: TaskId) -> Result<(), SqlError> {
    let key = task.to_string();
    for row in sql.exec("SELECT connection, request FROM waits WHERE task = ?", &[key.as_str().into()])? {
        timers::set(sql, Timer::Wait, &format!("{} {}", row.text(0)?, row.text(1)?), now)?;
    }
    if sql.first("SELECT 1 FROM runs WHERE task = ? LIMIT 1", &[key.as_str().into()])?.is_some() {
        timers::set(sql, Timer::Closing, &key, now)?;
    }
    Ok(())
}
