//! The vocabularies in which agents speak. A dialect only translates: words to commands, outcomes to words.
//!
//! Each tool belongs to one of them; here they are one list.

pub mod background;
pub mod hitl;
pub mod task_list;
mod tools;
pub mod workflow;

pub use tools::{Call, Tools, adds, check_call, definitions_for, names, read, same_tools};
