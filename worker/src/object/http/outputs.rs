//! Who may read what a background task prints, and who may report it: the bytes go another way.

use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::WorkspaceId;
use serde_json::json;
use worker::Response;

use super::{Asked, answer};
use crate::object::WorkspaceObject;
use crate::output::door::Admitted;
use crate::problem::{Code, Problem};
use crate::workspace::{runs, threads};

impl WorkspaceObject {
    /// Whoever reads the workspace reads this.
    pub(super) fn admit_reader(&self, workspace: &WorkspaceId, task: TaskRef) -> Result<Response, Problem> {
        let run = self.commit(|tx| {
            let task = threads::task(tx, task)?;
            runs::read(tx.sql(), workspace, &task)
        })?;
        answer(200, &Admitted { run, stop: json!(null) })
    }

    /// An agent reports what it runs.
    pub(super) fn admit_runner(&self, asked: &Asked<'_>, workspace: &WorkspaceId, task: TaskRef) -> Result<Response, Problem> {
        let fence = match asked.query("fence").filter(|text| !text.is_empty()) {
            Some(text) => {
                Some(text.parse().map_err(|_| Problem::new(Code::BadRequest, "?fence= is the number of a claim").with("field", "fence"))?)
            }
            None => None,
        };
        // The Worker says it: what a client writes into its own query it has left out.
        let ends_at = asked.query("ends").and_then(|text| text.parse().ok()).unwrap_or_default();
        let agent = asked.asker.agent()?.agent(asked.query("agent").as_deref())?;
        let admitted = self.commit(|tx| {
            let task = threads::task(tx, task)?;
            let run = runs::heard(tx, workspace, &task, &agent, &runs::Report { fence, ends_at })?;
            let stop = task.work.as_ref().and_then(|work| work.job.as_ref()?.stop.as_ref());
            Ok(Admitted { run: Some(run), stop: json!(stop) })
        })?;
        answer(200, &admitted)
    }
}
