//! Why a store says no.

use std::fmt;

use agentrq_core::Rejection;

/// The code where there is no store over files: it needs the locks and renames of Unix. A store in memory is made by whoever wants one.
pub const FILE_STORE_NOT_SUPPORTED: &str = "file_task_store_not_supported";

/// A refusal. `code` is stable, the words may improve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskError {
    pub code: String,
    pub detail: String,
}

impl TaskError {
    pub fn new(code: impl Into<String>, detail: impl fmt::Display) -> Self {
        Self { code: code.into(), detail: detail.to_string() }
    }

    /// There is no store over files on this platform.
    pub fn file_store_not_supported() -> Self {
        Self::new(FILE_STORE_NOT_SUPPORTED, "this platform has no store over files: take MemoryStore, or WorkspaceStore on Unix")
    }

    /// What was asked for cannot be.
    pub(super) fn invalid(detail: impl fmt::Display) -> Self {
        Self::new("invalid", detail)
    }
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for TaskError {}

impl From<Rejection> for TaskError {
    fn from(why: Rejection) -> Self {
        Self::new(why.code(), &why)
    }
}
