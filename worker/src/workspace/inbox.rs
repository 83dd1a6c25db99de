//! The inbox at work: what is queued goes to whoever listens, and comes back if it was lost.
//!
//! Everything here happens inside the transaction of its cause; what the streams must be told is collected and sent
//! once the transaction stands. After each thing that is handed over a `ping` follows on the same stream: its pong
//! proves that the client has what came before it (MCP, "Ping": the receiver must answer promptly).

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::command::Inbox;
use agentrq_core::decide::{Holder, route};
use agentrq_core::dialect::hitl;
use agentrq_core::id::{DeliveryId, MessageId, SessionId, TaskId};
use agentrq_core::limits;
use agentrq_core::mcp::channel::{self, Item};
use agentrq_core::mcp::jsonrpc::{self, RequestId};
use agentrq_core::mcp::tool::ToolAnswer;
use agentrq_core::model::{AgentName, Delivery, DeliveryKind, DeliveryState, Route};
use agentrq_core::sse;
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Unseen, View};
use serde_json::Value;

use super::connections::{self, Connection, Phase};
use super::timers::{self, Timer};
use super::transaction::{Outgoing, Transaction};
use crate::problem::Problem;
use crate::random;
use crate::sql::{Row, Sql, SqlError};
use crate::stream::line::{Down, Ending};

/// Bytes of an answer in one row, which may hold 2 MB.
const PART_BYTES: usize = 1024 * 1024;
/// How long a client has to answer a ping.
const PONG_MS: u64 = 10_000;
/// After this long on a living stream a written answer has arrived: a client that is gone is noticed at the write.
const ARRIVED_MS: u64 = 500;
/// Items that one waiting call returns at most.
const WAITED_ITEMS: usize = 20;

/// Gives what is queued to whoever listens. What nobody listens for stays queued.
pub fn deliver<S: Sql>(tx: &mut Transaction<S>) -> Result<(), Problem> {
    let (ids, holders): (Vec<SessionId>, Vec<Holder>) = connections::holders(tx.sql())?.into_iter().unzip();
    let agents: BTreeSet<&AgentName> = holders.iter().map(|holder| &holder.agent).collect();
    let mut given: BTreeMap<usize, Vec<Delivery>> = BTreeMap::new();
    let mut routed = BTreeSet::new();
    for agent in agents {
        for delivery in looked(tx, tx.store().unseen(Unseen::QueuedFor(agent)))? {
            let task = looked(tx, tx.store().task(delivery.task))?;
            let index = route(&delivery, task.as_ref(), &holders);
            // What is for nobody in particular is found for each agent, and goes to one.
            if let (Some(index), true) = (index, routed.insert(delivery.id)) {
                given.entry(index).or_default().push(delivery);
            }
        }
    }
    for (index, deliveries) in given {
        let (Some(connection), Some(holder)) = (ids.get(index), holders.get(index)) else { continue };
        // A model that waits in a call hears nothing else: its call is answered instead of a push.
        if let Some(wait) = waiting(tx.sql(), *connection)? {
            answer_wait(tx, &wait, deliveries)?;
            continue;
        }
        // What belongs to this session stays with it; the rest may answer another session of the agent that waits.
        let (at_home, free) = at_home(tx, deliveries, holder.session)?;
        match waiting_elsewhere(tx.sql(), &holder.agent)? {
            Some(wait) if !free.is_empty() => answer_wait(tx, &wait, free)?,
            _ => push(tx, *connection, holder.session, free)?,
        }
        push(tx, *connection, holder.session, at_home)?;
    }
    Ok(())
}

/// Parts deliveries into those of tasks that this session works on, and others.
fn at_home<S: Sql>(tx: &Transaction<S>, deliveries: Vec<Delivery>, session: SessionId) -> Result<(Vec<Delivery>, Vec<Delivery>), Problem> {
    let mut parts = (Vec::new(), Vec::new());
    for delivery in deliveries {
        let task = looked(tx, tx.store().task(delivery.task))?;
        let is_home = task.is_some_and(|task| task.session == Some(session));
        if is_home { parts.0.push(delivery) } else { parts.1.push(delivery) }
    }
    Ok(parts)
}

fn push<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, session: SessionId, deliveries: Vec<Delivery>) -> Result<(), Problem> {
    if deliveries.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = deliveries.iter().map(|delivery| delivery.id).collect();
    for delivery in deliveries {
        let line = pushed(tx, &delivery, delivery.copies + 1)?;
        tx.say(connection, line);
    }
    tx.report(Inbox::Sent { deliveries: ids.clone(), session, route: Route::Channel })?;
    ping(tx, connection, &ids)
}

/// The channel event of a delivery. Its key names the copy, so that a socket that is dialled again doubles nothing.
fn pushed<S: Sql>(tx: &Transaction<S>, delivery: &Delivery, copy: u32) -> Result<Down, Problem> {
    let item = item(tx, delivery)?;
    let event = jsonrpc::notification(channel::METHOD, &item.params());
    Ok(Down::Write { key: format!("d{}.{copy}", delivery.id), cursor: None, text: message(&event) })
}

/// Asks the client whether it is there; the pong will prove that it has `deliveries`.
pub fn ping<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, deliveries: &[DeliveryId]) -> Result<(), Problem> {
    let id = format!("ping-{}", random::id(tx.now)?);
    tx.sql().exec(
        "INSERT INTO pings (id, connection, at, deliveries, answers) SELECT ?1, ?2, ?3, ?4, coalesce(max(id), 0) FROM answers WHERE connection = ?2",
        &[id.as_str().into(), connection.to_string().into(), tx.now.ms().into(), write_ids(deliveries).into()],
    )?;
    timers::set(tx.sql(), Timer::Pong, &id, tx.now.plus_ms(PONG_MS))?;
    tx.say(connection, ping_line(&id));
    Ok(())
}

fn ping_line(id: &str) -> Down {
    Down::Write { key: id.to_owned(), cursor: None, text: message(&jsonrpc::request(&RequestId::text(id), "ping")) }
}

/// A pong: what the ping followed has arrived. `false`: nobody waits for this answer.
pub fn pong<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, id: &RequestId) -> Result<bool, Problem> {
    let Some(id) = id.as_value().as_str() else { return Ok(false) };
    let rows = tx.sql().exec(
        "DELETE FROM pings WHERE id = ? AND connection = ? RETURNING deliveries, answers",
        &[id.into(), connection.to_string().into()],
    )?;
    let Some(row) = rows.first() else { return Ok(false) };
    let deliveries = read_ids(row.text(0)?)?;
    timers::clear(tx.sql(), Timer::Pong, id)?;
    let proven = [connection.to_string().into(), row.count(1)?.into()];
    tx.sql().exec("DELETE FROM answers WHERE connection = ? AND id <= ?", &proven)?;
    tx.sql().exec("DELETE FROM creations WHERE connection = ? AND answer <= ?", &proven)?;
    if !deliveries.is_empty() {
        tx.report(Inbox::Received { deliveries })?;
        // One look gives a bounded number: with these proven, the next ones follow.
        tx.deliver = true;
    }
    Ok(true)
}

/// No pong came: the stream is dead, and what was on it waits again.
pub fn unanswered<S: Sql>(tx: &mut Transaction<S>, ping: &str) -> Result<(), Problem> {
    let row = tx.sql().first("SELECT connection FROM pings WHERE id = ?", &[ping.into()])?;
    let Some(row) = row else { return Ok(()) };
    let connection = connections::id(&row, 0)?;
    lose(tx, connection)?;
    tx.outgoing.push(Outgoing::Close { connection, ending: Ending::Unresponsive });
    Ok(())
}

/// The stream is gone: what it was given and did not prove to have waits again, and its agent may be away.
pub fn lose<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let Some(known) = connections::find(tx.sql(), connection)? else { return Ok(()) };
    connections::closed(tx.sql(), connection, tx.now)?;
    timers::set(tx.sql(), Timer::Sweep, "", tx.now.plus_ms(connections::KEPT_MS + 1_000))?;
    let rows = tx.sql().exec("DELETE FROM pings WHERE connection = ? RETURNING id, deliveries", &[connection.to_string().into()])?;
    let mut deliveries = Vec::new();
    for row in rows {
        timers::clear(tx.sql(), Timer::Pong, row.text(0)?)?;
        deliveries.extend(read_ids(row.text(1)?)?);
    }
    if !deliveries.is_empty() {
        tx.report(Inbox::Lost { deliveries })?;
    }
    if !connections::is_present(tx.sql(), &known.agent)? {
        tx.report(Inbox::Disconnected { agent: known.agent.clone() })?;
    }
    // A client that reconnected in silence, before this stream was found broken, goes on from here.
    if known.phase == Phase::Ready
        && known.heir.is_none()
        && let Some(heir) = connections::orphan_of(tx.sql(), &known, tx.now)?
    {
        inherit(tx, connection, heir)?;
    }
    Ok(())
}

/// What a socket that was dialled again must be told once more: the Worker leaves out what it has written already.
pub fn repeat_unproven<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let rows = tx.sql().exec("SELECT id, deliveries FROM pings WHERE connection = ? ORDER BY at, id", &[connection.to_string().into()])?;
    for row in rows {
        for id in read_ids(row.text(1)?)? {
            if let Some(delivery) = looked(tx, tx.store().delivery(id))?
                && delivery.route == Some(Route::Channel)
            {
                let line = pushed(tx, &delivery, delivery.copies)?;
                tx.say(connection, line);
            }
        }
        let id = row.text(0)?;
        timers::set(tx.sql(), Timer::Pong, id, tx.now.plus_ms(PONG_MS))?;
        tx.say(connection, ping_line(id));
    }
    repeat_answers(tx, connection)
}

/// Sends what a stream still owes its client: answers, and the progress of calls that wait.
pub fn repeat_answers<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let rows = tx.sql().exec("SELECT id, json FROM answers WHERE connection = ? ORDER BY id", &[connection.to_string().into()])?;
    for row in rows {
        let id = row.count(0)?;
        let mut text = row.text(1)?.to_owned();
        for part in tx.sql().exec("SELECT json FROM answer_parts WHERE answer = ? ORDER BY part", &[id.into()])? {
            text.push_str(part.text(0)?);
        }
        tx.say(connection, answer_line(id, &text));
    }
    let waits = tx.sql().exec("SELECT request, progress FROM waits WHERE connection = ?", &[connection.to_string().into()])?;
    for row in waits {
        if let Some(progress) = row.optional_text(1)? {
            tx.say(connection, progress_line(row.text(0)?, progress));
        }
    }
    Ok(())
}

/// Writes a comment: nothing to the client, but to a client that is gone it cannot be written, and that is noticed.
pub fn nudge<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let key = format!("n{}", random::id(tx.now)?);
    tx.say(connection, Down::Write { key, cursor: None, text: sse::KEEPALIVE.to_owned() });
    Ok(())
}

/// Answers a request on the stream it belongs to, and returns the answer's number. It is kept until it is known to have arrived.
/// `deliveries` stand in it whole.
pub fn answer<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, answer: &Value, deliveries: &[DeliveryId]) -> Result<u64, Problem> {
    let text = answer.to_string();
    let mut parts = parts(&text);
    let row = tx.sql().first(
        "INSERT INTO answers (connection, at, deliveries, json) VALUES (?, ?, ?, ?) RETURNING id",
        &[connection.to_string().into(), tx.now.ms().into(), write_ids(deliveries).into(), parts.next().unwrap_or_default().into()],
    )?;
    let id = row.ok_or_else(|| Problem::internal("an insert returned no row"))?.count(0)?;
    for (part, text) in parts.enumerate() {
        let args = [id.into(), (part as u64).into(), text.into()];
        tx.sql().exec("INSERT INTO answer_parts (answer, part, json) VALUES (?, ?, ?)", &args)?;
    }
    tx.say(connection, answer_line(id, &text));
    Ok(id)
}

/// The number of the answer that a line's key names.
pub fn answer_of(key: &str) -> Option<u64> {
    key.strip_prefix('a')?.parse().ok()
}

/// Notes that the answers of a connection up to this one have been written to its stream.
pub fn written(sql: &impl Sql, connection: SessionId, upto: u64, at: Timestamp) -> Result<(), SqlError> {
    sql.exec(
        "UPDATE answers SET written_at = ? WHERE connection = ? AND id <= ? AND written_at IS NULL",
        &[at.ms().into(), connection.to_string().into(), upto.into()],
    )?;
    Ok(())
}

/// Is an answer after `upto` still on its way to the client's stream?
pub fn is_writing(sql: &impl Sql, connection: SessionId, upto: u64) -> Result<bool, SqlError> {
    let row = sql.first(
        "SELECT 1 FROM answers a JOIN connections c ON c.id = a.connection WHERE c.id = ? AND c.is_live = 1 AND a.written_at IS NULL AND a.id > ? LIMIT 1",
        &[connection.to_string().into(), upto.into()],
    )?;
    Ok(row.is_some())
}

/// A text in pieces that fit a row each.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (part, later) = rest.split_at(rest.floor_char_boundary(PART_BYTES));
        rest = later;
        (!part.is_empty()).then_some(part)
    })
}

fn answer_line(id: u64, text: &str) -> Down {
    Down::Write { key: format!("a{id}"), cursor: None, text: sse::Frame { event: Some("message"), id: None, data: text }.encode() }
}

/// A message as an event of the stream.
pub fn message(value: &Value) -> String {
    sse::Frame { event: Some("message"), id: None, data: &value.to_string() }.encode()
}

/// A call that waits for a person.
pub struct Wait {
    connection: SessionId,
    request: String,
}

/// A new call waits; `progress` is what its client is sent meanwhile.
pub fn wait<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    request: &RequestId,
    progress: Option<String>,
    timeout_s: u64,
) -> Result<(), Problem> {
    let request = request.as_value().to_string();
    let deadline = tx.now.plus_ms(timeout_s * 1_000);
    tx.sql().exec(
        "INSERT OR REPLACE INTO waits (connection, request, agent, progress, deadline) VALUES (?, ?, ?, ?, ?)",
        &[
            connection.id.to_string().into(),
            request.as_str().into(),
            connection.agent.as_str().into(),
            progress.clone().into(),
            deadline.ms().into(),
        ],
    )?;
    timers::set(tx.sql(), Timer::Wait, &format!("{} {request}", connection.id), deadline)?;
    if let Some(progress) = progress {
        tx.say(connection.id, progress_line(&request, &progress));
    }
    Ok(())
}

fn progress_line(request: &str, progress: &str) -> Down {
    Down::Repeat { key: wait_key(request), every_s: 20, text: progress.to_owned() }
}

/// A key holds no space; a request's id may.
fn wait_key(request: &str) -> String {
    format!("w{}", request.replace(|c: char| c.is_whitespace(), "_"))
}

/// The call that waits on this connection.
fn waiting(sql: &impl Sql, connection: SessionId) -> Result<Option<Wait>, SqlError> {
    read_wait(sql.first("SELECT connection, request FROM waits WHERE connection = ? LIMIT 1", &[connection.to_string().into()])?)
}

/// A call of this agent that waits on any stream that is held.
fn waiting_elsewhere(sql: &impl Sql, agent: &AgentName) -> Result<Option<Wait>, SqlError> {
    let waits = "SELECT w.connection, w.request FROM waits w JOIN connections c ON c.id = w.connection
                 WHERE w.agent = ? AND c.is_live = 1 AND c.phase = 'ready' ORDER BY c.opened_at DESC LIMIT 1";
    read_wait(sql.first(waits, &[agent.as_str().into()])?)
}

fn read_wait(row: Option<Row>) -> Result<Option<Wait>, SqlError> {
    row.map(|row| Ok(Wait { connection: connections::id(&row, 0)?, request: row.text(1)?.to_owned() })).transpose()
}

/// A waiting call has waited long enough.
pub fn wait_over<S: Sql>(tx: &mut Transaction<S>, key: &str) -> Result<(), Problem> {
    let Some((connection, request)) = key.split_once(' ') else { return Ok(()) };
    let row = tx.sql().first("SELECT connection FROM waits WHERE connection = ? AND request = ?", &[connection.into(), request.into()])?;
    match row {
        Some(row) => {
            let wait = Wait { connection: connections::id(&row, 0)?, request: request.to_owned() };
            answer_wait(tx, &wait, Vec::new())
        }
        None => Ok(()),
    }
}

/// A connection goes on from a broken one: it gets the answers and the waiting calls that were left.
pub fn take_over<S: Sql>(tx: &mut Transaction<S>, from: SessionId, to: SessionId) -> Result<(), Problem> {
    // Nobody will take the broken one up any more: what it was given and did not prove to have waits again.
    lose(tx, from)?;
    inherit(tx, from, to)
}

fn inherit<S: Sql>(tx: &mut Transaction<S>, from: SessionId, to: SessionId) -> Result<(), Problem> {
    timers::clear(tx.sql(), Timer::Lost, &from.to_string())?;
    let waits = tx.sql().exec("SELECT request, deadline FROM waits WHERE connection = ?", &[from.to_string().into()])?;
    for row in waits {
        let request = row.text(0)?;
        timers::clear(tx.sql(), Timer::Wait, &format!("{from} {request}"))?;
        timers::set(tx.sql(), Timer::Wait, &format!("{to} {request}"), Timestamp::from_ms(row.count(1)?))?;
    }
    connections::take_over(tx.sql(), from, to)?;
    repeat_answers(tx, to)?;
    given_again(tx, to)
}

/// What stands in answers that are sent once more has been given with them, and needs no push besides.
fn given_again<S: Sql>(tx: &mut Transaction<S>, connection: SessionId) -> Result<(), Problem> {
    let Some(connection) = connections::find(tx.sql(), connection)? else { return Ok(()) };
    let rows =
        tx.sql().exec("SELECT deliveries FROM answers WHERE connection = ? AND deliveries <> ''", &[connection.id.to_string().into()])?;
    let mut ids = Vec::new();
    for row in rows {
        for id in read_ids(row.text(0)?)? {
            let delivery = looked(tx, tx.store().delivery(id))?;
            ids.extend(delivery.filter(|delivery| delivery.state == DeliveryState::Queued).map(|delivery| delivery.id));
        }
    }
    if ids.is_empty() {
        return Ok(());
    }
    give(tx, &connection, &ids, Route::Result)?;
    ping(tx, connection.id, &ids)
}

/// Forgets a waiting call without an answer: the client cancelled it.
pub fn cancel_wait<S: Sql>(tx: &mut Transaction<S>, connection: SessionId, request: &Value) -> Result<(), Problem> {
    end_wait(tx, &Wait { connection, request: request.to_string() })
}

fn end_wait<S: Sql>(tx: &mut Transaction<S>, wait: &Wait) -> Result<(), Problem> {
    tx.sql().exec(
        "DELETE FROM waits WHERE connection = ? AND request = ?",
        &[wait.connection.to_string().into(), wait.request.as_str().into()],
    )?;
    timers::clear(tx.sql(), Timer::Wait, &format!("{} {}", wait.connection, wait.request))?;
    tx.say(wait.connection, Down::Stop { key: wait_key(&wait.request) });
    Ok(())
}

fn answer_wait<S: Sql>(tx: &mut Transaction<S>, wait: &Wait, deliveries: Vec<Delivery>) -> Result<(), Problem> {
    let Some(connection) = connections::find(tx.sql(), wait.connection)? else { return Ok(()) };
    let request: Value = serde_json::from_str(&wait.request).map_err(Problem::internal)?;
    let request = RequestId::from_value(&request).ok_or_else(|| Problem::internal("a waiting call has no id"))?;
    let answered = waited(tx, &connection, deliveries)?;
    end_wait(tx, wait)?;
    let result = jsonrpc::result(&request, ToolAnswer::Done(answered.value).to_json(&[]));
    answer(tx, wait.connection, &result, &answered.ids)?;
    if !answered.ids.is_empty() {
        ping(tx, wait.connection, &answered.ids)?;
    }
    Ok(())
}

/// What a waiting call returns, and which deliveries it holds.
pub struct Waited {
    pub value: Value,
    pub ids: Vec<DeliveryId>,
}

/// Hands deliveries to a waiting call of this connection.
pub fn waited<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, deliveries: Vec<Delivery>) -> Result<Waited, Problem> {
    let mut items = Vec::new();
    let mut ids = Vec::new();
    let mut bytes = 0;
    for delivery in deliveries.into_iter().take(WAITED_ITEMS) {
        // What was pushed before may never have reached a model that has no channel: it comes again, and says so.
        let again = delivery.redelivered || delivery.state != DeliveryState::Queued;
        let item = item(tx, &Delivery { redelivered: again, ..delivery.clone() })?;
        bytes += item.content.len();
        if bytes > limits::RIDING_BYTES && !items.is_empty() {
            break;
        }
        ids.push(delivery.id);
        items.push(item);
    }
    give(tx, connection, &ids, Route::Wait)?;
    Ok(Waited { value: hitl::waited(&items), ids })
}

/// What waits for the agent and has not stood in a result of this session yet.
pub fn ungiven<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<Vec<Delivery>, Problem> {
    let session = connection.session.to_string();
    Ok(tx.store().many(
        "SELECT json FROM deliveries d WHERE state <> 'seen' AND (agent = ?1 OR (agent IS NULL AND (session IS NULL OR session = ?2)))
         AND NOT EXISTS (SELECT 1 FROM shown WHERE session = ?2 AND delivery = d.id) ORDER BY queued_at, id LIMIT 50",
        &[connection.agent.as_str().into(), session.into()],
    )?)
}

/// The items that ride on a tool's result, whole or by id, and which deliveries they are. They stand first, and have at most 20 KB.
pub fn riding<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    named: &[DeliveryId],
) -> Result<(Vec<String>, Vec<DeliveryId>), Problem> {
    let mut blocks = Vec::new();
    let mut whole = Vec::new();
    let mut by_id = Vec::new();
    let mut room = limits::RIDING_BYTES;
    for delivery in ungiven(tx, connection)? {
        if named.contains(&delivery.id) {
            continue;
        }
        let (id, task) = (delivery.id, delivery.task);
        // What was pushed on this very stream stands before this answer: naming it is enough.
        let was_pushed = delivery.state != DeliveryState::Queued;
        let mut block = if was_pushed {
            format!("{id} for task {task} was pushed; if you have not seen it, call getTaskMessages.")
        } else {
            item(tx, &delivery)?.block()
        };
        if block.len() > room {
            block = format!("{id} for task {task} waits and is too long for here: call getTaskMessages.");
        }
        if block.len() > room {
            break;
        }
        room -= block.len();
        blocks.push(block);
        if was_pushed { by_id.push(id) } else { whole.push(id) }
    }
    show(tx, connection.session, &by_id)?;
    give(tx, connection, &whole, Route::Result)?;
    Ok((blocks, whole))
}

/// Deliveries go into a result for this session.
pub fn give<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, ids: &[DeliveryId], route: Route) -> Result<(), Problem> {
    if ids.is_empty() {
        return Ok(());
    }
    show(tx, connection.session, ids)?;
    tx.report(Inbox::Sent { deliveries: ids.to_vec(), session: connection.session, route })?;
    Ok(())
}

fn show<S: Sql>(tx: &Transaction<S>, session: SessionId, ids: &[DeliveryId]) -> Result<(), SqlError> {
    for id in ids {
        tx.sql()
            .exec("INSERT OR IGNORE INTO shown (session, delivery) VALUES (?, ?)", &[session.to_string().into(), id.to_string().into()])?;
    }
    Ok(())
}

/// The session calls again while nothing is outstanding: its model has read the results before. So what stood in them, and has
/// proven to have arrived, is seen, and its createTask calls are known to be answered.
pub fn confirm<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(), Problem> {
    let id: crate::sql::Value = connection.id.to_string().into();
    // A call that came on a stream after it broke proves nothing of what was written to it.
    if !connection.is_live {
        return Ok(());
    }
    tx.sql().exec(
        "DELETE FROM creations WHERE connection = ? AND answer NOT IN (SELECT id FROM answers WHERE written_at IS NULL)",
        std::slice::from_ref(&id),
    )?;
    let arrived: crate::sql::Value = tx.now.ms().saturating_sub(ARRIVED_MS).into();
    tx.sql().exec("DELETE FROM answers WHERE connection = ? AND written_at <= ?", &[id.clone(), arrived])?;
    let outstanding = tx.sql().first(
        "SELECT 1 FROM answers WHERE connection = ?1 AND written_at IS NULL UNION ALL SELECT 1 FROM waits WHERE connection = ?1 LIMIT 1",
        &[id],
    )?;
    if outstanding.is_some() {
        return Ok(());
    }
    let rows = tx.sql().exec(
        "SELECT s.delivery FROM shown s JOIN deliveries d ON d.id = s.delivery WHERE s.session = ? AND d.state = 'received'",
        &[connection.session.to_string().into()],
    )?;
    let seen = rows.iter().map(|row| connections::id(row, 0)).collect::<Result<Vec<DeliveryId>, _>>()?;
    if !seen.is_empty() {
        tx.report(Inbox::Seen { deliveries: seen, route: None })?;
    }
    Ok(())
}

/// Notes which answer tells of a task that was made: once that one has arrived, the same call makes another task.
pub fn creation_answered<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, task: TaskId, answer: u64) -> Result<(), Problem> {
    let args = [connection.id.to_string().into(), answer.into(), task.to_string().into()];
    tx.sql().exec("UPDATE creations SET connection = ?, answer = ? WHERE task = ?", &args)?;
    Ok(())
}

/// A delivery with what it is about, ready to be read.
fn item<S: Sql>(tx: &Transaction<S>, delivery: &Delivery) -> Result<Item, Problem> {
    let task = looked(tx, tx.store().task(delivery.task))?;
    let message = match delivery.kind {
        DeliveryKind::Reply | DeliveryKind::Verdict => Some(MessageId(delivery.id.0)),
        DeliveryKind::Task => Some(MessageId(delivery.task.0)),
        DeliveryKind::Status => None,
    };
    let message = match message {
        Some(id) => looked(tx, tx.store().message(id))?,
        None => None,
    };
    Ok(Item::render(delivery, task.as_ref(), message.as_ref()))
}

fn write_ids(ids: &[DeliveryId]) -> String {
    let list: Vec<_> = ids.iter().map(DeliveryId::to_string).collect();
    list.join(" ")
}

fn read_ids(list: &str) -> Result<Vec<DeliveryId>, SqlError> {
    list.split(' ').filter(|id| !id.is_empty()).map(|id| id.parse().map_err(|error| SqlError(format!("{error}")))).collect()
}

/// What a look found. This store holds everything, so Unknown means that the database failed.
pub(crate) fn looked<S: Sql, T>(tx: &Transaction<S>, look: Look<T>) -> Result<T, Problem> {
    match look {
        Look::Known(value) => Ok(value),
        Look::Unknown => Err(tx.store().check().err().map_or_else(|| Problem::internal("a look failed"), Problem::from)),
    }
}

#[cfg(test)]
mod tests {
    use super::{PART_BYTES, parts};

    #[test]
    fn a_long_text_is_cut_between_characters_and_nothing_of_it_is_lost() {
        for text in [String::new(), "x".repeat(PART_BYTES), "🦀".repeat(PART_BYTES), format!("x{}", "é".repeat(PART_BYTES))] {
            let cut: Vec<&str> = parts(&text).collect();
            assert_eq!(cut.concat(), text);
            assert!(cut.iter().all(|part| part.len() <= PART_BYTES));
        }
    }
}
