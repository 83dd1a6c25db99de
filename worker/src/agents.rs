//! The agents' way in: which of MCP's transports a request is of, and what the Worker holds of it.

use std::time::Duration;

use agentrq_core::id::{Id, SessionId};
use agentrq_core::mcp::event_id::{EventId, Place};
use agentrq_core::mcp::revision::Revision;
use agentrq_core::model::WorkspaceId;
use agentrq_core::sse;
use wasm_bindgen::JsCast;
use worker::{Context, Delay, Headers, Request, Response};

use crate::entry::Passed;
use crate::forward::{object, own_request, send};
use crate::gate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::{Endpoint, Method, Route};
use crate::stream::dial::{AgentStream, CONNECTED, Line, Opens};
use crate::stream::held::hold;
use crate::stream::held_answer::HeldAnswer;
use crate::stream::words::{self, Word};

/// How long a word on an answer waits for the client's next request.
const WORD_WAITS: Duration = Duration::from_millis(300);

/// A request of an agent that has passed the gate.
pub struct AgentDoor<'a> {
    pub passed: &'a Passed<'a>,
    pub workspace: &'a WorkspaceId,
    pub context: &'a Context,
}

impl AgentDoor<'_> {
    pub async fn serve(&self, request: &Request) -> Result<Response, Problem> {
        match self.passed.asked.method {
            Method::Get => self.open(request).await,
            Method::Post if self.passed.asked.query("conn").is_none() => self.post(request).await,
            Method::Delete => {
                self.handshake_revision(request)?;
                self.passed.forward(request).await
            }
            _ => self.passed.forward(request).await,
        }
    }

    /// A stream. One that names neither a session nor a revision is of the old transport, whose clients know of neither.
    async fn open(&self, request: &Request) -> Result<Response, Problem> {
        let header = |name: &str| request.headers().get(name);
        if header("mcp-session-id")?.is_none() && header("mcp-protocol-version")?.is_none() {
            let connection = fresh()?;
            let data = self.endpoint(connection);
            let greeting = sse::Frame { event: Some("endpoint"), id: None, data: &data }.encode();
            return hold(AgentStream { line: self.line(request)?, connection, opens: Opens::Sse, greeting }).await;
        }
        let revision = self.handshake_revision(request)?;
        if let Some(last) = header("last-event-id")?.and_then(|id| id.parse::<EventId>().ok()) {
            let greeting = CONNECTED.to_owned();
            let stream = AgentStream { line: self.line(request)?, connection: last.stream, opens: Opens::Again(Some(last)), greeting };
            let response = hold(stream).await?;
            // What is left of that stream has been given elsewhere since: the client goes on with a new one.
            if response.status_code() != 404 {
                return Ok(response);
            }
        }
        let connection = fresh()?;
        hold(AgentStream { line: self.line(request)?, connection, opens: Opens::Session, greeting: greeting(revision, connection) }).await
    }

    /// The revision of a request that only revisions with a handshake have.
    fn handshake_revision(&self, request: &Request) -> Result<Revision, Problem> {
        let Some(name) = request.headers().get("mcp-protocol-version")? else { return Ok(Revision::ASSUMED) };
        match Revision::parse(&name) {
            Some(known) if known.is_stateless() => {
                let detail = format!("{known} has no sessions and no stream but that of a request: POST only");
                Err(Problem::new(Code::MethodNotAllowed, detail).with("allowed", vec!["POST"]))
            }
            Some(known) => Ok(known),
            None => {
                let known: Vec<_> = Revision::ALL.map(Revision::name).to_vec();
                let detail = format!("MCP-Protocol-Version is none that is spoken here: {} are", known.join(", "));
                Err(Problem::new(Code::BadRequest, detail).with("supported", known))
            }
        }
    }

    /// A message, with the words that wait for it. What comes of it is an answer, or a stream on which the answer will come.
    async fn post(&self, request: &Request) -> Result<Response, Problem> {
        let token = self.token()?;
        let gone = Gone::watch(request);
        let inner = self.passed.inner(request)?;
        let line = Line::new(self.passed.env.clone(), self.workspace.clone(), &inner)?;
        let waiting = words::take(token);
        if !waiting.is_empty() {
            inner.headers().set(words::HEADER, &words::write(&waiting))?;
        }
        let answered = send(&object(self.passed.env, self.workspace)?, inner).await;
        if answered.as_ref().map_or(true, |response| response.status_code() >= 500) {
            waiting.into_iter().for_each(|word| words::put(token, word));
        }
        let response = answered?;
        if let Some(HeldAnswer { connection, revision }) = HeldAnswer::of(&response)? {
            return hold(AgentStream { line, connection, opens: Opens::Again(None), greeting: greeting(revision, connection) }).await;
        }
        match response.headers().get(words::CALL_HEADER)? {
            Some(named) => {
                self.watch(token, words::named(&named), gone);
                for_client(response)
            }
            None => Ok(response),
        }
    }

    /// Says what becomes of answers: with the client's next request, or soon by itself.
    fn watch(&self, token: Id, answers: Vec<(SessionId, u64)>, gone: Gone) {
        let given = |(session, number)| Word::Given(session, number);
        answers.iter().for_each(|answer| words::put(token, given(*answer)));
        let (env, workspace) = (self.passed.env.clone(), self.workspace.clone());
        let Ok(inner) = self.words_request() else { return };
        self.context.wait_until(async move {
            for _ in 0..10 {
                if gone.is_gone() {
                    break;
                }
                Delay::from(WORD_WAITS / 10).await;
            }
            if gone.is_gone() {
                answers.iter().for_each(|(session, number)| words::put(token, Word::Lost(*session, *number)));
            } else if !answers.iter().any(|answer| words::has(token, given(*answer))) {
                return;
            }
            let waiting = words::take(token);
            let said = async {
                inner.headers().set(words::HEADER, &words::write(&waiting))?;
                send(&object(&env, &workspace)?, inner).await
            };
            // Without a word the object finds out by itself.
            if let Err(problem) = said.await {
                worker::console_error!("words were not passed on: {problem:?}");
            }
        });
    }

    /// A request that brings nothing but words.
    fn words_request(&self) -> Result<Request, Problem> {
        let Passed { setup, asked, caller, .. } = self.passed;
        let caller = caller.as_ref().ok_or_else(|| Problem::internal("an agent's request without a caller"))?;
        let mut query = url::form_urlencoded::Serializer::new("words=1".to_owned());
        query.extend_pairs(asked.query("agent").map(|name| ("agent", name)));
        own_request(setup, asked, worker::Method::Post, &format!("/mcp/{}?{}", self.workspace, query.finish()), None, caller)
    }

    fn token(&self) -> Result<Id, Problem> {
        match &self.passed.caller {
            Some(Caller::Token(proof)) => Ok(proof.id),
            _ => Err(Problem::internal("an agent's route without a token")),
        }
    }

    fn line(&self, request: &Request) -> Result<Line, Problem> {
        Line::new(self.passed.env.clone(), self.workspace.clone(), &self.passed.inner(request)?)
    }

    /// Where an agent posts: relative to the stream's URL, and with the token, because clients carry nothing over.
    fn endpoint(&self, connection: SessionId) -> String {
        let asked = self.passed.asked;
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.append_pair("token", &asked.token().unwrap_or_default());
        if let Some(agent) = asked.query("agent") {
            query.append_pair("agent", &agent);
        }
        query.append_pair("conn", &connection.to_string());
        let door = if matches!(self.passed.route, Route::Mcp(_, Endpoint::Channel)) { "channel" } else { "mcp" };
        format!("/{door}/{}?{}", self.workspace, query.finish())
    }
}

fn fresh() -> Result<SessionId, Problem> {
    Ok(SessionId(random::id(random::now())?))
}

/// The object's answer without what is for the Worker alone. Its own headers cannot be changed; its body is not looked at.
fn for_client(response: Response) -> Result<Response, Problem> {
    let headers = Headers::new();
    for (name, value) in response.headers().entries().filter(|(name, _)| name != words::CALL_HEADER) {
        headers.set(&name, &value)?;
    }
    Ok(response.with_headers(headers))
}

/// The first bytes of a stream, at once: for clients that understand it an id to come back with, without data (MCP 2025-11-25, "Sending
/// messages to the server"); for others a comment.
fn greeting(revision: Revision, connection: SessionId) -> String {
    if !revision.primes_streams() || revision.is_stateless() {
        return CONNECTED.to_owned();
    }
    let id = EventId { stream: connection, place: Place::Start };
    format!("id: {id}\nretry: 1000\ndata: \n\n")
}

/// Whether the client of a request has gone before its answer was whole.
struct Gone(web_sys::AbortSignal);

impl Gone {
    fn watch(request: &Request) -> Self {
        Self(request.inner().signal().unchecked_into())
    }

    fn is_gone(&self) -> bool {
        self.0.aborted()
    }
}
