//! The rules of the inbox: what is queued for agents, and how it comes to be sent, received and seen.

use super::check;
use super::draft::Draft;
use crate::command::Context;
use crate::decision::Effect;
use crate::id::{DeliveryId, Id, TaskId};
use crate::model::{Assignee, Delivery, DeliveryKind, DeliveryState, Entity, Route, Task};
use crate::rejection::Rejection;
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

/// An id for one more delivery of a decision, beside whatever bears this one.
pub(super) fn next_id(view: &impl View, draft: &mut Draft<'_>, id: Id) -> Id {
    let mut next = draft.given.map_or(id, Id::next);
    while draft.names(next) || check::fresh(view, next).is_err() {
        next = next.next();
    }
    draft.given = Some(next);
    next
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

/// A run is over: nobody need hear any more that it should end.
pub(super) fn stops_settled(view: &impl View, draft: &mut Draft<'_>, task: TaskId) -> Result<(), Rejection> {
    for delivery in unseen(view, task)?.into_iter().filter(|delivery| delivery.kind == DeliveryKind::Stop) {
        let settled = seen(delivery, None, draft.cx);
        draft.put(Entity::Delivery(settled));
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
pub(super) fn may_be_seen_by(delivery: &Delivery, cx: &Context) -> bool {
    match (&delivery.agent, cx.actor.agent()) {
        (Some(to), Some(by)) => to == by,
        _ => true,
    }
}

/// Seen implies received: the model cannot act on what did not arrive.
pub(super) fn seen(delivery: Delivery, route: Option<Route>, cx: &Context) -> Delivery {
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
