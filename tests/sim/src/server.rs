//! The authority: what stands in its database, one commit at a time, and what a crash or a restored backup leaves of it.
//!
//! A commit is decided on a copy of what is durable. The copy takes its place when it is persisted; only then is anything told.

use std::collections::BTreeMap;
use std::rc::Rc;

use agentrq_core::command::{Command, Context};
use agentrq_core::cursor::Cursor;
use agentrq_core::decide;
use agentrq_core::decision::{Decision, Effect, Event};
use agentrq_core::id::{AttachmentId, DeliveryId, Id, SessionId, TaskId};
use agentrq_core::model::{Actor, Attachment, Delivery, DeliveryState, Task, Turn, Workspace, WorkspaceId};
use agentrq_core::rejection::{Problem, Rejection};
use agentrq_core::store::{Extent, MemoryStore};
use agentrq_core::sync::authority::{Admission, Batch, ClientState, Ended, hash};
use agentrq_core::sync::delta::{CommitEnd, Frame, Settled, Snapshot, ThreadPage, frames};
use agentrq_core::sync::outbox::{Answer, Answered};
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Store, View};

use crate::checks;
use crate::inbox::Kept;
use crate::net::{Channel, Line, PingId, TabId};
use crate::stats::Stats;

/// Commits that are told again to a dashboard that was away; one that was away for longer begins anew.
const REPLAYED: usize = 12;
/// Tasks of a snapshot, beside those that wait for people, and of a later page.
const FIRST_TASKS: usize = 1;
const FOR_PEOPLE: usize = 1;
const LATER_TASKS: usize = 2;
/// Deliveries of a snapshot, beside those that are not seen.
const LATEST_DELIVERIES: usize = 3;

/// What stands on the disk.
#[derive(Clone, Debug)]
pub(crate) struct Durable {
    pub store: MemoryStore,
    pub log: Vec<Rc<Vec<Frame>>>,
    clients: BTreeMap<(String, String), ClientState>,
    ended: BTreeMap<(String, Id), Ended>,
    /// Files under the ids that their senders gave them, and who sent them.
    files: BTreeMap<AttachmentId, (String, Attachment)>,
    pub agents: Kept,
    epoch: u64,
    tag: u64,
    /// How often each command took effect, and how often it was refused: for the checks alone.
    pub effects: BTreeMap<Id, (u32, u32)>,
}

/// Something for a stream, once the commit stands.
#[derive(Clone, Debug)]
pub(crate) enum News {
    Frames {
        frames: Rc<Vec<Frame>>,
    },
    Line {
        channel: Channel,
        line: Line,
    },
    Close {
        channel: Channel,
    },
    /// The process ended: dashboards lose their streams.
    Died,
}

/// Where the next commit ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Crash {
    /// Nothing of it stands.
    BeforePersisting,
    /// It stands, and nobody was told.
    BeforePublishing,
}

/// Why a request came to nothing.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    Crashed,
    Refused(Problem),
}

#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub durable: Durable,
    pub crash: Option<Crash>,
    /// Dashboards that hold a stream: lost with a crash.
    pub dashboards: BTreeMap<TabId, Channel>,
    pub news: Vec<News>,
    /// What counts as seen since somebody looked, because its session called again.
    pub read: Vec<(SessionId, DeliveryId)>,
    /// What counts as received since somebody looked.
    pub received: Vec<DeliveryId>,
    /// A promise that the server itself broke.
    pub broken: Option<String>,
    backup: Option<Durable>,
    epochs: u64,
    tags: u64,
    names: u64,
}

pub(crate) struct Transaction {
    pub to: Durable,
    pub now: Timestamp,
    pub deliver: bool,
    pub news: Vec<News>,
    pub read: Vec<(SessionId, DeliveryId)>,
    pub received: Vec<DeliveryId>,
    base: Cursor,
    events: Vec<Event>,
    settled: Vec<Settled>,
}

impl Durable {
    fn new(now: Timestamp) -> Self {
        let mut store = MemoryStore::new(Extent::Whole);
        let id = WorkspaceId("W".repeat(22));
        let workspace =
            Workspace { id, name: "sim".to_owned(), mission: String::new(), enforce_dependencies: false, created_at: now, revision: 0 };
        store.put(agentrq_core::model::Entity::Workspace(workspace));
        Self {
            store,
            log: Vec::new(),
            clients: BTreeMap::new(),
            ended: BTreeMap::new(),
            files: BTreeMap::new(),
            agents: Kept::default(),
            epoch: 0,
            tag: 0,
            effects: BTreeMap::new(),
        }
    }

    pub(crate) fn cursor(&self) -> Cursor {
        Cursor { epoch: format!("e{}", self.epoch), seq: self.store.head(), tag: format!("t{}", self.tag) }
    }

    /// The list of tasks: open ones first, newest first.
    fn list(&self) -> Vec<&Task> {
        let mut tasks: Vec<_> = self.store.tasks().collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(place(task)));
        tasks
    }
}

fn place(task: &Task) -> (bool, TaskId) {
    (task.status.is_open(), task.id)
}

/// A page of a list, and where it goes on, if it does.
fn page(mut tasks: Vec<&Task>, limit: usize) -> (Vec<Task>, Option<String>) {
    let is_more = tasks.len() > limit;
    tasks.truncate(limit);
    let next = tasks.last().filter(|_| is_more).map(|last| format!("{}{}", u8::from(last.status.is_open()), last.id));
    (tasks.into_iter().cloned().collect(), next)
}

impl Server {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self {
            durable: Durable::new(now),
            crash: None,
            dashboards: BTreeMap::new(),
            news: Vec::new(),
            read: Vec::new(),
            received: Vec::new(),
            broken: None,
            backup: None,
            epochs: 0,
            tags: 0,
            names: 0,
        }
    }

    /// A name for a stream, a ping or a call.
    pub(crate) fn name(&mut self) -> u64 {
        self.names += 1;
        self.names
    }

    /// One commit: all of it stands, or nothing.
    pub(crate) fn commit<T>(
        &mut self,
        now: Timestamp,
        stats: &mut Stats,
        work: impl FnOnce(&mut Transaction, &mut Stats) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let base = self.durable.cursor();
        let to = self.durable.clone();
        let (events, settled, news) = (Vec::new(), Vec::new(), Vec::new());
        let (read, received) = (Vec::new(), Vec::new());
        let mut tx = Transaction { to, now, deliver: false, news, read, received, base, events, settled };
        let result = work(&mut tx, stats)?;
        if tx.deliver {
            tx.deliver(&mut self.names);
        }
        self.tags += 1;
        tx.finish(self.tags);
        if self.crash == Some(Crash::BeforePersisting) {
            stats.count("crashes before persisting");
            self.die();
            return Err(Fault::Crashed);
        }
        let Transaction { to, news, read, received, .. } = tx;
        self.durable = to;
        self.read.extend(read);
        self.received.extend(received);
        if self.crash == Some(Crash::BeforePublishing) {
            stats.count("crashes before publishing");
            self.die();
            return Err(Fault::Crashed);
        }
        self.news.extend(news);
        Ok(result)
    }

    /// The process ends; another one begins with what is on the disk. Its streams break.
    fn die(&mut self) {
        self.crash = None;
        self.news.push(News::Died);
        self.news.extend(self.durable.agents.connections.keys().map(|channel| News::Close { channel: *channel }));
    }

    pub(crate) fn back_up(&mut self) {
        self.backup = Some(self.durable.clone());
    }

    /// The database is as it was at the last backup, under the same name of its history, or under a new one: always, from then on, since a
    /// name that comes again would be another history's. What it was before this, if there is a backup.
    pub(crate) fn restore(&mut self, renamed: bool) -> Option<Durable> {
        let backup = self.backup.clone()?;
        let lost = std::mem::replace(&mut self.durable, backup);
        if renamed || self.epochs > 0 {
            self.epochs += 1;
            self.durable.epoch = self.epochs;
        }
        self.crash = None;
        self.dashboards.clear();
        self.news.clear();
        self.read.clear();
        self.received.clear();
        Some(lost)
    }

    /// Somebody who is not simulated does something, in a commit of its own.
    #[cfg(target_arch = "wasm32")]
    pub(crate) fn act(&mut self, actor: &Actor, command: Command, now: Timestamp, stats: &mut Stats) -> Result<(), Fault> {
        self.commit(now, stats, |tx, _| tx.run(command, actor, None).map_err(|why| Fault::Refused(why.problem())))
    }

    /// A batch of a browser: each command a commit of its own.
    pub(crate) fn commands(&mut self, person: &Actor, batch: Batch, now: Timestamp, stats: &mut Stats) -> Result<Answer, Fault> {
        batch.check().map_err(Fault::Refused)?;
        let Actor::Person(who) = person else { return Err(Fault::Crashed) };
        let mut results = Vec::new();
        for numbered in batch.commands {
            let id = numbered.command.id();
            let (hash, mutation_id) = (hash(&numbered.command), numbered.mutation_id);
            let (client_id, person_id) = (batch.client_id.clone(), who.id.clone());
            let shown = checks::shown(&numbered.command, &self.durable.store);
            let (rejection, ran) = self.commit(now, stats, |tx, stats| {
                let key = (person_id.clone(), client_id.clone());
                let mut client = tx.to.clients.get(&key).cloned().unwrap_or_default();
                let before = tx.to.ended.get(&(person_id.clone(), id));
                match client.admit(mutation_id, id, &hash, before) {
                    Err(broken) => return Err(Fault::Refused(broken.problem())),
                    Ok(Admission::Repeat(rejection)) => {
                        stats.count("commands repeated");
                        client.count(mutation_id);
                        tx.to.clients.insert(key, client);
                        return Ok((rejection, false));
                    }
                    Ok(Admission::Run) => {}
                }
                let rejection = tx.run(numbered.command, person, None).err().map(|why| why.problem());
                let effects = tx.to.effects.entry(id).or_default();
                match &rejection {
                    None => {
                        effects.0 += 1;
                        stats.count("commands accepted");
                    }
                    Some(problem) => {
                        effects.1 += 1;
                        stats.count("commands rejected by the server");
                        if matches!(problem.code.as_str(), "verdict_stands" | "shown_changed") {
                            stats.count("conflicting verdicts");
                        }
                    }
                }
                client.count(mutation_id);
                tx.to.clients.insert(key, client);
                tx.to.ended.insert((person_id, id), Ended { hash, rejection: rejection.clone() });
                tx.settled.push(Settled { client_id, mutation_id, command: id, rejection: rejection.clone() });
                Ok((rejection, true))
            })?;
            if ran && rejection.is_none() {
                self.broken = shown.and_then(|shown| checks::still_holds(&shown).err());
            }
            results.push(Answered { mutation_id, command: id, rejection });
        }
        Ok(Answer { cursor: self.durable.cursor(), results })
    }

    /// A file comes in under its sender's id. One that is there already, of the same sender, is the same file.
    pub(crate) fn file(&mut self, person: &Actor, file: &Attachment, now: Timestamp, stats: &mut Stats) -> Result<(), Fault> {
        let Actor::Person(who) = person else { return Err(Fault::Crashed) };
        let mine = (who.id.clone(), file.clone());
        self.commit(now, stats, |tx, stats| {
            match tx.to.files.get(&file.id) {
                Some(there) if *there == mine => stats.count("files sent again"),
                // Ids of files are fresh here: nobody takes another's.
                Some(_) => return Err(Fault::Crashed),
                None => {
                    stats.count("files sent");
                    tx.to.files.insert(file.id, mine);
                    tx.to.store.attach(file.clone());
                }
            }
            Ok(())
        })
    }

    /// Where a browser begins: what waits for people, the newest tasks, and where the list goes on.
    pub(crate) fn snapshot(&self, me: &Actor) -> Option<Snapshot> {
        let Look::Known(workspace) = self.durable.store.workspace() else { return None };
        let mut waiting: Vec<_> = self.durable.store.tasks().filter(|task| task.turn == Turn::Human).collect();
        waiting.sort_by_key(|task| (task.waiting_since, task.id));
        let mut tasks: Vec<_> = waiting.into_iter().take(FOR_PEOPLE).cloned().collect();
        let (first, next_cursor) = page(self.durable.list(), FIRST_TASKS);
        tasks.extend(first.into_iter().filter(|task| tasks.iter().all(|other| other.id != task.id)).collect::<Vec<_>>());
        let all: Vec<&Delivery> = self.durable.store.deliveries().collect();
        let latest = all.len().saturating_sub(LATEST_DELIVERIES);
        let begins_with = |(index, it): &(usize, &Delivery)| *index >= latest || it.state != DeliveryState::Seen;
        Some(Snapshot {
            cursor: self.durable.cursor(),
            workspace,
            tasks,
            next_cursor,
            agents: self.durable.store.agents().cloned().collect(),
            deliveries: all.into_iter().enumerate().filter(begins_with).map(|(_, it)| it.clone()).collect(),
            me: me.clone(),
        })
    }

    /// The tasks that follow on a place in the list, and where it goes on.
    pub(crate) fn tasks(&self, after: &str) -> Option<(Vec<Task>, Option<String>)> {
        let after = (after.starts_with('1'), TaskId(after.get(1..)?.parse().ok()?));
        Some(page(self.durable.list().into_iter().filter(|task| place(task) < after).collect(), LATER_TASKS))
    }

    /// A thread, with the deliveries of its messages.
    pub(crate) fn thread(&self, task: TaskId) -> Option<ThreadPage> {
        let Look::Known(Some(_)) = self.durable.store.task(task) else { return None };
        let messages: Vec<_> = self.durable.store.thread(task).into_iter().cloned().collect();
        let is_of_message = |it: &&Delivery| messages.iter().any(|message| message.id.0 == it.id.0);
        let deliveries = self.durable.store.inbox(task).into_iter().filter(is_of_message).cloned().collect();
        Some(ThreadPage { messages, deliveries, next_cursor: None })
    }

    /// What follows on a place in the history; `None`: the place is not of this history, or too long ago.
    pub(crate) fn since(&self, from: &Cursor) -> Option<Vec<Frame>> {
        let head = self.durable.cursor();
        if *from == head {
            return Some(Vec::new());
        }
        if from.epoch != head.epoch {
            return None;
        }
        let at = usize::try_from(from.seq).unwrap_or(usize::MAX);
        let is_known = from.seq == 0 || self.durable.log.get(at.checked_sub(1)?)?.last()?.end.as_ref()?.cursor.tag == from.tag;
        let missed = self.durable.log.get(at..)?;
        (is_known && !missed.is_empty() && missed.len() <= REPLAYED)
            .then(|| missed.iter().flat_map(|frames| frames.iter()).cloned().collect())
    }

    /// The first ping that has waited too long.
    pub(crate) fn overdue(&self, now: Timestamp) -> Option<PingId> {
        self.durable.agents.pings.iter().find(|(_, ping)| ping.deadline <= now).map(|(id, _)| *id)
    }
}

impl Transaction {
    pub(crate) fn run(&mut self, command: Command, actor: &Actor, session: Option<SessionId>) -> Result<(), Rejection> {
        let cx = Context { now: self.now, actor: actor.clone(), session };
        let decision = decide(&self.to.store, command, &cx)?;
        self.take_up(decision);
        Ok(())
    }

    pub(crate) fn take_up(&mut self, decision: Decision) {
        let Ok(()) = self.to.store.apply(decision.changes());
        self.events.extend(decision.events);
        self.deliver |= decision.effects.contains(&Effect::Deliver);
    }

    fn finish(&mut self, tag: u64) {
        if self.events.is_empty() && self.settled.is_empty() {
            return;
        }
        let Ok(()) = self.to.store.advance(self.base.seq + 1);
        self.to.tag = tag;
        let end = CommitEnd { base: self.base.clone(), cursor: self.to.cursor(), mutations: std::mem::take(&mut self.settled) };
        let frames = Rc::new(frames(&self.events, &end, self.now));
        self.to.log.push(Rc::clone(&frames));
        self.news.insert(0, News::Frames { frames });
        #[cfg(feature = "invariants")]
        agentrq_core::testing::invariants(&self.to.store);
    }
}
