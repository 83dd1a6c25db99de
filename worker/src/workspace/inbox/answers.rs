//! Answers to requests: kept until they are known to have arrived.

use agentrq_core::id::SessionId;
use agentrq_core::mcp::event_id::{EventId, Place};
use agentrq_core::model::{AgentName, DeliveryCopy};
use agentrq_core::sse;
use agentrq_core::time::Timestamp;
use serde_json::Value;

use super::given::Given;
use crate::problem::Problem;
use crate::sql::{Sql, SqlError};
use crate::stream::line::Down;
use crate::workspace::connections::{Connection, Kind};
use crate::workspace::transaction::Transaction;

/// Bytes of an answer in one row, which may hold 2 MB.
const PART_BYTES: usize = 1024 * 1024;

/// Answers a request on the stream it belongs to, and returns the answer's number. It is kept until it is known to have arrived.
/// `given` is what stands in it.
pub fn answer<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, answer: &Value, given: &Given) -> Result<u64, Problem> {
    let text = answer.to_string();
    let mut parts = parts(&text);
    let row = tx.sql().first(
        "INSERT INTO answers (id, connection, at, deliveries, json) VALUES ((SELECT last_answer + 1 FROM head), ?, ?, ?, ?) RETURNING id",
        &[connection.id.to_string().into(), tx.now.ms().into(), given.write().into(), parts.next().unwrap_or_default().into()],
    )?;
    let id = row.ok_or_else(|| Problem::internal("an insert returned no row"))?.count(0)?;
    for (part, text) in parts.enumerate() {
        let args = [id.into(), (part as u64).into(), text.into()];
        tx.sql().exec("INSERT INTO answer_parts (answer, part, json) VALUES (?, ?, ?)", &args)?;
    }
    tx.say(connection.id, answer_line(connection, id, &text));
    Ok(id)
}

/// The number of the answer that a line's key names.
pub fn answer_of(key: &str) -> Option<u64> {
    key.strip_prefix('a')?.parse().ok()
}

/// Notes that the answers of a connection up to this one have been written to its stream.
pub fn written(sql: &impl Sql, connection: SessionId, upto: u64, at: Timestamp) -> Result<(), SqlError> {
    sql.exec(
        "UPDATE answers SET written_at = ? WHERE connection = ? AND id <= ? AND written_at IS NULL",
        &[at.ms().into(), connection.to_string().into(), upto.into()],
    )?;
    Ok(())
}

/// Is an answer after `upto` still on its way to the client's stream?
pub fn is_writing(sql: &impl Sql, connection: SessionId, upto: u64) -> Result<bool, SqlError> {
    let row = sql.first(
        "SELECT 1 FROM answers a JOIN connections c ON c.id = a.connection WHERE c.id = ? AND c.is_live = 1 AND a.written_at IS NULL AND a.id > ? LIMIT 1",
        &[connection.to_string().into(), upto.into()],
    )?;
    Ok(row.is_some())
}

/// What stands in answers to calls of this agent that are on their way to clients that wait for them.
pub(super) fn being_written(sql: &impl Sql, agent: &AgentName) -> Result<Vec<DeliveryCopy>, SqlError> {
    let rows = sql.exec(
        "SELECT deliveries FROM answers JOIN connections c ON c.id = answers.connection
         WHERE answers.written_at IS NULL AND c.is_live = 1 AND c.agent = ? AND c.kind = 'call'",
        &[agent.as_str().into()],
    )?;
    let mut copies = Vec::new();
    for row in rows {
        copies.extend(Given::read(row.text(0)?)?.copies);
    }
    Ok(copies)
}

/// A text in pieces that fit a row each.
pub(super) fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, later) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

pub(super) fn answer_line(connection: &Connection, id: u64, text: &str) -> Down {
    let event = EventId { stream: connection.id, place: Place::Answer(id) }.to_string();
    let (key, text) = (format!("a{id}"), sse::Frame { event: Some("message"), id: Some(&event), data: text }.encode());
    match connection.kind {
        // The stream of one request has nothing after its answer.
        Kind::Call { .. } => Down::Last { key, text },
        _ => Down::Write { key, cursor: None, text },
    }
}

#[cfg(test)]
mod tests {
    use super::{PART_BYTES, parts};

    #[test]
    fn a_long_text_is_cut_between_characters_and_nothing_of_it_is_lost() {
        for text in [String::new(), "x".repeat(PART_BYTES), "🦀".repeat(PART_BYTES), format!("x{}", "é".repeat(PART_BYTES))] {
            let cut: Vec<&str> = parts(&text).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|part| part.len() <= PART_BYTES));
        }
    }
}
