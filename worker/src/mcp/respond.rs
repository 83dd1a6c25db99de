//! A session speaks, and is answered: once for each call, now or on a stream of its own.

use agentrq_core::Report;
use agentrq_core::dialect;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::jsonrpc::Incoming;
use agentrq_core::mcp::stateless;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::about::About;
use super::post::{Answer, Posted, Poster, Proof};
use super::server::{self, Answered, Asked, Handled};
use super::{session, streams};
use crate::gate::mac::hex;
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::calls::{self, Call, Ids};
use crate::workspace::connections::{self, Connection, Kind, WhenLeft};
use crate::workspace::inbox::{self, Waiting};
use crate::workspace::presence;
use crate::workspace::sessions::{self, Session, State};
use crate::workspace::transaction::Transaction;

/// The session in which a client speaks. That it speaks shows that a model that was being set up is there.
pub fn heard<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<Session, Problem> {
    let session = session::find(tx, poster, given)?;
    presence::asked(tx, &session)?;
    tx.report(Report::Heard { agent: session.agent.clone(), client: None })?;
    if session.state != State::Initializing {
        return Ok(session);
    }
    sessions::reached(tx.sql(), session.id, State::Initialized)?;
    connections::session_ready(tx.sql(), session.id)?;
    let session = Session { state: State::Initialized, ..session };
    match connections::stream_of(tx.sql(), session.id)? {
        Some(_) => streams::reached(tx, session),
        None => Ok(session),
    }
}

/// Takes a message that wants no answer.
pub fn take<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, session: &Session, incoming: &Incoming) -> Result<(), Problem> {
    #[cfg(feature = "faults")]
    super::fixtures::calls::answered(tx, poster.holder, incoming)?;
    match incoming {
        Incoming::Notification { method, params } => server::notification(tx, &session.connection(), method, params),
        Incoming::Response { id, .. } => streams::pong(tx, poster.holder, id),
        Incoming::Request { .. } => Ok(()),
    }
}

/// What a request of a session came to.
pub enum Responded {
    Answer(Answer),
    Waits(Waiting),
    Listens(agentrq_core::mcp::listen::Filter),
}

/// Does what is asked, once: a call that comes again is given the answer that it had.
pub fn respond<S: Sql>(tx: &mut Transaction<S>, session: &Session, about: &About, asked: &Asked<'_>) -> Result<Responded, Problem> {
    // Several clients may share what is no session of one.
    let ids = if session.state == State::Shared { Ids::OfSeveral } else { Ids::OfOneClient };
    let is_call = remembered(asked);
    if is_call {
        streams::reached(tx, session.clone())?;
    }
    let connection = session.connection();
    let call = is_call.then(|| Call { session: session.id, request: asked.id.clone(), hash: hash(asked) });
    if let Some(call) = &call
        && let Some((number, body)) = calls::answered(tx.sql(), call, ids, tx.now)?
    {
        let calls = vec![(session.id, number)];
        return Ok(Responded::Answer(Answer { status: 200, body, session: None, calls, proof: Proof::Wanted }));
    }
    let Answered { result, given, created } = match server::request(tx, &connection, about, asked)? {
        Handled::Answered(answered) => answered,
        Handled::Waits(waiting) => return Ok(Responded::Waits(waiting)),
        Handled::Listens(filter) => return Ok(Responded::Listens(filter)),
    };
    let status = match &result {
        Err(error) if asked.revision.is_stateless() => stateless::status(error),
        _ => 200,
    };
    let body = asked.answer(result).to_string();
    let acts = asked.params.get("name").and_then(Value::as_str).is_some_and(dialect::adds);
    let proof = if !given.is_empty() || (acts && ids == Ids::OfSeveral) { Proof::Wanted } else { Proof::NotWanted };
    let number = call.map(|call| calls::note(tx, &call, &body, &given)).transpose()?;
    if let (Some(made), Some(number)) = (&created, number) {
        inbox::creation_answered(tx, &connection, made, number)?;
    }
    let calls = number.map(|number| (session.id, number)).into_iter().collect();
    Ok(Responded::Answer(Answer { status, body, session: None, calls, proof }))
}

/// What does something, or gives something that will not be given again.
fn remembered(asked: &Asked<'_>) -> bool {
    matches!(asked.method, "tools/call" | "resources/read")
}

/// A call waits: its answer comes on a stream of its own.
pub fn wait<S: Sql>(
    tx: &mut Transaction<S>,
    session: &Session,
    asked: &Asked<'_>,
    left: WhenLeft,
    waiting: Waiting,
) -> Result<Posted, Problem> {
    let id = SessionId(random::id(tx.now)?);
    let connection = Connection { is_live: false, ..session.stream(id, Kind::Call { request: asked.id.clone(), left }, tx.now) };
    streams::add(tx, &connection)?;
    #[cfg(feature = "faults")]
    if super::fixtures::calls::begin(tx, id, asked)? {
        return Ok(Posted::Held { connection: id, revision: asked.revision });
    }
    inbox::wait(tx, &connection, asked.id, waiting)?;
    Ok(Posted::Held { connection: id, revision: asked.revision })
}

/// The same request has the same hash, whatever else the client says beside it.
fn hash(asked: &Asked<'_>) -> String {
    let mut hash = Sha256::new();
    hash.update(asked.method);
    for (name, value) in asked.params.iter().filter(|(name, _)| *name != "_meta") {
        hash.update(name);
        hash.update(value.to_string());
    }
    hex(&hash.finalize())
}
