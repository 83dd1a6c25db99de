//! What Claude Code's hooks tell of a session's own list (`TaskCreated`, `TaskCompleted`, `PostToolUse` of its task tools, `SessionEnd`): so that the
//! list is seen here, with nothing installed there.
//!
//! A session numbers its tasks by itself, unless it shares a list by name with others. Here each is known by session or list, and number, which stand
//! in its metadata as `task_uid`.

use serde_json::{Map, Value, json};

use super::call::{Call, Change, New, read};
use crate::command::WorkChange;
use crate::mcp::tool::TaskRef;
use crate::model::{ListName, Noted, Todo};

/// What a hook tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Created {
        uid: String,
        new: Box<New>,
    },
    Changed {
        uid: String,
        change: Box<Change>,
        named: Named,
    },
    Deleted {
        uid: String,
    },
    Todos(Vec<Todo>),
    /// The session has ended: it works on none of its tasks any more, whose `task_uid` all begin so.
    Over {
        uids: String,
    },
    /// Nothing that is mirrored.
    Nothing,
}

/// How the tasks beside a changed one are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    numbering: String,
}

impl Named {
    /// The `task_uid` of a task by its number there.
    pub fn uid(&self, task: TaskRef) -> Option<String> {
        match task {
            TaskRef::Number(number) => Some(format!("{}{number}", self.numbering)),
            TaskRef::Id(_) => None,
        }
    }
}

/// Bytes of a session's name.
const SESSION_BYTES: usize = 100;

/// Reads what a hook sends (Claude Code, "Hooks": `session_id`, `hook_event_name`, and what belongs to the event). `shared`: the list that the
/// session shares with others, by which its tasks are numbered then.
///
/// # Errors
/// What is wrong with it.
pub fn told(sent: &Map<String, Value>, shared: Option<&ListName>) -> Result<Told, String> {
    let text = |name: &str| sent.get(name).and_then(Value::as_str);
    let Some(event) = text("hook_event_name") else { return Err("it names no hook_event_name".to_owned()) };
    // What stands before a colon names a session, or a list with `@` before it: nobody is to pass for another.
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let session = text("session_id").filter(|id| (1..=SESSION_BYTES).contains(&id.len()) && id.chars().all(is_plain));
    let session =
        session.ok_or_else(|| format!("it needs a session_id of at most {SESSION_BYTES} letters, digits, `-`, `_` and `.`"))?.to_owned();
    let numbering = shared.map_or_else(|| format!("{session}:"), |list| format!("@{list}:"));
    let named = Named { numbering };
    let number = || {
        let id = sent.get("task_id").map(|id| id.as_str().map_or_else(|| id.to_string(), str::to_owned)).unwrap_or_default();
        let task = TaskRef::parse(&id).and_then(|task| named.uid(task));
        task.ok_or_else(|| format!("task_id is {:?}; a session numbers its tasks", id.chars().take(40).collect::<String>()))
    };
    match event {
        "TaskCreated" => {
            let uid = number()?;
            let asked =
                json!({"subject": text("task_subject").unwrap_or("Untitled"), "description": text("task_description").unwrap_or_default()});
            match called("TaskCreate", &asked)? {
                Call::Create(new) => Ok(Told::Created { uid, new }),
                _ => Ok(Told::Nothing),
            }
        }
        "TaskCompleted" => changed("TaskUpdate", &json!({"taskId": sent.get("task_id"), "status": "completed"}), named),
        // What was refused there did not happen.
        "PostToolUse" if sent.get("tool_response").and_then(|said| said.get("success")) == Some(&Value::Bool(false)) => Ok(Told::Nothing),
        "PostToolUse" => match (text("tool_name"), sent.get("tool_input")) {
            (Some("TaskCreate"), Some(input)) => noted(input, sent.get("tool_response"), named),
            (Some(tool @ ("TaskUpdate" | "TodoWrite")), Some(input)) => changed(tool, input, named),
            _ => Ok(Told::Nothing),
        },
        // Others may be at work on a list that is shared.
        "SessionEnd" if shared.is_none() => Ok(Told::Over { uids: named.numbering }),
        _ => Ok(Told::Nothing),
    }
}

fn changed(tool: &str, input: &Value, named: Named) -> Result<Told, String> {
    let uid = |task| named.uid(task).ok_or_else(|| "taskId: a session numbers its tasks".to_owned());
    Ok(match called(tool, input)? {
        Call::Update { task, change } => Told::Changed { uid: uid(task)?, change, named },
        Call::Delete { task, .. } => Told::Deleted { uid: uid(task)? },
        Call::WriteTodos { todos } => Told::Todos(todos),
        _ => Told::Nothing,
    })
}

/// What `TaskCreated` does not tell of a new task: what is noted of it, and what it is called while it is under way. Its number stands in the answer,
/// `{"task": {"id": "1", …}}` (seen of Claude Code 2.1.197).
fn noted(input: &Value, answer: Option<&Value>, named: Named) -> Result<Told, String> {
    let id = answer.and_then(|answer| answer.get("task")?.get("id")?.as_str()).unwrap_or_default();
    let Some(uid) = TaskRef::parse(id).and_then(|task| named.uid(task)) else { return Ok(Told::Nothing) };
    let Call::Create(new) = called("TaskCreate", input)? else { return Ok(Told::Nothing) };
    let New { subject, description, active_form, metadata, .. } = *new;
    let fields = WorkChange {
        title: Some(subject),
        body: Some(description),
        active_form: active_form.map(Some),
        metadata: Some(Noted::Merged(metadata)),
        ..WorkChange::default()
    };
    Ok(Told::Changed { uid, change: Box::new(Change { fields, ..Change::default() }), named })
}

fn called(tool: &str, input: &Value) -> Result<Call, String> {
    let Value::Object(input) = input else { return Err(format!("what {tool} was given is no object")) };
    read(tool, input).unwrap_or_else(|| Err(format!("there is no tool {tool}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Status;

    fn hears(sent: Value) -> Result<Told, String> {
        let Value::Object(sent) = sent else { panic!("an object") };
        told(&sent, None)
    }

    #[test]
    fn a_task_of_a_session_is_known_by_session_and_number() {
        let sent = json!({"session_id": "s1", "hook_event_name": "TaskCreated", "task_id": "3", "task_subject": "Fix it", "task_description": "Now."});
        let Ok(Told::Created { uid, new }) = hears(sent) else { panic!("it is right") };
        assert_eq!((uid.as_str(), new.subject.as_str(), new.description.as_str()), ("s1:3", "Fix it", "Now."));
        let Ok(Told::Changed { uid, change, named }) = hears(json!({
            "session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "TaskUpdate",
            "tool_input": {"taskId": "3", "status": "in_progress", "addBlockedBy": ["1"]}, "tool_response": {"success": true},
        })) else {
            panic!("it is right")
        };
        assert_eq!((uid.as_str(), change.fields.status), ("s1:3", Some(Status::Active)));
        assert_eq!(change.arrows.add_blocked_by.iter().map(|task| named.uid(*task)).collect::<Vec<_>>(), [Some("s1:1".to_owned())]);
        let Ok(Told::Changed { change, .. }) = hears(json!({"session_id": "s1", "hook_event_name": "TaskCompleted", "task_id": 3})) else {
            panic!("it is right")
        };
        assert_eq!(change.fields.status, Some(Status::Completed));
    }

    #[test]
    fn what_is_noted_of_a_new_task_is_told_by_the_tool_that_made_it() {
        let sent = |answer: Value| {
            json!({
                "session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "TaskCreate", "tool_response": answer,
                "tool_input": {"subject": "Fix it", "description": "Now.", "activeForm": "Fixing it", "metadata": {"priority": "P1"}},
            })
        };
        let Ok(Told::Changed { uid, change, .. }) = hears(sent(json!({"task": {"id": "3", "subject": "Fix it"}}))) else {
            panic!("it is right")
        };
        assert_eq!((uid.as_str(), change.fields.active_form), ("s1:3", Some(Some("Fixing it".into()))));
        assert!(matches!(&change.fields.metadata, Some(Noted::Merged(said)) if said.text("priority").as_deref() == Some("P1")));
        assert_eq!(hears(sent(json!("Task #3 created"))), Ok(Told::Nothing));
    }

    #[test]
    fn sessions_that_share_a_list_share_its_numbers() {
        let list = ListName::new("sprint").expect("a name");
        let shared = |sent: Value| told(sent.as_object().expect("an object"), Some(&list));
        let tells =
            |session: &str| json!({"session_id": session, "hook_event_name": "TaskCreated", "task_id": "3", "task_subject": "Fix it"});
        for session in ["s1", "s2"] {
            let Ok(Told::Created { uid, .. }) = shared(tells(session)) else { panic!("it is right") };
            assert_eq!(uid, "@sprint:3");
        }
        let ends = json!({"session_id": "s1", "hook_event_name": "SessionEnd", "reason": "clear"});
        assert_eq!(shared(ends.clone()), Ok(Told::Nothing), "others may be at work on it");
        assert_eq!(hears(ends), Ok(Told::Over { uids: "s1:".into() }));
    }

    #[test]
    fn what_is_not_of_the_list_is_nothing_and_what_is_wrong_says_what() {
        for sent in [
            json!({"session_id": "s1", "hook_event_name": "Stop"}),
            json!({"session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "Bash", "tool_input": {"command": "ls"}}),
            json!({
                "session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "TaskUpdate",
                "tool_input": {"taskId": "9", "status": "completed"}, "tool_response": {"success": false, "error": "Task not found"},
            }),
        ] {
            assert_eq!(hears(sent), Ok(Told::Nothing));
        }
        for (sent, why) in [
            (json!({"session_id": "s1"}), "hook_event_name"),
            (json!({"hook_event_name": "TaskCreated", "task_id": "1"}), "session_id"),
            (json!({"session_id": "@sprint", "hook_event_name": "SessionEnd"}), "session_id"),
            (json!({"session_id": "s1:2", "hook_event_name": "TaskCreated", "task_id": "1"}), "session_id"),
            (json!({"session_id": "s1", "hook_event_name": "TaskCompleted", "task_id": "abc"}), "taskId"),
            (json!({"session_id": "s1", "hook_event_name": "PostToolUse", "tool_name": "TaskUpdate", "tool_input": []}), "no object"),
        ] {
            assert!(hears(sent).is_err_and(|said| said.contains(why)), "{why}");
        }
    }
}
