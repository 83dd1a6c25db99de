//! What background tasks print: a stream of bytes for each run, in an object of its own, so that no log fills a workspace.
//!
//! ```text
//! runner ──POST──▶ door ──may it?──▶ workspace        door ◀──GET── page, agent
//!                   └────bytes────▶ OutputObject ──pieces─────┘
//! ```

pub mod client;
pub mod door;
pub mod follow;
pub mod object;
pub mod pieces;
pub mod store;

pub use client::{Run, end, forget, printed, read};
