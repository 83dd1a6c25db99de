//! Looks for what may run: asks to be told of more, reads the list, and compares each command with what is allowed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rmcp::model::JsonObject;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Desk;
use super::allow::Allowed;
use super::words::{self, NotWords};
use crate::mcp::Refused;
use crate::say::told;
use crate::task::{is_own, object};

/// A command that waits for somebody to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub id: String,
    /// As people call the task.
    pub number: String,
    pub command: String,
    /// What the task has of its own.
    pub timeout: Option<Duration>,
    /// The tasks that must be done before it, by their numbers. Which of them are done does not stand here.
    after: Vec<String>,
    urgency: usize,
}

/// What is known of what must be done before a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Before {
    Nothing,
    /// Something; it may be done, under way, or have failed.
    Something,
}

/// One that is allowed, and how it runs here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    pub number: String,
    /// As it is told.
    pub line: String,
    pub words: Vec<String>,
    pub folder: PathBuf,
    pub timeout: Duration,
    pub before: Before,
}

/// Why a command is left to others.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    #[error(transparent)]
    NotWords(#[from] NotWords),
    #[error("it is not allowed")]
    NotListed,
}

/// What holds for a command unless its entry says otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    pub allowed: &'a Allowed,
    pub folder: &'a Path,
    pub timeout: Duration,
}

/// Asks to be told of more, and then looks what there is: so nothing falls between.
///
/// # Errors
/// The answer is no.
pub async fn look(desk: &Desk) -> Result<Vec<Waiting>, Refused> {
    let troubles = |why: &str| desk.troubles.heard(why);
    desk.link.call("TaskNext", &JsonObject::new(), troubles).await?;
    let (mut found, mut pending) = (Vec::new(), HashSet::new());
    let mut cursor: Option<String> = None;
    loop {
        let mut arguments = object(json!({"status": "pending"}));
        arguments.extend(cursor.iter().map(|cursor| ("cursor".to_owned(), json!(cursor))));
        let page = desk.link.call("TaskList", &arguments, troubles).await?;
        found.extend(waiting(&page, desk.plan.address.agent()));
        pending.extend(numbers(&page));
        match page.get("nextCursor").and_then(Value::as_str) {
            // The same once more would be the same page.
            Some(next) if cursor.as_deref() != Some(next) => cursor = Some(next.to_owned()),
            _ => break,
        }
    }
    desk.troubles.over();
    // What waits for one that nobody has begun is not free.
    found.retain(|waiting| !waiting.after.iter().any(|number| pending.contains(number)));
    // The most urgent first; those alike in the order of the list.
    found.sort_by_key(|waiting| waiting.urgency);
    Ok(found)
}

#[derive(Deserialize)]
struct Listed {
    #[serde(rename = "taskId")]
    id: String,
    #[serde(rename = "id")]
    number: String,
    #[serde(default)]
    owner: Option<String>,
    #[serde(default)]
    wave: Option<Value>,
    #[serde(rename = "blockedBy", default)]
    after: Vec<String>,
    #[serde(default)]
    priority: Option<Value>,
    #[serde(default)]
    metadata: JsonObject,
    background: Background,
}

#[derive(Deserialize)]
struct Background {
    r#type: String,
    status: String,
    #[serde(default)]
    command: Option<String>,
    /// Milliseconds.
    #[serde(default)]
    timeout: Option<u64>,
}

/// The numbers of all tasks of a page.
fn numbers(page: &Value) -> impl Iterator<Item = String> {
    let tasks = page.get("tasks").and_then(Value::as_array).into_iter().flatten();
    tasks.filter_map(|task| Some(task.get("id")?.as_str()?.to_owned()))
}

/// The commands of a page that may be free to run, and nobody's or ours.
fn waiting(page: &Value, me: &str) -> Vec<Waiting> {
    let tasks = page.get("tasks").and_then(Value::as_array).into_iter().flatten();
    // What cannot be read so is no command.
    tasks.filter_map(|task| serde_json::from_value::<Listed>(task.clone()).ok()?.free_to_run(me)).collect()
}

impl Listed {
    fn free_to_run(self, me: &str) -> Option<Waiting> {
        let noted = |name| self.metadata.get(name).and_then(Value::as_str);
        let is_command = self.background.r#type == "local_bash" && self.background.status == "pending";
        let is_for_us = self.owner.as_deref().is_none_or(|owner| owner == me) && self.wave.is_some();
        // One that says why it is stuck is for nobody; one that lives elsewhere runs there; and a command under `agentrq run` runs already.
        let is_anothers = noted("blocked_reason").is_some() || noted("mirrored_from").is_some() || noted("task_uid").is_some_and(is_own);
        if !is_command || !is_for_us || is_anothers {
            return None;
        }
        let urgencies = ["critical", "high", "medium", "low"];
        let priority = self.priority.as_ref().and_then(Value::as_str).unwrap_or_default();
        let urgency = urgencies.iter().position(|word| *word == priority).unwrap_or(urgencies.len());
        let timeout = self.background.timeout.map(Duration::from_millis);
        Some(Waiting { id: self.id, number: self.number, command: self.background.command?, timeout, after: self.after, urgency })
    }
}

/// Is a command allowed, and where and for how long?
///
/// # Errors
/// It is not.
pub fn judge(waiting: &Waiting, terms: Terms<'_>) -> Result<Candidate, NotAllowed> {
    let words = words::command(&waiting.command)?;
    let entry = terms.allowed.find(&words).ok_or(NotAllowed::NotListed)?;
    let ours = entry.timeout.unwrap_or(terms.timeout);
    Ok(Candidate {
        id: waiting.id.clone(),
        number: waiting.number.clone(),
        line: told(&waiting.command),
        words,
        folder: entry.folder.clone().unwrap_or_else(|| terms.folder.to_owned()),
        timeout: waiting.timeout.map_or(ours, |its| its.min(ours)),
        before: if waiting.after.is_empty() { Before::Nothing } else { Before::Something },
    })
}

/// Which tasks have been said to be left to others: each is named once.
#[derive(Debug, Default)]
pub struct Named(HashSet<String>);

impl Named {
    /// Returns whether a task is to be named now.
    pub fn is_new(&mut self, id: &str) -> bool {
        self.0.insert(id.to_owned())
    }

    /// Forgets those that wait no more.
    pub fn keep(&mut self, waiting: &[Waiting]) {
        let there: HashSet<_> = waiting.iter().map(|waiting| waiting.id.as_str()).collect();
        self.0.retain(|id| there.contains(id.as_str()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(id: &str, more: Value) -> Value {
        let mut task = json!({
            "taskId": id, "id": "7", "owner": null, "wave": 0, "metadata": {}, "priority": "unprioritized",
            "background": {"type": "local_bash", "status": "pending", "command": "npm test"},
        });
        for (name, value) in more.as_object().expect("an object") {
            task[name] = value.clone();
        }
        task
    }

    fn found(more: Value) -> Vec<Waiting> {
        waiting(&json!({"tasks": [task("a", more)]}), "me")
    }

    #[test]
    fn what_is_free_to_run_and_nobodys_or_ours_is_found() {
        assert_eq!(found(json!({})).len(), 1);
        assert_eq!(found(json!({"owner": "me"})).len(), 1);
        assert_eq!(found(json!({"blockedBy": ["3"]}))[0].after, ["3"]);
        for other in [
            json!({"owner": "claude"}),
            json!({"wave": null}),
            json!({"background": null}),
            json!({"background": {"type": "local_agent", "status": "pending", "command": "x"}}),
            json!({"background": {"type": "local_bash", "status": "running", "command": "x"}}),
            json!({"background": {"type": "local_bash", "status": "pending"}}),
            json!({"metadata": {"blocked_reason": "no disk"}}),
            json!({"metadata": {"mirrored_from": "elsewhere"}}),
            json!({"metadata": {"task_uid": "run-0123"}}),
        ] {
            assert_eq!(found(other.clone()), [], "{other}");
        }
    }

    #[test]
    fn the_shortest_time_counts_and_an_entrys_own_is_nearer_than_the_runners() {
        let mut allowed = Allowed::default();
        allowed.add_command("npm *").expect("right");
        let terms = Terms { allowed: &allowed, folder: Path::new("/"), timeout: Duration::from_secs(60) };
        let with = |its: Option<u64>| {
            let background = json!({"type": "local_bash", "status": "pending", "command": "npm test", "timeout": its});
            judge(&found(json!({"background": background}))[0], terms).map(|candidate| candidate.timeout)
        };
        assert_eq!(with(None), Ok(Duration::from_secs(60)));
        assert_eq!(with(Some(5_000)), Ok(Duration::from_secs(5)));
        assert_eq!(with(Some(500_000)), Ok(Duration::from_secs(60)));
        let others = found(json!({"background": {"type": "local_bash", "status": "pending", "command": "rm x"}}));
        assert_eq!(judge(&others[0], terms), Err(NotAllowed::NotListed));
    }

    #[test]
    fn what_is_left_to_others_is_named_once_as_long_as_it_waits() {
        let mut named = Named::default();
        let waiting = found(json!({}));
        assert!(named.is_new("a") && !named.is_new("a"));
        named.keep(&waiting);
        assert!(!named.is_new("a"));
        named.keep(&[]);
        assert!(named.is_new("a"));
    }
}
