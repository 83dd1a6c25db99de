//! Commands up, deltas down.

/// What the two sides speak. It is raised when a page of the number before could not go on with a server of this one.
pub const PROTOCOL: u32 = 1;

pub mod authority;
pub mod checkpoint;
pub mod delta;
mod layers;
pub mod outbox;
pub mod replica;
mod search;
mod touched;
