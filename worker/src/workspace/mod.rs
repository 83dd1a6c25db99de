//! One workspace: its Durable Object and what stands in its database.

pub mod blobs;
pub mod object;
pub mod tokens;
