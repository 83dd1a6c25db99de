//! What a person has changed about a task of a list, in a line for the agents that it concerns.

use crate::id::TaskId;
use crate::model::{AgentName, Task, Work};
use crate::view::{Look, View};

/// As much of a reason is said in a line; the whole of it stands on the task.
const REASON_CHARS: usize = 200;

/// What is other about it than its words and its owner: how urgent it is, what holds it up, and what it waits for. `None`: nothing that would be said in
/// a line.
pub(super) fn in_a_line(view: &impl View, was: &Work, is: &Work) -> Option<String> {
    let mut said = Vec::new();
    let noted = |work: &Work, name: &str| work.metadata.text(name);
    let (before, after) = (noted(was, "priority"), noted(is, "priority"));
    if before != after {
        let named = |priority: Option<String>| priority.unwrap_or_else(|| "none".to_owned());
        said.push(format!("priority {}, was {}", named(after), named(before)));
    }
    let (before, after) = (noted(was, "blocked_reason"), noted(is, "blocked_reason"));
    match after {
        Some(reason) if before.as_ref() != Some(&reason) => {
            said.push(format!("blocked: {}", reason.trim().chars().take(REASON_CHARS).collect::<String>()));
        }
        None if before.is_some() => said.push("blocked no more".to_owned()),
        _ => {}
    }
    let named = |ids: &[TaskId], but: &[TaskId]| -> Vec<String> {
        let tasks = ids.iter().filter(|id| !but.contains(id)).map(|id| view.task(*id));
        tasks.filter_map(|task| if let Look::Known(Some(task)) = task { Some(task.called()) } else { None }).collect()
    };
    for (names, more) in [(named(&is.blocked_by, &was.blocked_by), ""), (named(&was.blocked_by, &is.blocked_by), " no more")] {
        if !names.is_empty() {
            said.push(format!("waits for {}{more}", names.join(", ")));
        }
    }
    if was.wave.is_none() && is.wave.is_some() {
        said.push("free to begin".to_owned());
    }
    Some(said.join("; ")).filter(|said| !said.is_empty())
}

/// Whose it is now.
pub(super) fn of_owner(owner: Option<&AgentName>) -> String {
    owner.map_or_else(|| "taken away: it is nobody's now".to_owned(), |owner| format!("given to {owner}"))
}

/// The agent that had a task, if that is one with a connection of its own: by a claim, or because it was meant for it.
pub(super) fn who_had(view: &impl View, task: &Task) -> Option<AgentName> {
    let work = task.work.as_ref()?;
    let owner = work.owner.as_ref().filter(|owner| matches!(view.agent(owner), Look::Known(Some(_))));
    work.holder.as_ref().or(owner).cloned()
}
