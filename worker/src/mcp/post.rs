//! A message that was posted over Streamable HTTP, and what comes of it.

use agentrq_core::id::SessionId;
use agentrq_core::mcp::revision::Revision;
use agentrq_core::mcp::stateless::Headers;
use agentrq_core::model::AgentName;
use serde_json::Value;

use crate::routes::Endpoint;
use crate::workspace::tokens::Holder;

/// A post, as the transport sees it.
#[derive(Clone, Copy, Debug)]
pub struct Post<'a> {
    pub endpoint: Endpoint,
    pub session: Option<&'a str>,
    pub headers: Headers<'a>,
    pub body: &'a [u8],
}

/// What came of a post.
#[derive(Debug, PartialEq)]
pub enum Posted {
    /// Taken; there is nothing to answer.
    Accepted,
    Answer(Answer),
    /// The answer comes on this connection's stream, which the Worker opens.
    Held {
        connection: SessionId,
        revision: Revision,
    },
}

/// An answer in the response.
#[derive(Debug, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// The session that has begun.
    pub session: Option<SessionId>,
    /// The sessions and numbers under which what is answered is remembered: the Worker says what became of it.
    pub calls: Vec<(SessionId, u64)>,
    pub proof: Proof,
}

/// Must the Worker find out whether the client is still there?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// The same call cannot be told from another client's, or what stands in its answer is given once: it costs a moment.
    Wanted,
    NotWanted,
}

impl Answer {
    pub fn of(status: u16, body: &Value) -> Posted {
        Posted::Answer(Self { status, body: body.to_string(), session: None, calls: Vec::new(), proof: Proof::NotWanted })
    }
}

/// Who posts: a token, and the agent that it speaks for.
#[derive(Clone, Copy, Debug)]
pub struct Poster<'a> {
    pub holder: &'a Holder,
    pub agent: &'a AgentName,
}
