//! What a conversation is about: which workspace, and under which address the client reaches it.

use agentrq_core::model::WorkspaceId;

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct About {
    pub workspace: WorkspaceId,
    /// Scheme and host under which the client reaches the server.
    pub base: String,
}

impl About {
    /// Where files that are too large for a call are posted to.
    pub fn upload_url(&self) -> String {
        format!("{}/api/workspaces/{}/attachments", self.base, self.workspace)
    }
}
