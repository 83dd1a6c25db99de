//! A run follows from its steps: nobody moves it.
//!
//! It goes on for as long as a step is under way or may yet begin, also where another has failed. When nothing can any more it is completed if
//! all steps are, killed if somebody wanted it stopped, and else failed; what was never begun is called off with it. That end is final: a step
//! that somebody reopens later is a task like any other.

use std::collections::BTreeSet;

use super::arrows::{self, Moved};
use super::draft::Draft;
use super::moves::set;
use super::{AGENTS, check, inbox, notice};
use crate::command::{Arrows, Context};
use crate::decision::{Change, Decision, EventType};
use crate::id::{Id, TaskId};
use crate::json::Raw;
use crate::lifecycle::Status;
use crate::model::{Assignee, DeliveryKind, Entity, Run, Stop, Task};
use crate::rejection::Rejection;
use crate::view::{Look, View};

/// Refuses to move a run by hand.
pub(super) fn moves_itself(task: &Task) -> Result<(), Rejection> {
    match task.work.as_ref().and_then(|work| work.job.as_ref()).is_some_and(|job| job.run.is_some()) {
        true => Err(Rejection::Forbidden { what: "move the run of a workflow (but stop it)", who: "its steps" }),
        false => Ok(()),
    }
}

/// Refuses an agent what a workflow has people decide: their steps are ended, and taken away, by people.
pub(super) fn check_person(task: &Task, cx: &Context) -> Result<(), Rejection> {
    if task.assignee == Assignee::Human && is_step_for_agent(task, cx) {
        return Err(Rejection::Forbidden { what: "decide a step that a workflow has for people", who: "a person" });
    }
    Ok(())
}

/// Refuses an agent to say for whom a step of a workflow is: else it could decide what that has people decide.
pub(super) fn check_for_whom(task: &Task, cx: &Context) -> Result<(), Rejection> {
    if is_step_for_agent(task, cx) {
        return Err(Rejection::Forbidden { what: "say for whom a step of a workflow is", who: "a person" });
    }
    Ok(())
}

/// Refuses an agent to take a step out of a run, or a run away, that is under way: what waits for it would go on without.
pub(super) fn check_stays(view: &impl View, task: &Task, cx: &Context) -> Result<(), Rejection> {
    let run = task.work.as_ref().and_then(|work| work.step_of);
    let is_under_way = |run| matches!(view.task(run), Look::Known(Some(run)) if run.status.is_open());
    if is_step_for_agent(task, cx) && run.is_some_and(is_under_way) {
        return Err(Rejection::Forbidden { what: "delete a step of a workflow", who: "a person" });
    }
    let is_run = task.work.as_ref().and_then(|work| work.job.as_ref()).is_some_and(|job| job.run.is_some());
    if AGENTS && cx.actor.agent().is_some() && is_run && task.status.is_open() {
        return Err(Rejection::Forbidden { what: "delete a run that is under way (but stop it)", who: "a person" });
    }
    Ok(())
}

/// Refuses an agent to take away what a step of a workflow waits for, or what waits for it, and to hold up what that has people decide. `others`: what
/// waits for the task from now on.
pub(super) fn check_order<'a>(
    task: &Task,
    arrows: &Arrows,
    others: impl IntoIterator<Item = &'a Task>,
    cx: &Context,
) -> Result<(), Rejection> {
    let takes_away = !arrows.remove_blocks.is_empty() || !arrows.remove_blocked_by.is_empty();
    if takes_away && is_step_for_agent(task, cx) {
        return Err(Rejection::Forbidden { what: "take a dependency away from a step of a workflow", who: "a person" });
    }
    if !arrows.add_blocked_by.is_empty() {
        check_person(task, cx)?;
    }
    others.into_iter().try_for_each(|other| check_person(other, cx))
}

/// Is it an agent that acts on a step of a workflow?
fn is_step_for_agent(task: &Task, cx: &Context) -> bool {
    AGENTS && cx.actor.agent().is_some() && task.work.as_ref().is_some_and(|work| work.step_of.is_some())
}

/// A task has moved: if it is a step of a run, that follows.
pub(super) fn follow(view: &impl View, draft: &mut Draft<'_>, id: Id, task: &Task, from: Status) -> Result<(), Rejection> {
    match task.work.as_ref().and_then(|work| work.step_of) {
        Some(run) if AGENTS && task.status != from => settle(view, draft, id, run, None),
        _ => Ok(()),
    }
}

/// A task is gone: if it was a step of a run, that goes on without it.
pub(super) fn left(view: &impl View, draft: &mut Draft<'_>, id: Id, task: &Task) -> Result<(), Rejection> {
    match task.work.as_ref().and_then(|work| work.step_of) {
        Some(run) if AGENTS => settle(view, draft, id, run, Some(task.id)),
        _ => Ok(()),
    }
}

/// Brings a run up to date with its steps, and ends it where nothing of it can go on.
#[inline(never)]
fn settle(view: &impl View, draft: &mut Draft<'_>, id: Id, of: TaskId, gone: Option<TaskId>) -> Result<(), Rejection> {
    let Some(before) = latest(view, draft, of)?.filter(|task| task.status.is_open()) else { return Ok(()) };
    let steps = steps(view, draft, &before, gone)?;
    let Some(mut run) = Run::of(&before) else { return Ok(()) };
    run.steps = steps.iter().map(|step| step.id).collect();
    run.completed = steps.iter().filter(|step| step.status == Status::Completed).count() as u64;
    let mut task = before.clone();
    let Some(job) = task.work.as_mut().and_then(|work| work.job.as_mut()) else { return Ok(()) };
    job.run = Some(Raw::of(&run));
    let is_stopped = job.stop.is_some();
    if let Some(to) = end(&steps, is_stopped) {
        let why = if is_stopped { "its run was stopped" } else { "its run cannot go on" };
        for step in steps.iter().filter(|step| step.status.is_open()) {
            call_off(view, draft, step, why)?;
        }
        return ends(view, draft, id, task, to, how_far(&steps));
    }
    if task != before {
        task.updated_at = draft.cx.now;
        draft.event(EventType::TaskUpdated, Some(of)).put(Entity::Task(task));
    }
    Ok(())
}

/// How a run ends, if nothing of it is under way or may yet begin.
fn end(steps: &[Task], is_stopped: bool) -> Option<Status> {
    let are_all = |is: fn(&Task) -> bool| steps.iter().all(is);
    if steps.iter().any(|step| step.status == Status::Active) {
        return None;
    }
    if steps.is_empty() || (is_stopped && !are_all(|step| step.status == Status::Completed)) {
        return Some(Status::Killed);
    }
    if are_all(|step| step.status == Status::Completed) {
        return Some(Status::Completed);
    }
    // What waits for what has failed never begins, nor does what waits for that.
    let mut dead: BTreeSet<TaskId> =
        steps.iter().filter(|step| !step.status.is_open() && step.status != Status::Completed).map(|step| step.id).collect();
    let mut pending: Vec<_> = steps.iter().filter(|step| step.status.is_open()).collect();
    loop {
        let known = dead.len();
        pending.retain(|step| {
            let waits_in_vain = step.work.iter().flat_map(|work| &work.blocked_by).any(|blocker| dead.contains(blocker));
            if waits_in_vain {
                dead.insert(step.id);
            }
            !waits_in_vain
        });
        if dead.len() == known {
            break;
        }
    }
    pending.is_empty().then_some(Status::Failed)
}

/// "2 of 3 steps completed; #4 "Deploy" failed".
fn how_far(steps: &[Task]) -> String {
    let completed = steps.iter().filter(|step| step.status == Status::Completed).count();
    let other = |step: &&Task| !step.status.is_open() && step.status != Status::Completed;
    let others = steps.iter().filter(other).take(3).map(|step| format!("; {} {:?} {}", step.called(), step.title, step.status.word()));
    let text: String = [format!("{completed} of {} steps completed", steps.len())].into_iter().chain(others).collect();
    text.chars().take(crate::limits::REASON_CHARS).collect()
}

fn ends(view: &impl View, draft: &mut Draft<'_>, id: Id, mut task: Task, to: Status, how: String) -> Result<(), Rejection> {
    let before = Task { status: Status::Active, ..task.clone() };
    set(view, draft.cx, &mut task, to, Some(how))?;
    draft.event(EventType::StatusUpdated, Some(task.id)).put(Entity::Task(task.clone()));
    arrows::follow(view, draft, id, &Moved { task: &task, from: before.status, besides: &[] })?;
    notice::ended(view, draft, id, &before, &task)
}

/// A step is ended that nobody has to be asked about.
fn call_off(view: &impl View, draft: &mut Draft<'_>, step: &Task, why: &str) -> Result<(), Rejection> {
    let mut step = step.clone();
    set(view, draft.cx, &mut step, Status::Killed, Some(why.to_owned()))?;
    draft.event(EventType::StatusUpdated, Some(step.id)).put(Entity::Task(step));
    Ok(())
}

/// Somebody wants a run to end. What has not begun is called off, and so is what an agent or a person has at hand; whoever runs a command is told
/// to end it, and the run ends with the last of them.
pub(super) fn stop(view: &impl View, cx: &Context, id: Id, mut run: Task) -> Result<Decision, Rejection> {
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    let wish = Stop { at: cx.now, by: Some(cx.actor.clone()), unconfirmed: false };
    if let Some(job) = run.work.as_mut().and_then(|work| work.job.as_mut()) {
        job.stop = Some(wish.clone());
    }
    run.updated_at = cx.now;
    draft.event(EventType::TaskUpdated, Some(run.id)).put(Entity::Task(run.clone()));
    for step in steps(view, &draft, &run, None)? {
        let holder = step.work.as_ref().and_then(|work| work.holder.clone());
        let runs = step.status == Status::Active && step.work.as_ref().is_some_and(|work| work.job.is_some());
        match holder {
            _ if !step.status.is_open() => {}
            Some(holder) if runs => notice::shall_stop(view, &mut draft, id, step, &holder, &wish),
            holder => {
                call_off(view, &mut draft, &step, "its run was stopped")?;
                if let Some(holder) = holder.filter(|holder| cx.actor.agent() != Some(holder)) {
                    let news = inbox::next_id(view, &mut draft, id);
                    let told = Task { agent: Some(holder), ..step };
                    inbox::queue(&mut draft, &told, news, DeliveryKind::Status, Some("ongoing → killed: its run was stopped".to_owned()));
                }
            }
        }
    }
    settle(view, &mut draft, id, run.id, None)?;
    Ok(draft.done())
}

/// The steps of a run as they are by now, but for one that is just going.
fn steps(view: &impl View, draft: &Draft<'_>, run: &Task, gone: Option<TaskId>) -> Result<Vec<Task>, Rejection> {
    let ids = Run::of(run).map(|run| run.steps).unwrap_or_default();
    let mut steps = Vec::with_capacity(ids.len());
    for id in ids.iter().filter(|id| Some(**id) != gone) {
        steps.extend(latest(view, draft, *id)?);
    }
    Ok(steps)
}

/// A task as this decision has it so far.
fn latest(view: &impl View, draft: &Draft<'_>, id: TaskId) -> Result<Option<Task>, Rejection> {
    let written = draft.events.iter().rev().flat_map(|event| event.changes.iter().rev()).find_map(|change| match change {
        Change::Put { entity } => match &**entity {
            Entity::Task(task) if task.id == id => Some(task.clone()),
            _ => None,
        },
        Change::Delete { .. } => None,
    });
    match written {
        Some(task) => Ok(Some(task)),
        None => view.task(id).known("the steps of the run"),
    }
}
