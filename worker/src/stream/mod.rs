//! Streams: held by the Worker, fed by the object through a hibernating socket.

pub mod all;
pub mod dial;
pub mod held;
pub mod held_answer;
pub mod line;
pub mod proven;
pub mod told;
pub mod words;
