//! The open tasks at a glance: how many wait for whom, and which. What agents keep on lists is not among them: it is read with `TaskList`.
//!
//! Those that wait for people have an index of their own; of the others only the newest are looked at, so that it costs the same in a
//! workspace of a million tasks.

use agentrq_core::dialect::hitl::completions::Candidate;
use agentrq_core::dialect::hitl::{Counts, WaitingFor};
use agentrq_core::id::TaskId;
use agentrq_core::model::{AgentName, Task};

use super::connections;
use super::threads::entities;
use crate::sql::{Sql, SqlError};

/// How many open tasks are looked at.
pub const LOOKED_AT: u64 = 1_000;

const FOR_PEOPLE: &str = "SELECT json FROM tasks WHERE json_extract(json, '$.turn') = 'human'
 ORDER BY json_extract(json, '$.waitingSince'), id LIMIT ?";

/// Whom a task waits for.
#[derive(Clone, Copy, Debug)]
pub enum For<'a> {
    People,
    /// The agent that owns it, or whichever takes it.
    Agent(&'a AgentName),
}

/// How many there are, and how many of them wait for whom.
pub fn counts(sql: &impl Sql) -> Result<Counts, SqlError> {
    let row = sql.first("SELECT count(*) FROM tasks WHERE is_open = 1 AND is_listed = 0", &[])?;
    let open = row.map_or(Ok(0), |row| row.count(0))?;
    if open > LOOKED_AT {
        return Ok(Counts { open, waiting: None });
    }
    let turns = "SELECT json_extract(json, '$.turn') AS turn, count(*) FROM tasks WHERE is_open = 1 AND is_listed = 0 GROUP BY turn";
    let mut waiting = WaitingFor::default();
    for row in sql.exec(turns, &[])? {
        match row.text(0)? {
            "human" => waiting.people = row.count(1)?,
            "agent" => waiting.agents = row.count(1)?,
            _ => {}
        }
    }
    Ok(Counts { open, waiting: Some(waiting) })
}

/// Those that wait for somebody, the longest waiting first.
pub fn waiting(sql: &impl Sql, whom: For<'_>, limit: usize) -> Result<Vec<Task>, SqlError> {
    let limit = (limit as u64).into();
    match whom {
        For::People => entities(sql, FOR_PEOPLE, &[limit]),
        For::Agent(name) => {
            let newest =
                format!("SELECT id, agent, json FROM tasks WHERE is_open = 1 AND is_listed = 0 ORDER BY id DESC LIMIT {LOOKED_AT}");
            let statement = format!(
                "SELECT json FROM ({newest}) WHERE json_extract(json, '$.turn') = 'agent' AND (agent IS NULL OR agent = ?)
                 ORDER BY json_extract(json, '$.waitingSince'), id LIMIT ?"
            );
            entities(sql, &statement, &[name.as_str().into(), limit])
        }
    }
}

/// The newest, after one of them if one is named.
pub fn page(sql: &impl Sql, after: Option<TaskId>, limit: usize) -> Result<Vec<Task>, SqlError> {
    let limit = (limit as u64).into();
    match after {
        None => entities(sql, "SELECT json FROM tasks WHERE is_open = 1 AND is_listed = 0 ORDER BY id DESC LIMIT ?", &[limit]),
        Some(after) => entities(
            sql,
            "SELECT json FROM tasks WHERE is_open = 1 AND is_listed = 0 AND id < ? ORDER BY id DESC LIMIT ?",
            &[after.to_string().into(), limit],
        ),
    }
}

/// The newest under their names, at most [`LOOKED_AT`] and one.
pub fn candidates(sql: &impl Sql) -> Result<Vec<Candidate>, SqlError> {
    let rows = sql.exec(
        "SELECT id, number, title FROM tasks WHERE is_open = 1 AND is_listed = 0 ORDER BY id DESC LIMIT ?",
        &[(LOOKED_AT + 1).into()],
    )?;
    rows.iter().map(|row| Ok(Candidate { id: connections::id(row, 0)?, number: row.count(1)?, title: row.text(2)?.to_owned() })).collect()
}
