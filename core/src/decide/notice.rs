//! Who is told of background work: that it shall stop, and how it has ended.

use super::draft::Draft;
use super::job::{job_of, of};
use super::{AGENTS, inbox};
use crate::decision::EventType;
use crate::id::{Id, TaskId};
use crate::model::{Actor, AgentName, DeliveryKind, Entity, Job, Stop, Task};
use crate::rejection::Rejection;
use crate::view::{Look, View};

/// Whoever runs it is told to end it, unless they have been.
pub(super) fn shall_stop(view: &impl View, draft: &mut Draft<'_>, id: Id, mut task: Task, holder: &AgentName, wish: &Stop) {
    let Some(job) = of(&mut task).filter(|job| job.stop.is_none()) else { return };
    job.stop = Some(wish.clone());
    draft.event(EventType::TaskUpdated, Some(task.id));
    tell_to_stop(view, draft, id, &task, holder, format!("{} wants it", draft.cx.actor));
    task.updated_at = draft.cx.now;
    draft.put(Entity::Task(task));
}

/// If a run is over, nobody need be told to stop it. If that is the end, those are told who wait for it: who asked for it, and who wanted it
/// stopped. Who ended it knows; who ended the last step of a run need not know that it was the last.
pub(super) fn ended(view: &impl View, draft: &mut Draft<'_>, id: Id, before: &Task, task: &Task) -> Result<(), Rejection> {
    if !AGENTS {
        return Ok(());
    }
    let (Some(was), Some(job)) = (job_of(before), job_of(task)) else { return Ok(()) };
    if was.stop.is_some() && (job.stop.is_none() || !task.status.is_open()) {
        inbox::stops_settled(view, draft, task.id)?;
    }
    if task.status.is_open() || !before.status.is_open() {
        return Ok(());
    }
    let stopped_by = was.stop.as_ref().and_then(|stop| stop.by.as_ref());
    // Of a step it is its run's end that whoever started that is told of, or stopped it.
    let run = task.work.as_ref().and_then(|work| work.step_of);
    let is_with_run = || run.is_some_and(|run| is_stopped_with(view, run, was));
    let told = [Some(&task.created_by).filter(|_| run.is_none()), stopped_by.filter(|_| !is_with_run())];
    let mut told: Vec<&AgentName> = told.into_iter().flatten().filter_map(Actor::agent).collect();
    told.dedup();
    let knows = |agent: &AgentName| draft.cx.actor.agent() == Some(agent) && (job.run.is_none() || stopped_by == Some(&draft.cx.actor));
    told.retain(|agent| !knows(agent));
    for agent in told {
        let news = inbox::next_id(view, draft, id);
        inbox::queue(draft, &for_agent(task, agent), news, DeliveryKind::Ended, Some(how_it_ended(task, job)));
    }
    Ok(())
}

/// How a job has ended, in a sentence.
fn how_it_ended(task: &Task, job: &Job) -> String {
    let code = job.exit_code.map(|code| format!(" (exit code {code})")).unwrap_or_default();
    let why = task.reason.as_deref().map(|why| format!(": {why}")).unwrap_or_default();
    format!("Background {} \"{}\" {}{code}{why}", job.kind.noun(), job.command.as_deref().unwrap_or(&task.title), task.status.word())
}

pub(super) fn tell_to_stop(view: &impl View, draft: &mut Draft<'_>, id: Id, task: &Task, holder: &AgentName, note: String) {
    let news = inbox::next_id(view, draft, id);
    inbox::queue(draft, &for_agent(task, holder), news, DeliveryKind::Stop, Some(note));
}

/// The task as news of it go to this agent.
fn for_agent(task: &Task, agent: &AgentName) -> Task {
    Task { agent: Some(agent.clone()), ..task.clone() }
}

/// Is the wish that a step end the one that its run end?
fn is_stopped_with(view: &impl View, run: TaskId, step: &Job) -> bool {
    let Look::Known(Some(run)) = view.task(run) else { return false };
    step.stop.is_some()
        && run.work.and_then(|work| work.job).is_some_and(|run| run.stop.map(|it| it.at) == step.stop.as_ref().map(|it| it.at))
}
