//! Workflows as they are kept, beside everything else: templates by their names.

use agentrq_core::decide;
use agentrq_core::dialect::workflow::Kept;
use agentrq_core::json;
use agentrq_core::time::Timestamp;
use serde_json::Value as Json;

use crate::problem::{Code, Problem};
use crate::sql::{Row, Sql, SqlError};

pub const MIGRATION: &str = "
-- Workflows by their names. revision: the commit that saved it, as entities have it.
CREATE TABLE workflows (
  name TEXT PRIMARY KEY, revision INTEGER NOT NULL, saved_at INTEGER NOT NULL, saved_by TEXT NOT NULL, json TEXT NOT NULL
) WITHOUT ROWID";

const COLUMNS: &str = "SELECT json, revision, saved_at, saved_by FROM workflows";

/// All of them, by name.
pub fn all(sql: &impl Sql) -> Result<Vec<Kept>, SqlError> {
    sql.exec(&format!("{COLUMNS} ORDER BY name"), &[])?.iter().map(kept).collect()
}

pub fn find(sql: &impl Sql, name: &str) -> Result<Option<Kept>, SqlError> {
    sql.first(&format!("{COLUMNS} WHERE name = ?"), &[name.into()])?.as_ref().map(kept).transpose()
}

/// The one of this name.
///
/// # Errors
/// When there is none: says which there are.
pub fn named(sql: &impl Sql, name: &str) -> Result<Kept, Problem> {
    if let Some(kept) = find(sql, name)? {
        return Ok(kept);
    }
    let rows = sql.exec("SELECT name FROM workflows ORDER BY name", &[])?;
    let names = rows.iter().map(|row| row.text(0)).collect::<Result<Vec<_>, _>>()?.join(", ");
    let known = if names.is_empty() { "there are none yet".to_owned() } else { format!("there are {names}") };
    let name: String = name.chars().take(40).collect();
    Err(Problem::new(Code::WorkflowNotFound, format!("there is no workflow {name:?} in this workspace; {known}")))
}

fn kept(row: &Row) -> Result<Kept, SqlError> {
    let broken = |why: &dyn std::fmt::Display| SqlError(format!("a stored workflow cannot be read: {why}"));
    let value: Json = serde_json::from_str(row.text(0)?).map_err(|why| broken(&why))?;
    let workflow = decide::read_workflow(&value).map_err(|why| broken(&why))?;
    let saved_by = json::from_str(row.text(3)?).map_err(|why| broken(&why))?;
    Ok(Kept { workflow, revision: row.count(1)?, saved_at: Timestamp::from_ms(row.count(2)?), saved_by })
}
