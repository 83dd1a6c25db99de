//! The inbox at work: what is queued goes to whoever listens, and comes back if it was lost.
//!
//! Everything here happens inside the transaction of its cause; what the streams must be told is collected and sent
//! once the transaction stands. After each thing that is handed over a `ping` follows on the same stream: its pong
//! proves that the client has what came before it (MCP, "Ping": the receiver must answer promptly).

mod answers;
mod beginning;
mod given;
mod lost;
mod mending;
mod outputs;
mod pings;
mod pushes;
mod reading;
mod results;
#[cfg(test)]
mod tests;
mod waits;
mod wanted;

pub use answers::{answer, answer_of, is_writing, written};
pub use beginning::begins;
pub use given::Given;
pub use lost::take_back;
pub use mending::{left, lose, nudge, repeat_answers, repeat_unproven, take_over, unanswered};
pub use outputs::{answer_output, check_room, refuse_output, wanted};
pub use pings::{got, ping, pinged, pong};
pub use pushes::deliver;
pub(crate) use reading::looked;
pub use reading::message;
pub use results::{Creation, confirm, creation_answered, give, riding, ungiven};
pub use waits::{For, Wait, Waited, Waiting, cancel_wait, end_waits, is_waiting, wait, wait_over, waited};
pub use wanted::{Wanted, When};
