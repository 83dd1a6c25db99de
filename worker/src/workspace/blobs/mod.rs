//! Attachments: bytes in rows of 1 MiB, in the workspace's own database, streamed in and out.
//!
//! This module is the blob interface: [`Upload`] takes chunks, [`find`] and [`chunk`] give them back. An upload counts only once its row
//! is marked complete, which is the last write; until then nobody can find it. [`sweep`] removes what was left half-way, what no message
//! has used for a day, and what only deleted tasks used. Another store of bytes would take the place of these few functions.

pub mod disposition;
pub mod download;
pub mod named;
pub mod receive;

use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::limits;
use agentrq_core::model::Attachment;
use agentrq_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::timers::{self, Timer};
use crate::gate::mac::hex;
use crate::problem::{Code, Problem};
use crate::sql::{Sql, SqlError, Value};

/// The tables, for the workspace's list of migrations.
pub const MIGRATION: &str = "
CREATE TABLE attachments (
  id TEXT PRIMARY KEY,
  filename TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  -- Bytes received so far.
  size INTEGER NOT NULL,
  -- None until the upload is complete.
  sha256 TEXT,
  -- When it goes, unless a message uses it by then; none once one does.
  kept_until INTEGER
) WITHOUT ROWID;
CREATE INDEX attachments_passing ON attachments (kept_until) WHERE kept_until IS NOT NULL;
-- The tasks whose messages use it.
CREATE TABLE attachment_uses (task TEXT NOT NULL, attachment TEXT NOT NULL, PRIMARY KEY (task, attachment)) WITHOUT ROWID;
CREATE INDEX attachment_users ON attachment_uses (attachment);
CREATE TABLE attachment_chunks (
  attachment TEXT NOT NULL,
  position INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (attachment, position)
)";

/// Bytes a row.
pub const CHUNK: usize = 1024 * 1024;
/// Bytes that all attachments of one workspace may have.
pub const QUOTA: u64 = 1024 * 1024 * 1024;
/// How long an upload may be under way before it counts as given up.
pub const GIVEN_UP_MS: u64 = 60 * 60 * 1000;

/// How long a whole one waits for a message to use it.
pub const UNUSED_MS: u64 = 24 * 60 * 60 * 1000;

/// Bytes on their way in.
pub struct Upload<S: Sql> {
    sql: S,
    id: AttachmentId,
    filename: String,
    mime_type: String,
    /// Bytes that do not fill a row yet.
    rest: Vec<u8>,
    rows: u64,
    size: u64,
    hash: Sha256,
    begun_at: Timestamp,
    quota: u64,
    done: bool,
}

impl<S: Sql> Upload<S> {
    /// Begins an upload. The name and the type are cleaned here: see [`disposition`].
    pub fn begin(sql: S, id: AttachmentId, filename: &str, mime_type: &str, now: Timestamp) -> Result<Self, Problem> {
        Self::begin_within(sql, id, filename, mime_type, now, QUOTA)
    }

    /// The same with a quota of its own.
    pub fn begin_within(sql: S, id: AttachmentId, filename: &str, mime_type: &str, now: Timestamp, quota: u64) -> Result<Self, Problem> {
        let (filename, mime_type) = (disposition::clean_filename(filename), disposition::clean_type(mime_type));
        let taken = sql.first("SELECT 1 FROM attachments WHERE id = ?", &[id.to_string().into()])?;
        if taken.is_some() {
            return Err(Problem::new(Code::Conflict, format!("there is an attachment {id} already")));
        }
        sql.exec(
            "INSERT INTO attachments (id, filename, mime_type, size, kept_until) VALUES (?, ?, ?, 0, ?)",
            &[id.to_string().into(), filename.as_str().into(), mime_type.as_str().into(), now.plus_ms(GIVEN_UP_MS).ms().into()],
        )?;
        arm(&sql)?;
        let (rest, hash) = (Vec::new(), Sha256::new());
        let upload = Self { sql, id, filename, mime_type, rest, rows: 0, size: 0, hash, begun_at: now, quota, done: false };
        upload.check_quota(0)?;
        Ok(upload)
    }

    /// Takes the next bytes, however many.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        self.size += bytes.len() as u64;
        if self.size > limits::ATTACHMENT_BYTES {
            return Err(too_large());
        }
        self.hash.update(bytes);
        while !bytes.is_empty() {
            let (now, later) = bytes.split_at(bytes.len().min(CHUNK - self.rest.len()));
            self.rest.extend_from_slice(now);
            bytes = later;
            if self.rest.len() == CHUNK {
                self.write_row()?;
            }
        }
        Ok(())
    }

    fn write_row(&mut self) -> Result<(), Problem> {
        let stored = self.rows * CHUNK as u64 + self.rest.len() as u64;
        self.check_quota(stored)?;
        let data = std::mem::take(&mut self.rest);
        self.sql.exec(
            "INSERT INTO attachment_chunks (attachment, position, data) VALUES (?, ?, ?)",
            &[self.id.to_string().into(), self.rows.into(), data.into()],
        )?;
        self.sql.exec("UPDATE attachments SET size = ? WHERE id = ?", &[stored.into(), self.id.to_string().into()])?;
        self.rows += 1;
        Ok(())
    }

    /// Refuses what would be too much with `stored` bytes of this file.
    fn check_quota(&self, stored: u64) -> Result<(), Problem> {
        // What others are uploading counts, so that many at once cannot overrun the quota together.
        let others = self.sql.first(
            "SELECT coalesce(sum(max(size, ?2)), 0) FROM attachments WHERE id <> ?1",
            &[self.id.to_string().into(), limits::ATTACHMENT_LEAST_BYTES.into()],
        )?;
        if others.map_or(Ok(0), |row| row.count(0))? + stored.max(limits::ATTACHMENT_LEAST_BYTES) > self.quota {
            let detail = format!(
                "the attachments of a workspace may have {} bytes in all, each counting at least {}: delete tasks whose files are not needed; a file that no message uses goes by itself after a day",
                self.quota,
                limits::ATTACHMENT_LEAST_BYTES
            );
            return Err(Problem::new(Code::QuotaExceeded, detail).with("limit", self.quota));
        }
        Ok(())
    }

    /// Completes the upload: only now does the attachment exist.
    pub fn finish(mut self) -> Result<Attachment, Problem> {
        if !self.rest.is_empty() {
            self.write_row()?;
        }
        let sha256 = hex(&std::mem::take(&mut self.hash).finalize());
        let rows = self.sql.exec(
            "UPDATE attachments SET sha256 = ?, kept_until = ? WHERE id = ? AND size = ? RETURNING id",
            &[sha256.as_str().into(), self.begun_at.plus_ms(UNUSED_MS).ms().into(), self.id.to_string().into(), self.size.into()],
        )?;
        if rows.is_empty() {
            return Err(Problem::new(Code::Conflict, "the upload took so long that it was given up: send the file again"));
        }
        self.done = true;
        Ok(Attachment {
            id: self.id,
            filename: std::mem::take(&mut self.filename),
            mime_type: std::mem::take(&mut self.mime_type),
            size: self.size,
            sha256,
        })
    }
}

/// An upload that ends early leaves nothing.
impl<S: Sql> Drop for Upload<S> {
    fn drop(&mut self) {
        if !self.done {
            // What cannot be removed now is found by the sweep.
            remove(&self.sql, self.id).ok();
        }
    }
}

/// What everyone hears whose file is too large.
pub fn too_large() -> Problem {
    Problem::new(Code::TooLarge, "an attachment may have 25 MiB (26214400 bytes)").with("limit", limits::ATTACHMENT_BYTES)
}

/// A complete attachment.
pub fn find(sql: &impl Sql, id: AttachmentId) -> Result<Option<Attachment>, SqlError> {
    let row = sql
        .first("SELECT filename, mime_type, size, sha256 FROM attachments WHERE id = ? AND sha256 IS NOT NULL", &[id.to_string().into()])?;
    row.map(|row| {
        Ok(Attachment {
            id,
            filename: row.text(0)?.to_owned(),
            mime_type: row.text(1)?.to_owned(),
            size: row.count(2)?,
            sha256: row.text(3)?.to_owned(),
        })
    })
    .transpose()
}

/// The bytes of one row: those from `position * CHUNK` on.
pub fn chunk(sql: &impl Sql, id: AttachmentId, position: u64) -> Result<Vec<u8>, SqlError> {
    let args = [named::bytes_of(sql, id)?, position.into()];
    let row = sql.first("SELECT data FROM attachment_chunks WHERE attachment = ? AND position = ?", &args)?;
    match row.map(|row| row.0.into_iter().next()) {
        Some(Some(Value::Blob(data))) => Ok(data),
        _ => Err(SqlError(format!("attachment {id} has no row {position}"))),
    }
}

/// All bytes of an attachment, for those that are known to be small.
pub fn bytes(sql: &impl Sql, attachment: &Attachment) -> Result<Vec<u8>, SqlError> {
    let mut bytes = Vec::with_capacity(usize::try_from(attachment.size).unwrap_or_default());
    for position in 0..attachment.size.div_ceil(CHUNK as u64) {
        bytes.extend(chunk(sql, attachment.id, position)?);
    }
    Ok(bytes)
}

/// Stores bytes that are all here already, such as an attachment inside a tool call.
pub fn store(
    sql: &impl Sql,
    id: AttachmentId,
    filename: &str,
    mime_type: &str,
    bytes: &[u8],
    now: Timestamp,
) -> Result<Attachment, Problem> {
    let mut upload = Upload::begin(sql, id, filename, mime_type, now)?;
    upload.push(bytes)?;
    upload.finish()
}

/// Removes an attachment, complete or not.
pub fn remove(sql: &impl Sql, id: AttachmentId) -> Result<(), SqlError> {
    sql.exec("DELETE FROM attachment_chunks WHERE attachment = ?", &[named::bytes_of(sql, id)?])?;
    sql.exec("DELETE FROM attachments WHERE id = ?", &[id.to_string().into()])?;
    Ok(())
}

/// A message of the task uses these.
pub fn used(sql: &impl Sql, task: TaskId, attachments: &[Attachment]) -> Result<(), SqlError> {
    for attachment in attachments {
        let id: Value = attachment.id.to_string().into();
        let use_of_it = [task.to_string().into(), id.clone()];
        sql.exec("INSERT INTO attachment_uses (task, attachment) VALUES (?, ?) ON CONFLICT DO NOTHING", &use_of_it)?;
        sql.exec("UPDATE attachments SET kept_until = NULL WHERE id = ? AND kept_until IS NOT NULL", &[id])?;
    }
    Ok(())
}

/// The task is deleted: what nobody else uses goes with the next sweep.
pub fn released(sql: &impl Sql, task: TaskId) -> Result<(), SqlError> {
    let task: Value = task.to_string().into();
    let gone = sql.exec("DELETE FROM attachment_uses WHERE task = ? RETURNING attachment", &[task])?;
    for row in &gone {
        let id: Value = row.text(0)?.into();
        let unused = sql.exec(
            "UPDATE attachments SET kept_until = 0 WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM attachment_uses WHERE attachment = ?1) RETURNING id",
            std::slice::from_ref(&id),
        )?;
        if !unused.is_empty() {
            named::bury(sql, &id)?;
        }
    }
    if gone.is_empty() { Ok(()) } else { arm(sql) }
}

/// Removes what nobody has used in time.
pub fn sweep(sql: &impl Sql, now: Timestamp) -> Result<(), SqlError> {
    for row in sql.exec("SELECT id FROM attachments WHERE kept_until <= ?", &[now.ms().into()])? {
        let id = row.text(0)?.parse().map_err(|error| SqlError(format!("{error}")))?;
        remove(sql, id)?;
    }
    arm(sql)
}

/// Sets the timer for the next sweep, as long as there is anything to sweep.
pub fn arm(sql: &impl Sql) -> Result<(), SqlError> {
    let row = sql.first("SELECT min(kept_until) FROM attachments WHERE kept_until IS NOT NULL", &[])?;
    match row.map_or(Ok(None), |row| row.optional_count(0))? {
        Some(at) => timers::set(sql, Timer::Sweep, "attachments", Timestamp::from_ms(at)),
        None => timers::clear(sql, Timer::Sweep, "attachments"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::migrate;
    use crate::sql::native::memory;
    use crate::workspace::schema::MIGRATIONS;
    use agentrq_core::id::Id;
    use proptest::prelude::*;
    use rusqlite::Connection;

    fn start() -> Timestamp {
        Timestamp::from_ms(1_774_362_821_000)
    }

    fn id(random: u32) -> AttachmentId {
        AttachmentId(Id::new(start().ms(), random))
    }

    fn task(random: u32) -> TaskId {
        TaskId(Id::new(start().ms(), random))
    }

    /// What the alarm does.
    fn swept(db: &Connection, at: Timestamp) {
        timers::take_due(db, at).expect("taken");
        sweep(db, at).expect("swept");
    }

    pub(super) fn db() -> Connection {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("the tables");
        db
    }

    pub(super) fn rows(db: &Connection) -> (u64, u64) {
        let row = db.first("SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM attachment_chunks)", &[]);
        let row = row.expect("counted").expect("a row");
        (row.count(0).expect("a count"), row.count(1).expect("a count"))
    }

    #[test]
    fn any_bytes_come_back_as_they_went_in() {
        let db = db();
        let all: Vec<u8> = (0..CHUNK * 2 + 5).map(|index| (index % 251) as u8).collect();
        for (random, size) in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5].into_iter().enumerate() {
            let bytes = &all[..size];
            let stored = store(&db, id(random as u32), "a.bin", "application/zip", bytes, start()).expect("stored");
            assert_eq!(stored.size, size as u64);
            assert_eq!(stored.sha256, hex(&Sha256::digest(bytes)));
            assert_eq!(find(&db, stored.id), Ok(Some(stored.clone())));
            assert_eq!(super::bytes(&db, &stored).as_deref(), Ok(bytes));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(16))]
        #[test]
        fn how_the_bytes_are_cut_on_their_way_changes_nothing(cuts in prop::collection::vec(0usize..700_000, 0..8)) {
            let db = db();
            let mut upload = Upload::begin(&db, id(1), "a", "text/plain", start()).expect("begun");
            let mut all = Vec::new();
            for (index, cut) in cuts.into_iter().enumerate() {
                let part = vec![index as u8; cut];
                upload.push(&part).expect("taken");
                all.extend(part);
            }
            let stored = upload.finish().expect("complete");
            prop_assert_eq!(super::bytes(&db, &stored), Ok(all));
        }
    }

    #[test]
    fn an_upload_that_is_not_finished_is_not_there_and_leaves_nothing() {
        let db = db();
        let mut upload = Upload::begin(&db, id(1), "a", "text/plain", start()).expect("begun");
        upload.push(&vec![0; CHUNK + 1]).expect("taken");
        assert_eq!(find(&db, id(1)), Ok(None));
        assert_eq!(rows(&db), (1, 1));
        drop(upload);
        assert_eq!(rows(&db), (0, 0));
    }

    #[test]
    fn a_file_over_25_mib_is_refused_while_it_comes_in_and_leaves_nothing() {
        let db = db();
        let mut upload = Upload::begin(&db, id(1), "a", "text/plain", start()).expect("begun");
        let mib = vec![0; CHUNK];
        for _ in 0..25 {
            upload.push(&mib).expect("within the limit");
        }
        assert_eq!(upload.push(&[0]).map_err(|problem| problem.status), Err(413));
        drop(upload);
        assert_eq!(rows(&db), (0, 0));
    }

    #[test]
    fn uploads_at_the_same_time_share_one_quota() {
        let db = db();
        let quota = 3 * CHUNK as u64;
        let mib = vec![0; CHUNK];
        let mut one = Upload::begin_within(&db, id(1), "a", "text/plain", start(), quota).expect("begun");
        let mut two = Upload::begin_within(&db, id(2), "b", "text/plain", start(), quota).expect("begun");
        one.push(&mib).expect("1");
        two.push(&mib).expect("2");
        one.push(&mib).expect("3");
        assert_eq!(two.push(&mib).map_err(|problem| problem.code.into_owned()), Err("quota_exceeded".to_owned()));
        drop(two);
        one.push(&mib).expect("the other's bytes are free again");
        assert!(one.finish().is_ok());
    }

    #[test]
    fn files_without_bytes_fill_the_quota_too() {
        let db = db();
        let quota = 3 * limits::ATTACHMENT_LEAST_BYTES;
        let empty = |random| Upload::begin_within(&db, id(random), "a", "text/plain", start(), quota)?.finish();
        for random in 0..3 {
            assert!(empty(random).is_ok(), "{random}");
        }
        assert_eq!(empty(3).map_err(|problem| problem.code.into_owned()), Err("quota_exceeded".to_owned()));
        assert_eq!(rows(&db), (3, 0));
    }

    #[test]
    fn half_an_upload_is_swept_after_an_hour_and_a_whole_one_after_a_day_unless_a_message_uses_it() {
        let db = db();
        let whole = store(&db, id(1), "a", "text/plain", b"whole", start()).expect("stored");
        store(&db, id(2), "a", "text/plain", b"unused", start()).expect("stored");
        let mut half = Upload::begin(&db, id(3), "b", "text/plain", start()).expect("begun");
        half.push(&vec![0; CHUNK]).expect("taken");
        std::mem::forget(half);
        used(&db, task(1), &[whole]).expect("used");
        for (at, next, left) in [(0, Some(GIVEN_UP_MS), 3), (GIVEN_UP_MS, Some(UNUSED_MS), 2), (UNUSED_MS, None, 1)] {
            let at = start().plus_ms(at);
            swept(&db, at);
            assert_eq!(timers::next(&db), Ok(next.map(|ms| start().plus_ms(ms))));
            assert_eq!(rows(&db), (left, left));
        }
        assert!(find(&db, id(1)).expect("found").is_some());
    }

    #[test]
    fn what_deleted_tasks_used_goes_with_the_last_of_them_at_once() {
        let db = db();
        let shared = store(&db, id(1), "a", "text/plain", b"shared", start()).expect("stored");
        let own = store(&db, id(2), "b", "text/plain", b"own", start()).expect("stored");
        used(&db, task(1), &[shared.clone(), own]).expect("used");
        used(&db, task(2), std::slice::from_ref(&shared)).expect("used");
        swept(&db, start());
        assert_eq!(timers::next(&db), Ok(None));
        for (gone, left) in [(task(1), 1), (task(2), 0)] {
            released(&db, gone).expect("released");
            assert!(timers::next(&db).expect("looked").is_some_and(|due| due <= start()));
            swept(&db, start());
            assert_eq!(rows(&db), (left, left));
        }
    }

    #[test]
    fn what_was_released_and_is_used_again_stays() {
        let db = db();
        let file = store(&db, id(1), "a", "text/plain", b"file", start()).expect("stored");
        used(&db, task(1), std::slice::from_ref(&file)).expect("used");
        released(&db, task(1)).expect("released");
        used(&db, task(2), &[file]).expect("used");
        swept(&db, start());
        assert_eq!(rows(&db), (1, 1));
    }

    #[test]
    fn an_upload_that_was_swept_cannot_be_finished() {
        let db = db();
        let mut upload = Upload::begin(&db, id(1), "a", "text/plain", start()).expect("begun");
        upload.push(b"x").expect("taken");
        sweep(&db, start().plus_ms(GIVEN_UP_MS)).expect("swept");
        assert_eq!(upload.finish().map_err(|problem| problem.status), Err(409));
        assert_eq!(rows(&db), (0, 0));
    }

    #[test]
    fn an_id_is_taken_once() {
        let db = db();
        store(&db, id(1), "a", "text/plain", b"first", start()).expect("stored");
        assert_eq!(store(&db, id(1), "a", "text/plain", b"second", start()).map_err(|problem| problem.status), Err(409));
        assert_eq!(find(&db, id(1)).expect("found").map(|found| found.size), Some(5));
    }
}
