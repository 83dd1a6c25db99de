//! MCP as the workspace speaks it: what is said on any transport, the features, and one file a transport.

pub mod about;
mod background;
pub mod batch;
mod call;
pub mod completion;
#[cfg(feature = "faults")]
pub mod fixtures;
mod lists;
pub mod logging;
pub mod post;
pub mod prompts;
pub mod reading;
pub mod resources;
pub mod respond;
#[cfg(test)]
pub(crate) mod room;
pub mod server;
pub mod session;
pub mod sse;
pub mod stateless;
#[cfg(test)]
mod statements;
pub mod streamable;
pub mod streams;
pub mod tasks;
pub mod tell;
pub mod tools;
mod workflows;
