//! JSON Lines: a list or a workspace as one object a line.
//!
//! ```text
//! {"type":"agentrq","version":1,…}      which form this is, of what, and at which cursor it began
//! {"type":"workspace",…}                if it is a whole workspace
//! {"type":"task",…} {"type":"message",…} …   each task with its thread behind it, by their numbers
//! {"type":"file",…} {"type":"bytes",…} …     each attached file, and what is in it, in pieces
//! {"type":"list",…}                     each list, with the last number that it has given
//! {"type":"end",…}                      that nothing is missing
//! ```
//!
//! Tasks and messages are those of the interface. What belongs to a connection or to one server stays behind: sessions, claims, revisions.

use crate::id::{AttachmentId, TaskId};
use crate::json::{Error, Read, Reader, Write, tagged, to_string};
use crate::model::{Attachment, ListName, Message, Task, Workspace};
use crate::record;
use crate::time::Timestamp;

/// The version of this form.
pub const VERSION: u64 = 1;

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub version: u64,
    /// Where the history stood as the export began.
    pub cursor: String,
    pub at: Timestamp,
    /// The list that this is; a whole workspace where there is none.
    pub list: Option<ListName>,
}

record!(Head { version, cursor, at, list });

/// How far the numbers of a list have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListEnd {
    pub name: ListName,
    pub last_number: u64,
}

record!(ListEnd { name, last_number });

/// A piece of an attached file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bytes {
    pub file: AttachmentId,
    /// Where in the file it begins.
    pub at: u64,
    pub base64: String,
}

record!(Bytes { file, at, base64 });

/// The last line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct End {
    /// Where the history stood as the export ended: where that is another cursor than the first line's, there were changes meanwhile.
    pub cursor: String,
    /// Tasks that were deleted meanwhile: they may stand there, and others may name them.
    pub gone: Vec<TaskId>,
}

record!(End { cursor, gone if any });

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    Head(Head),
    Workspace(Workspace),
    Task(Box<Task>),
    Message(Box<Message>),
    File(Attachment),
    Bytes(Bytes),
    List(ListEnd),
    End(End),
}

impl Read for Line {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const KINDS: [&str; 8] = ["agentrq", "workspace", "task", "message", "file", "bytes", "list", "end"];
        match &*reader.tag("type")? {
            "agentrq" => Head::read(reader).map(Self::Head),
            "workspace" => Workspace::read(reader).map(Self::Workspace),
            "task" => Task::read(reader).map(|it| Self::Task(Box::new(it))),
            "message" => Message::read(reader).map(|it| Self::Message(Box::new(it))),
            "file" => Attachment::read(reader).map(Self::File),
            "bytes" => Bytes::read(reader).map(Self::Bytes),
            "list" => ListEnd::read(reader).map(Self::List),
            "end" => End::read(reader).map(Self::End),
            other => Err(Error::unknown(other, KINDS.into_iter())),
        }
    }
}

impl Write for Line {
    fn write(&self, to: &mut String) {
        let (kind, value): (_, &dyn Write) = match self {
            Self::Head(it) => ("agentrq", it),
            Self::Workspace(it) => ("workspace", it),
            Self::Task(it) => ("task", it),
            Self::Message(it) => ("message", it),
            Self::File(it) => ("file", it),
            Self::Bytes(it) => ("bytes", it),
            Self::List(it) => ("list", it),
            Self::End(it) => ("end", it),
        };
        tagged(to, "type", kind, value);
    }
}

impl Line {
    /// The line with its end.
    pub fn to_text(&self) -> String {
        let mut text = to_string(self);
        text.push('\n');
        text
    }
}

/// A task as it leaves: without what belongs to one server, to a connection, or to a claim.
pub fn leaving(mut task: Task) -> Task {
    (task.session, task.revision) = (None, 0);
    if let Some(work) = &mut task.work {
        (work.holder, work.fence) = (None, 0);
        if let Some(job) = &mut work.job {
            job.lost_at = None;
        }
    }
    task
}
