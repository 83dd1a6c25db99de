//! The tools of background work: what is printed is read once the workspace has said which it is, and a stop is a command.

use agentrq_core::command::Command;
use agentrq_core::dialect::background::{self, Call};
use agentrq_core::id::TaskId;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::Task;
use agentrq_core::rejection::Rejection;

use super::about::About;
use super::call::{Caller, Ran, Waits};
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::inbox::{self, For, Wanted, When};

/// The longest that a call is held: clients give up on what takes longer.
const HELD_MS: u64 = 230_000;

impl<S: Sql> Caller<'_, S> {
    pub(super) fn background(&mut self, call: Call, about: &About) -> Result<Ran, Problem> {
        match call {
            Call::Output { task, part, waits_ms } => {
                let task = self.in_background(about, task)?;
                inbox::check_room(self.tx.sql(), self.connection.session)?;
                let when = if waits_ms == 0 { When::Now } else { When::Ended };
                let timeout_ms = if task.status.is_open() { waits_ms.min(HELD_MS) } else { 0 };
                Ok(Ran::waits(Waits { what: For::Output(Wanted { task: task.id, part, when }), timeout_ms }))
            }
            Call::Stop { task } => {
                let task = self.in_background(about, task)?.id;
                self.stop(task)
            }
        }
    }

    fn stop(&mut self, task: TaskId) -> Result<Ran, Problem> {
        let id = random::id(self.tx.now)?;
        self.command(Command::StopWork { id, task })?;
        Ok(Ran::said(background::stopped(&self.task_of(task)?, &self.connection.agent)))
    }

    fn in_background(&self, about: &About, named: TaskRef) -> Result<Task, Problem> {
        let task = self.listed(&about.list, named)?;
        match task.work.as_ref().and_then(|work| work.job.as_ref()) {
            Some(_) => Ok(task),
            None => Err(Rejection::NotBackground { task: task.id }.into()),
        }
    }
}
