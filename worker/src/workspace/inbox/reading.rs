//! What the inbox's parts share: a look, an item to be read, an event.

use agentrq_core::id::MessageId;
use agentrq_core::mcp::channel::Item;
use agentrq_core::mcp::event_id::EventId;
use agentrq_core::model::{Delivery, DeliveryKind};
use agentrq_core::sse;
use agentrq_core::view::{Look, View};
use serde_json::Value;

use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::transaction::Transaction;

/// What a look found. This store holds everything, so Unknown means that the database failed.
pub(crate) fn looked<S: Sql, T>(tx: &Transaction<S>, look: Look<T>) -> Result<T, Problem> {
    tx.store().looked(look)
}

/// A delivery with what it is about, ready to be read: its `copy`-th copy. Each after the first says so, since nobody knows for certain that
/// what went before it was not read.
pub(super) fn item<S: Sql>(tx: &Transaction<S>, delivery: &Delivery, copy: u32) -> Result<Item, Problem> {
    let task = looked(tx, tx.store().task(delivery.task))?;
    let message = match delivery.kind {
        DeliveryKind::Reply | DeliveryKind::Verdict => Some(MessageId(delivery.id.0)),
        DeliveryKind::Task => Some(MessageId(delivery.task.0)),
        DeliveryKind::Status | DeliveryKind::Stop | DeliveryKind::Ended => None,
    };
    let message = match message {
        Some(id) => looked(tx, tx.store().message(id))?,
        None => None,
    };
    let delivery = Delivery { redelivered: delivery.redelivered || copy > 1, ..delivery.clone() };
    Ok(Item::render(&delivery, task.as_ref(), message.as_ref()))
}

/// A message as an event that a client need not come back to.
pub fn message(value: &Value) -> String {
    sse::Frame { event: Some("message"), id: None, data: &value.to_string() }.encode()
}

/// A message as the event of this id.
pub(super) fn event(id: &EventId, value: &Value) -> String {
    sse::Frame { event: Some("message"), id: Some(&id.to_string()), data: &value.to_string() }.encode()
}
