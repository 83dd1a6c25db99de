//! The rules of the inbox: what is queued for agents, and how it comes to be sent, received and seen.

use super::agent;
use super::draft::Draft;
use crate::command::Context;
use crate::decision::{Decision, Effect, EventType};
use crate::id::{DeliveryId, Id, SessionId, TaskId};
use crate::model::{AgentName, Assignee, Delivery, DeliveryCopy, DeliveryKind, DeliveryState, Entity, Route, Task};
use crate::rejection::Rejection;
use crate::report::Report;
use crate::view::{Look, Unseen, View};

/// Queues what an agent must hear, if there is any agent to hear of this task.
pub(super) fn queue(draft: &mut Draft<'_>, task: &Task, id: Id, kind: DeliveryKind, note: Option<String>) {
    if task.agent.is_none() && task.assignee == Assignee::Human {
        return;
    }
    let delivery = Delivery {
        id: DeliveryId(id),
        task: task.id,
        kind,
        note,
        agent: task.agent.clone(),
        state: DeliveryState::Queued,
        route: None,
        session: None,
        queued_at: draft.cx.now,
        sent_at: None,
        received_at: None,
        seen_at: None,
        copies: 0,
        redelivered: false,
        revision: 0,
    };
    draft.put(Entity::Delivery(delivery)).effect(Effect::Deliver);
}

/// An agent acted on a task: it has heard of it, and what was for nobody in particular is now for this agent.
pub(super) fn task_named(view: &impl View, draft: &mut Draft<'_>, task: &Task, owned_before: bool) -> Result<(), Rejection> {
    for delivery in unseen(view, task.id)? {
        if delivery.kind == DeliveryKind::Task && may_be_seen_by(&delivery, draft.cx) {
            let seen = seen(delivery, None, draft.cx);
            draft.put(Entity::Delivery(seen));
        } else if !owned_before && delivery.agent.is_none() {
            draft.put(Entity::Delivery(Delivery { agent: task.agent.clone(), ..delivery }));
        }
    }
    Ok(())
}

/// An agent named a message: its model has read it. What is meant for another agent that one must still hear.
pub(super) fn message_named(view: &impl View, draft: &mut Draft<'_>, id: DeliveryId) -> Result<(), Rejection> {
    if let Look::Known(Some(delivery)) = view.delivery(id)
        && delivery.state != DeliveryState::Seen
        && may_be_seen_by(&delivery, draft.cx)
    {
        let seen = seen(delivery, None, draft.cx);
        draft.put(Entity::Delivery(seen));
    }
    Ok(())
}

/// An agent speaks for its own model only; the streams know whose model it was.
fn may_be_seen_by(delivery: &Delivery, cx: &Context) -> bool {
    match (&delivery.agent, cx.actor.agent()) {
        (Some(to), Some(by)) => to == by,
        _ => true,
    }
}

/// Decides what the streams report. A report that comes late or twice changes nothing.
pub(super) fn report(view: &impl View, report: Report, cx: &Context) -> Result<Decision, Rejection> {
    let mut draft = Draft::new(view, cx);
    match report {
        Report::Connected { agent } => agent::connected(view, &mut draft, agent)?,
        Report::Disconnected { agent } => agent::disconnected(view, &mut draft, &agent)?,
        Report::Heard { agent, client } => agent::heard(view, &mut draft, agent, client)?,
        Report::SessionStarted { agent, session, elsewhere } => session_started(view, &mut draft, &agent, session, &elsewhere)?,
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
    elsewhere: &[SessionId],
) -> Result<(), Rejection> {
    for delivery in view.unseen(Unseen::OwedTo { agent, session }).known("the inbox")? {
        if delivery.session.is_some_and(|with| elsewhere.contains(&with)) {
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

/// Seen implies received: the model cannot act on what did not arrive.
fn seen(delivery: Delivery, route: Option<Route>, cx: &Context) -> Delivery {
    Delivery {
        state: DeliveryState::Seen,
        route: route.or(delivery.route).or(Some(Route::Result)),
        sent_at: delivery.sent_at.or(Some(cx.now)),
        received_at: delivery.received_at.or(Some(cx.now)),
        seen_at: Some(cx.now),
        ..delivery
    }
}

/// Deliveries of a task that no model has acted on yet.
fn unseen(view: &impl View, task: TaskId) -> Result<Vec<Delivery>, Rejection> {
    match view.unseen(Unseen::OfTask(task)) {
        Look::Known(found) => Ok(found),
        // A replica that does not hold the inbox leaves its receipts to the authority.
        Look::Unknown => Ok(Vec::new()),
    }
}
