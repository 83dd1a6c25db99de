//! One workspace: what stands in its database, and how it changes: one commit at a time.

pub mod activity;
pub mod arrows;
pub mod blobs;
pub mod calls;
pub mod capacity;
pub mod clients;
pub mod connections;
mod due;
pub mod ended;
pub mod export;
pub mod idempotency;
pub mod import;
pub mod inbox;
pub mod leases;
pub mod log;
pub mod open_tasks;
#[cfg(test)]
mod plans;
pub mod presence;
pub mod reach;
#[cfg(test)]
mod round_trip;
pub mod runs;
pub mod schema;
pub mod sessions;
pub mod sql_store;
pub mod subscriptions;
pub mod templates;
pub mod threads;
pub mod timers;
pub mod tokens;
pub mod transaction;
pub mod workflows;
pub mod works;

use agentrq_core::decision::Change;
use agentrq_core::model::{Entity, Workspace};
use agentrq_core::view::Store;

use self::sql_store::SqlStore;
use crate::sql::{Sql, SqlError};

/// Makes the workspace: its first row, and a history that begins with `tag`.
pub fn make<S: Sql>(sql: S, workspace: Workspace, epoch: &str, tag: &str) -> Result<(), SqlError> {
    SqlStore::create(&sql, epoch, tag)?;
    SqlStore::open(sql)?.apply(&[Change::from(Entity::Workspace(workspace))])
}

/// A workspace that has just been made, in a database in memory.
#[cfg(test)]
pub(crate) fn made_for_tests(db: &rusqlite::Connection) {
    use agentrq_core::model::WorkspaceId;
    use agentrq_core::time::Timestamp;
    crate::migrations::migrate(db, schema::MIGRATIONS).expect("migrated");
    let workspace = Workspace {
        id: WorkspaceId("0123456789ABCDEFGHIJKL".into()),
        name: "Test".into(),
        mission: String::new(),
        enforce_dependencies: false,
        created_at: Timestamp::from_ms(0),
        revision: 0,
    };
    make(db, workspace, "e", "t").expect("made");
}
