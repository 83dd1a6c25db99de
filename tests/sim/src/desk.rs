//! Where a list is kept while its agents play: the store, the time, what rings when, and what each step has changed.

use std::collections::BTreeMap;

use agentrq_core::Command;
use agentrq_core::command::Context;
use agentrq_core::decide::{LEASE_MS, decide, due_at, lease_ends, report};
use agentrq_core::decision::{Change, Decision, Outcome};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::json;
use agentrq_core::model::{Actor, AgentName, Client, Delivery, Entity, Person, Task, Workspace, WorkspaceId};
use agentrq_core::rejection::Rejection;
use agentrq_core::report::Report;
use agentrq_core::store::{Extent, MemoryStore};
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Store, View};
use sha2::{Digest, Sha256};

use crate::rng::Rng;
use crate::stats::Stats;
use crate::world::{Run, START_MS};

/// What the object's alarm may ring for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The lease of an agent that holds something may have ended.
    Lease(AgentName),
    /// Time decides something about a task that runs.
    Due(TaskId),
    /// The run of this number has not been heard of for long.
    Silent(TaskId, u64),
}

pub(crate) struct Desk {
    pub(crate) rng: Rng,
    pub(crate) store: MemoryStore,
    pub(crate) now: Timestamp,
    pub(crate) timers: BTreeMap<Timer, Timestamp>,
    pub(crate) stats: Stats,
    pub(crate) log: Vec<String>,
    minted: u32,
    hash: Sha256,
}

/// A task as one step has left it.
#[derive(Debug)]
pub(crate) struct Changed {
    /// Absent of what the step has made.
    pub(crate) before: Option<Task>,
    pub(crate) task: Task,
    pub(crate) actor: Actor,
}

/// What a step came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) outcome: Outcome,
    pub(crate) changed: Vec<Changed>,
    /// What agents are to hear since.
    pub(crate) queued: Vec<Delivery>,
}

impl Desk {
    pub(crate) fn new(mut rng: Rng) -> Self {
        let now = Timestamp::from_ms(START_MS);
        let mut store = MemoryStore::new(Extent::Whole);
        store.put(Entity::Workspace(Workspace {
            id: WorkspaceId("W".repeat(22)),
            name: "sim".to_owned(),
            mission: String::new(),
            enforce_dependencies: rng.below(2) == 0,
            created_at: now,
            revision: 0,
        }));
        let (timers, stats, log, hash) = (BTreeMap::new(), Stats::default(), Vec::new(), Sha256::new());
        Self { rng, store, now, timers, stats, log, minted: 0, hash }
    }

    pub(crate) fn id(&mut self) -> Id {
        self.minted += 1;
        Id::new(self.now.ms(), self.minted)
    }

    /// What is first to ring until then, if anything is; time goes on to it.
    pub(crate) fn rings(&mut self, until: Timestamp) -> Option<Timer> {
        let (timer, at) = self.timers.iter().min_by_key(|(_, at)| **at).map(|(timer, at)| (timer.clone(), *at))?;
        if at > until {
            self.now = until;
            return None;
        }
        self.timers.remove(&timer);
        self.now = self.now.max(at);
        Some(timer)
    }

    /// As the Worker does: a timer for the end of a lease, while there is a claim.
    pub(crate) fn watch(&mut self, agent: &AgentName) {
        if !self.store.tasks().any(|task| holder(task) == Some(agent)) {
            return;
        }
        let Look::Known(known) = self.store.agent(agent) else { return };
        if let Some(end) = known.map_or(Some(self.now.plus_ms(LEASE_MS)), |agent| lease_ends(&agent, LEASE_MS)) {
            self.timers.insert(Timer::Lease(agent.clone()), end);
        }
    }

    /// The lease of an agent may have ended: whether it had claims, and has lost some.
    pub(crate) fn ends_lease(&mut self, agent: &AgentName) -> Result<(Done, bool), String> {
        let id = self.id();
        let held = self.held_by(agent);
        let done = self.reports(Report::Gone { id, agent: agent.clone(), lease_ms: LEASE_MS })?;
        let has_lost = self.held_by(agent) < held;
        self.watch(agent);
        if !has_lost && self.timers.get(&Timer::Lease(agent.clone())).is_some_and(|at| *at <= self.now) {
            return Err(format!("the lease of {agent} has ended, and its claims stand"));
        }
        Ok((done, has_lost))
    }

    fn held_by(&self, agent: &AgentName) -> usize {
        self.store.tasks().filter(|task| holder(task) == Some(agent)).count()
    }

    pub(crate) fn checks_leases(&self) -> Result<(), String> {
        for task in self.store.tasks() {
            let Some(agent) = holder(task) else { continue };
            let Look::Known(Some(known)) = self.store.agent(agent) else { return Err(format!("{agent} holds a task and is not known")) };
            if lease_ends(&known, LEASE_MS).is_some_and(|end| end < self.now) {
                return Err(format!("{} is held by {agent}, whose lease has ended", task.title));
            }
        }
        Ok(())
    }

    fn context(&self, actor: Actor) -> Context {
        Context { now: self.now, actor, session: None }
    }

    /// An agent says something, whatever it is.
    pub(crate) fn hears(&mut self, agent: &AgentName) -> Result<Done, String> {
        self.reports(Report::Heard { agent: agent.clone(), client: Some(Client { name: "sim".into(), version: "1".into() }) })
    }

    pub(crate) fn does(&mut self, actor: Actor, command: Command) -> Result<Done, Rejection> {
        self.log.push(format!("{} {actor}: {command:?}", self.now));
        match decide(&self.store, command, &self.context(actor)) {
            Ok(decision) => Ok(self.commits(decision)),
            Err(why) => {
                self.log.push(format!("  refused: {why}"));
                Err(why)
            }
        }
    }

    pub(crate) fn reports(&mut self, said: Report) -> Result<Done, String> {
        match report(&self.store, said, &self.context(Actor::System)) {
            Ok(decision) => Ok(self.commits(decision)),
            Err(why) => Err(format!("a report was refused: {why}")),
        }
    }

    /// Takes over what was decided.
    fn commits(&mut self, decision: Decision) -> Done {
        let mut done = Done { outcome: decision.outcome, changed: Vec::new(), queued: Vec::new() };
        for event in &decision.events {
            for change in &event.changes {
                let Change::Put { entity } = change else { continue };
                match &**entity {
                    Entity::Task(task) => {
                        let before = self.store.tasks().find(|other| other.id == task.id).cloned();
                        done.changed.push(Changed { before, task: task.clone(), actor: event.actor.clone() });
                    }
                    Entity::Delivery(delivery) if matches!(self.store.delivery(delivery.id), Look::Known(None)) => {
                        done.queued.push(delivery.clone());
                    }
                    _ => {}
                }
            }
        }
        let Ok(()) = self.store.apply(decision.changes());
        let Ok(()) = self.store.advance(self.store.head() + 1);
        for Changed { task, .. } in &done.changed {
            match due_at(task, LEASE_MS) {
                Some(at) => self.timers.insert(Timer::Due(task.id), at),
                None => self.timers.remove(&Timer::Due(task.id)),
            };
        }
        done
    }

    pub(crate) fn task(&self, id: TaskId) -> Option<Task> {
        match self.store.task(id) {
            Look::Known(task) => task,
            Look::Unknown => None,
        }
    }

    pub(crate) fn any_task(&mut self) -> Option<Task> {
        let count = self.store.tasks().count() as u64;
        let at = usize::try_from(self.rng.below(count)).unwrap_or_default();
        self.store.tasks().nth(at).cloned()
    }

    /// How it ended: what the seed stands for, or the promise that was broken and what was done before it.
    pub(crate) fn ends(mut self, played: Result<(), String>, what: &str) -> Result<Run, String> {
        #[cfg(feature = "invariants")]
        if played.is_ok() {
            agentrq_core::testing::invariants(&self.store);
        }
        played.map_err(|why| {
            let last: Vec<_> = self.log.iter().rev().take(40).rev().map(String::as_str).collect();
            format!("{why} ({what})\n  {}", last.join("\n  "))
        })?;
        for task in self.store.tasks() {
            self.hash.update(json::to_string(task));
        }
        let digest = self.hash.finalize();
        let hash = digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte));
        Ok(Run { hash, stats: self.stats })
    }
}

pub(crate) fn ada() -> Actor {
    Actor::Person(Person { id: "p-ada".into(), name: "Ada".into() })
}

pub(crate) fn name(text: &str) -> AgentName {
    AgentName::new(text).unwrap_or_else(|why| unreachable!("{why}"))
}

pub(crate) fn holder(task: &Task) -> Option<&AgentName> {
    task.work.as_ref()?.holder.as_ref()
}
