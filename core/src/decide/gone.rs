//! An agent is gone: its claims end with their lease, and what it had begun is free again.

use super::draft::Draft;
use super::moves::set;
use super::{background, inbox, offer};
use crate::decision::EventType;
use crate::id::Id;
use crate::lifecycle::Status;
use crate::model::{AgentName, DeliveryKind, Entity};
use crate::rejection::Rejection;
use crate::view::View;

use super::claim::lease_ends;

/// If an agent has not been heard of for as long as its claims stand without a word, they end, and what it had begun is free again.
pub(super) fn gone(view: &impl View, draft: &mut Draft<'_>, id: Id, agent: &AgentName, lease_ms: u64) -> Result<(), Rejection> {
    let now = draft.cx.now;
    let stands = view.agent(agent).known("the agent")?.is_some_and(|agent| lease_ends(&agent, lease_ms).is_none_or(|end| now < end));
    if stands {
        return Ok(());
    }
    for mut task in view.held_by(agent).known("claims")? {
        // What ran there is not run again by itself: it may have been half done.
        if task.work.as_ref().is_some_and(|work| work.job.is_some()) {
            background::lost(view, draft, id, task)?;
            continue;
        }
        set(view, draft.cx, &mut task, Status::Pending, None)?;
        let Some(work) = &mut task.work else { continue };
        work.owner = None;
        draft.event(EventType::StatusUpdated, Some(task.id));
        // Who asked for it may see to it; else its agent is told, should it come back.
        let asked = task.created_by.agent().filter(|by| *by != agent).cloned();
        let note = match &asked {
            Some(_) => format!("free again: {agent} had it and has not been heard of"),
            None => "taken from you, who were not heard of for long: claim it again before you go on".to_owned(),
        };
        task.session = None;
        task.agent = asked.or(task.agent);
        let news = inbox::next_id(view, draft, id);
        inbox::queue(draft, &task, news, DeliveryKind::Status, Some(note));
        draft.put(Entity::Task(task.clone()));
        offer::tell(view, draft, id, None, &task);
    }
    Ok(())
}
