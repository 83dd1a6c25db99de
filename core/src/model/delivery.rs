//! One thing an agent must hear, and how far it has come.
//!
//! ```text
//! queued ──push──▶ sent ──pong──▶ received ──the model acted on it──▶ seen
//!    ▲              │                 │
//!    └──stream lost─┘                 └── a new session of the agent: queued once more, marked redelivered
//! ```

use std::fmt;
use std::str::FromStr;

use super::AgentName;
use crate::id::{DeliveryId, SessionId, TaskId};
use crate::json::{through_json, words};
use crate::record;
use crate::time::Timestamp;

/// What the agent hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryKind {
    /// A person wrote; the delivery's id is the message's.
    Reply,
    /// A person approved or rejected; the delivery's id is the message's.
    Verdict,
    /// A task was given to agents, or given anew; the id is the task's, or that of the command that gave it anew.
    Task,
    /// A person moved, reopened or deleted the task; `note` says how.
    Status,
    /// Whoever runs the task in the background shall end it; `note` says who wants that, and why.
    Stop,
    /// What ran in the background has ended; `note` says how.
    Ended,
}

words!(DeliveryKind { "reply" => Reply, "verdict" => Verdict, "task" => Task, "status" => Status, "stop" => Stop, "ended" => Ended });

/// How far it has come. Order is progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Nobody has it yet.
    Queued,
    /// Written to a stream; whether it arrived is not known.
    Sent,
    /// The client answered a ping sent after it: the transport has it.
    Received,
    /// The model acted on it.
    Seen,
}

words!(DeliveryState { "queued" => Queued, "sent" => Sent, "received" => Received, "seen" => Seen });

/// The way it took.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Route {
    Channel,
    Hook,
    /// `waitForMessages`.
    Wait,
    /// It rode on a tool result, or was read with a tool.
    Result,
}

words!(Route { "channel" => Channel, "hook" => Hook, "wait" => Wait, "result" => Result });

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub id: DeliveryId,
    pub task: TaskId,
    pub kind: DeliveryKind,
    /// What happened, for kinds that have no message of their own.
    pub note: Option<String>,
    /// Whom it is for; nobody in particular where no agent owns the task.
    pub agent: Option<AgentName>,
    pub state: DeliveryState,
    pub route: Option<Route>,
    /// The session it was last given to.
    pub session: Option<SessionId>,
    pub queued_at: Timestamp,
    pub sent_at: Option<Timestamp>,
    pub received_at: Option<Timestamp>,
    pub seen_at: Option<Timestamp>,
    /// How often it was handed to a client: more than once only where an earlier copy may have been lost.
    pub copies: u32,
    /// An earlier session had received it and never acted on it.
    pub redelivered: bool,
    pub revision: u64,
}

record!(Delivery {
    id,
    task,
    kind,
    note,
    agent,
    state,
    route,
    session,
    queued_at,
    sent_at,
    received_at,
    seen_at,
    copies,
    redelivered,
    revision
});
through_json!(Delivery);

/// One copy of a delivery, handed to one client once. What is said of a copy is said of no other: word of it may come when another is on its
/// way already, on the same stream even.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryCopy {
    pub delivery: DeliveryId,
    /// From 1.
    pub number: u32,
}

impl Delivery {
    /// The copy that was handed over last, if one was.
    pub fn last_copy(&self) -> DeliveryCopy {
        DeliveryCopy { delivery: self.id, number: self.copies }
    }

    /// The copy that would be handed over next.
    pub fn next_copy(&self) -> DeliveryCopy {
        DeliveryCopy { delivery: self.id, number: self.copies + 1 }
    }
}

/// The text names no copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCopy;

impl fmt::Display for InvalidCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a copy is named by its delivery, a dot and its number")
    }
}

impl std::error::Error for InvalidCopy {}

impl fmt::Display for DeliveryCopy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.delivery, self.number)
    }
}

impl FromStr for DeliveryCopy {
    type Err = InvalidCopy;

    fn from_str(text: &str) -> Result<Self, InvalidCopy> {
        let (delivery, number) = text.split_once('.').ok_or(InvalidCopy)?;
        let plain = number.bytes().all(|byte| byte.is_ascii_digit());
        let number = number.parse().ok().filter(|_| plain).ok_or(InvalidCopy)?;
        Ok(Self { delivery: delivery.parse().map_err(|_| InvalidCopy)?, number })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn a_copy_survives_the_way_through_text_and_nothing_else_is_one() {
        let copy = DeliveryCopy { delivery: DeliveryId(Id::new(1_774_362_821_000, 7)), number: 12 };
        assert_eq!(copy.to_string().parse(), Ok(copy));
        for text in ["", ".", "1", "x.1", &copy.delivery.to_string(), &format!("{}.", copy.delivery), &format!("{}.+1", copy.delivery)] {
            assert_eq!(text.parse::<DeliveryCopy>(), Err(InvalidCopy), "{text:?}");
        }
    }
}
