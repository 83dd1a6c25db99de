//! The methods of the protocol, whatever transport they came over.

use agentrq_core::dialect::hitl::resources::ResourceUri;
use agentrq_core::dialect::task_list::resources::ListUri;
use agentrq_core::dialect::{self, hitl};
use agentrq_core::limits::REQUEST_ID_BYTES;
use agentrq_core::mcp::jsonrpc::{self, INVALID_PARAMS, METHOD_NOT_FOUND, RequestId, RpcError};
use agentrq_core::mcp::listen::Filter;
use agentrq_core::mcp::resource::{self, RESOURCE_NOT_FOUND};
use agentrq_core::mcp::revision::{Revision, negotiate};
use agentrq_core::mcp::tool::{Definition, TaskRef, clipped};
use agentrq_core::mcp::{log, page, server_info, stateless};
use serde_json::{Map, Value, json};

use super::about::About;
use super::call::{Ran, Rides, Waits};
use super::tools;
use super::{completion, logging, prompts, resources};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::calls;
use crate::workspace::connections::{Connection, Kind};
use crate::workspace::inbox::{self, Creation, For, Given, Waiting};
use crate::workspace::subscriptions::{self, Topic};
use crate::workspace::tokens;
use crate::workspace::transaction::Transaction;

/// A request, read.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    pub revision: Revision,
    pub id: &'a RequestId,
    pub method: &'a str,
    pub params: &'a Map<String, Value>,
}

/// What comes of a request.
pub enum Handled {
    Answered(Answered),
    /// A call that waits.
    Waits(Waiting),
    /// The client listens from now on.
    Listens(Filter),
}

/// An answer, with what was given in it.
pub struct Answered {
    pub result: Result<Value, RpcError>,
    /// What an agent is to hear, and hears with it.
    pub given: Given,
    /// The task that the call made, or that an unconfirmed call like it had made.
    pub created: Option<Creation>,
}

impl Answered {
    fn plain(result: Result<Value, RpcError>) -> Self {
        Self { result, given: Given::default(), created: None }
    }
}

impl Asked<'_> {
    /// The message that answers the request, as its revision has it.
    pub fn answer(&self, result: Result<Value, RpcError>) -> Value {
        match result {
            Ok(result) if self.revision.is_stateless() => jsonrpc::result(self.id, stateless::complete(self.method, result)),
            Ok(result) => jsonrpc::result(self.id, result),
            Err(error) if self.revision.is_stateless() => jsonrpc::error(Some(self.id), &stateless::error(error)),
            Err(error) => jsonrpc::error(Some(self.id), &error),
        }
    }
}

/// Handles a request. The handshake is the transports' own.
pub fn request<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, about: &About, asked: &Asked<'_>) -> Result<Handled, Problem> {
    #[cfg(feature = "faults")]
    if let Some(handled) = super::fixtures::request(tx, connection, asked)? {
        return Ok(handled);
    }
    let params = asked.params;
    let result = match (asked.method, asked.revision.is_stateless()) {
        ("tools/list", _) => match page::only_page(params) {
            Ok(()) => Ok(tools_list(tx.sql(), connection, about)?),
            Err(error) => Err(error),
        },
        ("tools/call", _) => return call(tx, connection, about, params),
        ("resources/list", _) => resources::list(tx, params)?,
        ("resources/templates/list", _) => resources::templates(params),
        ("resources/read", _) => return read(tx, connection, params),
        ("prompts/list", _) => prompts::list(tx, connection, params)?,
        ("prompts/get", _) => prompts::get(tx, connection, params)?,
        ("completion/complete", _) => completion::complete(tx, params)?,
        ("ping", false) => Ok(json!({})),
        ("resources/subscribe", false) => subscribe(tx, connection, params, subscriptions::add)?,
        ("resources/unsubscribe", false) => {
            subscribe(tx, connection, params, |sql, session, topic, _| Ok(subscriptions::remove(sql, session, topic)?))?
        }
        ("logging/setLevel", false) => match log::set_level(params) {
            Ok(level) => logging::set_level(tx.sql(), connection.session, level).map(|()| Ok(json!({})))?,
            Err(error) => Err(error),
        },
        ("server/discover", true) => Ok(json!({
            "supportedVersions": stateless::supported(),
            "capabilities": capabilities(asked.revision),
            "instructions": hitl::INSTRUCTIONS,
        })),
        ("subscriptions/listen", true) => match Filter::read(params, is_resource) {
            Ok(filter) => return Ok(Handled::Listens(filter)),
            Err(error) => Err(error),
        },
        (other, _) => Err(RpcError::new(METHOD_NOT_FOUND, format!("there is no method {:?} here", clipped(other)))),
    };
    #[cfg(feature = "faults")]
    let result = super::fixtures::added(asked, result);
    Ok(Handled::Answered(Answered::plain(result)))
}

/// Handles a notification. Unknown ones are ignored, as JSON-RPC wants it.
pub fn notification<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    method: &str,
    params: &Map<String, Value>,
) -> Result<(), Problem> {
    match (method, params.get("requestId")) {
        ("notifications/cancelled", Some(request)) => {
            inbox::cancel_wait(tx, connection.session, request)?;
            calls::cancelled(tx, connection.session, request)
        }
        _ => Ok(()),
    }
}

/// The result of `initialize`, and the revision that is spoken from now on.
pub fn welcome(params: &Map<String, Value>) -> Value {
    let revision = negotiate(params.get("protocolVersion").and_then(Value::as_str).unwrap_or_default());
    json!({
        "protocolVersion": revision.name(),
        "capabilities": capabilities(revision),
        "serverInfo": server_info(),
        "instructions": hitl::INSTRUCTIONS,
    })
}

fn capabilities(revision: Revision) -> Value {
    if revision.is_stateless() {
        return json!({
            "tools": {"listChanged": true},
            "resources": {"subscribe": true, "listChanged": true},
            "prompts": {"listChanged": true},
            "completions": {},
        });
    }
    // That the list of resources changes is not promised: every new task would make every client list again.
    json!({
        "tools": {"listChanged": true},
        "resources": {"subscribe": true},
        "prompts": {"listChanged": true},
        "completions": {},
        "logging": {},
        "experimental": {"claude/channel": {}},
    })
}

fn tools_list(sql: &impl Sql, connection: &Connection, about: &About) -> Result<Value, Problem> {
    let scopes = tokens::scopes(sql, connection.token)?;
    let tools: Vec<_> = dialect::definitions_for(&scopes, &about.tools, &about.upload_url()).iter().map(Definition::to_json).collect();
    Ok(json!({"tools": tools}))
}

fn call<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, about: &About, params: &Map<String, Value>) -> Result<Handled, Problem> {
    let wrong = |message: String| Ok(Handled::Answered(Answered::plain(Err(RpcError::new(INVALID_PARAMS, message)))));
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
    let Some(read) = dialect::read(name, arguments) else {
        return wrong(format!("there is no tool {:?}; there are {}", clipped(name), dialect::names().join(", ")));
    };
    let ran = match read {
        Ok(call) => tools::run(tx, connection, about, call)?,
        Err(why) => Ran::failed(why),
    };
    if let Some(Waits { what, timeout_ms }) = ran.waits {
        return Ok(match progress(params, what) {
            Ok(progress) => Handled::Waits(Waiting { what, timeout_ms, progress }),
            Err(error) => Handled::Answered(Answered::plain(Err(error))),
        });
    }
    // An answer that is too large to be remembered bears no items: it could not be given again.
    let is_remembered = connection.kind != Kind::Http || !ran.answer.is_large();
    let (items, riding) = match ran.rides {
        Rides::Along if is_remembered => inbox::riding(tx, connection, &ran.given.ids())?,
        Rides::Along | Rides::Nothing => Default::default(),
    };
    let given = riding.and(ran.given);
    Ok(Handled::Answered(Answered { result: Ok(ran.answer.to_json(&items)), given, created: ran.created }))
}

fn read<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, params: &Map<String, Value>) -> Result<Handled, Problem> {
    inbox::confirm(tx, connection)?;
    let answered = match resources::read(tx, connection, params)? {
        Ok(read) => Answered { result: Ok(read.value), given: read.given, created: None },
        Err(error) if error.code == RESOURCE_NOT_FOUND => {
            Answered::plain(Err(error.with_data(json!({"uri": params.get("uri").cloned().unwrap_or_default()}))))
        }
        Err(error) => Answered::plain(Err(error)),
    };
    Ok(Handled::Answered(answered))
}

/// Does a URI name a resource that there may be?
fn is_resource(uri: &str) -> bool {
    ResourceUri::<TaskRef>::parse(uri).is_some() || ListUri::parse(uri).is_some()
}

/// Adds or removes a subscription. One to a resource that is not there is taken: it may come to be, and until then there is nothing to tell.
fn subscribe<S: Sql>(
    tx: &Transaction<S>,
    connection: &Connection,
    params: &Map<String, Value>,
    change: impl FnOnce(&S, agentrq_core::id::SessionId, Topic, &str) -> Result<(), Problem>,
) -> Result<Result<Value, RpcError>, Problem> {
    let uri = match resource::uri(params) {
        Ok(uri) => uri,
        Err(error) => return Ok(Err(error)),
    };
    match resources::named(tx, params)? {
        Ok(topic) => change(tx.sql(), connection.session, topic, uri)?,
        Err(error) if error.code == RESOURCE_NOT_FOUND => {}
        Err(error) => return Ok(Err(error)),
    }
    Ok(Ok(json!({})))
}

/// The progress that a waiting call's client is sent, where it asked for any (MCP, "Progress").
///
/// # Errors
/// When its token is too long to be kept.
fn progress(params: &Map<String, Value>, what: For) -> Result<Option<String>, RpcError> {
    let message = match what {
        For::Messages => "Waiting for a person",
        For::Output(_) => "Waiting for the task to end",
    };
    let token = params.get("_meta").and_then(|meta| meta.get("progressToken"));
    let Some(token) = token.filter(|token| token.is_string() || token.is_number()) else { return Ok(None) };
    if token.as_str().is_some_and(|text| text.len() > REQUEST_ID_BYTES) {
        return Err(RpcError::new(INVALID_PARAMS, format!("`progressToken` has at most {REQUEST_ID_BYTES} bytes")));
    }
    let text = inbox::message(&jsonrpc::notification(
        "notifications/progress",
        &json!({"progressToken": token, "progress": crate::stream::line::TICK, "message": message}),
    ));
    // The counter stands where a number does: without the quotes of a text.
    Ok(Some(text.replace(&format!("\"{}\"", crate::stream::line::TICK), crate::stream::line::TICK)))
}
