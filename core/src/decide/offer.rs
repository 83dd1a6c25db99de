//! The rules of waiting for work: who found nothing to do on a list is told, once, when something on it is free to begin and nobody's. A model is
//! told of what is to be thought about, a program of what is to run.
//!
//! All who wait are told, not one of them: whoever comes first gets it, and one that has died meanwhile holds up nobody.

use super::draft::Draft;
use super::{AGENTS, agent, inbox};
use crate::decision::EventType;
use crate::id::Id;
use crate::model::{Agent, AgentName, DeliveryKind, Entity, ListName, Task};
use crate::rejection::Rejection;
use crate::view::{Look, View};

/// An agent found nothing to do on a list: it waits to be told.
pub(super) fn wait(view: &impl View, draft: &mut Draft<'_>, name: &AgentName, list: &ListName) -> Result<(), Rejection> {
    let agent = agent::known_or_new(view, draft.cx, name.clone())?;
    if agent.waits_for_work.as_ref() != Some(list) {
        let agent = Agent { waits_for_work: Some(list.clone()), ..agent };
        draft.event(EventType::AgentUpdated, None).put(Entity::Agent(agent));
    }
    Ok(())
}

/// If a task has become what anybody may take, tells those who wait for something on its list. A replica leaves that to the authority.
pub(super) fn tell(view: &impl View, draft: &mut Draft<'_>, id: Id, before: Option<&Task>, task: &Task) {
    if !AGENTS {
        return;
    }
    let Some(work) = task.work.as_ref().filter(|_| task.is_for_anybody() && !before.is_some_and(Task::is_for_anybody)) else { return };
    let is_to_run = work.job.is_some();
    let Look::Known(waiting) = view.waiting_for_work(&work.list) else { return };
    for agent in waiting {
        // Several tasks may become free in one decision.
        if draft.has_changed(&agent.name) || agent.is_program() != is_to_run {
            continue;
        }
        let name = agent.name.clone();
        draft.event(EventType::AgentUpdated, None).put(Entity::Agent(Agent { waits_for_work: None, ..agent }));
        // Who made it free knows.
        if draft.cx.actor.agent() != Some(&name) {
            let news = inbox::next_id(view, draft, id);
            let note = if is_to_run { "free to run" } else { "free to begin: TaskNext takes it, or what is more urgent" };
            inbox::queue(draft, &Task { agent: Some(name), ..task.clone() }, news, DeliveryKind::Task, Some(note.to_owned()));
        }
    }
}
