//! What a browser keeps of a replica between two visits: everything that is confirmed, as one JSON text, or as one with some of the tasks and
//! pages of the others.
//!
//! What is pending is not part of it; the outbox keeps that. A text that another build wrote is refused: it may lack
//! what this build would show. The browser begins from a snapshot then.

use std::collections::BTreeSet;
use std::fmt;

use crate::cursor::Cursor;
use crate::id::TaskId;
use crate::json;
use crate::model::{Actor, Agent, Delivery, DeliveryState, Entity, Message, Task, Turn, Workspace};
use crate::store::{Extent, MemoryStore};
use crate::table::Table;
use crate::{reads, writes};

/// Raised with every change to what stands in a checkpoint; a test knows when.
pub const FORMAT: u32 = 5;

/// The threads of which at least the newest page is here, each with where its older messages go on, if they do.
pub(super) type Threads = Table<Option<String>>;

/// As it is written: with what the replica holds.
#[derive()]
struct Written<'a> {
    format: u32,
    cursor: &'a Cursor,
    me: Option<&'a Actor>,
    workspace: Option<&'a Workspace>,
    tasks: Vec<&'a Task>,
    gone: Vec<TaskId>,
    agents: Vec<&'a Agent>,
    deliveries: Vec<&'a Delivery>,
    messages: Vec<&'a Message>,
    threads: Vec<(TaskId, Option<&'a str>)>,
}

writes!(Written<'_> { format, cursor, me, workspace, tasks, gone, agents, deliveries, messages, threads });

/// As it is read: with what the replica will hold.
#[derive()]
struct Checkpoint {
    format: u32,
    cursor: Cursor,
    me: Option<Actor>,
    workspace: Option<Workspace>,
    tasks: Vec<Task>,
    /// Tasks that were deleted.
    gone: Vec<TaskId>,
    agents: Vec<Agent>,
    deliveries: Vec<Delivery>,
    messages: Vec<Message>,
    threads: Vec<(TaskId, Option<String>)>,
}

reads!(Checkpoint { format, cursor, me, workspace, tasks, gone, agents, deliveries, messages, threads });

/// What a checkpoint gives back.
#[derive(Clone, Debug)]
pub(super) struct Restored {
    pub cursor: Cursor,
    pub me: Option<Actor>,
    pub store: MemoryStore,
    pub threads: Threads,
}

/// Why a text is no checkpoint of this build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Another build wrote it.
    Format {
        found: u32,
    },
    Broken {
        why: String,
    },
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Format { found } => write!(f, "a checkpoint of format {found}; this build reads format {FORMAT}: begin from a snapshot"),
            Self::Broken { why } => write!(f, "no checkpoint: {why}; begin from a snapshot"),
        }
    }
}

impl std::error::Error for Unreadable {}

/// A page of the tasks that a checkpoint leaves out, of the form in which they come from the server.
#[derive()]
struct Page<'a> {
    tasks: Vec<&'a Task>,
}

writes!(Page<'_> { tasks });

/// As many tasks stand in a piece.
const PIECE: usize = 500;

/// The next piece of what [`write`] writes at once: the whole with some of the tasks, then some more of them; none where there are no more. What
/// waits for people comes first, then the newest: with the first piece alone there is something to look at.
pub(super) fn write_piece(
    at: usize,
    cursor: &Cursor,
    me: Option<&Actor>,
    store: &MemoryStore,
    threads: &Threads,
    keep: &BTreeSet<TaskId>,
) -> Option<String> {
    let mut all: Vec<_> = store.tasks().collect();
    all.reverse();
    all.sort_by_key(|task| task.turn != Turn::Human);
    let tasks: Vec<_> = all.into_iter().skip(at * PIECE).take(PIECE).collect();
    if at == 0 {
        return Some(write(cursor, me, store, threads, keep, tasks));
    }
    if tasks.is_empty() { None } else { Some(json::to_string(&Page { tasks })) }
}

/// Writes what a replica holds at `cursor`, with these tasks, and with the threads of the tasks in `keep` only.
pub(super) fn write(
    cursor: &Cursor,
    me: Option<&Actor>,
    store: &MemoryStore,
    threads: &Threads,
    keep: &BTreeSet<TaskId>,
    tasks: Vec<&Task>,
) -> String {
    let is_kept = |task: TaskId| keep.contains(&task) && threads.get(task.0).is_some();
    let threads: Vec<_> =
        threads.iter().map(|(task, next)| (TaskId(task), next.as_deref())).filter(|(task, _)| keep.contains(task)).collect();
    let written = Written {
        format: FORMAT,
        cursor,
        me,
        workspace: store.holds_workspace(),
        tasks,
        gone: store.gone().collect(),
        agents: store.agents().collect(),
        deliveries: store.deliveries().filter(|delivery| delivery.state != DeliveryState::Seen || is_kept(delivery.task)).collect(),
        messages: threads.iter().flat_map(|(task, _)| store.thread(*task)).collect(),
        threads,
    };
    json::to_string(&written)
}

#[derive()]
struct Head {
    format: u32,
}

reads!(Head { format });

/// Reads what [`write`] wrote.
pub(super) fn read(text: &str) -> Result<Restored, Unreadable> {
    let broken = |error: json::Error| Unreadable::Broken { why: error.to_string() };
    // Another build's text may differ in anything but this.
    let checkpoint: Checkpoint = match json::from_str(text) {
        Ok(Checkpoint { format, .. }) if format != FORMAT => return Err(Unreadable::Format { found: format }),
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            let head: Head = json::from_str(text).map_err(broken)?;
            return Err(if head.format == FORMAT { broken(error) } else { Unreadable::Format { found: head.format } });
        }
    };
    let mut store = MemoryStore::new(Extent::Part);
    store.set_head(checkpoint.cursor.seq);
    checkpoint.workspace.into_iter().for_each(|it| store.put(Entity::Workspace(it)));
    checkpoint.tasks.into_iter().for_each(|it| store.put(Entity::Task(it)));
    checkpoint.agents.into_iter().for_each(|it| store.put(Entity::Agent(it)));
    checkpoint.deliveries.into_iter().for_each(|it| store.put(Entity::Delivery(it)));
    checkpoint.messages.into_iter().for_each(|it| store.put(Entity::Message(it)));
    checkpoint.gone.into_iter().for_each(|id| store.bury(id));
    let mut threads = Threads::default();
    checkpoint.threads.into_iter().for_each(|(task, next)| drop(threads.insert(task.0, next)));
    Ok(Restored { cursor: checkpoint.cursor, me: checkpoint.me, store, threads })
}
