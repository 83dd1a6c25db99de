//! A run: the operations one after another, then a network without faults until nothing moves, then the checks.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::Command;
use agentrq_core::id::{DeliveryId, Id};
use agentrq_core::model::{Actor, AgentName, Assignee, Person};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;

use crate::agent::{Agent, Answers, Hears};
use crate::browser::{Around, Browser};
use crate::checks;
use crate::net::{Net, Packet};
use crate::op::{Op, Pick};
use crate::server::{Crash, Fault, Server};
use crate::stats::Stats;

pub(crate) const START_MS: u64 = 1_774_362_821_000;
/// A run that moves for longer than this many rounds without faults does not come to rest.
const ROUNDS: usize = 40;
/// More than a tab is given with its first snapshot and the page after it.
const TASKS_BEFORE: usize = 6;

/// What a run came to.
#[derive(Clone, Debug)]
pub struct Run {
    /// Of the whole state at the end.
    pub hash: u64,
    pub stats: Stats,
}

pub(crate) struct World {
    pub server: Server,
    pub browsers: Vec<Browser>,
    pub agents: Vec<Agent>,
    pub net: Net,
    pub stats: Stats,
    pub now: Timestamp,
    /// What is owed to a new session, and how often it had been handed over by then.
    pub owed: BTreeMap<DeliveryId, u32>,
    /// What stood in an answer that its client did not wait for any more.
    pub dropped_by_client: BTreeSet<DeliveryId>,
    /// A backup was restored.
    pub restored: bool,
    /// Commands whose ends a restored database does not know, and whether a browser has them waiting and must ask again.
    pub undone: BTreeMap<Id, bool>,
    brought: BTreeMap<DeliveryId, u32>,
    names: u64,
    minted: u32,
}

/// Runs the operations, and says what is wrong if anything is.
///
/// # Errors
/// The first promise that was broken.
pub fn run(operations: &[Op]) -> Result<Run, String> {
    let mut world = World::new();
    for operation in operations {
        world.step(*operation)?;
        world.promises()?;
    }
    world.come_to_rest()?;
    checks::at_rest(&world)?;
    Ok(Run { hash: checks::hash(&world), stats: world.stats })
}

pub(crate) fn index(which: Pick, count: usize) -> usize {
    usize::try_from(which % count.max(1) as u64).unwrap_or(0)
}

pub(crate) fn of<T: Copy>(which: Pick, known: &[T]) -> Option<T> {
    known.get(index(which, known.len())).copied()
}

impl World {
    fn new() -> Self {
        let now = Timestamp::from_ms(START_MS);
        let person = |id: &str, name: &str| Actor::Person(Person { id: id.to_owned(), name: name.to_owned() });
        let mut world = Self {
            server: Server::new(now),
            // Clocks are off by a minute, and by an hour the other way.
            browsers: vec![
                Browser::new(person("p-ada", "Ada"), 61_000),
                Browser::new(person("p-ada", "Ada"), 0),
                Browser::new(person("p-bob", "Bob"), -3_600_000),
            ],
            // Two clients of one agent, each on a transport of its own; one of another whose model hears nothing but answers; and a third's.
            agents: (1..)
                .zip([
                    ("claude", Hears::Everything, Answers::InResponses),
                    ("codex", Hears::Answers, Answers::InResponses),
                    ("claude", Hears::Everything, Answers::OnStream),
                    ("gemini", Hears::Everything, Answers::OnStream),
                ])
                .filter_map(|(index, (name, hears, answers))| Some(Agent::new(AgentName::new(name).ok()?, hears, answers, index)))
                .collect(),
            net: Net::default(),
            stats: Stats::default(),
            now,
            owed: BTreeMap::new(),
            dropped_by_client: BTreeSet::new(),
            restored: false,
            undone: BTreeMap::new(),
            brought: BTreeMap::new(),
            names: 0,
            minted: 0,
        };
        world.begin();
        (0..world.browsers.len()).for_each(|browser| world.open_tab(browser));
        world
    }

    /// The workspace has been in use: there are earlier tasks than a page is given at first.
    fn begin(&mut self) {
        let ada = self.browsers[0].me.clone();
        for assignee in [Assignee::Human, Assignee::Agent].into_iter().cycle().take(TASKS_BEFORE) {
            let id = self.id(0);
            let (title, body) = (format!("before {id}"), "the body".to_owned());
            let command = Command::CreateTask { id, title, body, assignee, attachments: Vec::new(), options: None };
            let made = self
                .server
                .commit(self.now, &mut self.stats, |tx, _| tx.run(command, &ada, None).map_err(|why| Fault::Refused(why.problem())));
            debug_assert!(made.is_ok(), "a task cannot be made");
        }
    }

    fn step(&mut self, operation: Op) -> Result<(), String> {
        self.now = self.now.plus_ms(1);
        match operation {
            Op::Propose { browser, tab, act, on } => {
                let browser = index(browser, self.browsers.len());
                let count = self.browsers[browser].tabs.len();
                if count > 0 {
                    self.propose(browser, index(tab, count), act, on)?;
                }
            }
            Op::Look { browser, tab, on } => {
                let browser = index(browser, self.browsers.len());
                let count = self.browsers[browser].tabs.len();
                if count > 0 {
                    let tab = index(tab, count);
                    let tasks: Vec<_> = self.browsers[browser].tabs[tab].tasks().iter().map(|task| task.id).collect();
                    if let Some(task) = of(on, &tasks) {
                        self.with(browser, |browser, around| browser.look(tab, task, around));
                    }
                }
            }
            Op::Go { browser } => self.go(index(browser, self.browsers.len())),
            Op::Timeout { browser } => self.timeout(index(browser, self.browsers.len())),
            Op::Save { browser } => {
                let browser = index(browser, self.browsers.len());
                self.browsers[browser].save();
            }
            Op::Reload { browser, tab } => {
                self.close_tab(browser, tab);
                self.open_tab(index(browser, self.browsers.len()));
            }
            Op::OpenTab { browser } => {
                let browser = index(browser, self.browsers.len());
                if self.browsers[browser].tabs.len() < 3 {
                    self.open_tab(browser);
                }
            }
            Op::CloseTab { browser, tab } => self.close_tab(browser, tab),
            Op::LoseStorage { browser } => {
                let browser = index(browser, self.browsers.len());
                self.with(browser, Browser::lose_storage);
                self.stats.count("storage lost");
            }
            Op::RollBack { browser } => {
                let browser = index(browser, self.browsers.len());
                let streams: Vec<_> = self.browsers[browser].tabs.iter().map(|tab| tab.id).collect();
                if self.with(browser, Browser::roll_back) {
                    self.stats.count("storage rolled back");
                    self.server.dashboards.retain(|tab, _| !streams.contains(tab));
                }
            }
            Op::Older { which } => {
                let all = self.browsers.iter().enumerate();
                let all = all.flat_map(|(browser, it)| it.tabs.iter().enumerate().map(move |(index, tab)| (browser, index, tab)));
                let lacking: Vec<_> = all.filter(|(.., tab)| tab.older.is_some()).map(|(browser, index, _)| (browser, index)).collect();
                if let Some((browser, tab)) = of(which, &lacking) {
                    self.with(browser, |browser, around| browser.page(tab, around));
                }
            }
            Op::Sleep { browser, tab } => {
                let browser = index(browser, self.browsers.len());
                if let Some(follower) = self.browsers[browser].tabs.len().checked_sub(1).filter(|count| *count > 0) {
                    let tab = self.browsers[browser].tabs[1 + index(tab, follower)].id;
                    if self.net.miss(tab) > 0 {
                        self.stats.count("commits missed in sleep");
                    }
                }
            }
            Op::GiveUp { agent } => {
                let agent = index(agent, self.agents.len());
                if let Some(call) = self.agents[agent].gives_up() {
                    self.stats.count("calls given up");
                    self.net.send(Packet::GaveUp { session: self.agents[agent].session, call });
                }
            }
            Op::BackUp => self.server.back_up(),
            Op::Restore { renamed } => self.restore(renamed),
            Op::Call { agent, act, on } => self.call(index(agent, self.agents.len()), Some((act, on))),
            Op::Connect { agent, fresh } => self.connect(index(agent, self.agents.len()), fresh),
            Op::Arrive { which } => {
                if let Some(packet) = self.net.take(which) {
                    self.arrive(packet)?;
                }
            }
            Op::Drop { which } => {
                if let Some(index) = self.net.loose(which) {
                    let packet = self.net.drop(index);
                    self.dropped(&packet);
                }
            }
            Op::Double { which } => {
                if let Some(index) = self.net.loose(which) {
                    self.stats.count("requests doubled");
                    self.net.double(index);
                }
            }
            Op::CutBrowser { browser } => self.cut_browser(index(browser, self.browsers.len())),
            Op::CutAgent { agent } => {
                let agent = index(agent, self.agents.len());
                self.cut_agent(agent, self.now.ms().is_multiple_of(2));
            }
            Op::Crash { published } => {
                self.server.crash = Some(if published { Crash::BeforePublishing } else { Crash::BeforePersisting });
            }
            Op::Wait { ms } => self.wait(ms),
        }
        self.publish();
        Ok(())
    }

    fn promises(&mut self) -> Result<(), String> {
        checks::no_verdict_is_painted(self)?;
        checks::what_is_received_was_brought(self)?;
        checks::what_is_read_was_told(self)?;
        self.server.broken.take().map_or(Ok(()), Err)
    }

    /// How often a client was handed this.
    pub(crate) fn brought(&self, delivery: DeliveryId) -> u32 {
        self.brought.get(&delivery).copied().unwrap_or_default()
    }

    pub(crate) fn brings(&mut self, delivery: DeliveryId) {
        *self.brought.entry(delivery).or_default() += 1;
    }

    pub(crate) fn with<T>(&mut self, browser: usize, work: impl FnOnce(&mut Browser, &mut Around<'_>) -> T) -> T {
        let mut around = Around { net: &mut self.net, stats: &mut self.stats, names: &mut self.names };
        work(&mut self.browsers[browser], &mut around)
    }

    fn open_tab(&mut self, browser: usize) {
        self.with(browser, Browser::open_tab);
    }

    fn close_tab(&mut self, browser: Pick, tab: Pick) {
        let browser = index(browser, self.browsers.len());
        let count = self.browsers[browser].tabs.len();
        if count > 0 {
            let tab = index(tab, count);
            self.server.dashboards.remove(&self.browsers[browser].tabs[tab].id);
            self.with(browser, |browser, around| browser.close_tab(tab, around));
        }
    }

    pub(crate) fn id(&mut self, skew_ms: i64) -> Id {
        self.minted += 1;
        Id::new(self.now.ms().saturating_add_signed(skew_ms), self.minted)
    }

    fn go(&mut self, browser: usize) {
        self.with(browser, Browser::go);
        let channel = self.server.name();
        let Some(leader) = self.browsers[browser].tabs.first_mut() else { return };
        if let (None, None, Some(cursor)) = (leader.stream, leader.asking, leader.replica.cursor()) {
            leader.stream = Some(channel);
            leader.half.clear();
            let tab = leader.id;
            self.server.dashboards.insert(tab, channel);
            match self.server.since(cursor) {
                Some(missed) => {
                    self.server.broken = checks::goes_on_from(cursor, &missed).err();
                    missed.iter().for_each(|frame| {
                        let text = serde_json::to_string(frame).ok();
                        self.net.send(Packet::Frame { tab, channel, text });
                    });
                }
                None => self.net.send(Packet::Frame { tab, channel, text: None }),
            }
        }
    }

    fn timeout(&mut self, browser: usize) {
        if let Some(leader) = self.browsers[browser].tabs.first_mut() {
            leader.sending = None;
            leader.asking = None;
        }
    }

    fn cut_browser(&mut self, browser: usize) {
        let Some(leader) = self.browsers[browser].tabs.first_mut() else { return };
        if let Some(channel) = leader.stream.take() {
            self.stats.count("streams cut");
            self.net.cut(channel);
            self.server.dashboards.remove(&leader.id);
        }
    }

    fn cut_agent(&mut self, agent: usize, is_noticed: bool) {
        let Some(channel) = self.agents[agent].channel.take() else { return };
        self.stats.count("streams cut");
        self.net.cut(channel);
        if is_noticed {
            // A crash on the way is noticed later, by the ping.
            let _ = self.server.commit(self.now, &mut self.stats, |tx, _| {
                tx.lose(channel);
                Ok(())
            });
        }
    }

    fn connect(&mut self, agent: usize, anew: bool) {
        let channel = self.server.name();
        if anew {
            self.agents[agent].start_anew();
        }
        let (is_new, answers) = (!self.agents[agent].is_known, self.agents[agent].answers);
        if let Some(before) = self.agents[agent].channel.take() {
            self.net.cut(before);
        }
        let (name, session) = (self.agents[agent].name.clone(), self.agents[agent].session);
        let opened = self.server.commit(self.now, &mut self.stats, |tx, _| {
            if is_new || answers == Answers::InResponses {
                return Ok(tx.opened(channel, &name, session, is_new));
            }
            tx.opened_in_silence(channel, &name, session);
            Ok(Vec::new())
        });
        if let Ok(owed) = opened {
            self.agents[agent].holds(channel);
            for delivery in owed {
                self.stats.count("deliveries owed to a new session");
                self.owed.insert(delivery, self.brought(delivery));
            }
        }
    }

    /// The database is set back to what was kept of it. The process ends with it, and its streams and answers.
    fn restore(&mut self, renamed: bool) {
        let Some(lost) = self.server.restore(renamed) else { return };
        let renamed = lost.cursor().epoch != self.server.durable.cursor().epoch;
        self.stats.count("databases restored");
        self.restored = true;
        for packet in self.net.lose_answers() {
            self.dropped(&packet);
        }
        for tab in self.browsers.iter_mut().flat_map(|browser| &mut browser.tabs) {
            tab.stream = None;
        }
        self.agents.iter_mut().for_each(Agent::server_restored);
        // A page that was newer than the tab that asked for it may hold what no history has any more, and under the same name nothing tells.
        for browser in 0..self.browsers.len() {
            if !renamed && self.browsers[browser].ahead > self.server.durable.store.head() {
                self.with(browser, Browser::begin_again);
            }
        }
        self.owed.clear();
        // Under a name that is new a page knows that nothing it was told before holds; under the backup's own it goes by the places.
        let waiting: Vec<_> = self.browsers.iter().filter(|_| renamed).map(Browser::waiting).collect();
        self.undone.values_mut().for_each(|must_ask| *must_ask &= renamed);
        for id in lost.effects.into_keys().filter(|id| !self.server.durable.effects.contains_key(id)) {
            self.undone.insert(id, waiting.iter().any(|waiting| waiting.contains(&id)));
        }
    }

    fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
        for channel in self.server.quiet(self.now) {
            let ping = self.server.name();
            // One that the server dies in is asked the next time.
            let _ = self.server.commit(self.now, &mut self.stats, |tx, _| {
                tx.ping(ping, channel, Vec::new());
                Ok(())
            });
        }
        while let Some(ping) = self.server.overdue(self.now) {
            let before = self.queued();
            let done = self.server.commit(self.now, &mut self.stats, |tx, _| {
                tx.unanswered(ping);
                Ok(())
            });
            if done.is_err() {
                break;
            }
            if self.queued() > before {
                self.stats.count("deliveries lost and queued again");
            }
        }
    }

    fn queued(&self) -> usize {
        let is_queued = |it: &&agentrq_core::model::Delivery| it.state == agentrq_core::model::DeliveryState::Queued;
        self.server.durable.store.deliveries().filter(is_queued).count()
    }

    fn drain(&mut self) -> Result<(), String> {
        while let Some(packet) = self.net.take(0) {
            self.arrive(packet)?;
            self.publish();
        }
        Ok(())
    }

    /// The network heals, everybody comes back, and agents read what they are told.
    fn come_to_rest(&mut self) -> Result<(), String> {
        self.server.crash = None;
        self.publish();
        self.drain()?;
        for browser in 0..self.browsers.len() {
            if self.browsers[browser].tabs.is_empty() {
                self.open_tab(browser);
            }
        }
        for agent in 0..self.agents.len() {
            // A restored database may think something on its way to a session that has ended since: the next one is owed it.
            self.connect(agent, self.restored);
            self.publish();
        }
        for _ in 0..ROUNDS {
            for browser in 0..self.browsers.len() {
                self.timeout(browser);
                self.go(browser);
                self.publish();
            }
            self.drain()?;
            self.wait(11_000);
            self.publish();
            for agent in 0..self.agents.len() {
                if self.agents[agent].channel.is_none() {
                    self.connect(agent, false);
                    self.publish();
                }
                self.call(agent, None);
            }
            self.drain()?;
            self.promises()?;
            if checks::is_at_rest(self) {
                return Ok(());
            }
        }
        checks::at_rest(self).and(Err("it does not come to rest".to_owned()))
    }
}
