//! The outermost frame of a request, in the Worker and in its objects: a refusal, and even a panic, becomes a problem document.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use worker::Response;

use crate::problem::Problem;

/// Does the work of one request and sends what came of it.
///
/// A panic ends this request alone: what it wrote in a transaction is rolled back, other requests of the same instance go on. (That takes
/// a build that unwinds; see `scripts/build`.)
pub async fn framed(work: impl Future<Output = Result<Response, Problem>>) -> worker::Result<Response> {
    match caught(work).await {
        Ok(response) => Ok(response),
        Err(problem) => problem.into_response(),
    }
}

async fn caught<T>(work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    // Whoever holds state across requests keeps it in the database, which is consistent after each of its statements.
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|panic| {
        let said = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|&text| text.to_owned()));
        Err(Problem::internal(format!("panicked: {}", said.unwrap_or_default())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_500_that_does_not_say_what_panicked() {
        let problem = caught::<()>(async { panic!("at {}", "/secret/place.rs") }).now_or_never().expect("at once").expect_err("panicked");
        assert_eq!(problem.status, 500);
        assert!(!problem.body().to_string().contains("secret"));
        assert_eq!(caught(async { Ok(1) }).now_or_never(), Some(Ok(1)));
    }
}
