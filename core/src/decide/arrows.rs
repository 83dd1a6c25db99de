//! The rules of dependencies: what a task of a list waits for, and what becomes free when it is completed.
//!
//! An arrow stands once, on the task that waits. In which wave that may begin is noted beside it, so that whoever sees the task alone knows
//! whether it waits.

use super::draft::Draft;
use super::turn::{due_to, turn};
use super::{check, inbox, offer};
use crate::command::Arrows;
use crate::decision::EventType;
use crate::id::{Id, TaskId};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{AgentName, DeliveryKind, Entity, ListName, Task};
use crate::rejection::Rejection;
use crate::view::{Look, View};

/// As many tasks are named at each end of a circle.
const ENDS: usize = 5;

/// The tasks that these ids name, each once: of the same list, and not the task itself.
pub(super) fn neighbours(view: &impl View, of: &Task, list: &ListName, ids: &[TaskId]) -> Result<Vec<Task>, Rejection> {
    let mut found: Vec<Task> = Vec::with_capacity(ids.len());
    for &id in ids {
        if id == of.id {
            return Err(Rejection::Cycle { tasks: vec![of.called(); 2] });
        }
        let task = check::task(view, id)?;
        if task.work.as_ref().is_none_or(|work| work.list != *list) {
            let problem = format!("task {id} is not of the list {list}: a task waits for tasks of its own list");
            return Err(Rejection::Invalid { field: "dependencies", problem });
        }
        if found.iter().all(|other| other.id != id) {
            found.push(task);
        }
    }
    Ok(found)
}

/// Changes what a task waits for and what waits for it. What changes about others is returned: those that wait for it from now on, or no more.
pub(super) fn change(view: &impl View, task: &mut Task, arrows: &Arrows) -> Result<Vec<Changed>, Rejection> {
    let Some(work) = task.work.clone() else { return Ok(Vec::new()) };
    if arrows.is_empty() {
        return Ok(Vec::new());
    }
    for ends in [&arrows.add_blocks, &arrows.add_blocked_by, &arrows.remove_blocks, &arrows.remove_blocked_by] {
        check_count("tasks that are named at once", ends.len())?;
    }
    let blockers = neighbours(view, task, &work.list, &arrows.add_blocked_by)?;
    let blocked = neighbours(view, task, &work.list, &arrows.add_blocks)?;
    let mut before = work.blocked_by.clone();
    before.retain(|id| !arrows.remove_blocked_by.contains(id));
    let added: Vec<_> = blockers.iter().map(|task| task.id).filter(|id| !before.contains(id)).collect();
    before.extend(&added);
    check_count("tasks that it waits for", before.len())?;
    for blocker in &added {
        let waiting = view.dependents(*blocker).known("what waits for the tasks")?.len();
        check_count("tasks that wait for one", waiting + 1)?;
    }

    let mut others = Vec::new();
    for before in blocked {
        let mut now = before.clone();
        if let Some(of_other) = &mut now.work
            && !of_other.blocked_by.contains(&task.id)
        {
            of_other.blocked_by.push(task.id);
            check_count("tasks that one waits for", of_other.blocked_by.len())?;
            others.push(Changed { before, now });
        }
    }
    let joins = !added.is_empty() || !others.is_empty();
    if joins {
        let mut after = view.dependents(task.id).known("what waits for the task")?;
        // What is to come and to go stays.
        after.retain(|id| !arrows.remove_blocks.contains(id) || arrows.add_blocks.contains(id));
        after.extend(others.iter().map(|other| other.now.id));
        check_count("tasks that wait for it", after.len())?;
        check_circle(view, task, &after, &before)?;
    }
    for id in &arrows.remove_blocks {
        let before = check::task(view, *id)?;
        let mut now = before.clone();
        if let Some(of_other) = &mut now.work
            && of_other.blocked_by.contains(&task.id)
            && !arrows.add_blocks.contains(id)
            && others.iter().all(|other| other.now.id != *id)
        {
            of_other.blocked_by.retain(|blocker| *blocker != task.id);
            others.push(Changed { before, now });
        }
    }
    if let Some(work) = &mut task.work {
        work.blocked_by = before;
    }
    Ok(others)
}

fn check_count(what: &'static str, given: usize) -> Result<(), Rejection> {
    if given > limits::EDGES { Err(Rejection::TooMany { what, limit: limits::EDGES, given }) } else { Ok(()) }
}

/// Refuses arrows that lead back to where they begin. There was no circle before, so one goes over the task.
pub(super) fn check_circle(view: &impl View, task: &Task, after: &[TaskId], before: &[TaskId]) -> Result<(), Rejection> {
    if after.is_empty() || before.is_empty() {
        return Ok(());
    }
    let Some(way) = view.way(after, before, task.id).known("the dependencies of the list")? else { return Ok(()) };
    let named = |ids: &[TaskId]| ids.iter().map(|id| Ok(check::task(view, *id)?.called())).collect::<Result<Vec<_>, Rejection>>();
    let (first, last) = (way.get(..ENDS).unwrap_or(&way), way.get(way.len().saturating_sub(ENDS)..).unwrap_or(&way));
    let between = match way.len().checked_sub(2 * ENDS) {
        // Short enough to be named as a whole.
        None | Some(0) => named(&way)?,
        Some(more) => [named(first)?, vec![format!("({more} more)")], named(last)?].concat(),
    };
    Err(Rejection::Cycle { tasks: [vec![task.called()], between, vec![task.called()]].concat() })
}

/// Notes in which wave a task may begin, by what it waits for now.
pub(super) fn note_wave(view: &impl View, task: &mut Task) -> Result<(), Rejection> {
    let Some(work) = &mut task.work else { return Ok(()) };
    if task.status.is_open() {
        work.wave = view.waits(&work.blocked_by).known("what the task waits for")?.next_wave();
    }
    Ok(())
}

/// A task that has moved.
#[derive(Clone, Copy)]
pub(super) struct Moved<'a> {
    pub task: &'a Task,
    pub from: Status,
    /// What waits for it and is written already.
    pub besides: &'a [TaskId],
}

/// A task has moved: what waits for it may be free now, or must wait again.
pub(super) fn follow(view: &impl View, draft: &mut Draft<'_>, id: Id, moved: &Moved<'_>) -> Result<(), Rejection> {
    let Moved { task, from, besides } = *moved;
    let completed = |status: Status| status == Status::Completed;
    if task.work.is_none() || completed(from) == completed(task.status) {
        return Ok(());
    }
    // A replica knows not what else may wait: that is the authority's to say.
    let Look::Known(dependents) = view.dependents(task.id) else { return Ok(()) };
    for dependent in dependents.into_iter().filter(|dependent| !besides.contains(dependent)) {
        let other = check::task(view, dependent)?;
        write(view, draft, id, task, Changed { now: other.clone(), before: other })?;
    }
    Ok(())
}

/// A task is gone: nothing waits for it any more.
pub(super) fn cut(view: &impl View, draft: &mut Draft<'_>, id: Id, task: &Task) -> Result<(), Rejection> {
    let (Some(_), Look::Known(dependents)) = (&task.work, view.dependents(task.id)) else { return Ok(()) };
    for dependent in dependents {
        let before = check::task(view, dependent)?;
        let mut now = before.clone();
        if let Some(work) = &mut now.work {
            work.blocked_by.retain(|blocker| *blocker != task.id);
        }
        write(view, draft, id, task, Changed { now, before })?;
    }
    Ok(())
}

/// A task that waits for another, or did.
pub(super) struct Changed {
    pub before: Task,
    pub now: Task,
}

/// Writes a task that waits for `moved`, or did, with its wave as it is then, and tells whoever waits to begin it.
pub(super) fn write(view: &impl View, draft: &mut Draft<'_>, id: Id, moved: &Task, changed: Changed) -> Result<(), Rejection> {
    let Changed { before, now: mut task } = changed;
    if let Some(work) = &mut task.work
        && task.status.is_open()
    {
        let others: Vec<_> = work.blocked_by.iter().copied().filter(|id| *id != moved.id).collect();
        let mut waits = view.waits(&others).known("what the task waits for")?;
        if others.len() < work.blocked_by.len() {
            waits.add(moved);
        }
        work.wave = waits.next_wave();
    }
    // What a person is to do is their turn once it may begin.
    if task.status == Status::Pending && is_free(&task) != is_free(&before) {
        let due = due_to(&task);
        turn(&mut task, due, draft.cx);
    }
    if task == before {
        return Ok(());
    }
    let told = if is_free(&task) && !is_free(&before) { told(view, &task, draft.cx.actor.agent()) } else { None };
    task.updated_at = draft.cx.now;
    let was = before;
    draft.event(EventType::TaskUpdated, Some(task.id));
    if let Some(agent) = told {
        let of_agent = Task { agent: Some(agent), ..task.clone() };
        let id = inbox::next_id(view, draft, id);
        inbox::queue(draft, &of_agent, id, DeliveryKind::Status, Some(FREE.to_owned()));
    }
    draft.put(Entity::Task(task.clone()));
    offer::tell(view, draft, id, Some(&was), &task);
    Ok(())
}

fn is_free(task: &Task) -> bool {
    task.status == Status::Pending && task.work.as_ref().is_some_and(|work| work.wave.is_some())
}

const FREE: &str = "free to begin: everything that it waited for is completed";

/// Who waits to begin a task: its owner, if that is an agent with a connection of its own, else the agent that acts for it. Who made it free knows.
fn told(view: &impl View, task: &Task, by: Option<&AgentName>) -> Option<AgentName> {
    let owner = task.work.as_ref()?.owner.as_ref()?;
    let agent = match view.agent(owner) {
        Look::Known(Some(agent)) => Some(agent.name),
        Look::Known(None) | Look::Unknown => task.agent.clone(),
    };
    agent.filter(|agent| Some(agent) != by)
}
