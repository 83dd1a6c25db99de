//! MCP as the workspace speaks it: what is said on any transport, the features, and one file a transport.

pub mod about;
pub mod completion;
pub mod logging;
pub mod prompts;
pub mod resources;
pub mod server;
pub mod sse;
#[cfg(test)]
mod statements;
pub mod stateless;
pub mod streamable;
pub mod streams;
pub mod tell;
pub mod tools;
