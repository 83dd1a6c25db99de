//! The history as dashboards are told it: one row a commit, kept long enough that whoever was away can catch up.

use agentrq_core::cursor::Cursor;
use agentrq_core::json;
use agentrq_core::sse;
use agentrq_core::sync::delta::Frame;
use agentrq_core::time::Timestamp;

use crate::sql::{Row, Sql, SqlError};

/// Commits that are kept. Who was away for longer begins from a snapshot.
const KEPT_COMMITS: u64 = 5_000;
/// Bytes of commits that are kept.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;
/// How often the log is cut back.
const CUT_EVERY: u64 = 64;
/// Commits that are replayed at most; a snapshot is cheaper than more.
const REPLAYED: u64 = 1_000;

/// The bytes of a commit on the dashboard's stream: a frame an event, the last one with the commit's id.
pub fn encode(frames: &[Frame]) -> String {
    let mut text = String::new();
    for frame in frames {
        let data = json::to_string(frame);
        let id = frame.end.as_ref().map(|end| end.cursor.to_string());
        text.push_str(&sse::Frame { event: Some(frame.event.kind.name()), id: id.as_deref(), data: &data }.encode());
    }
    text
}

/// One commit as it goes over the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub cursor: Cursor,
    pub text: String,
}

/// Adds a commit, and now and then forgets the oldest.
pub fn append(sql: &impl Sql, entry: &Entry, at: Timestamp) -> Result<(), SqlError> {
    let Entry { cursor, text } = entry;
    sql.exec(
        "INSERT INTO commits (seq, tag, at, bytes, frames, upto)
         SELECT ?1, ?2, ?3, ?4, ?5, ?4 + coalesce((SELECT upto FROM commits WHERE seq = ?1 - 1), 0)",
        &[cursor.seq.into(), cursor.tag.as_str().into(), at.ms().into(), (text.len() as u64).into(), text.as_str().into()],
    )?;
    if cursor.seq.is_multiple_of(CUT_EVERY) {
        sql.exec("DELETE FROM commits WHERE seq <= ?", &[cursor.seq.saturating_sub(KEPT_COMMITS).into()])?;
        // Walks from the oldest to the first that is kept: over what goes, not over what stays.
        sql.exec(
            "DELETE FROM commits WHERE seq < (SELECT seq FROM commits WHERE upto - bytes >= (SELECT upto FROM commits WHERE seq = ?) - ? ORDER BY seq LIMIT 1)",
            &[cursor.seq.into(), KEPT_BYTES.into()],
        )?;
    }
    Ok(())
}

/// What follows on a place in the history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// These commits, in order; none, if nothing has happened.
    Commits(Vec<Entry>),
    /// The place is not of this history, or too long ago: begin from a snapshot.
    Unknown(&'static str),
}

/// Everything after `from`, where the history stands at `head`.
pub fn since(sql: &impl Sql, head: &Cursor, from: &Cursor) -> Result<Since, SqlError> {
    if from == head {
        return Ok(Since::Commits(Vec::new()));
    }
    if from.epoch != head.epoch || from.seq >= head.seq {
        return Ok(Since::Unknown("another_history"));
    }
    if head.seq - from.seq > REPLAYED {
        return Ok(Since::Unknown("too_old"));
    }
    // The beginning has no commit of its own; every other place must bear the tag it had.
    if from.seq > 0 {
        let row = sql.first("SELECT tag FROM commits WHERE seq = ?", &[from.seq.into()])?;
        match row {
            None => return Ok(Since::Unknown("too_old")),
            Some(row) if row.text(0)? != from.tag => return Ok(Since::Unknown("another_history")),
            Some(_) => {}
        }
    }
    let rows = sql.exec("SELECT seq, tag, frames FROM commits WHERE seq > ? ORDER BY seq", &[from.seq.into()])?;
    if rows.len() as u64 != head.seq - from.seq {
        return Ok(Since::Unknown("too_old"));
    }
    let entry = |row: &Row| {
        let cursor = Cursor { epoch: head.epoch.clone(), seq: row.count(0)?, tag: row.text(1)?.to_owned() };
        Ok(Entry { cursor, text: row.text(2)?.to_owned() })
    };
    rows.iter().map(entry).collect::<Result<_, SqlError>>().map(Since::Commits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::native::memory;

    fn cursor(seq: u64) -> Cursor {
        Cursor { epoch: "e".into(), seq, tag: if seq == 0 { "t".into() } else { format!("t{seq}") } }
    }

    fn history(commits: u64) -> rusqlite::Connection {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        for seq in 1..=commits {
            append(&db, &Entry { cursor: cursor(seq), text: format!("commit {seq}") }, Timestamp::from_ms(seq)).expect("appended");
        }
        db
    }

    #[test]
    fn who_was_away_gets_each_commit_once_and_whole() {
        let db = history(5);
        let Ok(Since::Commits(commits)) = since(&db, &cursor(5), &cursor(3)) else { panic!("commits") };
        assert_eq!(commits.iter().map(|entry| entry.text.as_str()).collect::<Vec<_>>(), ["commit 4", "commit 5"]);
        assert_eq!(commits.last().map(|entry| entry.cursor.clone()), Some(cursor(5)));
        assert_eq!(since(&db, &cursor(5), &cursor(5)), Ok(Since::Commits(Vec::new())));
        assert!(matches!(since(&db, &cursor(5), &cursor(0)), Ok(Since::Commits(all)) if all.len() == 5));
    }

    #[test]
    fn a_place_of_another_history_is_recognised_even_if_nobody_told() {
        let db = history(5);
        let other_tag = Cursor { tag: "x".into(), ..cursor(3) };
        let other_epoch = Cursor { epoch: "x".into(), ..cursor(3) };
        for stranger in [other_tag, other_epoch, cursor(6)] {
            assert_eq!(since(&db, &cursor(5), &stranger), Ok(Since::Unknown("another_history")), "{stranger}");
        }
    }

    #[test]
    fn who_was_away_for_too_many_commits_begins_anew_and_for_one_less_does_not() {
        let db = history(REPLAYED + 1);
        let head = cursor(REPLAYED + 1);
        assert!(matches!(since(&db, &head, &cursor(1)), Ok(Since::Commits(all)) if all.len() as u64 == REPLAYED));
        assert_eq!(since(&db, &head, &cursor(0)), Ok(Since::Unknown("too_old")));
    }

    #[test]
    fn the_log_is_cut_back_and_says_so() {
        let commits = KEPT_COMMITS + CUT_EVERY * 2;
        let db = history(commits);
        let rows = db.first("SELECT count(*), min(seq) FROM commits", &[]).expect("counted").expect("a row");
        assert!(rows.count(0).expect("a count") <= KEPT_COMMITS + CUT_EVERY);
        assert_eq!(since(&db, &cursor(commits), &cursor(1)), Ok(Since::Unknown("too_old")));
    }

    #[test]
    fn the_log_is_cut_back_by_its_bytes_too_and_the_newest_stay() {
        let db = history(0);
        let text = "x".repeat(usize::try_from(KEPT_BYTES / 100).expect("a size"));
        for seq in 1..=CUT_EVERY * 4 {
            append(&db, &Entry { cursor: cursor(seq), text: text.clone() }, Timestamp::from_ms(seq)).expect("appended");
        }
        let row = db.first("SELECT sum(bytes), count(*), max(seq) FROM commits", &[]).expect("counted").expect("a row");
        assert!(row.count(0).expect("a sum") <= KEPT_BYTES);
        assert_eq!((row.count(1), row.count(2)), (Ok(100), Ok(CUT_EVERY * 4)));
    }
}
