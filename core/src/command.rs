//! What may be asked of a workspace, by people, by agents and by the workspace's own streams.
//!
//! Every command carries one fresh id; what the command creates bears it. So a command that arrives twice
//! is recognised by what it made, and a browser can name a thing before the server has heard of it.

mod wire;

use crate::id::{AttachmentId, DeliveryId, Id, MessageId, SessionId, TaskId};
use crate::json::words;
use crate::lifecycle::Status;
use crate::model::{Actor, AgentName, Assignee, Client, DeliveryCopy, Options, Route, Verdict};
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
    EditWorkspace {
        id: Id,
        name: Option<String>,
        mission: Option<String>,
    },
    NameAgent {
        id: Id,
        agent: AgentName,
        display_name: String,
    },
    /// What the streams report. Shells say it; nobody sends it.
    Inbox(Inbox),
}

impl Command {
    /// The id that names this command wherever it turns up; what the streams report has none.
    pub fn id(&self) -> Option<Id> {
        match self {
            Self::CreateTask { id, .. }
            | Self::EditTask { id, .. }
            | Self::SetStatus { id, .. }
            | Self::Reopen { id, .. }
            | Self::PostMessage { id, .. }
            | Self::GiveVerdict { id, .. }
            | Self::DeleteTask { id, .. }
            | Self::ClaimNext { id }
            | Self::EditWorkspace { id, .. }
            | Self::NameAgent { id, .. } => Some(*id),
            Self::Inbox(_) => None,
        }
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

/// What the streams report to the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbox {
    /// An agent holds a stream.
    Connected { agent: AgentName },
    /// It holds none any more.
    Disconnected { agent: AgentName },
    /// An agent spoke; `client` where it said what it is.
    Heard { agent: AgentName, client: Option<Client> },
    /// A new model listens: what earlier sessions received and never saw is owed to it once more.
    /// `elsewhere`: sessions of other agents that hold a stream. What is for nobody in particular and is with them, stays with them.
    SessionStarted { agent: AgentName, session: SessionId, elsewhere: Vec<SessionId> },
    /// These were written to the session's stream or into a result for it. Of what is on its way, or there, no other copy is made.
    Sent { copies: Vec<DeliveryCopy>, session: SessionId, route: Route },
    /// The client that these were sent to proved that it has them.
    Received { copies: Vec<DeliveryCopy> },
    /// These were lost on the way: what is on its way with one of them waits again.
    Lost { copies: Vec<DeliveryCopy> },
    /// The model acted on these.
    Seen { deliveries: Vec<DeliveryId>, route: Option<Route> },
}
