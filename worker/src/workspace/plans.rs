//! How SQLite answers what the busy paths ask: along an index, so that a workspace of a hundred thousand tasks is as quick as an empty one.

use std::cell::RefCell;

use agentrq_core::command::Command;
use agentrq_core::cursor::Cursor;
use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::{Actor, AgentName, Assignee, Person, Scope, Scopes};
use agentrq_core::time::Timestamp;

use super::connections::{self, Connection, Kind, Phase};
use super::log::{self, Entry};
use super::open_tasks::{self, For};
use super::threads::{self, Filter};
use super::tokens::{self, Holder};
use super::transaction::Transaction;
use super::{inbox, made_for_tests};
use crate::mcp::about;
use crate::mcp::sse;
use crate::sql::native::memory;
use crate::sql::{Row, Sql, SqlError, Value};

/// Tables that grow with what people and agents do. The others hold what is under way.
const GROWING: [&str; 9] = ["tasks", "messages", "deliveries", "commits", "attachments", "attachment_uses", "work", "arrows", "work_read"];

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
        let scans = |step: &str| {
            GROWING.iter().any(|table| step == format!("SCAN {table}")) || matches!(step, "SCAN d" | "SCAN w" | "SCAN a" | "SCAN t")
        };
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
    let about = about::for_tests();
    let text = serde_json::json!({"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": {"name": name, "arguments": arguments}})
        .to_string();
    let mut tx = Transaction::begin(sql, NOW).expect("begun");
    sse::post(&mut tx, stream.id, &holder, stream.agent.clone(), &about, text.as_bytes()).expect("posted");
    tx.finish("t").expect("finished");
}

#[test]
fn an_export_walks_along_the_numbers() {
    use agentrq_core::command::NewWork;
    use agentrq_core::interchange::Form;
    use agentrq_core::model::{ListName, WorkspaceId};

    use super::export::{What, page};

    let db = Explained::new();
    let work = Box::new(NewWork { title: "x".into(), ..NewWork::default() });
    let put = Command::CreateWork { id: Id::new(1, 1), list: ListName::default(), work };
    let mut tx = Transaction::begin(&db, Timestamp::from_ms(1_800_000_000_000)).expect("begun");
    tx.run(put, &Actor::Agent { name: AgentName::new("a").expect("a name") }, None).expect("put");
    db.plans.take();
    for (list, form) in [(None, Form::Lines), (Some(ListName::default()), Form::Claude)] {
        let (what, mut place) = (What { list, form }, None);
        loop {
            let found = page(&tx, &WorkspaceId("w".into()), &what, place).expect("a page");
            let Some(next) = found.next else { break };
            place = Some(next);
        }
        assert_eq!(db.scans(), [], "{what:?}");
    }
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
fn the_calls_of_a_list_look_at_no_more_than_they_need() {
    use serde_json::json;

    let sql = Explained::new();
    let stream = listening(&sql);
    for subject in ["a", "b", "c", "d"] {
        call(&sql, &stream, "TaskCreate", &json!({"subject": subject, "metadata": {"task_uid": subject, "task_group": "x"}}));
    }
    call(&sql, &stream, "TaskUpdate", &json!({"taskId": 1, "addBlocks": [2], "addBlockedBy": [4]}));
    call(&sql, &stream, "TaskUpdate", &json!({"taskId": 4, "status": "in_progress", "owner": "me"}));
    call(&sql, &stream, "TaskUpdate", &json!({"taskId": 4, "status": "completed"}));
    call(&sql, &stream, "TaskGet", &json!({"taskId": 1}));
    for _ in 0..3 {
        call(&sql, &stream, "TaskNext", &json!({}));
    }
    call(&sql, &stream, "TaskList", &json!({}));
    call(&sql, &stream, "TaskList", &json!({"status": "pending", "owner": "me", "task_group": "x"}));
    call(&sql, &stream, "TodoWrite", &json!({"todos": [{"content": "x", "status": "pending"}]}));
    call(&sql, &stream, "TaskUpdate", &json!({"taskId": 3, "status": "deleted"}));
    let mut tx = Transaction::begin(&sql, NOW).expect("begun");
    super::leases::ended(&mut tx, &stream.agent).expect("looked");
    // The arrows are read as a whole, once, when the first way is sought.
    let scans: Vec<_> =
        sql.scans().into_iter().filter(|(statement, _)| !statement.contains("SELECT blocked, blocker FROM arrows")).collect();
    assert_eq!(scans, []);
}

#[test]
fn lists_and_snapshots_are_read_along_an_index() {
    let sql = Explained::new();
    let place = Some(format!("1{}", Id::new(NOW.ms(), 5)));
    for filter in [
        Filter { limit: 50, ..Filter::default() },
        Filter { limit: 50, cursor: place.clone(), ..Filter::default() },
        Filter { limit: 50, status: Some("completed"), ..Filter::default() },
        Filter { limit: 50, list: Some("main".into()), ..Filter::default() },
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
