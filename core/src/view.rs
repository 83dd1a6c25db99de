//! What a decision may look at: a read-only view of one workspace, which may hold only a part of it.

use crate::decision::Change;
use crate::id::{AttachmentId, DeliveryId, MessageId, SessionId, TaskId};
use crate::model::{Agent, AgentName, Attachment, Delivery, Message, Task, Workspace};
use crate::rejection::Rejection;

/// What a look finds: the truth, or that the truth is not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look<T> {
    Known(T),
    Unknown,
}

impl<T> Look<T> {
    /// The truth, or the refusal to decide without it.
    pub fn known(self, what: &'static str) -> Result<T, Rejection> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Unknown => Err(Rejection::NotLoaded { what }),
        }
    }
}

/// Which deliveries that are not yet seen. Each kind is asked for by itself, so that what piles up for one agent hides nothing from another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen<'a> {
    /// Queued for one agent, or for nobody in particular.
    QueuedFor(&'a AgentName),
    /// Given to earlier sessions of an agent, or for nobody in particular, and not yet owed to a new one.
    OwedTo { agent: &'a AgentName, session: SessionId },
    /// Those of one task.
    OfTask(TaskId),
}

/// As many deliveries as one look returns.
pub const UNSEEN_AT_ONCE: usize = 200;

/// A read-only look at a workspace. The object's SQL, a browser's replica and a test's maps all answer it.
pub trait View {
    /// The revision of the last commit; the decision under way writes the next one.
    fn head(&self) -> u64;
    /// The number the next task gets, where this view belongs to the authority.
    fn next_number(&self) -> Option<u64>;
    fn workspace(&self) -> Look<Workspace>;
    fn task(&self, id: TaskId) -> Look<Option<Task>>;
    fn message(&self, id: MessageId) -> Look<Option<Message>>;
    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>>;
    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>>;
    fn agent(&self, name: &AgentName) -> Look<Option<Agent>>;
    /// The pending agent task that `agent` should take next: its own and unowned ones first, then the oldest.
    fn claimable(&self, agent: &AgentName) -> Look<Option<Task>>;
    /// In the order in which they were queued; at most [`UNSEEN_AT_ONCE`].
    fn unseen(&self, which: Unseen<'_>) -> Look<Vec<Delivery>>;
}

/// A view that can be written. Stores only put and delete; every rule stands in `decide`.
pub trait Store: View {
    type Error;
    /// Applies changes of the commit under way.
    fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) -> Result<(), Self::Error>;
    /// Ends the commit: `revision` is the head from now on.
    fn advance(&mut self, revision: u64) -> Result<(), Self::Error>;
}
