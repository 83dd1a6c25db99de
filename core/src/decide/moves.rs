//! A task moves: what is noted on it by that.

use super::turn::{due_to, turn};
use super::{arrows, claim, job};
use crate::command::Context;
use crate::lifecycle::Status;
use crate::model::{Task, Turn};
use crate::rejection::Rejection;
use crate::view::View;

/// Moves a task, where that has been allowed; not yet who hears of it.
pub(super) fn set(view: &impl View, cx: &Context, task: &mut Task, to: Status, reason: Option<String>) -> Result<(), Rejection> {
    let from = task.status;
    claim::moves(view, cx, task, to)?;
    job::moves(task, to, cx);
    task.status = to;
    task.reason = reason;
    if !to.is_open() {
        turn(task, Turn::Nobody, cx);
    } else if !from.is_open() {
        arrows::note_wave(view, task)?;
        turn(task, due_to(task), cx);
    }
    task.updated_at = cx.now;
    Ok(())
}
