//! What tests of the rules need, here and in the shells: people and agents, a workspace with a clock, arbitrary histories,
//! what must hold after every one of them, and one suite that any [`crate::view::Store`] is run against.

mod deed;
pub mod fuzz;
mod invariants;
mod people;
mod steps;
mod suite;
mod world;

pub use deed::Deed;
pub use invariants::invariants;
pub use people::{Who, ada, agent, agent_in, bob, file, name, session, system};
pub use steps::{Act, Pick, Step, steps};
pub use suite::{TestStore, store_suite};
pub use world::World;
