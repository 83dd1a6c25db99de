//! How SQLite answers what the busy paths ask: along an index, so that a workspace of a hundred thousand tasks is as quick as an empty one.

use std::cell::RefCell;

use agentrq_core::command::Command;
use agentrq_core::cursor::Cursor;
use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::{Actor, AgentName, Assignee, Person, Scope, Scopes, WorkspaceId};
use agentrq_core::time::Timestamp;

use super::connections::{self, Connection, Kind, Phase};
use super::log::{self, Entry};
use super::open_tasks::{self, For};
use super::threads::{self, Filter};
use super::tokens::{self, Holder};
use super::transaction::Transaction;
use super::{inbox, made_for_tests};
use crate::mcp::about::About;
use crate::mcp::sse;
use crate::sql::native::memory;
use crate::sql::{Row, Sql, SqlError, Value};

/// Tables that grow with what people and agents do. The others hold what is under way.
const GROWING: [&str; 6] = ["tasks", "messages", "deliveries", "commits", "attachments", "attachment_uses"];

/// A database that notes each statement with how it is answered.
struct Explained {
    db: rusqlite::Connection,
    plans: RefCell<Vec<(String, String)>>,
}

impl Sql for Explained {
    fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
        for row in self.db.exec(&format!("EXPLAIN QUERY PLAN {sql}"), args)? {
            self.plans.borrow_mut().push((sql.to_owned(), row.text(3)?.to_owned()));
        }
        self.db.exec(sql, args)
    }

    fn size(&self) -> Result<u64, SqlError> {
        self.db.size()
    }
}

impl Explained {
    fn new() -> Self {
        let db = memory();
        made_for_tests(&db);
        Self { db, plans: RefCell::default() }
    }

    /// The steps that look at each row of a table that grows.
    fn scans(&self) -> Vec<(String, String)> {
        let scans = |step: &str| GROWING.iter().any(|table| step == format!("SCAN {table}")) || step == "SCAN d";
        self.plans.take().into_iter().filter(|(_, step)| scans(step)).collect()
    }
}

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

fn person() -> Actor {
    Actor::Person(Person { id: "p".into(), name: "Ada".into() })
}

fn listening(sql: &Explained) -> Connection {
    let id = SessionId(Id::new(NOW.ms(), 1));
    let agent = AgentName::new("laptop").expect("a name");
    let stream = Connection { phase: Phase::Ready, ..Connection::opened(id, Kind::Sse, id.0, agent, NOW) };
    tokens::made_for_tests(sql, stream.token, Scope::Agent);
    connections::insert(sql, &stream, NOW).expect("inserted");
    stream
}

fn call(sql: &Explained, stream: &Connection, name: &str, arguments: &serde_json::Value) {
    let holder = Holder { token: stream.token, label: "laptop".into(), scopes: Scopes::default(), last_used: None };
    let about = About { workspace: WorkspaceId("0123456789ABCDEFGHIJKL".into()), base: "http://localhost".into() };
    let text = serde_json::json!({"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
        .to_string();
    let mut tx = Transaction::begin(sql, NOW).expect("begun");
    sse::post(&mut tx, stream.id, &holder, stream.agent.clone(), &about, text.as_bytes()).expect("posted");
    tx.finish("t").expect("finished");
}

#[test]
fn a_reply_a_session_and_an_agents_calls_look_at_no_more_than_they_need() {
    let sql = Explained::new();
    let stream = listening(&sql);
    let task = Id::new(NOW.ms(), 2);
    let ask = Command::CreateTask {
        id: task,
        title: "x".into(),
        body: "y".into(),
        assignee: Assignee::Agent,
        attachments: Vec::new(),
        options: None,
    };
    let reply = Command::PostMessage {
        id: Id::new(NOW.ms(), 3),
        task: task.into(),
        text: "Go on.".into(),
        attachments: Vec::new(),
        in_reply_to: None,
        asks: Default::default(),
        choices: Vec::new(),
        digest: None,
    };
    for command in [ask, reply] {
        let mut tx = Transaction::begin(&sql, NOW).expect("begun");
        tx.run(command, &person(), None).expect("decided");
        inbox::deliver(&mut tx).expect("delivered");
        tx.finish("t").expect("finished");
    }
    let mut tx = Transaction::begin(&sql, NOW).expect("begun");
    let session = SessionId(Id::new(NOW.ms(), 9));
    inbox::begins(&mut tx, &stream.agent, session).expect("begun");
    inbox::deliver(&mut tx).expect("delivered");
    tx.finish("t").expect("finished");

    let task = task.to_string();
    call(&sql, &stream, "createTask", &serde_json::json!({"title": "x", "assignee": "human"}));
    call(&sql, &stream, "getTaskMessages", &serde_json::json!({"taskId": task}));
    call(&sql, &stream, "reply", &serde_json::json!({"taskId": task, "text": "Done?"}));
    call(&sql, &stream, "updateTaskStatus", &serde_json::json!({"taskId": task, "status": "completed"}));
    call(&sql, &stream, "getNextTask", &serde_json::json!({}));
    assert_eq!(sql.scans(), []);
}

#[test]
fn lists_and_snapshots_are_read_along_an_index() {
    let sql = Explained::new();
    let place = Some(format!("1{}", Id::new(NOW.ms(), 5)));
    for filter in [
        Filter { limit: 50, ..Filter::default() },
        Filter { limit: 50, cursor: place.clone(), ..Filter::default() },
        Filter { limit: 50, status: Some("completed"), ..Filter::default() },
        Filter { limit: 50, assignee: Some("agent"), cursor: place, ..Filter::default() },
    ] {
        threads::tasks(&sql, &filter).expect("listed");
    }
    open_tasks::waiting(&sql, For::People, 50).expect("listed");
    let steps: Vec<_> =
        sql.plans.borrow().iter().filter(|(statement, _)| statement.contains("'human'")).map(|(_, step)| step.clone()).collect();
    assert!(matches!(steps.as_slice(), [step] if step.contains("USING INDEX tasks_for_people")), "{steps:?}");
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let page = threads::page(&sql, Id::new(NOW.ms(), 5).into(), None, 50, order).expect("read");
        threads::deliveries(&sql, &page.messages).expect("read");
    }
    let head = Cursor { epoch: "e".into(), seq: 64, tag: "t".into() };
    log::since(&sql, &head, &Cursor { seq: 3, ..head.clone() }).expect("looked");
    log::append(&sql, &Entry { cursor: head, text: "x".into() }, NOW).expect("appended");
    let scans = sql.scans();
    // Walks of an ordered table that end early are no scans of it.
    let ends_early = |statement: &str| statement.contains("LIMIT");
    assert_eq!(scans.into_iter().filter(|(statement, _)| !ends_early(statement)).collect::<Vec<_>>(), []);
}
