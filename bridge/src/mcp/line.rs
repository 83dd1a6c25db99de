//! The HTTP below the SDK. It differs from the SDK's own in one thing: the session's stream, which is this agent's presence, is also asked
//! for again where it cannot be opened for the first time. The SDK would go on without it, and no stop would ever arrive.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::BoxStream;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::common::client_side_sse::SseRetryPolicy;
use rmcp::transport::streamable_http_client::{SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse};
use sse_stream::Sse;
use tokio::sync::mpsc;

use super::channel::News;
use super::failure;
use crate::backoff::Backoff;

type Headers = HashMap<HeaderName, HeaderValue>;
type Failed = StreamableHttpError<reqwest::Error>;

#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) http: reqwest::Client,
    pub(super) news: mpsc::UnboundedSender<News>,
}

impl StreamableHttpClient for Line {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        self.http.post_message(uri, message, session, token, headers).await
    }

    async fn delete_session(&self, uri: Arc<str>, session: Arc<str>, token: Option<String>, headers: Headers) -> Result<(), Failed> {
        self.http.delete_session(uri, session, token, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        token: Option<String>,
        headers: Headers,
    ) -> Result<BoxStream<'static, Result<Sse, SseError>>, Failed> {
        let mut backoff = Backoff::default();
        loop {
            match self.http.get_stream(uri.clone(), session.clone(), last.clone(), token.clone(), headers.clone()).await {
                Err(error) if failure::passes(&error) => tokio::time::sleep(backoff.wait()).await,
                result => {
                    // Whoever has no use for it has stopped listening.
                    let _ = self.news.send(if result.is_ok() { News::StreamOpened } else { News::StreamRefused });
                    return result;
                }
            }
        }
    }
}

/// How a stream that has ended is opened again, for as long as the work goes on.
#[derive(Debug)]
pub(super) struct Patient;

impl SseRetryPolicy for Patient {
    fn retry(&self, times: usize) -> Option<Duration> {
        let mut backoff = Backoff::default();
        // More doublings than that change nothing.
        for _ in 0..times.min(8) {
            backoff.wait();
        }
        Some(backoff.wait())
    }
}
