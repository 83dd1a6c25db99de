//! One commit: commands are decided and applied, the history grows by one row, or nothing happens at all.
//!
//! The shell runs this inside the database's own transaction ([`crate::atomic::atomically`]), so that an error, a refusal half-way and
//! even a panic leave the database as it was.

use agentrq_core::Report;
use agentrq_core::command::{Command, Context};
use agentrq_core::cursor::Cursor;
use agentrq_core::decision::{Decision, Effect, Event, Outcome};
use agentrq_core::id::SessionId;
use agentrq_core::model::{Actor, Scopes};
use agentrq_core::sync::delta::{CommitEnd, Settled, frames};
use agentrq_core::time::Timestamp;
use agentrq_core::view::Store;
use agentrq_core::{Rejection, decide, limits};

use super::capacity;
use super::log::{self, Entry};
use super::sql_store::SqlStore;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::stream::line::{Down, Ending};

/// A commit under way.
pub struct Transaction<S: Sql> {
    store: SqlStore<S>,
    base: Cursor,
    pub now: Timestamp,
    events: Vec<Event>,
    settled: Vec<Settled>,
    /// Bytes up to which agents may fill the workspace.
    most: u64,
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
        let (base, most) = (store.cursor(), limits::AGENTS_BYTES);
        Ok(Self { base, store, now, events: Vec::new(), settled: Vec::new(), most, deliver: false, outgoing: Vec::new() })
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
        self.take_up(decided)
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

    fn take_up(&mut self, decided: Result<Decision, Rejection>) -> Result<Outcome, Problem> {
        self.store.check()?;
        let decision = match decided {
            // This store holds everything: only a fault, which the check has reported, makes a look Unknown.
            Err(Rejection::NotLoaded { what }) => return Err(Problem::internal(format!("{what} was not loaded"))),
            decided => decided?,
        };
        self.store.apply(decision.changes())?;
        self.events.extend(decision.events);
        self.deliver |= decision.effects.contains(&Effect::Deliver);
        Ok(decision.outcome)
    }

    /// What this commit has come to so far.
    pub fn events(&self) -> &[Event] {
        &self.events
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
