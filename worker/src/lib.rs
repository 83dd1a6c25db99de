//! The shell of AgentRQ on Cloudflare Workers and bare workerd.
//!
//! ```text
//! request ──▶ routes ──▶ gate ──▶ entry ──┬─▶ account      a person: sessions, workspaces
//!             what?      who?             ├─▶ assets       the dashboard's files
//!                                         └─▶ workspace    decide, commit, deliver
//! ```

pub mod account;
pub mod assets;
pub mod body;
pub mod entry;
pub mod forward;
pub mod gate;
pub mod migrations;
pub mod problem;
pub mod random;
pub mod routes;
pub mod setup;
pub mod sql;
pub mod workspace;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, _ctx: Context) -> Result<Response> {
    match entry::serve(request, &env).await {
        Ok(response) => Ok(response),
        Err(problem) => problem.into_response(),
    }
}
