//! The way to the object of one run's output.

use std::time::Duration;

use agentrq_core::dialect::background::Printed;
use agentrq_core::id::TaskId;
use agentrq_core::model::WorkspaceId;
use futures_util::future::{Either, select};
use futures_util::pin_mut;
use serde::{Deserialize, Serialize};
use worker::{Delay, Env, Method, Request, Response, Stub};

use super::object::PLACE;
use super::pieces::{Rest, beheaded, text};
use super::store::{Bytes, State};
use crate::problem::Problem;
use crate::setup::OUTPUTS;

/// How long an output may take to answer.
const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// One run of a background task: each claim of it is one. Only the workspace names them, for tasks that it has: naming an object makes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    pub workspace: WorkspaceId,
    pub task: TaskId,
    pub number: u64,
}

impl Run {
    pub(super) fn stub(&self, env: &Env) -> Result<Stub, Problem> {
        let name = format!("{}/{}/{}", self.workspace, self.task, self.number);
        Ok(env.durable_object(OUTPUTS)?.id_from_name(&name)?.get_stub()?)
    }

    pub(super) async fn send(&self, env: &Env, request: Request) -> Result<Response, Problem> {
        let stub = self.stub(env)?;
        let answer = stub.fetch_with_request(request);
        pin_mut!(answer);
        // Whoever asks has others waiting behind this one.
        match select(answer, Delay::from(ANSWERS_WITHIN)).await {
            Either::Left((answer, _)) => answer.map_err(Problem::unavailable),
            Either::Right(_) => Err(Problem::unavailable("the output does not answer")),
        }
    }

    async fn ask(&self, env: &Env, method: Method, query: &str) -> Result<Response, Problem> {
        let response = self.send(env, Request::new(&format!("https://output/{query}"), method)?).await?;
        if response.status_code() >= 300 {
            return Err(Problem::unavailable(format!("the output answered {}", response.status_code())));
        }
        Ok(response)
    }
}

/// Some bytes of an output, and how much there is.
pub struct Part {
    pub bytes: Bytes,
    pub state: State,
}

/// Reads from a byte on, at most `limit` bytes and what one answer holds.
pub async fn read(env: &Env, run: &Run, offset: u64, limit: u64) -> Result<Part, Problem> {
    let mut response = run.ask(env, Method::Get, &format!("?offset={offset}&limit={limit}")).await?;
    let place = response.headers().get(PLACE)?.unwrap_or_default();
    let (at, state) = placed(&place).ok_or_else(|| Problem::internal(format!("an output is at {place:?}")))?;
    Ok(Part { bytes: Bytes { at, bytes: response.bytes().await? }, state })
}

/// The same for whoever reads text: whole characters.
pub fn printed(part: &Part) -> Printed {
    let Part { bytes, state } = part;
    let skipped = if bytes.at == state.start { 0 } else { beheaded(&bytes.bytes) };
    let reaches = bytes.at + bytes.bytes.len() as u64;
    let rest = if state.is_over && reaches == state.length { Rest::Nothing } else { Rest::MayCome };
    let (text, used) = text(bytes.bytes.get(skipped..).unwrap_or_default(), rest);
    let offset = bytes.at + skipped as u64;
    Printed { offset, next_offset: offset + used as u64, length: state.length, start: state.start, text }
}

/// Where the bytes of an answer begin, and how much there is.
pub(super) fn placed(header: &str) -> Option<(u64, State)> {
    let numbers: Vec<u64> = header.split(' ').map(str::parse).collect::<Result<_, _>>().ok()?;
    let &[at, _, start, length, is_over] = numbers.as_slice() else { return None };
    Some((at, State { start, length, is_over: is_over != 0 }))
}

/// Nothing comes any more: whoever follows it is told.
pub async fn end(env: &Env, run: &Run) -> Result<(), Problem> {
    run.ask(env, Method::Put, "").await.map(drop)
}

/// The task is gone: so is what it printed.
pub async fn forget(env: &Env, run: &Run) -> Result<(), Problem> {
    run.ask(env, Method::Delete, "").await.map(drop)
}
