//! `Idempotency-Key`: the same key of the same caller names the same thing, so a request that is sent again acts once.

use agentrq_core::id::Id;
use agentrq_core::time::Timestamp;

use crate::gate::mac::{hash, hex};
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::Sql;

/// How long a key is remembered.
const KEPT_MS: u64 = 24 * 60 * 60 * 1000;
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
    Ok(id)
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
}
