//! The tools of this dialect, as agents see them. Names and parameters are those of Claude Code's own.

use serde_json::json;

use crate::limits;
use crate::mcp::tool::{Definition, ToolEffect};
use crate::model::Scope;

/// All of them.
pub fn definitions() -> Vec<Definition> {
    let (_, most) = limits::OUTPUT_READ_BYTES;
    vec![
        Definition {
            name: "TaskOutput",
            title: "Read a background task's output",
            description:
                "Read what a background task has printed: the end of it, or from offset on. Waits for the task to end unless block \
                          is false."
                    .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "task_id": {"type": "string"},
                    "block": {"type": "boolean", "default": true},
                    "timeout": {"type": "integer", "description": "ms to wait", "default": 30_000},
                    "offset": {"type": "integer", "description": "nextOffset of the answer before"},
                    "limit": {"type": "integer", "maximum": most},
                    "tail": {"type": "integer", "maximum": most},
                },
                "required": ["task_id"],
            }),
            output: None,
            effect: ToolEffect::Reads,
            example: r#"TaskOutput({"task_id": "1", "block": true, "timeout": 60000})"#,
        },
        Definition {
            name: "TaskStop",
            title: "Stop a background task",
            description: "Have a background task ended by whoever runs it.".to_owned(),
            input: json!({"type": "object", "properties": {"task_id": {"type": "string"}}, "required": ["task_id"]}),
            output: None,
            effect: ToolEffect::Sets,
            example: r#"TaskStop({"task_id": "1"})"#,
        },
    ]
}

/// The scope that a tool needs, and what is refused without it; `None`: this dialect has no such tool.
pub fn needed_by_tool(tool: &str) -> Option<(Scope, &'static str)> {
    match tool {
        "TaskOutput" => Some((Scope::Read, "call TaskOutput")),
        "TaskStop" => Some((Scope::Agent, "call TaskStop")),
        _ => None,
    }
}
