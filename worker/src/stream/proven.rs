//! An answer in a response of which it must be known whether its client was still there to take it.
//!
//! A client that has gone is noticed only when something is written to it after something was: so a blank goes first, which JSON allows, and
//! the answer a moment later, and another blank. The platform then drops the body of a response that nobody takes.

use std::cell::Cell;
use std::rc::Rc;

use worker::Response;

use super::held::refused_by_now;
use crate::problem::Problem;

/// The header by which the object asks for it.
pub const HEADER: &str = "x-agentrq-proven";
/// How long a client that is gone takes to refuse the blank: as long as a packet takes there and back. One that is far away is not found out.
const REFUSES_MS: u64 = 3;

/// What has become of an answer.
#[derive(Clone, Debug, Default)]
pub struct Fate(Rc<Cell<Taken>>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Taken {
    #[default]
    Unknown,
    Yes,
}

impl Fate {
    /// Has somebody taken it?
    pub fn is_taken(&self) -> bool {
        self.0.get() == Taken::Yes
    }

    /// The answer, as a response that notes its fate and says it at once: the client's next request may be under way.
    pub async fn of(&self, mut response: Response, taken: impl FnOnce() + 'static) -> Result<Response, Problem> {
        let status = response.status_code();
        let headers = response.headers().clone();
        headers.delete("content-length")?;
        let answer = response.bytes().await?;
        let fate = self.clone();
        let body = async_stream::stream! {
            yield Ok::<_, worker::Error>(b" ".to_vec());
            refused_by_now(REFUSES_MS).await;
            yield Ok(answer);
            // A client waits for the end of the body before it reads the answer; one that goes before has not read it.
            refused_by_now(REFUSES_MS).await;
            yield Ok(b"\n".to_vec());
            // Asked for more: what was given has been taken.
            fate.0.set(Taken::Yes);
            taken();
        };
        Ok(Response::from_stream(body)?.with_status(status).with_headers(headers))
    }
}
