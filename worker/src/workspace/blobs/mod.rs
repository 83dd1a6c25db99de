//! Attachments: bytes in rows of 1 MiB, in the workspace's own database, streamed in and out.
//!
//! This module is the blob interface: [`Upload`] takes chunks, [`find`] and [`chunk`] give them back. An upload counts only once its row
//! is marked complete, which is the last write; until then nobody can find it. [`sweep`] removes what was left half-way, what no message
//! has used for a day, and what only deleted tasks used. Another store of bytes would take the place of these few functions.

pub mod disposition;
pub mod download;
pub mod named;
pub mod receive;
pub mod upload;

use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::model::Attachment;
use agentrq_core::time::Timestamp;

use super::timers::{self, Timer};
use crate::sql::{Sql, SqlError, Value};

pub use upload::{Upload, store, too_large};

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

/// Is there anything of this id, whole or on its way?
pub fn is_known(sql: &impl Sql, id: AttachmentId) -> Result<bool, SqlError> {
    Ok(sql.first("SELECT 1 FROM attachments WHERE id = ?", &[id.to_string().into()])?.is_some())
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
    use rusqlite::Connection;

    pub(super) fn start() -> Timestamp {
        Timestamp::from_ms(1_774_362_821_000)
    }

    pub(super) fn id(random: u32) -> AttachmentId {
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
}
