//! The answers of this dialect's tools, as structured values.

use serde_json::{Value, json};

use crate::mcp::channel::Item;
use crate::mcp::said;
use crate::model::{Actor, AgentName, Assignee, Message, Task, Workspace};

/// The answer of `createTask`.
pub fn created(task: &Task) -> Value {
    let warnings: Vec<_> = [asks_without_human(task), offers_without_human(task)].into_iter().flatten().collect();
    json!({
        "task_id": task.id,
        "number": task.number,
        "status": task.status,
        "assignee": task.assignee,
        "warnings": warnings,
    })
}

/// A title that asks a person, on a task that no person is asked by.
pub fn asks_without_human(task: &Task) -> Option<String> {
    let title = task.title.to_lowercase();
    let prefix = ["approve:", "review:", "question:"].into_iter().find(|prefix| title.starts_with(prefix))?;
    (task.assignee == Assignee::Agent).then(|| {
        format!(
            "The title begins with \"{prefix}\" but the assignee is \"agent\", so no person is asked. To ask a person, create it with assignee \"human\"."
        )
    })
}

/// Answers to choose from, on a task that no person is asked by.
fn offers_without_human(task: &Task) -> Option<String> {
    (task.options.is_some() && task.assignee == Assignee::Agent).then(|| {
        "It has options but the assignee is \"agent\", so no person is asked to choose. To ask a person, create it with assignee \"human\"."
            .to_owned()
    })
}

/// How many tasks there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub open: u64,
    /// How many of them wait for whom, where they are few enough to be counted.
    pub waiting: Option<WaitingFor>,
}

/// How many open tasks wait for whom.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WaitingFor {
    pub people: u64,
    pub agents: u64,
}

/// The answer of `getWorkspace`.
pub fn workspace(workspace: &Workspace, agent: &AgentName, counts: Counts) -> Value {
    json!({
        "id": workspace.id,
        "name": workspace.name,
        "mission": workspace.mission,
        "agent": agent,
        "open_tasks": counts.open,
        "waiting_for_people": counts.waiting.map(|waiting| waiting.people),
        "waiting_for_agents": counts.waiting.map(|waiting| waiting.agents),
    })
}

/// The answer of `getTaskMessages`.
pub fn messages(task: &Task, page: &[Message], next_cursor: Option<String>) -> Value {
    let messages: Vec<_> = page.iter().map(message).collect();
    json!({"messages": messages, "nextCursor": next_cursor, "task": head(task)})
}

/// The answer of `getNextTask`.
pub fn next_task(claimed: Option<(&Task, &Message)>) -> Value {
    let task = claimed.map(|(task, body)| {
        let mut value = head(task);
        value["body"] = json!(body.text);
        value["attachments"] = json!(body.attachments);
        value
    });
    json!({"task": task})
}

/// The answer of `waitForMessages`: what waited, and the cursor that acknowledges it.
pub fn waited(items: &[Item]) -> Value {
    let ids: Vec<_> = items.iter().flat_map(|item| &item.meta).filter(|(key, _)| *key == "message_id").map(|(_, id)| id.as_str()).collect();
    let messages: Vec<_> = items
        .iter()
        .map(|item| {
            let mut message = item.meta();
            message.insert("text".to_owned(), Value::String(item.content.clone()));
            message
        })
        .collect();
    let cursor = (!ids.is_empty()).then(|| ids.join("."));
    json!({"messages": messages, "cursor": cursor})
}

/// A task without its body.
pub(super) fn head(task: &Task) -> Value {
    let mut head = json!({
        "id": task.id,
        "number": task.number,
        "title": task.title,
        "status": task.status,
        "assignee": task.assignee,
        "turn": task.turn,
        "verdict": task.verdict.as_ref().map(|verdict| verdict.kind),
        "reason": task.reason,
    });
    if let Some(options) = &task.options {
        head["options"] = json!(options);
    }
    head
}

fn message(message: &Message) -> Value {
    let role = match &message.author {
        Actor::Person(_) => "human",
        Actor::Agent { .. } | Actor::System => "agent",
    };
    let mut value = json!({
        "role": role,
        "text": if message.choices.is_some() { said::words(message) } else { message.text.clone() },
        "ts": message.at,
        "message_id": message.id,
        "name": message.author.to_string(),
        "verdict": message.verdict,
        "attachments": message.attachments,
    });
    if let Some(chosen) = &message.choices {
        value["choices"] = json!(chosen);
    }
    if let Some(edited) = &message.edited {
        value["edited"] = said::change_value(edited);
    }
    value
}
