//! Randomness and the clock: the two impure things that ids and secrets need.

use agentrq_core::id::Id;
use agentrq_core::time::Timestamp;

use crate::problem::Problem;

/// Random bytes of the platform.
pub fn bytes<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Problem::internal)?;
    Ok(bytes)
}

/// 64 random bits.
pub fn bits() -> Result<u64, Problem> {
    Ok(u64::from_be_bytes(bytes()?))
}

/// A fresh id.
pub fn id(now: Timestamp) -> Result<Id, Problem> {
    Ok(Id::new(now.ms(), u32::from_be_bytes(bytes()?)))
}

/// What time it is. On Cloudflare the clock stands still between two waits.
pub fn now() -> Timestamp {
    Timestamp::from_ms(worker::Date::now().as_millis())
}
