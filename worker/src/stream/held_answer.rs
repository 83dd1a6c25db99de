//! What the object answers a post with whose answer takes time: the connection on whose stream it will come, for the Worker to dial.

use agentrq_core::id::SessionId;
use agentrq_core::mcp::revision::Revision;
use worker::Response;

use crate::problem::Problem;

/// Names the connection and the revision in which the client reads its stream.
const HEADER: &str = "x-agentrq-held";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldAnswer {
    pub connection: SessionId,
    pub revision: Revision,
}

impl HeldAnswer {
    /// The object's answer.
    pub fn into_response(self) -> Result<Response, Problem> {
        let response = Response::empty()?.with_status(202);
        response.headers().set(HEADER, &self.encode())?;
        Ok(response)
    }

    /// Reads the object's answer: none, if it is one for the client.
    pub fn of(response: &Response) -> Result<Option<Self>, Problem> {
        Ok(response.headers().get(HEADER)?.as_deref().and_then(Self::decode))
    }

    fn encode(self) -> String {
        format!("{} {}", self.connection, self.revision)
    }

    fn decode(text: &str) -> Option<Self> {
        let (connection, revision) = text.split_once(' ')?;
        Some(Self { connection: connection.parse().ok()?, revision: Revision::parse(revision)? })
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;

    use super::*;

    #[test]
    fn it_is_read_back_as_it_was_written() {
        let held = HeldAnswer { connection: SessionId(Id::new(1_800_000_000_000, 1)), revision: Revision::V2026_07_28 };
        assert_eq!(HeldAnswer::decode(&held.encode()), Some(held));
        assert_eq!(HeldAnswer::decode("x"), None);
    }
}
