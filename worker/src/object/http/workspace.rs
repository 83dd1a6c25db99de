//! The workspace itself over HTTP: made by the account, renamed, deleted.

use agentrq_core::command::Command;
use agentrq_core::id::Id;
use agentrq_core::model::{Workspace, WorkspaceId};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;
use serde::Deserialize;
use worker::Response;

use super::{Asked, answer, no_content};
use crate::atomic::atomically;
use crate::mcp::tell;
use crate::object::WorkspaceObject;
use crate::object::sockets::Sockets;
use crate::problem::Problem;
use crate::random;
use crate::stream::line::Ending;
use crate::workspace::connections;
use crate::workspace::inbox::looked;

/// What the account says of a workspace that it makes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewWorkspace {
    id: WorkspaceId,
    name: String,
    mission: String,
    created_at: Timestamp,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WorkspaceEdit {
    name: Option<String>,
    mission: Option<String>,
    enforce_dependencies: Option<bool>,
}

impl WorkspaceEdit {
    fn command(self, id: Id) -> Command {
        Command::EditWorkspace { id, name: self.name, mission: self.mission, enforce_dependencies: self.enforce_dependencies }
    }
}

impl WorkspaceObject {
    /// The account made the workspace; making it again changes nothing.
    pub(super) fn make(&self, new: NewWorkspace) -> Result<Response, Problem> {
        if !self.is_made()? {
            let (name, mission) = agentrq_core::decide::check_workspace(&new.name, &new.mission)?;
            self.migrate()?;
            let workspace = Workspace { id: new.id, name, mission, enforce_dependencies: false, created_at: new.created_at, revision: 0 };
            let (epoch, tag) = (format!("{:x}", random::bits()?), format!("{:x}", random::bits()?));
            atomically(&self.state.storage(), || Ok(crate::workspace::make(self.sql(), workspace, &epoch, &tag)?))?;
            self.forget_whether_made();
            self.is_leaving.set(false);
        }
        answer(201, &self.workspace()?)
    }

    pub(super) fn workspace(&self) -> Result<Workspace, Problem> {
        self.read(|tx| looked(tx, tx.store().workspace()))
    }

    pub(super) async fn edit_workspace(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let edit: WorkspaceEdit = self.json(asked.request, &asked.asker).await?;
        let actor = asked.asker.actor()?;
        let id = random::id(random::now())?;
        self.commit(|tx| tx.run(edit.command(id), &actor, None).map(|_| ()))?;
        answer(200, &self.workspace()?)
    }

    pub(super) async fn delete_workspace(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        asked.asker.person()?;
        self.is_leaving.set(true);
        let deleted = self.delete_all().await;
        // Should it fail, what is left stays, and the person may try again.
        self.is_leaving.set(deleted.is_ok());
        deleted?;
        no_content()
    }

    async fn delete_all(&self) -> Result<(), Problem> {
        // First what only this object knows of.
        self.forget_outputs().await?;
        let last: Vec<_> = connections::live(&self.sql())?.iter().filter_map(tell::ends).collect();
        let sockets = Sockets(&self.state);
        sockets.say(&last);
        sockets.close_all(Ending::Deleted);
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await?;
        self.forget_whether_made();
        Ok(())
    }
}
