//! One commit: commands are decided and applied, the history grows by one row, or nothing happens at all.
//!
//! The shell runs this inside the database's own transaction ([`crate::atomic::atomically`]), so that an error, a refusal half-way and
//! even a panic leave the database as it was.

use std::collections::BTreeSet;

use agentrq_core::Report;
use agentrq_core::command::{Command, Context};
use agentrq_core::cursor::Cursor;
use agentrq_core::decide::{self, Beside, LEASE_MS, Manner, Plan, decide};
use agentrq_core::decision::{Change, Decision, Effect, Event, Outcome};
use agentrq_core::id::SessionId;
use agentrq_core::model::{Actor, AgentName, Entity, EntityRef, ListName, Scopes};
use agentrq_core::sync::delta::{CommitEnd, Settled, frames};
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Store, View as _};
use agentrq_core::{Rejection, limits};

use super::arrows::Arrows;
use super::import::Tasks;
use super::log::{self, Entry};
use super::sql_store::SqlStore;
use super::{capacity, due};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::stream::line::{Down, Ending};

/// A commit under way.
pub struct Transaction<S: Sql> {
    store: SqlStore<S>,
    base: Cursor,
    pub now: Timestamp,
    events: Vec<Event>,
    /// The tasks that are on their list no more, by list and number.
    unlisted: Vec<(ListName, u64)>,
    settled: Vec<Settled>,
    /// Bytes up to which agents may fill the workspace.
    most: u64,
    /// How long a claim stands without a word from its agent.
    lease_ms: u64,
    /// Something is queued for agents.
    pub deliver: bool,
    /// What the streams are told once the commit stands.
    pub outgoing: Vec<Outgoing>,
}

/// Something for the socket behind a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    Line { connection: SessionId, down: Down },
    Close { connection: SessionId, ending: Ending },
}

impl<S: Sql> Transaction<S> {
    pub fn begin(sql: S, now: Timestamp) -> Result<Self, Problem> {
        let store = SqlStore::open(sql)?;
        Ok(Self {
            base: store.cursor(),
            store,
            now,
            events: Vec::new(),
            unlisted: Vec::new(),
            settled: Vec::new(),
            most: limits::AGENTS_BYTES,
            lease_ms: LEASE_MS,
            deliver: false,
            outgoing: Vec::new(),
        })
    }

    /// The same where a claim stands that long without a word from its agent.
    pub fn leasing(self, lease_ms: u64) -> Self {
        Self { lease_ms, ..self }
    }

    /// The same, where what the transaction before has read of the dependencies is known.
    pub fn knowing(self, arrows: Arrows) -> Self {
        Self { store: self.store.knowing(arrows), ..self }
    }

    /// What is known of the dependencies: for the next transaction, if this one stands.
    pub fn arrows(&self) -> Arrows {
        self.store.arrows()
    }

    pub fn lease_ms(&self) -> u64 {
        self.lease_ms
    }

    /// The same in a workspace that agents may fill up to `most`.
    #[cfg(test)]
    pub fn within(self, most: u64) -> Self {
        Self { most, ..self }
    }

    pub fn store(&self) -> &SqlStore<S> {
        &self.store
    }

    pub fn sql(&self) -> &S {
        self.store.sql()
    }

    /// May an agent whose token has these scopes ask this?
    ///
    /// # Errors
    /// Which scope is needed and which there are.
    pub fn check_scope(&self, scopes: &Scopes, command: &Command) -> Result<(), Problem> {
        let checked = decide::check_scope(&self.store, command, scopes);
        self.store.check()?;
        checked.map_err(|why| Rejection::from(why).into())
    }

    /// Decides a command and applies what was decided; later commands of the commit see it.
    ///
    /// # Errors
    /// A refusal, with nothing applied; or a fault of the database, after which the transaction must not be finished.
    pub fn run(&mut self, command: Command, actor: &Actor, session: Option<SessionId>) -> Result<Outcome, Problem> {
        capacity::check_command(self.sql(), &command, actor, self.most)?;
        let cx = Context { now: self.now, actor: actor.clone(), session };
        let decided = decide(&self.store, command, &cx);
        let holders: BTreeSet<_> = decided.iter().flat_map(Decision::changes).filter_map(holder).collect();
        let outcome = self.take_up(decided)?;
        holders.iter().try_for_each(|agent| self.watch(agent))?;
        Ok(outcome)
    }

    /// Looks again when the lease of this agent's claims ends, if it has any and is not there.
    pub fn watch(&self, agent: &AgentName) -> Result<(), Problem> {
        due::claims(&self.store, self.now, self.lease_ms, agent)
    }

    /// The same for reports of the workspace's own streams.
    pub fn report(&mut self, report: Report) -> Result<Outcome, Problem> {
        self.report_of(report, &Actor::System)
    }

    /// The same for what an agent says of its own inbox: what is meant for another one that one must still hear.
    pub fn report_of(&mut self, report: Report, actor: &Actor) -> Result<Outcome, Problem> {
        let cx = Context { now: self.now, actor: actor.clone(), session: None };
        let decided = decide::report(&self.store, report, &cx);
        self.take_up(decided)
    }

    /// Looks at all that is to be brought in, and says what is to be put.
    ///
    /// # Errors
    /// What is wrong, and where; or a fault of the database.
    pub fn plan<T: Sql>(&self, tasks: &Tasks<T>, beside: Beside, manner: Manner<'_>, actor: &Actor) -> Result<Plan, Problem> {
        let cx = Context { now: self.now, actor: actor.clone(), session: None };
        self.store.look_only();
        let planned = decide::import(&self.store, tasks.source(), beside, manner, &cx);
        self.store.check()?;
        tasks.check()?;
        planned.map_err(Problem::from)
    }

    /// Puts the next of it; whether there was any.
    pub fn put<T: Sql>(&mut self, plan: &mut Plan, tasks: &Tasks<T>, actor: &Actor) -> Result<bool, Problem> {
        let cx = Context { now: self.now, actor: actor.clone(), session: None };
        let next = plan.next(&self.store, tasks.source(), &cx);
        self.store.check()?;
        tasks.check()?;
        match next? {
            Some(decision) => self.take_up(Ok(decision)).map(|_| true),
            None => Ok(false),
        }
    }

    /// Notes what has happened beside the entities: those who look on are told.
    pub fn note(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Refuses an agent that would add to a workspace that is full.
    pub fn check_room(&self, actor: &Actor) -> Result<(), Problem> {
        if actor.agent().is_some() { capacity::check(self.sql(), self.most) } else { Ok(()) }
    }

    fn take_up(&mut self, decided: Result<Decision, Rejection>) -> Result<Outcome, Problem> {
        self.store.check()?;
        let decision = match decided {
            // This store holds everything: only a fault, which the check has reported, makes a look Unknown.
            Err(Rejection::NotLoaded { what }) => return Err(Problem::internal(format!("{what} was not loaded"))),
            decided => decided?,
        };
        for change in decision.changes() {
            if let Change::Delete { entity: EntityRef::Task { id } } = change
                && let Look::Known(Some(task)) = self.store.task(*id)
                && let Some(work) = task.work
            {
                self.unlisted.extend(work.number.map(|number| (work.list, number)));
            }
        }
        self.store.apply(decision.changes())?;
        for change in decision.changes() {
            match change {
                Change::Put { entity } => {
                    if let Entity::Task(task) = &**entity {
                        due::task(self.sql(), self.now, self.lease_ms, task)?;
                    }
                }
                Change::Delete { entity: EntityRef::Task { id } } => due::over(self.sql(), self.now, *id)?,
            }
        }
        self.events.extend(decision.events);
        self.deliver |= decision.effects.contains(&Effect::Deliver);
        Ok(decision.outcome)
    }

    /// What this commit has come to so far.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The tasks that this commit has taken off their lists, by list and number.
    pub fn unlisted(&self) -> &[(ListName, u64)] {
        &self.unlisted
    }

    /// Says something on an agent's stream once the commit stands.
    pub fn say(&mut self, connection: SessionId, down: Down) {
        self.outgoing.push(Outgoing::Line { connection, down });
    }

    /// Notes that a replica's command is dealt with.
    pub fn settle(&mut self, settled: Settled) {
        self.settled.push(settled);
    }

    /// Ends the commit under a fresh random tag. `None`: nothing happened, and the history stays as it was.
    pub fn finish(self, tag: &str) -> Result<Option<Entry>, Problem> {
        if self.events.is_empty() && self.settled.is_empty() {
            return Ok(None);
        }
        self.store.advance_as(self.base.seq + 1, tag)?;
        let cursor = self.store.cursor();
        let end = CommitEnd { base: self.base, cursor: cursor.clone(), mutations: self.settled };
        let entry = Entry { text: log::encode(&frames(&self.events, &end, self.now)), cursor };
        log::append(self.store.sql(), &entry, self.now)?;
        Ok(Some(entry))
    }
}

/// Whose claim stands on a task after a change.
fn holder(change: &Change) -> Option<AgentName> {
    match change {
        Change::Put { entity } => match &**entity {
            Entity::Task(task) => task.work.as_ref()?.holder.clone(),
            _ => None,
        },
        Change::Delete { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;
    use agentrq_core::model::{Assignee, Person};

    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::made_for_tests;

    #[test]
    fn a_commit_grows_the_history_by_one_and_names_it() {
        let db = memory();
        made_for_tests(&db);
        let person = Actor::Person(Person { id: "p".into(), name: "Ada".into() });
        let create = |random| Command::CreateTask {
            id: Id::new(1_800_000_000_000, random),
            title: "x".into(),
            body: String::new(),
            assignee: Assignee::Human,
            attachments: Vec::new(),
            options: None,
        };
        let mut tx = Transaction::begin(&db, Timestamp::from_ms(1_800_000_000_000)).expect("begins");
        tx.run(create(1), &person, None).expect("decided");
        tx.run(create(2), &person, None).expect("decided");
        let committed = tx.finish("t1").expect("finished").expect("something happened");
        assert_eq!((committed.cursor.seq, committed.cursor.tag.as_str()), (1, "t1"));
        assert_eq!(committed.text.matches("event: task.created\n").count(), 2);
        assert_eq!(committed.text.matches("\nid: ").count(), 1);

        let tx = Transaction::begin(&db, Timestamp::from_ms(1_800_000_000_001)).expect("begins");
        assert_eq!(tx.store().cursor(), committed.cursor);
        assert!(tx.finish("t2").expect("finished").is_none());
    }
}
