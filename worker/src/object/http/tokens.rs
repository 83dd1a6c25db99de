//! Tokens over HTTP: people make, change and revoke them, and what agents ask goes as far as theirs open it.

use agentrq_core::command::Command;
use agentrq_core::decision::Outcome;
use agentrq_core::id::Id;
use agentrq_core::model::WorkspaceId;
use worker::Response;

use super::{Asked, Asker, answer, no_content};
use crate::gate::caller::BASE_HEADER;
use crate::gate::scope;
use crate::object::WorkspaceObject;
use crate::problem::Problem;
use crate::random;
use crate::setup::Setup;
use crate::sql::Sql;
use crate::mcp::tell;
use crate::workspace::timers::{self, Timer};
use crate::workspace::tokens::{self, ToolsChanged};
use crate::workspace::transaction::Transaction;

impl Asker {
    /// Runs a command, if it is a person's or the agent's token opens it now: its scopes may have been changed while the body was on its way.
    pub(super) fn run<S: Sql>(&self, tx: &mut Transaction<S>, command: Command) -> Result<Outcome, Problem> {
        if let Self::Agent(holder, _) = self {
            tx.check_scope(&tokens::scopes(tx.sql(), holder.token)?, &command)?;
        }
        tx.run(command, &self.actor()?, None)
    }

    /// May it upload, now that the file is here?
    pub(super) fn may_upload(&self, sql: &impl Sql) -> Result<(), Problem> {
        match self {
            Self::Agent(holder, _) => scope::may_upload(&tokens::scopes(sql, holder.token)?),
            Self::Person { .. } => Ok(()),
        }
    }
}

impl WorkspaceObject {
    pub(super) async fn make_token(&self, asked: Asked<'_>, workspace: &WorkspaceId) -> Result<Response, Problem> {
        asked.asker.person()?;
        let new = self.json(asked.request, &asked.asker).await?;
        let base = asked.header(BASE_HEADER).unwrap_or_default();
        let setup = Setup::of(&self.env)?;
        let now = random::now();
        let making = tokens::Making { mac: &setup.gate.mac, workspace, base: &base, id: random::id(now)?, secret: &random::bytes()?, now };
        let token = tokens::create(&self.sql(), &new, &making)?;
        self.watch_tokens()?;
        answer(201, &token)
    }

    pub(super) fn revoke_token(&self, asked: &Asked<'_>, id: Id) -> Result<Response, Problem> {
        asked.asker.person()?;
        tokens::revoke(&self.sql(), id, random::now())?;
        self.expire_tokens()?;
        no_content()
    }

    pub(super) async fn change_token(&self, asked: Asked<'_>, id: Id) -> Result<Response, Problem> {
        asked.asker.person()?;
        let change = self.json(asked.request, &asked.asker).await?;
        let changed = self.commit(|tx| {
            let changed = tokens::change(tx.sql(), id, &change, tx.now)?;
            // A stream that may hear again is given what has waited.
            if changed.tools_changed == ToolsChanged::Yes {
                tx.deliver = true;
                tell::of_tools(tx, id)?;
            }
            Ok(changed)
        })?;
        self.watch_tokens()?;
        answer(200, &changed.info)
    }

    /// Looks again when the next token runs out.
    pub(in crate::object) fn watch_tokens(&self) -> Result<(), Problem> {
        if let Some(at) = tokens::next_expiry(&self.sql(), random::now())? {
            timers::set(&self.sql(), Timer::TokenExpiry, "", at)?;
        }
        Ok(())
    }
}
