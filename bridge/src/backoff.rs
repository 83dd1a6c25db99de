//! How long to wait before trying again: longer each time, and never as long as everyone else.

use std::time::Duration;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);
/// A server may ask for more patience than we have by ourselves, but not for any amount of it.
const LONGEST_ASKED: Duration = Duration::from_secs(60);

/// The waits between tries of one thing.
#[derive(Clone, Debug)]
pub struct Backoff {
    next: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { next: FIRST }
    }
}

impl Backoff {
    /// The next wait: half of it is certain, half is chance, so that many clients of a server that was down do not come back at once.
    pub fn wait(&mut self) -> Duration {
        let whole = self.next;
        self.next = (whole * 2).min(LONGEST);
        whole / 2 + whole.mul_f64(fastrand::f64() / 2.0)
    }

    /// The same where the server said how long: no sooner than that.
    pub fn wait_at_least(&mut self, asked: Option<Duration>) -> Duration {
        self.wait().max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }

    /// It went well: the next failure is a first one.
    pub fn reset(&mut self) {
        *self = Self::default();
    }
}

/// The seconds of a `Retry-After`. The other form that HTTP has, a date, would rest on two clocks and is not used by our server.
pub fn retry_after(value: &str) -> Option<Duration> {
    value.trim().parse().ok().map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_ten_seconds_and_begin_anew_after_a_success() {
        let mut backoff = Backoff::default();
        for whole in [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].map(Duration::from_millis) {
            let wait = backoff.wait();
            assert!(wait >= whole / 2 && wait <= whole, "{wait:?} of {whole:?}");
        }
        backoff.reset();
        assert!(backoff.wait() <= FIRST);
    }

    #[test]
    fn a_server_may_ask_for_more_but_not_for_ever() {
        let mut backoff = Backoff::default();
        assert_eq!(backoff.wait_at_least(retry_after("3")), Duration::from_secs(3));
        assert_eq!(backoff.wait_at_least(retry_after("86400")), LONGEST_ASKED);
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), None);
    }
}
