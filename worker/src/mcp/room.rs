//! A workspace in memory for tests: agents that hold streams, and a person who writes to them.

use std::cell::{Cell, RefCell};

use agentrq_core::Report;
use agentrq_core::command::{Command, NewWork};
use agentrq_core::id::{DeliveryId, Id, SessionId, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::model::{Actor, AgentName, Assignee, Delivery, ListName, Person, Scope};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;
use serde_json::{Map, Value, json};

use super::resources::{Read, read};
use crate::problem::Problem;
use crate::sql::native::memory;
use crate::sql::{self, Row, Sql, SqlError};
use crate::workspace::connections::{self, Connection, Kind, Phase};
use crate::workspace::inbox::looked;
use crate::workspace::transaction::Transaction;
use crate::workspace::{made_for_tests, tokens};

/// A database that notes how many rows it is asked for at once, and how it finds those of a `SELECT`.
pub(crate) struct Watched {
    db: rusqlite::Connection,
    most_rows: Cell<usize>,
    plans: RefCell<Vec<String>>,
}

impl Sql for Watched {
    fn exec(&self, sql: &str, args: &[sql::Value]) -> Result<Vec<Row>, SqlError> {
        if sql.starts_with("SELECT") {
            let steps = self.db.exec(&format!("EXPLAIN QUERY PLAN {sql}"), args)?;
            let plan = steps.iter().map(|step| step.text(3)).collect::<Result<Vec<_>, _>>()?;
            self.plans.borrow_mut().push(plan.join("; "));
        }
        let rows = self.db.exec(sql, args)?;
        self.most_rows.set(self.most_rows.get().max(rows.len()));
        Ok(rows)
    }

    fn size(&self) -> Result<u64, SqlError> {
        self.db.size()
    }
}

pub(crate) struct Room {
    db: Watched,
    made: Cell<u32>,
}

const BEGIN_MS: u64 = 1_800_000_000_000;

impl Room {
    pub(crate) fn new() -> Self {
        let db = memory();
        made_for_tests(&db);
        Self { db: Watched { db, most_rows: Cell::new(0), plans: RefCell::default() }, made: Cell::new(0) }
    }

    /// Each id that is made is a millisecond later than the one before.
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(BEGIN_MS + u64::from(self.made.get()))
    }

    fn id(&self) -> Id {
        self.made.set(self.made.get() + 1);
        Id::new(self.now().ms(), self.made.get())
    }

    /// One commit.
    pub(crate) fn commit<T>(&self, work: impl FnOnce(&mut Transaction<&Watched>) -> T) -> T {
        let mut tx = Transaction::begin(&self.db, self.now()).expect("begun");
        let done = work(&mut tx);
        tx.finish(&format!("t{}", self.made.get())).expect("finished");
        done
    }

    /// An agent that holds a stream and a token of its own.
    pub(crate) fn agent(&self, name: &str) -> Connection {
        self.agent_that_may(name, Scope::Agent)
    }

    pub(crate) fn agent_that_may(&self, name: &str, scope: Scope) -> Connection {
        let id = SessionId(self.id());
        tokens::made_for_tests(&self.db, id.0, scope);
        let agent = AgentName::new(name).expect("a name");
        let now = self.now();
        let connection = Connection {
            id,
            session: id,
            token: id.0,
            kind: Kind::Sse,
            agent,
            is_live: true,
            phase: Phase::Ready,
            heard_at: now,
            is_outdone: false,
            heir: None,
        };
        connections::insert(&self.db, &connection, now).expect("inserted");
        self.commit(|tx| tx.report(Report::Connected { agent: connection.agent.clone() })).expect("connected");
        connection
    }

    fn run(&self, command: Command, actor: &Actor, session: Option<SessionId>) {
        self.commit(|tx| tx.run(command, actor, session)).expect("decided");
    }

    fn create(&self, title: &str, assignee: Assignee) -> (Id, Command) {
        let id = self.id();
        let body = format!("The body of {title}");
        (id, Command::CreateTask { id, title: title.to_owned(), body, assignee, attachments: Vec::new(), options: None })
    }

    /// The agent asks a person.
    pub(crate) fn asks(&self, agent: &Connection, title: &str) -> TaskId {
        let (id, command) = self.create(title, Assignee::Human);
        self.run(command, &Actor::Agent { name: agent.agent.clone() }, Some(agent.session));
        id.into()
    }

    /// The person gives agents a task.
    pub(crate) fn gives(&self, title: &str) -> TaskId {
        let (id, command) = self.create(title, Assignee::Agent);
        self.run(command, &ada(), None);
        id.into()
    }

    /// A person puts a task on the main list.
    pub(crate) fn lists(&self, title: &str) -> TaskId {
        self.lists_with(title, "")
    }

    pub(crate) fn lists_with(&self, title: &str, body: &str) -> TaskId {
        let id = self.id();
        let work = NewWork { title: title.to_owned(), body: body.to_owned(), ..NewWork::default() };
        self.run(Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }, &ada(), None);
        TaskId(id)
    }

    /// Many tasks in one commit, the oldest first.
    pub(crate) fn gives_many(&self, count: usize) -> Vec<TaskId> {
        let commands: Vec<_> = (0..count).map(|number| self.create(&format!("Work {number}"), Assignee::Agent)).collect();
        let ids = commands.iter().map(|(id, _)| TaskId(*id)).collect();
        self.commit(|tx| commands.into_iter().try_for_each(|(_, command)| tx.run(command, &ada(), None).map(drop))).expect("decided");
        ids
    }

    /// The person answers in a thread; the answer's delivery bears its id.
    pub(crate) fn says(&self, task: TaskId, text: &str) -> DeliveryId {
        let id = self.id();
        let post = Command::PostMessage {
            id,
            task,
            text: text.to_owned(),
            attachments: Vec::new(),
            in_reply_to: None,
            asks: Default::default(),
            choices: Vec::new(),
            digest: None,
        };
        self.run(post, &ada(), None);
        id.into()
    }

    pub(crate) fn completes(&self, task: TaskId) {
        self.run(Command::SetStatus { id: self.id(), task, to: Status::Completed, reason: None }, &ada(), None);
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> Delivery {
        self.commit(|tx| looked(tx, tx.store().delivery(id))).expect("looked").expect("a delivery")
    }

    /// What reading a resource comes to.
    pub(crate) fn reads(&self, reader: &Connection, uri: &str) -> Result<Read, RpcError> {
        answered(self.commit(|tx| read(tx, reader, &params(json!({"uri": uri})))))
    }

    /// What a resource shows to a reader, and what is given with it.
    pub(crate) fn shows(&self, reader: &Connection, uri: &str) -> (Value, Vec<DeliveryId>) {
        let read = self.reads(reader, uri).expect("a resource");
        let contents = read.value["contents"][0]["text"].as_str().expect("a text");
        (serde_json::from_str(contents).expect("json"), read.given.ids())
    }

    /// The most rows that `work` gets from one statement, and how each of its `SELECT`s finds them.
    pub(crate) fn watch(&self, work: impl FnOnce()) -> (usize, Vec<String>) {
        self.db.most_rows.set(0);
        self.db.plans.take();
        work();
        (self.db.most_rows.get(), self.db.plans.take())
    }
}

fn ada() -> Actor {
    Actor::Person(Person { id: "p".into(), name: "Ada".into() })
}

/// The parameters of a request.
pub(crate) fn params(value: Value) -> Map<String, Value> {
    let Value::Object(params) = value else { panic!("an object") };
    params
}

/// What is answered, where the server is not at fault.
pub(crate) fn answered<T>(answer: Result<T, Problem>) -> T {
    answer.expect("no fault of the server")
}
