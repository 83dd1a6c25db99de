//! How often one caller may ask: a bucket that refills. It stops a loop gone wild, not an honest burst.

use std::collections::HashMap;

use agentrq_core::time::Timestamp;

use crate::problem::{Code, Problem};

/// Requests a second in the long run.
const PER_SECOND: f64 = 1_000.0;
/// Requests at once.
const BURST: f64 = 5_000.0;
/// Callers that are remembered; beyond, all are forgotten, which errs on their side.
const CALLERS: usize = 1_000;

/// The buckets of all callers. In memory: an object that was evicted had no load.
#[derive(Debug, Default)]
pub struct Rate {
    callers: HashMap<String, (f64, Timestamp)>,
}

impl Rate {
    /// Takes one request from the caller's bucket.
    pub fn take(&mut self, caller: &str, now: Timestamp) -> Result<(), Problem> {
        if self.callers.len() >= CALLERS && !self.callers.contains_key(caller) {
            self.callers.clear();
        }
        let (left, since) = self.callers.get(caller).copied().unwrap_or((BURST, now));
        let refilled = (now.ms().saturating_sub(since.ms()) as f64 / 1_000.0 * PER_SECOND + left).min(BURST);
        let allowed = refilled >= 1.0;
        self.callers.insert(caller.to_owned(), (if allowed { refilled - 1.0 } else { refilled }, now));
        if allowed {
            return Ok(());
        }
        let detail = format!("this caller may ask {PER_SECOND} times a second, and {BURST} times at once: wait a second");
        Err(Problem::new(Code::TooManyRequests, detail).retry_after(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_one_more_does_not_and_waiting_helps_others_not_concerned() {
        let mut rate = Rate::default();
        let now = Timestamp::from_ms(1_000);
        for _ in 0..5_000 {
            assert_eq!(rate.take("a", now), Ok(()));
        }
        let refused = rate.take("a", now).expect_err("one too many");
        assert_eq!((refused.status, refused.extra.get("retryAfter")), (429, Some(&1.into())));
        assert_eq!(rate.take("b", now), Ok(()));
        assert_eq!(rate.take("a", now.plus_ms(1_000)), Ok(()));
    }
}
