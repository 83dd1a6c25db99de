//! A seeded simulation of the sync and the delivery: one authority, browsers with their storage and tabs, agents with their
//! streams, and a network that drops, doubles, delays and cuts.
//!
//! ```text
//! seed ──▶ operations ──▶ world: server, browsers, agents, network ──▶ healed, until nothing moves ──▶ checks, hash
//! ```
//!
//! What decides, admits, queues, routes and rebases is core's own code. What surrounds it in the Worker and in the page is modelled
//! here: transactions, sockets, storage, tabs. Beside it each seed plays a board of work on
//! which agents depend on each other, and commands that run in the background. The same seed gives the same run, natively and as WebAssembly.

mod acts;
mod agent;
mod answers;
pub mod board;
mod browser;
mod checks;
mod desk;
#[cfg(target_arch = "wasm32")]
mod host;
mod inbox;
pub mod jobs;
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

/// All that a seed stands for: the sync and the delivery, a board of work, and what runs in the background.
///
/// # Errors
/// The first promise that was broken.
pub fn run_seed(seed: u64) -> Result<Run, String> {
    let mut whole = run(&operations(seed))?;
    let board = board::run(seed, board::Size::of(seed))?;
    let jobs = jobs::run(seed)?;
    whole.stats.add(&board.stats);
    whole.stats.add(&jobs.stats);
    Ok(Run { hash: whole.hash.rotate_left(2) ^ board.hash.rotate_left(1) ^ jobs.hash, ..whole })
}

/// The hash of a seed's run, for a host that has nothing but numbers. 0: it failed.
#[cfg(target_arch = "wasm32")]
#[unsafe(no_mangle)]
pub extern "C" fn hash_of_seed(seed: u64) -> u64 {
    run_seed(seed).map_or(0, |run| run.hash)
}
