//! A list of a workspace, over MCP.

use serde_json::{Map, Value};

use super::{TaskError, TaskStore};
use crate::address::Address;
use crate::http;
use crate::mcp::{Failure, Link};
use crate::say::whole;

/// The code where the server cannot be reached: what became of the call is not known.
const UNREACHABLE: &str = "unreachable";

/// The list that an address names.
#[derive(Debug)]
pub struct WorkspaceStore(Link);

impl WorkspaceStore {
    /// # Errors
    /// TLS cannot be set up here.
    pub fn new(address: &Address) -> Result<Self, TaskError> {
        let http = http::client(address).map_err(|why| TaskError::new(UNREACHABLE, whole(&why)))?;
        // What is told unasked is for whoever works on the tasks.
        Ok(Self(Link::new(address, http).0))
    }

    /// Ends the session.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

impl TaskStore for WorkspaceStore {
    async fn call(&self, tool: &'static str, arguments: Map<String, Value>) -> Result<Value, TaskError> {
        self.0.try_call(tool, &arguments).await.map_err(|failure| match failure {
            Failure::Refused(refused) => TaskError::new(refused.code.clone().unwrap_or_else(|| "refused".to_owned()), refused),
            Failure::Unreachable { why, .. } => TaskError::new(UNREACHABLE, why),
        })
    }
}
