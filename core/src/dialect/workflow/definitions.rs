//! The tools of this dialect, as agents see them.

use serde_json::json;

use crate::mcp::tool::{Definition, ToolEffect};
use crate::model::Scope;

/// All of them.
pub fn definitions() -> Vec<Definition> {
    vec![
        Definition {
            name: "WorkflowStart",
            title: "Start a workflow",
            description: "Start a workflow of this workspace: its steps are put on the list as tasks that wait for each other, one task tracks \
                          them, and you are told when it has ended. TaskStop stops it."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {"workflow": {"type": "string"}, "parameters": {"type": "object", "description": "Texts by name"}},
                "required": ["workflow"],
            }),
            output: None,
            effect: ToolEffect::Adds,
            example: r#"WorkflowStart({"workflow": "release", "parameters": {"version": "1.2"}})"#,
        },
        Definition {
            name: "WorkflowList",
            title: "List workflows",
            description: "The workflows there are, with their parameters; with name, one whole.".to_owned(),
            input: json!({"type": "object", "properties": {"name": {"type": "string"}}}),
            output: None,
            effect: ToolEffect::Reads,
            example: r#"WorkflowList({"name": "release"})"#,
        },
        Definition {
            name: "WorkflowSave",
            title: "Save a workflow",
            description: "Save a workflow, or with delete (a name) delete one. definition: {name, title, description, parameters: [{name, \
                          description, required | default, values}], steps: [{key, subject, description, activeForm, dependsOn: [keys], \
                          metadata, and for a person assignee: \"human\", or to run type, command, prompt, timeout}]}. {{name}} in a text stands \
                          for a parameter; in a command for one quoted word."
                .to_owned(),
            input: json!({"type": "object", "properties": {"definition": {"type": "object"}, "delete": {"type": "string"}}}),
            output: None,
            effect: ToolEffect::Sets,
            example: r#"WorkflowSave({"definition": {"name": "release", "parameters": [{"name": "version", "required": true}], "steps": [{"key": "test", "subject": "Run the tests", "command": "npm test"}, {"key": "ok", "subject": "Approve: release {{version}}", "assignee": "human", "dependsOn": ["test"]}]}})"#,
        },
    ]
}

/// The scope that a tool needs, and what is refused without it; `None`: this dialect has no such tool.
pub fn needed_by_tool(tool: &str) -> Option<(Scope, &'static str)> {
    match tool {
        "WorkflowList" => Some((Scope::Read, "call WorkflowList")),
        "WorkflowSave" => Some((Scope::Agent, "call WorkflowSave")),
        "WorkflowStart" => Some((Scope::Agent, "call WorkflowStart")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::decide::read_workflow;
    use crate::dialect::workflow::{Call, read};

    #[test]
    fn an_example_is_right_and_names_its_tool_and_every_tool_has_its_scope() {
        for tool in definitions() {
            let arguments = tool.example.trim_start_matches(tool.name).trim_matches(['(', ')']);
            let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else { panic!("{}: no object", tool.example) };
            let call = read(tool.name, &arguments).expect("a tool").expect("an example that is right");
            assert_eq!(call.tool(), tool.name);
            assert!(needed_by_tool(tool.name).is_some(), "{}", tool.name);
            if let Call::Save { definition } = call {
                read_workflow(&definition).expect("a template that is right");
            }
        }
        assert_eq!(needed_by_tool("Bash"), None);
    }
}
