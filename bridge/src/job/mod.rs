//! A command that runs here for a task there: what `run` and `runner` have in common.
//!
//! ```text
//! command ──pipes─▶ pump ──▶ stdout, stderr
//!    ▲                └────▶ spool (buffer, ring) ──▶ upload ─┐
//!    │ signals                                                ├─ report ──▶ server
//! supervise ◀── stop ◀────────────────────────────────────────┘
//! ```

pub mod buffer;
mod family;
pub mod pump;
pub mod reach;
pub mod report;
mod ring;
pub mod signals;
pub mod spool;
pub mod start;
pub mod stop;
pub mod supervise;
pub mod troubles;
pub mod upload;
