//! The resources of this dialect: the workspace, what waits for the agent, each task and each thread.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value, json};

use super::answer;
use crate::decision::{Change, Event, EventType};
use crate::id::TaskId;
use crate::lifecycle::Status;
use crate::limits;
use crate::mcp::jsonrpc::RpcError;
use crate::mcp::page;
use crate::mcp::resource::{Definition, RESOURCE_NOT_FOUND, Template};
use crate::mcp::tool::TaskRef;
use crate::model::{AgentName, DeliveryState, Entity, EntityRef, Message, Task, Turn};

/// Tasks on a page of the list: each comes with its thread, and the first page begins with the workspace and the inbox.
pub const LISTED_TASKS: usize = (limits::PAGE - 2) / 2;
/// The newest messages of a thread that stand in its resource.
pub const THREAD_MESSAGES: usize = limits::PAGE;

/// The resources that every task has.
pub const TEMPLATES: [Template; 2] = [
    Template {
        uri: "agentrq://tasks/{task}",
        name: "task",
        title: "Task",
        description: "Where a task stands: status, whose turn it is, verdict. {task} is its id, or its number",
    },
    Template {
        uri: "agentrq://tasks/{task}/thread",
        name: "thread",
        title: "Thread of a task",
        description: "A task with the newest messages of its thread. {task} is its id, or its number",
    },
];

/// What a resource's URI names. Tasks are named by id; a request may name them by number too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceUri<T = TaskId> {
    /// Name, mission and how much waits for whom.
    Workspace,
    /// What waits for the agent that reads it.
    Inbox,
    Task(T),
    Thread(T),
}

impl<T> ResourceUri<T> {
    /// The same resource, with its task named otherwise.
    pub fn map<U>(self, name: impl FnOnce(T) -> U) -> ResourceUri<U> {
        match self {
            Self::Workspace => ResourceUri::Workspace,
            Self::Inbox => ResourceUri::Inbox,
            Self::Task(task) => ResourceUri::Task(name(task)),
            Self::Thread(task) => ResourceUri::Thread(name(task)),
        }
    }

    /// The same resource, with its task looked up.
    ///
    /// # Errors
    /// When looking it up fails.
    pub fn find<U, E>(self, look: impl FnOnce(T) -> Result<Option<U>, E>) -> Result<Option<ResourceUri<U>>, E> {
        Ok(match self {
            Self::Workspace => Some(ResourceUri::Workspace),
            Self::Inbox => Some(ResourceUri::Inbox),
            Self::Task(task) => look(task)?.map(ResourceUri::Task),
            Self::Thread(task) => look(task)?.map(ResourceUri::Thread),
        })
    }
}

impl ResourceUri<TaskRef> {
    /// Reads `agentrq://workspace`, `agentrq://tasks/0ZRgCquBZ7R`, `agentrq://tasks/12/thread`.
    ///
    /// Scheme and authority are read in any case (RFC 3986, section 6.2.2.1), and a `#` as clients escape it in a template's variable.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if !scheme.eq_ignore_ascii_case("agentrq") {
            return None;
        }
        let path: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let task = |name: &str| TaskRef::parse(&name.replace("%23", "#"));
        match (authority.to_ascii_lowercase().as_str(), path.as_slice()) {
            ("workspace", [""]) => Some(Self::Workspace),
            ("inbox", [""]) => Some(Self::Inbox),
            ("tasks", [name]) => task(name).map(Self::Task),
            ("tasks", [name, "thread"]) => task(name).map(Self::Thread),
            _ => None,
        }
    }
}

impl fmt::Display for ResourceUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Workspace => f.write_str("agentrq://workspace"),
            Self::Inbox => f.write_str("agentrq://inbox"),
            Self::Task(id) => write!(f, "agentrq://tasks/{id}"),
            Self::Thread(id) => write!(f, "agentrq://tasks/{id}/thread"),
        }
    }
}

/// Says that a URI names nothing here, and which ones would.
pub fn not_found(uri: &str) -> RpcError {
    let uri: String = uri.chars().take(100).collect();
    let [task, thread] = TEMPLATES.map(|template| template.uri);
    let known = format!("{}, {}, {task} and {thread}", ResourceUri::Workspace, ResourceUri::Inbox);
    RpcError::new(RESOURCE_NOT_FOUND, format!("there is no resource {uri:?}; there are {known}, with {{task}} a task's id or number"))
}

/// What begins the list: the resources that every workspace has.
pub fn standing() -> [Definition; 2] {
    let definition = |uri: ResourceUri, name: &str, title: &str, description: &str| Definition {
        uri: uri.to_string(),
        name: name.to_owned(),
        title: title.to_owned(),
        description: description.to_owned(),
        modified: None,
    };
    [
        definition(ResourceUri::Workspace, "workspace", "Workspace", "Name and mission of the workspace, and how many tasks wait for whom"),
        definition(
            ResourceUri::Inbox,
            "inbox",
            "Inbox",
            "Answers and work that wait for this agent. What stands here when it is read counts as given to you",
        ),
    ]
}

/// A task and its thread, as the list shows them.
pub fn of_task(task: &Task) -> [Definition; 2] {
    let number = task.number.map_or_else(|| task.id.to_string(), |number| format!("#{number}"));
    let turn = match task.turn {
        Turn::Human => ", waits for a person",
        Turn::Agent => ", waits for an agent",
        Turn::Nobody => "",
    };
    let definition = |uri: ResourceUri, name: String, title: String, description: String| Definition {
        uri: uri.to_string(),
        name,
        title,
        description,
        modified: Some(task.updated_at),
    };
    [
        definition(
            ResourceUri::Task(task.id),
            format!("Task {number}"),
            task.title.clone(),
            format!("{}{turn}: {}", task.status.word(), task.excerpt),
        ),
        definition(
            ResourceUri::Thread(task.id),
            format!("Thread {number}"),
            format!("Thread: {}", task.title),
            format!("Messages: {}", task.messages),
        ),
    ]
}

/// Where a page of the list begins: after which task. `None`: at the beginning.
///
/// # Errors
/// When the cursor is none that was given.
pub fn list_place(params: &Map<String, Value>) -> Result<Option<TaskId>, RpcError> {
    page::cursor(params)?.map(|text| text.parse().map_err(|_| page::wrong_cursor())).transpose()
}

/// The cursor of the page after this task.
pub fn list_cursor(last: TaskId) -> String {
    last.to_string()
}

/// A task's head, as its resource shows it.
pub fn task(task: &Task) -> Value {
    let mut value = answer::head(task);
    value["excerpt"] = json!(task.excerpt);
    value["created_by"] = json!(task.created_by.to_string());
    value["agent"] = json!(task.agent);
    value["messages"] = json!(task.messages);
    value["created_at"] = json!(task.created_at);
    value["updated_at"] = json!(task.updated_at);
    value["waiting_since"] = json!(task.waiting_since);
    value["thread"] = json!(ResourceUri::Thread(task.id).to_string());
    value
}

/// A thread, as its resource shows it: the answer of getTaskMessages with the newest messages, which are given newest first, in the
/// order in which they were written. `older` is the call that reads on, where there are older ones.
pub fn thread(task: &Task, newest_first: &[Message], next_cursor: Option<String>) -> Value {
    let older = next_cursor.as_ref().map(|cursor| {
        let arguments = json!({"task_id": task.id, "order": "desc", "limit": limits::PAGE, "cursor": cursor});
        format!("getTaskMessages({arguments})")
    });
    let in_order: Vec<_> = newest_first.iter().rev().cloned().collect();
    let mut value = answer::messages(task, &in_order, next_cursor);
    value["older"] = json!(older);
    value
}

/// The inbox, as its resource shows it: the answer of waitForMessages, and whether more waits than it holds.
pub fn inbox(waited: Value, rest: Rest) -> Value {
    let mut value = waited;
    value["more"] = json!(rest == Rest::More);
    value
}

/// Whether something is left behind what was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    More,
    Nothing,
}

/// The resources that a commit changed.
///
/// A thread shows its task, and the workspace how many tasks wait for whom: both change with the task. What was given to an agent or seen
/// by it makes its inbox shorter, which is no news: the inbox changes when something is queued, or goes with a task.
pub fn touched(events: &[Event]) -> BTreeSet<ResourceUri> {
    let mut touched = BTreeSet::new();
    for change in events.iter().flat_map(|event| &event.changes) {
        match change {
            Change::Put { entity } => match &**entity {
                Entity::Workspace(_) => touched.extend([ResourceUri::Workspace]),
                Entity::Task(task) => touched.extend([ResourceUri::Workspace, ResourceUri::Task(task.id), ResourceUri::Thread(task.id)]),
                Entity::Message(message) => touched.extend([ResourceUri::Thread(message.task)]),
                Entity::Delivery(delivery) if delivery.state == DeliveryState::Queued => touched.extend([ResourceUri::Inbox]),
                Entity::Delivery(_) | Entity::Agent(_) => {}
            },
            Change::Delete { entity: EntityRef::Task { id } } => {
                touched.extend([ResourceUri::Workspace, ResourceUri::Inbox, ResourceUri::Task(*id), ResourceUri::Thread(*id)]);
            }
        }
    }
    touched
}

/// Of [`touched`], whether the inbox is this agent's: each agent reads its own under the same URI.
pub fn inbox_touched(events: &[Event], agent: &AgentName) -> bool {
    events.iter().flat_map(|event| &event.changes).any(|change| match change {
        Change::Put { entity } => match &**entity {
            Entity::Delivery(delivery) => delivery.state == DeliveryState::Queued && delivery.agent.as_ref().is_none_or(|to| to == agent),
            _ => false,
        },
        Change::Delete { .. } => true,
    })
}

/// Whether the list of resources has changed with a commit: it shows the open tasks under their titles.
pub fn list_changed(events: &[Event]) -> bool {
    events.iter().any(|event| match event.kind {
        EventType::TaskCreated | EventType::TaskUpdated | EventType::TaskDeleted => true,
        // It was closed; or, where it waits to be begun, perhaps reopened.
        EventType::StatusUpdated => event.changes.iter().any(
            |change| matches!(change, Change::Put { entity } if matches!(&**entity, Entity::Task(task) if task.status != Status::Active)),
        ),
        EventType::ReplyReceived
        | EventType::AgentConnected
        | EventType::AgentDisconnected
        | EventType::AgentUpdated
        | EventType::DeliveryUpdated
        | EventType::WorkspaceUpdated
        | EventType::WorkflowUpdated
        | EventType::MutationAcknowledged => false,
    })
}
