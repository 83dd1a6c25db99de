//! A task has moved: what follows from that for others.

use super::draft::Draft;
use super::{arrows, notice, offer, run};
use crate::id::{Id, TaskId};
use crate::model::Task;
use crate::rejection::Rejection;
use crate::view::View;

/// What waits for the task may begin or must wait again, the end of what ran is told, a run goes on with its step, and who looks for work hears of it.
/// `besides`: what waits for it and is written already.
pub(super) fn follow(
    view: &impl View,
    draft: &mut Draft<'_>,
    id: Id,
    before: &Task,
    task: &Task,
    besides: &[TaskId],
) -> Result<(), Rejection> {
    arrows::follow(view, draft, id, &arrows::Moved { task, from: before.status, besides })?;
    notice::ended(view, draft, id, before, task)?;
    run::follow(view, draft, id, task, before.status)?;
    offer::tell(view, draft, id, Some(before), task);
    Ok(())
}
