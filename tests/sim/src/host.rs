//! The authority for a host that speaks JSON: the tests of the page's own code put it behind their network (web/tests/seeds).
//!
//! The host writes a question into the room that it asked for, and reads the answer where it is told:
//!
//! ```text
//! "begin"                                        a new workspace               → null
//! {"act": {actor, command, now}}                 somebody else does something  → null, or why not
//! {"commands": {actor, batch, now, crash}}       a batch of the page           → {answer}, {problem} or "crashed"
//! {"snapshot": {actor}}, {"thread": {task}}                                    → what the route of that name answers, or null
//! {"since": {cursor}}                            what a stream is told first   → {head, missed}: commits, or null where it begins anew
//! "told"                                         what open streams are told    → {commits, died}
//! "effects"                                      how each command ended        → {id: [times it took effect, times refused]}
//! ```

use std::cell::RefCell;

use agentrq_core::command::Command;
use agentrq_core::cursor::Cursor;
use agentrq_core::id::TaskId;
use agentrq_core::model::Actor;
use agentrq_core::sync::authority::Batch;
use agentrq_core::sync::delta::{Frame, Snapshot};
use agentrq_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::server::{Crash, Fault, News, Server};
use crate::stats::Stats;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Question {
    Begin,
    Act { actor: Actor, command: Command, now: u64 },
    Commands { actor: Actor, batch: Batch, now: u64, crash: Option<Dies> },
    Snapshot { actor: Actor },
    Thread { task: TaskId },
    Since { cursor: Option<Cursor> },
    Told,
    Effects,
}

/// Where the server dies in the first commit of a batch.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Dies {
    BeforePersisting,
    BeforePublishing,
}

struct Host {
    server: Server,
    stats: Stats,
    text: Vec<u8>,
}

thread_local! {
    static HOST: RefCell<Host> =
        RefCell::new(Host { server: Server::new(Timestamp::from_ms(0)), stats: Stats::default(), text: Vec::new() });
}

/// Room for a question of so many bytes.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn room(bytes: usize) -> *mut u8 {
    HOST.with_borrow_mut(|host| {
        host.text = vec![0; bytes];
        host.text.as_mut_ptr()
    })
}

/// Answers the question in the room: how many bytes the answer has.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn ask() -> usize {
    HOST.with_borrow_mut(|host| {
        let answer = match serde_json::from_slice(&host.text) {
            Ok(question) => host.answer(question),
            Err(error) => json!({"wrong": error.to_string()}),
        };
        host.text = answer.to_string().into_bytes();
        host.text.len()
    })
}

/// Where the answer stands until the next question.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn answer() -> *const u8 {
    HOST.with_borrow(|host| host.text.as_ptr())
}

impl Host {
    fn answer(&mut self, question: Question) -> Value {
        match question {
            Question::Begin => {
                self.server = Server::new(Timestamp::from_ms(0));
                Value::Null
            }
            Question::Act { actor, command, now } => match self.server.act(&actor, command, Timestamp::from_ms(now), &mut self.stats) {
                Ok(()) => Value::Null,
                Err(Fault::Refused(problem)) => json!(problem),
                Err(Fault::Crashed) => json!("crashed"),
            },
            Question::Commands { actor, batch, now, crash } => {
                self.server.crash = crash.map(|crash| match crash {
                    Dies::BeforePersisting => Crash::BeforePersisting,
                    Dies::BeforePublishing => Crash::BeforePublishing,
                });
                match self.server.commands(&actor, batch, Timestamp::from_ms(now), &mut self.stats) {
                    Ok(answer) => json!({"answer": answer}),
                    Err(Fault::Refused(problem)) => json!({"problem": problem}),
                    Err(Fault::Crashed) => json!("crashed"),
                }
            }
            Question::Snapshot { actor } => json!(self.whole(&actor)),
            Question::Thread { task } => json!(self.server.thread(task)),
            Question::Since { cursor } => {
                let head = self.server.durable.cursor();
                let missed = self.server.since(cursor.as_ref().unwrap_or(&head));
                json!({"head": head, "missed": missed.as_deref().map(commits)})
            }
            Question::Told => {
                let news = std::mem::take(&mut self.server.news);
                let died = news.iter().any(|news| matches!(news, News::Died));
                let commits: Vec<Vec<Frame>> = news
                    .into_iter()
                    .filter_map(|news| if let News::Frames { frames } = news { Some(frames.to_vec()) } else { None })
                    .collect();
                json!({"commits": commits, "died": died})
            }
            Question::Effects => json!(self.server.durable.effects),
        }
    }
}

impl Host {
    /// The snapshot with everything in it: what a page shows is held against it.
    fn whole(&self, me: &Actor) -> Option<Snapshot> {
        let store = &self.server.durable.store;
        let (tasks, deliveries) = (store.tasks().cloned().collect(), store.deliveries().cloned().collect());
        Some(Snapshot { tasks, next_cursor: None, deliveries, ..self.server.snapshot(me)? })
    }
}

/// Frames as commits: each ends with the frame that says where it ends.
fn commits(frames: &[Frame]) -> Vec<&[Frame]> {
    frames.chunk_by(|frame, _| frame.end.is_none()).collect()
}
