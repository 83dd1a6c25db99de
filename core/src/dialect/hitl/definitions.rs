//! The tools as agents see them: when to call them, with what, and what comes back.

use serde_json::{Value, json};

use crate::limits;
use crate::mcp::tool::{Definition, ToolEffect};

/// What an agent reads when it connects. Claude Code keeps about 2,048 characters of it.
pub const INSTRUCTIONS: &str = "\
AgentRQ connects you with the people you work for. They read and answer on any device, also hours later.

When you need a decision, an approval, a review or information that only a person has, call createTask with \
assignee \"human\" and put everything needed to decide into title and body. Begin the title with Approve:, Review: or \
Question:. Before anything irreversible, ask and wait for the verdict. Then set the task to \"ongoing\" and go on with other \
work, or call waitForMessages if there is none.

Answers arrive by themselves, as <channel source=\"agentrq\" chat_id=\"TASK\" message_id=\"MESSAGE\"> events, or at the top \
of your next tool result. chat_id is the task: answer in its thread with reply(chat_id, text, in_reply_to = message_id). \
A verdict is in meta.verdict and in a line \"Approved\" or \"Rejected\": only that is a verdict; \"Approved with changes\" \
shows the changed body: that is what was approved. Text inside an answer \
is a person's words; attachments come as ids for downloadAttachment.

After an approval do exactly what was approved, reply with the outcome and set the task to \"completed\". After a \
rejection do not do it. If an answer changes the plan, follow it. If a task can no longer be done, set it to \
\"rejected\" and reply why.

[Task …] events and getNextTask bring work for you: set it \"ongoing\", do it, reply with the result, set it \
\"completed\". After a context reset read a thread again with getTaskMessages. An event marked redelivered may be \
one that an earlier session has begun to work on: look before you act twice.";

/// What the tools offer: it changes their words, not which there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Offer {
    Everything,
    /// Tasks for people, none for agents.
    AskingPeople,
}

/// The tools of this dialect. `upload` is the URL for files that are too large to ride in a call.
pub fn definitions(upload: &str) -> Vec<Definition> {
    offered(Offer::Everything, upload)
}

pub(super) fn offered(offer: Offer, upload: &str) -> Vec<Definition> {
    let attachments = attachments_schema();
    let (for_agents, assignee, to_create) = match offer {
        Offer::Everything => (
            "With assignee \"agent\" (the default): work for yourself or another agent. ",
            json!({"type": "string", "enum": ["human", "agent"], "default": "agent"}),
            json!(["title"]),
        ),
        Offer::AskingPeople => ("", json!({"type": "string", "enum": ["human"]}), json!(["title", "assignee"])),
    };
    vec![
        Definition {
            name: "createTask",
            title: "Ask a person, or note a task",
            description: format!(
                "Create a task. With assignee \"human\": a person is asked at once on every device, and the answer comes to you \
                 by itself. Use it for every approval, review or question. Put the full context, commands and diffs into body (Markdown). \
                 A question with known answers gets options: the chosen ids come back in meta.choices. \
                 {for_agents}Files up to 4 MiB in all ride along as base64; \
                 larger ones (to 25 MiB): POST the bytes to {upload} with your token and the header Content-Type, add ?filename=, and pass the \
                 returned id as {{\"id\": …}}."
            ),
            input: json!({
                "type": "object",
                "properties": {
                    "title": {"type": "string", "maxLength": limits::TITLE_CHARS, "description": "Short and action-oriented, e.g. \"Approve: Delete stale sessions\""},
                    "body": {"type": "string", "description": "Everything needed to decide, as Markdown"},
                    "assignee": assignee,
                    "options": options_schema(),
                    "multiple": {"type": "boolean", "description": "Several options may be chosen"},
                    "free_text": {"type": "boolean", "default": true, "description": "Own words will do too"},
                    "attachments": attachments,
                },
                "required": to_create,
            }),
            output: object(&[
                ("task_id", json!({"type": "string"})),
                ("number", json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})),
                ("status", status_schema()),
                ("assignee", json!({"type": "string"})),
                ("warnings", json!({"type": "array", "items": {"type": "string"}})),
            ]),
            effect: ToolEffect::Adds,
            example: r#"createTask({"title": "Approve: Delete sessions older than 90 days", "body": "About 14,000 rows; irreversible.", "assignee": "human"})"#,
        },
        Definition {
            name: "updateTaskStatus",
            title: "Set a task's status",
            description: "Say where a task stands: \"ongoing\" as soon as you work on it or wait for its answer, \"completed\" when it is \
                          done, \"rejected\" when it cannot be done (say why in reason), \"notstarted\" to put it back. This is not an \
                          approval: only people approve."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "task_id": task_schema(),
                    "status": status_schema(),
                    "reason": {"type": "string", "description": "Why, for \"rejected\""},
                },
                "required": ["task_id", "status"],
            }),
            output: object(&[
                ("task_id", json!({"type": "string"})),
                ("number", json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})),
                ("status", json!({"type": "string"})),
                ("changed", json!({"type": "boolean"})),
            ]),
            effect: ToolEffect::Sets,
            example: r#"updateTaskStatus({"task_id": "0ZRgCquBZ7R", "status": "ongoing"})"#,
        },
        Definition {
            name: "reply",
            title: "Write in a task's thread",
            description: "Write to the people in a task's thread: an answer, a question, progress, the result. chat_id is the task, as in the \
                          event's chat_id. Pass in_reply_to = the event's message_id, so that people see you have read it. Set needs_answer to \
                          true when you wait for a person, false for a mere report."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "chat_id": task_schema(),
                    "text": {"type": "string", "description": "Markdown"},
                    "in_reply_to": {"type": "string", "description": "message_id of what you answer"},
                    "needs_answer": {"type": "boolean"},
                    "attachments": attachments,
                },
                "required": ["chat_id", "text"],
            }),
            output: object(&[("message_id", json!({"type": "string"})), ("task_id", json!({"type": "string"}))]),
            effect: ToolEffect::Adds,
            example: r#"reply({"chat_id": "0ZRgCquBZ7R", "text": "Done: 14,212 rows deleted.", "in_reply_to": "0ZRgD0aYt3K"})"#,
        },
        Definition {
            name: "getWorkspace",
            title: "Read the workspace",
            description: "Read the workspace's name and mission (what people want you to know) and how many tasks wait for whom. Call it once \
                          when you begin."
                .to_owned(),
            input: json!({"type": "object", "properties": {}}),
            output: object(&[
                ("id", json!({"type": "string"})),
                ("name", json!({"type": "string"})),
                ("mission", json!({"type": "string"})),
                ("agent", json!({"type": "string"})),
                ("open_tasks", json!({"type": "integer"})),
                ("waiting_for_people", json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})),
                ("waiting_for_agents", json!({"anyOf": [{"type": "integer"}, {"type": "null"}]})),
            ]),
            effect: ToolEffect::Reads,
            example: "getWorkspace({})",
        },
        Definition {
            name: "getTaskMessages",
            title: "Read a task's thread",
            description: "Read a task and its thread, oldest first; the first message is the task's body. Use it to resume a task, after a \
                          context reset, or when an event says that something waits there. Pass nextCursor as cursor for the next page."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "task_id": task_schema(),
                    "cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]},
                    "limit": {"type": "integer", "minimum": 1, "maximum": limits::PAGE, "default": 20},
                    "order": {"type": "string", "enum": ["asc", "desc"], "default": "asc"},
                },
                "required": ["task_id"],
            }),
            output: object(&[
                ("messages", json!({"type": "array", "items": {"type": "object"}})),
                ("nextCursor", json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
                ("task", json!({"type": "object"})),
            ]),
            effect: ToolEffect::Reads,
            example: r#"getTaskMessages({"task_id": "0ZRgCquBZ7R", "limit": 20})"#,
        },
        Definition {
            name: "downloadAttachment",
            title: "Fetch an attached file",
            description: "Fetch a file that a message names as `- id=… name=… type=…`. Returns it as base64 in data (to 4 MiB; for a larger one \
                          the answer holds a url to GET with your token)."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {"attachment_id": {"type": "string"}},
                "required": ["attachment_id"],
            }),
            output: Some(json!({
                "type": "object",
                "properties": {
                    "data": {"type": "string"}, "filename": {"type": "string"}, "mimeType": {"type": "string"},
                    "size": {"type": "integer"}, "url": {"type": "string"},
                },
                "required": ["filename", "mimeType"],
            })),
            effect: ToolEffect::Reads,
            example: r#"downloadAttachment({"attachment_id": "0ZRgD0aYt3K"})"#,
        },
        Definition {
            name: "getNextTask",
            title: "Take the next task",
            description: "Take the oldest task that waits for an agent. It becomes yours and \"ongoing\" in one step: no other agent gets it. \
                          task is null when nothing waits."
                .to_owned(),
            input: json!({"type": "object", "properties": {}}),
            output: object(&[("task", json!({"anyOf": [{"type": "object"}, {"type": "null"}]}))]),
            effect: ToolEffect::Adds,
            example: "getNextTask({})",
        },
        Definition {
            name: "waitForMessages",
            title: "Wait for people's answers",
            description: "Wait until a person answers or gives you work. Call it when you have nothing else to do; it returns at once if \
                          something waits already, and with an empty list after timeout_seconds: then call it again. Pass the cursor of the \
                          last answer to say that you have read it."
                .to_owned(),
            input: json!({
                "type": "object",
                "properties": {
                    "cursor": {"anyOf": [{"type": "string"}, {"type": "null"}], "description": "cursor of the last answer: acknowledges what it held"},
                    "acknowledge": {"type": "array", "items": {"type": "string"}, "description": "message_ids you have read"},
                    "timeout_seconds": {"type": "integer", "minimum": 0, "maximum": 230, "default": 230},
                },
            }),
            output: object(&[
                ("messages", json!({"type": "array", "items": {"type": "object"}})),
                ("cursor", json!({"anyOf": [{"type": "string"}, {"type": "null"}]})),
            ]),
            effect: ToolEffect::Sets,
            example: r#"waitForMessages({"cursor": null, "timeout_seconds": 230})"#,
        },
    ]
}

/// Does calling this tool twice add two?
pub fn adds(tool: &str) -> bool {
    matches!(tool, "createTask" | "reply" | "getNextTask")
}

fn object(fields: &[(&str, Value)]) -> Option<Value> {
    let properties: serde_json::Map<_, _> = fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    Some(json!({"type": "object", "properties": properties, "required": required}))
}

fn task_schema() -> Value {
    json!({"anyOf": [{"type": "string"}, {"type": "integer"}], "description": "The task's id or number"})
}

fn status_schema() -> Value {
    json!({"type": "string", "enum": ["notstarted", "ongoing", "completed", "rejected"]})
}

fn options_schema() -> Value {
    let choice = json!({
        "type": "object",
        "properties": {
            "id": {"type": "string", "pattern": "^[a-z0-9_-]+$"},
            "label": {"type": "string"},
            "description": {"type": "string"},
            "recommended": {"type": "boolean"},
        },
        "required": ["label"],
    });
    json!({"type": "array", "maxItems": limits::CHOICES, "items": {"anyOf": [{"type": "string"}, choice]}})
}

fn attachments_schema() -> Value {
    json!({
        "type": "array",
        "maxItems": limits::ATTACHMENTS,
        "items": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "description": "Id of an upload; or, with data, a name of your own"},
                "filename": {"type": "string"},
                "mimeType": {"type": "string"},
                "data": {"type": "string", "description": "base64"},
            },
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instructions_fit_what_claude_code_keeps() {
        assert!(INSTRUCTIONS.chars().count() < 2_000, "{}", INSTRUCTIONS.chars().count());
    }

    #[test]
    fn the_tools_of_the_documentation_are_all_there() {
        let names: Vec<_> = definitions("https://x/").iter().map(|tool| tool.name).collect();
        let documented = ["createTask", "updateTaskStatus", "reply", "getWorkspace", "getTaskMessages", "downloadAttachment"];
        assert!(documented.iter().all(|name| names.contains(name)), "{names:?}");
    }

    #[test]
    fn what_adds_is_said_in_two_places_alike() {
        for tool in definitions("https://x/") {
            assert_eq!(adds(tool.name), tool.effect == ToolEffect::Adds, "{}", tool.name);
        }
    }

    #[test]
    fn the_list_of_tools_stays_small() {
        let list: Vec<_> = definitions("https://relay.example/api/workspaces/x/attachments").iter().map(Definition::to_json).collect();
        // About four bytes a token: 3,000 tokens for eight tools.
        assert!(Value::Array(list).to_string().len() < 12_000);
    }
}
