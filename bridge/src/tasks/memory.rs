//! A list in memory: gone with its program.

use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

use super::board::Board;
use super::{TaskError, TaskStore};

#[derive(Debug)]
pub struct MemoryStore(Mutex<Board>);

impl MemoryStore {
    /// An empty list of this name, on which `agent` acts.
    ///
    /// # Errors
    /// A name is none.
    pub fn new(list: &str, agent: &str) -> Result<Self, TaskError> {
        Board::new(list, agent).map(|board| Self(Mutex::new(board)))
    }
}

impl TaskStore for MemoryStore {
    async fn call(&self, tool: &'static str, arguments: Map<String, Value>) -> Result<Value, TaskError> {
        let mut board = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        board.call(tool, &arguments, None).map(|done| done.value)
    }
}
