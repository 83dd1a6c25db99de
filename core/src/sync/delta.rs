//! What the authority tells its replicas: one commit at a time, a frame for each event.

use serde::{Deserialize, Serialize};

use crate::cursor::Cursor;
use crate::decision::{Event, EventType};
use crate::model::{Actor, Agent, Delivery, Message, Task, Workspace};
use crate::rejection::Problem;
use crate::time::Timestamp;

/// A command of a replica that the authority has dealt with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    pub client_id: String,
    pub mutation_id: u64,
    /// `None`: it took effect.
    pub rejection: Option<Problem>,
}

/// The end of a commit; it rides on the commit's last frame, so that a resume never splits one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitEnd {
    pub base: Cursor,
    pub cursor: Cursor,
    #[serde(default)]
    pub mutations: Vec<Settled>,
}

/// The data of one frame on the dashboard's event stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    #[serde(flatten)]
    pub event: Event,
    #[serde(flatten)]
    pub end: Option<CommitEnd>,
}

/// The frames of a commit, in order. A commit without events is still told, since it settles commands.
pub fn frames(events: &[Event], end: &CommitEnd, at: Timestamp) -> Vec<Frame> {
    let quiet = [Event { kind: EventType::MutationAcknowledged, task_id: None, actor: Actor::System, at, changes: Vec::new() }];
    let events = if events.is_empty() { &quiet } else { events };
    let last = events.len() - 1;
    let frame = |(index, event): (usize, &Event)| Frame { event: event.clone(), end: (index == last).then(|| end.clone()) };
    events.iter().enumerate().map(frame).collect()
}

/// Where a replica begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    pub cursor: Cursor,
    pub workspace: Workspace,
    /// Open ones first.
    pub tasks: Vec<Task>,
    /// Where the tasks go on, if they do.
    pub next_cursor: Option<String>,
    pub agents: Vec<Agent>,
    pub deliveries: Vec<Delivery>,
    pub me: Actor,
}

/// A page of a thread.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadPage {
    pub messages: Vec<Message>,
    pub deliveries: Vec<Delivery>,
    pub next_cursor: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: EventType) -> Event {
        Event { kind, task_id: None, actor: Actor::System, at: Timestamp::from_ms(0), changes: Vec::new() }
    }

    fn end() -> CommitEnd {
        let cursor = |seq| Cursor { epoch: "e".into(), seq, tag: "t".into() };
        CommitEnd { base: cursor(1), cursor: cursor(2), mutations: Vec::new() }
    }

    #[test]
    fn only_the_last_frame_of_a_commit_ends_it() {
        let events = [event(EventType::ReplyReceived), event(EventType::StatusUpdated)];
        let frames = frames(&events, &end(), Timestamp::from_ms(0));
        assert_eq!(frames.iter().map(|frame| frame.end.is_some()).collect::<Vec<_>>(), [false, true]);
        for frame in frames {
            let text = serde_json::to_string(&frame).expect("json");
            assert_eq!(serde_json::from_str::<Frame>(&text).expect("read back"), frame);
        }
    }

    #[test]
    fn a_commit_without_events_is_told_all_the_same() {
        assert_eq!(frames(&[], &end(), Timestamp::from_ms(0)).len(), 1);
    }
}
