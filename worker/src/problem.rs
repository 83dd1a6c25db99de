//! Refusals on the wire: RFC 9457 problem documents with a stable code. Nothing internal leaks: what went wrong inside goes to the log only.

use std::borrow::Cow;

use agentrq_core::decide::{Flaw, Wrong};
use agentrq_core::json::Raw;
use agentrq_core::rejection::{self, Rejection};
use serde_json::{Map, Value, json};
use worker::{Headers, Response, ResponseBuilder};

use crate::sql::SqlError;

/// What the shell itself refuses. Refusals of the rules keep the code that core gave them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    BadRequest,
    InvalidJson,
    SessionRequired,
    SessionKeyRequired,
    SignInFailed,
    TokenRequired,
    TokenInvalid,
    TokenExpired,
    TokenRevoked,
    PersonOnly,
    AgentOnly,
    NotAMember,
    CrossSite,
    OriginNotAllowed,
    HostNotAllowed,
    NotFound,
    WorkspaceNotFound,
    TaskNotFound,
    TokenNotFound,
    AttachmentNotFound,
    WorkflowNotFound,
    WorkflowInvalid,
    SessionEnded,
    MethodNotAllowed,
    Conflict,
    OutputGap,
    TooLarge,
    QuotaExceeded,
    UnsupportedMediaType,
    RangeNotSatisfiable,
    TooManyRequests,
    Internal,
    Misconfigured,
    Unavailable,
}

impl Code {
    /// The one table of codes: what is written on the wire, the HTTP status, the title.
    fn entry(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::BadRequest => ("bad_request", 400, "The request is not valid"),
            Self::InvalidJson => ("invalid_json", 400, "The body is not the JSON that is wanted here"),
            Self::SessionRequired => ("session_required", 401, "Sign in first"),
            Self::SessionKeyRequired => ("session_key_required", 401, "The session's key is missing or wrong"),
            Self::SignInFailed => ("sign_in_failed", 401, "The key is not right"),
            Self::TokenRequired => ("token_required", 401, "An agent's token is wanted here"),
            Self::TokenInvalid => ("token_invalid", 401, "The token is not valid here"),
            Self::TokenExpired => ("token_expired", 401, "The token has expired"),
            Self::TokenRevoked => ("token_revoked", 401, "The token has been revoked"),
            Self::PersonOnly => ("person_only", 403, "Only a person may do this"),
            Self::AgentOnly => ("agent_only", 403, "Only an agent may do this"),
            Self::NotAMember => ("not_a_member", 403, "Not a member of this workspace"),
            Self::CrossSite => ("cross_site", 403, "The request comes from another site"),
            Self::OriginNotAllowed => ("origin_not_allowed", 403, "Requests from this origin are not allowed"),
            Self::HostNotAllowed => ("host_not_allowed", 403, "This server does not answer under this name"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::WorkspaceNotFound => ("workspace_not_found", 404, "Not found"),
            Self::TaskNotFound => ("task_not_found", 404, "Not found"),
            Self::TokenNotFound => ("token_not_found", 404, "Not found"),
            Self::AttachmentNotFound => ("attachment_not_found", 404, "Not found"),
            Self::WorkflowNotFound => ("workflow_not_found", 404, "Not found"),
            Self::WorkflowInvalid => ("workflow_invalid", 400, "This is not what a workflow may be"),
            Self::SessionEnded => ("session_ended", 404, "This session was ended"),
            Self::MethodNotAllowed => ("method_not_allowed", 405, "This method is not allowed here"),
            Self::Conflict => ("conflict", 409, "It does not fit the present state"),
            Self::OutputGap => ("output_gap", 409, "Something is missing before it"),
            Self::TooLarge => ("too_large", 413, "Too large"),
            Self::QuotaExceeded => ("quota_exceeded", 413, "The workspace is full"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "This content type is not taken here"),
            Self::RangeNotSatisfiable => ("range_not_satisfiable", 416, "The range lies outside the file"),
            Self::TooManyRequests => ("too_many_requests", 429, "Too many requests"),
            Self::Internal => ("internal", 500, "Something went wrong inside"),
            Self::Misconfigured => ("misconfigured", 500, "The server is not set up"),
            Self::Unavailable => ("unavailable", 503, "Not available at the moment"),
        }
    }
}

/// One refusal, ready to be sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    pub status: u16,
    pub code: Cow<'static, str>,
    pub title: Cow<'static, str>,
    /// What was wrong and what is allowed, for the one who asked.
    pub detail: String,
    /// What a program may use to mend it: `allowed`, `retryAfter`, `limit` …
    pub extra: Map<String, Value>,
    /// For the log, never for the wire.
    cause: Option<Box<str>>,
}

impl Problem {
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let (code, status, title) = code.entry();
        Self { status, code: code.into(), title: title.into(), detail: detail.into(), extra: Map::new(), cause: None }
    }

    /// A fault inside: the caller learns that it happened, the log learns what.
    pub fn internal(cause: impl ToString) -> Self {
        let problem = Self::new(Code::Internal, "this is a fault of the server; it has been written to its log");
        Self { cause: Some(cause.to_string().into()), ..problem }
    }

    /// The object cannot be reached just now: it is being reset or moved.
    pub fn unavailable(cause: impl ToString) -> Self {
        let problem = Self::new(Code::Unavailable, "the workspace cannot be reached at the moment; try again in a second").retry_after(1);
        Self { cause: Some(cause.to_string().into()), ..problem }
    }

    /// Adds a member that a program can read.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.extra.insert(name.to_owned(), value.into());
        self
    }

    /// Says when trying again makes sense, in the body and as a header.
    pub fn retry_after(self, seconds: u64) -> Self {
        self.with("retryAfter", seconds)
    }

    /// What an object refused.
    pub async fn read(response: &mut Response) -> Result<Self, worker::Error> {
        let text = response.text().await?;
        let told: Result<rejection::Problem, _> = agentrq_core::json::from_str(&text);
        Ok(told.map_or_else(|why| Self::internal(format!("no problem document: {why}")), Self::from))
    }

    /// The document as it goes over the wire.
    pub fn body(&self) -> Value {
        let mut body = self.extra.clone();
        body.insert("type".to_owned(), json!("about:blank"));
        body.insert("title".to_owned(), json!(self.title));
        body.insert("status".to_owned(), json!(self.status));
        body.insert("detail".to_owned(), json!(self.detail));
        body.insert("code".to_owned(), json!(self.code));
        Value::Object(body)
    }

    /// The refusal as replicas are told it.
    pub fn refusal(self) -> rejection::Problem {
        self.into()
    }

    /// The headers that go with it.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "application/problem+json".to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        if let Some(seconds) = self.extra.get("retryAfter").and_then(Value::as_u64) {
            headers.push(("retry-after", seconds.to_string()));
        }
        if self.status == 405 {
            let allowed = self.extra.get("allowed").and_then(Value::as_array);
            let names = allowed.map(|names| names.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "));
            headers.push(("allow", names.unwrap_or_default()));
        }
        headers
    }

    /// Sends it, and logs what must not be sent.
    pub fn into_response(self) -> worker::Result<Response> {
        if let Some(cause) = &self.cause {
            worker::console_error!("{} {}: {cause}", self.status, self.code);
        }
        let headers = Headers::new();
        for (name, value) in self.headers() {
            headers.set(name, &value)?;
        }
        Ok(ResponseBuilder::new().with_status(self.status).with_headers(headers).fixed(self.body().to_string().into_bytes()))
    }
}

impl From<Rejection> for Problem {
    fn from(rejection: Rejection) -> Self {
        rejection.problem().into()
    }
}

impl From<rejection::Problem> for Problem {
    fn from(problem: rejection::Problem) -> Self {
        Self {
            status: problem.status,
            code: problem.code.into(),
            title: problem.title.into(),
            detail: problem.detail,
            extra: problem.extra.iter().map(|(name, value)| (name.clone(), value.into())).collect(),
            cause: None,
        }
    }
}

/// With the place of it in what was sent.
impl From<Wrong> for Problem {
    fn from(wrong: Wrong) -> Self {
        let problem = Self::from(wrong.why);
        Self { detail: format!("{}: {}", wrong.place, problem.detail), ..problem }.with("at", wrong.place)
    }
}

/// What is wrong with a template or with what was given to one, as it is refused.
impl From<Flaw> for Problem {
    fn from(flaw: Flaw) -> Self {
        Rejection::from(flaw).into()
    }
}

/// As it travels between a Worker and an object; the cause stays where it was logged.
impl From<Problem> for rejection::Problem {
    fn from(problem: Problem) -> Self {
        Self {
            code: problem.code.into_owned(),
            title: problem.title.into_owned(),
            detail: problem.detail,
            status: problem.status,
            extra: problem.extra.into_iter().map(|(name, value)| (name, Raw::from(&value))).collect(),
        }
    }
}

impl From<worker::Error> for Problem {
    fn from(error: worker::Error) -> Self {
        Self::internal(error)
    }
}

impl From<SqlError> for Problem {
    fn from(error: SqlError) -> Self {
        Self::internal(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_was_wrong_in_the_form_of_the_rfc() {
        let problem = Problem::new(Code::TooLarge, "the body has 2 bytes; 1 is allowed").with("limit", 1);
        assert_eq!(
            problem.body(),
            json!({"type": "about:blank", "title": "Too large", "status": 413, "code": "too_large",
                "detail": "the body has 2 bytes; 1 is allowed", "limit": 1})
        );
    }

    #[test]
    fn nothing_internal_leaks() {
        let problem = Problem::from(SqlError("no such table: secrets".to_owned()));
        assert_eq!(problem.status, 500);
        assert!(!problem.body().to_string().contains("secrets"));
        assert!(problem.headers().iter().all(|(_, value)| !value.contains("secrets")));
    }

    #[test]
    fn a_member_cannot_take_the_place_of_a_standard_one() {
        let problem = Problem::new(Code::NotFound, "no").with("status", 200).with("code", "fine");
        assert_eq!(problem.body()["status"], 404);
        assert_eq!(problem.body()["code"], "not_found");
    }

    #[test]
    fn waiting_and_allowed_methods_stand_in_headers_too() {
        let wait = Problem::new(Code::TooManyRequests, "slowly").retry_after(7);
        assert!(wait.headers().contains(&("retry-after", "7".to_owned())));
        let method = Problem::new(Code::MethodNotAllowed, "no").with("allowed", vec!["GET", "POST"]);
        assert!(method.headers().contains(&("allow", "GET, POST".to_owned())));
    }
}
