//! The object's end of the sockets behind held streams. They hibernate: what is known of one lives in its tags and its
//! attachment, and a message wakes the object.

use std::collections::BTreeMap;

use agentrq_core::id::{Id, SessionId};
use agentrq_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use worker::{State, WebSocket};

use crate::stream::line::{Down, Ending};
use crate::workspace::log::Entry;
use crate::workspace::transaction::Outgoing;

/// Bytes that may be under way to a dashboard. One that is further behind is cut, and resumes by id.
pub const DASHBOARD_WINDOW: u64 = 1024 * 1024;
/// Bytes that may be under way to an agent: the answer to a download is one line of up to 6 MiB, and a push may follow at once.
const AGENT_WINDOW: u64 = 8 * 1024 * 1024;
/// Bytes that lines share in one message; a longer line goes alone. Longer texts would pile up where only a full collection finds them.
const MESSAGE_BYTES: usize = 64 * 1024;

/// What the object keeps with a socket.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Window {
    sent: u64,
    written: u64,
    /// The last answer that the Worker has written, and when. It waits here, where it costs no write, for the next commit.
    answered: u64,
    answered_at: u64,
}

/// Up to which answer a client's stream has been written, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    pub upto: u64,
    pub at: Timestamp,
}

/// Every dashboard's socket bears this tag.
const DASHBOARD: &str = "dashboard";
/// Every agent's socket bears this tag.
const AGENT: &str = "agent";

fn connection_tag(connection: SessionId) -> String {
    format!("c:{connection}")
}

fn token_tag(token: Id) -> String {
    format!("t:{token}")
}

fn session_tag(session: Id) -> String {
    format!("s:{session}")
}

pub struct Sockets<'a>(pub &'a State);

impl Sockets<'_> {
    /// Takes the socket behind an agent's stream. One that held the stream before is let go.
    pub fn accept_agent(&self, socket: &WebSocket, connection: SessionId, token: Id) {
        self.close(connection, Ending::TakenOver);
        self.0.accept_websocket_with_tags(socket, &[AGENT, &connection_tag(connection), &token_tag(token)]);
    }

    /// Takes the socket behind a dashboard's stream.
    pub fn accept_dashboard(&self, socket: &WebSocket, session: Id) {
        self.0.accept_websocket_with_tags(socket, &[DASHBOARD, &session_tag(session)]);
    }

    /// The connection whose stream a socket feeds.
    pub fn connection(&self, socket: &WebSocket) -> Option<SessionId> {
        self.0.get_tags(socket).iter().find_map(|tag| tag.strip_prefix("c:")).and_then(|id| id.parse().ok())
    }

    /// Up to which answer the stream of a connection has been written.
    pub fn answered(&self, connection: SessionId) -> Option<Answered> {
        self.0.get_websockets_with_tag(&connection_tag(connection)).iter().filter_map(answered).max_by_key(|answered| answered.upto)
    }

    /// Is a socket there for this connection?
    pub fn is_held(&self, connection: SessionId) -> bool {
        !self.0.get_websockets_with_tag(&connection_tag(connection)).is_empty()
    }

    /// Is another open socket there for this connection?
    pub fn is_held_by_another(&self, connection: SessionId, socket: &WebSocket) -> bool {
        let is_open = |other: &WebSocket| other.as_ref().ready_state() == worker::web_sys::WebSocket::OPEN;
        self.0.get_websockets_with_tag(&connection_tag(connection)).iter().any(|other| other.as_ref() != socket.as_ref() && is_open(other))
    }

    /// Tells every dashboard of a commit.
    pub fn publish(&self, entry: &Entry) {
        let dashboards = self.0.get_websockets_with_tag(DASHBOARD);
        if dashboards.is_empty() {
            return;
        }
        let line = commit_line(entry);
        dashboards.iter().for_each(|socket| send(socket, &line, DASHBOARD_WINDOW));
    }

    /// Says what a commit has collected.
    pub fn say(&self, outgoing: &[Outgoing]) {
        for (connection, said) in by_connection(outgoing) {
            let sockets = self.0.get_websockets_with_tag(&connection_tag(connection));
            for message in said.messages() {
                sockets.iter().for_each(|socket| send(socket, &message, AGENT_WINDOW));
            }
            if let Some(ending) = said.ending {
                self.close(connection, ending);
            }
        }
    }

    /// Ends the stream of a connection.
    pub fn close(&self, connection: SessionId, ending: Ending) {
        self.close_tagged(&connection_tag(connection), ending);
    }

    /// Ends every stream of a token.
    pub fn close_token(&self, token: Id, ending: Ending) {
        self.close_tagged(&token_tag(token), ending);
    }

    /// Ends every stream of a person's session.
    pub fn close_session(&self, session: Id, ending: Ending) {
        self.close_tagged(&session_tag(session), ending);
    }

    /// Ends every stream.
    pub fn close_all(&self, ending: Ending) {
        self.close_tagged(AGENT, ending);
        self.close_tagged(DASHBOARD, ending);
    }

    fn close_tagged(&self, tag: &str, ending: Ending) {
        for socket in self.0.get_websockets_with_tag(tag) {
            // A socket that is closing already needs no more.
            socket.close(Some(ending.code()), Some("")).ok();
        }
    }
}

/// What a commit says to one connection, and whether the stream ends with it.
#[derive(Debug, Default, PartialEq, Eq)]
struct Said<'a> {
    lines: Vec<&'a Down>,
    ending: Option<Ending>,
}

impl Said<'_> {
    /// The lines as messages, each made when it is asked for.
    fn messages(&self) -> impl Iterator<Item = String> {
        let mut lines = self.lines.iter().map(|down| down.encode()).peekable();
        std::iter::from_fn(move || {
            let mut message = lines.next()?;
            while let Some(line) = lines.next_if(|line| message.len() + line.len() <= MESSAGE_BYTES) {
                message.push_str(&line);
            }
            Some(message)
        })
    }
}

fn by_connection(outgoing: &[Outgoing]) -> BTreeMap<SessionId, Said<'_>> {
    let mut all = BTreeMap::<SessionId, Said<'_>>::new();
    for one in outgoing {
        match one {
            Outgoing::Line { connection, down } => all.entry(*connection).or_default().lines.push(down),
            Outgoing::Close { connection, ending } => all.entry(*connection).or_default().ending = Some(*ending),
        }
    }
    all
}

/// One commit as a line to a dashboard.
pub fn commit_line(entry: &Entry) -> String {
    let cursor = entry.cursor.to_string();
    Down::Write { key: cursor.clone(), cursor: Some(cursor), text: entry.text.clone() }.encode()
}

/// Sends a line, unless its reader is too far behind.
pub fn send(socket: &WebSocket, line: &str, may_be_under_way: u64) {
    let mut window = window(socket);
    if window.sent.saturating_sub(window.written) > may_be_under_way {
        socket.close(Some(Ending::TooSlow.code()), Some("")).ok();
        return;
    }
    window.sent += line.len() as u64;
    // A socket that is gone reports so by itself, and its stream is taken as lost then.
    if socket.send_with_str(line).is_ok() {
        socket.serialize_attachment(window).ok();
    }
}

/// The Worker has written this much in all.
pub fn written(socket: &WebSocket, total: u64) {
    let window = window(socket);
    socket.serialize_attachment(Window { written: total.min(window.sent), ..window }).ok();
}

/// The Worker has written this answer. Answers go out in the order of their numbers.
pub fn answer_written(socket: &WebSocket, answer: u64, now: Timestamp) {
    let window = window(socket);
    socket.serialize_attachment(Window { answered: window.answered.max(answer), answered_at: now.ms(), ..window }).ok();
}

/// Up to which answer this socket's stream has been written.
pub fn answered(socket: &WebSocket) -> Option<Answered> {
    let Window { answered, answered_at, .. } = window(socket);
    (answered > 0).then(|| Answered { upto: answered, at: Timestamp::from_ms(answered_at) })
}

fn window(socket: &WebSocket) -> Window {
    socket.deserialize_attachment().ok().flatten().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connection(random: u32) -> SessionId {
        SessionId(Id::new(1_800_000_000_000, random))
    }

    fn line(random: u32, text: &str) -> Outgoing {
        Outgoing::Line { connection: connection(random), down: Down::Write { key: "k".into(), cursor: None, text: text.into() } }
    }

    #[test]
    fn what_a_commit_tells_one_stream_is_one_message_in_its_order_and_the_end_comes_last() {
        let ends = Outgoing::Close { connection: connection(1), ending: Ending::Ended };
        let outgoing = [line(1, "a"), line(2, "b"), line(1, "c"), ends];
        let all = by_connection(&outgoing);
        let told = |random| (all[&connection(random)].messages().collect::<Vec<_>>(), all[&connection(random)].ending);
        assert_eq!(told(1), (vec!["w k - 1\naw k - 1\nc".to_owned()], Some(Ending::Ended)));
        assert_eq!(told(2), (vec!["w k - 1\nb".to_owned()], None));
    }

    #[test]
    fn a_message_has_an_end_however_much_a_commit_says() {
        let (long, short) = ("x".repeat(MESSAGE_BYTES), "x".repeat(MESSAGE_BYTES / 4));
        let outgoing = ["a", &long, &short, &short, &short, &short].map(|text| line(1, text));
        let all = by_connection(&outgoing);
        let lines = |message: String| Down::decode(&message).map(|lines| lines.len());
        let lengths: Vec<_> = all[&connection(1)].messages().map(lines).collect();
        assert_eq!(lengths, [Some(1), Some(1), Some(3), Some(1)]);
    }
}
