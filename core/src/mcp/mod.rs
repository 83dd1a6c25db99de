//! What any Model Context Protocol server says: JSON-RPC, revisions, tool definitions, the channel extension.

pub mod channel;
pub mod jsonrpc;
pub mod revision;
pub mod tool;
