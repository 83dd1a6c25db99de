//! The object's end of the sockets behind held streams. They hibernate: what is known of one lives in its tags and its
//! attachment, and a message wakes the object.

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
        for said in outgoing {
            match said {
                Outgoing::Line { connection, down } => {
                    for socket in self.0.get_websockets_with_tag(&connection_tag(*connection)) {
                        send(&socket, &down.encode(), AGENT_WINDOW);
                    }
                }
                Outgoing::Close { connection, ending } => self.close(*connection, *ending),
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
