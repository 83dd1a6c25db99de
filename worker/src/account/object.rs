//! The Durable Object of an account: a thin shell around the rules.

use worker::*;

use super::protocol::{Answer, Call};
use super::rules;
use crate::atomic::atomically;
use crate::body;
use crate::frame::framed;
use crate::migrations::migrate;
use crate::problem::Problem;
use crate::random;

/// One person.
#[durable_object]
pub struct AccountObject {
    state: State,
    /// Why the database could not be brought up to date, if it could not: then nothing is answered.
    broken: Option<String>,
}

impl DurableObject for AccountObject {
    fn new(state: State, _env: Env) -> Self {
        let storage = state.storage();
        let migrated = atomically(&storage, || Ok(migrate(&storage.sql(), rules::MIGRATIONS)?));
        let broken = migrated.err().map(|problem| format!("{problem:?}"));
        Self { state, broken }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        framed(async {
            let answer = match self.answer(&mut request).await {
                // What the caller may know goes back as an answer; what went wrong inside is logged here.
                Err(problem) if problem.status < 500 => Answer::Refused(problem.into()),
                answer => answer?,
            };
            Ok(Response::from_json(&answer)?)
        })
        .await
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> Result<()> {
        Ok(())
    }
}

impl AccountObject {
    async fn answer(&self, request: &mut Request) -> std::result::Result<Answer, Problem> {
        if let Some(broken) = &self.broken {
            return Err(Problem::internal(broken));
        }
        let call: Call = body::read_json(request, body::JSON_BYTES).await?;
        let storage = self.state.storage();
        atomically(&storage, || match rules::answer(&storage.sql(), call, random::now()) {
            // A fault leaves nothing; a refusal keeps what it wrote, because a wrong key counts.
            Err(problem) if problem.status >= 500 => Err(problem),
            answered => Ok(answered),
        })?
    }
}
