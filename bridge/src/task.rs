//! A command as a task of a list: how it is created and told of, in the words of the tools TaskCreate and TaskUpdate.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use rmcp::model::JsonObject;
use serde_json::{Value, json};

use crate::mcp::Refused;

/// As long as a task's title may be.
const TITLE_CHARS: usize = 255;

/// As long as its command may be.
const COMMAND_BYTES: usize = 8 * 1024;

/// How long the server lets one have.
pub const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(7 * 24 * 60 * 60);

/// How the `task_uid` of a command begins that somebody runs himself: it is claimed as soon as it is there, and is for no runner.
const OWN: &str = "run-";

/// How a command ended, as the tools call it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Failed,
    /// A stop was asked for.
    Killed,
}

impl Outcome {
    fn word(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Killed => "killed",
        }
    }
}

/// The task, as the server knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub id: String,
    /// The number of our claim, once there is one: what was claimed by another since is not ours to end.
    pub fence: Option<u64>,
}

impl Task {
    /// Reads the answer of `TaskCreate`.
    ///
    /// # Errors
    /// It names no task.
    pub fn created(answer: &Value) -> Result<Self, Refused> {
        let id = answer.get("taskId").and_then(Value::as_str).filter(|id| !id.is_empty());
        let id = id.ok_or_else(|| Refused::new("the answer of TaskCreate names no task"))?;
        Ok(Self { id: id.to_owned(), fence: answer.get("fence").and_then(Value::as_u64) })
    }

    /// The arguments of the `TaskUpdate` that says how it ended.
    pub fn ended(&self, outcome: Outcome, exit_code: u8) -> JsonObject {
        let mut arguments = object(json!({"taskId": self.id, "status": outcome.word(), "exitCode": exit_code}));
        if let Some(fence) = self.fence {
            arguments.insert("fence".into(), json!(fence));
        }
        arguments
    }
}

/// The arguments of `TaskCreate` for a command that runs already: it is claimed from the beginning, so that no runner takes it and a stop finds
/// whom to tell at any time. `uid` makes one task of a call that is made again because its answer was lost.
pub fn create(command: &[OsString], title: Option<&str>, timeout: Option<Duration>, owner: &str, uid: &str) -> JsonObject {
    let line = command_line(command);
    // A title is one line; a script given with `sh -c` may be many.
    let title: String = title.unwrap_or(&line).chars().map(|c| if c.is_control() { ' ' } else { c }).take(TITLE_CHARS).collect();
    let line = shortened(line, COMMAND_BYTES);
    let mut arguments = object(
        json!({"subject": title, "type": "local_bash", "command": line, "status": "running", "owner": owner, "metadata": {"task_uid": uid}}),
    );
    if let Some(timeout) = timeout {
        arguments.insert("timeout".into(), json!(u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)));
    }
    arguments
}

/// A new `task_uid` for a command that we run ourselves.
pub fn own_uid() -> String {
    format!("{OWN}{:032x}", fastrand::u128(..))
}

/// Was a task made by who runs its command himself?
pub fn is_own(uid: &str) -> bool {
    uid.starts_with(OWN)
}

/// A text of so many bytes at most, and a sign that there was more.
fn shortened(mut text: String, most: usize) -> String {
    const MORE: &str = " …";
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - MORE.len()));
        text.push_str(MORE);
    }
    text
}

/// The command as a shell would read it.
pub fn command_line(command: &[OsString]) -> String {
    let words: Vec<_> = command.iter().map(|word| word.to_string_lossy()).collect();
    // Only a NUL cannot be quoted, and no argument has one.
    shlex::try_join(words.iter().map(|word| &**word)).unwrap_or_else(|_| words.join(" "))
}

pub(crate) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    #[test]
    fn a_command_is_written_as_a_shell_would_read_it() {
        let line = command_line(&words(&["sh", "-c", "echo 'it''s' $HOME", "", "plain"]));
        assert_eq!(shlex::split(&line), Some(vec!["sh".into(), "-c".into(), "echo 'it''s' $HOME".into(), String::new(), "plain".into()]));
    }

    #[test]
    fn a_task_is_called_as_its_command_unless_it_has_a_title() {
        let arguments = create(&words(&["npm", "test"]), None, Some(Duration::from_secs(600)), "me", "u");
        assert_eq!(
            Value::Object(arguments),
            json!({"subject": "npm test", "type": "local_bash", "command": "npm test", "timeout": 600_000, "status": "running", "owner": "me", "metadata": {"task_uid": "u"}})
        );
        let arguments = create(&words(&["npm", "test"]), Some("Tests"), None, "me", "u");
        assert_eq!((&arguments["subject"], arguments.get("timeout")), (&json!("Tests"), None));
        let long = create(&words(&["echo", &"ä".repeat(1000)]), None, None, "me", "u");
        assert_eq!(long["subject"].as_str().map(|title| title.chars().count()), Some(TITLE_CHARS));
    }

    #[test]
    fn a_command_that_is_too_long_for_a_page_is_shortened_between_two_letters() {
        let arguments = create(&words(&["echo", &"ä".repeat(10_000)]), None, None, "me", "u");
        let line = arguments["command"].as_str().unwrap_or_default();
        assert!(line.len() <= COMMAND_BYTES && line.len() > COMMAND_BYTES - 4 && line.ends_with("ä …"), "{}", line.len());
    }

    #[test]
    fn the_end_rests_on_the_claim() {
        let task = Task::created(&json!({"id": "7", "taskId": "abcDEF12345"})).expect("a task");
        assert_eq!(Value::Object(task.ended(Outcome::Failed, 3)), json!({"taskId": "abcDEF12345", "status": "failed", "exitCode": 3}));
        let task = Task::created(&json!({"id": "7", "taskId": "abcDEF12345", "fence": 4})).expect("a task");
        let ended = Value::Object(task.ended(Outcome::Killed, 143));
        assert_eq!(ended, json!({"taskId": "abcDEF12345", "status": "killed", "exitCode": 143, "fence": 4}));
        assert!(Task::created(&json!({"id": "7"})).is_err());
    }
}
