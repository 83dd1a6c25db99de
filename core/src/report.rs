//! What the workspace's own streams report: who listens, and how what was given fares. Shells say it to the authority; nobody sends it.

use crate::id::{DeliveryId, Id, SessionId, TaskId};
use crate::model::{AgentName, Client, DeliveryCopy, Route};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// An agent holds a stream.
    Connected { agent: AgentName },
    /// It holds none any more.
    Disconnected { agent: AgentName },
    /// An agent spoke; `client` where it said what it is.
    Heard { agent: AgentName, client: Option<Client> },
    /// A new model listens: what earlier sessions received and never saw is owed to it once more.
    /// `elsewhere`: sessions of other agents that hold a stream. What is for nobody in particular and is with them, stays with them.
    /// `in_answers`: what is being written to clients that wait for an answer. It is owed to nobody until it is known to be lost: given to two
    /// at once, either may hear of it first, and only one copy says that it is not the first.
    SessionStarted { agent: AgentName, session: SessionId, elsewhere: Vec<SessionId>, in_answers: Vec<DeliveryCopy> },
    /// An agent that holds claims may have been silent for as long as a claim stands without a word. `id` is for what is told of it.
    Gone { id: Id, agent: AgentName, lease_ms: u64 },
    /// Time may have decided something about a task that runs in the background (see [`crate::decide::due_at`]). `id` is for what is told of it;
    /// `lease_ms`: how long who is out of touch may take to come back.
    Due { id: Id, task: TaskId, lease_ms: u64 },
    /// Whoever runs a task in the background, and used to say so, has been silent.
    Silent { task: TaskId },
    /// It has been heard of again.
    Resumed { task: TaskId },
    /// These were written to the session's stream or into a result for it. Of what is on its way, or there, no other copy is made.
    Sent { copies: Vec<DeliveryCopy>, session: SessionId, route: Route },
    /// The client that these were sent to proved that it has them.
    Received { copies: Vec<DeliveryCopy> },
    /// These were lost on the way: what is on its way with one of them waits again.
    Lost { copies: Vec<DeliveryCopy> },
    /// The model acted on these.
    Seen { deliveries: Vec<DeliveryId>, route: Option<Route> },
}
