//! What makes a task one of a list that agents keep: its place there, who has it, what it waits for, what is noted about it.
//!
//! Names and forms are those of Claude Code's task lists, so that a list may live there and here.

use std::fmt;
use std::str::FromStr;

use super::{AgentName, Assignee, Job, Metadata, Priority, Task};
use crate::id::TaskId;
use crate::json::{as_text, through_json};
use crate::lifecycle::Status;
use crate::limits;
use crate::record;

/// The name of a list: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListName(String);

/// Why a text cannot name a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidListName;

impl fmt::Display for InvalidListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the name of a list has 1 to {} characters out of A-Z, a-z, 0-9, - and _", limits::LIST_NAME_CHARS)
    }
}

impl std::error::Error for InvalidListName {}

impl ListName {
    /// Takes a name as `CLAUDE_CODE_TASK_LIST_ID` is taken: what may not stand in it becomes `-`, so that the same name is the same list in both.
    ///
    /// # Errors
    /// When nothing is left, or too much.
    pub fn new(text: &str) -> Result<Self, InvalidListName> {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' };
        let name: String = text.trim().chars().map(plain).collect();
        if (1..=limits::LIST_NAME_CHARS).contains(&name.len()) { Ok(Self(name)) } else { Err(InvalidListName) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The list of those who name none.
impl Default for ListName {
    fn default() -> Self {
        Self("main".to_owned())
    }
}

impl fmt::Display for ListName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ListName {
    type Err = InvalidListName;
    fn from_str(text: &str) -> Result<Self, InvalidListName> {
        Self::new(text)
    }
}

as_text!(ListName);

/// A task's part in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    pub list: ListName,
    /// Place in the list's numbering, from 1, never reused; given by the authority only, so absent while pending.
    pub number: Option<u64>,
    /// What it is called while it is under way, such as "Running the tests"; the title where nobody said.
    pub active_form: Option<String>,
    /// Whom it is for, or who has it. A name that agents give each other: it need not be that of an agent with a connection of its own.
    pub owner: Option<AgentName>,
    /// The agent whose claim stands, while the task is under way. A person who begins a task holds no claim.
    pub holder: Option<AgentName>,
    /// How often it was claimed: the number of the claim that stands, or stood last. Who acts on a claim may say which, and is refused if
    /// another has been made since.
    pub fence: u64,
    /// The wave in which it may begin, from 1: one later than the last of what it waited for. Absent while it still waits.
    pub wave: Option<u32>,
    /// What must be completed before it may begin: tasks of the same list. What waits for it is found by this, the other way.
    pub blocked_by: Vec<TaskId>,
    pub metadata: Metadata,
    /// What makes it background work, if it is.
    pub job: Option<Job>,
    /// The task of the run whose step it is.
    pub step_of: Option<TaskId>,
}

record!(Work {
    list, number, active_form if any, owner if any, holder if any, fence = 0, wave if any, blocked_by if any, metadata if any,
    job if any, step_of if any
});
through_json!(Work);

impl Task {
    /// What agents and people call a task of a list: by its number there, where it has one.
    pub fn called(&self) -> String {
        match self.work.as_ref().and_then(|work| work.number) {
            Some(number) => format!("#{number}"),
            None => format!("{:?}", self.title),
        }
    }

    /// Is it for whoever comes first and looks for something to do? What is to run in the background is for those that run such things.
    pub fn is_up_for_grabs(&self) -> bool {
        self.is_for_anybody() && self.work.as_ref().is_some_and(|work| work.job.is_none())
    }

    /// Is it on a list, and for whichever agent can do it?
    pub fn is_for_anybody(&self) -> bool {
        self.status == Status::Pending && self.assignee == Assignee::Agent && self.work.as_ref().is_some_and(|work| work.is_free())
    }
}

impl Work {
    pub fn priority(&self) -> Priority {
        self.metadata.priority()
    }

    /// Is it nobody's and free to begin? One that its list does not show, and one that says why it is stuck, is for nobody.
    fn is_free(&self) -> bool {
        self.owner.is_none() && self.wave.is_some() && !self.metadata.is_internal() && self.metadata.text("blocked_reason").is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_named_as_claude_code_names_it() {
        let named = |text: &str| ListName::new(text).map(|name| name.to_string());
        assert_eq!(named("my-project_2"), Ok("my-project_2".to_owned()));
        assert_eq!(named("team/api v2.é"), Ok("team-api-v2--".to_owned()));
        assert!(named(&"x".repeat(limits::LIST_NAME_CHARS)).is_ok());
        for wrong in [String::new(), "  ".to_owned(), "x".repeat(limits::LIST_NAME_CHARS + 1)] {
            assert_eq!(named(&wrong), Err(InvalidListName), "{wrong:?}");
        }
    }
}
