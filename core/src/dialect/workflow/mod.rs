//! The vocabulary of workflows: agents save them, list them and start them, and each is a prompt, which clients show as a slash command.
//!
//! A run is followed and stopped as all background work is, with the tools of that.

mod answer;
mod call;
mod definitions;
mod prompt;

pub use answer::{Begun, Kept, deleted, listed, refused, saved, started};
pub use call::{Call, read};
pub use definitions::{definitions, needed_by_tool};
pub use prompt::{completed, got, is_taken, prompt, read as read_prompt};
