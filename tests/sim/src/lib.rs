//! A seeded simulation of the sync and the delivery: one authority, browsers with their storage and tabs, agents with their
//! streams, and a network that drops, doubles, delays and cuts.
//!
//! ```text
//! seed ──▶ operations ──▶ world: server, browsers, agents, network ──▶ healed, until nothing moves ──▶ checks, hash
//! ```
//!
//! What decides, admits, queues, routes and rebases is core's own code. What surrounds it in the Worker and in the page is modelled
//! here: transactions, sockets, storage, tabs. The same seed gives the same run, natively and as WebAssembly.

mod acts;
mod agent;
mod answers;
mod browser;
mod checks;
#[cfg(target_arch = "wasm32")]
mod host;
mod inbox;
mod net;
mod op;
mod rng;
mod server;
mod shrink;
mod stats;
mod traffic;
mod world;

pub use op::{Op, operations};
pub use shrink::shrink;
pub use stats::Stats;
pub use world::{Run, run};

/// The hash of a seed's run, for a host that has nothing but numbers. 0: it failed.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
pub extern "C" fn hash_of_seed(seed: u64) -> u64 {
    run(&operations(seed)).map_or(0, |run| run.hash)
}
