//! What the workspace's own streams report: who listens, and how what was given fares. Shells say it to the authority; nobody sends it.

use crate::id::{DeliveryId, SessionId};
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
