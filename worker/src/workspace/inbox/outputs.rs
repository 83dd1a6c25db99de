//! Calls that wait for a background task to end, and then want some of what it printed. That stands in another object: so the answer is made
//! when the timer of the wait rings, by whoever can ask there.

use agentrq_core::dialect::background::{self, Printed, Retrieval};
use agentrq_core::id::SessionId;
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::tool::ToolAnswer;
use agentrq_core::rejection::Rejection;
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;

use super::reading::looked;
use super::waits::{answer_with, found};
use super::wanted::{Wanted, When};
use crate::problem::{Code, Problem};
use crate::sql::Sql;
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::Transaction;

/// An answer that could not be made is tried again after so long.
const AGAIN_MS: u64 = 5_000;
/// One that cannot be made so long after its time is a refusal.
const PATIENCE_MS: u64 = 15_000;
/// Calls that wait so on one connection.
const AT_ONCE: u64 = 64;

/// May one more call of this session wait so? Each is answered by itself, and all of them at once when their task ends.
pub fn check_room(sql: &impl Sql, session: SessionId) -> Result<(), Problem> {
    let waits = "SELECT count(*) FROM waits w JOIN connections c ON c.id = w.connection WHERE c.session = ? AND w.task IS NOT NULL";
    let there = sql.first(waits, &[session.to_string().into()])?.map_or(Ok(0), |row| row.count(0))?;
    if there < AT_ONCE {
        return Ok(());
    }
    let detail = format!("{there} calls of TaskOutput wait already, and {AT_ONCE} may: let them be answered first");
    Err(Problem::new(Code::TooManyRequests, detail).retry_after(1).with("limit", AT_ONCE))
}

/// What the call wants whose timer has rung, if it wants some output. It rings again should the answer not be made.
pub fn wanted<S: Sql>(tx: &Transaction<S>, key: &str) -> Result<Option<Wanted>, Problem> {
    let Some((connection, request)) = key.split_once(' ') else { return Ok(None) };
    let wants = "SELECT task, output FROM waits WHERE connection = ? AND request = ? AND task IS NOT NULL";
    let Some(row) = tx.sql().first(wants, &[connection.into(), request.into()])? else { return Ok(None) };
    let wanted = row.text(0)?.parse().ok().zip(row.optional_text(1)?).and_then(|(task, text)| Wanted::decode(task, text));
    timers::set(tx.sql(), Timer::Wait, key, tx.now.plus_ms(AGAIN_MS))?;
    Ok(wanted)
}

/// Answers the call, if it still waits. `status`: how the task stood before this was read; if it has ended since, more may have been printed.
pub fn answer_output<S: Sql>(
    tx: &mut Transaction<S>,
    key: &str,
    wanted: Wanted,
    status: Option<Status>,
    printed: &Printed,
) -> Result<(), Problem> {
    let Some(wait) = found(tx, key)? else { return Ok(()) };
    let answer = match looked(tx, tx.store().task(wanted.task))? {
        Some(task) if status.is_some_and(Status::is_open) && !task.status.is_open() => {
            return Ok(timers::set(tx.sql(), Timer::Wait, key, tx.now)?);
        }
        Some(task) => background::output(&task, printed, retrieval(!task.status.is_open(), wanted.when)),
        None => background::refused(Problem::from(Rejection::TaskNotFound { task: wanted.task.to_string() }).body()),
    };
    answer_with(tx, &wait, answer)
}

/// Answers the call with why nothing can be read. What may pass is tried again, for a while.
pub fn refuse_output<S: Sql>(tx: &mut Transaction<S>, key: &str, problem: &Problem) -> Result<(), Problem> {
    let Some((connection, request)) = key.split_once(' ') else { return Ok(()) };
    let waits = "SELECT deadline FROM waits WHERE connection = ? AND request = ?";
    let deadline = tx.sql().first(waits, &[connection.into(), request.into()])?.map_or(Ok(0), |row| row.count(0))?;
    if problem.status >= 500 && tx.now < Timestamp::from_ms(deadline).plus_ms(PATIENCE_MS) {
        return Ok(());
    }
    match found(tx, key)? {
        Some(wait) => answer_with(tx, &wait, ToolAnswer::Refused { problem: problem.body(), text: problem.detail.clone() }),
        None => Ok(()),
    }
}

fn retrieval(is_over: bool, when: When) -> Retrieval {
    match (is_over, when) {
        (true, _) => Retrieval::Success,
        (false, When::Ended) => Retrieval::Timeout,
        (false, When::Now) => Retrieval::NotReady,
    }
}
