//! What a decision may look at: a read-only view of one workspace, which may hold only a part of it.

use crate::decision::Change;
use crate::id::{AttachmentId, DeliveryId, MessageId, SessionId, TaskId};
use crate::lifecycle::Status;
use crate::model::{Agent, AgentName, Attachment, Delivery, ListName, Message, Task, Workflow, Workspace};
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

/// As many claims, and agents that wait for something to claim, as one look returns.
pub const HELD_AT_ONCE: usize = 100;

/// How far the tasks have come that another waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// How many of them are not completed.
    pub open: u32,
    /// The latest wave among them.
    pub wave: u32,
}

impl Waits {
    /// One more that is waited for.
    pub fn add(&mut self, blocker: &Task) {
        self.add_one(blocker.status, blocker.work.as_ref().and_then(|work| work.wave));
    }

    /// One more, of which this is known.
    pub fn add_one(&mut self, status: Status, wave: Option<u32>) {
        self.open += u32::from(status != Status::Completed);
        self.wave = self.wave.max(wave.unwrap_or(0));
    }

    /// The wave in which a task may begin that waits for them; `None` while it must wait.
    pub fn next_wave(self) -> Option<u32> {
        (self.open == 0).then_some(self.wave + 1)
    }
}

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
    /// The number the next task of this list gets, where this view belongs to the authority.
    fn next_in_list(&self, list: &ListName) -> Option<u64>;
    /// The task of this list whose `metadata.task_uid` this is.
    fn with_uid(&self, list: &ListName, uid: &str) -> Look<Option<Task>>;
    /// How far these tasks of a list have come: what a task waits for that they block.
    fn waits(&self, blockers: &[TaskId]) -> Look<Waits> {
        let mut waits = Waits::default();
        for blocker in blockers {
            match self.task(*blocker) {
                Look::Known(Some(task)) => waits.add(&task),
                Look::Known(None) => {}
                Look::Unknown => return Look::Unknown,
            }
        }
        Look::Known(waits)
    }
    /// The tasks that wait for this one, in the order of their ids.
    fn dependents(&self, task: TaskId) -> Look<Vec<TaskId>>;
    /// A way along the dependencies, from one of these tasks to one that waits for it, and so on to one of `to`; not over `around`.
    fn way(&self, from: &[TaskId], to: &[TaskId], around: TaskId) -> Look<Option<Vec<TaskId>>>;
    /// The task of a list that should be taken next: free to begin and nobody's, the most urgent first, then the earliest wave, then the oldest.
    fn up_for_grabs(&self, list: &ListName) -> Look<Option<Task>>;
    /// The agents that found nothing to do on this list and wait to be told, by name; at most [`HELD_AT_ONCE`].
    fn waiting_for_work(&self, list: &ListName) -> Look<Vec<Agent>>;
    /// The tasks that an agent has claimed and not ended, the oldest first; at most [`HELD_AT_ONCE`].
    fn held_by(&self, agent: &AgentName) -> Look<Vec<Task>>;
    /// The workflow of this name, and its revision. Templates are no entities: only the authority has them.
    fn workflow(&self, _name: &str) -> Look<Option<(Workflow, u64)>> {
        Look::Unknown
    }
}

/// A view that can be written. Stores only put and delete; every rule stands in `decide`.
pub trait Store: View {
    type Error;
    /// Applies changes of the commit under way.
    fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) -> Result<(), Self::Error>;
    /// Ends the commit: `revision` is the head from now on.
    fn advance(&mut self, revision: u64) -> Result<(), Self::Error>;
}
