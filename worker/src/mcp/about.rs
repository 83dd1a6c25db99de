//! What a conversation is about: which workspace, under which address the client reaches it, and what it chose by that address.

use agentrq_core::dialect::Tools;
use agentrq_core::model::{ListName, WorkspaceId};

use crate::problem::{Code, Problem};

/// What the server says of itself.
#[derive(Clone, Debug)]
pub struct About {
    pub workspace: WorkspaceId,
    /// Scheme and host under which the client reaches the server.
    pub base: String,
    /// The list of tasks that the client works on.
    pub list: ListName,
    /// The tools that it wants to see.
    pub tools: Tools,
}

impl About {
    /// Reads what the client chose: `?list=` and `?tools=` of its URL.
    ///
    /// # Errors
    /// When one of them is no such thing.
    pub fn new(workspace: WorkspaceId, base: String, list: Option<&str>, tools: Option<&str>) -> Result<Self, Problem> {
        let wrong = |field: &str, why: String| Problem::new(Code::BadRequest, why).with("field", field);
        let list = list.filter(|name| !name.trim().is_empty()).map(ListName::new).transpose();
        let list = list.map_err(|why| wrong("list", format!("?list= does not name a list: {why}")))?.unwrap_or_default();
        let tools = Tools::read(tools.unwrap_or_default()).map_err(|why| wrong("tools", why))?;
        Ok(Self { workspace, base, list, tools })
    }

    /// Where files that are too large for a call are posted to.
    pub fn upload_url(&self) -> String {
        format!("{}/api/workspaces/{}/attachments", self.base, self.workspace)
    }
}

/// A conversation about the workspace of the tests.
#[cfg(test)]
pub fn for_tests() -> About {
    let workspace = WorkspaceId("0123456789ABCDEFGHIJKL".into());
    About { workspace, base: "http://localhost".into(), list: ListName::default(), tools: Tools::default() }
}
