//! The rules. One function decides every command, natively, in the object and in the browser alike:
//! the same view, command and context give the same decision.

mod agent;
mod check;
mod draft;
mod inbox;
mod options;
mod routing;
mod scope;
mod task;
mod thread;
mod verdict;
mod workspace;

pub use check::{check_attachment, check_filename};
pub use routing::{Holder, Push, route};
pub use scope::{check_scope, needed_to_create};
pub use workspace::check_workspace;

use crate::command::{Command, Context};
use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::report::Report;
use crate::view::View;

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
        Command::ClaimNext { id: _ } => task::claim_next(view, cx),
        Command::PostMessage { id, task, text, attachments, in_reply_to, asks, choices, digest } => {
            thread::post(view, cx, thread::New { id, task, text, attachments, in_reply_to, asks, choices, digest })
        }
        Command::GiveVerdict { id, task, verdict, digest, text, attachments, then, edited } => {
            verdict::give(view, cx, verdict::Ruling { id, task, verdict, digest, text, attachments, then, edited })
        }
        Command::EditWorkspace { id: _, name, mission } => workspace::edit(view, cx, name, mission),
        Command::NameAgent { id: _, agent, display_name } => agent::name(view, cx, &agent, &display_name),
    }
}

/// Decides what the streams report. A report that comes late or twice changes nothing. It reaches the authority alone: its rules need not be
/// where nobody reports.
///
/// # Errors
/// [`Rejection::NotLoaded`], from views that hold a part.
pub fn report(view: &impl View, report: Report, cx: &Context) -> Result<Decision, Rejection> {
    inbox::report(view, report, cx)
}
