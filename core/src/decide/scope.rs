//! Which scope of an agent's token a command needs. What a scope does not open is refused before anything else is decided.

use crate::command::Command;
use crate::model::{Assignee, OutOfScope, Scope, Scopes};
use crate::view::{Look, View};

/// May the holder of these scopes ask this?
///
/// # Errors
/// Which scope is needed and which there are.
pub fn check_scope(view: &impl View, command: &Command, scopes: &Scopes) -> Result<(), OutOfScope> {
    let (needed, what) = needed(view, command);
    scopes.allow(needed, what)
}

/// The scope in which a task may be made. Work for agents needs the scope of one that works: else whoever may only ask people
/// could have agents do what no person was asked about.
pub fn needed_to_create(assignee: Assignee) -> (Scope, &'static str) {
    match assignee {
        Assignee::Human => (Scope::Ask, "create tasks"),
        Assignee::Agent => (Scope::Agent, "create tasks for agents (one for people has assignee \"human\")"),
    }
}

fn needed(view: &impl View, command: &Command) -> (Scope, &'static str) {
    match command {
        Command::CreateTask { assignee, .. } => needed_to_create(*assignee),
        // To begin, end or put back what agents are to do is an agent's work; where a task is not to be found, that is said next.
        Command::SetStatus { task, .. } => match view.task(*task) {
            Look::Known(Some(task)) if task.assignee == Assignee::Agent => (Scope::Agent, "set the status of a task for agents"),
            _ => (Scope::Ask, "set the status of tasks"),
        },
        // A verdict is refused to every agent, whatever the scope: with the reason that is true.
        Command::PostMessage { .. } | Command::GiveVerdict { .. } => (Scope::Ask, "write in threads"),
        Command::EditTask { .. } => (Scope::Agent, "edit tasks"),
        Command::Reopen { .. } => (Scope::Agent, "reopen tasks"),
        // A question that is asked no more is set to rejected; what people said in its thread stays.
        Command::DeleteTask { .. } => (Scope::Agent, "delete tasks"),
        Command::ClaimNext { .. } => (Scope::Agent, "take work"),
        Command::CreateWork { .. } | Command::UpdateWork { .. } => (Scope::Agent, "keep lists of work"),
        Command::StopWork { .. } => (Scope::Agent, "stop background work"),
        Command::StartWorkflow { .. } => (Scope::Agent, "start workflows"),
        Command::ClaimWork { .. } => (Scope::Agent, "take work"),
        // What an agent is about to do is for people to see.
        Command::WriteTodos { .. } => (Scope::Ask, "show a checklist"),
        Command::EditWorkspace { .. } | Command::NameAgent { .. } => (Scope::Agent, "change the workspace"),
    }
}
