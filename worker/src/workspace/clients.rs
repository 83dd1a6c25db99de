//! What the workspace remembers of each replica.

use agentrq_core::sync::authority::ClientState;
use agentrq_core::time::Timestamp;

use crate::sql::{Sql, SqlError};

/// The state of a replica; a new one's, if nobody knows it.
pub fn load(sql: &impl Sql, person: &str, client: &str) -> Result<ClientState, SqlError> {
    let row = sql.first("SELECT json FROM clients WHERE person = ? AND client = ?", &[person.into(), client.into()])?;
    match row {
        Some(row) => serde_json::from_str(row.text(0)?).map_err(|error| SqlError(error.to_string())),
        None => Ok(ClientState::default()),
    }
}

/// Remembers it.
pub fn save(sql: &impl Sql, person: &str, client: &str, state: &ClientState, now: Timestamp) -> Result<(), SqlError> {
    let json = serde_json::to_string(state).map_err(|error| SqlError(error.to_string()))?;
    sql.exec(
        "INSERT INTO clients (person, client, at, json) VALUES (?, ?, ?, ?) ON CONFLICT (person, client) DO UPDATE SET at = excluded.at, json = excluded.json",
        &[person.into(), client.into(), now.ms().into(), json.into()],
    )?;
    Ok(())
}
