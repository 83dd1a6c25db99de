//! `Idempotency-Key`: the same key of the same caller names the same thing, so a request that is sent again acts once.

use agentrq_core::id::Id;
use agentrq_core::limits;
use agentrq_core::time::Timestamp;

use crate::gate::mac::{hash, hex};
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::{Sql, SqlError};

/// How long a key is remembered.
const KEPT_MS: u64 = 24 * 60 * 60 * 1000;
/// How many are forgotten at once.
const CUT_KEYS: u64 = 250;
/// The longest key.
const KEY_BYTES: usize = 255;

/// The id of what the request makes: the one it made before under this key, else a fresh one.
pub fn id(sql: &impl Sql, caller: &str, key: Option<&str>, body: &[u8], now: Timestamp) -> Result<Id, Problem> {
    let Some(key) = key else { return random::id(now) };
    if key.is_empty() || key.len() > KEY_BYTES {
        return Err(Problem::new(Code::BadRequest, format!("Idempotency-Key: 1 to {KEY_BYTES} bytes")).with("limit", KEY_BYTES));
    }
    sql.exec("DELETE FROM idempotency WHERE at < ?", &[now.ms().saturating_sub(KEPT_MS).into()])?;
    let digest = hex(&hash(body));
    let row = sql.first("SELECT id, hash FROM idempotency WHERE caller = ? AND key = ?", &[caller.into(), key.into()])?;
    if let Some(row) = row {
        if row.text(1)? != digest {
            return Err(Problem::new(Code::Conflict, "this Idempotency-Key was used for another request: take a fresh one"));
        }
        return row.text(0)?.parse().map_err(Problem::internal);
    }
    let id = random::id(now)?;
    sql.exec(
        "INSERT INTO idempotency (caller, key, id, hash, at) VALUES (?, ?, ?, ?, ?)",
        &[caller.into(), key.into(), id.to_string().into(), digest.into(), now.ms().into()],
    )?;
    cut(sql, caller)?;
    Ok(id)
}

/// Forgets the oldest keys of a caller who has too many, some at once.
fn cut(sql: &impl Sql, caller: &str) -> Result<(), SqlError> {
    let row = sql.first("SELECT count(*) FROM idempotency WHERE caller = ?", &[caller.into()])?;
    if row.map_or(Ok(0), |row| row.count(0))? > limits::IDEMPOTENCY_KEYS + CUT_KEYS {
        sql.exec(
            "DELETE FROM idempotency WHERE caller = ?1 AND key IN (SELECT key FROM idempotency WHERE caller = ?1 ORDER BY at DESC, key LIMIT -1 OFFSET ?2)",
            &[caller.into(), limits::IDEMPOTENCY_KEYS.into()],
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    #[test]
    fn the_same_key_names_the_same_thing_for_the_same_caller_only() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let now = Timestamp::from_ms(1_800_000_000_000);
        let ask = |caller: &str, key: Option<&str>, body: &[u8]| id(&db, caller, key, body, now);
        let first = ask("p:1", Some("k"), b"x").expect("an id");
        assert_eq!(ask("p:1", Some("k"), b"x"), Ok(first));
        assert_ne!(ask("p:2", Some("k"), b"x"), Ok(first));
        assert_ne!(ask("p:1", None, b"x"), Ok(first));
        assert_eq!(ask("p:1", Some("k"), b"y").map_err(|problem| problem.status), Err(409));
        assert_eq!(ask("p:1", Some(""), b"y").map_err(|problem| problem.status), Err(400));
    }
    #[test]
    fn of_too_many_keys_a_callers_own_oldest_are_forgotten() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let begin = 1_800_000_000_000;
        let ask = |caller: &str, key: u64| id(&db, caller, Some(&format!("k{key}")), b"x", Timestamp::from_ms(begin + key)).expect("an id");
        let another = ask("p:2", 0);
        let first = ask("p:1", 0);
        let many = limits::IDEMPOTENCY_KEYS + CUT_KEYS;
        let last = (1..=many).fold(None, |_, key| Some(ask("p:1", key))).expect("a last one");
        let row = db.first("SELECT count(*) FROM idempotency WHERE caller = 'p:1'", &[]).expect("counted").expect("a row");
        assert_eq!(row.count(0), Ok(limits::IDEMPOTENCY_KEYS));
        assert_eq!((ask("p:1", many), ask("p:2", 0)), (last, another));
        assert_ne!(ask("p:1", 0), first);
    }
}
