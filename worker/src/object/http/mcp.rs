//! The object's side of MCP over HTTP: streams that are dialled, and messages that are posted, over either transport.

use std::time::Duration;

use agentrq_core::id::SessionId;
use agentrq_core::mcp::event_id::EventId;
use agentrq_core::mcp::stateless::Headers;
use agentrq_core::model::{AgentName, ListName, WorkspaceId};
use worker::{Delay, Response, ResponseBuilder};

use super::{Asked, answer, no_content};
use crate::body::MCP_BYTES;
use crate::gate::caller::BASE_HEADER;
use crate::mcp::about::About;
use crate::mcp::post::{Answer, Post, Posted, Poster, Proof};
use crate::mcp::sse;
use crate::mcp::streamable;
use crate::mcp::streams::Dialled;
use crate::object::WorkspaceObject;
use crate::object::sockets::Sockets;
use crate::object::streams::{AgentAsks, Opens};
use crate::problem::{Code, Problem};
use crate::routes::{Endpoint, Method};
use crate::stream::dial::wants_socket;
use crate::stream::held_answer::HeldAnswer;
use crate::stream::proven;
use crate::stream::words::{self, Word};
use crate::workspace::transaction::Transaction;
use crate::workspace::{calls, connections, inbox};

/// How often, and at which distance, to look whether an answer is written.
const WRITING_LOOKS: u32 = 20;
const WRITING_PAUSE: Duration = Duration::from_millis(5);

impl WorkspaceObject {
    pub(super) async fn mcp(&self, asked: Asked<'_>, workspace: WorkspaceId, endpoint: Endpoint) -> Result<Response, Problem> {
        let token = asked.asker.agent()?.token;
        let answered = match asked.method {
            Method::Get if wants_socket(asked.request) => self.open_agent_stream(&asked),
            Method::Post if asked.query("conn").is_some() => self.sse_post(asked, workspace).await,
            Method::Post => self.streamable_post(asked, workspace, endpoint).await,
            Method::Delete => self.end_agent_session(&asked),
            _ => Err(Problem::new(Code::NotFound, "there is nothing at this path")),
        };
        if answered.as_ref().is_err_and(|problem| problem.status == 429) {
            // A client that has gone is noticed when something is written to it: the next try may find room.
            self.commit(|tx| {
                for other in connections::live_of_token(tx.sql(), token)? {
                    inbox::nudge(tx, other.id)?;
                }
                Ok(())
            })?;
        }
        answered
    }

    fn open_agent_stream(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let last = asked.query("last").and_then(|id| id.parse::<EventId>().ok()).map(|id| id.place);
        let session = || asked.header("mcp-session-id");
        let opens = match (asked.query("opens").as_deref(), last) {
            (Some("session"), _) => Opens::Session(session()),
            (Some("posted"), _) => Opens::Again(Dialled::First),
            (Some("again"), Some(last)) => Opens::Again(Dialled::ByClient { session: session(), last }),
            (Some("again"), None) => Opens::Again(Dialled::AfterBreak),
            _ => Opens::Sse,
        };
        self.agent_stream(asked.asker.agent()?, &AgentAsks { connection: connection(asked)?, agent: asked.query("agent"), opens })
    }

    async fn sse_post(&self, asked: Asked<'_>, workspace: WorkspaceId) -> Result<Response, Problem> {
        let holder = asked.asker.agent()?.clone();
        let agent = holder.agent(asked.query("agent").as_deref())?;
        let id = connection(&asked)?;
        let about = about(&asked, workspace)?;
        let body = self.body(asked.request, &asked.asker, MCP_BYTES).await?;
        self.while_writing(id, &agent, &about.list, &body).await?;
        let answered = Sockets(&self.state).answered(id);
        let posted = self.commit(|tx| {
            if let Some(answered) = answered {
                inbox::written(tx.sql(), id, answered.upto, answered.at)?;
            }
            sse::post(tx, id, &holder, agent, &about, &body)
        })?;
        match posted {
            sse::Posted::Accepted => Ok(ResponseBuilder::new().with_status(202).ok("Accepted")?),
            sse::Posted::Malformed(error) => answer(400, &error),
        }
    }

    async fn streamable_post(&self, asked: Asked<'_>, workspace: WorkspaceId, endpoint: Endpoint) -> Result<Response, Problem> {
        let holder = asked.asker.agent()?.clone();
        let agent = holder.agent(asked.query("agent").as_deref())?;
        // Only the Worker can send the header: what a client writes into its own query says nothing.
        let words = asked.header(words::HEADER).map(|header| words::read(&header));
        if let (Some(words), Some(_)) = (&words, asked.query("words")) {
            self.commit(|tx| heed(tx, words))?;
            return no_content();
        }
        let words = words.unwrap_or_default();
        let header = |name| asked.header(name);
        let (version, method, name) = (header("mcp-protocol-version"), header("mcp-method"), header("mcp-name"));
        let session = header("mcp-session-id");
        let about = about(&asked, workspace)?;
        let body = self.body(asked.request, &asked.asker, MCP_BYTES).await?;
        #[cfg(feature = "faults")]
        if let Some(Posted::Answer(answer)) = crate::mcp::fixtures::headers::refused(&body, |name| asked.header(name)) {
            return json(answer);
        }
        let headers = Headers { version: version.as_deref(), method: method.as_deref(), name: name.as_deref() };
        let post = Post { endpoint, session: session.as_deref(), headers, body: &body };
        let posted = self.commit(|tx| {
            heed(tx, &words)?;
            streamable::post(tx, Poster { holder: &holder, agent: &agent }, &about, &post)
        })?;
        match posted {
            Posted::Accepted => Ok(Response::empty()?.with_status(202)),
            Posted::Answer(answer) => json(answer),
            Posted::Held { connection, revision } => HeldAnswer { connection, revision }.into_response(),
        }
    }

    fn end_agent_session(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let holder = asked.asker.agent()?;
        let agent = holder.agent(asked.query("agent").as_deref())?;
        let session = asked.header("mcp-session-id");
        self.commit(|tx| streamable::end(tx, Poster { holder, agent: &agent }, session.as_deref()))?;
        no_content()
    }

    /// A client that has its answer may create the same task again before the Worker's word that the answer is written has come.
    /// That word makes it another task; it is on its way.
    async fn while_writing(&self, connection: SessionId, agent: &AgentName, list: &ListName, body: &[u8]) -> Result<(), Problem> {
        let is_writing = || {
            let upto = Sockets(&self.state).answered(connection).map_or(0, |answered| answered.upto);
            inbox::is_writing(&self.sql(), connection, upto)
        };
        if !is_writing()? || !sse::creates_again(&self.sql(), agent, list, body)? {
            return Ok(());
        }
        for _ in 0..WRITING_LOOKS {
            Delay::from(WRITING_PAUSE).await;
            if !is_writing()? {
                break;
            }
        }
        Ok(())
    }
}

/// Takes the Worker's word for what became of answers.
fn heed<S: crate::sql::Sql>(tx: &mut Transaction<S>, words: &[Word]) -> Result<(), Problem> {
    for word in words {
        match *word {
            Word::Given(session, number) => calls::written(tx, session, number)?,
            Word::Lost(session, number) => calls::lost(tx, session, number)?,
        }
    }
    Ok(())
}

fn json(answer: Answer) -> Result<Response, Problem> {
    let mut builder = ResponseBuilder::new()
        .with_status(answer.status)
        .with_header("content-type", "application/json")?
        .with_header("cache-control", "no-store")?
        .with_header("x-content-type-options", "nosniff")?;
    if let Some(session) = answer.session {
        builder = builder.with_header("mcp-session-id", &session.to_string())?;
    }
    if !answer.calls.is_empty() {
        builder = builder.with_header(words::CALL_HEADER, &words::name(&answer.calls))?;
    }
    if answer.proof == Proof::Wanted {
        builder = builder.with_header(proven::HEADER, "1")?;
    }
    Ok(builder.fixed(answer.body.into_bytes()))
}

fn about(asked: &Asked<'_>, workspace: WorkspaceId) -> Result<About, Problem> {
    let base = asked.header(BASE_HEADER).unwrap_or_default();
    About::new(workspace, base, asked.query("list").as_deref(), asked.query("tools").as_deref())
}

fn connection(asked: &Asked<'_>) -> Result<SessionId, Problem> {
    let id = asked.query("conn").unwrap_or_default();
    id.parse().map_err(|_| {
        Problem::new(Code::BadRequest, "post to the address that the stream's `endpoint` event named: this one has no connection in it")
            .with("field", "conn")
    })
}
