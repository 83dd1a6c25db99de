//! What a prompt is to MCP: a definition, arguments, the message it makes. Claude Code shows prompts as slash commands.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::jsonrpc::{INVALID_PARAMS, RpcError};

/// A prompt as `prompts/list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub arguments: &'static [Argument],
}

/// What a prompt asks of the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Argument {
    pub name: &'static str,
    pub description: &'static str,
    pub need: Need,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Required,
    Optional,
}

/// The arguments of a request, by name; those that are empty are left out.
pub type Arguments = BTreeMap<&'static str, String>;

impl Definition {
    /// The entry of `prompts/list`.
    pub fn to_json(&self) -> Value {
        let arguments: Vec<_> = self.arguments.iter().map(Argument::to_json).collect();
        json!({"name": self.name, "title": self.title, "description": self.description, "arguments": arguments})
    }

    /// The arguments of a request for this prompt.
    ///
    /// # Errors
    /// When one is missing, is none of this prompt's, or is no text.
    pub fn arguments(&self, params: &Map<String, Value>) -> Result<Arguments, RpcError> {
        let none = Map::new();
        let given = match params.get("arguments") {
            None | Some(Value::Null) => &none,
            Some(Value::Object(given)) => given,
            Some(_) => return Err(self.refuse("`arguments` is an object of texts")),
        };
        let mut arguments = Arguments::new();
        for (name, value) in given {
            let Some(known) = self.arguments.iter().find(|known| known.name == name) else {
                let name: String = name.chars().take(40).collect();
                return Err(self.refuse(&format!("there is no argument {name:?}")));
            };
            let text = match value {
                Value::String(text) => text.trim().to_owned(),
                // A task's number, as a program writes it.
                Value::Number(number) => number.to_string(),
                Value::Null => continue,
                _ => return Err(self.refuse(&format!("`{}` is a text", known.name))),
            };
            if !text.is_empty() {
                arguments.insert(known.name, text);
            }
        }
        let missing = self.arguments.iter().find(|known| known.need == Need::Required && !arguments.contains_key(known.name));
        match missing {
            Some(missing) => Err(self.refuse(&format!("`{}` is missing", missing.name))),
            None => Ok(arguments),
        }
    }

    /// Says what is wrong with a request, and what this prompt takes.
    pub fn refuse(&self, why: &str) -> RpcError {
        let takes: Vec<_> = self.arguments.iter().map(Argument::told).collect();
        let takes = if takes.is_empty() { "no arguments".to_owned() } else { takes.join(", ") };
        RpcError::new(INVALID_PARAMS, format!("{}: {why}. It takes {takes}", self.name))
    }
}

impl Argument {
    fn to_json(&self) -> Value {
        json!({"name": self.name, "description": self.description, "required": self.need == Need::Required})
    }

    fn told(&self) -> String {
        let need = match self.need {
            Need::Required => "required",
            Need::Optional => "optional",
        };
        format!("`{}` ({need}: {})", self.name, self.description)
    }
}

/// The result of `prompts/list`.
pub fn listed(prompts: &[Definition]) -> Value {
    json!({"prompts": prompts.iter().map(Definition::to_json).collect::<Vec<_>>()})
}

/// The result of `prompts/get`: one message, as if the person had written it.
pub fn got(prompt: &Definition, text: &str) -> Value {
    json!({
        "description": prompt.description,
        "messages": [{"role": "user", "content": {"type": "text", "text": text}}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GREET: Definition = Definition {
        name: "greet",
        title: "Greet",
        description: "Greets somebody",
        arguments: &[
            Argument { name: "whom", description: "a name", need: Need::Required },
            Argument { name: "how", description: "a word", need: Need::Optional },
        ],
    };

    fn given(arguments: Value) -> Result<Arguments, RpcError> {
        let Value::Object(params) = json!({"name": "greet", "arguments": arguments}) else { panic!("an object") };
        GREET.arguments(&params)
    }

    #[test]
    fn what_is_empty_is_as_good_as_left_out() {
        assert_eq!(given(json!({"whom": " Ada ", "how": " "})), Ok([("whom", "Ada".to_owned())].into()));
        assert_eq!(given(json!({"whom": 12, "how": null})), Ok([("whom", "12".to_owned())].into()));
    }

    #[test]
    fn a_wrong_request_is_told_what_is_wrong_and_what_is_allowed() {
        let cases = [
            (Value::Null, "`whom` is missing"),
            (json!({"whom": "  "}), "`whom` is missing"),
            (json!({"whom": "Ada", "why": "x"}), "no argument \"why\""),
            (json!({"whom": ["Ada"]}), "`whom` is a text"),
            (json!([]), "`arguments` is an object"),
        ];
        for (arguments, expected) in cases {
            let error = given(arguments).expect_err(expected);
            assert_eq!(error.code, INVALID_PARAMS);
            assert!(error.message.contains(expected), "{}", error.message);
            assert!(error.message.contains("`whom` (required: a name), `how` (optional: a word)"), "{}", error.message);
        }
    }
}
