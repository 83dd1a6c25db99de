//! The one alarm of the object, over a table of timers.

use agentrq_core::time::Timestamp;

use crate::sql::{Sql, SqlError};

/// What is to be done at a time. `key` names what it concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A ping has had no pong: the stream is dead. Key: the ping.
    Pong,
    /// A new stream has been silent: ask whether somebody listens. Key: the connection.
    Quiet,
    /// A stream broke, and nobody took it up again. Key: the connection.
    Lost,
    /// An agent that holds no stream may be away. Key: the agent.
    Away,
    /// An agent that holds claims may have been silent for as long as they stand. Key: the agent.
    Lease,
    /// A call has waited long enough. Key: connection and request.
    Wait,
    /// Time may have decided something about a background task. Key: the task.
    Due,
    /// Whoever reports the output of a background task may have been silent for long. Key: the task.
    Silent,
    /// A background task is over or gone, and its output is to know. Key: the task.
    Closing,
    /// A token runs out: its streams end. Key: empty.
    TokenExpiry,
    /// Uploads that nobody uses and forgotten connections are cleared. Key: which of them it is due for; both are done.
    Sweep,
}

const ALL: [Timer; 11] = [
    Timer::Pong,
    Timer::Quiet,
    Timer::Lost,
    Timer::Away,
    Timer::Lease,
    Timer::Wait,
    Timer::Due,
    Timer::Silent,
    Timer::Closing,
    Timer::TokenExpiry,
    Timer::Sweep,
];

impl Timer {
    fn name(self) -> &'static str {
        match self {
            Self::Pong => "pong",
            Self::Quiet => "quiet",
            Self::Lost => "lost",
            Self::Away => "away",
            Self::Lease => "lease",
            Self::Wait => "wait",
            Self::Due => "due",
            Self::Silent => "silent",
            Self::Closing => "closing",
            Self::TokenExpiry => "token",
            Self::Sweep => "sweep",
        }
    }
}

/// Sets a timer, or sets it anew.
pub fn set(sql: &impl Sql, timer: Timer, key: &str, at: Timestamp) -> Result<(), SqlError> {
    sql.exec(
        "INSERT INTO timers (kind, key, at) VALUES (?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET at = excluded.at",
        &[timer.name().into(), key.into(), at.ms().into()],
    )?;
    Ok(())
}

pub fn clear(sql: &impl Sql, timer: Timer, key: &str) -> Result<(), SqlError> {
    sql.exec("DELETE FROM timers WHERE kind = ? AND key = ?", &[timer.name().into(), key.into()])?;
    Ok(())
}

/// Clears one that has not been set anew since it was set for that time.
pub fn clear_set_for(sql: &impl Sql, timer: Timer, key: &str, at: Timestamp) -> Result<(), SqlError> {
    sql.exec("DELETE FROM timers WHERE kind = ? AND key = ? AND at = ?", &[timer.name().into(), key.into(), at.ms().into()])?;
    Ok(())
}

/// When the next one is due.
pub fn next(sql: &impl Sql) -> Result<Option<Timestamp>, SqlError> {
    let row = sql.first("SELECT min(at) FROM timers", &[])?;
    Ok(row.map_or(Ok(None), |row| row.optional_count(0))?.map(Timestamp::from_ms))
}

/// Takes those that are due, oldest first.
pub fn take_due(sql: &impl Sql, now: Timestamp) -> Result<Vec<(Timer, String)>, SqlError> {
    let rows = sql.exec("SELECT kind, key FROM timers WHERE at <= ? ORDER BY at", &[now.ms().into()])?;
    sql.exec("DELETE FROM timers WHERE at <= ?", &[now.ms().into()])?;
    let mut due = Vec::with_capacity(rows.len());
    for row in &rows {
        let kind = row.text(0)?;
        // A timer of newer code that was rolled back is nobody's any more.
        if let Some(timer) = ALL.into_iter().find(|timer| timer.name() == kind) {
            due.push((timer, row.text(1)?.to_owned()));
        }
    }
    Ok(due)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    #[test]
    fn what_is_due_is_taken_once_and_in_order() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let at = Timestamp::from_ms;
        set(&db, Timer::Pong, "b", at(20)).expect("set");
        set(&db, Timer::Quiet, "a", at(10)).expect("set");
        set(&db, Timer::Pong, "b", at(15)).expect("set anew");
        set(&db, Timer::Lost, "c", at(30)).expect("set");
        assert_eq!(next(&db), Ok(Some(at(10))));
        let due = take_due(&db, at(20)).expect("taken");
        assert_eq!(due, [(Timer::Quiet, "a".to_owned()), (Timer::Pong, "b".to_owned())]);
        assert_eq!(take_due(&db, at(20)), Ok(Vec::new()));
        clear_set_for(&db, Timer::Lost, "c", at(29)).expect("left alone");
        assert_eq!(next(&db), Ok(Some(at(30))), "it was set anew meanwhile");
        clear_set_for(&db, Timer::Lost, "c", at(30)).expect("cleared");
        assert_eq!(next(&db), Ok(None));
        set(&db, Timer::Lost, "c", at(30)).expect("set");
        clear(&db, Timer::Lost, "c").expect("cleared");
        assert_eq!(next(&db), Ok(None));
    }
}
