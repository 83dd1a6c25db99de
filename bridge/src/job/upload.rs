//! Sends the output up, in order and each byte until it is acknowledged. Each post holds what has come by then: the first byte goes at once,
//! a command that writes much makes few large posts, and one that writes in drops no post for each.

use std::io;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::buffer::Unfit;
use super::spool::{Next, Spool};
use super::stop::Stop;
use crate::address::Token;
use crate::backoff::{self, Backoff};
use crate::mcp::problem;
use crate::say::cause;

/// The largest post.
const CHUNK: usize = 1 << 20;
/// A line that is too slow for a large post may still bear a small one.
const SMALLEST: usize = 64 * 1024;
/// A command that writes letter by letter makes no more posts than this allows; the first letter goes at once.
const PACE: Duration = Duration::from_millis(50);
/// The server takes who is silent for a minute for lost. A post of nothing is a word, and its answer may bear a stop.
pub const SILENCE: Duration = Duration::from_secs(20);
/// A post of that size, over a line that is hardly one.
const ANSWER: Duration = Duration::from_secs(60);

/// Why the output is not sent any more.
#[derive(Debug, thiserror::Error)]
pub enum GivenUp {
    #[error("{0}")]
    Refused(String),
    #[error(transparent)]
    Unfit(#[from] Unfit),
    #[error("the file that output is kept in cannot be read: {0}")]
    Spool(#[from] io::Error),
}

/// Where the output of one task goes.
#[derive(Clone, Debug)]
pub struct Output {
    pub http: reqwest::Client,
    pub url: Url,
    pub token: Token,
    /// A command that writes nothing for so long is told of all the same.
    pub silence: Duration,
}

/// What came of a post.
#[derive(Debug)]
enum Answer {
    /// The server has so many bytes in all.
    Has { length: u64, stop: Option<Value> },
    /// Later.
    Later { why: String, after: Option<Duration> },
}

#[derive(Debug, Deserialize)]
struct Taken {
    length: u64,
    #[serde(default)]
    stop: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Gap {
    code: String,
    length: u64,
}

/// Sends all output until the spool is closed and empty, however long that takes. `troubles` hears each time that a post came to nothing.
///
/// # Errors
/// It never will be sent.
pub async fn upload(output: &Output, spool: &Spool, stop: &Stop, mut troubles: impl FnMut(&str)) -> Result<(), GivenUp> {
    let mut backoff = Backoff::default();
    let mut most = CHUNK;
    while timeout(output.silence, spool.next()).await != Ok(Next::End) {
        let (offset, bytes) = spool.chunk(most)?;
        let is_empty = bytes.is_empty();
        match output.post(offset, bytes).await? {
            Answer::Has { length, stop: asked } => {
                if asked.is_some() {
                    stop.ask();
                }
                spool.acknowledge(length)?;
                if length > offset || is_empty {
                    backoff.reset();
                    most = (most * 2).min(CHUNK);
                    tokio::select! {
                        () = spool.pressing(CHUNK) => {}
                        () = tokio::time::sleep(PACE) => {}
                    }
                } else {
                    // It took nothing of it, and would take nothing of the same at once.
                    tokio::time::sleep(backoff.wait()).await;
                }
            }
            Answer::Later { why, after } => {
                troubles(&why);
                most = (most / 4).max(SMALLEST);
                tokio::time::sleep(backoff.wait_at_least(after)).await;
            }
        }
    }
    Ok(())
}

impl Output {
    async fn post(&self, offset: u64, bytes: Vec<u8>) -> Result<Answer, GivenUp> {
        let mut url = self.url.clone();
        url.query_pairs_mut().append_pair("offset", &offset.to_string());
        let request = self.http.post(url).bearer_auth(self.token.reveal()).header(CONTENT_TYPE, "application/octet-stream");
        match request.timeout(ANSWER).body(bytes).send().await {
            Ok(response) => read(response).await,
            Err(error) => Ok(Answer::Later { why: cause(&error), after: None }),
        }
    }
}

async fn read(response: reqwest::Response) -> Result<Answer, GivenUp> {
    let status = response.status();
    let after = response.headers().get(RETRY_AFTER).and_then(|value| backoff::retry_after(value.to_str().ok()?));
    if status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error() {
        return Ok(Answer::Later { why: status.to_string(), after });
    }
    let text = match response.text().await {
        Ok(text) => text,
        // What it was is not known: the same once more does no harm.
        Err(error) => return Ok(Answer::Later { why: cause(&error), after }),
    };
    if status.is_success() {
        return match serde_json::from_str::<Taken>(&text) {
            Ok(Taken { length, stop }) => Ok(Answer::Has { length, stop }),
            Err(_) => Err(GivenUp::Refused(format!("the answer is none of AgentRQ's ({status})"))),
        };
    }
    match serde_json::from_str::<Gap>(&text) {
        Ok(gap) if status == StatusCode::CONFLICT && gap.code == "output_gap" => Ok(Answer::Has { length: gap.length, stop: None }),
        _ => Err(GivenUp::Refused(problem(&text).map_or_else(|| status.to_string(), |detail| format!("{detail} ({status})")))),
    }
}
