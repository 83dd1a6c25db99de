//! The methods of the protocol, whatever transport they came over.

use agentrq_core::command::Inbox;
use agentrq_core::dialect::hitl;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc::{self, INVALID_PARAMS, METHOD_NOT_FOUND, RequestId, RpcError};
use agentrq_core::mcp::revision;
use agentrq_core::mcp::tool::Definition;
use agentrq_core::model::Client;
use serde_json::{Map, Value, json};

use super::about::About;
use super::tools::{self, Ran};
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::connections::{self, Connection, Phase};
use crate::workspace::inbox;
use crate::workspace::timers::{self, Timer};
use crate::workspace::tokens;
use crate::workspace::transaction::Transaction;

/// Handles a request and answers it on the connection's stream, now or later.
pub fn request<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    about: &About,
    id: &RequestId,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Problem> {
    let result = match method {
        "initialize" => Ok(initialize(tx, connection, params)?),
        "ping" => Ok(json!({})),
        "tools/list" => Ok(tools_list(tx.sql(), connection, about)?),
        "tools/call" => match call(tx, connection, about, id, params)? {
            Called::Answered | Called::Waits => return Ok(()),
            Called::Wrong(error) => Err(error),
        },
        other => Err(RpcError::new(METHOD_NOT_FOUND, format!("there is no method {other:?} here"))),
    };
    let answer = match result {
        Ok(result) => jsonrpc::result(id, result),
        Err(error) => jsonrpc::error(Some(id), &error),
    };
    inbox::answer(tx, connection.id, &answer, &[])?;
    Ok(())
}

/// Handles a notification. Unknown ones are ignored, as JSON-RPC wants it.
pub fn notification<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Problem> {
    match (method, params.get("requestId")) {
        ("notifications/cancelled", Some(request)) => inbox::cancel_wait(tx, connection.id, request),
        _ => Ok(()),
    }
}

/// A new model is being set up on this stream.
fn initialize<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, params: &Map<String, Value>) -> Result<Value, Problem> {
    let session = match connection.phase {
        Phase::Opened => connection.session,
        // A second `initialize` on one stream: a new model again.
        Phase::Initializing | Phase::Ready => SessionId(random::id(tx.now)?),
    };
    connections::reached(tx.sql(), connection.id, Phase::Initializing, session)?;
    timers::clear(tx.sql(), Timer::Quiet, &connection.id.to_string())?;
    if let Some(client) = client(params) {
        tx.report(Inbox::Heard { agent: connection.agent.clone(), client: Some(client) })?;
    }
    let asked = params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default();
    Ok(json!({
        "protocolVersion": revision::negotiate(asked),
        "capabilities": {"tools": {}, "experimental": {"claude/channel": {}}},
        "serverInfo": {"name": "agentrq", "title": "AgentRQ", "version": env!("CARGO_PKG_VERSION")},
        "instructions": hitl::INSTRUCTIONS,
    }))
}

/// What the client says it is, cut to what people can read.
fn client(params: &Map<String, Value>) -> Option<Client> {
    let info = params.get("clientInfo")?;
    let text = |key: &str| info.get(key).and_then(Value::as_str).unwrap_or_default().chars().filter(|c| !c.is_control()).take(64).collect();
    Some(Client { name: text("name"), version: text("version") })
}

fn tools_list(sql: &impl Sql, connection: &Connection, about: &About) -> Result<Value, Problem> {
    let scopes = tokens::scopes(sql, connection.token)?;
    let tools: Vec<_> = hitl::definitions_for(&scopes, &about.upload_url()).iter().map(Definition::to_json).collect();
    Ok(json!({"tools": tools}))
}

enum Called {
    Answered,
    Waits,
    Wrong(RpcError),
}

fn call<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    about: &About,
    id: &RequestId,
    params: &Map<String, Value>,
) -> Result<Called, Problem> {
    let wrong = |message: String| Ok(Called::Wrong(RpcError::new(INVALID_PARAMS, message)));
    let Some(name) = params.get("name").and_then(Value::as_str) else {
        return wrong("tools/call wants a name".to_owned());
    };
    let none = Map::new();
    let arguments = match params.get("arguments") {
        None | Some(Value::Null) => &none,
        Some(Value::Object(arguments)) => arguments,
        Some(_) => return wrong("arguments is an object".to_owned()),
    };
    inbox::confirm(tx, connection)?;
    let Some(read) = hitl::read(name, arguments) else {
        let known: Vec<_> = hitl::definitions("").iter().map(|tool| tool.name).collect();
        return wrong(format!("there is no tool {name:?}; there are {}", known.join(", ")));
    };
    let ran = match read {
        Ok(call) => tools::run(tx, connection, about, call)?,
        Err(why) => Ran::failed(why),
    };
    if let Some(timeout_s) = ran.waits_s {
        inbox::wait(tx, connection, id, progress(params), timeout_s)?;
        return Ok(Called::Waits);
    }
    let (items, whole) = inbox::riding(tx, connection, &ran.named)?;
    let given: Vec<_> = whole.into_iter().chain(ran.named).collect();
    let answer = inbox::answer(tx, connection.id, &jsonrpc::result(id, ran.answer.to_json(&items)), &given)?;
    if let Some(task) = ran.created {
        inbox::creation_answered(tx, connection, task, answer)?;
    }
    if !given.is_empty() {
        inbox::ping(tx, connection.id, &given)?;
    }
    Ok(Called::Answered)
}

/// The progress that a waiting call's client is sent, where it asked for any (MCP, "Progress").
fn progress(params: &Map<String, Value>) -> Option<String> {
    let token = params.get("_meta")?.get("progressToken").filter(|token| token.is_string() || token.is_number())?;
    let text = inbox::message(&jsonrpc::notification(
        "notifications/progress",
        &json!({"progressToken": token, "progress": crate::stream::line::TICK, "message": "Waiting for a person"}),
    ));
    // The counter stands where a number does: without the quotes of a text.
    Some(text.replace(&format!("\"{}\"", crate::stream::line::TICK), crate::stream::line::TICK))
}
