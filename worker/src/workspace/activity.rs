//! What has happened in a workspace, newest first: the commits that its log still holds, in pages.

use agentrq_core::sse;
use agentrq_core::time::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::sql::{Row, Sql, SqlError};

/// Bytes of commits on a page, unless the first is longer alone.
const PAGE_BYTES: u64 = 1024 * 1024;

/// After every commit: the largest number that is exact in JavaScript too.
const END: u64 = 1 << 53;

/// A commit of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Past {
    pub seq: u64,
    pub at: Timestamp,
    /// What dashboards were told of it.
    pub frames: Vec<Value>,
}

/// A page of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Page {
    pub commits: Vec<Past>,
    /// Where the page after this one begins; none, if nothing is left.
    pub next_before: Option<u64>,
    /// What was before this commit is kept no longer; none, if all of the history is there.
    pub compacted_before: Option<u64>,
}

/// The commits before one of them, or the latest.
pub fn page(sql: &impl Sql, before: Option<u64>, limit: usize) -> Result<Page, SqlError> {
    let before = before.unwrap_or(END);
    let sizes =
        sql.exec("SELECT seq, bytes FROM commits WHERE seq < ? ORDER BY seq DESC LIMIT ?", &[before.into(), (limit as u64 + 1).into()])?;
    let (mut fit, mut bytes) = (0, 0);
    for row in &sizes {
        bytes += row.count(1)?;
        if fit == limit || (fit > 0 && bytes > PAGE_BYTES) {
            break;
        }
        fit += 1;
    }
    let rows =
        sql.exec("SELECT seq, at, frames FROM commits WHERE seq < ? ORDER BY seq DESC LIMIT ?", &[before.into(), (fit as u64).into()])?;
    let commits: Vec<Past> = rows.iter().map(past).collect::<Result<_, _>>()?;
    let next_before = commits.last().map(|last| last.seq).filter(|_| sizes.len() > fit);
    let oldest = sql.first("SELECT min(seq) FROM commits", &[])?.map_or(Ok(None), |row| row.optional_count(0))?;
    Ok(Page { commits, next_before, compacted_before: oldest.filter(|seq| *seq > 1) })
}

fn past(row: &Row) -> Result<Past, SqlError> {
    let events = sse::Parser::default().push(row.text(2)?.as_bytes());
    let frames = events.iter().map(|event| serde_json::from_str(&event.data)).collect::<Result<_, _>>();
    let frames = frames.map_err(|error| SqlError(format!("a stored frame cannot be read: {error}")))?;
    Ok(Past { seq: row.count(0)?, at: Timestamp::from_ms(row.count(1)?), frames })
}

#[cfg(test)]
mod tests {
    use agentrq_core::cursor::Cursor;
    use serde_json::json;

    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::log::{self, Entry};

    /// A history of commits, each with two frames and as many bytes of text.
    fn history(commits: u64, bytes: usize) -> rusqlite::Connection {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        for seq in 1..=commits {
            let frame = |n: u64| {
                let data = json!({"n": n, "text": "x".repeat(bytes)}).to_string();
                sse::Frame { event: Some("a"), id: None, data: &data }.encode()
            };
            let cursor = Cursor { epoch: "e".into(), seq, tag: "t".into() };
            let entry = Entry { cursor, text: [frame(seq), frame(seq)].concat() };
            log::append(&db, &entry, Timestamp::from_ms(seq * 1_000)).expect("appended");
        }
        db
    }

    fn seqs(page: &Page) -> Vec<u64> {
        page.commits.iter().map(|commit| commit.seq).collect()
    }

    #[test]
    fn pages_go_back_from_the_latest_and_leave_nothing_out() {
        let db = history(5, 0);
        let first = page(&db, None, 2).expect("a page");
        assert_eq!((seqs(&first), first.next_before, first.compacted_before), (vec![5, 4], Some(4), None));
        let frame = json!({"n": 5, "text": ""});
        assert_eq!(first.commits[0], Past { seq: 5, at: Timestamp::from_ms(5_000), frames: vec![frame.clone(), frame] });
        let second = page(&db, first.next_before, 2).expect("a page");
        let third = page(&db, second.next_before, 2).expect("a page");
        assert_eq!((seqs(&second), seqs(&third), third.next_before), (vec![3, 2], vec![1], None));
        assert_eq!(page(&db, Some(1), 2), Ok(Page { commits: Vec::new(), next_before: None, compacted_before: None }));
        assert_eq!(seqs(&page(&db, Some(u64::from(u32::MAX)), 9).expect("a page")), [5, 4, 3, 2, 1]);
    }

    #[test]
    fn a_page_of_long_commits_ends_early_but_never_empty() {
        let page_of = |bytes: u64| page(&history(3, bytes as usize), None, 3).expect("a page");
        let page = page_of(PAGE_BYTES / 5);
        assert_eq!((seqs(&page), page.next_before), (vec![3, 2], Some(2)));
        let page = page_of(PAGE_BYTES);
        assert_eq!((seqs(&page), page.next_before), (vec![3], Some(3)));
    }

    #[test]
    fn where_the_log_was_cut_back_the_page_says_so() {
        let db = history(3, 0);
        db.exec("DELETE FROM commits WHERE seq < 3", &[]).expect("cut");
        let page = page(&db, None, 2).expect("a page");
        assert_eq!((seqs(&page), page.next_before, page.compacted_before), (vec![3], None, Some(3)));
    }
}
