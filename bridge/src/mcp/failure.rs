//! Why a call came to nothing: it was refused, and would be again, or the server could not be reached, and may be later.

use std::error::Error;
use std::time::Duration;

use rmcp::ServiceError;
use rmcp::model::{CallToolResult, ErrorCode, ErrorData};
use rmcp::service::ClientInitializeError;
use rmcp::transport::streamable_http_client::StreamableHttpError;
use serde_json::Value;

use crate::backoff;
use crate::say::cause;

/// The server's answer is no.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Refused {
    pub detail: String,
    /// The problem's stable name, where it has one.
    pub code: Option<String>,
}

impl Refused {
    pub fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), code: None }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Nothing is known of what became of it.
    #[error("{why}")]
    Unreachable {
        why: String,
        /// The server said when to come back.
        after: Option<Duration>,
    },
}

impl Failure {
    pub(super) fn unreachable(why: impl Into<String>) -> Self {
        Self::Unreachable { why: why.into(), after: None }
    }

    /// What the SDK says of a call.
    pub(super) fn of_call(error: &ServiceError) -> Self {
        match error {
            ServiceError::McpError(error) => Self::of_error(error),
            ServiceError::TransportSend(error) => Self::of_transport(&*error.error),
            other => Self::unreachable(other.to_string()),
        }
    }

    /// What the SDK says of a handshake.
    pub(super) fn of_handshake(error: &ClientInitializeError) -> Self {
        match error {
            ClientInitializeError::TransportError { error, .. } => Self::of_transport(&*error.error),
            ClientInitializeError::JsonRpcError(error) => Self::of_error(error),
            ClientInitializeError::ConnectionClosed(why) => Self::unreachable(why.clone()),
            other => Refused::new(format!("it does not speak MCP as we do: {other}")).into(),
        }
    }

    pub(super) fn of_error(error: &ErrorData) -> Self {
        // It is the server's own trouble that may pass.
        if error.code == ErrorCode::INTERNAL_ERROR { Self::unreachable(&*error.message) } else { Refused::new(&*error.message).into() }
    }

    fn of_transport(error: &(dyn Error + Send + Sync + 'static)) -> Self {
        match error.downcast_ref::<StreamableHttpError<reqwest::Error>>() {
            Some(StreamableHttpError::HttpStatus(status)) => {
                Self::Unreachable { why: status.to_string(), after: status.retry_after.as_deref().and_then(backoff::retry_after) }
            }
            Some(StreamableHttpError::AuthRequired(_)) => Refused::new("the token is not valid here (HTTP 401)").into(),
            Some(StreamableHttpError::InsufficientScope(_)) => Refused::new("the token does not open this (HTTP 403)").into(),
            Some(error) if !passes(error) => Refused::new(readable(&error.to_string())).into(),
            Some(StreamableHttpError::Client(error)) => Self::unreachable(cause(error)),
            _ => Self::unreachable(cause(error)),
        }
    }
}

/// May it be otherwise the next time?
pub(super) fn passes(error: &StreamableHttpError<reqwest::Error>) -> bool {
    match error {
        StreamableHttpError::AuthRequired(_)
        | StreamableHttpError::InsufficientScope(_)
        | StreamableHttpError::ServerDoesNotSupportSse
        | StreamableHttpError::UnexpectedContentType(_)
        | StreamableHttpError::UnexpectedServerResponse(_) => false,
        StreamableHttpError::Client(error) => !error.status().is_some_and(|status| status.is_client_error() || status.is_redirection()),
        _ => true,
    }
}

/// The words of a problem document in place of the whole of it.
fn readable(text: &str) -> String {
    let said = text.find('{').and_then(|at| Some((text.get(..at)?, problem(text.get(at..)?)?)));
    match said {
        Some((before, detail)) => {
            let before = before.trim_start_matches("unexpected server response: ").trim_end().trim_end_matches(':');
            format!("{detail} ({before})")
        }
        None => text.to_owned(),
    }
}

/// What a problem document says went wrong (RFC 9457).
pub(crate) fn problem(text: &str) -> Option<String> {
    let problem: Value = serde_json::from_str(text).ok()?;
    let said = |name: &str| problem.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    said("detail").or_else(|| said("title")).map(str::to_owned)
}

/// The structured content of what a tool has answered.
///
/// # Errors
/// It has refused.
pub(super) fn content(result: CallToolResult) -> Result<Value, Failure> {
    if result.is_error == Some(true) { Err(of_tool(&result).into()) } else { Ok(result.structured_content.unwrap_or_default()) }
}

/// Why a tool refused.
fn of_tool(result: &CallToolResult) -> Refused {
    let said = |name| Some(result.structured_content.as_ref()?.get(name)?.as_str()?.to_owned());
    let text = || {
        let texts = result.content.iter().filter_map(|block| block.as_text());
        texts.map(|block| block.text.as_str()).collect::<Vec<_>>().join(" ")
    };
    // What is wrong with a call itself is said in words alone.
    Refused { detail: said("detail").unwrap_or_else(text), code: said("code").or_else(|| Some("invalid_call".to_owned())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_told_in_its_own_words() {
        let text = r#"unexpected server response: HTTP 404 Not Found: {"type":"about:blank","title":"Not found","detail":"there is no such workspace"}"#;
        assert_eq!(readable(text), "there is no such workspace (HTTP 404 Not Found)");
        assert_eq!(
            readable("unexpected server response: HTTP 404 Not Found: gone"),
            "unexpected server response: HTTP 404 Not Found: gone"
        );
    }

    #[test]
    fn what_is_refused_would_be_again_and_a_bad_gateway_passes() {
        let not_found: StreamableHttpError<reqwest::Error> = StreamableHttpError::UnexpectedServerResponse("HTTP 404".into());
        assert!(matches!(Failure::of_transport(&not_found), Failure::Refused(_)));
        let busy = rmcp::transport::streamable_http_client::HttpStatusError::new(503, Some("7".into()));
        let busy: StreamableHttpError<reqwest::Error> = busy.into();
        assert_eq!(Failure::of_transport(&busy), Failure::Unreachable { why: "HTTP 503".into(), after: Some(Duration::from_secs(7)) });
    }
}
