//! The shell of AgentRQ on Cloudflare Workers and bare workerd.
//!
//! ```text
//! request ──▶ routes ──▶ gate ──▶ entry ──┬─▶ account      a person: sessions, workspaces
//!             what?      who?             ├─▶ assets       the dashboard's files
//!                                         ├─▶ stream ──┐   held here, fed through a socket
//!                                         └─▶ object ◀─┘   one workspace: http, sockets, alarm
//!                                               └─▶ mcp ──▶ workspace   one commit: decide, write, deliver
//! ```

pub mod account;
pub mod agents;
pub mod assets;
pub mod atomic;
pub mod body;
mod border;
pub mod entry;
pub mod export;
pub mod forward;
pub mod frame;
pub mod gate;
pub mod mcp;
pub mod migrations;
pub mod names;
pub mod object;
pub mod output;
pub mod passed;
pub mod problem;
pub mod random;
pub mod routes;
pub mod setup;
pub mod sql;
pub mod stream;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod workspace;

use worker::{Context, Env, Request, Response, Result, event};

#[event(fetch)]
async fn fetch(request: Request, env: Env, context: Context) -> Result<Response> {
    frame::framed(entry::serve(request, &env, &context)).await
}
