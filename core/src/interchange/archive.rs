//! Lists as Claude Code keeps them on disk, in an archive that is unpacked into `~/.claude/tasks`.
//!
//! ```text
//! {list}/{number}.json   {list}/.highwatermark      what Claude Code reads and writes
//! {list}/.agentrq/{part}.jsonl                      what it has no room for, as JSON Lines; of a whole workspace `.agentrq/{part}.jsonl`
//! {task}.json   {task}.output                       background tasks, and what they have printed
//! ```
//!
//! When it comes back, the files are right in what they can say, and the lines say the rest: whatever Claude Code has changed meanwhile is taken over,
//! and what it does not know of is as it was. An archive of its own making, without such lines, is taken as well.

use super::claude_file::{self, ClaudeTask, HIGH_WATER_MARK};
use crate::id::TaskId;
use crate::json::{Raw, Write, object};
use crate::lifecycle::Status;
use crate::model::{ListName, Task, Work};

/// The folder of what Claude Code has no room for.
pub const ASIDE: &str = ".agentrq";

/// The member of a file that says how a task ended that did not end well. Claude Code passes it over.
pub(super) const OUTCOME: &str = "outcome";

/// The name of a part of the lines.
pub fn part(list: Option<&ListName>, number: u64) -> String {
    match list {
        Some(list) => format!("{list}/{ASIDE}/{number:06}.jsonl"),
        None => format!("{ASIDE}/{number:06}.jsonl"),
    }
}

/// The file of a task of a list. `number_of` finds the numbers of others in the list.
pub fn file(task: &Task, work: &Work, body: &str, blocks: Vec<u64>, number_of: impl Fn(TaskId) -> Option<u64>) -> ClaudeTask {
    let ended = matches!(task.status, Status::Rejected | Status::Failed | Status::Killed);
    ClaudeTask {
        id: work.number.unwrap_or_default(),
        subject: task.title.clone(),
        description: body.to_owned(),
        active_form: work.active_form.clone(),
        owner: work.owner.as_ref().map(ToString::to_string),
        status: task.status.into(),
        blocks,
        blocked_by: work.blocked_by.iter().filter_map(|id| number_of(*id)).collect(),
        metadata: work.metadata.clone(),
        rest: if ended { vec![(OUTCOME.to_owned(), Raw::of(task.status.word()))] } else { Vec::new() },
    }
}

/// The file of a background task: what ran, when, and how it ended.
pub fn background_file(task: &Task) -> Option<String> {
    let job = task.work.as_ref()?.job.as_ref()?;
    let status = match task.status {
        Status::Pending => "pending",
        Status::Active => "running",
        Status::Completed => "completed",
        Status::Failed => "failed",
        Status::Rejected | Status::Killed => "killed",
    };
    fn any<W: Write>(value: &Option<W>) -> Option<&dyn Write> {
        value.as_ref().map(|value| value as &dyn Write)
    }
    let mut text = String::new();
    object(
        &mut text,
        &[
            ("id", Some(&task.id)),
            ("type", Some(&job.kind)),
            ("status", Some(&status)),
            ("description", Some(&task.title)),
            ("command", any(&job.command)),
            ("prompt", any(&job.prompt)),
            ("timeout", any(&job.timeout_ms)),
            ("created_at", Some(&task.created_at)),
            ("started_at", any(&job.started_at)),
            ("ended_at", any(&job.ended_at)),
            ("exit_code", any(&job.exit_code)),
        ],
    );
    Some(claude_file::indented(&text))
}

/// What an entry of an archive is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A task's file.
    Task { list: Option<ListName>, number: u64 },
    /// The last number of a list.
    Mark { list: Option<ListName> },
    /// Lines.
    Lines,
    /// Nothing that is brought in.
    Passed,
}

/// What an entry is, by its name.
pub fn kind(path: &str) -> Kind {
    let path = path.trim_start_matches("./");
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let last = folder.rsplit('/').next().unwrap_or_default();
    if last == ASIDE && name.ends_with(".jsonl") {
        return Kind::Lines;
    }
    // Names that begin with a dot are no lists: what programs keep for themselves.
    if last.starts_with('.') && last != "." {
        return Kind::Passed;
    }
    let list = ListName::new(last).ok();
    if name == HIGH_WATER_MARK {
        return Kind::Mark { list };
    }
    match claude_file::number_of_file(name) {
        Some(number) if number <= crate::decide::MOST_NUMBER => Kind::Task { list, number },
        _ => Kind::Passed,
    }
}
