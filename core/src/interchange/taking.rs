//! Lines on their way in: what each of them says is looked at as it comes, and what is said beside tasks and messages is kept.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::lines::{Bytes, End, Head, Line, ListEnd, VERSION};
use crate::decide::{Beside, Brought, Whole, Wrong};
use crate::id::{AttachmentId, TaskId};
use crate::json::from_str;
use crate::limits;
use crate::model::{Attachment, ListName, Message, Task, Workspace};
use crate::rejection::Rejection;
use crate::table::Table;

/// How much may come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    pub tasks: usize,
    /// Without attached files and what was printed.
    pub bytes: u64,
    /// In which tasks stand: one for each, and one more wherever what was said of a task does not stand behind it.
    pub places: usize,
}

/// What goes into memory.
pub const IN_MEMORY: Room = Room { tasks: limits::ARCHIVE_TASKS, bytes: limits::ARCHIVE_BYTES, places: usize::MAX };
/// What is kept in rows, of which no more than an outline is in memory.
pub const IN_ROWS: Room = Room { tasks: limits::IMPORT_TASKS, bytes: limits::IMPORT_BYTES, places: limits::IMPORT_PLACES };

impl Room {
    /// # Errors
    /// There are more bytes than it holds.
    pub(super) fn check_bytes(self, given: u64) -> Result<(), Rejection> {
        if given <= self.bytes {
            return Ok(());
        }
        let count = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Err(Rejection::TooLong { field: "an import without its files", limit: count(self.bytes), unit: "bytes", given: count(given) })
    }

    /// # Errors
    /// One more would be too many.
    pub(super) fn check_many(self, what: &'static str, many: usize) -> Result<(), Rejection> {
        if many < self.tasks {
            return Ok(());
        }
        Err(Rejection::TooMany { what, limit: self.tasks, given: many + 1 })
    }
}

/// What a line says that is kept elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Row {
    Task(Box<Task>),
    Message(Box<Message>),
    OfFile(OfFile),
}

/// What a line holds of an attached file: it goes to whoever stores files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfFile {
    Begins(Attachment),
    Bytes { file: AttachmentId, at: u64, bytes: Vec<u8> },
}

/// What lines say beside tasks and messages.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    room: Room,
    head: Option<Head>,
    end: Option<End>,
    lists: Vec<(ListName, u64)>,
    workspace: Option<Workspace>,
    bytes: u64,
}

impl Frame {
    pub(super) fn new(room: Room) -> Self {
        Self { room, head: None, end: None, lists: Vec::new(), workspace: None, bytes: 0 }
    }

    /// Looks at one line, which stands at `place`. An empty one says nothing.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn take(&mut self, text: &str, place: &str) -> Result<Option<Row>, Wrong> {
        let wrong = |why: Rejection| Wrong { place: place.to_owned(), why };
        if text.trim().is_empty() {
            return Ok(None);
        }
        let line = from_str::<Line>(text).map_err(|why| wrong(invalid("line", why.to_string())))?;
        if self.head.is_none() && !matches!(line, Line::Head(_)) {
            let problem = format!("the first line says which form this is: {{\"type\":\"agentrq\",\"version\":{VERSION},…}}");
            return Err(wrong(invalid("line", problem)));
        }
        if !matches!(line, Line::Bytes(_)) {
            self.bytes += text.len() as u64;
            self.room.check_bytes(self.bytes).map_err(wrong)?;
        }
        match line {
            // Several parts may each begin with one.
            Line::Head(head) if head.version != VERSION => {
                return Err(wrong(invalid("version", format!("{}; this server reads version {VERSION}", head.version))));
            }
            Line::Head(head) => self.head = Some(head),
            Line::Workspace(workspace) => self.workspace = Some(workspace),
            Line::Task(task) => return Ok(Some(Row::Task(task))),
            Line::Message(message) => return Ok(Some(Row::Message(message))),
            Line::List(ListEnd { name, last_number }) => {
                self.room.check_many("lists", self.lists.len()).map_err(wrong)?;
                self.lists.push((name, last_number));
            }
            Line::End(end) => self.end = Some(end),
            Line::File(file) => return Ok(Some(Row::OfFile(OfFile::Begins(file)))),
            Line::Bytes(Bytes { file, at, base64 }) => {
                let bytes = STANDARD.decode(base64).map_err(|why| wrong(invalid("base64", why.to_string())))?;
                return Ok(Some(Row::OfFile(OfFile::Bytes { file, at, bytes })));
            }
        }
        Ok(None)
    }

    /// The list that all of it is of, if it is one.
    pub(super) fn list(&self) -> Option<&ListName> {
        self.head.as_ref()?.list.as_ref()
    }

    /// Refuses one task more than there is room for.
    pub(super) fn check_tasks(&self, many: usize) -> Result<(), Rejection> {
        self.room.check_many("tasks", many)
    }

    /// Refuses more places than there are.
    pub(super) fn check_places(&self, given: usize) -> Result<(), Rejection> {
        let (what, limit) = ("places in which tasks and what was said of them stand apart", self.room.places);
        if given <= limit { Ok(()) } else { Err(Rejection::TooMany { what, limit, given }) }
    }

    /// What came beside the tasks.
    ///
    /// # Errors
    /// When it does not end as it should, or something was said of a task that is not there: `strays`.
    pub(super) fn beside(self, mut strays: impl Iterator<Item = TaskId>) -> Result<Beside, Wrong> {
        let whole = |problem: &str| Wrong { place: "the end".to_owned(), why: invalid("line", problem.to_owned()) };
        let Some(End { gone, .. }) = self.end else {
            return Err(whole("the last line, {\"type\":\"end\",…}, is missing: the export has broken off, or was not sent whole"));
        };
        let mut known = Table::default();
        for task in &gone {
            known.insert(task.0, ());
        }
        if let Some(task) = strays.find(|task| known.get(task.0).is_none()) {
            return Err(whole(&format!("there are messages of task {task}, and no such task")));
        }
        Ok(Beside { lists: self.lists, workspace: self.workspace, gone })
    }
}

/// Takes in lines, one after the other, and has all that they bring at the end.
#[derive(Clone, Debug)]
pub struct Lines {
    frame: Frame,
    tasks: Vec<(Task, String)>,
    /// By their tasks.
    threads: Table<Vec<Message>>,
}

impl Default for Lines {
    fn default() -> Self {
        Self { frame: Frame::new(IN_MEMORY), tasks: Vec::new(), threads: Table::default() }
    }
}

impl Lines {
    /// Takes one line, which stands at `place`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, text: &str, place: &str) -> Result<Option<OfFile>, Wrong> {
        match self.frame.take(text, place)? {
            None => {}
            Some(Row::OfFile(of_file)) => return Ok(Some(of_file)),
            Some(Row::Message(message)) => self.threads.or_insert_with(message.task.0, Vec::new).push(*message),
            Some(Row::Task(task)) => {
                self.frame.check_tasks(self.tasks.len()).map_err(|why| Wrong { place: place.to_owned(), why })?;
                self.tasks.push((*task, place.to_owned()));
            }
        }
        Ok(None)
    }

    /// The list that all of it is of, if it is one.
    pub fn list(&self) -> Option<&ListName> {
        self.frame.list()
    }

    /// All that was brought.
    ///
    /// # Errors
    /// When it does not end as it should, or a thread belongs to no task.
    pub fn brought(self) -> Result<Brought, Wrong> {
        let mut threads = self.threads;
        let tasks = self.tasks.into_iter().map(|(task, place)| {
            let thread = threads.remove(task.id.0).unwrap_or_default();
            whole(task, thread, place)
        });
        let tasks = tasks.collect();
        let beside = self.frame.beside(threads.iter().map(|(task, _)| TaskId(task)))?;
        Ok(Brought { tasks, beside })
    }
}

/// A task with its thread in order.
pub(super) fn whole(task: Task, mut thread: Vec<Message>, place: String) -> Whole {
    thread.sort_by_key(|message| message.index);
    Whole { task, thread, place }
}

pub(super) fn invalid(field: &'static str, problem: String) -> Rejection {
    Rejection::Invalid { field, problem }
}
