//! The Streamable HTTP transport with sessions (MCP 2025-03-26 to 2025-11-25): each message is a POST, answered in its response or, where
//! the answer takes time, on a stream that the response opens. What the server says unasked comes on the session's own stream.
//!
//! Clients lose sessions in every way there is: they come back after a restart without `initialize`, they outlive deploys, they never had
//! one. So there is none to lose: it is the token that says who asks (see [`sessions`]).

use agentrq_core::command::Inbox;
use agentrq_core::dialect::hitl;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::header::is_session_id;
use agentrq_core::mcp::jsonrpc::{self, Body, Incoming, RequestId};
use agentrq_core::mcp::revision::Revision;
use agentrq_core::mcp::stateless::{self, Headers};
use agentrq_core::model::{AgentName, Client};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::about::About;
use super::server::{self, Answered, Asked, Handled};
use super::{batch, streams};
use crate::gate::mac::hex;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::Endpoint;
use crate::sql::Sql;
use crate::workspace::calls::{self, Call, Ids};
use crate::workspace::connections::{self, Connection, Kind, WhenLeft};
use crate::workspace::sessions::{self, Session, State};
use crate::workspace::tokens::Holder;
use crate::workspace::transaction::Transaction;
use crate::workspace::{inbox, presence};

/// A post, as the transport sees it.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    pub endpoint: Endpoint,
    pub session: Option<&'a str>,
    pub headers: Headers<'a>,
    pub body: &'a [u8],
}

/// What came of a post.
#[derive(Debug, PartialEq)]
pub enum Posted {
    /// Taken; there is nothing to answer.
    Accepted,
    Answer(Answer),
    /// The answer comes on this connection's stream, which the Worker opens.
    Held {
        connection: SessionId,
        revision: Revision,
    },
}

/// An answer in the response.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// The session that has begun.
    pub session: Option<SessionId>,
    /// The sessions and numbers under which what is answered is remembered: the Worker says what became of it.
    pub calls: Vec<(SessionId, u64)>,
    pub proof: Proof,
}

/// Must the Worker find out whether the client is still there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The same call cannot be told from another client's, or what stands in its answer is given once: it costs a moment.
    Wanted,
    NotWanted,
}

impl Answer {
    pub fn of(status: u16, body: &Value) -> Posted {
        Posted::Answer(Self { status, body: body.to_string(), session: None, calls: Vec::new(), proof: Proof::NotWanted })
    }
}

/// Who posts: a token, and the agent that it speaks for.
#[derive(Clone, Copy, Debug)]
pub struct Poster<'a> {
    pub holder: &'a Holder,
    pub agent: &'a AgentName,
}

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
            let session = heard(tx, poster, post.session)?;
            answer(tx, &session, about, &Asked { revision, id: &id, method: &method, params: &params })
        }
        (incoming @ Incoming::Notification { .. }, false, _) => {
            let session = heard(tx, poster, post.session)?;
            take(tx, poster, &session, &incoming)?;
            Ok(Posted::Accepted)
        }
        // The transport answers by itself: that says nothing of the model.
        (incoming @ Incoming::Response { .. }, false, _) => {
            let session = find(tx, poster, post.session)?;
            presence::asked(tx, &session)?;
            take(tx, poster, &session, &incoming)?;
            Ok(Posted::Accepted)
        }
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

/// A new model is being set up: a session begins.
fn begin<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, id: &RequestId, params: &Map<String, Value>) -> Result<Posted, Problem> {
    let session = Session::new(SessionId(random::id(tx.now)?), poster.holder.token, poster.agent.clone(), State::Initializing, tx.now);
    sessions::insert(tx.sql(), &session)?;
    presence::asked(tx, &session)?;
    tx.report(Inbox::Heard { agent: session.agent, client: params.get("clientInfo").map(Client::read) })?;
    let body = jsonrpc::result(id, server::welcome(params)).to_string();
    Ok(Posted::Answer(Answer { status: 200, body, session: Some(session.id), calls: Vec::new(), proof: Proof::NotWanted }))
}

/// The session in which a client speaks. That it speaks shows that a model that was being set up is there.
pub fn heard<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<Session, Problem> {
    let session = find(tx, poster, given)?;
    presence::asked(tx, &session)?;
    tx.report(Inbox::Heard { agent: session.agent.clone(), client: None })?;
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

/// The session that a client names, or the one that it shares with others that name none.
///
/// # Errors
/// It was ended by its client, or it is no session id at all.
pub fn find<S: Sql>(tx: &Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<Session, Problem> {
    let (token, agent) = (poster.holder.token, poster.agent);
    if let Some(given) = given {
        if !is_session_id(given) {
            let detail = "Mcp-Session-Id holds visible ASCII characters, 256 at most: send it as `initialize` returned it";
            return Err(Problem::new(Code::BadRequest, detail).with("header", "mcp-session-id"));
        }
        if let Ok(id) = given.parse::<SessionId>() {
            match sessions::find(tx.sql(), id)? {
                // Somebody else's session: the token says who asks, and nobody can speak in another's.
                Some(known) if known.token != token || known.agent != *agent => {}
                Some(known) if known.state == State::Ended => {
                    return Err(Problem::new(Code::SessionEnded, "this session was ended with DELETE: begin another with `initialize`"));
                }
                Some(known) => return Ok(known),
                None => {
                    let session = Session::new(id, token, agent.clone(), State::Ready, tx.now);
                    sessions::insert(tx.sql(), &session)?;
                    return Ok(session);
                }
            }
        }
    }
    shared(tx, poster)
}

/// The session of all requests of this agent that name none.
pub fn shared<S: Sql>(tx: &Transaction<S>, poster: Poster<'_>) -> Result<Session, Problem> {
    if let Some(session) = sessions::shared(tx.sql(), poster.holder.token, poster.agent)? {
        return Ok(session);
    }
    let session = Session::new(SessionId(random::id(tx.now)?), poster.holder.token, poster.agent.clone(), State::Shared, tx.now);
    sessions::insert(tx.sql(), &session)?;
    Ok(session)
}

/// Answers a request of a session, now or on a stream.
fn answer<S: Sql>(tx: &mut Transaction<S>, session: &Session, about: &About, asked: &Asked<'_>) -> Result<Posted, Problem> {
    match respond(tx, session, about, asked)? {
        Responded::Answer(answer) => Ok(Posted::Answer(answer)),
        Responded::Waits { timeout_s, progress } => wait(tx, session, asked, WhenLeft::Resumable, timeout_s, progress),
        // Handled by the revisions that know it.
        Responded::Listens(_) => Err(Problem::internal("a session listens")),
    }
}

/// What a request of a session came to.
pub enum Responded {
    Answer(Answer),
    Waits { timeout_s: u64, progress: Option<String> },
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
        Handled::Waits { timeout_s, progress } => return Ok(Responded::Waits { timeout_s, progress }),
        Handled::Listens(filter) => return Ok(Responded::Listens(filter)),
    };
    let status = match &result {
        Err(error) if asked.revision.is_stateless() => stateless::status(error),
        _ => 200,
    };
    let body = asked.answer(result).to_string();
    let acts = asked.params.get("name").and_then(Value::as_str).is_some_and(hitl::adds);
    let proof = if !given.is_empty() || (acts && ids == Ids::OfSeveral) { Proof::Wanted } else { Proof::NotWanted };
    let number = call.map(|call| calls::note(tx, &call, &body, &given)).transpose()?;
    if let (Some(task), Some(number)) = (created, number) {
        inbox::creation_answered(tx, &connection, task, number)?;
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
    timeout_s: u64,
    progress: Option<String>,
) -> Result<Posted, Problem> {
    let id = SessionId(random::id(tx.now)?);
    let connection = Connection { is_live: false, ..session.stream(id, Kind::Call { request: asked.id.clone(), left }, tx.now) };
    streams::add(tx, &connection)?;
    #[cfg(feature = "faults")]
    if super::fixtures::calls::begin(tx, id, asked)? {
        return Ok(Posted::Held { connection: id, revision: asked.revision });
    }
    inbox::wait(tx, &connection, asked.id, progress, timeout_s)?;
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

/// The client ends its session.
pub fn end<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<(), Problem> {
    if given.is_none() {
        let detail = "name the session to end in the header Mcp-Session-Id";
        return Err(Problem::new(Code::BadRequest, detail).with("header", "mcp-session-id"));
    }
    let session = find(tx, poster, given)?;
    if session.state == State::Shared {
        // Nobody's own: there is nothing to end.
        return Ok(());
    }
    sessions::reached(tx.sql(), session.id, State::Ended)?;
    streams::end_session(tx, &session)
}
