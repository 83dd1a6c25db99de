//! The rules. One function decides every command, natively, in the object and in the browser alike:
//! the same view, command and context give the same decision.

mod agent;
mod arrows;
mod background;
mod change;
mod check;
mod claim;
mod draft;
mod follow;
mod gone;
#[cfg(feature = "agents")]
mod import;
mod inbox;
mod job;
mod moves;
mod notice;
mod offer;
mod options;
mod report;
mod routing;
mod run;
mod scope;
mod task;
mod thread;
mod turn;
mod verdict;
mod work;
mod workflow;
mod workspace;

pub use check::{check_attachment, check_filename};
pub use claim::{LEASE_MS, check_claim, check_runs, check_seen, lease_ends};
#[cfg(feature = "agents")]
pub use import::{Beside, Brought, MOST_NUMBER, Manner, Plan, Renumbered, Source, Taken, Whole, Wrong, import};
pub use job::{STOP_GRACE_MS, due_at};
pub use routing::{Holder, Push, Reader, route};
pub use scope::{check_scope, needed_to_create};
pub use workflow::{
    Arguments, Flaw, Refused, Start, arguments as workflow_arguments, check_name as check_workflow_name,
    check_saved_by as check_workflow_saved_by, read as read_workflow, start as start_workflow,
};
pub use workspace::check_workspace;

use crate::command::{Command, Context};
use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::report::Report;
use crate::view::View;

/// Are the rules here of what only agents ask, and of what they are told? A page does without: it leaves them to the authority, as it does
/// whatever it has not loaded.
const AGENTS: bool = cfg!(feature = "agents");

/// Decides one command. Nothing changes until a store applies the decision; a refusal changes nothing at all.
///
/// # Errors
/// A [`Rejection`] says what was wrong and what would be right. [`Rejection::NotLoaded`] comes only from views that hold a part.
pub fn decide(view: &impl View, command: Command, cx: &Context) -> Result<Decision, Rejection> {
    match command {
        Command::CreateTask { id, title, body, assignee, attachments, options } => {
            task::create(view, cx, task::New { id, title, body, assignee, attachments, options })
        }
        Command::EditTask { id, task, title, body, assignee, options } => {
            task::edit(view, cx, task::Edit { id, task, title, body, assignee, options })
        }
        Command::SetStatus { id, task, to, reason } => task::set_status(view, cx, id, task, to, reason),
        Command::Reopen { id, task } => task::reopen(view, cx, id, task),
        Command::DeleteTask { id, task } => task::delete(view, cx, id, task),
        Command::ClaimNext { id: _ } if AGENTS => task::claim_next(view, cx),
        Command::PostMessage { id, task, text, attachments, in_reply_to, asks, choices, digest } => {
            thread::post(view, cx, thread::New { id, task, text, attachments, in_reply_to, asks, choices, digest })
        }
        Command::GiveVerdict { id, task, verdict, digest, text, attachments, then, edited } => {
            verdict::give(view, cx, verdict::Ruling { id, task, verdict, digest, text, attachments, then, edited })
        }
        Command::CreateWork { id, list, work } => work::create(view, cx, id, list, *work),
        Command::UpdateWork { id, task, change } => work::update(view, cx, id, task, *change),
        Command::ClaimWork { id, list, owner } if AGENTS => work::claim_next(view, cx, id, &list, owner),
        Command::StopWork { id, task } => background::stop(view, cx, id, task),
        Command::StartWorkflow { id, list, workflow, parameters } if AGENTS => {
            workflow::start_named(view, cx, workflow::Named { id, list, name: &workflow, parameters: &parameters })
        }
        Command::WriteTodos { id: _, todos } if AGENTS => agent::write_todos(view, cx, todos),
        Command::EditWorkspace { id: _, name, mission, enforce_dependencies } => {
            workspace::edit(view, cx, workspace::Edit { name, mission, enforce_dependencies })
        }
        Command::NameAgent { id: _, agent, display_name } => agent::name(view, cx, &agent, &display_name),
        Command::ClaimNext { .. } | Command::ClaimWork { .. } | Command::WriteTodos { .. } | Command::StartWorkflow { .. } => {
            Err(Rejection::NotLoaded { what: "what agents ask" })
        }
    }
}

/// Decides what the streams report. A report that comes late or twice changes nothing. It reaches the authority alone: its rules need not be
/// where nobody reports.
///
/// # Errors
/// [`Rejection::NotLoaded`], from views that hold a part.
pub fn report(view: &impl View, report: Report, cx: &Context) -> Result<Decision, Rejection> {
    report::report(view, report, cx)
}
