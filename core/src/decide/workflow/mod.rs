//! The rules of workflows: what a template may hold, and how it is started. How a run goes on from there is another matter: `run`.
//!
//! ```text
//!   JSON ── read ──▶ Workflow ── start (fill) ──▶ a task for the run, one for each step
//! ```

mod fill;
mod read;
mod start;

use std::fmt;

use crate::json::Raw;
use crate::model::Actor;
use crate::rejection::{Problem, Rejection};

pub use read::{check_name, read};
pub use start::{Arguments, Start, arguments, start};

pub(super) use start::{Named, start_named};

/// What is wrong with a template, or with what was given to one: where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flaw {
    /// The way to it from the outside in, such as `steps[2].dependsOn[0]`.
    pub path: String,
    pub problem: String,
}

impl Flaw {
    fn new(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { path: path.into(), problem: problem.into() }
    }
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for Flaw {}

/// Why a workflow is not started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// What was given for its parameters does not do.
    Flaw(Flaw),
    Rejection(Rejection),
}

/// May this actor put another template in the place of one, or delete it? What a person has saved stands as they saved it: it may have people decide.
///
/// # Errors
/// An agent may not where a person has saved it.
pub fn check_saved_by(saved_by: &Actor, actor: &Actor) -> Result<(), Rejection> {
    if saved_by.is_person() && actor.agent().is_some() {
        return Err(Rejection::Forbidden {
            what: "change or delete a workflow that a person has saved (save it under another name)",
            who: "a person",
        });
    }
    Ok(())
}

impl From<Flaw> for Rejection {
    fn from(flaw: Flaw) -> Self {
        let title = "This is not what a workflow may be".to_owned();
        let extra = [("path", &flaw.path), ("problem", &flaw.problem)];
        let extra = extra.into_iter().map(|(name, text)| (name.to_owned(), Raw::of(text))).collect();
        Self::Refused(Box::new(Problem { code: "workflow_invalid".to_owned(), title, detail: flaw.to_string(), status: 400, extra }))
    }
}

impl From<Refused> for Rejection {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Flaw(flaw) => flaw.into(),
            Refused::Rejection(why) => why,
        }
    }
}

impl From<Flaw> for Refused {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<Rejection> for Refused {
    fn from(why: Rejection) -> Self {
        Self::Rejection(why)
    }
}
