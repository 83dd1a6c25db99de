//! The Streamable HTTP transport with sessions (MCP 2025-03-26 to 2025-11-25): each message is a POST, answered in its response or, where
//! the answer takes time, on a stream that the response opens. What the server says unasked comes on the session's own stream.
//!
//! Clients lose sessions in every way there is: they come back after a restart without `initialize`, they outlive deploys, they never had
//! one. So there is none to lose: it is the token that says who asks (see [`sessions`]).

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc::{self, Body, Incoming, RequestId};
use agentrq_core::mcp::stateless;
use agentrq_core::model::Client;
use serde_json::{Map, Value};

use super::about::About;
use super::post::{Answer, Post, Posted, Poster, Proof};
use super::respond::{self, Responded};
use super::server::{self, Asked};
use super::{batch, session, streams};
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::Endpoint;
use crate::sql::Sql;
use crate::workspace::connections::WhenLeft;
use crate::workspace::presence;
use crate::workspace::sessions::{self, Session, State};
use crate::workspace::transaction::Transaction;

/// The client posted a message.
pub fn post<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, about: &About, post: &Post<'_>) -> Result<Posted, Problem> {
    let incoming = match jsonrpc::parse_body(post.body) {
        Body::One(Ok(incoming)) => incoming,
        Body::One(Err((request, error))) => return Ok(Answer::of(400, &jsonrpc::error(request.as_ref(), &error))),
        Body::Batch(messages) => return batch::post(tx, poster, about, post, messages),
    };
    let none = Map::new();
    let (id, params) = match &incoming {
        Incoming::Request { id, params, .. } => (Some(id), params),
        Incoming::Notification { params, .. } => (None, params),
        Incoming::Response { .. } => (None, &none),
    };
    let revision = match stateless::revision(&post.headers, params) {
        Ok(revision) => revision,
        Err(error) => return Ok(Answer::of(400, &jsonrpc::error(id, &error))),
    };
    match (incoming, revision.is_stateless(), post.endpoint) {
        // Not one of the errors by which a client knows a server of the later revisions: so it begins with the handshake.
        (incoming, true, Endpoint::Channel) => Ok(Answer::of(400, &streams::handshake_only(&incoming))),
        (Incoming::Request { id, method, params }, true, Endpoint::Mcp) => {
            super::stateless::request(tx, poster, about, &post.headers, &Asked { revision, id: &id, method: &method, params: &params })
        }
        // There is none that this revision's clients send over HTTP: a request ends with its stream.
        (Incoming::Notification { .. } | Incoming::Response { .. }, true, Endpoint::Mcp) => Ok(Posted::Accepted),
        (Incoming::Request { id, method, params }, false, _) if method == "initialize" => begin(tx, poster, &id, &params),
        (Incoming::Request { id, method, params }, false, _) => {
            let session = respond::heard(tx, poster, post.session)?;
            answer(tx, &session, about, &Asked { revision, id: &id, method: &method, params: &params })
        }
        (incoming @ Incoming::Notification { .. }, false, _) => {
            let session = respond::heard(tx, poster, post.session)?;
            respond::take(tx, poster, &session, &incoming)?;
            Ok(Posted::Accepted)
        }
        // The transport answers by itself: that says nothing of the model.
        (incoming @ Incoming::Response { .. }, false, _) => {
            let session = session::find(tx, poster, post.session)?;
            presence::asked(tx, &session)?;
            respond::take(tx, poster, &session, &incoming)?;
            Ok(Posted::Accepted)
        }
    }
}

/// A new model is being set up: a session begins.
fn begin<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, id: &RequestId, params: &Map<String, Value>) -> Result<Posted, Problem> {
    let session = Session::new(SessionId(random::id(tx.now)?), poster.holder.token, poster.agent.clone(), State::Initializing, tx.now);
    sessions::insert(tx.sql(), &session)?;
    presence::asked(tx, &session)?;
    tx.report(Report::Heard { agent: session.agent, client: params.get("clientInfo").map(Client::read) })?;
    let body = jsonrpc::result(id, server::welcome(params)).to_string();
    Ok(Posted::Answer(Answer { status: 200, body, session: Some(session.id), calls: Vec::new(), proof: Proof::NotWanted }))
}

/// Answers a request of a session, now or on a stream.
fn answer<S: Sql>(tx: &mut Transaction<S>, session: &Session, about: &About, asked: &Asked<'_>) -> Result<Posted, Problem> {
    match respond::respond(tx, session, about, asked)? {
        Responded::Answer(answer) => Ok(Posted::Answer(answer)),
        Responded::Waits(waiting) => respond::wait(tx, session, asked, WhenLeft::Resumable, waiting),
        // Handled by the revisions that know it.
        Responded::Listens(_) => Err(Problem::internal("a session listens")),
    }
}

/// The client ends its session.
pub fn end<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<(), Problem> {
    if given.is_none() {
        let detail = "name the session to end in the header Mcp-Session-Id";
        return Err(Problem::new(Code::BadRequest, detail).with("header", "mcp-session-id"));
    }
    let session = session::find(tx, poster, given)?;
    if session.state == State::Shared {
        // Nobody's own: there is nothing to end.
        return Ok(());
    }
    sessions::reached(tx.sql(), session.id, State::Ended)?;
    streams::end_session(tx, &session)
}
