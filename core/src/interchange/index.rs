//! Lines on their way in that are kept elsewhere: which of them are of which task, and where they stand. A hundred thousand tasks are a hundred
//! megabytes, of which no more than this is in memory.

use super::lines::Line;
use super::taking::{Frame, IN_ROWS, OfFile, Room, Row, invalid, whole};
use crate::decide::{Beside, Whole, Wrong};
use crate::id::TaskId;
use crate::json::from_str;
use crate::limits;
use crate::rejection::Rejection;
use crate::table::Table;

/// Bytes of what is kept, from the first to the one behind the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub from: u64,
    pub to: u64,
}

/// Where a task stands, and what was said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    task: TaskId,
    /// In which line of what was sent; none where only messages have come.
    line: Option<u64>,
    /// Lines that follow on each other are one span.
    pub spans: Vec<Span>,
    bytes: u64,
}

/// What is to be done with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Took {
    /// Nothing.
    Noted,
    /// It is kept, with its end, behind what was kept before.
    Kept,
    OfFile(OfFile),
}

/// Takes in lines, one after the other, and knows where each task stands at the end.
#[derive(Clone, Debug)]
pub struct Index {
    frame: Frame,
    entries: Vec<Entry>,
    places: Table<usize>,
    spans: usize,
    kept: u64,
}

impl Default for Index {
    fn default() -> Self {
        Self::of(IN_ROWS)
    }
}

impl Index {
    /// One that takes no more than there is room for.
    pub fn of(room: Room) -> Self {
        Self { frame: Frame::new(room), entries: Vec::new(), places: Table::default(), spans: 0, kept: 0 }
    }

    /// Takes the line of this number.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn take(&mut self, text: &str, number: u64) -> Result<Took, Wrong> {
        let place = place(number);
        let (task, line) = match self.frame.take(text, &place)? {
            None => return Ok(Took::Noted),
            Some(Row::OfFile(of_file)) => return Ok(Took::OfFile(of_file)),
            Some(Row::Message(message)) => (message.task, None),
            Some(Row::Task(task)) => (task.id, Some(number)),
        };
        let span = Span { from: self.kept, to: self.kept + text.len() as u64 + 1 };
        let entry = self.entry(task).map_err(|why| Wrong { place: place.clone(), why })?;
        let before = entry.spans.len();
        entry.add(span, line).map_err(|why| Wrong { place: place.clone(), why })?;
        self.spans += entry.spans.len() - before;
        self.frame.check_places(self.spans).map_err(|why| Wrong { place, why })?;
        self.kept = span.to;
        Ok(Took::Kept)
    }

    fn entry(&mut self, task: TaskId) -> Result<&mut Entry, Rejection> {
        if self.places.get(task.0).is_none() {
            self.frame.check_tasks(self.entries.len())?;
            self.entries.push(Entry { task, line: None, spans: Vec::new(), bytes: 0 });
        }
        let last = self.entries.len() - 1;
        Ok(&mut self.entries[*self.places.or_insert_with(task.0, || last)])
    }

    /// Where all tasks stand, and what came beside them.
    ///
    /// # Errors
    /// When it does not end as it should, or a message is of no task.
    pub fn whole(self) -> Result<(Vec<Entry>, Beside), Wrong> {
        let strays = self.entries.iter().filter(|entry| entry.line.is_none()).map(|entry| entry.task);
        let beside = self.frame.beside(strays)?;
        let mut entries = self.entries;
        entries.retain(|entry| entry.line.is_some());
        Ok((entries, beside))
    }
}

impl Entry {
    fn add(&mut self, span: Span, line: Option<u64>) -> Result<(), Rejection> {
        if line.is_some() && self.line.is_some() {
            return Err(invalid("id", format!("the task {} stands there twice", self.task)));
        }
        self.line = self.line.or(line);
        match self.spans.last_mut() {
            Some(last) if last.to == span.from => last.to = span.to,
            _ => self.spans.push(span),
        }
        self.bytes += span.to - span.from;
        let given = self.bytes;
        if given > limits::IMPORT_THREAD_BYTES {
            let count = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
            let limit = count(limits::IMPORT_THREAD_BYTES);
            return Err(Rejection::TooLong { field: "a task with its messages", limit, unit: "bytes", given: count(given) });
        }
        Ok(())
    }

    /// Where it stands in what was sent.
    pub fn place(&self) -> String {
        place(self.line.unwrap_or_default())
    }

    /// Reads the task with its thread, from what is kept of it.
    ///
    /// # Errors
    /// It is not what was kept.
    pub fn read(&self, kept: &str) -> Result<Whole, Wrong> {
        let wrong = |problem: String| Wrong { place: self.place(), why: invalid("line", problem) };
        let (mut task, mut thread) = (None, Vec::new());
        for line in kept.lines() {
            match from_str::<Line>(line).map_err(|why| wrong(why.to_string()))? {
                Line::Task(it) => task = Some(*it),
                Line::Message(message) => thread.push(*message),
                _ => return Err(wrong("it is neither a task nor a message".to_owned())),
            }
        }
        let task = task.ok_or_else(|| wrong("its task is missing".to_owned()))?;
        Ok(whole(task, thread, self.place()))
    }
}

/// What a line is called where something is wrong with it.
fn place(line: u64) -> String {
    format!("line {line}")
}
