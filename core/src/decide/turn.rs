//! Whose turn a task is, and since when.

use crate::command::Context;
use crate::model::{Assignee, Task, Turn};

/// Gives the turn, and notes since when.
pub(super) fn turn(task: &mut Task, to: Turn, cx: &Context) {
    if task.turn != to {
        task.turn = to;
        task.waiting_since = cx.now;
    }
}

/// Whose turn it is where nothing has been said: what a person is to do and still waits for other tasks asks nothing of them yet.
pub(super) fn due_to(task: &Task) -> Turn {
    match &task.work {
        Some(work) if work.wave.is_none() => Turn::Agent,
        _ => side(task.assignee),
    }
}

pub(super) fn side(assignee: Assignee) -> Turn {
    match assignee {
        Assignee::Human => Turn::Human,
        Assignee::Agent => Turn::Agent,
    }
}
