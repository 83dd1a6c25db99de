//! The streams of Streamable HTTP clients: opened, resumed after a break or by `Last-Event-ID`, and ended.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::event_id::Place;
use agentrq_core::mcp::jsonrpc::{self, Incoming, METHOD_NOT_FOUND, RequestId, RpcError};
use agentrq_core::mcp::listen::{Filter, Wanted};
use agentrq_core::mcp::tool::clipped;
use serde_json::{Value, json};

use super::post::Poster;
use super::session as asking;
use super::tell;
use crate::problem::{Code, Problem};
use crate::sql::Sql;
use crate::stream::line::{Down, Ending};
use crate::workspace::connections::{self, Connection, Kind, Phase, STREAMS_OF_TOKEN};
use crate::workspace::inbox;
use crate::workspace::sessions::{self, Session, State};
use crate::workspace::subscriptions;
use crate::workspace::timers::{self, Timer};
use crate::workspace::tokens::Holder;
use crate::workspace::transaction::{Outgoing, Transaction};

/// Adds a stream, if its token may have one more.
pub fn add<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    if connections::find(tx.sql(), connection.id)?.is_some() {
        return Err(Problem::new(Code::Conflict, "this connection id is in use: open a stream without one"));
    }
    if connections::streams_of(tx.sql(), connection.token)? >= STREAMS_OF_TOKEN {
        let detail = format!("this token holds {STREAMS_OF_TOKEN} streams, which is the limit: close one, or use a token for each agent");
        return Err(Problem::new(Code::TooManyRequests, detail).retry_after(1));
    }
    // One that nobody dials is forgotten too.
    timers::set(tx.sql(), Timer::Sweep, "", tx.now.plus_ms(connections::KEPT_MS + 1_000))?;
    Ok(connections::insert(tx.sql(), connection, tx.now)?)
}

/// A session opens its own stream. Its client hears at once, and gets an event with an id: a ping.
pub fn open<S: Sql>(tx: &mut Transaction<S>, poster: Poster<'_>, id: SessionId, session: Option<&str>) -> Result<(), Problem> {
    let session = asking::find(tx, poster, session)?;
    // What a stream had that broke a moment ago waits again: the client has not come back to that one.
    for broken in connections::of_session(tx.sql(), session.id)?.into_iter().filter(|it| !it.is_live && it.kind == Kind::Session) {
        timers::clear(tx.sql(), Timer::Lost, &broken.id.to_string())?;
        inbox::lose(tx, broken.id)?;
    }
    let stream = session.stream(id, Kind::Session, tx.now);
    add(tx, &stream)?;
    tx.report(Report::Connected { agent: stream.agent })?;
    inbox::ping(tx, id, &[])?;
    reached(tx, session)?;
    tx.deliver = true;
    Ok(())
}

/// Why a stream that is there is dialled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dialled {
    /// By the Worker, for the request that it has just passed on.
    First,
    /// By the Worker, whose socket broke.
    AfterBreak,
    /// By the client, who comes back in this session with the last event that it got.
    ByClient { session: Option<String>, last: Place },
}

/// May this stream be dialled? One that has been given up, or that belongs to somebody else, is not: the client opens a new one.
pub fn may_dial<S: Sql>(tx: &Transaction<S>, poster: Poster<'_>, id: SessionId, dialled: &Dialled) -> Result<bool, Problem> {
    let Some(connection) = connections::find(tx.sql(), id)? else { return Ok(false) };
    if connection.token != poster.holder.token || connection.heir.is_some() {
        return Ok(false);
    }
    Ok(match dialled {
        Dialled::First | Dialled::AfterBreak => {
            !sessions::find(tx.sql(), connection.session)?.is_some_and(|session| session.state == State::Ended)
        }
        Dialled::ByClient { session, .. } => asking::find(tx, poster, session.as_deref())?.id == connection.session,
    })
}

/// A stream that is there is dialled: it goes on where it was.
pub fn resume<S: Sql>(tx: &mut Transaction<S>, id: SessionId, dialled: &Dialled) -> Result<(), Problem> {
    let Some(connection) = connections::find(tx.sql(), id)? else { return Ok(()) };
    connections::resumed(tx.sql(), id)?;
    timers::clear(tx.sql(), Timer::Lost, &id.to_string())?;
    tx.report(Report::Connected { agent: connection.agent.clone() })?;
    if let Dialled::ByClient { last, .. } = dialled {
        inbox::got(tx, id, *last)?;
    }
    inbox::repeat_unproven(tx, id)?;
    match (&connection.kind, dialled) {
        (Kind::Listen { request }, Dialled::First) => acknowledge(tx, id, request)?,
        // What has changed while nobody held it, nobody knows: all of it may have.
        (Kind::Listen { .. }, _) => tell::all(tx, &connection)?,
        (Kind::Session | Kind::Sse, Dialled::AfterBreak) => tell::all(tx, &connection)?,
        #[cfg(feature = "faults")]
        (Kind::Call { .. }, _) if super::fixtures::calls::dialled(tx, id)? => {}
        // It has been answered already, and says so once more.
        (Kind::Call { .. }, _) if !inbox::is_waiting(tx, id)? => tx.say(id, Down::End),
        (Kind::Session, Dialled::ByClient { .. }) => {
            tell::all(tx, &connection)?;
            inbox::ping(tx, id, &[])?;
        }
        _ => {}
    }
    tx.deliver = true;
    Ok(())
}

/// What a listening stream will be told: its first message.
fn acknowledge<S: Sql>(tx: &mut Transaction<S>, id: SessionId, request: &RequestId) -> Result<(), Problem> {
    let wants = |topic: subscriptions::Topic| Ok::<_, Problem>(Wanted::from(subscriptions::wants(tx.sql(), id, &topic)?));
    let filter = Filter {
        tools_list_changed: wants(subscriptions::Topic::Tools)?,
        prompts_list_changed: wants(subscriptions::Topic::Prompts)?,
        resources_list_changed: wants(subscriptions::Topic::Resources)?,
        resource_subscriptions: subscriptions::resources_of(tx.sql(), id)?.into_iter().collect(),
    };
    let text = inbox::message(&filter.acknowledged(request));
    tx.say(id, Down::Write { key: "acknowledged".to_owned(), cursor: None, text });
    Ok(())
}

/// There is a way to the model of a session that has been set up: by its stream, or by the answer to its call. What earlier sessions left is
/// owed to it from now on; before, it would have been given to another one that listens.
pub fn reached<S: Sql>(tx: &mut Transaction<S>, session: Session) -> Result<Session, Problem> {
    if session.state != State::Initialized {
        return Ok(session);
    }
    sessions::reached(tx.sql(), session.id, State::Ready)?;
    inbox::begins(tx, &session.agent, session.id)?;
    tx.deliver = true;
    Ok(Session { state: State::Ready, ..session })
}

/// A pong, on whichever of the token's streams its ping was.
pub fn pong<S: Sql>(tx: &mut Transaction<S>, holder: &Holder, id: &RequestId) -> Result<(), Problem> {
    let Some(pinged) = inbox::pinged(tx, id)? else { return Ok(()) };
    let Some(stream) = connections::find(tx.sql(), pinged)?.filter(|it| it.token == holder.token) else { return Ok(()) };
    inbox::pong(tx, stream.id, id)?;
    if stream.phase == Phase::Opened {
        // It had been slow to answer before.
        connections::reached(tx.sql(), stream.id, Phase::Ready, stream.session)?;
        tx.deliver = true;
    }
    Ok(())
}

/// A session was ended by its client: so are its streams.
pub fn end_session<S: Sql>(tx: &mut Transaction<S>, session: &Session) -> Result<(), Problem> {
    subscriptions::clear(tx.sql(), session.id)?;
    for connection in connections::of_session(tx.sql(), session.id)? {
        inbox::end_waits(tx, connection.id)?;
        inbox::lose(tx, connection.id)?;
        tx.outgoing.push(Outgoing::Close { connection: connection.id, ending: Ending::Ended });
    }
    Ok(())
}

/// The refusal of what has no handshake, at an address that speaks only revisions with one.
pub fn handshake_only(incoming: &Incoming) -> Value {
    let (id, method) = match incoming {
        Incoming::Request { id, method, .. } => (Some(id), method.as_str()),
        Incoming::Notification { method, .. } => (None, method.as_str()),
        Incoming::Response { id, .. } => (Some(id), "an answer"),
    };
    let why = format!("{}: this address begins with `initialize`, up to 2025-11-25; later revisions are spoken at /mcp/", clipped(method));
    jsonrpc::error(id, &RpcError::new(METHOD_NOT_FOUND, why).with_data(json!({"latest": "2025-11-25"})))
}
