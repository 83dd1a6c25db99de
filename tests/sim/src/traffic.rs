//! What arrives where, what it means that something does not, and what the server tells.

use agentrq_core::id::SessionId;
use agentrq_core::view::View;

use crate::answers::Mended;
use crate::checks;
use crate::net::{Asked, CallId, Channel, Fate, Given, Line, Packet, Wanted};
use crate::server::{Fault, News};
use crate::world::World;

impl World {
    fn browser_of(&self, tab: u64) -> Option<usize> {
        self.browsers.iter().position(|browser| browser.tabs.iter().any(|it| it.id == tab))
    }

    pub(crate) fn arrive(&mut self, packet: Packet) -> Result<(), String> {
        match packet {
            Packet::Commands { tab, request, batch } => {
                let Some(browser) = self.browser_of(tab) else { return Ok(()) };
                let me = self.browsers[browser].me.clone();
                match self.server.commands(&me, batch, self.now, &mut self.stats) {
                    Ok(answer) => {
                        for rejection in answer.results.iter().filter_map(|result| result.rejection.as_ref()) {
                            checks::was_sent_rightly(self, &self.browsers[browser], rejection)?;
                        }
                        self.net.send(Packet::Answered { tab, request, answer: Ok(answer) });
                    }
                    Err(Fault::Refused(problem)) => self.net.send(Packet::Answered { tab, request, answer: Err(problem) }),
                    Err(Fault::Crashed) => self.dropped(&Packet::Ask { tab, request, wanted: Wanted::Snapshot }),
                }
            }
            Packet::Answered { tab, request, answer } => {
                if let Some(browser) = self.browser_of(tab) {
                    self.with(browser, |browser, around| browser.answered(tab, request, answer, around));
                }
            }
            Packet::Ask { tab, request, wanted } => {
                let Some(browser) = self.browser_of(tab) else { return Ok(()) };
                let text = match &wanted {
                    Wanted::Snapshot => self.server.snapshot(&self.browsers[browser].me).and_then(|it| serde_json::to_string(&it).ok()),
                    Wanted::Thread(task) => self.server.thread(*task).and_then(|it| serde_json::to_string(&it).ok()),
                    Wanted::Tasks(after) => self.server.tasks(after).and_then(|it| serde_json::to_string(&it).ok()),
                };
                let seq = self.server.durable.store.head();
                self.net.send(Packet::Given { tab, request, wanted, seq, text });
            }
            Packet::Given { tab, request, wanted, seq, text } => {
                if let Some(browser) = self.browser_of(tab) {
                    self.with(browser, |browser, around| browser.given(tab, request, wanted, seq, text, around));
                }
            }
            Packet::Frame { tab, channel, text } => {
                if let Some(browser) = self.browser_of(tab) {
                    self.with(browser, |browser, around| browser.hears(tab, channel, text, around));
                }
            }
            Packet::File { tab, request, file } => {
                let Some(browser) = self.browser_of(tab) else { return Ok(()) };
                let me = self.browsers[browser].me.clone();
                match self.server.file(&me, &file, self.now, &mut self.stats) {
                    Ok(()) => self.net.send(Packet::Filed { tab, request, file: file.id }),
                    Err(_) => self.dropped(&Packet::Filed { tab, request, file: file.id }),
                }
            }
            Packet::Filed { tab, request, file } => {
                if let Some(browser) = self.browser_of(tab) {
                    self.browsers[browser].filed(tab, request, file);
                }
            }
            Packet::End { tab, channel } => {
                let tabs = self.browsers.iter_mut().flat_map(|browser| &mut browser.tabs);
                tabs.filter(|it| it.id == tab && it.stream == Some(channel)).for_each(|it| it.stream = None);
            }
            Packet::Word { tab, word } => {
                if let Some(browser) = self.browser_of(tab) {
                    self.with(browser, |browser, around| browser.word(tab, word, around));
                }
            }
            Packet::Line { agent, channel, line } => {
                if self.agents[agent].channel == Some(channel) {
                    match &line {
                        Line::Push { copy, .. } => self.brings(copy.delivery),
                        Line::Answer { session, call, given } => self.answered(agent, *session, *call, given),
                        Line::Ping { .. } => {}
                    }
                }
                if let Some(ping) = self.agents[agent].reads(channel, line)? {
                    self.net.send(Packet::Pong { ping });
                }
            }
            Packet::Pong { ping } => {
                let next = self.server.name();
                if let Ok(Mended::Answers) = self.server.commit(self.now, &mut self.stats, |tx, _| Ok(tx.pong(ping, next))) {
                    self.stats.count("answers sent again");
                }
            }
            Packet::Call { agent, session, call, asked, on: None } => self.called(agent, session, call, asked),
            Packet::Call { agent, call, asked, on: Some(channel), .. } => self.called_on(channel, agent, call, asked),
            Packet::Result { agent, session, call, given } => {
                let is_given = self.agents[agent].is_answered(session, call, &given);
                if is_given {
                    given.copies.iter().for_each(|copy| self.brings(copy.delivery));
                }
                let fate = if is_given { Fate::Arrived } else { Fate::Lost };
                self.net.send(Packet::Said { call, fate });
            }
            Packet::GaveUp { session, call } => {
                let _ = self.server.commit(self.now, &mut self.stats, |tx, _| {
                    tx.gave_up(session, call);
                    Ok(())
                });
            }
            Packet::Said { call, fate } => {
                let heard = self.server.commit(self.now, &mut self.stats, |tx, _| {
                    tx.said(call, fate);
                    Ok(())
                });
                // Until the object has heard it, its Worker says it again.
                if heard.is_err() {
                    self.net.send(Packet::Said { call, fate });
                }
            }
        }
        Ok(())
    }

    fn called(&mut self, agent: usize, session: SessionId, call: u64, asked: Asked) {
        let name = self.agents[agent].name.clone();
        match self.server.commit(self.now, &mut self.stats, |tx, _| Ok(tx.called(call, &name, session, asked))) {
            Ok(given) => self.net.send(Packet::Result { agent, session, call, given }),
            Err(_) => self.dropped(&Packet::Result { agent, session, call, given: Given::default() }),
        }
    }

    fn called_on(&mut self, channel: Channel, agent: usize, call: CallId, asked: Asked) {
        let (name, pings) = (self.agents[agent].name.clone(), [self.server.name(), self.server.name()]);
        let done = self.server.commit(self.now, &mut self.stats, |tx, _| Ok(tx.called_on(channel, call, &name, asked, pings)));
        // Its request came to nothing, so its client waits for no answer to it: whether there is one, it cannot know.
        match done {
            Ok(Mended::Answers) => self.stats.count("answers sent again"),
            Ok(Mended::Nothing) => {}
            Err(_) => {
                self.agents[agent].call.take_if(|waiting| *waiting == call);
            }
        }
    }

    /// An answer is here, on a stream. A client drops one that it does not wait for; its pong says the same.
    fn answered(&mut self, agent: usize, session: SessionId, call: CallId, given: &Given) {
        if self.agents[agent].is_answered(session, call, given) {
            given.copies.iter().for_each(|copy| self.brings(copy.delivery));
            return;
        }
        self.stats.count("answers that nobody waited for");
        for copy in &given.copies {
            self.owed.remove(&copy.delivery);
            self.dropped_by_client.insert(copy.delivery);
        }
    }

    /// What it means that a request or a response is lost: whoever waits for it waits no longer.
    pub(crate) fn dropped(&mut self, packet: &Packet) {
        self.stats.count("requests dropped");
        match packet {
            Packet::Commands { tab, request, .. }
            | Packet::Answered { tab, request, .. }
            | Packet::Ask { tab, request, .. }
            | Packet::Given { tab, request, .. }
            | Packet::File { tab, request, .. }
            | Packet::Filed { tab, request, .. } => {
                let Some(browser) = self.browser_of(*tab) else { return };
                let waiting = self.browsers[browser].tabs.iter_mut().find(|it| it.id == *tab);
                let Some(waiting) = waiting else { return };
                waiting.sending.take_if(|it| it == request);
                waiting.asking.take_if(|it| it == request);
                waiting.paging.take_if(|it| it == request);
            }
            Packet::Call { agent, call, .. } => {
                self.agents[*agent].call.take_if(|it| it == call);
            }
            Packet::Result { agent, call, .. } => {
                self.agents[*agent].call.take_if(|it| it == call);
                self.net.send(Packet::Said { call: *call, fate: Fate::Lost });
            }
            _ => {}
        }
    }

    /// What the server has to tell goes out.
    pub(crate) fn publish(&mut self) {
        for news in std::mem::take(&mut self.server.news) {
            match news {
                News::Frames { frames } => {
                    let texts: Vec<_> = frames.iter().map(|frame| serde_json::to_string(frame).ok()).collect();
                    for (tab, channel) in &self.server.dashboards {
                        texts.iter().for_each(|text| self.net.send(Packet::Frame { tab: *tab, channel: *channel, text: text.clone() }));
                    }
                }
                News::Line { channel, line } => {
                    if let Some(agent) = self.agents.iter().position(|agent| agent.channel == Some(channel)) {
                        self.net.send(Packet::Line { agent, channel, line });
                    }
                }
                News::Close { channel } => {
                    self.net.cut(channel);
                    self.agents.iter_mut().filter(|agent| agent.channel == Some(channel)).for_each(|agent| agent.channel = None);
                }
                News::Died => {
                    for (tab, channel) in std::mem::take(&mut self.server.dashboards) {
                        self.net.send(Packet::End { tab, channel });
                    }
                }
            }
        }
    }
}
