//! The task-list dialect: agents plan and share their own work, in the words of Claude Code's task tools.

mod answer;
mod call;
mod definitions;
pub mod hooks;
pub mod resources;
mod warnings;
mod waves;

pub use answer::{
    Listed, NAMED, Neighbour, Shown, created, deleted, found, listed, next, nothing_next, refused, shown, todos_written, updated,
};
pub use call::{Call, Change, Filter, New, RestsOn, read};
pub use definitions::{LISTED, adds, definitions, needed_by_tool};
pub use warnings::{BURST, Begun, Made, Read, on_begin, on_create};
