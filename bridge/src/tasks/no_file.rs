//! The store over files where there is none.

use std::path::Path;

use serde_json::{Map, Value};

use super::{TaskError, TaskStore};

/// Cannot be made on this platform.
#[derive(Debug)]
pub enum FileStore {}

impl FileStore {
    /// # Errors
    /// Always, with the code `file_task_store_not_supported`.
    pub fn open(_directory: &Path, _list: &str, _agent: &str) -> Result<Self, TaskError> {
        Err(TaskError::file_store_not_supported())
    }
}

impl TaskStore for FileStore {
    async fn call(&self, _tool: &'static str, _arguments: Map<String, Value>) -> Result<Value, TaskError> {
        match *self {}
    }
}
