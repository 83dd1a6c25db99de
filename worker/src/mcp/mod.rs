//! MCP as the workspace speaks it: what is said on any transport, the tools, and one file a transport.

pub mod about;
pub mod completion;
pub mod prompts;
pub mod reading;
pub mod resources;
#[cfg(test)]
mod room;
pub mod server;
pub mod sse;
#[cfg(test)]
mod statements;
pub mod tools;
