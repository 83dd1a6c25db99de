//! What has not reached the session it was given to.

use agentrq_core::Report;
use agentrq_core::id::SessionId;
use agentrq_core::model::DeliveryState;
use agentrq_core::view::View;

use super::given::Given;
use super::reading::looked;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::transaction::Transaction;

/// This did not reach the session: what was handed over with it waits again, and all of it may stand in the session's results again.
pub fn take_back<S: Sql>(tx: &mut Transaction<S>, session: SessionId, given: Given) -> Result<(), Problem> {
    if given.is_empty() {
        return Ok(());
    }
    for delivery in given.ids() {
        tx.sql()
            .exec("DELETE FROM shown WHERE session = ? AND delivery = ?", &[session.to_string().into(), delivery.to_string().into()])?;
    }
    let lost: Vec<_> = given.copies.iter().map(|copy| copy.delivery).collect();
    tx.report(Report::Lost { copies: given.copies })?;
    for id in lost {
        // Another session may have been told that it was on its way.
        if looked(tx, tx.store().delivery(id))?.is_some_and(|delivery| delivery.state == DeliveryState::Queued) {
            tx.sql().exec("DELETE FROM shown WHERE delivery = ?", &[id.to_string().into()])?;
        }
    }
    Ok(())
}
