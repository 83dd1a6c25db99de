//! Reads a call of this dialect: arguments in, a typed call out, or what is wrong with an example that is right.

use serde_json::{Map, Value};

use super::definitions;
use crate::mcp::tool::{Args, WrongArgument};

/// A call whose arguments are right. What a template holds is read where it is saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    List { name: Option<String> },
    Save { definition: Value },
    Delete { name: String },
    Start { workflow: String, parameters: Map<String, Value> },
}

impl Call {
    /// The tool that is called.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::List { .. } => "WorkflowList",
            Self::Save { .. } | Self::Delete { .. } => "WorkflowSave",
            Self::Start { .. } => "WorkflowStart",
        }
    }
}

/// Reads a call. `None`: this dialect has no tool of that name.
///
/// # Errors
/// What is wrong, followed by a call that is right.
pub fn read(tool: &str, arguments: &Map<String, Value>) -> Option<Result<Call, String>> {
    let args = Args(arguments);
    let call = match tool {
        "WorkflowList" => args.text(&["workflow", "name"]).map(|name| Call::List { name }),
        "WorkflowSave" => save(&args),
        "WorkflowStart" => start(&args),
        _ => return None,
    };
    Some(call.map_err(|wrong| wrong.told(tool, &definitions())))
}

fn save(args: &Args<'_>) -> Result<Call, WrongArgument> {
    match (args.object(&["definition"])?, args.text(&["delete"])?) {
        (Some(definition), None) => Ok(Call::Save { definition: Value::Object(definition) }),
        (None, Some(name)) => Ok(Call::Delete { name }),
        (Some(_), Some(_)) => Err(WrongArgument("`definition` saves a workflow and `delete` deletes one: give one of the two".to_owned())),
        (None, None) => Err(WrongArgument("`definition` is missing".to_owned())),
    }
}

fn start(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let workflow = args.required_text(&["workflow", "name"])?;
    Ok(Call::Start { workflow, parameters: args.object(&["parameters", "arguments"])?.unwrap_or_default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(tool: &str, arguments: Value) -> Result<Call, String> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        read(tool, &arguments).expect("a known tool")
    }

    #[test]
    fn a_wrong_call_is_answered_with_what_is_wrong_and_one_that_is_right() {
        for (tool, arguments, expected) in [
            ("WorkflowStart", json!({}), "`workflow` is missing"),
            ("WorkflowStart", json!({"workflow": "x", "parameters": ["a"]}), "`parameters` must be an object"),
            ("WorkflowSave", json!({}), "`definition` is missing"),
            ("WorkflowSave", json!({"definition": {}, "delete": "x"}), "give one of the two"),
            ("WorkflowSave", json!({"definition": "x"}), "`definition` must be an object"),
        ] {
            let why = call(tool, arguments).expect_err(expected);
            assert!(why.contains(expected) && why.contains(&format!("A call that is right: {tool}(")), "{why}");
        }
    }

    #[test]
    fn objects_are_taken_as_the_texts_that_some_clients_make_of_them() {
        let started = call("WorkflowStart", json!({"name": "release", "parameters": "{\"version\": \"1.2\"}"}));
        let Ok(Call::Start { workflow, parameters }) = started else { panic!("{started:?}") };
        assert_eq!((workflow.as_str(), parameters.get("version")), ("release", Some(&json!("1.2"))));
    }
}
