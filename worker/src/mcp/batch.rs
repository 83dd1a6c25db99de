//! Batches: several messages in one body, which MCP 2025-03-26 wants understood and later revisions have given up.

use agentrq_core::dialect::hitl;
use agentrq_core::mcp::jsonrpc::{self, INVALID_REQUEST, Incoming, RpcError, Unread};
use agentrq_core::mcp::revision::Revision;
use agentrq_core::mcp::stateless;
use agentrq_core::mcp::tool::ToolAnswer;
use serde_json::{Map, Value};

use super::about::About;
use super::post::{Answer, Post, Posted, Poster, Proof};
use super::respond::{self, Responded};
use super::server::Asked;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::inbox::{For, Waiting};
use crate::workspace::sessions::Session;
use crate::workspace::transaction::Transaction;

/// Answers each message of a batch, in one response. A call that would wait for a person is answered with nothing new at once: the others'
/// answers do not wait for it.
pub fn post<S: Sql>(
    tx: &mut Transaction<S>,
    poster: Poster<'_>,
    about: &About,
    post: &Post<'_>,
    messages: Vec<Result<Incoming, Unread>>,
) -> Result<Posted, Problem> {
    let refuse = |error: &RpcError| Ok(Answer::of(400, &jsonrpc::error(None, error)));
    match stateless::revision(&post.headers, &Map::new()) {
        Err(error) => return refuse(&error),
        Ok(Revision::V2025_03_26) => {}
        Ok(other) => {
            let why = format!("{other} has no batches: send one JSON-RPC message a request");
            return refuse(&RpcError::new(INVALID_REQUEST, why));
        }
    }
    let session = respond::heard(tx, poster, post.session)?;
    let (mut bodies, mut calls, mut proof) = (Vec::new(), Vec::new(), Proof::NotWanted);
    for message in messages {
        match message {
            Err((id, error)) => bodies.push(jsonrpc::error(id.as_ref(), &error).to_string()),
            Ok(Incoming::Request { id, method, params }) => {
                let asked = Asked { revision: Revision::V2025_03_26, id: &id, method: &method, params: &params };
                let answer = answer(tx, &session, about, &asked)?;
                bodies.push(answer.body);
                calls.extend(answer.calls);
                if answer.proof == Proof::Wanted {
                    proof = Proof::Wanted;
                }
            }
            Ok(incoming) => respond::take(tx, poster, &session, &incoming)?,
        }
    }
    if bodies.is_empty() {
        return Ok(Posted::Accepted);
    }
    Ok(Posted::Answer(Answer { status: 200, body: format!("[{}]", bodies.join(",")), session: None, calls, proof }))
}

fn answer<S: Sql>(tx: &mut Transaction<S>, session: &Session, about: &About, asked: &Asked<'_>) -> Result<Answer, Problem> {
    let now = |result: Result<Value, RpcError>| Answer {
        status: 200,
        body: asked.answer(result).to_string(),
        session: None,
        calls: Vec::new(),
        proof: Proof::NotWanted,
    };
    if asked.method == "initialize" {
        return Ok(now(Err(RpcError::new(INVALID_REQUEST, "initialize is sent by itself, before anything else"))));
    }
    match respond::respond(tx, session, about, asked)? {
        Responded::Answer(answer) => Ok(answer),
        Responded::Waits(Waiting { what: For::Messages, .. }) => Ok(now(Ok(ToolAnswer::Done(hitl::waited(&[])).to_json(&[])))),
        Responded::Waits(Waiting { what: For::Output(_), .. }) => {
            let why = "TaskOutput is asked for by itself: in a batch the other answers would wait for it";
            Ok(now(Ok(ToolAnswer::Failed(why.to_owned()).to_json(&[]))))
        }
        Responded::Listens(_) => Err(Problem::internal("a session listens")),
    }
}
