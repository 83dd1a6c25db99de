//! The bridge: what AgentRQ does on the machine where the work is. Each command is a folder; what they share stands beside them.
//!
//! All of it needs Unix but [`tasks`], the library for programs that share a list with agents.

#[cfg(unix)]
pub mod address;
#[cfg(unix)]
pub mod arguments;
#[cfg(unix)]
pub mod backoff;
#[cfg(unix)]
pub mod duration;
#[cfg(unix)]
pub mod files;
#[cfg(unix)]
pub mod http;
#[cfg(unix)]
pub mod job;
#[cfg(unix)]
pub mod mcp;
#[cfg(unix)]
pub mod run;
#[cfg(unix)]
pub mod runner;
#[cfg(unix)]
pub mod runtime;
#[cfg(unix)]
pub mod say;
#[cfg(unix)]
pub mod secret;
#[cfg(unix)]
pub mod sync;
#[cfg(unix)]
pub mod task;
pub mod tasks;
