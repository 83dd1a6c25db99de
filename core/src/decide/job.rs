//! What a task notes of the background work that it is: what shall run, when it began and ended, and when time alone decides something about it.
//!
//! Who claims the task runs it, and says how it ended. What nobody says is decided by time: see [`due_at`].

use super::{AGENTS, check};
use crate::command::{Context, NewJob};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{Job, JobKind, Task};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// How long whoever runs a job has to end it, once it shall.
pub const STOP_GRACE_MS: u64 = 30_000;

/// A job as it begins.
pub(super) fn new(new: NewJob) -> Result<Job, Rejection> {
    if !AGENTS {
        return Err(Rejection::NotLoaded { what: "what runs in the background" });
    }
    let line = |field: &'static str, text: Option<String>| match text.filter(|text| !text.trim().is_empty()) {
        Some(text) => check::text(field, &text, limits::COMMAND_BYTES).map(|()| Some(text)),
        None => Ok(None),
    };
    let command = line("command", new.command)?;
    if new.kind == JobKind::LocalBash && command.is_none() {
        return Err(Rejection::Empty { field: "command" });
    }
    let (least, most) = limits::RUN_MS;
    if let Some(given) = new.timeout_ms.filter(|ms| !(least..=most).contains(ms)) {
        return Err(Rejection::Invalid { field: "timeout", problem: format!("{given} ms; it may be {least} to {most}") });
    }
    Ok(Job {
        kind: new.kind,
        command,
        prompt: line("prompt", new.prompt)?,
        timeout_ms: new.timeout_ms,
        started_at: None,
        ended_at: None,
        exit_code: None,
        stop: None,
        lost_at: None,
        run: None,
    })
}

/// Notes on a job whose task moves when it began and ended. One that is to begin anew has done neither.
pub(super) fn moves(task: &mut Task, to: Status, cx: &Context) {
    let Some(job) = of(task) else { return };
    match to {
        Status::Pending | Status::Active => {
            let started_at = (to == Status::Active).then_some(cx.now);
            *job = Job { started_at, ended_at: None, exit_code: None, stop: None, lost_at: None, ..job.clone() };
        }
        Status::Completed | Status::Rejected | Status::Failed | Status::Killed => {
            job.ended_at = Some(cx.now);
            job.lost_at = None;
        }
    }
}

/// Refuses to give what runs to another: who runs it has half of it done.
pub(super) fn stays(task: &Task) -> Result<(), Rejection> {
    let problem = "what runs stays with whoever runs it: stop it first, or take the claim over by its fence";
    job_of(task).map_or(Ok(()), |_| Err(Rejection::Invalid { field: "owner", problem: problem.to_owned() }))
}

/// Notes what the process of a job ended with, which is said with its end. To say it again changes nothing.
pub(super) fn exited(before: &Task, task: &mut Task, code: u64) -> Result<(), Rejection> {
    if !AGENTS {
        return Err(Rejection::NotLoaded { what: "what runs in the background" });
    }
    let ends = before.status.is_open() && !task.status.is_open();
    let job = of(task).ok_or(Rejection::NotBackground { task: before.id })?;
    if !(ends || job.exit_code == Some(code)) || code > limits::EXIT_CODE {
        let problem = format!("a number up to {}, said with a status that ends the task", limits::EXIT_CODE);
        return Err(Rejection::Invalid { field: "exitCode", problem });
    }
    job.exit_code = Some(code);
    Ok(())
}

/// When time alone decides something about a task, if nothing is heard before: whoever runs it is to stop, has not confirmed that it has, or is
/// given up. `lease_ms`: how long who is out of touch may take to come back.
pub fn due_at(task: &Task, lease_ms: u64) -> Option<Timestamp> {
    next(task, lease_ms).map(|(at, _)| at)
}

/// What time decides.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    GivenUp,
    Unconfirmed,
    OutOfTime,
}

pub(super) fn next(task: &Task, lease_ms: u64) -> Option<(Timestamp, Due)> {
    let job = task.work.as_ref()?.job.as_ref().filter(|_| task.status == Status::Active)?;
    let given_up = job.lost_at.map(|at| (at.plus_ms(lease_ms), Due::GivenUp));
    let stop = match &job.stop {
        Some(stop) if stop.unconfirmed => None,
        Some(stop) => Some((stop.at.plus_ms(STOP_GRACE_MS), Due::Unconfirmed)),
        None => job.timeout_ms.zip(job.started_at).map(|(ms, began)| (began.plus_ms(ms), Due::OutOfTime)),
    };
    given_up.into_iter().chain(stop).min()
}

pub(super) fn job_of(task: &Task) -> Option<&Job> {
    task.work.as_ref()?.job.as_ref()
}

pub(super) fn of(task: &mut Task) -> Option<&mut Job> {
    task.work.as_mut()?.job.as_mut()
}
