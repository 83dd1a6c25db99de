//! The agents' way in: which of MCP's transports a request is of, and what the Worker holds of it.

use std::time::Duration;

use agentrq_core::id::{Id, SessionId};
use agentrq_core::mcp::event_id::{EventId, Place};
use agentrq_core::mcp::revision::Revision;
use agentrq_core::model::WorkspaceId;
use agentrq_core::sse;
use futures_channel::oneshot;
use wasm_bindgen::JsCast;
use worker::{Context, Delay, Env, Headers, Request, Response};

use crate::forward::{object, own_request, send};
use crate::gate::caller::Caller;
use crate::passed::Passed;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::{Endpoint, Method, Route};
use crate::stream::dial::{AgentStream, CONNECTED, Line, Opens};
use crate::stream::held::hold;
use crate::stream::held_answer::HeldAnswer;
use crate::stream::proven::{self, Fate};
use crate::stream::words::{self, Word};

/// How long a word on an answer waits for the client's next request.
const WORD_WAITS: Duration = Duration::from_millis(300);

/// How often it is looked in that time what has become of an answer.
const LOOKS: u32 = 10;

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

    /// A stream. One that names no session is of the old transport: `initialize` gives every other client one. (Such clients may name a
    /// revision when they come back: the TypeScript SDK's do.)
    async fn open(&self, request: &Request) -> Result<Response, Problem> {
        let header = |name: &str| request.headers().get(name);
        let revision = self.handshake_revision(request)?;
        if header("mcp-session-id")?.is_none() {
            let connection = fresh()?;
            let data = self.endpoint(connection);
            let greeting = sse::Frame { event: Some("endpoint"), id: None, data: &data }.encode();
            return hold(AgentStream { line: self.line(request)?, connection, opens: Opens::Sse, greeting }).await;
        }
        if let Some(last) = header("last-event-id")?.and_then(|id| id.parse::<EventId>().ok()) {
            let greeting = CONNECTED.to_owned();
            let stream = AgentStream { line: self.line(request)?, connection: last.stream, opens: Opens::Again(last), greeting };
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
        // The platform stops whoever answers a client that has gone; what becomes of the answer must be said all the same.
        let (answered, answer) = oneshot::channel();
        let fate = Fate::default();
        let words = Words {
            env: self.passed.env.clone(),
            workspace: self.workspace.clone(),
            token,
            gone,
            fate: fate.clone(),
            inner: self.words_request()?,
        };
        self.context.wait_until(async move {
            let response = words.send(inner).await;
            if response.as_ref().map_or(true, |response| response.status_code() >= 500) {
                waiting.into_iter().for_each(|word| words::put(token, word));
            }
            let header = |name| response.as_ref().ok().and_then(|response| response.headers().get(name).ok().flatten());
            let (named, proven) = (header(words::CALL_HEADER), header(proven::HEADER).is_some());
            answered.send(response).ok();
            if let Some(named) = named {
                let proof = if proven { Proof::Taken } else { Proof::NotGone };
                words.watch(&words::named(&named), proof).await;
            }
        });
        let response = answer.await.map_err(Problem::unavailable)??;
        if let Some(HeldAnswer { connection, revision }) = HeldAnswer::of(&response)? {
            return hold(AgentStream { line, connection, opens: Opens::Posted, greeting: greeting(revision, connection) }).await;
        }
        if !response.headers().has(words::CALL_HEADER)? {
            return Ok(response);
        }
        let named = response.headers().get(words::CALL_HEADER)?.map(|named| words::named(&named)).unwrap_or_default();
        let proven = response.headers().has(proven::HEADER)?;
        let response = for_client(response)?;
        if !proven {
            return Ok(response);
        }
        let taken = move || named.iter().for_each(|(session, number)| words::put(token, Word::Given(*session, *number)));
        fate.of(response, taken).await
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
        for chosen in ["agent", "list", "tools"] {
            if let Some(value) = asked.query(chosen) {
                query.append_pair(chosen, &value);
            }
        }
        query.append_pair("conn", &connection.to_string());
        let door = if matches!(self.passed.route, Route::Mcp(_, Endpoint::Channel)) { "channel" } else { "mcp" };
        format!("/{door}/{}?{}", self.workspace, query.finish())
    }
}

fn fresh() -> Result<SessionId, Problem> {
    Ok(SessionId(random::id(random::now())?))
}

/// What it takes to say that an answer was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Proof {
    /// Its client has not been seen to go.
    NotGone,
    /// Its client has been seen to take it.
    Taken,
}

/// What says what becomes of answers.
struct Words {
    env: Env,
    workspace: WorkspaceId,
    token: Id,
    gone: Gone,
    fate: Fate,
    /// A request that brings nothing but words.
    inner: Request,
}

impl Words {
    async fn send(&self, inner: Request) -> Result<Response, Problem> {
        send(&object(&self.env, &self.workspace)?, inner).await
    }

    /// Says what becomes of these answers: with the client's next request, or soon by itself.
    async fn watch(self, answers: &[(SessionId, u64)], proof: Proof) {
        let given = |(session, number)| Word::Given(session, number);
        let mut is_given = false;
        for _ in 0..LOOKS {
            if self.gone.is_gone() {
                break;
            }
            match proof {
                Proof::NotGone if !is_given => answers.iter().for_each(|answer| words::put(self.token, given(*answer))),
                Proof::NotGone | Proof::Taken => {}
            }
            is_given = proof == Proof::NotGone || self.fate.is_taken();
            Delay::from(WORD_WAITS / LOOKS).await;
        }
        if self.gone.is_gone() || !is_given {
            answers.iter().for_each(|(session, number)| words::put(self.token, Word::Lost(*session, *number)));
        } else if !answers.iter().any(|answer| words::has(self.token, given(*answer))) {
            return;
        }
        let said = async {
            self.inner.headers().set(words::HEADER, &words::write(&words::take(self.token)))?;
            send(&object(&self.env, &self.workspace)?, self.inner).await
        };
        // Without a word the object finds out by itself.
        match said.await {
            Ok(heeded) if heeded.status_code() < 300 => {}
            Ok(heeded) => worker::console_error!("words were answered with {}", heeded.status_code()),
            Err(problem) => worker::console_error!("words were not passed on: {problem:?}"),
        }
    }
}

/// The object's answer without what is for the Worker alone. Its own headers cannot be changed; its body is not looked at.
fn for_client(response: Response) -> Result<Response, Problem> {
    let headers = Headers::new();
    for (name, value) in response.headers().entries().filter(|(name, _)| name != words::CALL_HEADER && name != proven::HEADER) {
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
