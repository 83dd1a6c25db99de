//! Looks after the command until it has ended: signals go to it, a stop or the end of its time ends it, and nothing of it is left behind then.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use tokio::time::{Instant, interval, sleep_until};

use super::signals::Signals;
use super::start::Running;
use super::stop::Stop;
use crate::task::Outcome;

/// What `timeout` of the coreutils answers with.
const TIMED_OUT: u8 = 124;
/// A process that outlives the command may hold its pipes, a server in the background for one. So long we wait for what it still writes.
const SETTLE: Duration = Duration::from_millis(500);
const LOOK: Duration = Duration::from_millis(10);
const DEATH: Duration = Duration::from_secs(1);

/// How long a command may take.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For all of it.
    pub timeout: Option<Duration>,
    /// From being asked to end to being ended.
    pub grace: Duration,
}

/// Why a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    ByItself,
    TimedOut,
    Stopped,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    pub exit_code: u8,
    pub why: Why,
}

impl Ended {
    pub fn outcome(self) -> Outcome {
        match (self.why, self.exit_code) {
            (Why::Stopped, _) => Outcome::Killed,
            (Why::ByItself, 0) => Outcome::Completed,
            (Why::ByItself | Why::TimedOut, _) => Outcome::Failed,
        }
    }
}

/// Returns when the command has ended and its output has gone where it goes.
///
/// # Errors
/// The system does not say how it ended.
pub async fn supervise(mut running: Running, signals: &mut Signals, stop: &Stop, patience: Patience) -> io::Result<Ended> {
    let began = Instant::now();
    let out_of_time = patience.timeout.map(|timeout| began + timeout);
    let mut kill_at = None;
    let mut why = Why::ByItself;
    let mut is_insisted = false;
    let status = loop {
        tokio::select! {
            status = running.child.wait() => break status?,
            heard = signals.next() => running.reach.pass_on(heard),
            () = stop.asked(), if why == Why::ByItself => {
                why = Why::Stopped;
                running.reach.end();
                kill_at = Some(Instant::now() + patience.grace);
            }
            () = at(out_of_time), if why == Why::ByItself => {
                why = Why::TimedOut;
                running.reach.end();
                kill_at = Some(Instant::now() + patience.grace);
            }
            () = stop.insisted(), if !is_insisted => {
                is_insisted = true;
                // Why it was asked to end before that stays.
                why = if why == Why::ByItself { Why::Stopped } else { why };
                kill_at = None;
                running.reach.kill();
            }
            () = at(kill_at) => {
                running.reach.kill();
                kill_at = None;
            }
        }
    };
    if why != Why::ByItself {
        end_the_rest(&running, stop, kill_at).await;
    }
    let exit_code = if why == Why::TimedOut { TIMED_OUT } else { exit_code(status) };
    settle(running, signals).await;
    Ok(Ended { exit_code, why })
}

/// The command itself is gone; what it has started shall be gone as well.
async fn end_the_rest(running: &Running, stop: &Stop, kill_at: Option<Instant>) {
    if let Some(kill_at) = kill_at {
        tokio::select! {
            gone = is_gone(running, kill_at) => if gone == Gone::Yes {
                return;
            },
            () = stop.insisted() => {}
        }
        running.reach.kill();
    }
    // Even that takes a moment. What hangs inside the system is not waited for.
    is_gone(running, Instant::now() + DEATH).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Gone {
    Yes,
    NotYet,
}

/// Waits until nobody is left, but not beyond that time.
async fn is_gone(running: &Running, until: Instant) -> Gone {
    let mut look = interval(LOOK);
    while !running.reach.is_empty() {
        tokio::select! {
            _ = look.tick() => {}
            () = sleep_until(until) => return Gone::NotYet,
        }
    }
    Gone::Yes
}

/// Lets the rest of the output go where it goes.
async fn settle(mut running: Running, signals: &mut Signals) {
    let ended = std::time::Instant::now();
    tokio::select! {
        () = running.pumps.finished() => return,
        () = tokio::time::sleep(SETTLE) => running.pumps.hurry(),
    }
    // Our own stdout may take its time, as before a slow reader in a pipeline. Whoever does not want to wait for that says so.
    tokio::select! {
        () = running.pumps.finished() => {}
        () = signals.impatience(ended) => {}
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn exit_code(status: ExitStatus) -> u8 {
    // Codes have eight bits, and signals end at 64.
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_the_commands_or_tells_its_signal() {
        let code = |raw| exit_code(ExitStatus::from_raw(raw));
        assert_eq!((code(0), code(3 << 8), code(255 << 8), code(15), code(9)), (0, 3, 255, 143, 137));
    }

    #[test]
    fn a_stop_is_no_failure_and_no_success() {
        let outcome = |exit_code, why| Ended { exit_code, why }.outcome();
        assert_eq!(outcome(0, Why::ByItself), Outcome::Completed);
        assert_eq!(outcome(1, Why::ByItself), Outcome::Failed);
        assert_eq!(outcome(124, Why::TimedOut), Outcome::Failed);
        assert_eq!((outcome(0, Why::Stopped), outcome(143, Why::Stopped)), (Outcome::Killed, Outcome::Killed));
    }
}
