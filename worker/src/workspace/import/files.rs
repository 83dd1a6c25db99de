//! The attached files of an import: they go into rows as they come, under ids of our own, and bear theirs once all of it is here.

use std::collections::BTreeSet;

use agentrq_core::id::AttachmentId;
use agentrq_core::interchange::taking::OfFile;
use agentrq_core::model::Attachment;
use agentrq_core::time::Timestamp;

use super::{fresh, wrong};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::blobs::named::{self, Named, Wanted};
use crate::workspace::blobs::{self, Upload};

/// The attached files that have come.
pub struct Files<S: Sql + Clone> {
    sql: S,
    now: Timestamp,
    upload: Option<(Attachment, Option<Upload<S>>, u64)>,
    /// Under which id of our own each has come.
    came: Vec<(AttachmentId, Attachment)>,
    /// The ids under which they came.
    ids: BTreeSet<AttachmentId>,
    /// Those that bear the ids that they bear there, and did not before.
    named: Vec<AttachmentId>,
}

impl<S: Sql + Clone> Files<S> {
    pub(super) fn new(sql: S, now: Timestamp) -> Self {
        Self { sql, now, upload: None, came: Vec::new(), ids: BTreeSet::new(), named: Vec::new() }
    }

    /// Takes what a line says of a file.
    pub(super) fn take(&mut self, of_file: Option<OfFile>, place: &str) -> Result<(), Problem> {
        match of_file {
            None => Ok(()),
            Some(OfFile::Begins(file)) => {
                if let Some((before, ..)) = &self.upload {
                    return Err(wrong(place, format!("a file begins, and {} has not come whole", before.id)).into());
                }
                // One that is here is the same, or is refused where a message names it.
                let is_here = self.ids.contains(&file.id) || blobs::find(&self.sql, file.id)?.is_some();
                let upload = if is_here {
                    None
                } else {
                    let id = fresh()?;
                    Some(Upload::begin(self.sql.clone(), id, &file.filename, &file.mime_type, self.now)?)
                };
                self.upload = Some((file, upload, 0));
                self.ends(place)
            }
            Some(OfFile::Bytes { file, at, bytes }) => {
                let Some((begun, upload, length)) = &mut self.upload else {
                    return Err(wrong(place, format!("bytes of {file}, which has not begun")).into());
                };
                if begun.id != file || *length != at {
                    let problem = format!("bytes of {file} from {at} on, and {} is at {length}: they come in their order", begun.id);
                    return Err(wrong(place, problem).into());
                }
                *length += bytes.len() as u64;
                upload.as_mut().map_or(Ok(()), |upload| upload.push(&bytes))?;
                self.ends(place)
            }
        }
    }

    fn ends(&mut self, place: &str) -> Result<(), Problem> {
        let Some((file, upload, length)) = self.upload.take_if(|(file, _, length)| *length >= file.size) else { return Ok(()) };
        let Some(upload) = upload else { return Ok(()) };
        let came = upload.finish()?;
        if length != file.size || came.sha256 != file.sha256 {
            blobs::remove(&self.sql, came.id)?;
            return Err(wrong(place, format!("what came of {} is not what it says: its digest is {}", file.id, came.sha256)).into());
        }
        self.ids.insert(file.id);
        self.came.push((file.id, came));
        Ok(())
    }

    /// Gives each file the id that it bears in what was sent.
    pub(super) fn name(&mut self, by: &str) -> Result<(), Problem> {
        if let Some((file, ..)) = &self.upload {
            return Err(wrong("the end", format!("the file {} has not come whole", file.id)).into());
        }
        while let Some((id, came)) = self.came.pop() {
            if let Named::Now(file) = named::bring(&self.sql, came, Wanted { id, by })? {
                self.named.push(file.id);
            }
        }
        Ok(())
    }

    /// They stay: messages use them.
    pub fn stay(mut self) -> usize {
        std::mem::take(&mut self.named).len()
    }
}

/// What is not used goes at once.
impl<S: Sql + Clone> Drop for Files<S> {
    fn drop(&mut self) {
        for id in self.came.iter().map(|(_, file)| file.id).chain(self.named.iter().copied()) {
            // What cannot be removed now goes with the next sweep.
            blobs::remove(&self.sql, id).ok();
        }
    }
}
