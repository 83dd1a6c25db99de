//! Sessions that have ended: refused here at once, whatever a Worker remembers of them.

use std::collections::HashSet;

use agentrq_core::id::Id;
use agentrq_core::time::Timestamp;

use crate::sql::{Sql, SqlError};

/// How long an ended session is kept in mind: far longer than any Worker remembers that it was good.
const KEPT_MS: u64 = 60 * 60 * 1000;

/// Notes that a session has ended.
pub fn add(sql: &impl Sql, session: Id, now: Timestamp) -> Result<(), SqlError> {
    sql.exec("DELETE FROM ended_sessions WHERE at < ?", &[now.ms().saturating_sub(KEPT_MS).into()])?;
    sql.exec("INSERT OR IGNORE INTO ended_sessions (id, at) VALUES (?, ?)", &[session.to_string().into(), now.ms().into()])?;
    Ok(())
}

/// The sessions that have ended lately.
pub fn all(sql: &impl Sql) -> Result<HashSet<Id>, SqlError> {
    let rows = sql.exec("SELECT id FROM ended_sessions", &[])?;
    rows.iter().map(|row| row.text(0)?.parse().map_err(|error| SqlError(format!("{error}")))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    #[test]
    fn an_ended_session_is_kept_in_mind_for_an_hour() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let (one, two, now) = (Id::new(0, 1), Id::new(0, 2), Timestamp::from_ms(10_000_000));
        add(&db, one, now).expect("added");
        add(&db, one, now).expect("added again");
        assert_eq!(all(&db), Ok(HashSet::from([one])));
        add(&db, two, now.plus_ms(KEPT_MS + 1)).expect("added");
        assert_eq!(all(&db), Ok(HashSet::from([two])));
    }
}
