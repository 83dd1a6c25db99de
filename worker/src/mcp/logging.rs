//! What the server tells its clients in passing, and how grave it must be for each session (MCP to 2025-11-25, "Logging").

use agentrq_core::id::SessionId;
use agentrq_core::mcp::log::{self, Level};
use serde_json::Value;

use crate::problem::Problem;
use crate::random;
use crate::sql::{Sql, SqlError};
use crate::stream::line::Down;
use crate::workspace::transaction::Transaction;
use crate::workspace::{connections, inbox};

/// What a session hears that has not said what it wants.
const UNASKED: Level = Level::Warning;

/// Notes the least grave messages that a session wants.
pub fn set_level(sql: &impl Sql, session: SessionId, level: Level) -> Result<(), SqlError> {
    sql.exec(
        "INSERT OR REPLACE INTO log_levels (session, level) VALUES (?, ?)",
        &[session.to_string().into(), level.to_string().into()],
    )?;
    Ok(())
}

fn level_of(sql: &impl Sql, session: SessionId) -> Result<Level, SqlError> {
    let row = sql.first("SELECT level FROM log_levels WHERE session = ?", &[session.to_string().into()])?;
    let level = row.map(|row| Ok::<_, SqlError>(Level::read(Some(&Value::from(row.text(0)?))).ok())).transpose()?;
    Ok(level.flatten().unwrap_or(UNASKED))
}

/// Says something on the session's stream, if it has one and wants to hear it.
pub fn say<S: Sql>(tx: &mut Transaction<S>, session: SessionId, level: Level, data: &Value) -> Result<(), Problem> {
    if level < level_of(tx.sql(), session)? {
        return Ok(());
    }
    if let Some(stream) = connections::stream_of(tx.sql(), session)? {
        let key = format!("l{}", random::id(tx.now)?);
        let text = inbox::message(&log::notification(level, "agentrq", data));
        tx.say(stream, Down::Write { key, cursor: None, text });
    }
    Ok(())
}
