//! Tells those who want to know that something has changed: sessions on their stream, listening streams on theirs.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use agentrq_core::dialect::hitl::resources::{self, ResourceUri};
use agentrq_core::dialect::task_list::resources::{self as list_resources, ListUri, Part, TOLD};
use agentrq_core::id::{Id, SessionId};
use agentrq_core::mcp::jsonrpc;
use agentrq_core::mcp::listen::{ended, told};
use serde_json::{Value, json};

use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::stream::line::Down;
use crate::workspace::connections::{self, Connection, Kind};
use crate::workspace::inbox;
use crate::workspace::subscriptions::{self, Topic};
use crate::workspace::tokens;
use crate::workspace::transaction::{Outgoing, Transaction};

const UPDATED: &str = "notifications/resources/updated";
const RESOURCES: &str = "notifications/resources/list_changed";
const TOOLS: &str = "notifications/tools/list_changed";
const PROMPTS: &str = "notifications/prompts/list_changed";

/// Tells of the resources that this commit has changed.
pub fn of_resources<S: Sql>(tx: &mut Transaction<S>) -> Result<(), Problem> {
    let mut streams = Streams::default();
    let touched = resources::touched(tx.events());
    for resource in touched {
        for subscription in subscriptions::to(tx.sql(), Topic::Resource(resource))? {
            let Some(stream) = streams.of(tx, subscription.subscriber)? else { continue };
            // One inbox for each agent, under one name; and who only looks has none.
            if resource == ResourceUri::Inbox
                && !(resources::inbox_touched(tx.events(), &stream.agent) && tokens::scopes(tx.sql(), stream.token)?.hear())
            {
                continue;
            }
            say(tx, stream.id, &stream.kind, UPDATED, json!({"uri": subscription.uri}))?;
        }
    }
    of_lists(tx, &mut streams)?;
    if resources::list_changed(tx.events()) {
        for subscription in subscriptions::to(tx.sql(), Topic::Resources)? {
            if let Some(stream) = streams.of(tx, subscription.subscriber)? {
                say(tx, stream.id, &stream.kind, RESOURCES, json!({}))?;
            }
        }
    }
    Ok(())
}

/// Tells of the lists that this commit has changed. Who follows a list hears which task it was, as a part of what is followed (MCP, "Resources": an update may
/// name a sub-resource), so that one change costs one read.
fn of_lists<S: Sql>(tx: &mut Transaction<S>, streams: &mut Streams) -> Result<(), Problem> {
    let mut touched = list_resources::touched(tx.events());
    for (list, number) in tx.unlisted() {
        touched.entry(list.clone()).or_default().insert(*number);
    }
    for (list, numbers) in touched {
        let named = |part| ListUri { list: list.clone(), part };
        let followers = subscriptions::to(tx.sql(), Topic::List(named(Part::Whole)))?;
        let told: Vec<_> = if numbers.len() > TOLD { vec![Part::Whole] } else { numbers.iter().copied().map(Part::Task).collect() };
        for subscription in followers {
            let Some(Connection { id, kind, .. }) = streams.of(tx, subscription.subscriber)?.cloned() else { continue };
            for part in &told {
                say(tx, id, &kind, UPDATED, json!({"uri": named(*part).to_string()}))?;
            }
        }
        for number in numbers {
            for subscription in subscriptions::to(tx.sql(), Topic::List(named(Part::Task(number))))? {
                if let Some(Connection { id, kind, .. }) = streams.of(tx, subscription.subscriber)?.cloned() {
                    say(tx, id, &kind, UPDATED, json!({"uri": subscription.uri}))?;
                }
            }
        }
    }
    Ok(())
}

/// The streams of subscribers, each looked up once a commit: one may follow hundreds of resources.
#[derive(Default)]
struct Streams(BTreeMap<SessionId, Option<Connection>>);

impl Streams {
    fn of<S: Sql>(&mut self, tx: &Transaction<S>, subscriber: SessionId) -> Result<Option<&Connection>, Problem> {
        Ok(match self.0.entry(subscriber) {
            Entry::Occupied(known) => known.into_mut().as_ref(),
            Entry::Vacant(new) => new.insert(stream(tx, subscriber)?).as_ref(),
        })
    }
}

/// Tells a stream that all it is told of may have changed.
pub fn all<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    for uri in subscriptions::resources_of(tx.sql(), connection.session)? {
        say(tx, connection.id, &connection.kind, UPDATED, json!({"uri": uri}))?;
    }
    for (topic, method) in [(Topic::Tools, TOOLS), (Topic::Prompts, PROMPTS), (Topic::Resources, RESOURCES)] {
        if subscriptions::wants(tx.sql(), connection.session, &topic)? {
            say(tx, connection.id, &connection.kind, method, json!({}))?;
        }
    }
    Ok(())
}

/// Tells the clients of a token that they have other tools than before.
pub fn of_tools<S: Sql>(tx: &mut Transaction<S>, token: Id) -> Result<(), Problem> {
    let streams = connections::live_of_token(tx.sql(), token)?;
    of_list(tx, streams, Topic::Tools, TOOLS)
}

/// Tells every client that there are other prompts than before: each workflow is one.
pub fn of_prompts<S: Sql>(tx: &mut Transaction<S>) -> Result<(), Problem> {
    let streams = connections::live(tx.sql())?;
    of_list(tx, streams, Topic::Prompts, PROMPTS)
}

fn of_list<S: Sql>(tx: &mut Transaction<S>, streams: Vec<Connection>, topic: Topic, method: &str) -> Result<(), Problem> {
    for Connection { id, kind, session, .. } in streams {
        match &kind {
            // Of several streams of one session, one: nothing is said twice.
            Kind::Sse | Kind::Session if connections::stream_of(tx.sql(), session)? == Some(id) => say(tx, id, &kind, method, json!({}))?,
            Kind::Sse | Kind::Session => {}
            Kind::Listen { .. } if subscriptions::wants(tx.sql(), id, &topic)? => say(tx, id, &kind, method, json!({}))?,
            Kind::Listen { .. } | Kind::Call { .. } | Kind::Http => {}
        }
    }
    Ok(())
}

/// The last word on a stream that the server ends. Only who listens waits for one: the answer to the request.
pub fn ends(connection: &Connection) -> Option<Outgoing> {
    let Kind::Listen { request } = &connection.kind else { return None };
    let down = Down::Last { key: "ended".to_owned(), text: inbox::message(&ended(request)) };
    Some(Outgoing::Line { connection: connection.id, down })
}

/// The stream on which a subscriber is told: its own, if it is a stream, else one of its session's.
fn stream<S: Sql>(tx: &Transaction<S>, subscriber: SessionId) -> Result<Option<Connection>, Problem> {
    let listening = connections::find(tx.sql(), subscriber)?.filter(|it| it.is_live && matches!(it.kind, Kind::Listen { .. }));
    let found = match listening {
        Some(found) => Some(found),
        None => match connections::stream_of(tx.sql(), subscriber)? {
            Some(id) => connections::find(tx.sql(), id)?,
            None => None,
        },
    };
    Ok(found)
}

fn say<S: Sql>(tx: &mut Transaction<S>, stream: SessionId, kind: &Kind, method: &str, params: Value) -> Result<(), Problem> {
    let message = match kind {
        Kind::Listen { request } => told(request, method, params),
        _ => jsonrpc::notification(method, &params),
    };
    let key = format!("u{}", random::id(tx.now)?);
    tx.say(stream, Down::Write { key, cursor: None, text: inbox::message(&message) });
    Ok(())
}
