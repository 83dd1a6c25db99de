//! Tokens over HTTP: people make, extend and revoke them.

use agentrq_core::id::Id;
use agentrq_core::model::WorkspaceId;
use worker::Response;

use super::{Asked, answer, no_content};
use crate::gate::caller::BASE_HEADER;
use crate::object::WorkspaceObject;
use crate::problem::Problem;
use crate::random;
use crate::setup::Setup;
use crate::workspace::timers::{self, Timer};
use crate::workspace::tokens;

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

    pub(super) async fn extend_token(&self, asked: Asked<'_>, id: Id) -> Result<Response, Problem> {
        asked.asker.person()?;
        let extension = self.json(asked.request, &asked.asker).await?;
        let token = tokens::extend(&self.sql(), id, &extension, random::now())?;
        self.watch_tokens()?;
        answer(200, &token)
    }

    /// Looks again when the next token runs out.
    pub(in crate::object) fn watch_tokens(&self) -> Result<(), Problem> {
        if let Some(at) = tokens::next_expiry(&self.sql(), random::now())? {
            timers::set(&self.sql(), Timer::TokenExpiry, "", at)?;
        }
        Ok(())
    }
}
