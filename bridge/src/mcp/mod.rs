//! An agent's side of MCP: one connection to a workspace over Streamable HTTP, with the official SDK.

mod alone;
mod channel;
mod connection;
mod failure;
mod line;

pub use channel::{ChannelEvent, Meta, News, Told};
pub use connection::Link;
pub(crate) use failure::problem;
pub use failure::{Failure, Refused};
