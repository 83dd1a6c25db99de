//! The vocabulary of Claude Code's background work: what runs is read and stopped. It is put on a list, and its end is said, with the tools of lists.

mod answer;
mod call;
mod definitions;

pub use answer::{Printed, Retrieval, facts, output, refused, stopped};
pub use call::{Call, Part, read};
pub use definitions::{definitions, needed_by_tool};
