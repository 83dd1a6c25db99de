//! What any Model Context Protocol server says: JSON-RPC, revisions, tools, resources, prompts, the channel extension.

pub mod channel;
pub mod completion;
pub mod jsonrpc;
pub mod log;
pub mod page;
pub mod prompt;
pub mod resource;
pub mod revision;
pub mod tool;
