//! A list of tasks, whatever keeps it.

use agentrq_core::interchange::claude_file::FileStatus;
use agentrq_core::json::Word as _;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::TaskError;

/// What keeps a list. It understands the calls of Claude Code's task tools: TaskCreate, TaskGet, TaskUpdate, TaskList, and TaskNext.
pub trait TaskStore {
    /// Makes a call, and answers with its structured value.
    ///
    /// # Errors
    /// Nothing has changed, and why.
    fn call(&self, tool: &'static str, arguments: Map<String, Value>) -> impl Future<Output = Result<Value, TaskError>>;
}

/// A task of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    pub number: u64,
    pub subject: String,
    /// Absent in a list.
    pub description: Option<String>,
    pub active_form: Option<String>,
    pub owner: Option<String>,
    pub status: FileStatus,
    pub blocks: Vec<u64>,
    pub blocked_by: Vec<u64>,
    pub metadata: Map<String, Value>,
}

/// A task as it is made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTask {
    pub subject: String,
    pub description: String,
    pub active_form: Option<String>,
    pub owner: Option<String>,
    pub blocks: Vec<u64>,
    pub blocked_by: Vec<u64>,
    pub metadata: Map<String, Value>,
}

impl NewTask {
    pub fn called(subject: impl Into<String>) -> Self {
        Self { subject: subject.into(), ..Self::default() }
    }
}

/// What shall change about a task; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TaskChange {
    pub subject: Option<String>,
    pub description: Option<String>,
    /// An empty text takes it away.
    pub active_form: Option<String>,
    pub status: Option<FileStatus>,
    /// An empty text gives it back.
    pub owner: Option<String>,
    pub add_blocks: Vec<u64>,
    pub add_blocked_by: Vec<u64>,
    pub remove_blocks: Vec<u64>,
    pub remove_blocked_by: Vec<u64>,
    /// Name by name; null takes a name away.
    pub metadata: Map<String, Value>,
}

/// A list of tasks.
#[derive(Clone, Debug)]
pub struct TaskManager<S> {
    store: S,
}

impl<S: TaskStore> TaskManager<S> {
    pub fn new(store: S) -> Self {
        Self { store }
    }

    /// Puts a task on the list. One with the `metadata.task_uid` of one that is there is that task.
    ///
    /// # Errors
    /// It is not made, and why.
    pub async fn create(&self, new: NewTask) -> Result<Task, TaskError> {
        let NewTask { subject, description, active_form, owner, blocks, blocked_by, metadata } = new;
        let said = [("activeForm", active_form), ("owner", owner)];
        let mut asked = object(json!({"subject": subject, "description": description, "metadata": metadata}));
        asked.extend(said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
        name_all(&mut asked, [("blocks", blocks), ("blockedBy", blocked_by)]);
        task(&self.store.call("TaskCreate", asked).await?)
    }

    /// # Errors
    /// `task_not_found`.
    pub async fn get(&self, number: u64) -> Result<Task, TaskError> {
        task(&self.store.call("TaskGet", named(number)).await?)
    }

    /// All of it, or nothing.
    ///
    /// # Errors
    /// `task_not_found`, `task_held`, `dependency_cycle` … : nothing has changed.
    pub async fn update(&self, number: u64, change: TaskChange) -> Result<Task, TaskError> {
        let TaskChange { subject, description, active_form, status, owner, metadata, .. } = change;
        let status = status.map(|status| status.on_the_wire().to_owned());
        let said = [("subject", subject), ("description", description), ("activeForm", active_form), ("status", status), ("owner", owner)];
        let mut asked = named(number);
        asked.extend(said.into_iter().filter_map(|(name, text)| Some((name.to_owned(), json!(text?)))));
        if !metadata.is_empty() {
            asked.insert("metadata".to_owned(), Value::Object(metadata));
        }
        let arrows = [
            ("addBlocks", change.add_blocks),
            ("addBlockedBy", change.add_blocked_by),
            ("removeBlocks", change.remove_blocks),
            ("removeBlockedBy", change.remove_blocked_by),
        ];
        name_all(&mut asked, arrows);
        task(&self.store.call("TaskUpdate", asked).await?["task"])
    }

    /// # Errors
    /// `task_not_found`, or `task_held` by another.
    pub async fn delete(&self, number: u64) -> Result<(), TaskError> {
        let mut asked = named(number);
        asked.insert("status".to_owned(), json!("deleted"));
        self.store.call("TaskUpdate", asked).await.map(drop)
    }

    /// All tasks, without their descriptions, in the order of their numbers.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn list(&self) -> Result<Vec<Task>, TaskError> {
        let mut all = Vec::new();
        let mut asked = Map::new();
        loop {
            let page = self.store.call("TaskList", asked.clone()).await?;
            for found in page["tasks"].as_array().into_iter().flatten() {
                all.push(task(found)?);
            }
            match page["nextCursor"].as_str() {
                Some(next) => drop(asked.insert("cursor".to_owned(), json!(next))),
                None => return Ok(all),
            }
        }
    }

    /// Claims the task to do next, in one step: the most urgent that is nobody's and free to begin. `owner`: under which name, if not the store's own.
    ///
    /// # Errors
    /// The list cannot be read.
    pub async fn next(&self, owner: Option<&str>) -> Result<Option<Task>, TaskError> {
        let asked = owner.map(|owner| ("owner".to_owned(), json!(owner))).into_iter().collect();
        let found = self.store.call("TaskNext", asked).await?;
        Some(&found["task"]).filter(|found| !found.is_null()).map(task).transpose()
    }
}

fn named(number: u64) -> Map<String, Value> {
    object(json!({"taskId": number.to_string()}))
}

fn name_all(asked: &mut Map<String, Value>, lists: impl IntoIterator<Item = (&'static str, Vec<u64>)>) {
    for (name, numbers) in lists.into_iter().filter(|(_, numbers)| !numbers.is_empty()) {
        asked.insert(name.to_owned(), numbers.iter().map(|number| json!(number.to_string())).collect());
    }
}

fn object(value: Value) -> Map<String, Value> {
    if let Value::Object(object) = value { object } else { Map::new() }
}

/// A task as the tools have it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Facts {
    id: String,
    subject: String,
    description: Option<String>,
    active_form: Option<String>,
    owner: Option<String>,
    status: String,
    #[serde(default)]
    blocks: Vec<String>,
    #[serde(default)]
    blocked_by: Vec<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

fn task(value: &Value) -> Result<Task, TaskError> {
    let unreadable = |why: &dyn std::fmt::Display| TaskError::new("unreadable", format!("the answer names no task: {why}"));
    let facts = Facts::deserialize(value).map_err(|why| unreadable(&why))?;
    let numbers = |texts: &[String]| texts.iter().filter_map(|text| text.parse().ok()).collect();
    Ok(Task {
        number: facts.id.parse().map_err(|_| unreadable(&facts.id))?,
        status: FileStatus::of_wire(&facts.status).map_err(|why| unreadable(&why))?,
        // Where nobody said, the tools say the subject.
        active_form: facts.active_form.filter(|form| *form != facts.subject),
        subject: facts.subject,
        description: facts.description,
        owner: facts.owner,
        blocks: numbers(&facts.blocks),
        blocked_by: numbers(&facts.blocked_by),
        metadata: facts.metadata,
    })
}
