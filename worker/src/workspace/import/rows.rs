//! The lines of an import that are tasks and messages, in rows of their own for as long as it is under way: more of them than fit into memory.

use std::cell::RefCell;

use agentrq_core::decide::{Source, Whole, Wrong};
use agentrq_core::interchange::index::{Entry, Span};
use agentrq_core::rejection::Rejection;

use crate::problem::Problem;
use crate::random;
use crate::sql::{Sql, SqlError, Value};

/// The table, for the workspace's list of migrations.
pub const MIGRATION: &str = "
-- Lines of imports that are under way. An import ends with the instance that takes it in: what one leaves, the next one removes as it starts.
CREATE TABLE import_lines (import TEXT NOT NULL, position INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (import, position))";

/// Bytes of a row: a task whose lines do not follow on each other takes a row for each place.
const ROW: usize = 32 * 1024;

/// Removes what earlier instances left.
pub fn sweep(sql: &impl Sql) -> Result<(), SqlError> {
    sql.exec("DELETE FROM import_lines", &[]).map(drop)
}

/// Lines on their way into rows. They go with it.
pub(super) struct Rows<S: Sql> {
    sql: S,
    import: String,
    /// Bytes that do not fill a row yet.
    rest: Vec<u8>,
    rows: u64,
}

impl<S: Sql> Rows<S> {
    pub(super) fn begin(sql: S) -> Result<Self, Problem> {
        Ok(Self { sql, import: format!("{:x}", random::bits()?), rest: Vec::new(), rows: 0 })
    }

    /// Keeps a line behind those before.
    pub(super) fn keep(&mut self, line: &str) -> Result<(), SqlError> {
        self.rest.extend_from_slice(line.as_bytes());
        self.rest.push(b'\n');
        while self.rest.len() >= ROW {
            let later = self.rest.split_off(ROW);
            self.write(later)?;
        }
        Ok(())
    }

    /// All tasks are here: where each of them stands.
    pub(super) fn whole(mut self, entries: Vec<Entry>) -> Result<Kept<S>, SqlError> {
        self.write(Vec::new())?;
        Ok(Kept { rows: self, entries, last: RefCell::default(), fault: RefCell::default() })
    }

    /// Writes a row; `later` is what does not stand in it.
    fn write(&mut self, later: Vec<u8>) -> Result<(), SqlError> {
        let data = std::mem::replace(&mut self.rest, later);
        let row = [self.import.as_str().into(), self.rows.into(), data.into()];
        self.sql.exec("INSERT INTO import_lines (import, position, data) VALUES (?, ?, ?)", &row)?;
        self.rows += 1;
        Ok(())
    }

    fn row(&self, position: u64) -> Result<Vec<u8>, SqlError> {
        let args = [self.import.as_str().into(), position.into()];
        let row = self.sql.first("SELECT data FROM import_lines WHERE import = ? AND position = ?", &args)?;
        match row.map(|row| row.0.into_iter().next()) {
            Some(Some(Value::Blob(data))) => Ok(data),
            _ => Err(SqlError(format!("an import has no row {position}"))),
        }
    }
}

impl<S: Sql> Drop for Rows<S> {
    fn drop(&mut self) {
        // What cannot be removed now goes when the object starts again.
        self.sql.exec("DELETE FROM import_lines WHERE import = ?", &[self.import.as_str().into()]).ok();
    }
}

/// The tasks of an import, each of which is read when it is wanted.
pub struct Kept<S: Sql> {
    rows: Rows<S>,
    entries: Vec<Entry>,
    /// The row that was read last, and which it is: the next task stands in it most often.
    last: RefCell<Option<(u64, Vec<u8>)>>,
    fault: RefCell<Option<SqlError>>,
}

impl<S: Sql> Kept<S> {
    /// # Errors
    /// A row could not be read: what came of a look since is not to be believed.
    pub fn check(&self) -> Result<(), SqlError> {
        self.fault.take().map_or(Ok(()), Err)
    }

    fn read(&self, spans: &[Span]) -> Result<String, SqlError> {
        let mut bytes = Vec::new();
        for span in spans {
            let mut at = span.from;
            while at < span.to {
                let (position, from) = (at / ROW as u64, at % ROW as u64);
                let mut last = self.last.borrow_mut();
                let data = match last.take() {
                    Some((known, data)) if known == position => data,
                    _ => self.rows.row(position)?,
                };
                let to = (from + span.to - at).min(data.len() as u64);
                let part = usize::try_from(from).ok().zip(usize::try_from(to).ok()).and_then(|(from, to)| data.get(from..to));
                let part = part.filter(|part| !part.is_empty()).ok_or_else(|| SqlError(format!("row {position} of an import is short")))?;
                bytes.extend_from_slice(part);
                at += part.len() as u64;
                *last = Some((position, data));
            }
        }
        String::from_utf8(bytes).map_err(|why| SqlError(format!("the rows of an import: {why}")))
    }
}

impl<S: Sql> Source for Kept<S> {
    fn many(&self) -> usize {
        self.entries.len()
    }

    fn place(&self, at: usize) -> String {
        self.entries.get(at).map(Entry::place).unwrap_or_default()
    }

    fn whole(&self, at: usize) -> Result<Whole, Wrong> {
        let unread = || Wrong { place: self.place(at), why: Rejection::NotLoaded { what: "what was sent" } };
        let entry = self.entries.get(at).ok_or_else(unread)?;
        match self.read(&entry.spans) {
            Ok(kept) => entry.read(&kept),
            Err(fault) => {
                self.fault.replace(Some(fault));
                Err(unread())
            }
        }
    }
}
