//! Commands up, deltas down.

pub mod authority;
pub mod delta;
pub mod replica;
