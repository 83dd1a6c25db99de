//! A list in Claude Code's files. Each call locks the list, looks at what has changed, decides on all of it, and writes what has come of it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use agentrq_core::decision::Change;
use agentrq_core::id::TaskId;
use agentrq_core::interchange::claude_file::ClaudeTask;
use agentrq_core::model::{Entity, EntityRef};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::board::{Board, number_of};
use super::{TaskError, TaskStore};
use crate::files::fields::Fields;
use crate::files::{Held, ListDirectory, NotLocked, Snapshot};

/// The code where the files cannot be read or written, or their lock not be had: nothing is certain to have changed.
const FILES: &str = "task_files_unavailable";

/// A list in a directory.
#[derive(Debug)]
pub struct FileStore {
    directory: ListDirectory,
    known: Mutex<Known>,
}

/// What is known of the files.
#[derive(Debug)]
struct Known {
    snapshot: Snapshot,
    board: Board,
}

impl FileStore {
    /// The list in a directory, on which `agent` acts. The directory is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made, or a name is none. Where there is no such store: `file_task_store_not_supported`.
    pub fn open(directory: &Path, list: &str, agent: &str) -> Result<Self, TaskError> {
        let known = Mutex::new(Known { snapshot: Snapshot::default(), board: Board::new(list, agent)? });
        Ok(Self { directory: ListDirectory::open(directory)?, known })
    }
}

impl From<io::Error> for TaskError {
    fn from(why: io::Error) -> Self {
        Self::new(FILES, why)
    }
}

impl From<NotLocked> for TaskError {
    fn from(why: NotLocked) -> Self {
        Self::new(FILES, why)
    }
}

impl TaskStore for FileStore {
    async fn call(&self, tool: &'static str, arguments: Map<String, Value>) -> Result<Value, TaskError> {
        let mut known = self.known.lock().await;
        let mut held = self.directory.lock().await?;
        let Known { snapshot, board } = &mut *known;
        snapshot.refresh(&self.directory)?;
        board.see(snapshot);
        let number = held.number(None, snapshot.highest())?;
        let done = board.call(tool, &arguments, Some(number))?;
        let written = write(&mut held, snapshot, board, &done.changes).await;
        // What was decided and not written is not so: the files are looked at again.
        match written {
            Ok(()) => Ok(done.value),
            Err(why) => {
                board.forget();
                Err(why)
            }
        }
    }
}

/// Writes what has changed into the files: each task into its own, and what waits for it into those that it waits for.
async fn write(held: &mut Held<'_>, snapshot: &Snapshot, board: &Board, changes: &[Change]) -> Result<(), TaskError> {
    let tasks: BTreeSet<TaskId> = changes.iter().filter_map(task_of).collect();
    let file_of = |number: u64| snapshot.task(number).cloned().unwrap_or_else(|| ClaudeTask::new(number, ""));
    let mut files: BTreeMap<u64, ClaudeTask> = BTreeMap::new();
    for id in &tasks {
        let Some((number, after)) = board.fields(*id) else { continue };
        let before = Fields::of_file(&file_of(number), snapshot.waits_for(number));
        after.put(&before, files.entry(number).or_insert_with(|| file_of(number)));
        for other in before.waits_for.symmetric_difference(&after.waits_for).filter(|other| board.has(**other)) {
            let blocker = files.entry(*other).or_insert_with(|| file_of(*other));
            blocker.blocks.retain(|waiting| *waiting != number);
            if after.waits_for.contains(other) {
                blocker.blocks.push(number);
            }
        }
    }
    let gone: BTreeSet<u64> = snapshot.numbers().filter(|number| snapshot.task(*number).is_some() && !board.has(*number)).collect();
    held.own(files.keys().chain(&gone).copied().collect()).await?;
    for file in files.values().filter(|file| !gone.contains(&file.id) && snapshot.task(file.id) != Some(file)) {
        held.write(file)?;
    }
    for number in gone {
        held.remove(number)?;
    }
    Ok(())
}

fn task_of(change: &Change) -> Option<TaskId> {
    match change {
        Change::Put { entity } => match &**entity {
            Entity::Task(task) => number_of(task).map(|_| task.id),
            Entity::Message(message) => Some(message.task),
            _ => None,
        },
        Change::Delete { entity: EntityRef::Task { id } } => Some(*id),
    }
}
