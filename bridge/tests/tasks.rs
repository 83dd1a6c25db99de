//! Lists of tasks as a library: the same whatever keeps them, and over files they are Claude Code's own.

mod server;

use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use agentrq_bridge::address::{Address, Beside};
use agentrq_bridge::files::ListDirectory;
use agentrq_bridge::tasks::{FileStore, MemoryStore, NewTask, TaskChange, TaskError, TaskManager, TaskStatus, TaskStore, WorkspaceStore};
use agentrq_core::interchange::claude_file::ClaudeTask;
use serde_json::{Value, json};
use server::{Reply, Request, serve};

fn begun() -> TaskChange {
    TaskChange { status: Some(TaskStatus::InProgress), ..TaskChange::default() }
}

fn completed() -> TaskChange {
    TaskChange { status: Some(TaskStatus::Completed), ..TaskChange::default() }
}

fn code<T: std::fmt::Debug>(result: Result<T, TaskError>) -> String {
    result.expect_err("it is refused").code
}

/// What every store does.
async fn works(tasks: &TaskManager<impl TaskStore>) {
    let mut first = NewTask { description: "Tables.\nKeys.".into(), active_form: Some("Designing".into()), ..NewTask::called("Design") };
    first.metadata.insert("priority".into(), json!("P1"));
    let first = tasks.create(first).await.expect("made");
    assert_eq!((first.number, first.status, first.description.as_deref()), (1, TaskStatus::Pending, Some("Tables.\nKeys.")));
    let second = tasks.create(NewTask { blocked_by: vec![1], ..NewTask::called("Build") }).await.expect("made");
    assert_eq!((second.number, second.blocked_by.as_slice()), (2, &[1][..]));
    assert_eq!(tasks.get(1).await.expect("there").blocks, [2]);

    let circle = TaskChange { add_blocked_by: vec![2], ..TaskChange::default() };
    assert_eq!(code(tasks.update(1, circle).await), "dependency_cycle");
    assert_eq!(code(tasks.get(9).await), "task_not_found");
    assert_eq!(code(tasks.create(NewTask { blocked_by: vec![9], ..NewTask::called("x") }).await), "task_not_found");
    assert_eq!(code(tasks.create(NewTask::called("x".repeat(300))).await), "too_long");

    let claimed = tasks.next(None).await.expect("a look").expect("one is free");
    assert_eq!((claimed.number, claimed.owner.as_deref(), claimed.status), (1, Some("planner"), TaskStatus::InProgress));
    assert_eq!(tasks.next(None).await.expect("a look"), None, "the other waits");
    tasks.update(1, completed()).await.expect("completed");
    assert_eq!(tasks.next(Some("builder")).await.expect("a look").and_then(|task| task.owner).as_deref(), Some("builder"));

    let mut noted = TaskChange { subject: Some("Design it".into()), ..TaskChange::default() };
    noted.metadata = serde_json::Map::from_iter([("priority".into(), json!(null)), ("size".into(), json!("S"))]);
    let noted = tasks.update(1, noted).await.expect("noted");
    assert_eq!((noted.subject.as_str(), noted.metadata), ("Design it", serde_json::Map::from_iter([("size".into(), json!("S"))])));
    assert_eq!(tasks.list().await.expect("a list").iter().map(|task| task.number).collect::<Vec<_>>(), [1, 2]);
    tasks.delete(1).await.expect("deleted");
    assert_eq!(tasks.get(2).await.expect("there").blocked_by, [] as [u64; 0]);
    assert_eq!(tasks.create(NewTask::called("Ship")).await.expect("made").number, 3, "a number is given once");
    assert_eq!(tasks.list().await.expect("a list").len(), 2);
}

fn over(directory: &Path, agent: &str) -> TaskManager<FileStore> {
    TaskManager::new(FileStore::open(directory, "main", agent).expect("a store"))
}

fn read(directory: &Path, number: u64) -> Option<ClaudeTask> {
    ListDirectory::open(directory).expect("a directory").read(number).expect("readable")
}

#[tokio::test]
async fn a_list_in_memory_follows_the_rules() {
    works(&TaskManager::new(MemoryStore::new("main", "planner").expect("a store"))).await;
}

#[tokio::test]
async fn a_list_in_files_follows_the_rules_and_is_claude_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    works(&over(folder.path(), "planner")).await;
    let build = read(folder.path(), 2).expect("a file");
    assert_eq!((build.subject.as_str(), build.owner.as_deref(), build.blocked_by.len()), ("Build", Some("builder"), 0));
    assert_eq!(read(folder.path(), 1), None);
    let last = std::fs::read_to_string(folder.path().join(".highwatermark")).expect("a number");
    assert_eq!(last, "1", "the last that was given and is not there");
}

#[tokio::test]
async fn what_others_write_into_the_files_is_seen_and_what_is_theirs_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let tasks = over(folder.path(), "planner");
    let text = r#"{"id":"7","subject":"Theirs","status":"in_progress","owner":"session","blocks":[],"blockedBy":[],"mine":[1],"metadata":{"a":1.50}}"#;
    std::fs::write(folder.path().join("7.json"), text).expect("written");
    assert_eq!(tasks.get(7).await.expect("there").owner.as_deref(), Some("session"));
    assert_eq!(code(tasks.update(7, completed()).await), "task_held");
    let mine = tasks.create(NewTask { blocks: vec![7], ..NewTask::called("Before it") }).await.expect("made");
    assert_eq!(mine.number, 8);
    let theirs = read(folder.path(), 7).expect("a file");
    assert_eq!((theirs.blocked_by.as_slice(), theirs.rest.len(), theirs.metadata.is_empty()), (&[8][..], 1, false));
    assert!(theirs.to_text().contains("1.50"));
    assert_eq!(read(folder.path(), 8).expect("a file").blocks, [7]);
    std::fs::remove_file(folder.path().join("8.json")).expect("deleted by another");
    assert_eq!(code(tasks.get(8).await), "task_not_found");
}

#[tokio::test]
async fn of_two_programs_that_want_the_same_task_one_gets_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, other) = (over(folder.path(), "one"), over(folder.path(), "other"));
    for number in 0..20 {
        one.create(NewTask::called(format!("Step {number}"))).await.expect("made");
    }
    let takes = async |tasks: &TaskManager<FileStore>| {
        let mut taken = Vec::new();
        while let Some(task) = tasks.next(None).await.expect("a look") {
            taken.push(task.number);
            tokio::task::yield_now().await;
        }
        taken
    };
    let (first, second) = tokio::join!(takes(&one), takes(&other));
    let mut all: Vec<_> = first.iter().chain(&second).copied().collect();
    all.sort_unstable();
    assert_eq!(all, (1..=20).collect::<Vec<_>>());
    assert_eq!(code(other.update(first[0], begun()).await), "task_held");
}

/// A workspace's list as MCP has it: the same rules behind HTTP.
fn rpc(store: &MemoryStore, streams: &Mutex<Vec<Sender<String>>>, request: &Request) -> Reply {
    if request.method == "GET" {
        let (say, hear) = channel();
        streams.lock().expect("the streams").push(say);
        return Reply::Stream(hear);
    }
    if request.method == "DELETE" {
        return Reply::Json(204, Value::Null);
    }
    let message = request.json();
    let Some(id) = message.get("id") else { return Reply::Json(202, Value::Null) };
    let result = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    if message["method"] == "initialize" {
        let welcome = json!({
            "protocolVersion": message["params"]["protocolVersion"],
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "test", "version": "1"},
        });
        return Reply::With(200, ("mcp-session-id", "s1".into()), result(welcome));
    }
    let tools = ["TaskCreate", "TaskGet", "TaskUpdate", "TaskList", "TaskNext"];
    let tool = tools.into_iter().find(|tool| message["params"]["name"] == *tool).expect("a tool of lists");
    let arguments = message["params"]["arguments"].as_object().cloned().unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let answer = match runtime.block_on(store.call(tool, arguments)) {
        Ok(value) => json!({"content": [], "structuredContent": value}),
        Err(why) => json!({"content": [], "isError": true, "structuredContent": {"code": why.code, "detail": why.detail}}),
    };
    Reply::Json(200, result(answer))
}

#[tokio::test]
async fn a_list_of_a_workspace_follows_the_rules_over_mcp_and_refuses_by_the_same_codes() {
    let store = MemoryStore::new("main", "planner").expect("a store");
    let streams = Mutex::new(Vec::new());
    let at = serve(move |request| rpc(&store, &streams, &request));
    let address = Address::parse(&format!("http://{at}/mcp/0123456789ABCDEFGHIJKL?token=t"), &Beside::default()).expect("an address");
    works(&TaskManager::new(WorkspaceStore::new(&address).expect("a store"))).await;
    let nowhere = Address::parse("http://127.0.0.1:9/mcp/0123456789ABCDEFGHIJKL?token=t", &Beside::default()).expect("an address");
    assert_eq!(code(TaskManager::new(WorkspaceStore::new(&nowhere).expect("a store")).get(1).await), "unreachable");
}

#[test]
fn a_platform_without_files_says_so_by_its_code() {
    assert_eq!(TaskError::file_store_not_supported().code, "file_task_store_not_supported");
}
