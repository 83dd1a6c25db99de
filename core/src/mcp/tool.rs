//! What a tool is to MCP: a definition, arguments, a result.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::id::{AttachmentId, MessageId, TaskId};
use crate::limits;

/// A tool as `tools/list` shows it.
#[derive(Clone, Debug)]
pub struct Definition {
    pub name: &'static str,
    pub title: &'static str,
    /// Teaches an agent when to call it.
    pub description: String,
    pub input: Value,
    /// What its structured answer holds; left out where that is more than a model should have to read beforehand.
    pub output: Option<Value>,
    pub effect: ToolEffect,
    /// A call that is right, for the answer to one that is not.
    pub example: &'static str,
}

/// What calling a tool does, in the terms of MCP's annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolEffect {
    Reads,
    /// Adds something; calling it twice adds two.
    Adds,
    /// Sets something; calling it twice is calling it once.
    Sets,
}

impl Definition {
    /// The entry of `tools/list`.
    pub fn to_json(&self) -> Value {
        // Only what differs from what is assumed where nothing is said (MCP, `ToolAnnotations`): every model reads this.
        let annotations = match self.effect {
            ToolEffect::Reads => json!({"readOnlyHint": true, "openWorldHint": false}),
            ToolEffect::Adds => json!({"destructiveHint": false, "openWorldHint": false}),
            ToolEffect::Sets => json!({"destructiveHint": false, "idempotentHint": true, "openWorldHint": false}),
        };
        let mut entry = json!({
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "inputSchema": self.input,
            "annotations": annotations,
        });
        if let Some(output) = &self.output {
            entry["outputSchema"] = output.clone();
        }
        entry
    }
}

/// The answer of a tool: a structured value, and the same as text.
#[derive(Clone, Debug, PartialEq)]
pub enum ToolAnswer {
    Done(Value),
    /// The same, where the text says less than the value: what is large stands in the answer only once.
    Large {
        value: Value,
        text: String,
    },
    /// A structured value, and what the tool says in words of its own; notes beside it stand in blocks of their own.
    Said {
        value: Value,
        text: String,
        notes: Vec<String>,
    },
    /// The tool could not do it; the text says what was wrong and what would be right.
    Failed(String),
    /// The same, with the refusal as a value: `code` is stable.
    Refused {
        problem: Value,
        text: String,
    },
}

impl ToolAnswer {
    /// Is the value so large that the text says less?
    pub fn is_large(&self) -> bool {
        matches!(self, Self::Large { .. })
    }

    /// The result of `tools/call`. Items that wait for the agent come first, so that a long answer cannot push them out of sight.
    pub fn to_json(&self, items: &[String]) -> Value {
        let text = match self {
            Self::Done(value) => value.to_string(),
            Self::Large { text, .. } | Self::Said { text, .. } | Self::Refused { text, .. } => text.clone(),
            Self::Failed(why) => why.clone(),
        };
        let notes: &[String] = if let Self::Said { notes, .. } = self { notes } else { &[] };
        let content: Vec<_> =
            items.iter().map(String::as_str).chain([text.as_str()]).chain(notes.iter().map(String::as_str)).map(block).collect();
        match self {
            Self::Done(value) | Self::Large { value, .. } | Self::Said { value, .. } => {
                json!({"content": content, "structuredContent": value, "isError": false})
            }
            Self::Failed(_) => json!({"content": content, "isError": true}),
            Self::Refused { problem, .. } => json!({"content": content, "structuredContent": problem, "isError": true}),
        }
    }
}

fn block(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// An argument that is missing or wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrongArgument(pub String);

impl WrongArgument {
    /// What whoever called `tool` is told: what is wrong, and a call that is right.
    pub fn told(&self, tool: &str, tools: &[Definition]) -> String {
        let example = tools.iter().find(|known| known.name == tool).map(|known| known.example).unwrap_or_default();
        format!("{tool}: {}. A call that is right: {example}", self.0)
    }
}

/// How a tool's arguments name a task: by id or by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskRef {
    Id(TaskId),
    Number(u64),
}

impl TaskRef {
    /// Reads `0ZRgCquBZ7R`, `12`, `#12`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(id) = text.parse() {
            return Some(Self::Id(id));
        }
        let digits = text.strip_prefix('#').unwrap_or(text);
        let plain = !digits.is_empty() && digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit());
        if plain { digits.parse().ok().map(Self::Number) } else { None }
    }
}

impl fmt::Display for TaskRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Number(number) => write!(f, "#{number}"),
        }
    }
}

/// The arguments of a call. Each is read under any of its names: the documented one and its camelCase twin.
#[derive(Clone, Debug)]
pub struct Args<'a>(pub &'a Map<String, Value>);

impl<'a> Args<'a> {
    fn find(&self, names: &[&str]) -> Option<&'a Value> {
        names.iter().filter_map(|name| self.0.get(*name)).find(|value| !value.is_null())
    }

    /// A text; numbers are taken as they are written.
    pub fn text(&self, names: &[&'static str]) -> Result<Option<String>, WrongArgument> {
        match self.find(names) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(other) => Err(wrong(names, "a text", other)),
        }
    }

    pub fn required_text(&self, names: &[&'static str]) -> Result<String, WrongArgument> {
        self.text(names)?.ok_or_else(|| missing(names))
    }

    /// A whole number from 0; a text that holds one will do.
    pub fn number(&self, names: &[&'static str]) -> Result<Option<u64>, WrongArgument> {
        let Some(value) = self.find(names) else { return Ok(None) };
        let number = match value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        number.map(Some).ok_or_else(|| wrong(names, "a whole number", value))
    }

    pub fn truth(&self, names: &[&'static str]) -> Result<Option<bool>, WrongArgument> {
        match self.find(names) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(Value::String(text)) if text == "true" || text == "false" => Ok(Some(text == "true")),
            Some(other) => Err(wrong(names, "true or false", other)),
        }
    }

    pub fn list(&self, names: &[&'static str]) -> Result<&'a [Value], WrongArgument> {
        match self.find(names) {
            None => Ok(&[]),
            Some(Value::Array(list)) => Ok(list),
            Some(other) => Err(wrong(names, "a list", other)),
        }
    }

    /// An object; a text that holds one will do, since some clients send it so.
    pub fn object(&self, names: &[&'static str]) -> Result<Option<Map<String, Value>>, WrongArgument> {
        match self.find(names) {
            None => Ok(None),
            Some(Value::Object(object)) => Ok(Some(object.clone())),
            Some(other) => match other.as_str().map(serde_json::from_str) {
                Some(Ok(Value::Object(object))) => Ok(Some(object)),
                _ => Err(wrong(names, "an object", other)),
            },
        }
    }

    /// A task, by id or number, as text or integer.
    pub fn task(&self, names: &[&'static str]) -> Result<TaskRef, WrongArgument> {
        task_named(names, &self.required_text(names)?)
    }

    /// Tasks, each by id or number, as texts or integers.
    pub fn tasks(&self, names: &[&'static str]) -> Result<Vec<TaskRef>, WrongArgument> {
        let list = self.list(names)?;
        if list.len() > limits::EDGES {
            return Err(WrongArgument(format!("`{}` names {} tasks; {} are allowed", names[0], list.len(), limits::EDGES)));
        }
        let named = list.iter().map(|value| match value {
            Value::String(text) => task_named(names, text),
            other => task_named(names, &other.to_string()),
        });
        named.collect()
    }

    pub fn message(&self, names: &[&'static str]) -> Result<Option<MessageId>, WrongArgument> {
        let Some(text) = self.text(names)? else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|error| WrongArgument(format!("`{}`: {error}", names[0])))
    }

    pub fn attachment(&self, names: &[&'static str]) -> Result<AttachmentId, WrongArgument> {
        let text = self.required_text(names)?;
        text.trim().parse().map_err(|error| WrongArgument(format!("`{}`: {error}", names[0])))
    }

    /// One of a few words.
    pub fn word<T: Copy>(&self, names: &[&'static str], known: &[(&'static str, T)]) -> Result<Option<T>, WrongArgument> {
        let Some(text) = self.text(names)? else { return Ok(None) };
        if let Some((_, value)) = known.iter().find(|(word, _)| *word == text) {
            return Ok(Some(*value));
        }
        let words: Vec<_> = known.iter().map(|(word, _)| format!("{word:?}")).collect();
        Err(WrongArgument(format!("`{}` is {:?}; it may be {}", names[0], clipped(&text), words.join(", "))))
    }
}

fn task_named(names: &[&'static str], text: &str) -> Result<TaskRef, WrongArgument> {
    TaskRef::parse(text).ok_or_else(|| {
        WrongArgument(format!(
            "`{}` is {:?}: a task is named by its id, such as \"0ZRgCquBZ7R\", or its number, such as 12",
            names[0],
            clipped(text)
        ))
    })
}

/// Says that an argument is missing.
pub fn missing(names: &[&'static str]) -> WrongArgument {
    WrongArgument(format!("`{}` is missing", names[0]))
}

fn wrong(names: &[&'static str], wanted: &str, given: &Value) -> WrongArgument {
    WrongArgument(format!("`{}` must be {wanted}, not {}", names[0], clipped(&given.to_string())))
}

/// As much of what was given as a refusal needs to show.
pub fn clipped(text: &str) -> String {
    if text.chars().count() <= 60 { text.to_owned() } else { text.chars().take(60).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_named_by_id_or_number_in_any_form() {
        assert_eq!(TaskRef::parse("12"), Some(TaskRef::Number(12)));
        assert_eq!(TaskRef::parse(" #12 "), Some(TaskRef::Number(12)));
        assert!(matches!(TaskRef::parse("0ZRgCquBZ7R"), Some(TaskRef::Id(_))));
        for wrong in ["", "#", "-1", "1.5", "twelve", "9999999999999999"] {
            assert_eq!(TaskRef::parse(wrong), None, "{wrong:?}");
        }
        let args = json!({"task_id": 12});
        let Value::Object(args) = args else { panic!("an object") };
        assert_eq!(Args(&args).task(&["task_id", "taskId"]), Ok(TaskRef::Number(12)));
    }

    #[test]
    fn a_name_that_is_null_does_not_hide_its_twin() {
        let Value::Object(args) = json!({"chat_id": null, "chatId": "x"}) else { panic!("an object") };
        assert_eq!(Args(&args).required_text(&["chat_id", "chatId"]), Ok("x".to_owned()));
    }

    #[test]
    fn an_argument_is_read_under_either_of_its_names() {
        for name in ["chat_id", "chatId"] {
            let Value::Object(args) = json!({name: "x"}) else { panic!("an object") };
            assert_eq!(Args(&args).required_text(&["chat_id", "chatId"]), Ok("x".to_owned()));
        }
    }
}
