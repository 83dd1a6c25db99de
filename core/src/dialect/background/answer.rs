//! The answers of this dialect's tools: the words of Claude Code's own, and the whole as structured values.

use serde_json::{Value, json};

use crate::json::Word;
use crate::lifecycle::Status;
use crate::mcp::channel::escape_content;
use crate::mcp::tool::ToolAnswer;
use crate::model::{AgentName, Job, Task};

/// A part of what a task has printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Printed {
    /// The byte at which it begins.
    pub offset: u64,
    /// The byte behind it.
    pub next_offset: u64,
    /// Bytes that were printed in all.
    pub length: u64,
    /// The first byte that is still kept.
    pub start: u64,
    /// What is no UTF-8 in it is shown as `U+FFFD`.
    pub text: String,
}

/// Why an answer comes when it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retrieval {
    /// The task has ended.
    Success,
    /// It has not, and the time to wait for that is over.
    Timeout,
    /// It has not, and nobody waits for that.
    NotReady,
}

impl Retrieval {
    fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Timeout => "timeout",
            Self::NotReady => "not_ready",
        }
    }
}

/// What runs for a task, and how far it is, as the answers of other tools have it.
pub fn facts(task: &Task, job: &Job) -> Value {
    let mut value = json!({"type": job.kind, "status": status(task)});
    let members = [
        ("command", json!(job.command)),
        ("prompt", json!(job.prompt)),
        ("timeout", json!(job.timeout_ms)),
        ("startedAt", json!(job.started_at)),
        ("endedAt", json!(job.ended_at)),
        ("exitCode", json!(job.exit_code)),
        ("stop", json!(job.stop)),
        ("lostAt", json!(job.lost_at)),
        ("workflow", job.run.as_ref().map_or(Value::Null, Value::from)),
    ];
    for (name, member) in members.into_iter().filter(|(_, member)| !member.is_null()) {
        value[name] = member;
    }
    value
}

/// The answer of `TaskOutput`.
pub fn output(task: &Task, printed: &Printed, retrieval: Retrieval) -> ToolAnswer {
    let Some((number, job)) = job(task) else { return ToolAnswer::Failed(String::new()) };
    let mut parts = vec![
        tag("retrieval_status", retrieval.word()),
        tag("task_id", &task.id.to_string()),
        tag("task_type", job.kind.on_the_wire()),
        tag("status", status(task)),
    ];
    parts.extend(job.exit_code.map(|code| tag("exit_code", &code.to_string())));
    if printed.start > 0 && printed.offset == printed.start {
        parts.push(format!("[{} bytes before this are no longer kept]", printed.start));
    } else if printed.offset > printed.start {
        parts.push(format!("[from byte {} of {}; offset reads what is before]", printed.offset, printed.length));
    }
    if !printed.text.is_empty() {
        // Nothing that a command prints closes a tag of this answer, or looks like somebody's word.
        let text = escape_content(printed.text.trim_end_matches('\n')).replace("</output", "&lt;/output");
        parts.push(format!("<output>\n{text}\n</output>"));
    }
    if printed.next_offset < printed.length {
        parts.push(format!("[more follows: offset {}]", printed.next_offset));
    }
    let value = json!({
        "retrieval_status": retrieval.word(),
        "task": {
            "task_id": task.id,
            "number": number,
            "task_type": job.kind,
            "status": status(task),
            "description": task.title,
            "command": job.command,
            "output": printed.text,
            "exitCode": job.exit_code,
        },
        "offset": printed.offset,
        "nextOffset": printed.next_offset,
        "length": printed.length,
        "start": printed.start,
    });
    ToolAnswer::Said { value, text: parts.join("\n\n"), notes: Vec::new() }
}

/// The answer of `TaskStop` to this agent.
pub fn stopped(task: &Task, agent: &AgentName) -> ToolAnswer {
    let Some((_, job)) = job(task) else { return ToolAnswer::Failed(String::new()) };
    let what = job.does().unwrap_or(&task.title);
    let hears = [Some(&task.created_by), job.stop.as_ref().and_then(|stop| stop.by.as_ref())];
    let hears = hears.into_iter().flatten().any(|actor| actor.agent() == Some(agent));
    let message = match task.status {
        Status::Killed => format!("Successfully stopped task: {} ({what})", task.id),
        Status::Pending | Status::Active if hears => format!("Stop requested: {} ({what}). You are told when it has ended.", task.id),
        Status::Pending | Status::Active => format!("Stop requested: {} ({what}). TaskOutput waits for its end.", task.id),
        _ => format!("Task {} ({what}) had ended before: {}", task.id, status(task)),
    };
    let value = json!({
        "message": message,
        "task_id": task.id,
        "task_type": job.kind,
        "command": job.command,
        "status": status(task),
    });
    ToolAnswer::Said { value, text: message, notes: Vec::new() }
}

/// A refusal, with its stable code.
pub fn refused(problem: Value) -> ToolAnswer {
    let text = problem["detail"].as_str().unwrap_or_default().to_owned();
    ToolAnswer::Refused { problem, text }
}

/// A status in the words of this dialect.
fn status(task: &Task) -> &'static str {
    match task.status {
        Status::Pending => "pending",
        Status::Active => "running",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Rejected | Status::Killed => "killed",
    }
}

fn job(task: &Task) -> Option<(Option<u64>, &Job)> {
    let work = task.work.as_ref()?;
    Some((work.number, work.job.as_ref()?))
}

fn tag(name: &str, value: &str) -> String {
    format!("<{name}>{value}</{name}>")
}
