//! A list or a workspace on its way in: its lines or its archive as they arrive, in whatever pieces. Lines and files go into rows at once, what an archive
//! holds into memory; nothing of it becomes a task before all of it has been looked at.

mod files;
pub mod rows;

use agentrq_core::command::Context;
use agentrq_core::decide::{Beside, Brought, Source, Whole, Wrong};
use agentrq_core::id::{AttachmentId, Id};
use agentrq_core::interchange::Form;
use agentrq_core::interchange::archive::Kind;
use agentrq_core::interchange::index::{Index, Took};
use agentrq_core::interchange::tar::{Entry, NoTar, Part, Untar};
use agentrq_core::interchange::unpack::Archive;
use agentrq_core::limits;
use agentrq_core::model::ListName;
use agentrq_core::rejection::Rejection;
use agentrq_core::time::Timestamp;

use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::{Sql, SqlError};

use files::Files;
use rows::{Kept, Rows};

/// What has arrived so far. What is not taken over in the end leaves nothing.
pub struct Intake<S: Sql + Clone> {
    form: Body<S>,
    files: Files<S>,
}

enum Body<S: Sql> {
    Lines { lines: Box<Keeping<S>>, rest: Vec<u8> },
    Archive { archive: Box<Archive>, untar: Untar, entry: Option<(Entry, Kind)>, rest: Vec<u8>, number: u64 },
}

/// Lines on their way into rows.
struct Keeping<S: Sql> {
    index: Index,
    rows: Rows<S>,
    number: u64,
}

impl<S: Sql + Clone> Keeping<S> {
    fn take(&mut self, line: &[u8], files: &mut Files<S>) -> Result<(), Problem> {
        self.number += 1;
        let place = format!("line {}", self.number);
        let line = text(line, &place)?;
        match self.index.take(line, self.number)? {
            Took::Noted => Ok(()),
            Took::Kept => Ok(self.rows.keep(line)?),
            Took::OfFile(of_file) => files.take(Some(of_file), &place),
        }
    }
}

/// The tasks that have arrived.
pub enum Tasks<S: Sql> {
    InRows(Box<Kept<S>>),
    InMemory(Vec<Whole>),
}

impl<S: Sql> Tasks<S> {
    pub fn source(&self) -> &dyn Source {
        match self {
            Self::InRows(kept) => &**kept,
            Self::InMemory(tasks) => tasks,
        }
    }

    /// # Errors
    /// A row could not be read: what came of a look since is not to be believed.
    pub fn check(&self) -> Result<(), SqlError> {
        match self {
            Self::InRows(kept) => kept.check(),
            Self::InMemory(_) => Ok(()),
        }
    }
}

/// All that has arrived.
pub struct Arrived<S: Sql + Clone> {
    pub tasks: Tasks<S>,
    pub beside: Beside,
    /// Under the ids that they bear there.
    pub files: Files<S>,
    /// Names in an archive that say nothing to us, the first of them.
    pub passed: Vec<String>,
}

impl<S: Sql + Clone> Intake<S> {
    pub fn new(sql: S, form: Form, now: Timestamp) -> Result<Self, Problem> {
        let form = match form {
            Form::Lines => {
                let rows = Rows::begin(sql.clone())?;
                Body::Lines { lines: Box::new(Keeping { index: Index::default(), rows, number: 0 }), rest: Vec::new() }
            }
            Form::Claude => Body::Archive { archive: Box::default(), untar: Untar::default(), entry: None, rest: Vec::new(), number: 0 },
        };
        Ok(Self { form, files: Files::new(sql, now) })
    }

    /// Takes the next bytes, however many.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Problem> {
        let files = &mut self.files;
        match &mut self.form {
            Body::Lines { lines, rest } => each_line(rest, bytes, &mut |line| lines.take(line, files)),
            Body::Archive { archive, untar, entry, rest, number } => {
                while let Some(part) = untar.next(&mut bytes).map_err(no_tar)? {
                    match part {
                        Part::File(begun) => {
                            *number = 0;
                            let kind = archive.begins(&begun)?;
                            *entry = Some((begun, kind));
                        }
                        Part::Bytes(bytes) => match entry {
                            Some((entry, Kind::Lines)) => each_line(rest, bytes, &mut |line| {
                                *number += 1;
                                let place = format!("{}, line {number}", entry.path);
                                let of_file = archive.line(text(line, &place)?, &place)?;
                                files.take(of_file, &place)
                            })?,
                            Some((_, Kind::Task { .. } | Kind::Mark { .. })) => rest.extend(bytes),
                            Some((_, Kind::Passed)) | None => {}
                        },
                        Part::EndOfFile => {
                            let rest = std::mem::take(rest);
                            let Some((entry, kind)) = entry.take() else { continue };
                            match kind {
                                Kind::Lines if rest.is_empty() => {}
                                Kind::Lines => {
                                    let of_file = archive.line(text(&rest, &entry.path)?, &entry.path)?;
                                    files.take(of_file, &entry.path)?;
                                }
                                kind => archive.file(&entry, kind, text(&rest, &entry.path)?)?,
                            }
                        }
                    }
                }
                Ok(())
            }
        }
    }

    /// All that has arrived. All of it goes to the list `into`, if there is one.
    ///
    /// # Errors
    /// When it is not whole, or what is wrong with it.
    pub fn whole(self, into: Option<&ListName>, by: &str, cx: &Context) -> Result<Arrived<S>, Problem> {
        let mut files = self.files;
        let (tasks, beside, passed) = match self.form {
            Body::Lines { mut lines, rest } => {
                lines.take(&rest, &mut files)?;
                let Keeping { index, rows, .. } = *lines;
                let (entries, beside) = index.whole()?;
                (Tasks::InRows(Box::new(rows.whole(entries)?)), beside, Vec::new())
            }
            Body::Archive { archive, untar, .. } => {
                untar.end().map_err(no_tar)?;
                let passed = archive.passed.clone();
                let Brought { tasks, beside } = archive.brought(into, cx)?;
                (Tasks::InMemory(tasks), beside, passed)
            }
        };
        files.name(by)?;
        Ok(Arrived { tasks, beside, files, passed })
    }
}

/// An id that no file has, here or in what is still to come.
fn fresh() -> Result<AttachmentId, Problem> {
    Ok(AttachmentId(Id::any(random::bits()?)))
}

fn no_tar(NoTar(why): NoTar) -> Problem {
    Problem::new(Code::BadRequest, why)
}

fn text<'b>(bytes: &'b [u8], place: &str) -> Result<&'b str, Wrong> {
    std::str::from_utf8(bytes).map_err(|why| wrong(place, format!("it is no UTF-8: {why}")))
}

fn wrong(place: &str, problem: String) -> Wrong {
    Wrong { place: place.to_owned(), why: Rejection::Invalid { field: "file", problem } }
}

/// Hands on each line that has come whole, and keeps the rest.
fn each_line(rest: &mut Vec<u8>, bytes: &[u8], take: &mut dyn FnMut(&[u8]) -> Result<(), Problem>) -> Result<(), Problem> {
    let mut bytes = bytes;
    while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
        let (line, behind) = bytes.split_at(end);
        bytes = behind.get(1..).unwrap_or_default();
        if rest.is_empty() {
            take(line)?;
        } else {
            rest.extend(line);
            let line = std::mem::take(rest);
            take(&line)?;
        }
    }
    rest.extend(bytes);
    if rest.len() > limits::IMPORT_LINE_BYTES {
        let limit = limits::IMPORT_LINE_BYTES;
        return Err(Problem::new(Code::TooLarge, format!("a line may have {limit} bytes")).with("limit", limit));
    }
    Ok(())
}
