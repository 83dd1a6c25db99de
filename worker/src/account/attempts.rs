//! Wrong keys, counted by where they come from, so that a key that a person chose cannot be guessed.

use crate::problem::{Code, Problem};
use crate::sql::{Sql, SqlError};

/// How long one wrong key counts.
const EACH_MS: u64 = 30 * 1000;
/// How many may count at once.
const MOST: u64 = 10;
/// How many places are kept.
const PLACES: u64 = 1000;

/// When `place` may try again, if it may not now: seconds from now on.
pub fn wait(sql: &impl Sql, place: &str, now: u64) -> Result<Option<u64>, SqlError> {
    let row = sql.first("SELECT clear_at FROM attempts WHERE place = ?", &[place.into()])?;
    let clear_at = row.map_or(Ok(0), |row| row.count(0))?;
    let full = now + (MOST - 1) * EACH_MS;
    Ok((clear_at > full).then(|| (clear_at - full).div_ceil(1000)))
}

/// Counts a wrong key.
pub fn count(sql: &impl Sql, place: &str, now: u64) -> Result<(), SqlError> {
    sql.exec("DELETE FROM attempts WHERE clear_at <= ?", &[now.into()])?;
    sql.exec(
        "INSERT INTO attempts (place, clear_at) VALUES (?, ?) ON CONFLICT (place) DO UPDATE SET clear_at = clear_at + ?",
        &[place.into(), (now + EACH_MS).into(), EACH_MS.into()],
    )?;
    sql.exec(
        "DELETE FROM attempts WHERE place IN (SELECT place FROM attempts ORDER BY clear_at DESC LIMIT -1 OFFSET ?)",
        &[PLACES.into()],
    )?;
    Ok(())
}

/// What one hears who must wait.
pub fn too_many(seconds: u64) -> Problem {
    Problem::new(Code::TooManyRequests, format!("too many wrong keys came from here: try again in {seconds} seconds")).retry_after(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;
    use rusqlite::Connection;

    const NOW: u64 = 1_774_362_821_000;

    fn db() -> Connection {
        let db = memory();
        crate::migrations::migrate(&db, super::super::rules::MIGRATIONS).expect("the tables");
        db
    }

    #[test]
    fn ten_wrong_keys_are_free_and_then_one_every_half_minute() {
        let db = db();
        for _ in 0..10 {
            assert_eq!(wait(&db, "here", NOW), Ok(None));
            count(&db, "here", NOW).expect("counted");
        }
        assert_eq!(wait(&db, "here", NOW), Ok(Some(30)));
        assert_eq!(wait(&db, "here", NOW + 29_500), Ok(Some(1)));
        assert_eq!(wait(&db, "here", NOW + 30_000), Ok(None));
    }

    #[test]
    fn another_place_is_not_held_up() {
        let db = db();
        for _ in 0..50 {
            count(&db, "there", NOW).expect("counted");
        }
        assert_eq!(wait(&db, "here", NOW), Ok(None));
    }

    #[test]
    fn places_are_forgotten_so_the_table_stays_small() {
        let db = db();
        let places = |db: &Connection| db.first("SELECT count(*) FROM attempts", &[]).expect("counted").expect("a row").count(0);
        for place in 0..PLACES + 5 {
            count(&db, &place.to_string(), NOW).expect("counted");
        }
        assert_eq!(places(&db), Ok(PLACES));
        count(&db, "later", NOW + EACH_MS).expect("counted");
        assert_eq!(places(&db), Ok(1));
    }
}
