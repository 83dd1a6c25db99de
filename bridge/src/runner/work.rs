//! Runs one command for others: claims it, runs it, and reports it to its end.

use std::ffi::OsString;
use std::sync::Arc;

use tokio::sync::watch;

use super::Desk;
use super::claim::claim;
use super::look::Candidate;
use crate::job::buffer::Limits;
use crate::job::report::{Report, Unwatched};
use crate::job::signals::Signals;
use crate::job::spool::Spool;
use crate::job::start::{NotStarted, start_for_others};
use crate::job::stop::Stop;
use crate::job::supervise::{Ended, Patience, Why, supervise};
use crate::say::say;

/// The exit code of a command that was asked to end before it began, as that of one that did at once.
const ENDED_BEFORE: u8 = 128 + 15;

/// What came of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Ran,
    /// It is another's.
    Not,
}

/// Claims a command and runs it, if it is ours then. It returns when the server knows how it ended.
pub async fn work(desk: &Desk, candidate: &Candidate, stop: &Stop) -> Came {
    let Some(task) = claim(desk, candidate).await else { return Came::Not };
    let spool = Arc::new(Spool::new(Limits::default()));
    let (say_ended, ended) = watch::channel(None);
    let report = Report {
        address: &desk.plan.address,
        http: &desk.http,
        link: &desk.link,
        task: &task,
        spool: &spool,
        stop,
        troubles: &desk.troubles,
        unwatched: Unwatched::Stops,
    };
    let running = async {
        let end = to_its_end(desk, candidate, stop, &spool).await;
        spool.close();
        say(format_args!("#{} {}", candidate.number, how(end)));
        say_ended.send_replace(Some(end));
    };
    tokio::join!(running, report.deliver(ended));
    Came::Ran
}

async fn to_its_end(desk: &Desk, candidate: &Candidate, stop: &Stop, spool: &Arc<Spool>) -> Ended {
    if stop.is_asked() {
        return Ended { exit_code: ENDED_BEFORE, why: Why::Stopped };
    }
    say(format_args!("#{} started: {}", candidate.number, candidate.line));
    match run(desk, candidate, stop, spool).await {
        Ok(end) => end,
        Err(why) => {
            spool.append(format!("agentrq: {why}\n").as_bytes());
            Ended { exit_code: why.exit_code(), why: Why::ByItself }
        }
    }
}

async fn run(desk: &Desk, candidate: &Candidate, stop: &Stop, spool: &Arc<Spool>) -> Result<Ended, NotStarted> {
    let command: Vec<OsString> = candidate.words.iter().map(OsString::from).collect();
    let running = start_for_others(&command, &candidate.folder, spool)?;
    let patience = Patience { timeout: Some(candidate.timeout), grace: desk.plan.grace };
    // Signals are for the runner as a whole: it stops what runs.
    Ok(supervise(running, &mut Signals::none(), stop, patience).await?)
}

fn how(end: Ended) -> String {
    match end.why {
        Why::ByItself => format!("ended with exit code {}", end.exit_code),
        Why::TimedOut => "was ended: its time was up".to_owned(),
        Why::Stopped => "was stopped".to_owned(),
    }
}
