//! What any Model Context Protocol server says: JSON-RPC, revisions, headers, tool definitions, the channel extension.

pub mod channel;
pub mod event_id;
pub mod header;
pub mod jsonrpc;
pub mod listen;
pub mod revision;
pub mod stateless;
pub mod tool;
