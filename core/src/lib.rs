//! The rules of AgentRQ. Pure: no I/O, no clock, no randomness.
#![forbid(unsafe_code)]

/// The version of this crate, so that both shells can tell what they run.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
