//! The rules of AgentRQ: a relay through which agents ask and people answer.
//!
//! ```text
//!   command + context ──▶ decide(view) ──▶ decision: outcome, events with their changes, effects
//!                            ▲                              │
//!                            └───────── store ◀── apply ────┘
//! ```
//!
//! The crate is pure: no I/O, no clock, no randomness, no async. The same code decides in the workspace's object
//! and in the browser. Floors, each of which sees only those below it:
//!
//! ```text
//! sync      the authority's admission of commands, the replica's optimism
//! dialect   what agents say in their own words, and what they are told       interchange   forms of other programs
//! decide    the rules                                  mcp   JSON-RPC, tools, channel
//! command, report, view, decision, rejection, store
//! model
//! lifecycle
//! id, cursor, time, limits, risk, text, diff, fold, graph, json, table   sse
//! ```
#![forbid(unsafe_code)]

pub mod command;
pub mod cursor;
pub mod decide;
pub mod decision;
pub mod dialect;
pub mod diff;
pub mod fold;
pub mod graph;
pub mod id;
#[cfg(feature = "agents")]
pub mod interchange;
pub mod json;
pub mod lifecycle;
pub mod limits;
pub mod mcp;
pub mod model;
pub mod rejection;
pub mod report;
pub mod risk;
pub mod sse;
pub mod store;
pub mod sync;
mod table;
#[cfg(feature = "testing")]
pub mod testing;
pub mod text;
pub mod time;
pub mod view;

pub use command::{Command, Context};
pub use decide::{decide, report};
pub use decision::Decision;
pub use rejection::Rejection;
pub use report::Report;
pub use store::MemoryStore;
pub use view::{Look, Store, View};
