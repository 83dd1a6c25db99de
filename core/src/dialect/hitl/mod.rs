//! The human-in-the-loop dialect: an agent asks a person, and goes on when the person has answered.

mod answer;
mod call;
pub mod completions;
mod definitions;
mod options;
pub mod prompts;
pub mod resources;
mod scope;

pub use answer::{Counts, WaitingFor, asks_without_human, created, messages, next_task, waited, workspace};
pub use call::{Call, InlineAttachment, Order, read};
pub use definitions::{INSTRUCTIONS, adds, definitions};
pub use scope::{check_call, check_tool, definitions_for};
