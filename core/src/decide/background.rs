//! The rules of background work once it is there: stopped, out of time, out of touch, ended without a word.

use super::draft::Draft;
use super::follow::follow;
use super::job::{Due, next, of};
use super::moves::set;
use super::notice::{shall_stop, tell_to_stop};
use super::{AGENTS, check, run};
use crate::command::Context;
use crate::decision::{Decision, EventType};
use crate::id::{Id, TaskId};
use crate::lifecycle::Status;
use crate::model::{Entity, Stop, Task};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::view::View;

/// Somebody wants it to end. What nobody has begun has ended by that; else whoever runs it is told, and says when it has.
pub(super) fn stop(view: &impl View, cx: &Context, id: Id, task: TaskId) -> Result<Decision, Rejection> {
    let mut task = check::task(view, task)?;
    let before = task.clone();
    let holder = task.work.as_ref().and_then(|work| work.holder.clone());
    let Some(job) = of(&mut task) else { return Err(Rejection::NotBackground { task: task.id }) };
    if !before.status.is_open() || job.stop.is_some() {
        return Ok(Decision::already());
    }
    if AGENTS && job.run.is_some() {
        return run::stop(view, cx, id, task);
    }
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    let Some(holder) = holder else {
        end(view, &mut draft, id, task, Status::Killed, "stopped before anybody ran it")?;
        return Ok(draft.done());
    };
    shall_stop(view, &mut draft, id, task, &holder, &Stop { at: cx.now, by: Some(cx.actor.clone()), unconfirmed: false });
    Ok(draft.done())
}

/// Does what time has decided of a task by now.
pub(super) fn due(view: &impl View, draft: &mut Draft<'_>, id: Id, task: TaskId, lease_ms: u64) -> Result<(), Rejection> {
    let now = draft.cx.now;
    let Some(mut task) = view.task(task).known("the task")? else { return Ok(()) };
    let Some((_, due)) = next(&task, lease_ms).filter(|(at, _)| *at <= now) else { return Ok(()) };
    let holder = task.work.as_ref().and_then(|work| work.holder.clone());
    let Some(job) = of(&mut task) else { return Ok(()) };
    match due {
        Due::GivenUp => return lost(view, draft, id, task),
        Due::Unconfirmed => {
            if let Some(stop) = &mut job.stop {
                stop.unconfirmed = true;
            }
            draft.event(EventType::TaskUpdated, Some(task.id));
        }
        Due::OutOfTime => {
            let Some(holder) = holder else { return end(view, draft, id, task, Status::Killed, "its time was over") };
            job.stop = Some(Stop { at: now, by: None, unconfirmed: false });
            draft.event(EventType::TaskUpdated, Some(task.id));
            tell_to_stop(view, draft, id, &task, &holder, "its time is over".to_owned());
        }
    }
    task.updated_at = now;
    draft.put(Entity::Task(task));
    Ok(())
}

/// Nothing has been heard of whoever runs it for long.
pub(super) fn silent(view: &impl View, draft: &mut Draft<'_>, task: TaskId) -> Result<(), Rejection> {
    touch(view, draft, task, Some(draft.cx.now))
}

/// Something has been heard of it again.
pub(super) fn heard(view: &impl View, draft: &mut Draft<'_>, task: TaskId) -> Result<(), Rejection> {
    touch(view, draft, task, None)
}

fn touch(view: &impl View, draft: &mut Draft<'_>, task: TaskId, lost_at: Option<Timestamp>) -> Result<(), Rejection> {
    let Some(mut task) = view.task(task).known("the task")?.filter(|task| task.status == Status::Active) else { return Ok(()) };
    let Some(job) = of(&mut task).filter(|job| job.lost_at.is_some() != lost_at.is_some()) else { return Ok(()) };
    job.lost_at = lost_at;
    draft.event(EventType::TaskUpdated, Some(task.id)).put(Entity::Task(task));
    Ok(())
}

/// Whoever ran it does not come back: it has failed, or what was to be stopped has.
pub(super) fn lost(view: &impl View, draft: &mut Draft<'_>, id: Id, mut task: Task) -> Result<(), Rejection> {
    let holder = task.work.as_ref().and_then(|work| work.holder.as_ref().or(work.owner.as_ref()).cloned());
    let who = holder.map_or_else(|| "whoever ran it".to_owned(), |holder| holder.to_string());
    let to = if of(&mut task).is_some_and(|job| job.stop.is_some()) { Status::Killed } else { Status::Failed };
    end(view, draft, id, task, to, &format!("contact with {who} was lost"))
}

/// It ends without a word from whoever ran it.
fn end(view: &impl View, draft: &mut Draft<'_>, id: Id, mut task: Task, to: Status, why: &str) -> Result<(), Rejection> {
    let before = task.clone();
    set(view, draft.cx, &mut task, to, Some(why.to_owned()))?;
    draft.event(EventType::StatusUpdated, Some(task.id)).put(Entity::Task(task.clone()));
    follow(view, draft, id, &before, &task, &[])
}
