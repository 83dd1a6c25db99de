//! One run of a workflow, as it stands on the task that it is tracked by. What it is to do are its steps, which are tasks of their own.

use super::{Metadata, Task};
use crate::id::TaskId;
use crate::json::{from_str, through_json};
use crate::record;

/// What was started, and how far it is. How it ends follows from its steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The template's name, and which revision of it was started: it may be another by now, or gone.
    pub workflow: String,
    pub revision: u64,
    /// The texts that were put in for its parameters, by their names.
    pub parameters: Metadata,
    /// In the order of the template; one that is deleted is none any more.
    pub steps: Vec<TaskId>,
    /// How many of them are completed.
    pub completed: u64,
}

record!(Run { workflow, revision, parameters if any, steps, completed });
through_json!(Run);

impl Run {
    /// The run that is tracked by this task, if it tracks one.
    pub fn of(task: &Task) -> Option<Self> {
        let job = task.work.as_ref()?.job.as_ref()?;
        from_str(job.run.as_ref()?.as_str()).ok()
    }
}
