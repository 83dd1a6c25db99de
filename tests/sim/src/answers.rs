//! Answers on an agent's stream (HTTP+SSE), as the object keeps them until they are known to have arrived: the stream that goes on from a broken
//! one brings them again.

use agentrq_core::id::SessionId;
use agentrq_core::model::{AgentName, Route};
use agentrq_core::time::Timestamp;

use crate::inbox::Connection;
use crate::net::{Asked, CallId, Channel, Given, Line, PingId};
use crate::server::{News, Server, Transaction};

/// What a stream that goes on from a broken one has brought again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mended {
    Nothing,
    Answers,
}

/// How long a stream that was opened in silence is left alone.
const QUIET_MS: u64 = 2_000;

impl Server {
    /// Streams on which nobody has spoken, and which have not been asked: whoever is there answers.
    pub(crate) fn quiet(&self, now: Timestamp) -> Vec<Channel> {
        let agents = &self.durable.agents;
        let is_asked = |channel: Channel| agents.pings.values().any(|ping| ping.channel == channel);
        let is_quiet = |it: &Connection| it.is_live && !it.is_ready && it.opened_at.plus_ms(QUIET_MS) <= now;
        let quiet = agents.connections.iter().filter(|(channel, it)| is_quiet(it) && !is_asked(**channel));
        quiet.map(|(channel, _)| *channel).collect()
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub channel: Channel,
    session: SessionId,
    /// What stands in it, as it was written.
    text: Given,
    /// What is given with it by now.
    given: Given,
}

impl Transaction {
    /// An agent opens a stream in silence: whether somebody listens, and goes on from one that broke, is known when it calls, or answers that it is there.
    pub(crate) fn opened_in_silence(&mut self, channel: Channel, agent: &AgentName, session: SessionId) {
        self.hold(channel, agent, session, false);
    }

    /// Somebody has spoken on a stream.
    pub(crate) fn listening(&mut self, channel: Channel, ping: PingId) -> Mended {
        let Some(connection) = self.to.agents.connections.get(&channel) else { return Mended::Nothing };
        if connection.is_ready || !connection.is_live {
            return Mended::Nothing;
        }
        let session = connection.session;
        self.leaves(session);
        self.to.agents.connections.entry(channel).and_modify(|it| it.is_ready = true);
        self.deliver = true;
        self.inherit(session, channel, ping)
    }

    /// A call comes in on a stream, or after it broke, and is answered on it, or on the one that goes on from it.
    pub(crate) fn called_on(&mut self, channel: Channel, call: CallId, agent: &AgentName, asked: Asked, pings: [PingId; 2]) -> Mended {
        let Some((channel, Connection { session, is_live, .. })) = self.current(channel) else { return Mended::Nothing };
        let mended = self.listening(channel, pings[0]);
        let is_outstanding = self.to.agents.answers.values().any(|answer| answer.channel == channel);
        // A call that came on a stream after it broke proves nothing of what was written to it.
        if is_live && !is_outstanding {
            self.read_before(session);
        }
        let given = self.answer(agent, session, asked);
        self.to.agents.answers.insert(call, Answer { channel, session, text: given.clone(), given: given.clone() });
        self.news.push(News::Line { channel, line: Line::Answer { session, call, given: given.clone() } });
        self.ping(pings[1], channel, given.copies);
        mended
    }

    /// The connection of this stream, or the one that goes on from it.
    fn current(&self, mut channel: Channel) -> Option<(Channel, Connection)> {
        loop {
            let connection = self.to.agents.connections.get(&channel)?;
            match connection.heir {
                Some(heir) => channel = heir,
                None => return Some((channel, connection.clone())),
            }
        }
    }

    /// A stream goes on from those of its session that broke: what was answered on them is sent again.
    fn inherit(&mut self, session: SessionId, channel: Channel, ping: PingId) -> Mended {
        let broken = self.to.agents.connections.iter_mut().filter(|(_, it)| it.session == session && !it.is_live);
        broken.filter(|(_, it)| it.heir.is_none()).for_each(|(_, it)| it.heir = Some(channel));
        let left = self.to.agents.answers.iter().filter(|(_, answer)| answer.session == session);
        let left: Vec<_> = left.map(|(call, answer)| (*call, answer.clone())).collect();
        let mut copies = Vec::new();
        for (call, answer) in &left {
            let line = Line::Answer { session, call: *call, given: answer.text.clone() };
            self.news.push(News::Line { channel, line });
            let given = self.given_again(session, &answer.given);
            copies.extend(given.copies.clone());
            self.to.agents.answers.insert(*call, Answer { channel, given, ..answer.clone() });
        }
        if left.is_empty() {
            return Mended::Nothing;
        }
        self.ping(ping, channel, copies);
        Mended::Answers
    }

    /// What was handed over with an answer is handed over with it again, and needs no push besides. Whether the client still waits for the
    /// answer nobody knows: so the next result names what stands in it.
    fn given_again(&mut self, session: SessionId, before: &Given) -> Given {
        let ids = before.copies.iter().map(|copy| copy.delivery).collect();
        let mut again = self.hand_over(session, ids, Route::Result);
        again.told.extend(before.told.iter().copied());
        again
    }
}
