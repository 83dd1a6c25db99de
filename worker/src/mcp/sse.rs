//! The HTTP+SSE transport (MCP 2024-11-05): the client holds a stream and posts to the address that the stream named.
//!
//! Clients reconnect in silence: they GET the stream again and post without `initialize`, and they know of no session.
//! So identity hangs on the token and on the connection id in the address, and there is no session to lose.

use agentrq_core::Report;
use agentrq_core::dialect;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc::{self, Incoming};
use agentrq_core::mcp::revision::Revision;
use agentrq_core::model::{AgentName, Client, ListName};
use serde_json::{Map, Value};

use super::about::About;
use super::server::{self, Asked, Handled};
use super::tools;
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::Sql;
use crate::workspace::connections::{self, Connection, Kind, Phase, STREAMS_OF_TOKEN};
use crate::workspace::inbox::{self, Given};
use crate::workspace::timers::{self, Timer};
use crate::workspace::tokens::Holder;
use crate::workspace::transaction::Transaction;

/// How long a new stream may be silent before it is asked whether somebody listens: a new client says `initialize` well before.
const QUIET_MS: u64 = 2_000;

/// A stream has been opened. The Worker, which knows the token, tells the client where to post.
pub fn open<S: Sql>(tx: &mut Transaction<S>, id: SessionId, holder: &Holder, agent: AgentName) -> Result<(), Problem> {
    if connections::find(tx.sql(), id)?.is_some() {
        return Err(Problem::new(Code::Conflict, "this connection id is in use: open a stream without one"));
    }
    if connections::streams_of(tx.sql(), holder.token)? >= STREAMS_OF_TOKEN {
        let detail = format!("this token holds {STREAMS_OF_TOKEN} streams, which is the limit: close one, or use a token for each agent");
        return Err(Problem::new(Code::TooManyRequests, detail).retry_after(10));
    }
    let connection = Connection::opened(id, Kind::Sse, holder.token, agent, tx.now);
    // If this is a client that lost its stream, the lost one may look alive as yet.
    for other in connections::beside(tx.sql(), &connection)? {
        inbox::nudge(tx, other)?;
    }
    connections::insert(tx.sql(), &connection, tx.now)?;
    timers::set(tx.sql(), Timer::Quiet, &id.to_string(), tx.now.plus_ms(QUIET_MS))?;
    tx.report(Report::Connected { agent: connection.agent })?;
    Ok(())
}

/// What came of a post.
#[derive(Debug, PartialEq)]
pub enum Posted {
    /// Taken; what there is to answer comes over the stream.
    Accepted,
    /// The body is no message; this is the error to send with a 400.
    Malformed(Value),
}

/// The client posted a message.
pub fn post<S: Sql>(
    tx: &mut Transaction<S>,
    id: SessionId,
    holder: &Holder,
    agent: AgentName,
    about: &About,
    body: &[u8],
) -> Result<Posted, Problem> {
    let incoming = match jsonrpc::parse(body) {
        Ok(incoming) => incoming,
        Err((request, error)) => return Ok(Posted::Malformed(jsonrpc::error(request.as_ref(), &error))),
    };
    let connection = match current(tx.sql(), id)? {
        Some(connection) if connection.token == holder.token => connection,
        Some(_) => return Err(Problem::new(Code::TokenInvalid, "this address was given to another token: open a stream of your own")),
        // Its stream was forgotten long ago, but the credential is good: what is answered waits for the token's next stream.
        None => {
            let opened = Connection::opened(id, Kind::Sse, holder.token, agent, tx.now);
            let connection = Connection { is_live: false, phase: Phase::Ready, ..opened };
            timers::set(tx.sql(), Timer::Sweep, "", tx.now.plus_ms(connections::KEPT_MS + 1_000))?;
            connections::insert(tx.sql(), &connection, tx.now)?;
            connection
        }
    };
    connections::heard(tx.sql(), &connection, tx.now)?;
    tx.report(Report::Heard { agent: connection.agent.clone(), client: None })?;
    match incoming {
        Incoming::Response { id, .. } => {
            let is_pong = inbox::pong(tx, connection.id, &id)?;
            if is_pong {
                listening(tx, connection)?;
            }
        }
        Incoming::Request { id, method, params } if method == "initialize" => {
            let welcome = initialize(tx, &connection, &params)?;
            inbox::answer(tx, &connection, &jsonrpc::result(&id, welcome), &Given::default())?;
        }
        Incoming::Request { id, method, params } => {
            let connection = listening(tx, connection)?;
            let asked = Asked { revision: Revision::LATEST_HANDSHAKE, id: &id, method: &method, params: &params };
            answer(tx, &connection, about, &asked)?;
        }
        Incoming::Notification { method, params } => {
            let connection = listening(tx, connection)?;
            server::notification(tx, &connection, &method, &params)?;
        }
    }
    Ok(Posted::Accepted)
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
    if let Some(info) = params.get("clientInfo") {
        tx.report(Report::Heard { agent: connection.agent.clone(), client: Some(Client::read(info)) })?;
    }
    Ok(server::welcome(params))
}

/// Answers a request on the stream, now or later.
fn answer<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, about: &About, asked: &Asked<'_>) -> Result<(), Problem> {
    let answered = match server::request(tx, connection, about, asked)? {
        Handled::Answered(answered) => answered,
        Handled::Waits(waiting) => return inbox::wait(tx, connection, asked.id, waiting),
        Handled::Listens(_) => return Err(Problem::internal("a stream with a handshake listens")),
    };
    let number = inbox::answer(tx, connection, &asked.answer(answered.result), &answered.given)?;
    if let Some(made) = &answered.created {
        inbox::creation_answered(tx, connection, made, number)?;
    }
    if !answered.given.is_empty() {
        inbox::ping(tx, connection.id, &answered.given.copies)?;
    }
    Ok(())
}

/// Does this body create a task that the agent has created already, and may not know of?
pub fn creates_again(sql: &impl Sql, agent: &AgentName, list: &ListName, body: &[u8]) -> Result<bool, Problem> {
    let Ok(Incoming::Request { params, .. }) = jsonrpc::parse(body) else { return Ok(false) };
    let (Some(Value::String(tool)), Some(Value::Object(arguments))) = (params.get("name"), params.get("arguments")) else {
        return Ok(false);
    };
    match dialect::read(tool, arguments) {
        Some(Ok(call)) => Ok(tools::unconfirmed(sql, agent, list, &call)?.is_some()),
        _ => Ok(false),
    }
}

/// The connection of this id, or the one that goes on from it.
fn current(sql: &impl Sql, id: SessionId) -> Result<Option<Connection>, Problem> {
    let mut found = connections::find(sql, id)?;
    while let Some(heir) = found.as_ref().and_then(|connection| connection.heir) {
        found = connections::find(sql, heir)?;
    }
    Ok(found)
}

/// Somebody has spoken on the connection, so somebody listens. Right after `initialize` that is a new model; on a stream
/// that nobody initialized it is a client that reconnected in silence, which goes on from the connection that broke.
fn listening<S: Sql>(tx: &mut Transaction<S>, connection: Connection) -> Result<Connection, Problem> {
    if connection.phase == Phase::Ready {
        return Ok(connection);
    }
    timers::clear(tx.sql(), Timer::Quiet, &connection.id.to_string())?;
    let session = match connection.phase {
        Phase::Ready => connection.session,
        Phase::Initializing => {
            inbox::begins(tx, &connection.agent, connection.session)?;
            connections::reached(tx.sql(), connection.id, Phase::Ready, connection.session)?;
            connection.session
        }
        Phase::Opened => {
            let broken = connections::left_behind(tx.sql(), connection.token, &connection.agent, tx.now)?;
            let session = broken.as_ref().map_or(connection.session, |broken| broken.session);
            connections::reached(tx.sql(), connection.id, Phase::Ready, session)?;
            match broken {
                Some(broken) => inbox::take_over(tx, broken.id, connection.id)?,
                // The one that it goes on from still seems to be held: it is asked below.
                None => connections::orphaned(tx.sql(), connection.id)?,
            }
            session
        }
    };
    // Another stream of this token may be a dead one that only looks open: asked now, it is found out before it is trusted with an item.
    for other in connections::beside(tx.sql(), &connection)? {
        inbox::ping(tx, other, &[])?;
    }
    tx.deliver = true;
    Ok(Connection { session, phase: Phase::Ready, ..connection })
}

/// A new stream has been silent: ask whether somebody listens. A client that reconnected in silence answers by itself.
pub fn quiet<S: Sql>(tx: &mut Transaction<S>, key: &str) -> Result<(), Problem> {
    let Ok(id) = key.parse() else { return Ok(()) };
    match connections::find(tx.sql(), id)? {
        Some(connection) if connection.is_live && connection.phase == Phase::Opened => inbox::ping(tx, id, &[]),
        _ => Ok(()),
    }
}
