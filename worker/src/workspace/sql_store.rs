//! A workspace in SQLite: core's view and store over the object's own database.
//!
//! A view cannot fail in core's eyes, a database can. So a failed statement is remembered here and makes the look
//! Unknown, the decision is refused, and the transaction that asks for [`SqlStore::check`] fails as a whole.

mod looks;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;

use agentrq_core::cursor::Cursor;
use agentrq_core::decision::Change;
use agentrq_core::id::{DeliveryId, MessageId, TaskId};
use agentrq_core::json::{self, Read, Write};
use agentrq_core::limits;
use agentrq_core::model::{Agent, AgentName, Assignee, Delivery, DeliveryState, Entity, EntityRef, Message, Task, Workspace};
use agentrq_core::view::{Look, Store, View as _};

use super::arrows::Arrows;
use super::{blobs, works};
use crate::problem::Problem;
use crate::sql::{Row, Sql, SqlError, Value};

/// The store. One lives as long as one transaction: it reads the head once.
pub struct SqlStore<S: Sql> {
    sql: S,
    head: RefCell<Cursor>,
    last_number: Cell<u64>,
    has_subscribers: bool,
    /// What waits for what: read when it is first asked for.
    graph: Arrows,
    known: RefCell<Known>,
    remembers: Cell<Remembers>,
    fault: RefCell<Option<SqlError>>,
}

/// What this transaction has read or written already: a decision and what follows on it look at the same few entities again and again.
#[derive(Default)]
struct Known {
    tasks: HashMap<TaskId, Option<Task>>,
    messages: HashMap<MessageId, Option<Message>>,
    deliveries: HashMap<DeliveryId, Option<Delivery>>,
}

/// Is what was looked at remembered?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Remembers {
    All,
    /// Each entity is looked at once, and there are too many.
    Nothing,
}

impl<S: Sql> SqlStore<S> {
    /// Opens the store of a workspace that has been made.
    pub fn open(sql: S) -> Result<Self, SqlError> {
        let row = sql.first("SELECT epoch, seq, tag, last_number, EXISTS (SELECT 1 FROM subscriptions) FROM head", &[])?;
        let row = row.ok_or_else(|| SqlError("the workspace has not been made".to_owned()))?;
        let head = Cursor { epoch: row.text(0)?.to_owned(), seq: row.count(1)?, tag: row.text(2)?.to_owned() };
        Ok(Self {
            head: RefCell::new(head),
            last_number: Cell::new(row.count(3)?),
            has_subscribers: row.integer(4)? == 1,
            graph: Arrows::default(),
            known: RefCell::default(),
            remembers: Cell::new(Remembers::All),
            fault: RefCell::new(None),
            sql,
        })
    }

    /// Begins a history.
    pub fn create(sql: &S, epoch: &str, tag: &str) -> Result<(), SqlError> {
        sql.exec("INSERT INTO head (one, epoch, seq, tag, last_number) VALUES (1, ?, 0, ?, 0)", &[epoch.into(), tag.into()])?;
        Ok(())
    }

    /// Has the workspace been made, and not been deleted?
    pub fn exists(sql: &S) -> Result<bool, SqlError> {
        Ok(sql.first("SELECT 1 FROM head", &[])?.is_some())
    }

    pub fn sql(&self) -> &S {
        &self.sql
    }

    /// What waits for what, as far as it has been read: for the next store.
    pub fn arrows(&self) -> Arrows {
        self.graph.take()
    }

    /// The same store, which knows what the one before has read.
    pub fn knowing(self, arrows: Arrows) -> Self {
        Self { graph: arrows, ..self }
    }

    /// Remembers nothing of what is looked at from now on.
    pub fn look_only(&self) {
        self.remembers.set(Remembers::Nothing);
    }

    /// Did any client want to be told of what changes, when this was opened?
    pub fn has_subscribers(&self) -> bool {
        self.has_subscribers
    }

    /// Where the history stands.
    pub fn cursor(&self) -> Cursor {
        self.head.borrow().clone()
    }

    /// Ends a commit: the head is `revision` under this tag.
    pub fn advance_as(&self, revision: u64, tag: &str) -> Result<(), SqlError> {
        self.sql
            .exec("UPDATE head SET seq = ?, tag = ?, last_number = ?", &[revision.into(), tag.into(), self.last_number.get().into()])?;
        let mut head = self.head.borrow_mut();
        head.seq = revision;
        tag.clone_into(&mut head.tag);
        Ok(())
    }

    /// Fails if any look since the last check failed.
    pub fn check(&self) -> Result<(), SqlError> {
        self.fault.borrow_mut().take().map_or(Ok(()), Err)
    }

    /// What was found.
    ///
    /// # Errors
    /// The look failed.
    pub fn looked<T>(&self, look: Look<T>) -> Result<T, Problem> {
        match look {
            Look::Known(value) => Ok(value),
            Look::Unknown => Err(self.check().err().map_or_else(|| Problem::internal("a look failed"), Problem::from)),
        }
    }

    fn look<T>(&self, found: Result<T, SqlError>) -> Look<T> {
        match found {
            Ok(value) => Look::Known(value),
            Err(error) => {
                self.fault.borrow_mut().get_or_insert(error);
                Look::Unknown
            }
        }
    }

    /// An entity by its id: from what is known, else from the database.
    fn find<K, T>(&self, part: impl Fn(&mut Known) -> &mut HashMap<K, Option<T>>, id: K, sql: &str) -> Look<Option<T>>
    where
        K: Copy + Eq + Hash + ToString,
        T: Clone + Read,
    {
        if let Some(known) = part(&mut self.known.borrow_mut()).get(&id) {
            return Look::Known(known.clone());
        }
        let found = self.one(sql, &[id.to_string().into()]);
        if let (Ok(found), Remembers::All) = (&found, self.remembers.get()) {
            part(&mut self.known.borrow_mut()).insert(id, found.clone());
        }
        self.look(found)
    }

    /// One entity, by a statement that yields its JSON.
    pub fn one<T: Read>(&self, sql: &str, args: &[Value]) -> Result<Option<T>, SqlError> {
        self.sql.first(sql, args)?.map(|row| row.entity()).transpose()
    }

    /// Entities, by a statement that yields their JSON.
    pub fn many<T: Read>(&self, sql: &str, args: &[Value]) -> Result<Vec<T>, SqlError> {
        self.sql.exec(sql, args)?.iter().map(Row::entity).collect()
    }

    fn put(&self, entity: &Entity) -> Result<(), SqlError> {
        let mut known = self.known.borrow_mut();
        let mut before = None;
        match entity {
            Entity::Task(it) => before = known.tasks.insert(it.id, Some(it.clone())).flatten(),
            Entity::Message(it) => drop(known.messages.insert(it.id, Some(it.clone()))),
            Entity::Delivery(it) => drop(known.deliveries.insert(it.id, Some(it.clone()))),
            Entity::Workspace(_) | Entity::Agent(_) => {}
        }
        if let Entity::Task(it) = entity {
            works::put(&self.sql, it, before.as_ref())?;
            if let Some(work) = it.work.as_ref().filter(|work| {
                before.as_ref().and_then(|before| before.work.as_ref()).map(|work| &work.blocked_by) != Some(&work.blocked_by)
            }) {
                self.graph.set(it.id, &work.blocked_by);
            }
        }
        match entity {
            Entity::Workspace(it) => self.put_workspace(it),
            Entity::Task(it) => match before.filter(|before| before.number == it.number) {
                Some(before) => self.rewrite_task(&before, it),
                None => self.put_task(it),
            },
            Entity::Message(it) => self.put_message(it),
            Entity::Delivery(it) => self.put_delivery(it),
            Entity::Agent(it) => self.put_agent(it),
        }
    }

    fn put_workspace(&self, workspace: &Workspace) -> Result<(), SqlError> {
        let args = [workspace.id.0.as_str().into(), written(workspace)];
        self.sql.exec("INSERT INTO workspace (id, json) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json", &args)?;
        Ok(())
    }

    fn put_task(&self, task: &Task) -> Result<(), SqlError> {
        let number = task.number.ok_or_else(|| SqlError(format!("task {} has no number", task.id)))?;
        if number > self.last_number.get() {
            self.last_number.set(number);
        }
        let args = [
            task.id.to_string().into(),
            number.into(),
            task.status.word().into(),
            assignee(task.assignee).into(),
            task.agent.as_ref().map(AgentName::as_str).into(),
            task.status.is_open().into(),
            task.title.as_str().into(),
            task.work.is_some().into(),
            written(task),
        ];
        self.sql.exec(
            "INSERT INTO tasks (id, number, status, assignee, agent, is_open, title, is_listed, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET status = excluded.status, assignee = excluded.assignee, agent = excluded.agent,
               is_open = excluded.is_open, title = excluded.title, json = excluded.json",
            &args,
        )?;
        Ok(())
    }

    /// A task that is there. SQLite writes the indexes of all columns that a statement sets, also to what they are: so those that change are set.
    fn rewrite_task(&self, before: &Task, task: &Task) -> Result<(), SqlError> {
        let mut set = String::new();
        let mut args = Vec::new();
        for ((column, now), (_, was)) in columns(task).into_iter().zip(columns(before)) {
            if now != was {
                set.push_str(column);
                set.push_str(" = ?, ");
                args.push(now);
            }
        }
        args.extend([written(task), task.id.to_string().into()]);
        self.sql.exec(&format!("UPDATE tasks SET {set}json = ? WHERE id = ?"), &args)?;
        Ok(())
    }

    fn put_message(&self, message: &Message) -> Result<(), SqlError> {
        let args = [message.id.to_string().into(), message.task.to_string().into(), u64::from(message.index).into(), written(message)];
        self.sql.exec(
            "INSERT INTO messages (id, task, place, json) VALUES (?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET json = excluded.json",
            &args,
        )?;
        blobs::used(&self.sql, message.task, &message.attachments)
    }

    fn put_delivery(&self, delivery: &Delivery) -> Result<(), SqlError> {
        let args = [
            delivery.id.to_string().into(),
            delivery.task.to_string().into(),
            delivery.agent.as_ref().map(AgentName::as_str).into(),
            delivery.session.map(|session| session.to_string()).into(),
            state(delivery.state).into(),
            delivery.queued_at.ms().into(),
            delivery.redelivered.into(),
            delivery.revision.into(),
            written(delivery),
        ];
        self.sql.exec(
            "INSERT INTO deliveries (id, task, agent, session, state, queued_at, redelivered, revision, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET agent = excluded.agent, session = excluded.session, state = excluded.state,
               redelivered = excluded.redelivered, revision = excluded.revision, json = excluded.json",
            &args,
        )?;
        Ok(())
    }

    fn put_agent(&self, agent: &Agent) -> Result<(), SqlError> {
        let args = [agent.name.as_str().into(), written(agent)];
        self.sql.exec("INSERT INTO agents (name, json) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET json = excluded.json", &args)?;
        Ok(())
    }

    fn delete(&self, EntityRef::Task { id }: &EntityRef) -> Result<(), SqlError> {
        // Its messages and deliveries go too: what was known of any is forgotten. Other tasks are as they were.
        let mut known = self.known.borrow_mut();
        known.messages.clear();
        known.deliveries.clear();
        known.tasks.remove(id);
        drop(known);
        self.graph.set(*id, &[]);
        blobs::released(&self.sql, *id)?;
        let id: Value = id.to_string().into();
        let revision = (self.head() + 1).into();
        self.sql.exec(
            "INSERT INTO tombstones (task, revision, json) SELECT id, ?, json FROM tasks WHERE id = ? ON CONFLICT (task) DO UPDATE SET revision = excluded.revision, json = excluded.json",
            &[revision, id.clone()],
        )?;
        self.sql.exec("DELETE FROM tombstones WHERE rowid <= (SELECT max(rowid) FROM tombstones) - ?", &[limits::TOMBSTONES.into()])?;
        works::remove(&self.sql, &id)?;
        for table in ["DELETE FROM tasks WHERE id = ?", "DELETE FROM messages WHERE task = ?", "DELETE FROM deliveries WHERE task = ?"] {
            self.sql.exec(table, std::slice::from_ref(&id))?;
        }
        Ok(())
    }
}

fn written(entity: &impl Write) -> Value {
    Value::Text(json::to_string(entity))
}

/// What a task is searched by, and may change.
fn columns(task: &Task) -> [(&'static str, Value); 5] {
    [
        ("status", task.status.word().into()),
        ("assignee", assignee(task.assignee).into()),
        ("agent", task.agent.as_ref().map(AgentName::as_str).into()),
        ("is_open", task.status.is_open().into()),
        ("title", task.title.as_str().into()),
    ]
}

fn assignee(assignee: Assignee) -> &'static str {
    match assignee {
        Assignee::Human => "human",
        Assignee::Agent => "agent",
    }
}

fn state(state: DeliveryState) -> &'static str {
    match state {
        DeliveryState::Queued => "queued",
        DeliveryState::Sent => "sent",
        DeliveryState::Received => "received",
        DeliveryState::Seen => "seen",
    }
}

impl<S: Sql> Store for SqlStore<S> {
    type Error = SqlError;

    fn apply<'c>(&mut self, changes: impl IntoIterator<Item = &'c Change>) -> Result<(), SqlError> {
        changes.into_iter().try_for_each(|change| match change {
            Change::Put { entity } => self.put(entity),
            Change::Delete { entity } => self.delete(entity),
        })
    }

    fn advance(&mut self, revision: u64) -> Result<(), SqlError> {
        let tag = self.head.borrow().tag.clone();
        self.advance_as(revision, &tag)
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::testing::{TestStore, store_suite};

    use agentrq_core::model::Attachment;

    use super::*;
    use crate::migrations::migrate;
    use crate::sql::native::memory;
    use crate::workspace::schema::MIGRATIONS;

    impl TestStore for SqlStore<rusqlite::Connection> {
        fn attach(&mut self, attachment: Attachment) {
            let args = [
                attachment.id.to_string().into(),
                attachment.filename.into(),
                attachment.mime_type.into(),
                attachment.size.into(),
                attachment.sha256.into(),
            ];
            let insert = "INSERT INTO attachments (id, filename, mime_type, size, sha256) VALUES (?, ?, ?, ?, ?)";
            self.sql.exec(insert, &args).expect("attached");
        }
    }

    fn empty() -> SqlStore<rusqlite::Connection> {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("migrated");
        SqlStore::create(&db, "e", "t").expect("created");
        SqlStore::open(db).expect("opened")
    }

    #[test]
    fn the_database_agrees_with_memory_whatever_happens() {
        store_suite(empty);
    }

    #[test]
    fn of_too_many_deleted_tasks_the_oldest_are_forgotten() {
        let mut store = empty();
        let before = format!(
            "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {})
             INSERT INTO tombstones (task, revision, json) SELECT 't' || x, x, '{{}}' FROM n",
            limits::TOMBSTONES
        );
        store.sql.exec(&before, &[]).expect("inserted");
        store
            .sql
            .exec(
                "INSERT INTO tasks (id, number, status, assignee, is_open, title, json) VALUES ('0000000000A', 1, '', '', 0, '', '{}')",
                &[],
            )
            .expect("inserted");
        let gone = EntityRef::Task { id: "0000000000A".parse().expect("an id") };
        store.apply(&[Change::Delete { entity: gone }]).expect("deleted");
        let left =
            store.sql.first("SELECT count(*), count(*) FILTER (WHERE task = 't1') FROM tombstones", &[]).expect("counted").expect("a row");
        assert_eq!((left.count(0), left.count(1)), (Ok(limits::TOMBSTONES), Ok(0)));
    }

    #[test]
    fn whoever_only_looks_finds_the_same_and_keeps_nothing_of_it() {
        let store = empty();
        let id = TaskId(agentrq_core::id::Id::new(1, 1));
        store.look_only();
        assert_eq!(store.task(id), Look::Known(None));
        assert!(store.known.borrow().tasks.is_empty());
        store.remembers.set(super::Remembers::All);
        assert_eq!(store.task(id), Look::Known(None));
        assert_eq!(store.known.borrow().tasks.len(), 1);
    }

    #[test]
    fn a_database_that_fails_makes_the_transaction_fail() {
        let store = empty();
        store.sql.exec("DROP TABLE tasks", &[]).expect("dropped");
        assert_eq!(store.task(TaskId(agentrq_core::id::Id::new(1, 1))), Look::Unknown);
        assert!(store.check().is_err());
    }
}
