//! Lists as Claude Code keeps them on disk: a directory of task files, what was last seen of them, and the lock that all who write there take.

mod directory;
pub mod fields;
mod lock;
mod snapshot;

pub use directory::{Held, ListDirectory, Unreadable, place};
pub use lock::{Lock, NotLocked, Note};
pub use snapshot::{Certainty, Changes, Snapshot};
