//! What the authority tells its replicas: one commit at a time, a frame for each event.

use crate::cursor::Cursor;
use crate::decision::{Event, EventType};
use crate::id::Id;
use crate::json::{Error, Named, Need, Read, Reader, Write, object, through_json};
use crate::model::{Actor, Agent, Delivery, Message, Task, Workspace};
use crate::rejection::Problem;
use crate::time::Timestamp;
use crate::{members, record};

/// A command of a replica that the authority has dealt with. A replica knows its own by the command's id, whatever name and
/// number it was sent under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub client_id: String,
    pub mutation_id: u64,
    pub command: Id,
    /// `None`: it took effect.
    pub rejection: Option<Problem>,
}

record!(Settled { client_id, mutation_id, command, rejection });

/// The end of a commit; it rides on the commit's last frame, so that a resume never splits one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitEnd {
    pub base: Cursor,
    pub cursor: Cursor,
    pub mutations: Vec<Settled>,
}

/// The data of one frame on the dashboard's event stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    pub event: Event,
    pub end: Option<CommitEnd>,
}

impl Read for Frame {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const NAMES: &[Named] = &[
            ("type", Need::Required),
            ("task_id", Need::Required),
            ("actor", Need::Required),
            ("at", Need::Required),
            ("changes", Need::Required),
            ("base", Need::Required),
            ("cursor", Need::Required),
            ("mutations", Need::Optional),
        ];
        let (mut event, mut end) = ((None, None, None, None, None), (None, None, None));
        let (kind, task_id, actor, at, changes) = (&mut event.0, &mut event.1, &mut event.2, &mut event.3, &mut event.4);
        let (base, cursor, mutations) = (&mut end.0, &mut end.1, &mut end.2);
        reader.record(NAMES, &mut [kind, task_id, actor, at, changes, base, cursor, mutations])?;
        let (Some(kind), Some(task_id), Some(actor), Some(at), Some(changes)) = event else {
            return Err(Error::new("a member is missing"));
        };
        let event = Event { kind, task_id, actor, at, changes };
        let end = match end {
            (Some(Some(base)), Some(Some(cursor)), mutations) => Some(CommitEnd { base, cursor, mutations: mutations.unwrap_or_default() }),
            _ => None,
        };
        Ok(Self { event, end })
    }
}

impl Write for Frame {
    fn write(&self, to: &mut String) {
        let mut members = members!(of self.event; kind as "type", task_id, actor, at, changes).to_vec();
        if let Some(end) = &self.end {
            members.extend(members!(of end; base, cursor, mutations));
        }
        object(to, &members);
    }
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
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    pub cursor: Cursor,
    pub workspace: Workspace,
    /// Those that wait for people first, the longest waiting of them first; then open ones, the newest first.
    pub tasks: Vec<Task>,
    /// Where the tasks go on, if they do.
    pub next_cursor: Option<String>,
    pub agents: Vec<Agent>,
    pub deliveries: Vec<Delivery>,
    pub me: Actor,
}

record!(Snapshot { cursor, workspace, tasks, next_cursor, agents, deliveries, me });

/// A page of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThreadPage {
    pub messages: Vec<Message>,
    pub deliveries: Vec<Delivery>,
    pub next_cursor: Option<String>,
}

record!(ThreadPage { messages, deliveries, next_cursor });
through_json!(Settled Frame Snapshot ThreadPage);

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
