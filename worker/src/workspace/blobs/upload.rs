//! Attachments on their way in: row after row, whole or not at all.

use agentrq_core::id::AttachmentId;
use agentrq_core::limits;
use agentrq_core::model::Attachment;
use agentrq_core::time::Timestamp;
use sha2::{Digest, Sha256};

use super::{CHUNK, GIVEN_UP_MS, QUOTA, UNUSED_MS, arm, disposition, is_known, remove};
use crate::gate::mac::hex;
use crate::problem::{Code, Problem};
use crate::sql::Sql;

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
        if is_known(&sql, id)? {
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

/// What everyone hears whose file is too large.
pub fn too_large() -> Problem {
    Problem::new(Code::TooLarge, "an attachment may have 25 MiB (26214400 bytes)").with("limit", limits::ATTACHMENT_BYTES)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{db, id, rows, start};
    use super::super::{self as blobs, find, sweep};
    use super::*;
    use proptest::prelude::*;

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
            assert_eq!(blobs::bytes(&db, &stored).as_deref(), Ok(bytes));
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
            prop_assert_eq!(blobs::bytes(&db, &stored), Ok(all));
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
