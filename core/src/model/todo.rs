//! An agent's checklist: what it is about to do in this conversation, step by step. It is replaced as a whole (Claude Code, TodoWrite).

use crate::json::{through_json, words};
use crate::record;

/// One step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Todo {
    /// What is to be done, such as "Run the tests".
    pub content: String,
    pub status: TodoStatus,
    /// What it is called while it is under way, such as "Running the tests".
    pub active_form: String,
}

record!(Todo { content, status, active_form });
through_json!(Todo);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TodoStatus {
    Pending,
    InProgress,
    Completed,
}

words!(TodoStatus { "pending" => Pending, "in_progress" => InProgress, "completed" => Completed });
