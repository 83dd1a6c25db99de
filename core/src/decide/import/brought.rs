//! What is brought in: tasks with their threads, each with the place where it stood, what comes beside them, and how all of it is taken.

use crate::id::TaskId;
use crate::model::{ListName, Message, Task, Workspace};
use crate::rejection::{Problem, Rejection};

/// The highest number that is brought in: numbers are counted on from the last.
pub const MOST_NUMBER: u64 = u32::MAX as u64;

/// The tasks that are brought in, wherever they are kept: one at a time, and the same each time.
pub trait Source {
    /// How many there are.
    fn many(&self) -> usize;

    /// Where the task at `at` stands in what was sent.
    fn place(&self, at: usize) -> String;

    /// The task at `at` with its thread.
    ///
    /// # Errors
    /// What is wrong with it, as far as it was not looked at before.
    fn whole(&self, at: usize) -> Result<Whole, Wrong>;
}

/// What comes beside the tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// The last number that each list has given.
    pub lists: Vec<(ListName, u64)>,
    /// What the workspace was called; taken over only where there is nothing yet.
    pub workspace: Option<Workspace>,
    /// Tasks that were deleted: they are not brought, also where they stand there, and nothing waits for them any more.
    pub gone: Vec<TaskId>,
}

/// All that is brought in, where there is little of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    pub tasks: Vec<Whole>,
    pub beside: Beside,
}

/// A task with its thread, and where it stood in what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    pub task: Task,
    pub thread: Vec<Message>,
    pub place: String,
}

impl Source for Vec<Whole> {
    fn many(&self) -> usize {
        self.len()
    }

    fn place(&self, at: usize) -> String {
        self[at].place.clone()
    }

    fn whole(&self, at: usize) -> Result<Whole, Wrong> {
        Ok(self[at].clone())
    }
}

/// How it is brought in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Manner<'a> {
    /// The list that all of it goes to; without, each task goes where it was.
    pub into: Option<&'a ListName>,
    pub taken: Taken,
}

/// What becomes of a task whose number is another's already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Taken {
    /// Nothing of all of it is stored.
    #[default]
    Refused,
    /// It gets the next one.
    Renumbered,
}

/// What is wrong, and where it stands in what was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub place: String,
    pub why: Rejection,
}

/// A number that became another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Renumbered {
    pub task: TaskId,
    /// Whose numbering it is; the workspace's own where there is none.
    pub list: Option<ListName>,
    pub from: u64,
    pub to: u64,
}

impl Whole {
    pub(super) fn wrong(&self, why: Rejection) -> Wrong {
        Wrong { place: self.place.clone(), why }
    }
}

/// Something is wrong with all of it rather than with one task.
pub(super) fn all_wrong(why: Rejection) -> Wrong {
    Wrong { place: "all of it".to_owned(), why }
}

pub(super) fn check_number(number: Option<u64>) -> Result<(), Rejection> {
    if number.is_none_or(|number| (1..=MOST_NUMBER).contains(&number)) {
        return Ok(());
    }
    Err(Rejection::Invalid { field: "number", problem: format!("1 to {MOST_NUMBER} are allowed") })
}

pub(super) fn conflict(code: &str, detail: String) -> Rejection {
    let title = "It does not fit the present state".to_owned();
    Rejection::Refused(Box::new(Problem { code: code.to_owned(), title, detail, status: 409, extra: Vec::new() }))
}
