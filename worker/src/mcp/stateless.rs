//! The Streamable HTTP transport without sessions (MCP 2026-07-28): each request says by itself how it is to be read, and its stream, where it
//! has one, ends with it. A client that goes away has cancelled what it asked.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc;
use agentrq_core::mcp::listen::{Filter, Wanted};
use agentrq_core::mcp::stateless::{self, Headers};
use serde_json::Map;

use super::about::About;
use super::post::{Answer, Posted, Poster};
use super::respond::{self, Responded};
use super::server::Asked;
use super::{resources, session, streams};
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::connections::{Connection, Kind, WhenLeft};
use crate::workspace::presence;
use crate::workspace::sessions::Session;
use crate::workspace::subscriptions::{self, Topic};
use crate::workspace::transaction::Transaction;

/// Answers a request, now or on a stream.
pub fn request<S: Sql>(
    tx: &mut Transaction<S>,
    poster: Poster<'_>,
    about: &About,
    headers: &Headers<'_>,
    asked: &Asked<'_>,
) -> Result<Posted, Problem> {
    let envelope = match stateless::envelope(headers, asked.method, asked.params) {
        Ok(envelope) => envelope,
        Err(error) => return Ok(Answer::of(400, &jsonrpc::error(Some(asked.id), &error))),
    };
    let session = session::shared(tx, poster)?;
    presence::asked(tx, &session)?;
    tx.report(Report::Heard { agent: session.agent.clone(), client: envelope.client })?;
    match respond::respond(tx, &session, about, asked)? {
        Responded::Answer(answer) => Ok(Posted::Answer(answer)),
        Responded::Waits(waiting) => respond::wait(tx, &session, asked, WhenLeft::Cancelled, waiting),
        Responded::Listens(filter) => listen(tx, &session, asked, &filter),
    }
}

/// A client listens: it is told what it asked to be told, on a stream of its own.
fn listen<S: Sql>(tx: &mut Transaction<S>, session: &Session, asked: &Asked<'_>, filter: &Filter) -> Result<Posted, Problem> {
    let id = SessionId(random::id(tx.now)?);
    let stream = session.stream(id, Kind::Listen { request: asked.id.clone() }, tx.now);
    // What is subscribed to is this stream's alone.
    streams::add(tx, &Connection { session: id, is_live: false, ..stream })?;
    for uri in &filter.resource_subscriptions {
        if let Ok(topic) = resources::named(tx, &Map::from_iter([("uri".to_owned(), uri.as_str().into())]))? {
            subscriptions::put(tx.sql(), id, topic, uri)?;
        }
    }
    let lists = [
        (filter.tools_list_changed, Topic::Tools),
        (filter.prompts_list_changed, Topic::Prompts),
        (filter.resources_list_changed, Topic::Resources),
    ];
    for (wanted, topic) in lists {
        if wanted == Wanted::Yes {
            subscriptions::put(tx.sql(), id, topic, "")?;
        }
    }
    Ok(Posted::Held { connection: id, revision: asked.revision })
}
