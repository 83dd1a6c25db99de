//! Calls that wait for a person.

use agentrq_core::dialect::hitl;
use agentrq_core::id::SessionId;
use agentrq_core::limits;
use agentrq_core::mcp::jsonrpc::{self, RequestId};
use agentrq_core::mcp::stateless;
use agentrq_core::mcp::tool::ToolAnswer;
use agentrq_core::model::{AgentName, Delivery, Route};
use serde_json::Value;

use super::answers::answer;
use super::given::Given;
use super::pings::ping;
use super::reading::item;
use super::results::give;
use super::wanted::Wanted;
use crate::problem::Problem;
use crate::sql::{Row, Sql, SqlError};
use crate::stream::line::Down;
use crate::workspace::connections::{self, Connection, Kind, WhenLeft};
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::Transaction;

/// Items that one waiting call returns at most.
const WAITED_ITEMS: usize = 20;

/// A call that waits for a person.
pub struct Wait {
    connection: SessionId,
    request: String,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum For {
    Messages,
    Output(Wanted),
}

/// How a call waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub what: For,
    pub timeout_ms: u64,
    /// What its client is sent meanwhile.
    pub progress: Option<String>,
}

/// A new call waits.
pub fn wait<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, request: &RequestId, waiting: Waiting) -> Result<(), Problem> {
    let Waiting { what, timeout_ms, progress } = waiting;
    let request = request.as_value().to_string();
    let deadline = tx.now.plus_ms(timeout_ms);
    let wanted = match what {
        For::Messages => None,
        For::Output(wanted) => Some(wanted),
    };
    tx.sql().exec(
        "INSERT OR REPLACE INTO waits (connection, request, agent, progress, deadline, task, output) VALUES (?, ?, ?, ?, ?, ?, ?)",
        &[
            connection.id.to_string().into(),
            request.as_str().into(),
            connection.agent.as_str().into(),
            progress.clone().into(),
            deadline.ms().into(),
            wanted.map(|wanted| wanted.task.to_string()).into(),
            wanted.map(|wanted| wanted.encode()).into(),
        ],
    )?;
    timers::set(tx.sql(), Timer::Wait, &format!("{} {request}", connection.id), deadline)?;
    if let Some(progress) = progress {
        tx.say(connection.id, progress_line(&request, &progress));
    }
    Ok(())
}

pub(super) fn progress_line(request: &str, progress: &str) -> Down {
    Down::Repeat { key: wait_key(request), every_s: 20, text: progress.to_owned() }
}

/// A key holds no space; a request's id may.
fn wait_key(request: &str) -> String {
    format!("w{}", request.replace(|c: char| c.is_whitespace(), "_"))
}

/// A call of this session that waits on a stream that is held.
pub(super) fn waiting(sql: &impl Sql, session: SessionId) -> Result<Option<Wait>, SqlError> {
    let waits = "SELECT w.connection, w.request FROM waits w JOIN connections c ON c.id = w.connection
                 WHERE c.session = ? AND c.is_live = 1 AND w.task IS NULL LIMIT 1";
    read_wait(sql.first(waits, &[session.to_string().into()])?)
}

/// Does a call wait on this connection?
pub fn is_waiting<S: Sql>(tx: &Transaction<S>, connection: SessionId) -> Result<bool, SqlError> {
    Ok(tx.sql().first("SELECT 1 FROM waits WHERE connection = ? LIMIT 1", &[connection.to_string().into()])?.is_some())
}

/// Forgets the calls that wait on this connection.
pub fn end_waits<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let rows = tx.sql().exec("SELECT request FROM waits WHERE connection = ?", &[connection.to_string().into()])?;
    for row in rows {
        end_wait(tx, &Wait { connection, request: row.text(0)?.to_owned() })?;
    }
    Ok(())
}

/// A call of this agent that waits on any stream that is held.
pub(super) fn waiting_elsewhere(sql: &impl Sql, agent: &AgentName) -> Result<Option<Wait>, SqlError> {
    let waits = "SELECT w.connection, w.request FROM waits w JOIN connections c ON c.id = w.connection
                 WHERE w.agent = ? AND w.task IS NULL AND c.is_live = 1 AND c.phase = 'ready'
                 AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.id = c.token AND t.hears = 0) ORDER BY c.opened_at DESC LIMIT 1";
    read_wait(sql.first(waits, &[agent.as_str().into()])?)
}

fn read_wait(row: Option<Row>) -> Result<Option<Wait>, SqlError> {
    row.map(|row| Ok(Wait { connection: connections::id(&row, 0)?, request: row.text(1)?.to_owned() })).transpose()
}

/// A waiting call has waited long enough.
pub fn wait_over<S: Sql>(tx: &mut Transaction<S>, key: &str) -> Result<(), Problem> {
    #[cfg(feature = "faults")]
    if crate::mcp::fixtures::calls::rung(tx, key)? {
        return Ok(());
    }
    match found(tx, key)? {
        Some(wait) => answer_wait(tx, &wait, Vec::new()),
        None => Ok(()),
    }
}

/// The call of this key, if it still waits.
pub(super) fn found<S: Sql>(tx: &Transaction<S>, key: &str) -> Result<Option<Wait>, Problem> {
    let Some((connection, request)) = key.split_once(' ') else { return Ok(None) };
    let row = tx
        .sql()
        .first("SELECT connection, request FROM waits WHERE connection = ? AND request = ?", &[connection.into(), request.into()])?;
    Ok(read_wait(row)?)
}

/// Forgets a waiting call of this session without an answer: the client cancelled it.
pub fn cancel_wait<S: Sql>(tx: &mut Transaction<S>, session: SessionId, request: &Value) -> Result<(), Problem> {
    let row = tx.sql().first(
        "SELECT w.connection FROM waits w JOIN connections c ON c.id = w.connection WHERE c.session = ? AND w.request = ?",
        &[session.to_string().into(), request.to_string().into()],
    )?;
    let Some(row) = row else { return Ok(()) };
    let connection = connections::id(&row, 0)?;
    end_wait(tx, &Wait { connection, request: request.to_string() })?;
    if let Some(Connection { kind: Kind::Call { .. }, .. }) = connections::find(tx.sql(), connection)? {
        tx.say(connection, Down::End);
    }
    Ok(())
}

fn end_wait<S: Sql>(tx: &mut Transaction<S>, wait: &Wait) -> Result<(), Problem> {
    tx.sql().exec(
        "DELETE FROM waits WHERE connection = ? AND request = ?",
        &[wait.connection.to_string().into(), wait.request.as_str().into()],
    )?;
    timers::clear(tx.sql(), Timer::Wait, &format!("{} {}", wait.connection, wait.request))?;
    tx.say(wait.connection, Down::Stop { key: wait_key(&wait.request) });
    Ok(())
}

pub(super) fn answer_wait<S: Sql>(tx: &mut Transaction<S>, wait: &Wait, deliveries: Vec<Delivery>) -> Result<(), Problem> {
    let Some(connection) = connections::find(tx.sql(), wait.connection)? else { return Ok(()) };
    let answered = waited(tx, &connection, deliveries)?;
    says(tx, wait, &connection, &ToolAnswer::Done(answered.value), &answered.given)?;
    if !matches!(connection.kind, Kind::Call { .. }) && !answered.given.is_empty() {
        ping(tx, wait.connection, &answered.given.copies)?;
    }
    Ok(())
}

/// Answers a waiting call with what gives nothing away that waits for the agent.
pub(super) fn answer_with<S: Sql>(tx: &mut Transaction<S>, wait: &Wait, said: ToolAnswer) -> Result<(), Problem> {
    let Some(connection) = connections::find(tx.sql(), wait.connection)? else { return Ok(()) };
    says(tx, wait, &connection, &said, &Given::default())
}

fn says<S: Sql>(tx: &mut Transaction<S>, wait: &Wait, connection: &Connection, said: &ToolAnswer, given: &Given) -> Result<(), Problem> {
    let request: Value = serde_json::from_str(&wait.request).map_err(Problem::internal)?;
    let request = RequestId::from_value(&request).ok_or_else(|| Problem::internal("a waiting call has no id"))?;
    end_wait(tx, wait)?;
    let result = said.to_json(&[]);
    let result = match &connection.kind {
        Kind::Call { left: WhenLeft::Cancelled, .. } => stateless::complete("tools/call", result),
        _ => result,
    };
    answer(tx, connection, &jsonrpc::result(&request, result), given).map(drop)
}

/// What a waiting call returns, and what is given with it.
pub struct Waited {
    pub value: Value,
    pub given: Given,
}

/// Hands deliveries to a waiting call of this connection.
pub fn waited<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, deliveries: Vec<Delivery>) -> Result<Waited, Problem> {
    let mut items = Vec::new();
    let mut ids = Vec::new();
    let mut bytes = 0;
    for delivery in deliveries.into_iter().take(WAITED_ITEMS) {
        // What was pushed before may never have reached a model that has no channel: it comes again.
        let item = item(tx, &delivery, delivery.copies + 1)?;
        bytes += item.content.len();
        if bytes > limits::RIDING_BYTES && !items.is_empty() {
            break;
        }
        ids.push(delivery.id);
        items.push(item);
    }
    let given = give(tx, connection, &ids, Route::Wait)?;
    Ok(Waited { value: hitl::waited(&items), given })
}
