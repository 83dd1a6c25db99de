//! What makes a task of a list background work: what is to run, how far it is, how it ended.
//!
//! Kinds and words are those of Claude Code's background tasks. Who runs a job is the holder of its task; what it prints is no part of it.

use super::Actor;
use crate::json::{Raw, through_json, words};
use crate::record;
use crate::time::Timestamp;

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum JobKind {
    /// A command of a shell.
    LocalBash,
    /// An agent beside the one that asked for it.
    LocalAgent,
    /// The same on another machine.
    RemoteAgent,
    /// One of a team in the same process.
    InProcessTeammate,
    /// A template of tasks that depend on each other.
    LocalWorkflow,
    /// A watch over an MCP server.
    MonitorMcp,
    /// Work for idle hours.
    Dream,
}

words!(JobKind {
    "local_bash" => LocalBash,
    "local_agent" => LocalAgent,
    "remote_agent" => RemoteAgent,
    "in_process_teammate" => InProcessTeammate,
    "local_workflow" => LocalWorkflow,
    "monitor_mcp" => MonitorMcp,
    "dream" => Dream,
});

impl JobKind {
    /// What it is called in a sentence: "Background command "npm test" completed".
    pub fn noun(self) -> &'static str {
        match self {
            Self::LocalBash => "command",
            Self::LocalAgent | Self::RemoteAgent => "agent",
            Self::InProcessTeammate => "teammate",
            Self::LocalWorkflow => "workflow",
            Self::MonitorMcp => "monitor",
            Self::Dream => "dream",
        }
    }
}

/// A wish that it end before it would.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    pub at: Timestamp,
    /// Whose wish it is; absent where its time was over.
    pub by: Option<Actor>,
    /// Whoever runs it was given long enough to end it, and has not said that it has.
    pub unconfirmed: bool,
}

record!(Stop { at, by if any, unconfirmed if any });

/// A task's part as background work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub kind: JobKind,
    pub command: Option<String>,
    pub prompt: Option<String>,
    /// How long it may run, in milliseconds; as long as it likes where nothing is said.
    pub timeout_ms: Option<u64>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// What the command's process ended with.
    pub exit_code: Option<u64>,
    pub stop: Option<Stop>,
    /// Since when nothing has been heard of whoever runs it, while it is under way.
    pub lost_at: Option<Timestamp>,
    /// The run of a workflow that it stands for, as [`super::Run`] reads it. A page passes it on, and needs no more of it than that it is one.
    pub run: Option<Raw>,
}

record!(Job {
    kind, command if any, prompt if any, timeout_ms if any, started_at if any, ended_at if any, exit_code if any, stop if any, lost_at if any,
    run if any
});
through_json!(Stop Job);

impl Job {
    /// What runs, in the words of whoever asked for it, if it has any but its title.
    pub fn does(&self) -> Option<&str> {
        self.command.as_deref().or(self.prompt.as_deref())
    }
}
