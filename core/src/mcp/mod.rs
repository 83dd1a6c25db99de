//! What any Model Context Protocol server says: JSON-RPC, revisions, headers, definitions of tools, resources and prompts, the channel extension.

pub mod channel;
pub mod completion;
pub mod event_id;
pub mod header;
pub mod jsonrpc;
pub mod listen;
pub mod log;
pub mod page;
pub mod param;
pub mod prompt;
pub mod resource;
pub mod revision;
pub mod said;
pub mod stateless;
pub mod tool;

/// What the server says of itself (MCP, `Implementation`).
pub fn server_info() -> serde_json::Value {
    serde_json::json!({"name": "agentrq", "title": "AgentRQ", "version": env!("CARGO_PKG_VERSION")})
}
