//! How many statements the busy paths take: a number that does not depend on the machine, held so that it cannot creep.

use std::cell::RefCell;

use agentrq_core::command::Command;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::{Actor, AgentName, Assignee, Person, Scope, Scopes};
use agentrq_core::time::Timestamp;

use crate::mcp::about;
use crate::mcp::sse;
use crate::sql::native::memory;
use crate::sql::{Row, Sql, SqlError, Value};
use crate::workspace::connections::{self, Connection, Kind, Phase};
use crate::workspace::tokens::{self, Holder};
use crate::workspace::transaction::Transaction;
use crate::workspace::{inbox, made_for_tests};

/// A database that notes what it is asked.
struct Counted {
    db: rusqlite::Connection,
    asked: RefCell<Vec<String>>,
}

impl Sql for Counted {
    fn exec(&self, sql: &str, args: &[Value]) -> Result<Vec<Row>, SqlError> {
        self.asked.borrow_mut().push(sql.split_whitespace().take(6).collect::<Vec<_>>().join(" "));
        self.db.exec(sql, args)
    }

    fn size(&self) -> Result<u64, SqlError> {
        self.db.size()
    }
}

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

/// A workspace with one agent that listens.
fn listening() -> (Counted, Connection) {
    let counted = Counted { db: memory(), asked: RefCell::default() };
    made_for_tests(&counted.db);
    let name = AgentName::new("laptop").expect("a name");
    let id = SessionId(Id::new(NOW.ms(), 1));
    let stream = Connection { phase: Phase::Ready, ..Connection::opened(id, Kind::Sse, id.0, name, NOW) };
    tokens::made_for_tests(&counted, stream.token, Scope::Agent);
    connections::insert(&counted, &stream, NOW).expect("inserted");
    (counted, stream)
}

#[test]
fn a_reply_and_its_push_take_no_more_statements_than_they_need() {
    let (counted, stream) = listening();
    let (id, name) = (stream.id, stream.agent);
    let task = Id::new(NOW.ms(), 2);
    let ask = Command::CreateTask {
        id: task,
        title: "x".into(),
        body: "y".into(),
        assignee: Assignee::Human,
        attachments: Vec::new(),
        options: None,
    };
    let mut tx = Transaction::begin(&counted, NOW).expect("begun");
    tx.run(ask, &Actor::Agent { name }, Some(id)).expect("asked");
    tx.finish("t1").expect("finished");
    counted.asked.take();

    let mut tx = Transaction::begin(&counted, NOW).expect("begun");
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
    tx.run(reply, &Actor::Person(Person { id: "p".into(), name: "Ada".into() }), None).expect("replied");
    inbox::deliver(&mut tx).expect("delivered");
    tx.finish("t2").expect("finished");
    let asked = counted.asked.take();
    assert!(asked.len() <= 17, "{} statements: {asked:#?}", asked.len());
}

#[test]
fn a_task_that_an_agent_files_takes_no_more_statements_than_it_needs() {
    let (counted, stream) = listening();
    let holder = Holder { token: stream.token, label: "laptop".into(), scopes: Scopes::default(), last_used: None };
    let about = about::for_tests();
    let call = |id: u32, title: &str| {
        serde_json::json!({"jsonrpc": "2.0", "id": id, "method": "tools/call",
            "params": {"name": "createTask", "arguments": {"title": title, "body": "y", "assignee": "human"}}})
        .to_string()
    };
    for id in 1..3 {
        counted.asked.take();
        let mut tx = Transaction::begin(&counted, NOW).expect("begun");
        let text = call(id, &format!("Approve: {id}"));
        sse::post(&mut tx, stream.id, &holder, stream.agent.clone(), &about, text.as_bytes()).expect("posted");
        tx.finish(&format!("t{id}")).expect("finished");
    }
    let asked = counted.asked.take();
    // One of them asks what the token opens, in the commit that depends on it.
    assert!(asked.len() <= 18, "{} statements: {asked:#?}", asked.len());
}
