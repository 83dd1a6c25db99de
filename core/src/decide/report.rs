//! What the streams report, and what comes of it: presence, deliveries on their way, the end of leases, and what time decides.

use super::draft::Draft;
use super::inbox::{may_be_seen_by, seen};
use super::{agent, background, gone};
use crate::command::Context;
use crate::decision::{Decision, Effect, EventType};
use crate::id::{DeliveryId, SessionId};
use crate::model::{AgentName, Delivery, DeliveryCopy, DeliveryState, Entity, Route};
use crate::rejection::Rejection;
use crate::report::Report;
use crate::view::{Look, Unseen, View};

/// Decides what the streams report. A report that comes late or twice changes nothing.
pub(super) fn report(view: &impl View, report: Report, cx: &Context) -> Result<Decision, Rejection> {
    let mut draft = Draft::new(view, cx);
    match report {
        Report::Connected { agent } => agent::connected(view, &mut draft, agent)?,
        Report::Disconnected { agent } => agent::disconnected(view, &mut draft, &agent)?,
        Report::Heard { agent, client } => agent::heard(view, &mut draft, agent, client)?,
        Report::SessionStarted { agent, session, elsewhere, in_answers } => {
            let stays = |delivery: &Delivery| {
                delivery.session.is_some_and(|with| elsewhere.contains(&with)) || in_answers.contains(&delivery.last_copy())
            };
            session_started(view, &mut draft, &agent, session, stays)?;
        }
        Report::Gone { id, agent, lease_ms } => gone::gone(view, &mut draft, id, &agent, lease_ms)?,
        Report::Due { id, task, lease_ms } => background::due(view, &mut draft, id, task, lease_ms)?,
        Report::Silent { task } => background::silent(view, &mut draft, task)?,
        Report::Resumed { task } => background::heard(view, &mut draft, task)?,
        Report::Sent { copies, session, route } => each_copy(view, &mut draft, copies, |delivery, copy| {
            (delivery.state == DeliveryState::Queued && copy == delivery.next_copy()).then(|| sent(delivery, session, route, cx))
        })?,
        Report::Received { copies } => {
            each_copy(view, &mut draft, copies, |delivery, copy| is_on_its_way(&delivery, copy).then(|| received(delivery, cx)))?
        }
        Report::Lost { copies } => {
            each_copy(view, &mut draft, copies, |delivery, copy| is_on_its_way(&delivery, copy).then(|| requeued(delivery)))?;
            if !draft.events.is_empty() {
                draft.effect(Effect::Deliver);
            }
        }
        Report::Seen { deliveries, route } => {
            let unseen = |delivery: &Delivery| delivery.state != DeliveryState::Seen && may_be_seen_by(delivery, cx);
            for id in deliveries {
                change(view, &mut draft, id, |delivery| unseen(&delivery).then(|| seen(delivery, route, cx)))?;
            }
        }
    }
    if draft.events.is_empty() && draft.effects.is_empty() {
        return Ok(Decision::already());
    }
    Ok(draft.done())
}

/// A new model listens. What earlier sessions of the agent were given and never acted on is owed to it, once.
fn session_started(
    view: &impl View,
    draft: &mut Draft<'_>,
    agent: &AgentName,
    session: SessionId,
    stays: impl Fn(&Delivery) -> bool,
) -> Result<(), Rejection> {
    let is_program = matches!(view.agent(agent), Look::Known(Some(agent)) if agent.is_program());
    for delivery in view.unseen(Unseen::OwedTo { agent, session }).known("the inbox")? {
        if stays(&delivery) || (is_program && delivery.agent.is_none()) {
            continue;
        }
        let task = delivery.task;
        let owed = Delivery { redelivered: true, ..requeued(delivery) };
        draft.event(EventType::DeliveryUpdated, Some(task)).put(Entity::Delivery(owed));
    }
    draft.effect(Effect::Deliver);
    Ok(())
}

/// Changes the delivery of each of these copies if `step` has an answer for it.
fn each_copy(
    view: &impl View,
    draft: &mut Draft<'_>,
    copies: Vec<DeliveryCopy>,
    step: impl Fn(Delivery, DeliveryCopy) -> Option<Delivery>,
) -> Result<(), Rejection> {
    copies.into_iter().try_for_each(|copy| change(view, draft, copy.delivery, |delivery| step(delivery, copy)))
}

/// Changes a delivery if `step` has an answer for it, with an event of its own.
fn change(
    view: &impl View,
    draft: &mut Draft<'_>,
    id: DeliveryId,
    step: impl FnOnce(Delivery) -> Option<Delivery>,
) -> Result<(), Rejection> {
    if let Some(next) = view.delivery(id).known("the inbox")?.and_then(step) {
        draft.event(EventType::DeliveryUpdated, Some(next.task)).put(Entity::Delivery(next));
    }
    Ok(())
}

/// Word of one copy says nothing of another that has been handed over since, to whomever and on whatever way.
fn is_on_its_way(delivery: &Delivery, copy: DeliveryCopy) -> bool {
    delivery.state == DeliveryState::Sent && delivery.last_copy() == copy
}

fn sent(delivery: Delivery, session: SessionId, route: Route, cx: &Context) -> Delivery {
    Delivery {
        state: DeliveryState::Sent,
        route: Some(route),
        session: Some(session),
        sent_at: Some(cx.now),
        copies: delivery.copies + 1,
        ..delivery
    }
}

fn received(delivery: Delivery, cx: &Context) -> Delivery {
    Delivery { state: DeliveryState::Received, received_at: Some(cx.now), ..delivery }
}

fn requeued(delivery: Delivery) -> Delivery {
    Delivery { state: DeliveryState::Queued, route: None, session: None, sent_at: None, received_at: None, ..delivery }
}
