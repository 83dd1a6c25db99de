//! The tools as agents see them. Whoever knows Claude Code's own needs no lesson; what is more than theirs is said.

use serde_json::{Value, json};

use crate::json::Word;
use crate::limits;
use crate::mcp::tool::{Definition, ToolEffect};
use crate::model::{JobKind, Scope};

/// Tasks on a page of a list, unless fewer are asked for.
pub const LISTED: u64 = 500;

/// The tools of this dialect.
pub fn definitions() -> Vec<Definition> {
    vec![
        Definition {
            name: "TaskCreate",
            title: "Put a task on the list",
            description: "Put a task on the list that you share with other agents and that people watch: for work of three steps or more, one task for \
                          each result that can be checked."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "subject": {"type": "string", "maxLength": limits::TITLE_CHARS, "description": "Imperative, e.g. \"Fix the login\""},
                    "description": {"type": "string", "description": "What to do and how to tell that it is done, as Markdown"},
                    "activeForm": {"type": "string", "description": "Shown while it runs, e.g. \"Fixing the login\""},
                    "owner": {"type": "string"},
                    "status": {"type": "string", "enum": ["pending", "in_progress", "running"], "description": "All but pending claim it at once"},
                    "blocks": tasks_schema(),
                    "blockedBy": tasks_schema(),
                    "type": {"type": "string", "enum": JobKind::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>(), "description": "For what runs in the background"},
                    "command": {"type": "string", "description": "What a local_bash runs"},
                    "prompt": {"type": "string"},
                    "timeout": {"type": "integer", "description": "ms it may run"},
                    "metadata": {"type": "object", "description": "Any JSON. Understood: task_group, priority (P0-P3 or critical … low), task_uid (the same is the same task), tags, size, blocked_reason, spec_path"},
                },
                "required": ["subject"],
            }),
            output: None,
            effect: ToolEffect::Adds,
            example: r#"TaskCreate({"subject": "Fix the login", "description": "Sessions end after a minute.", "activeForm": "Fixing the login", "metadata": {"task_group": "auth", "priority": "P1"}})"#,
        },
        Definition {
            name: "TaskGet",
            title: "Read a task of the list",
            description: "Read all of a task before you begin it.".to_owned(),
            input: json!({"type": "object", "properties": {"taskId": name_schema()}, "required": ["taskId"]}),
            output: None,
            effect: ToolEffect::Reads,
            example: r#"TaskGet({"taskId": "1"})"#,
        },
        Definition {
            name: "TaskUpdate",
            title: "Change a task of the list",
            description: "Change a task; only what you give changes. \"in_progress\" with owner claims it: if another has it, you are told who. The \
                          answer's fence is the number of your claim; give it later to be sure that it still stands: it does while you are \
                          connected, and some minutes longer. Set \"completed\" as soon as it is done: what waited for it is free then."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "taskId": name_schema(),
                    "status": {"type": "string", "enum": ["pending", "in_progress", "completed", "deleted", "failed", "killed"]},
                    "subject": {"type": "string"},
                    "description": {"type": "string"},
                    "activeForm": {"type": "string"},
                    "owner": {"type": "string", "description": "\"\" gives it back"},
                    "addBlocks": tasks_schema(),
                    "addBlockedBy": tasks_schema(),
                    "removeBlocks": tasks_schema(),
                    "removeBlockedBy": tasks_schema(),
                    "metadata": {"type": "object", "description": "Merged; null removes a key"},
                    "metadataMode": {"type": "string", "enum": ["merge", "replace"]},
                    "fence": {"type": "integer", "description": "The claim this rests on"},
                    "revision": {"type": "integer", "description": "Refused if it has changed since"},
                    "exitCode": {"type": "integer"},
                },
                "required": ["taskId"],
            }),
            output: None,
            effect: ToolEffect::Sets,
            example: r#"TaskUpdate({"taskId": "1", "status": "in_progress", "owner": "backend"})"#,
        },
        Definition {
            name: "TaskList",
            title: "Read the list",
            description: "Read the list: status, owner and what waits for what; then waves and what is ready.".to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "task_group": {"type": "string"},
                    "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
                    "owner": {"type": "string"},
                    "cursor": {"type": "string", "description": "nextCursor of the page before"},
                    "limit": {"type": "integer", "maximum": LISTED},
                },
            }),
            output: None,
            effect: ToolEffect::Reads,
            example: r#"TaskList({"status": "pending"})"#,
        },
        Definition {
            name: "TaskNext",
            title: "Claim the best task",
            description: "Claim the task to do next, in one step: the most urgent that is nobody's and free to begin. task is null when there is \
                          none: you are told when there is."
                .to_owned(),
            input: json!({"type": "object", "properties": {"owner": {"type": "string"}}}),
            output: None,
            effect: ToolEffect::Adds,
            example: r#"TaskNext({"owner": "backend"})"#,
        },
        Definition {
            name: "TodoWrite",
            title: "Show your checklist",
            description: "Replace your checklist, which people watch live: the steps of what you do now, one of them in_progress.".to_owned(),
            input: json!({
                "type": "object",
                "properties": {"todos": {"type": "array", "maxItems": limits::TODOS, "items": {
                    "type": "object",
                    "properties": {
                        "content": {"type": "string"},
                        "status": {"type": "string", "enum": ["pending", "in_progress", "completed"]},
                        "activeForm": {"type": "string"},
                    },
                    "required": ["content", "status"],
                }}},
                "required": ["todos"],
            }),
            output: None,
            effect: ToolEffect::Sets,
            example: r#"TodoWrite({"todos": [{"content": "Run the tests", "status": "in_progress", "activeForm": "Running the tests"}]})"#,
        },
    ]
}

/// Does calling this tool twice add two?
pub fn adds(tool: &str) -> bool {
    matches!(tool, "TaskCreate" | "TaskNext")
}

/// The scope that a tool needs, and what it is needed for.
pub fn needed_by_tool(tool: &str) -> Option<(Scope, &'static str)> {
    Some(match tool {
        "TaskGet" => (Scope::Read, "call TaskGet"),
        "TaskList" => (Scope::Read, "call TaskList"),
        "TodoWrite" => (Scope::Ask, "call TodoWrite"),
        "TaskCreate" => (Scope::Agent, "call TaskCreate"),
        "TaskUpdate" => (Scope::Agent, "call TaskUpdate"),
        "TaskNext" => (Scope::Agent, "call TaskNext"),
        _ => return None,
    })
}

/// Claude Code's tasks are named by texts; a number is taken as well, and need not be offered.
fn name_schema() -> Value {
    json!({"type": "string"})
}

fn tasks_schema() -> Value {
    json!({"type": "array", "items": name_schema()})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_adds_is_said_in_two_places_alike_and_every_tool_has_its_scope() {
        for tool in definitions() {
            assert_eq!(adds(tool.name), tool.effect == ToolEffect::Adds, "{}", tool.name);
            assert!(needed_by_tool(tool.name).is_some(), "{}", tool.name);
        }
        assert_eq!(needed_by_tool("Bash"), None);
    }

    #[test]
    fn an_example_is_right_and_names_its_tool() {
        for tool in definitions() {
            let arguments = tool.example.trim_start_matches(tool.name).trim_matches(['(', ')']);
            let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else { panic!("{}: no object", tool.example) };
            let call = super::super::read(tool.name, &arguments).expect("a tool").expect("an example that is right");
            assert_eq!(call.tool(), tool.name);
        }
    }
}
