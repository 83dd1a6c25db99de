//! A workspace in SQLite: core's view and store over the object's own database.
//!
//! A view cannot fail in core's eyes, a database can. So a failed statement is remembered here and makes the look
//! Unknown, the decision is refused, and the transaction that asks for [`SqlStore::check`] fails as a whole.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::hash::Hash;

use agentrq_core::cursor::Cursor;
use agentrq_core::decision::Change;
use agentrq_core::id::{AttachmentId, DeliveryId, MessageId, TaskId};
use agentrq_core::json::{self, Read, Write};
use agentrq_core::limits;
use agentrq_core::model::{Agent, AgentName, Assignee, Attachment, Delivery, DeliveryState, Entity, EntityRef, Message, Task, Workspace};
use agentrq_core::view::{Look, Store, UNSEEN_AT_ONCE, Unseen, View};

use super::blobs;
use crate::sql::{Row, Sql, SqlError, Value};

/// The store. One lives as long as one transaction: it reads the head once.
pub struct SqlStore<S: Sql> {
    sql: S,
    head: RefCell<Cursor>,
    last_number: Cell<u64>,
    has_subscribers: bool,
    known: RefCell<Known>,
    fault: RefCell<Option<SqlError>>,
}

/// What this transaction has read or written already: a decision and what follows on it look at the same few entities again and again.
#[derive(Default)]
struct Known {
    tasks: HashMap<TaskId, Option<Task>>,
    messages: HashMap<MessageId, Option<Message>>,
    deliveries: HashMap<DeliveryId, Option<Delivery>>,
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
            known: RefCell::default(),
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
        if let Ok(found) = &found {
            part(&mut self.known.borrow_mut()).insert(id, found.clone());
        }
        self.look(found)
    }

    /// One entity, by a statement that yields its JSON.
    pub fn one<T: Read>(&self, sql: &str, args: &[Value]) -> Result<Option<T>, SqlError> {
        self.sql.first(sql, args)?.map(|row| entity(&row)).transpose()
    }

    /// Entities, by a statement that yields their JSON.
    pub fn many<T: Read>(&self, sql: &str, args: &[Value]) -> Result<Vec<T>, SqlError> {
        self.sql.exec(sql, args)?.iter().map(entity).collect()
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
        match entity {
            Entity::Workspace(it) => self.put_workspace(it),
            Entity::Task(it) if before.is_some_and(|before| is_found_alike(&before, it)) => self.rewrite_task(it),
            Entity::Task(it) => self.put_task(it),
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
            written(task),
        ];
        self.sql.exec(
            "INSERT INTO tasks (id, number, status, assignee, agent, is_open, title, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (id) DO UPDATE SET status = excluded.status, assignee = excluded.assignee, agent = excluded.agent,
               is_open = excluded.is_open, title = excluded.title, json = excluded.json",
            &args,
        )?;
        Ok(())
    }

    /// A task of which nothing changes that it is searched by: no index is written.
    fn rewrite_task(&self, task: &Task) -> Result<(), SqlError> {
        self.sql.exec("UPDATE tasks SET json = ? WHERE id = ?", &[written(task), task.id.to_string().into()])?;
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
        // Its messages and deliveries go too: what was known of anything is forgotten.
        self.known.take();
        blobs::released(&self.sql, *id)?;
        let id: Value = id.to_string().into();
        let revision = (self.head() + 1).into();
        self.sql.exec(
            "INSERT INTO tombstones (task, revision, json) SELECT id, ?, json FROM tasks WHERE id = ? ON CONFLICT (task) DO NOTHING",
            &[revision, id.clone()],
        )?;
        self.sql.exec("DELETE FROM tombstones WHERE rowid <= (SELECT max(rowid) FROM tombstones) - ?", &[limits::TOMBSTONES.into()])?;
        for table in ["DELETE FROM tasks WHERE id = ?", "DELETE FROM messages WHERE task = ?", "DELETE FROM deliveries WHERE task = ?"] {
            self.sql.exec(table, std::slice::from_ref(&id))?;
        }
        Ok(())
    }
}

pub(super) fn entity<T: Read>(row: &Row) -> Result<T, SqlError> {
    json::from_str(row.text(0)?).map_err(|error| SqlError(format!("a stored entity cannot be read: {error}")))
}

fn written(entity: &impl Write) -> Value {
    Value::Text(json::to_string(entity))
}

/// Do both stand at the same places of every list?
fn is_found_alike(a: &Task, b: &Task) -> bool {
    a.number == b.number && a.status == b.status && a.assignee == b.assignee && a.agent == b.agent && a.title == b.title
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

const CLAIMABLE: &str = "SELECT json FROM tasks WHERE status = 'notstarted' AND assignee = 'agent'";

impl<S: Sql> View for SqlStore<S> {
    fn head(&self) -> u64 {
        self.head.borrow().seq
    }

    fn next_number(&self) -> Option<u64> {
        Some(self.last_number.get() + 1)
    }

    fn workspace(&self) -> Look<Workspace> {
        let found = self.one("SELECT json FROM workspace", &[]);
        self.look(found.and_then(|found| found.ok_or_else(|| SqlError("the workspace has no row".to_owned()))))
    }

    fn task(&self, id: TaskId) -> Look<Option<Task>> {
        self.find(|known| &mut known.tasks, id, "SELECT json FROM tasks WHERE id = ?")
    }

    fn message(&self, id: MessageId) -> Look<Option<Message>> {
        self.find(|known| &mut known.messages, id, "SELECT json FROM messages WHERE id = ?")
    }

    fn attachment(&self, id: AttachmentId) -> Look<Option<Attachment>> {
        self.look(blobs::find(&self.sql, id))
    }

    fn delivery(&self, id: DeliveryId) -> Look<Option<Delivery>> {
        self.find(|known| &mut known.deliveries, id, "SELECT json FROM deliveries WHERE id = ?")
    }

    fn agent(&self, name: &AgentName) -> Look<Option<Agent>> {
        self.look(self.one("SELECT json FROM agents WHERE name = ?", &[name.as_str().into()]))
    }

    fn claimable(&self, agent: &AgentName) -> Look<Option<Task>> {
        let name: Value = agent.as_str().into();
        // Two looks, each over the index: its own and unowned ones first, then anyone's.
        let own = format!("{CLAIMABLE} AND (agent = ? OR agent IS NULL) ORDER BY number LIMIT 1");
        let found = match self.one(&own, &[name]) {
            Ok(None) => self.one(&format!("{CLAIMABLE} ORDER BY number LIMIT 1"), &[]),
            found => found,
        };
        self.look(found)
    }

    fn unseen(&self, which: Unseen<'_>) -> Look<Vec<Delivery>> {
        let found = match which {
            Unseen::QueuedFor(agent) => self.of_agent_or_nobody("state = 'queued'", &[], agent),
            // That it is not seen follows, but SQLite's planner does not know: told so, it takes the index.
            Unseen::OwedTo { agent, session } => self.of_agent_or_nobody(
                "state <> 'seen' AND state IN ('sent', 'received') AND redelivered = 0 AND session <> ?",
                &[session.to_string().into()],
                agent,
            ),
            Unseen::OfTask(task) => self.many(
                &format!(
                    "SELECT json FROM deliveries WHERE state IN ('queued', 'sent', 'received') AND task = ? ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE}"
                ),
                &[task.to_string().into()],
            ),
        };
        self.look(found)
    }
}

impl<S: Sql> SqlStore<S> {
    /// Deliveries for one agent and for nobody in particular, in order. Each kind is walked along its index and no further than it is
    /// taken, however many there are.
    fn of_agent_or_nobody(&self, condition: &str, args: &[Value], agent: &AgentName) -> Result<Vec<Delivery>, SqlError> {
        let part = |whose: &str| {
            format!(
                "SELECT * FROM (SELECT json, queued_at, id FROM deliveries WHERE {condition} AND {whose} ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE})"
            )
        };
        let both = format!(
            "SELECT json FROM ({} UNION ALL {}) ORDER BY queued_at, id LIMIT {UNSEEN_AT_ONCE}",
            part("agent = ?"),
            part("agent IS NULL")
        );
        self.many(&both, &[args, &[agent.as_str().into()], args].concat())
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
    fn a_database_that_fails_makes_the_transaction_fail() {
        let store = empty();
        store.sql.exec("DROP TABLE tasks", &[]).expect("dropped");
        assert_eq!(store.task(TaskId(agentrq_core::id::Id::new(1, 1))), Look::Unknown);
        assert!(store.check().is_err());
    }
}
