//! Outputs at the door: the workspace says who may, the bytes go past it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{Env, Request, Response, ResponseBuilder, Url};

use super::client::{self, Run};
use crate::body;
use crate::forward::{object, own_request, send};
use crate::passed::Passed;
use crate::problem::{Code, Problem};
use crate::routes::Method;
use crate::stream::dial::{CONNECTED, UPGRADE};
use crate::stream::held::{Dial, hold};
use agentrq_core::limits;
use agentrq_core::model::WorkspaceId;
use agentrq_core::sse;

/// What the workspace says of a task's output.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Admitted {
    /// Absent: nothing was printed, and nothing will be.
    pub run: Option<Run>,
    /// What whoever prints shall know: it is to stop.
    pub stop: serde_json::Value,
}

/// Serves the route of outputs.
pub async fn serve(passed: &Passed<'_>, workspace: &WorkspaceId, request: Request) -> Result<Response, Problem> {
    let door = Door { passed, workspace };
    match passed.asked.method {
        Method::Post => door.append(request).await,
        _ if wants_events(&request)? => door.follow(request.headers().get("last-event-id")?).await,
        _ => door.read().await,
    }
}

fn wants_events(request: &Request) -> Result<bool, Problem> {
    Ok(request.headers().get("accept")?.is_some_and(|accept| accept.contains("text/event-stream")))
}

struct Door<'a> {
    passed: &'a Passed<'a>,
    workspace: &'a WorkspaceId,
}

impl Door<'_> {
    /// Asks the workspace, which refuses whoever may not.
    fn question(&self, ends_at: Option<u64>) -> Result<Question, Problem> {
        let passed = self.passed;
        let Some(caller) = &passed.caller else { return Err(Problem::internal("an output without a caller")) };
        let method = if passed.asked.method == Method::Post { worker::Method::Post } else { worker::Method::Get };
        let url = &passed.asked.url;
        let kept: String = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(url.query_pairs().filter(|(name, _)| matches!(&**name, "agent" | "fence")))
            .extend_pairs(ends_at.map(|at| ("ends", at.to_string())))
            .finish();
        let path = format!("{}?{kept}", url.path());
        let request = own_request(passed.setup, passed.asked, method, &path, None, caller)?;
        Ok(Question { env: passed.env.clone(), workspace: self.workspace.clone(), request })
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, Problem> {
        let Some(text) = self.passed.asked.query(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let whole = text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten();
        // What is counted in JavaScript has no more.
        whole
            .filter(|number| *number < 1 << 53)
            .map(Some)
            .ok_or_else(|| Problem::new(Code::BadRequest, format!("?{name}= is a whole number of bytes, such as 4096")).with("field", name))
    }

    async fn append(&self, mut request: Request) -> Result<Response, Problem> {
        let offset = self.number("offset")?.ok_or_else(|| {
            let detail =
                "say with ?offset= at which byte of the output the chunk begins: 0 for the first, then the length in the last answer";
            Problem::new(Code::BadRequest, detail).with("field", "offset")
        })?;
        // Its sender can hold a body back for as long as they like: who it is, is asked once it is here.
        let bytes = body::read(&mut request, limits::CHUNK_BYTES).await?;
        let question = self.question(Some(offset + bytes.len() as u64))?;
        let Admitted { run, stop } = question.ask().await?;
        let Some(run) = run else { return Err(Problem::internal("nobody runs what is printed")) };
        let mut init = worker::RequestInit::new();
        init.with_method(worker::Method::Post).with_body(Some(js_sys::Uint8Array::from(bytes.as_slice()).into()));
        let chunk = Request::new_with_init(&format!("https://output/?offset={offset}"), &init)?;
        let mut response = run.send(self.passed.env, chunk).await?;
        if response.status_code() != 200 {
            // A refusal, in the words of the object.
            return Ok(response);
        }
        let kept: serde_json::Value = response.json().await?;
        Ok(Response::from_json(&json!({"length": kept["length"], "stop": stop}))?)
    }

    async fn read(&self) -> Result<Response, Problem> {
        let (offset, limit) = (self.number("offset")?.unwrap_or_default(), self.number("limit")?);
        let Admitted { run, .. } = self.question(None)?.ask().await?;
        let download = self.passed.asked.query("download").is_some_and(|value| value == "1");
        let name = run.as_ref().map(|run| format!("{}.output", run.task));
        let builder = ResponseBuilder::new()
            // Whatever was printed, no browser shall take it for a page.
            .with_header("content-type", "text/plain; charset=utf-8")?
            .with_header("x-content-type-options", "nosniff")?
            .with_header("content-security-policy", "default-src 'none'; sandbox")?
            .with_header("cache-control", "no-store")?;
        let builder = match name.filter(|_| download) {
            Some(name) => builder.with_header("content-disposition", &format!("attachment; filename=\"{name}\""))?,
            None => builder,
        };
        let Some(run) = run else { return Ok(builder.with_header("content-range", "bytes */0")?.fixed(Vec::new())) };
        let first = client::read(self.passed.env, &run, offset, limit.unwrap_or(u64::from(u32::MAX))).await?;
        let (from, length) = (first.bytes.at, first.state.length);
        let behind = limit.map_or(length, |limit| (from + limit).min(length));
        let range = if behind > from { format!("bytes {from}-{}/{length}", behind - 1) } else { format!("bytes */{length}") };
        let builder = builder.with_header("content-range", &range)?;
        if from + first.bytes.bytes.len() as u64 >= behind {
            return Ok(builder.fixed(first.bytes.bytes));
        }
        // A part at a time, as the client takes it.
        let env = self.passed.env.clone();
        let rest = async_stream::stream! {
            let mut at = from + first.bytes.bytes.len() as u64;
            yield Ok::<_, worker::Error>(first.bytes.bytes);
            while at < behind {
                match client::read(&env, &run, at, behind - at).await {
                    Ok(part) if part.bytes.at == at && !part.bytes.bytes.is_empty() => {
                        at += part.bytes.bytes.len() as u64;
                        yield Ok(part.bytes.bytes);
                    }
                    // What was to come next was cut meanwhile: better to break off than to leave a gap that nobody sees.
                    Ok(_) => return yield Err(worker::Error::RustError("the output was cut while it was read".to_owned())),
                    Err(problem) => return yield Err(worker::Error::RustError(problem.detail)),
                }
            }
        };
        Ok(builder.from_stream(rest)?)
    }

    async fn follow(&self, last: Option<String>) -> Result<Response, Problem> {
        let last = last.and_then(|id| id.parse().ok());
        let (offset, tail) = (last.or(self.number("offset")?), self.number("tail")?);
        let question = self.question(None)?;
        let Admitted { run, .. } = question.ask().await?;
        let Some(run) = run else {
            let end = sse::Frame { event: Some("end"), id: None, data: r#"{"length":0}"# }.encode();
            return Ok(ResponseBuilder::new()
                .with_header("content-type", "text/event-stream")?
                .with_header("cache-control", "no-cache, no-transform")?
                .with_header("x-content-type-options", "nosniff")?
                .fixed(end.into_bytes()));
        };
        hold(OutputStream { question, run, offset, tail }).await
    }
}

/// A question to the workspace that can be asked again and again.
struct Question {
    env: Env,
    workspace: WorkspaceId,
    request: Request,
}

impl Question {
    async fn ask(&self) -> Result<Admitted, Problem> {
        let mut response = send(&object(&self.env, &self.workspace)?, self.request.clone()?).await?;
        if response.status_code() != 200 {
            return Err(Problem::read(&mut response).await?);
        }
        Ok(response.json().await?)
    }
}

/// A stream of what is printed.
struct OutputStream {
    question: Question,
    run: Run,
    offset: Option<u64>,
    tail: Option<u64>,
}

/// How often the workspace is asked whether whoever follows still may: a credential that is withdrawn cuts no socket here.
const CHECK_EVERY: Duration = Duration::from_secs(15);

impl OutputStream {
    async fn dial_from(&self, offset: Option<u64>, tail: Option<u64>) -> Result<Response, Problem> {
        let mut url = Url::parse("https://output/").map_err(Problem::internal)?;
        for (name, value) in [("offset", offset), ("tail", tail)] {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(name, &value.to_string());
            }
        }
        let request = Request::new(url.as_str(), worker::Method::Get)?;
        request.headers().set(UPGRADE, "websocket")?;
        self.run.send(&self.question.env, request).await
    }
}

impl Dial for OutputStream {
    async fn dial(&self) -> Result<Response, Problem> {
        self.dial_from(self.offset, self.tail).await
    }

    async fn redial(&self, cursor: Option<&str>) -> Result<Response, Problem> {
        match cursor.and_then(|cursor| cursor.parse().ok()) {
            Some(offset) => self.dial_from(Some(offset), None).await,
            None => self.dial().await,
        }
    }

    async fn check(&self) -> Result<(), Problem> {
        match self.question.ask().await?.run {
            Some(run) if run == self.run => Ok(()),
            // It runs anew: that is another output.
            _ => Err(Problem::new(Code::NotFound, "this run's output is followed no more")),
        }
    }

    fn check_every(&self) -> Option<Duration> {
        Some(CHECK_EVERY)
    }

    fn greeting(&self) -> String {
        CONNECTED.to_owned()
    }
}
