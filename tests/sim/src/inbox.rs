//! The streams and calls of agents, as the object keeps them in the transaction of their cause: what is handed over, and what becomes of it.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::command::Context;
use agentrq_core::decide;
use agentrq_core::decide::{Holder, Reader, route};
use agentrq_core::id::{DeliveryId, SessionId, TaskId};
use agentrq_core::model::{Actor, AgentName, Delivery, DeliveryCopy, DeliveryState, Route};
use agentrq_core::report::Report;
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Unseen, View};

use crate::answers::{Answer, Mended};
use crate::net::{Asked, CallId, Channel, Fate, Given, Line, PingId};
use crate::server::{News, Transaction};

/// An agent that does not answer a ping within this time has lost its stream.
const PONG_MS: u64 = 10_000;
/// A session that calls again this long after a call of which no word came has not got that one's answer.
const NO_WORD_MS: u64 = 2_000;

/// A stream of an agent.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    agent: AgentName,
    pub session: SessionId,
    pub is_live: bool,
    pub opened_at: Timestamp,
    active_at: Timestamp,
    /// What it has shown and is owed to another session since.
    had: Vec<DeliveryId>,
    /// Somebody listens: what is pushed finds them.
    pub is_ready: bool,
    /// The stream that goes on from this one.
    pub heir: Option<Channel>,
}

#[derive(Clone, Debug)]
pub(crate) struct Ping {
    pub channel: Channel,
    pub copies: Vec<DeliveryCopy>,
    /// The answers that it follows on.
    pub answers: Vec<CallId>,
    pub deadline: Timestamp,
}

/// A call that was answered, and what is known of the answer.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    session: SessionId,
    at: Timestamp,
    fate: Option<Fate>,
    given: Given,
}

/// What stands on the disk of all this.
#[derive(Clone, Debug, Default)]
pub(crate) struct Kept {
    pub connections: BTreeMap<Channel, Connection>,
    pub pings: BTreeMap<PingId, Ping>,
    pub answers: BTreeMap<CallId, Answer>,
    calls: BTreeMap<CallId, Call>,
    /// What has stood in a result for a session and is not known to be seen.
    shown: BTreeSet<(SessionId, DeliveryId)>,
}

impl Transaction {
    pub(crate) fn report(&mut self, report: Report) {
        // The workspace's own words are never refused: this store holds everything.
        let cx = Context { now: self.now, actor: Actor::System, session: None };
        let decided = decide::report(&self.to.store, report, &cx).map(|decision| self.take_up(decision));
        debug_assert_eq!(decided, Ok(()));
    }

    fn delivery(&self, id: DeliveryId) -> Option<Delivery> {
        match self.to.store.delivery(id) {
            Look::Known(delivery) => delivery,
            Look::Unknown => None,
        }
    }

    /// An agent opens a stream. What is owed to its session, if that is new.
    pub(crate) fn opened(&mut self, channel: Channel, agent: &AgentName, session: SessionId, is_new: bool) -> Vec<DeliveryId> {
        // A client that opens its stream again has left the one before.
        self.leaves(session);
        self.hold(channel, agent, session, true);
        let agent = agent.clone();
        let mut owed = Vec::new();
        if is_new {
            let others = self.to.agents.connections.values().filter(|it| it.is_live && it.agent != agent);
            let elsewhere: Vec<_> = others.map(|it| it.session).collect();
            if let Look::Known(deliveries) = self.to.store.unseen(Unseen::OwedTo { agent: &agent, session }) {
                let stays = |it: &Delivery| it.session.is_some_and(|with| elsewhere.contains(&with));
                for delivery in deliveries.into_iter().filter(|it| !stays(it)) {
                    let before = self.to.agents.connections.values_mut().filter(|it| it.is_live && Some(it.session) == delivery.session);
                    before.for_each(|it| it.had.push(delivery.id));
                    owed.push(delivery.id);
                }
            }
            self.report(Report::SessionStarted { agent, session, elsewhere, in_answers: Vec::new() });
        }
        self.deliver = true;
        owed
    }

    /// A stream is held.
    pub(crate) fn hold(&mut self, channel: Channel, agent: &AgentName, session: SessionId, is_ready: bool) {
        let (opened_at, active_at, had, agent) = (self.now, self.now, Vec::new(), agent.clone());
        self.report(Report::Connected { agent: agent.clone() });
        let connection = Connection { agent, session, is_live: true, opened_at, active_at, had, is_ready, heir: None };
        self.to.agents.connections.insert(channel, connection);
    }

    /// The streams on which a session listened until now are gone.
    pub(crate) fn leaves(&mut self, session: SessionId) {
        let before = self.to.agents.connections.iter().filter(|(_, it)| it.is_live && it.is_ready && it.session == session);
        let before: Vec<_> = before.map(|(channel, _)| *channel).collect();
        before.into_iter().for_each(|channel| self.lose(channel));
    }

    /// The stream is gone: what it was given and did not prove to have waits again.
    pub(crate) fn lose(&mut self, channel: Channel) {
        let Some(connection) = self.to.agents.connections.get_mut(&channel) else { return };
        let was_live = std::mem::replace(&mut connection.is_live, false);
        let (agent, session) = (connection.agent.clone(), connection.session);
        let (lost, kept) = std::mem::take(&mut self.to.agents.pings).into_iter().partition(|(_, ping)| ping.channel == channel);
        self.to.agents.pings = kept;
        let lost: BTreeMap<PingId, Ping> = lost;
        self.take_back(session, Given { copies: lost.into_values().flat_map(|ping| ping.copies).collect(), told: Vec::new() });
        if !was_live {
            return;
        }
        self.news.push(News::Close { channel });
        if !self.to.agents.connections.values().any(|it| it.is_live && it.agent == agent) {
            self.report(Report::Disconnected { agent });
        }
    }

    fn take_back(&mut self, session: SessionId, given: Given) {
        given.ids().for_each(|delivery| {
            self.to.agents.shown.remove(&(session, delivery));
        });
        if given.copies.is_empty() {
            return;
        }
        let lost: Vec<_> = given.copies.iter().map(|copy| copy.delivery).collect();
        self.report(Report::Lost { copies: given.copies });
        for id in lost {
            // Another session may have been told that it was on its way.
            if self.delivery(id).is_some_and(|delivery| delivery.state == DeliveryState::Queued) {
                self.to.agents.shown.retain(|(_, shown)| *shown != id);
            }
        }
    }

    /// Asks the client of a stream whether it has all that was said on it.
    pub(crate) fn ping(&mut self, id: PingId, channel: Channel, copies: Vec<DeliveryCopy>) {
        let of_stream = self.to.agents.answers.iter().filter(|(_, answer)| answer.channel == channel);
        let answers = of_stream.map(|(call, _)| *call).collect();
        self.to.agents.pings.insert(id, Ping { channel, copies, answers, deadline: self.now.plus_ms(PONG_MS) });
        self.news.push(News::Line { channel, line: Line::Ping { id } });
    }

    /// The client has answered a ping: it has everything before it.
    pub(crate) fn pong(&mut self, ping: PingId, next: PingId) -> Mended {
        let Some(ping) = self.to.agents.pings.remove(&ping) else { return Mended::Nothing };
        if let Some(connection) = self.to.agents.connections.get_mut(&ping.channel) {
            connection.active_at = self.now;
        }
        self.to.agents.answers.retain(|call, _| !ping.answers.contains(call));
        self.received.extend(ping.copies.iter().map(|copy| copy.delivery));
        if !ping.copies.is_empty() {
            self.report(Report::Received { copies: ping.copies });
            self.deliver = true;
        }
        self.listening(ping.channel, next)
    }

    /// No pong came.
    pub(crate) fn unanswered(&mut self, ping: PingId) {
        if let Some(channel) = self.to.agents.pings.get(&ping).map(|ping| ping.channel) {
            self.lose(channel);
        }
        self.to.agents.pings.remove(&ping);
    }

    /// An agent calls a tool. Its model has read what stood in earlier results; what waits for it rides on this one.
    pub(crate) fn called(&mut self, call: CallId, agent: &AgentName, session: SessionId, asked: Asked) -> Given {
        // A call that comes again gets the answer it had, and does nothing.
        if let Some(call) = self.to.agents.calls.get(&call) {
            return call.given.clone();
        }
        self.report(Report::Heard { agent: agent.clone(), client: None });
        if self.words_are_here(session) {
            self.read_before(session);
        }
        let given = self.answer(agent, session, asked);
        self.to.agents.calls.insert(call, Call { session, at: self.now, fate: None, given: given.clone() });
        given
    }

    /// Does what a call asks. What stands for its agent in the answer.
    pub(crate) fn answer(&mut self, agent: &AgentName, session: SessionId, asked: Asked) -> Given {
        let mut given = Given::default();
        match asked {
            Asked::News => {}
            // A refusal is an answer too.
            Asked::Does(command) => drop(self.run(command, &Actor::Agent { name: agent.clone() }, Some(session))),
            Asked::Reads(task) => given = self.give(session, self.in_thread(task, agent), Route::Result),
        }
        let riding = self.ungiven(agent, session);
        let riding = self.give(session, riding, Route::Result);
        given.copies.extend(riding.copies);
        given.told.extend(riding.told);
        given
    }

    /// Deliveries go into a result for this session: what waits is handed over with it, and of the rest it tells.
    pub(crate) fn give(&mut self, session: SessionId, ids: Vec<DeliveryId>, route: Route) -> Given {
        self.to.agents.shown.extend(ids.iter().map(|id| (session, *id)));
        self.hand_over(session, ids, route)
    }

    /// What waits is handed over with a result.
    pub(crate) fn hand_over(&mut self, session: SessionId, ids: Vec<DeliveryId>, route: Route) -> Given {
        let mut given = Given::default();
        for id in ids {
            match self.delivery(id) {
                Some(delivery) if delivery.state == DeliveryState::Queued => given.copies.push(delivery.next_copy()),
                _ => given.told.push(id),
            }
        }
        if !given.copies.is_empty() {
            self.report(Report::Sent { copies: given.copies.clone(), session, route });
        }
        given
    }

    /// What a reader of this thread hears with it.
    fn in_thread(&self, task: TaskId, agent: &AgentName) -> Vec<DeliveryId> {
        let messages = self.to.store.thread(task).into_iter().filter_map(|message| self.delivery(DeliveryId(message.id.0)));
        messages.filter(|it| it.agent.as_ref().is_none_or(|to| to == agent)).map(|it| it.id).collect()
    }

    fn ungiven(&self, agent: &AgentName, session: SessionId) -> Vec<DeliveryId> {
        let is_for = |delivery: &&Delivery| match &delivery.agent {
            Some(to) => to == agent,
            // What was owed once more and is still not seen has been given in vain: whoever calls may have it.
            None => delivery.redelivered || delivery.session.is_none_or(|given| given == session),
        };
        let is_due = |delivery: &&Delivery| {
            delivery.state != DeliveryState::Seen && is_for(delivery) && !self.to.agents.shown.contains(&(session, delivery.id))
        };
        self.to.store.deliveries().filter(is_due).map(|delivery| delivery.id).collect()
    }

    /// Whether it is known of every answer to this session what became of it. One of which no word came for long is lost.
    fn words_are_here(&mut self, session: SessionId) -> bool {
        let is_open = |call: &Call| call.session == session && call.fate.is_none();
        let open: Vec<_> = self.to.agents.calls.iter().filter(|(_, call)| is_open(call)).map(|(id, call)| (*id, call.at)).collect();
        let mut are_here = true;
        for (call, at) in open {
            if at.plus_ms(NO_WORD_MS) <= self.now {
                self.said(call, Fate::Lost);
            } else {
                are_here = false;
            }
        }
        are_here
    }

    pub(crate) fn read_before(&mut self, session: SessionId) {
        let of_session = self.to.agents.shown.iter().filter(|(shown_to, _)| *shown_to == session).map(|(_, id)| *id);
        let is_received = |id: &DeliveryId| self.delivery(*id).is_some_and(|it| it.state == DeliveryState::Received);
        let seen: Vec<_> = of_session.filter(is_received).collect();
        if seen.is_empty() {
            return;
        }
        seen.iter().for_each(|id| {
            self.to.agents.shown.remove(&(session, *id));
        });
        self.read.extend(seen.iter().map(|id| (session, *id)));
        self.report(Report::Seen { deliveries: seen, route: None });
    }

    /// A Worker says what became of an answer. The first word counts.
    pub(crate) fn said(&mut self, call: CallId, fate: Fate) {
        let Some(call) = self.to.agents.calls.get_mut(&call).filter(|call| call.fate.is_none()) else { return };
        call.fate = Some(fate);
        let (session, given) = (call.session, call.given.clone());
        match fate {
            Fate::Arrived => {
                self.received.extend(given.copies.iter().map(|copy| copy.delivery));
                self.report(Report::Received { copies: given.copies });
            }
            Fate::Lost => self.take_back(session, given),
        }
    }

    /// The client gave a call up: it has no answer, whatever the Worker saw.
    pub(crate) fn gave_up(&mut self, session: SessionId, call: CallId) {
        let of_session = |call: &&mut Call| call.session == session && call.fate != Some(Fate::Lost);
        let Some(call) = self.to.agents.calls.get_mut(&call).filter(of_session) else { return };
        call.fate = Some(Fate::Lost);
        let given = call.given.clone();
        self.take_back(session, given);
    }

    /// Gives what is queued to whoever listens.
    pub(crate) fn deliver(&mut self, names: &mut u64) {
        let live = self.to.agents.connections.iter().filter(|(_, it)| it.is_live && it.is_ready);
        let (channels, holders): (Vec<_>, Vec<_>) = live
            .map(|(channel, it)| {
                let Connection { agent, session, opened_at, active_at, had, .. } = it.clone();
                (*channel, Holder { session, agent, opened_at, active_at, reader: Reader::Model, had })
            })
            .unzip();
        let agents: BTreeSet<AgentName> = holders.iter().map(|holder| holder.agent.clone()).collect();
        let mut given: BTreeMap<usize, Vec<Delivery>> = BTreeMap::new();
        let mut routed = BTreeSet::new();
        for agent in &agents {
            let Look::Known(queued) = self.to.store.unseen(Unseen::QueuedFor(agent)) else { continue };
            for delivery in queued {
                let Look::Known(task) = self.to.store.task(delivery.task) else { continue };
                if let Some(index) = route(&delivery, task.as_ref(), &holders)
                    && routed.insert(delivery.id)
                {
                    given.entry(index).or_default().push(delivery);
                }
            }
        }
        for (index, deliveries) in given {
            let (channel, session) = (channels[index], holders[index].session);
            *names += 1;
            let ping = *names;
            let copies: Vec<_> = deliveries.iter().map(Delivery::next_copy).collect();
            for (delivery, &copy) in deliveries.iter().zip(&copies) {
                let line = Line::Push { copy, is_marked: delivery.redelivered || copy.number > 1 };
                self.news.push(News::Line { channel, line });
            }
            self.ping(ping, channel, copies.clone());
            self.report(Report::Sent { copies, session, route: Route::Channel });
        }
    }
}
