//! What may be asked of a workspace, by people and by agents.
//!
//! Every command carries one fresh id; what the command creates bears it. So a command that arrives twice
//! is recognised by what it made, and a browser can name a thing before the server has heard of it.

mod wire;

use crate::id::{AttachmentId, Id, MessageId, SessionId, TaskId};
use crate::json::words;
use crate::lifecycle::Status;
use crate::model::{Actor, AgentName, Assignee, JobKind, ListName, Metadata, Noted, Options, Todo, Verdict};
use crate::time::Timestamp;

/// Everything impure a decision needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    pub now: Timestamp,
    pub actor: Actor,
    /// The agent's session, where an agent asks.
    pub session: Option<SessionId>,
}

/// What people and agents may ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    CreateTask {
        id: Id,
        title: String,
        body: String,
        assignee: Assignee,
        attachments: Vec<AttachmentId>,
        options: Option<Options>,
    },
    EditTask {
        id: Id,
        task: TaskId,
        title: Option<String>,
        body: Option<String>,
        assignee: Option<Assignee>,
        /// Absent: they stay; null: the task offers none any more.
        options: Option<Option<Options>>,
    },
    SetStatus {
        id: Id,
        task: TaskId,
        to: Status,
        reason: Option<String>,
    },
    Reopen {
        id: Id,
        task: TaskId,
    },
    PostMessage {
        id: Id,
        task: TaskId,
        text: String,
        attachments: Vec<AttachmentId>,
        in_reply_to: Option<MessageId>,
        asks: Asks,
        /// Which of the task's options a person chose, by id.
        choices: Vec<String>,
        /// The digest of what the person saw, where an answer is to hold for that alone.
        digest: Option<String>,
    },
    GiveVerdict {
        id: Id,
        task: TaskId,
        verdict: Verdict,
        /// The digest of what the person saw.
        digest: String,
        text: String,
        attachments: Vec<AttachmentId>,
        then: Then,
        /// The body as it is approved, where the person changed it.
        edited: Option<String>,
    },
    DeleteTask {
        id: Id,
        task: TaskId,
    },
    /// Takes the next task that waits for an agent.
    ClaimNext {
        id: Id,
    },
    /// Puts a task on a list of agents' work.
    CreateWork {
        id: Id,
        list: ListName,
        work: Box<NewWork>,
    },
    /// Changes a task of a list; only what is given changes, and all of it or nothing.
    UpdateWork {
        id: Id,
        task: TaskId,
        change: Box<WorkChange>,
    },
    /// Takes the most urgent task of a list that is free to begin.
    ClaimWork {
        id: Id,
        list: ListName,
        /// The name under which it is taken; the agent's own where it gives none.
        owner: Option<AgentName>,
    },
    /// Has whoever runs a task in the background end it.
    StopWork {
        id: Id,
        task: TaskId,
    },
    /// Starts a workflow: a task for the run, which bears the id, and one for each of its steps.
    StartWorkflow {
        id: Id,
        list: ListName,
        /// Its name.
        workflow: String,
        parameters: Metadata,
    },
    /// Replaces the checklist of the agent that asks.
    WriteTodos {
        id: Id,
        todos: Vec<Todo>,
    },
    EditWorkspace {
        id: Id,
        name: Option<String>,
        mission: Option<String>,
        enforce_dependencies: Option<bool>,
    },
    NameAgent {
        id: Id,
        agent: AgentName,
        display_name: String,
    },
}

impl Command {
    /// The id that names this command wherever it turns up.
    pub fn id(&self) -> Id {
        match self {
            Self::CreateTask { id, .. }
            | Self::EditTask { id, .. }
            | Self::SetStatus { id, .. }
            | Self::Reopen { id, .. }
            | Self::PostMessage { id, .. }
            | Self::GiveVerdict { id, .. }
            | Self::DeleteTask { id, .. }
            | Self::ClaimNext { id }
            | Self::CreateWork { id, .. }
            | Self::UpdateWork { id, .. }
            | Self::ClaimWork { id, .. }
            | Self::StopWork { id, .. }
            | Self::StartWorkflow { id, .. }
            | Self::WriteTodos { id, .. }
            | Self::EditWorkspace { id, .. }
            | Self::NameAgent { id, .. } => *id,
        }
    }
}

/// A task as it is put on a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewWork {
    pub title: String,
    pub body: String,
    pub active_form: Option<String>,
    pub owner: Option<AgentName>,
    pub metadata: Metadata,
    /// What waits for it.
    pub blocks: Vec<TaskId>,
    /// What it waits for.
    pub blocked_by: Vec<TaskId>,
    /// What is to run in the background, if it is that.
    pub job: Option<NewJob>,
    pub status: FirstStatus,
}

/// The statuses that a task of a list may have from the beginning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FirstStatus {
    /// Somebody will begin it.
    #[default]
    Pending,
    /// Whoever puts it there has begun it: at no time is it without a claim.
    Active,
}

/// Background work as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewJob {
    pub kind: JobKind,
    /// A shell's needs one.
    pub command: Option<String>,
    pub prompt: Option<String>,
    pub timeout_ms: Option<u64>,
}

/// What shall change about a task of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkChange {
    pub title: Option<String>,
    pub body: Option<String>,
    pub active_form: Option<Option<String>>,
    pub status: Option<Status>,
    pub owner: Option<Option<AgentName>>,
    pub metadata: Option<Noted>,
    pub arrows: Arrows,
    /// The claim on which this is done: refused if another has been made since. Who names the claim that stands may also end it for its holder.
    pub fence: Option<u64>,
    /// What a command's process ended with, of background work that has ended.
    pub exit_code: Option<u64>,
}

/// Which dependencies of a task come and go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrows<T = TaskId> {
    pub add_blocks: Vec<T>,
    pub add_blocked_by: Vec<T>,
    pub remove_blocks: Vec<T>,
    pub remove_blocked_by: Vec<T>,
}

impl<T> Default for Arrows<T> {
    fn default() -> Self {
        Self { add_blocks: Vec::new(), add_blocked_by: Vec::new(), remove_blocks: Vec::new(), remove_blocked_by: Vec::new() }
    }
}

impl<T> Arrows<T> {
    pub fn is_empty(&self) -> bool {
        [&self.add_blocks, &self.add_blocked_by, &self.remove_blocks, &self.remove_blocked_by].iter().all(|ends| ends.is_empty())
    }

    /// The same arrows, whose ends are found by their names.
    ///
    /// # Errors
    /// When one is not found.
    pub fn found<U, E>(&self, mut find: impl FnMut(&T) -> Result<U, E>) -> Result<Arrows<U>, E> {
        let mut all = |ends: &[T]| ends.iter().map(&mut find).collect::<Result<Vec<U>, E>>();
        Ok(Arrows {
            add_blocks: all(&self.add_blocks)?,
            add_blocked_by: all(&self.add_blocked_by)?,
            remove_blocks: all(&self.remove_blocks)?,
            remove_blocked_by: all(&self.remove_blocked_by)?,
        })
    }
}

/// Whether an agent's message wants an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Asks {
    /// The agent did not say: a message that ends with a question mark asks.
    #[default]
    Unsaid,
    Answer,
    Nothing,
}

words!(Asks { "unsaid" => Unsaid, "answer" => Answer, "nothing" => Nothing });

/// What follows an approval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    /// The agent does the work and completes the task.
    #[default]
    HandBack,
    /// The approval was all there was to do.
    Complete,
}

words!(Then { "handBack" => HandBack, "complete" => Complete });
