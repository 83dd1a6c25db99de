//! The bytes of one run, by their place in its output: appended, read from anywhere, the oldest cut.

use crate::sql::{Row, Sql, SqlError, Value};

pub const MIGRATIONS: &[&str] = &["
CREATE TABLE chunks (at INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE state (one INTEGER PRIMARY KEY CHECK (one = 1), start INTEGER NOT NULL, length INTEGER NOT NULL, is_over INTEGER NOT NULL);
INSERT INTO state VALUES (1, 0, 0, 0)"];

/// A chunk that is shorter is written again with what follows it: many short writes are few rows.
const SHORT_BYTES: usize = 32 * 1024;
/// Bytes of one row: a database's row has two million.
const ROW_BYTES: usize = 1024 * 1024;

/// How much there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The first byte that is kept.
    pub start: u64,
    /// Bytes that came in all.
    pub length: u64,
    /// Nothing comes any more.
    pub is_over: bool,
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It is kept, as far as it was new.
    Kept { length: u64 },
    /// It begins behind what is here: something is missing between.
    Gap { length: u64 },
    /// The run is over, and was when this came.
    Over,
}

/// How much there is.
pub fn state(sql: &impl Sql) -> Result<State, SqlError> {
    let row = sql.first("SELECT start, length, is_over FROM state", &[])?.ok_or_else(|| SqlError("no state".to_owned()))?;
    Ok(State { start: row.count(0)?, length: row.count(1)?, is_over: row.count(2)? != 0 })
}

/// Appends a chunk that begins at `offset`. What of it is here already is left out, whatever it holds; of more than `most` bytes the oldest go.
pub fn append(sql: &impl Sql, offset: u64, bytes: &[u8], most: u64) -> Result<Appended, SqlError> {
    let State { start, length, is_over } = state(sql)?;
    if is_over {
        return Ok(Appended::Over);
    }
    if offset > length {
        return Ok(Appended::Gap { length });
    }
    let known = usize::try_from(length - offset).unwrap_or(usize::MAX);
    let Some(new) = bytes.get(known..).filter(|new| !new.is_empty()) else { return Ok(Appended::Kept { length }) };
    let (mut at, mut rest) = (length, new.to_vec());
    if let Some(last) = last(sql)?.filter(|last| last.bytes.len() < SHORT_BYTES) {
        at = last.at;
        rest = [last.bytes, rest].concat();
    }
    for row in rest.chunks(ROW_BYTES) {
        sql.exec("INSERT OR REPLACE INTO chunks (at, bytes) VALUES (?, ?)", &[at.into(), Value::Blob(row.to_vec())])?;
        at += row.len() as u64;
    }
    let start = cut(sql, start, at, most)?;
    sql.exec("UPDATE state SET start = ?, length = ?", &[start.into(), at.into()])?;
    Ok(Appended::Kept { length: at })
}

/// Lets the oldest rows go that are too many. Returns where what is kept begins.
fn cut(sql: &impl Sql, start: u64, length: u64, most: u64) -> Result<u64, SqlError> {
    let Some(from) = length.checked_sub(most).filter(|from| *from > start) else { return Ok(start) };
    // Whole rows: the one in which the limit lies goes too, so that no more is kept than may be.
    let row = sql.first("SELECT min(at) FROM chunks WHERE at >= ?", &[from.into()])?;
    let start = row.map_or(Ok(None), |row| row.optional_count(0))?.unwrap_or(length);
    sql.exec("DELETE FROM chunks WHERE at < ?", &[start.into()])?;
    Ok(start)
}

/// Nothing comes any more.
pub fn end(sql: &impl Sql) -> Result<(), SqlError> {
    sql.exec("UPDATE state SET is_over = 1", &[])?;
    Ok(())
}

/// Bytes as they lie in an output.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bytes {
    pub at: u64,
    pub bytes: Vec<u8>,
}

/// Up to `most` bytes from `offset` on, or from the first that is kept; no more than are in one row.
pub fn read(sql: &impl Sql, offset: u64, most: usize) -> Result<Bytes, SqlError> {
    let State { start, length, .. } = state(sql)?;
    let at = offset.clamp(start, length);
    let row = sql.first("SELECT at, bytes FROM chunks WHERE at <= ? ORDER BY at DESC LIMIT 1", &[at.into()])?;
    let Some(row) = row.map(|row| chunk(&row)).transpose()? else { return Ok(Bytes { at, bytes: Vec::new() }) };
    let skipped = usize::try_from(at - row.at).unwrap_or(usize::MAX);
    let bytes = row.bytes.get(skipped..).unwrap_or_default();
    Ok(Bytes { at, bytes: bytes.get(..most).unwrap_or(bytes).to_vec() })
}

fn last(sql: &impl Sql) -> Result<Option<Bytes>, SqlError> {
    sql.first("SELECT at, bytes FROM chunks ORDER BY at DESC LIMIT 1", &[])?.map(|row| chunk(&row)).transpose()
}

fn chunk(row: &Row) -> Result<Bytes, SqlError> {
    Ok(Bytes { at: row.count(0)?, bytes: row.blob(1)?.to_vec() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::migrations::migrate;
    use crate::sql::native::memory;

    const MOST: u64 = u64::MAX;

    fn output() -> rusqlite::Connection {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("migrated");
        db
    }

    fn all(db: &rusqlite::Connection) -> Vec<u8> {
        let (mut all, mut at) = (Vec::new(), state(db).expect("state").start);
        loop {
            let read = read(db, at, 1_000).expect("read");
            if read.bytes.is_empty() {
                return all;
            }
            assert_eq!(read.at, at);
            at += read.bytes.len() as u64;
            all.extend(read.bytes);
        }
    }

    #[test]
    fn what_comes_again_is_left_out_and_what_leaves_a_gap_is_refused() {
        let db = output();
        assert_eq!(append(&db, 0, b"hello", MOST), Ok(Appended::Kept { length: 5 }));
        assert_eq!(append(&db, 0, b"hello", MOST), Ok(Appended::Kept { length: 5 }));
        assert_eq!(append(&db, 3, b"XX, world", MOST), Ok(Appended::Kept { length: 12 }));
        assert_eq!(append(&db, 13, b"!", MOST), Ok(Appended::Gap { length: 12 }));
        assert_eq!(append(&db, 12, b"", MOST), Ok(Appended::Kept { length: 12 }));
        assert_eq!(all(&db), b"hello, world");
    }

    #[test]
    fn what_comes_when_all_is_over_is_not_taken() {
        let db = output();
        append(&db, 0, b"all", MOST).expect("kept");
        end(&db).expect("ended");
        assert_eq!(append(&db, 3, b" and more", MOST), Ok(Appended::Over));
        assert_eq!(all(&db), b"all");
    }

    #[test]
    fn of_too_much_the_oldest_goes_and_what_is_left_keeps_its_place() {
        let db = output();
        let chunk = vec![b'a'; SHORT_BYTES];
        let most = 3 * SHORT_BYTES as u64;
        for number in 0..5u64 {
            append(&db, number * SHORT_BYTES as u64, &chunk, most).expect("kept");
        }
        let State { start, length, .. } = state(&db).expect("state");
        assert_eq!((start, length), (2 * SHORT_BYTES as u64, 5 * SHORT_BYTES as u64));
        assert_eq!(read(&db, 0, 10).map(|read| read.at), Ok(start), "from the first that is kept");
        assert_eq!(all(&db).len() as u64, most);
    }

    #[test]
    fn many_short_writes_are_few_rows_and_long_ones_are_split() {
        let db = output();
        for number in 0..1_000 {
            append(&db, number * 64, &[b'x'; 64], MOST).expect("kept");
        }
        let rows = |db: &rusqlite::Connection| db.first("SELECT count(*) FROM chunks", &[]).expect("rows").expect("a row").count(0);
        assert_eq!(rows(&db), Ok(2));
        append(&db, 64_000, &vec![b'y'; 3 * ROW_BYTES], MOST).expect("kept");
        let longest = db.first("SELECT max(length(bytes)) FROM chunks", &[]).expect("rows").expect("a row").count(0);
        assert_eq!((rows(&db), longest), (Ok(5), Ok(ROW_BYTES as u64)));
    }

    proptest! {
        #[test]
        fn chunks_that_come_late_twice_and_overlapping_are_what_was_printed(
            printed in proptest::collection::vec(any::<u8>(), 1..200_000),
            cuts in proptest::collection::vec((any::<prop::sample::Index>(), 0..70_000usize), 1..40),
        ) {
            let db = output();
            for (from, bytes) in cuts {
                let length = usize::try_from(state(&db).expect("state").length).expect("small");
                // Somewhere in what is here, or a little behind it.
                let from = from.index(length + 10).min(printed.len());
                let to = (from + bytes).min(printed.len());
                let appended = append(&db, from as u64, &printed[from..to], MOST).expect("no fault");
                let expected = if from > length { Appended::Gap { length: length as u64 } } else { Appended::Kept { length: length.max(to) as u64 } };
                prop_assert_eq!(appended, expected);
            }
            let length = usize::try_from(state(&db).expect("state").length).expect("small");
            prop_assert_eq!(all(&db), &printed[..length]);
        }
    }
}
