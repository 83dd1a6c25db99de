//! What the workspace asks of outputs when a timer rings: what a call waits for, and that an output is over or forgotten.

use agentrq_core::dialect::background::{Part, Printed};
use agentrq_core::id::TaskId;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::WorkspaceId;
use agentrq_core::view::View;
use futures_util::future::join_all;

use super::{WorkspaceObject, report};
use crate::output::{self, Run};
use crate::problem::Problem;
use crate::workspace::inbox::{self, Wanted, looked};
use crate::workspace::runs::{self, Closing};
use crate::workspace::threads;
use crate::workspace::timers::{self, Timer};

/// An output that could not be reached is tried again after so long.
const AGAIN_MS: u64 = 10_000;

/// What a timer leaves to be asked of outputs, once everything is written that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Some of it for a call that waits under this key.
    Part { key: String, wanted: Wanted },
    /// This task is over or gone.
    Close { task: TaskId },
}

/// As many outputs are asked at once.
const AT_ONCE: usize = 16;

impl WorkspaceObject {
    pub(super) async fn ask_outputs(&self, asks: Vec<Ask>) {
        for some in asks.chunks(AT_ONCE) {
            join_all(some.iter().map(|ask| self.ask_output(ask))).await.into_iter().for_each(report);
        }
    }

    /// What was asked for is asked again by its timer, should this never come to its end.
    async fn ask_output(&self, ask: &Ask) -> Result<(), Problem> {
        match ask {
            Ask::Part { key, wanted } => self.answer_with_part(key, *wanted).await,
            Ask::Close { task } => {
                let key = task.to_string();
                let again = self.commit(|tx| {
                    let again = tx.now.plus_ms(AGAIN_MS);
                    Ok(timers::set(tx.sql(), Timer::Closing, &key, again).map(|()| again)?)
                })?;
                self.close_outputs(*task).await?;
                self.commit(|tx| runs::closed(tx, *task, again))
            }
        }
    }

    async fn answer_with_part(&self, key: &str, wanted: Wanted) -> Result<(), Problem> {
        let workspace = self.own_id()?;
        let before = self.commit(|tx| {
            let task = threads::task(tx, TaskRef::Id(wanted.task))?;
            Ok((runs::read(tx.sql(), &workspace, &task)?, task.status))
        });
        let (printed, status) = match before {
            Ok((run, status)) => (self.printed(run, wanted.part).await, Some(status)),
            Err(problem) => (Err(problem), None),
        };
        self.commit(|tx| match printed {
            Ok(printed) => inbox::answer_output(tx, key, wanted, status, &printed),
            Err(problem) => inbox::refuse_output(tx, key, &problem),
        })
    }

    /// A part of what a run has printed.
    async fn printed(&self, run: Option<Run>, part: Part) -> Result<Printed, Problem> {
        let Some(run) = run else { return Ok(Printed { offset: 0, next_offset: 0, length: 0, start: 0, text: String::new() }) };
        let (from, most) = match part {
            Part::From { offset, bytes } => (offset, bytes),
            Part::Tail { bytes } => {
                let length = output::read(&self.env, &run, u64::MAX >> 12, 1).await?.state.length;
                (length.saturating_sub(bytes), bytes)
            }
        };
        let mut part = output::read(&self.env, &run, from, most).await?;
        // A row ends where it ends: what is wanted may lie in several.
        while (part.bytes.bytes.len() as u64) < most {
            let behind = part.bytes.at + part.bytes.bytes.len() as u64;
            if behind >= part.state.length {
                break;
            }
            let more = output::read(&self.env, &run, behind, most - part.bytes.bytes.len() as u64).await?;
            if more.bytes.at != behind || more.bytes.bytes.is_empty() {
                break;
            }
            part.bytes.bytes.extend(more.bytes.bytes);
        }
        Ok(output::printed(&part))
    }

    /// Tells the outputs of a task that is over or gone.
    async fn close_outputs(&self, task: TaskId) -> Result<(), Problem> {
        let workspace = self.own_id()?;
        let Closing { end, forget } = self.read(|tx| runs::closing(tx, &workspace, task))?;
        if let Some(run) = end {
            output::end(&self.env, &run).await?;
        }
        for run in forget {
            output::forget(&self.env, &run).await?;
            self.commit(|tx| Ok(runs::forgotten(tx.sql(), &run)?))?;
        }
        Ok(())
    }

    /// Forgets every output, one after the other: what is gone need not be asked again, should one be out of reach.
    pub(super) async fn forget_outputs(&self) -> Result<(), Problem> {
        let workspace = self.own_id()?;
        while let Some(run) = runs::any(&self.sql(), &workspace)? {
            output::forget(&self.env, &run).await?;
            runs::forgotten(&self.sql(), &run)?;
        }
        Ok(())
    }

    fn own_id(&self) -> Result<WorkspaceId, Problem> {
        self.read(|tx| Ok(looked(tx, tx.store().workspace())?.id))
    }
}
