//! A workspace: the room in which people and agents meet.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::{Error, Read, Reader, Write, through_json};
use crate::record;
use crate::time::Timestamp;

/// A workspace's name in URLs: 22 base62 characters, of which the shell made the last eleven a keyed MAC.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WorkspaceId(pub String);

impl Read for WorkspaceId {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        String::read(reader).map(Self)
    }
}

impl Write for WorkspaceId {
    fn write(&self, to: &mut String) {
        self.0.write(to);
    }
}

impl fmt::Display for WorkspaceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Name and purpose of a workspace. Agents read both with `getWorkspace`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    pub id: WorkspaceId,
    pub name: String,
    /// What agents should know about the work here; Markdown, may be empty.
    pub mission: String,
    /// Whether a task may begin before what it waits for is completed: `false`, it may, and whoever begins it is warned.
    pub enforce_dependencies: bool,
    pub created_at: Timestamp,
    pub revision: u64,
}

record!(Workspace { id, name, mission, enforce_dependencies = false, created_at, revision });
through_json!(Workspace);
