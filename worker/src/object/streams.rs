//! Opening and resuming streams: the object gives the Worker a socket and says what the client has missed.

use agentrq_core::cursor::Cursor;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::sse;
use agentrq_core::sync::PROTOCOL;
use serde_json::json;
use worker::{Response, WebSocketPair};

use super::WorkspaceObject;
use super::sockets::{self, DASHBOARD_WINDOW, Sockets, commit_line};
use crate::assets;
use crate::mcp;
use crate::mcp::post::Poster;
use crate::mcp::streams::Dialled;
use crate::problem::{Code, Problem};
use crate::stream::line::Down;
use crate::workspace::log::{self, Since};
use crate::workspace::sql_store::SqlStore;
use crate::workspace::tokens::Holder;

/// How an agent's stream is asked for.
pub struct AgentAsks {
    pub connection: SessionId,
    pub agent: Option<String>,
    pub opens: Opens,
}

/// Which stream is it?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opens {
    /// A new one, over HTTP+SSE.
    Sse,
    /// A new one, of this session.
    Session(Option<String>),
    /// One that is there.
    Again(Dialled),
}

impl WorkspaceObject {
    /// Opens or resumes an agent's stream.
    pub(super) fn agent_stream(&self, holder: &Holder, asks: &AgentAsks) -> Result<Response, Problem> {
        let agent = holder.agent(asks.agent.as_deref())?;
        let pair = WebSocketPair::new()?;
        let sockets = Sockets(&self.state);
        let id = asks.connection;
        match &asks.opens {
            Opens::Sse => {
                self.commit(|tx| mcp::sse::open(tx, id, holder, agent))?;
                sockets.accept_agent(&pair.server, id, holder.token);
            }
            // The socket is taken first, so that what the commit says finds it; a refusal leaves it to be dropped.
            Opens::Session(session) => {
                sockets.accept_agent(&pair.server, id, holder.token);
                let poster = Poster { holder, agent: &agent };
                self.commit(|tx| mcp::streams::open(tx, poster, id, session.as_deref()))?;
            }
            // Whose it is must be known before the socket that holds it is let go.
            Opens::Again(dialled) => {
                let poster = Poster { holder, agent: &agent };
                if !self.read(|tx| mcp::streams::may_dial(tx, poster, id, dialled))? {
                    return Err(given_up());
                }
                sockets.accept_agent(&pair.server, id, holder.token);
                self.commit(|tx| mcp::streams::resume(tx, id, dialled))?;
            }
        }
        self.watch_tokens()?;
        Ok(Response::from_websocket(pair.client)?)
    }

    /// Opens a dashboard's stream: first where it stands and what the server is, then what it has missed, then what happens.
    pub(super) async fn dashboard_stream(&self, session: Id, cursor: Option<&str>) -> Result<Response, Problem> {
        let build = assets::build(&self.env).await.unwrap_or_else(|problem| {
            worker::console_error!("the page's build is not known: {problem:?}");
            None
        });
        let sql = self.sql();
        let head = SqlStore::open(&sql)?.cursor();
        let pair = WebSocketPair::new()?;
        Sockets(&self.state).accept_dashboard(&pair.server, session);
        let server = json!({"version": env!("CARGO_PKG_VERSION")});
        let hello = json!({"cursor": head, "server": server, "protocol": PROTOCOL, "build": build});
        // A stream that goes on with a newer server is told so.
        let key = format!("hello-{}", build.as_deref().unwrap_or("none"));
        // Without a cursor, or after a reset, the client begins where the history stands now. So does a socket that is dialled again.
        say(&pair.server, "hello", &key, cursor.is_none().then_some(&head), &hello);
        let reset = |reason: &str| say(&pair.server, "reset", &format!("reset-{head}"), Some(&head), &json!({"reason": reason}));
        match cursor.map(str::parse::<Cursor>) {
            None => {}
            Some(Err(why)) => reset(&why.to_string()),
            Some(Ok(from)) => match log::since(&sql, &head, &from)? {
                Since::Commits(missed) => {
                    missed.iter().for_each(|entry| sockets::send(&pair.server, &commit_line(entry), DASHBOARD_WINDOW))
                }
                Since::Unknown(reason) => reset(reason),
            },
        }
        Ok(Response::from_websocket(pair.client)?)
    }
}

fn given_up() -> Problem {
    Problem::new(Code::NotFound, "this stream was given up: open a new one")
}

/// Says something that is no commit: it bears no id, so a client's resume does not start from it.
fn say(socket: &worker::WebSocket, event: &'static str, key: &str, at: Option<&Cursor>, data: &serde_json::Value) {
    let text = sse::Frame { event: Some(event), id: None, data: &data.to_string() }.encode();
    sockets::send(socket, &Down::Write { key: key.to_owned(), cursor: at.map(ToString::to_string), text }.encode(), DASHBOARD_WINDOW);
}
