//! An agent: a model behind a stream that comes and goes. It reads what it is told and calls tools.

use std::collections::BTreeSet;

use agentrq_core::id::{DeliveryId, Id, SessionId};
use agentrq_core::model::AgentName;

use crate::net::{CallId, Channel, Given, Line, PingId};

/// Sessions are named by when they began, on no clock in particular.
const EPOCH_MS: u64 = 1_577_836_800_000;

/// What of it reaches the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    Everything,
    /// Its client answers pings and drops what else is pushed.
    Answers,
}

/// Where the answers to its calls come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// In the responses to them (Streamable HTTP).
    InResponses,
    /// On its stream, as all that it is told (HTTP+SSE).
    OnStream,
}

#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub name: AgentName,
    pub session: SessionId,
    pub channel: Option<Channel>,
    /// The server knows of this session: it has said `initialize`.
    pub is_known: bool,
    /// The call that it waits for.
    pub call: Option<CallId>,
    pub answers: Answers,
    hears: Hears,
    /// What its present stream has brought.
    on_stream: BTreeSet<DeliveryId>,
    /// What its client was ever brought.
    brought: BTreeSet<DeliveryId>,
    /// What the model of a session was shown, or was told of.
    knows: BTreeSet<(SessionId, DeliveryId)>,
    /// Calls whose answers it ignores, having said so.
    given_up: BTreeSet<CallId>,
    index: u32,
    sessions: u32,
}

impl Agent {
    pub(crate) fn new(name: AgentName, hears: Hears, answers: Answers, index: u32) -> Self {
        Self {
            name,
            session: SessionId(Id::new(EPOCH_MS, index)),
            channel: None,
            is_known: false,
            call: None,
            answers,
            hears,
            on_stream: BTreeSet::new(),
            brought: BTreeSet::new(),
            knows: BTreeSet::new(),
            given_up: BTreeSet::new(),
            index,
            sessions: 0,
        }
    }

    /// Another client takes over, with another model: it knows nothing, and takes no answers of the one before.
    pub(crate) fn start_anew(&mut self) {
        self.given_up.clear();
        self.sessions += 1;
        self.session = SessionId(Id::new(EPOCH_MS + u64::from(self.sessions), self.index));
        self.call = None;
        self.is_known = false;
    }

    pub(crate) fn holds(&mut self, channel: Channel) {
        self.channel = Some(channel);
        self.is_known = true;
        self.on_stream.clear();
    }

    pub(crate) fn knows(&self, session: SessionId, delivery: DeliveryId) -> bool {
        self.knows.contains(&(session, delivery))
    }

    /// It waits for its call no longer. Which one that was.
    pub(crate) fn gives_up(&mut self) -> Option<CallId> {
        let call = self.call.take()?;
        self.given_up.insert(call);
        Some(call)
    }

    /// The answer to a call is here. Whether its Worker takes it for given: it cannot tell a client that ignores it, and what stands in it
    /// is taken for read (decision 13).
    pub(crate) fn is_answered(&mut self, session: SessionId, call: CallId, given: &Given) -> bool {
        let waits = self.call.take_if(|waiting| *waiting == call).is_some();
        if waits || self.given_up.contains(&call) {
            self.knows.extend(given.ids().map(|delivery| (session, delivery)));
        }
        if waits {
            self.brought.extend(given.copies.iter().map(|copy| copy.delivery));
        }
        waits || self.given_up.contains(&call)
    }

    /// The server has forgotten what it brought.
    pub(crate) fn server_restored(&mut self) {
        self.channel = None;
        self.brought.clear();
        // Its stream is gone, and what was answered on it is not known any more.
        self.call.take_if(|_| self.answers == Answers::OnStream);
    }

    /// Reads a line of its stream; a ping is answered.
    ///
    /// # Errors
    /// When it was shown something twice on this stream, or a second time without a word of warning.
    pub(crate) fn reads(&mut self, channel: Channel, line: Line) -> Result<Option<PingId>, String> {
        if self.channel != Some(channel) {
            return Ok(None);
        }
        match line {
            Line::Ping { id } => Ok(Some(id)),
            Line::Answer { .. } => Ok(None),
            Line::Push { copy, is_marked } => {
                if !self.on_stream.insert(copy.delivery) {
                    return Err(format!("{} was shown a delivery twice on one stream: {copy}", self.name));
                }
                if !self.brought.insert(copy.delivery) && !is_marked {
                    return Err(format!("{} was shown another copy as if it were new: {copy}", self.name));
                }
                if self.hears == Hears::Everything {
                    self.knows.insert((self.session, copy.delivery));
                }
                Ok(None)
            }
        }
    }
}
