//! What AgentRQ answers to the bridge: a session, two tools, and the output of one task.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use super::{Reply, Request, serve};

pub const TASK: &str = "abcDEF12345";

/// What goes wrong with the next post of output.
#[derive(Clone, Debug)]
pub enum Fault {
    /// It is taken, and the answer is lost.
    AnswerLost,
    /// It never arrives.
    RequestLost,
    Status(u16),
    /// As if so many bytes were there.
    Gap(u64),
    /// Only so many bytes of it are taken.
    Part(usize),
    /// It is taken, and the answer says that a stop was asked for.
    Stop,
    /// It is taken.
    None,
}

/// A command that is asked for.
#[derive(Clone, Debug)]
pub struct Asked {
    pub command: String,
    pub status: String,
    /// What is noted about it.
    pub metadata: Value,
    /// Of all tasks on the list it waits for the one with this number, and whether that one is done.
    pub after: Option<(String, bool)>,
    /// Another of the same name claims it at the last moment.
    pub has_rival: bool,
}

impl Asked {
    pub fn pending(command: &str) -> Self {
        Self { command: command.into(), status: "pending".into(), metadata: json!({}), after: None, has_rival: false }
    }

    fn facts(&self) -> Value {
        let is_free = self.after.as_ref().is_none_or(|(_, is_done)| *is_done);
        json!({
            "taskId": TASK, "id": "7", "owner": null, "fence": 4, "metadata": self.metadata, "wave": if is_free { json!(1) } else { Value::Null },
            "blockedBy": self.after.iter().map(|(number, _)| number).collect::<Vec<_>>(),
            "background": {"type": "local_bash", "status": self.status, "command": self.command},
        })
    }
}

#[derive(Default)]
pub struct State {
    /// What the list holds for a runner.
    pub asked: Option<Asked>,
    /// The next call of this tool is done, and its answer lost.
    pub loses: Option<&'static str>,
    pub output: Vec<u8>,
    pub posts: usize,
    pub calls: Vec<(String, Value)>,
    /// The session that each of them named.
    pub sessions: Vec<Option<String>>,
    pub tokens: Vec<String>,
    pub query: String,
    /// The claim that the output rests on.
    pub fence: Option<String>,
    pub ended: bool,
    pub faults: VecDeque<Fault>,
    /// What is answered to MCP's next posts, if not what is right.
    pub door: VecDeque<u16>,
    /// So many calls are done, and their answers lost.
    pub answers_lost: usize,
    /// What is answered to who next asks for the stream.
    pub stream_faults: VecDeque<u16>,
    /// What TaskCreate answers, if it refuses.
    pub refusal: Option<String>,
    streams: Vec<Sender<String>>,
}

/// A server, and what it has seen.
#[derive(Clone)]
pub struct World {
    pub at: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl World {
    pub fn begin(faults: impl IntoIterator<Item = Fault>) -> Self {
        let shared = Arc::new((Mutex::new(State { faults: faults.into_iter().collect(), ..State::default() }), Condvar::new()));
        let its = shared.clone();
        let at = serve(move |request| {
            let reply = answer(&mut its.0.lock().expect("the state"), &request);
            its.1.notify_all();
            reply
        });
        Self { at, shared }
    }

    pub fn url(&self) -> String {
        format!("http://{}/mcp/0123456789ABCDEFGHIJKL?token=s3cret&agent=laptop", self.at)
    }

    pub fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.shared.0.lock().expect("the state"))
    }

    /// Waits until it is so.
    pub fn until(&self, is_so: impl Fn(&State) -> bool) {
        let state = self.shared.0.lock().expect("the state");
        drop(self.shared.1.wait_while(state, |state| !is_so(state)).expect("the state"));
    }

    /// Tells the agent something on the session's stream.
    pub fn tell(&self, meta: &Value) {
        self.until(|state| !state.streams.is_empty());
        let event = json!({"jsonrpc": "2.0", "method": "notifications/claude/channel", "params": {"content": "Stop", "meta": meta}});
        self.with(|state| state.streams.retain(|stream| stream.send(event.to_string()).is_ok()));
    }

    /// Cuts the session's stream.
    pub fn cut(&self) {
        self.until(|state| !state.streams.is_empty());
        self.with(|state| state.streams.clear());
    }

    /// The arguments of each call of TaskUpdate.
    pub fn updates(&self) -> Vec<Value> {
        self.with(|state| state.calls.iter().filter(|(tool, _)| tool == "TaskUpdate").map(|(_, arguments)| arguments.clone()).collect())
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    state.tokens.push(request.header("authorization").unwrap_or_default().to_owned());
    if request.path == format!("/api/workspaces/0123456789ABCDEFGHIJKL/tasks/{TASK}/output") {
        return output(state, request);
    }
    if request.path != "/mcp/0123456789ABCDEFGHIJKL" {
        return Reply::Json(404, json!({"code": "not_found", "detail": "nothing is here"}));
    }
    state.query.clone_from(&request.query);
    match request.method.as_str() {
        "GET" => match state.stream_faults.pop_front() {
            Some(status) => Reply::Json(status, Value::Null),
            None => Reply::Stream(stream(state)),
        },
        "DELETE" => {
            state.ended = true;
            Reply::Json(204, Value::Null)
        }
        _ => match state.door.pop_front() {
            Some(status) => Reply::Json(status, json!({"code": "x", "title": "No", "detail": "this is not for you"})),
            None => rpc(state, request),
        },
    }
}

fn stream(state: &mut State) -> Receiver<String> {
    let (say, hear) = channel();
    state.streams.push(say);
    hear
}

fn rpc(state: &mut State, request: &Request) -> Reply {
    let message = &request.json();
    let Some(id) = message.get("id") else { return Reply::Json(202, Value::Null) };
    let result = |result: Value| json!({"jsonrpc": "2.0", "id": id, "result": result});
    match message["method"].as_str() {
        Some("initialize") => {
            let version = &message["params"]["protocolVersion"];
            let welcome =
                json!({"protocolVersion": version, "capabilities": {"tools": {}}, "serverInfo": {"name": "test", "version": "1"}});
            Reply::With(200, ("mcp-session-id", "s1".into()), result(welcome))
        }
        Some("tools/call") => {
            let tool = message["params"]["name"].as_str().unwrap_or_default().to_owned();
            let answer = match (tool.as_str(), &state.refusal) {
                ("TaskCreate", Some(why)) => json!({"content": [{"type": "text", "text": why}], "isError": true}),
                ("TaskNext", Some(why)) => json!({"content": [{"type": "text", "text": why}], "isError": true}),
                ("TaskCreate", None) => json!({"content": [], "structuredContent": {"id": "7", "taskId": TASK, "fence": 4}}),
                (tool, _) if state.asked.is_some() => json!({"content": [], "structuredContent": of_list(state, tool, &message["params"])}),
                _ => json!({"content": [], "structuredContent": {"success": true, "task": {"taskId": TASK, "fence": 4}}}),
            };
            let is_lost = state.loses.take_if(|loses| *loses == tool).is_some();
            state.sessions.push(request.header("mcp-session-id").map(str::to_owned));
            state.calls.push((tool, message["params"]["arguments"].clone()));
            if let Some(left) = state.answers_lost.checked_sub(1) {
                state.answers_lost = left;
                return Reply::Cut;
            }
            if is_lost { Reply::Cut } else { Reply::Json(200, result(answer)) }
        }
        _ => Reply::Json(200, result(json!({}))),
    }
}

/// What the tools of a list answer to a runner.
fn of_list(state: &mut State, tool: &str, params: &Value) -> Value {
    let Some(asked) = &mut state.asked else { return Value::Null };
    match tool {
        "TaskNext" => json!({"task": null}),
        "TaskGet" => asked.facts(),
        "TaskUpdate" => {
            let to = params["arguments"]["status"].as_str().unwrap_or_default();
            if std::mem::take(&mut asked.has_rival) {
                asked.status = "running".into();
            }
            let was = std::mem::replace(&mut asked.status, to.to_owned());
            if let Some(noted) = params["arguments"].get("metadata") {
                asked.metadata = noted.clone();
            }
            let mut answer = json!({"success": true, "task": asked.facts()});
            if was != to {
                answer["statusChange"] = json!({"from": was, "to": to});
            }
            answer
        }
        _ => {
            let mut listed = asked.facts();
            // As the server has it: a list says in which wave it would be.
            listed["wave"] = json!(1);
            let tasks: Vec<_> = Some(listed).into_iter().filter(|_| asked.status == "pending").collect();
            json!({"tasks": tasks, "nextCursor": null})
        }
    }
}

fn output(state: &mut State, request: &Request) -> Reply {
    state.posts += 1;
    assert!(request.body.len() <= 1 << 20, "a post has at most 1 MiB");
    assert_eq!(request.header("content-type"), Some("application/octet-stream"));
    state.fence = request.query("fence");
    let offset: usize = request.query("offset").and_then(|offset| offset.parse().ok()).expect("an offset");
    assert!(matches!(request.query("agent").as_deref(), Some("laptop-run" | "laptop-runner")));
    let fault = state.faults.pop_front().unwrap_or(Fault::None);
    let gap = |length: usize| Reply::Json(409, json!({"code": "output_gap", "length": length, "title": "Bytes are missing before these"}));
    let take = |state: &mut State, most: usize| {
        let known = state.output.len().saturating_sub(offset).min(request.body.len());
        let new = &request.body[known..];
        state.output.extend(&new[..new.len().min(most)]);
    };
    match fault {
        Fault::RequestLost => return Reply::Cut,
        Fault::Status(status @ (429 | 503)) => return Reply::With(status, ("retry-after", "0".into()), Value::Null),
        Fault::Status(status) => return Reply::Json(status, json!({"code": "x", "detail": "it is not wanted"})),
        Fault::Gap(length) => return gap(usize::try_from(length).expect("small")),
        _ if offset > state.output.len() => return gap(state.output.len()),
        Fault::Part(most) => take(state, most),
        Fault::AnswerLost | Fault::Stop | Fault::None => take(state, usize::MAX),
    }
    let stop = if matches!(fault, Fault::Stop) { json!({"by": "Ann"}) } else { Value::Null };
    match fault {
        Fault::AnswerLost => Reply::Cut,
        _ => Reply::Json(200, json!({"length": state.output.len(), "stop": stop})),
    }
}
