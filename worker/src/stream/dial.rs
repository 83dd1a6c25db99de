//! The two kinds of stream that are held: an agent's, and a dashboard's.

use std::time::Duration;

use agentrq_core::id::SessionId;
use agentrq_core::mcp::event_id::EventId;
use agentrq_core::model::WorkspaceId;
use worker::{Env, Request, Response};

use super::held::Dial;
use crate::account::client;
use crate::account::protocol::Want;
use crate::forward::{object, send};
use crate::gate::session::SessionProof;
use crate::problem::Problem;

/// The header that asks the object for a socket instead of an answer.
pub const UPGRADE: &str = "upgrade";

/// What the Worker says of a stream to the object. A client that says it itself is not listened to: it would name another's stream,
/// or, as the first of two, an old place after every break.
const OURS: &[&str] = &["conn", "opens", "last", "words", "cursor"];

/// The first byte to a dashboard, at once, whatever the objects do next.
pub const CONNECTED: &str = ": connected\n\n";

/// A request to the object that can be made again and again.
pub struct Line {
    env: Env,
    workspace: WorkspaceId,
    url: url::Url,
    headers: Vec<(String, String)>,
}

impl Line {
    /// Made of a request that has passed the gate; see [`crate::forward::inner_request`].
    pub fn new(env: Env, workspace: WorkspaceId, inner: &Request) -> Result<Self, Problem> {
        // Of a body that was posted nothing is dialled.
        let headers = inner.headers().entries().filter(|(name, _)| !name.starts_with("content-")).collect();
        Ok(Self { env, workspace, url: without(inner.url()?, OURS), headers })
    }

    async fn dial(&self, more: &[(&str, &str)]) -> Result<Response, Problem> {
        let mut url = self.url.clone();
        url.query_pairs_mut().extend_pairs(more);
        let request = Request::new(url.as_str(), worker::Method::Get)?;
        for (name, value) in &self.headers {
            request.headers().set(name, value)?;
        }
        request.headers().set(UPGRADE, "websocket")?;
        // The stub is taken anew each time: one whose object was reset stays broken.
        send(&object(&self.env, &self.workspace)?, request).await
    }
}

/// The URL without these parameters.
fn without(mut url: url::Url, names: &[&str]) -> url::Url {
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| !names.contains(&name.as_str())).collect();
    url.query_pairs_mut().clear().extend_pairs(kept);
    url
}

/// Does a request ask for a socket?
pub fn wants_socket(request: &Request) -> bool {
    request.headers().get(UPGRADE).ok().flatten().is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

/// An agent's stream.
pub struct AgentStream {
    pub line: Line,
    pub connection: SessionId,
    pub opens: Opens,
    /// The first bytes to the client.
    pub greeting: String,
}

/// Which of an agent's streams is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// A new one over HTTP+SSE.
    Sse,
    /// A new one of a session that the request names.
    Session,
    /// The one of a request that has just been posted.
    Posted,
    /// One that the client comes back to, with what it got last.
    Again(EventId),
}

impl Dial for AgentStream {
    async fn dial(&self) -> Result<Response, Problem> {
        let connection = self.connection.to_string();
        match self.opens {
            Opens::Sse => self.line.dial(&[("conn", &connection), ("opens", "sse")]).await,
            Opens::Session => self.line.dial(&[("conn", &connection), ("opens", "session")]).await,
            Opens::Posted => self.line.dial(&[("conn", &connection), ("opens", "posted")]).await,
            Opens::Again(last) => self.line.dial(&[("conn", &connection), ("opens", "again"), ("last", &last.to_string())]).await,
        }
    }

    async fn redial(&self, _cursor: Option<&str>) -> Result<Response, Problem> {
        self.line.dial(&[("conn", &self.connection.to_string()), ("opens", "again")]).await
    }

    async fn check(&self) -> Result<(), Problem> {
        // The object looks at the token with each dial, and cuts the stream when the token ends.
        Ok(())
    }

    fn check_every(&self) -> Option<Duration> {
        None
    }

    fn greeting(&self) -> String {
        self.greeting.clone()
    }
}

/// A dashboard's stream.
pub struct DashboardStream {
    pub line: Line,
    /// Where the client says it stands.
    pub cursor: Option<String>,
    pub session: SessionProof,
    /// How often the account is asked whether the session still is good and the person a member.
    pub check_every: Duration,
}

impl DashboardStream {
    /// Signing out and deleting a workspace cut its streams at once; this is for what ends without a word, such as a session that expires.
    pub const CHECK_EVERY: Duration = Duration::from_secs(10 * 60);

    pub fn workspace(&self) -> &WorkspaceId {
        &self.line.workspace
    }
}

impl Dial for DashboardStream {
    async fn dial(&self) -> Result<Response, Problem> {
        self.redial(None).await
    }

    async fn redial(&self, cursor: Option<&str>) -> Result<Response, Problem> {
        match cursor.or(self.cursor.as_deref()) {
            Some(cursor) => self.line.dial(&[("cursor", cursor)]).await,
            None => self.line.dial(&[]).await,
        }
    }

    async fn check(&self) -> Result<(), Problem> {
        client::person(&self.line.env, &self.session, Want::Member(self.workspace().clone())).await.map(drop)
    }

    fn check_every(&self) -> Option<Duration> {
        Some(self.check_every)
    }

    fn greeting(&self) -> String {
        CONNECTED.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_says_nothing_of_what_the_worker_says_itself() {
        let asked = "http://localhost/mcp/x?conn=0ZRgCquBZ7R&agent=a%26b&opens=again&cursor=1-2-3&conn=2&last=x&words=1";
        let url = without(url::Url::parse(asked).expect("a URL"), OURS);
        assert_eq!(url.query(), Some("agent=a%26b"));
    }
}
