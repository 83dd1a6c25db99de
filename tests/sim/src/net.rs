//! The network: what is under way, and in which order it may arrive. Streams keep their order, requests do not.

use agentrq_core::Command;
use agentrq_core::id::{AttachmentId, DeliveryId, SessionId, TaskId};
use agentrq_core::model::{Attachment, DeliveryCopy, Task};
use agentrq_core::rejection::Problem;
use agentrq_core::sync::authority::Batch;
use agentrq_core::sync::outbox::{Answer, Row};

use crate::op::Pick;
use crate::world::index;

/// A stream, or the channel between the tabs of a browser. Never used again.
pub(crate) type Channel = u64;
pub(crate) type TabId = u64;
pub(crate) type CallId = u64;
pub(crate) type PingId = u64;

/// What is under way.
#[derive(Clone, Debug)]
pub(crate) enum Packet {
    Commands {
        tab: TabId,
        request: u64,
        batch: Batch,
    },
    Answered {
        tab: TabId,
        request: u64,
        answer: Result<Answer, Problem>,
    },
    Ask {
        tab: TabId,
        request: u64,
        wanted: Wanted,
    },
    /// The text of what was asked for, and where the history stood; `None`: it is not there.
    Given {
        tab: TabId,
        request: u64,
        wanted: Wanted,
        seq: u64,
        text: Option<String>,
    },
    /// A frame on a dashboard's stream; `None`: begin from a snapshot.
    Frame {
        tab: TabId,
        channel: Channel,
        text: Option<String>,
    },
    /// The stream ends, after everything that was sent on it.
    End {
        tab: TabId,
        channel: Channel,
    },
    Word {
        tab: TabId,
        word: Word,
    },
    /// A file that somebody chose, with the id that it has here.
    File {
        tab: TabId,
        request: u64,
        file: Attachment,
    },
    Filed {
        tab: TabId,
        request: u64,
        file: AttachmentId,
    },
    Line {
        agent: usize,
        channel: Channel,
        line: Line,
    },
    Pong {
        ping: PingId,
    },
    Call {
        agent: usize,
        session: SessionId,
        call: CallId,
        asked: Asked,
        /// The stream that it is answered on; `None`: in the response to it.
        on: Option<Channel>,
    },
    Result {
        agent: usize,
        session: SessionId,
        call: CallId,
        given: Given,
    },
    /// An agent waits for a call's answer no longer.
    GaveUp {
        session: SessionId,
        call: CallId,
    },
    /// What a Worker saw become of an answer.
    Said {
        call: CallId,
        fate: Fate,
    },
}

/// What a call is for.
#[derive(Clone, Debug)]
pub(crate) enum Asked {
    /// Whatever waits.
    News,
    Does(Command),
    /// The thread of a task.
    Reads(TaskId),
}

/// What stands for an agent in an answer: handed over with it, or only told of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Given {
    pub copies: Vec<DeliveryCopy>,
    pub told: Vec<DeliveryId>,
}

impl Given {
    pub(crate) fn ids(&self) -> impl Iterator<Item = DeliveryId> {
        self.copies.iter().map(|copy| copy.delivery).chain(self.told.iter().copied())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrived,
    Lost,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    Snapshot,
    Thread(TaskId),
    /// Tasks after this place in the list.
    Tasks(String),
}

/// What tabs tell each other.
#[derive(Clone, Debug)]
pub(crate) enum Word {
    /// A follower has a command for the leader.
    Please { command: Command, at: u64 },
    /// The leader has queued it.
    Queued { row: Row },
    /// What the server answered.
    Settled { command: agentrq_core::id::Id, rejection: Option<Problem>, cursor: Option<agentrq_core::cursor::Cursor> },
    /// A commit, as its frames came.
    Commit { texts: Vec<String> },
    /// Everything the leader has: for a follower that has nothing, or another history.
    State { checkpoint: String, older: Option<String>, rows: Vec<Row> },
}

/// A line of an agent's stream.
#[derive(Clone, Debug)]
pub(crate) enum Line {
    Push { copy: DeliveryCopy, is_marked: bool },
    Answer { session: SessionId, call: CallId, given: Given },
    Ping { id: PingId },
}

impl Packet {
    /// Where order is kept.
    fn channel(&self) -> Option<(u8, u64)> {
        match self {
            Self::Frame { channel, .. } | Self::End { channel, .. } => Some((0, *channel)),
            Self::Line { channel, .. } => Some((1, *channel)),
            Self::Word { tab, .. } => Some((2, *tab)),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Net {
    flying: Vec<Packet>,
}

impl Net {
    pub(crate) fn send(&mut self, packet: Packet) {
        self.flying.push(packet);
    }

    /// The tasks in the pages that are on their way to tabs.
    pub(crate) fn paged(&self) -> Vec<TaskId> {
        let pages = self.flying.iter().filter_map(|packet| match packet {
            Packet::Given { wanted: Wanted::Tasks(_), text: Some(text), .. } => {
                serde_json::from_str::<(Vec<Task>, Option<String>)>(text).ok()
            }
            _ => None,
        });
        pages.flat_map(|(tasks, _)| tasks).map(|task| task.id).collect()
    }

    /// Takes what arrives next if the choice falls on `which`: of a stream always the oldest.
    pub(crate) fn take(&mut self, which: Pick) -> Option<Packet> {
        if self.flying.is_empty() {
            return None;
        }
        let count = self.flying.len();
        let chosen = index(which, count);
        // A page is large: more often than not it is overtaken.
        let is_page = |packet: &Packet| matches!(packet, Packet::Given { wanted: Wanted::Tasks(_), .. });
        let overtakes = (0..count).map(|after| (chosen + after) % count).find(|at| !is_page(&self.flying[*at]));
        let chosen = overtakes.filter(|_| !(which / count as u64).is_multiple_of(4)).unwrap_or(chosen);
        let channel = self.flying[chosen].channel();
        let first = match channel {
            Some(_) => self.flying.iter().position(|packet| packet.channel() == channel).unwrap_or(chosen),
            None => chosen,
        };
        Some(self.flying.remove(first))
    }

    /// A request or a response, which the network may lose or double. Streams are cut instead, and a Worker says its word until it is heard.
    pub(crate) fn loose(&self, which: Pick) -> Option<usize> {
        let is_loose = |packet: &Packet| packet.channel().is_none() && !matches!(packet, Packet::Said { .. });
        let loose: Vec<_> = (0..self.flying.len()).filter(|&index| is_loose(&self.flying[index])).collect();
        (!loose.is_empty()).then(|| loose[usize::try_from(which % loose.len() as u64).unwrap_or(0)])
    }

    pub(crate) fn drop(&mut self, index: usize) -> Packet {
        self.flying.remove(index)
    }

    pub(crate) fn double(&mut self, index: usize) {
        // A browser and a program send a request once; what doubles is a proxy or a retry below them, on its way to the server. A call that is
        // answered on a stream has no id to know it again by but for what makes a task.
        let may_double = |packet: &Packet| {
            let is_request = matches!(packet, Packet::Commands { .. } | Packet::Pong { .. } | Packet::File { .. });
            is_request || matches!(packet, Packet::Call { on: None, .. })
        };
        if may_double(&self.flying[index]) {
            self.flying.push(self.flying[index].clone());
        }
    }

    /// Everything that is still on a stream is gone.
    pub(crate) fn cut(&mut self, channel: Channel) {
        let is_on = |packet: &Packet| matches!(packet.channel(), Some((0 | 1, on)) if on == channel);
        self.flying.retain(|packet| !is_on(packet));
    }

    /// A tab sleeps, and the commits that the one that leads has told it are gone. How many those are.
    pub(crate) fn miss(&mut self, tab: TabId) -> usize {
        let before = self.flying.len();
        self.flying.retain(|packet| !matches!(packet, Packet::Word { tab: to, word: Word::Commit { .. } } if *to == tab));
        before - self.flying.len()
    }

    /// The server ends, and its Workers with it: what they had answered and told, and what they would say of it, is gone.
    pub(crate) fn lose_answers(&mut self) -> Vec<Packet> {
        let is_answer = |packet: &Packet| {
            let answers = matches!(packet, Packet::Answered { .. } | Packet::Given { .. } | Packet::Filed { .. } | Packet::Result { .. });
            answers || matches!(packet, Packet::Said { .. } | Packet::Frame { .. } | Packet::Line { .. })
        };
        let (lost, kept) = std::mem::take(&mut self.flying).into_iter().partition(is_answer);
        self.flying = kept;
        lost
    }

    /// A tab is closed: nothing reaches it.
    pub(crate) fn close(&mut self, tab: TabId) {
        self.flying.retain(|packet| !matches!(packet, Packet::Word { tab: to, .. } | Packet::Frame { tab: to, .. } | Packet::End { tab: to, .. } if *to == tab));
    }
}
