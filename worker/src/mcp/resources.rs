//! Resources: listed in pages, read like the tools that show the same.

use agentrq_core::dialect::hitl::Order;
use agentrq_core::dialect::hitl::resources::{self, LISTED_TASKS, ResourceUri, Rest, TEMPLATES, THREAD_MESSAGES};
use agentrq_core::id::DeliveryId;
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::page;
use agentrq_core::mcp::resource::{self, Template};
use agentrq_core::model::Task;
use serde_json::{Map, Value, json};

use super::reading;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::connections::Connection;
use crate::workspace::transaction::Transaction;
use crate::workspace::{inbox, open_tasks, threads, tokens};

/// `resources/list`: the workspace and the inbox, then each open task with its thread, the newest first.
pub fn list<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    let after = match resources::list_place(params) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    let mut tasks = open_tasks::page(tx.sql(), after, LISTED_TASKS + 1)?;
    let more = tasks.len() > LISTED_TASKS;
    tasks.truncate(LISTED_TASKS);
    let next_cursor = tasks.last().filter(|_| more).map(|last| resources::list_cursor(last.id));
    let standing = if after.is_none() { resources::standing().to_vec() } else { Vec::new() };
    let listed: Vec<_> = standing.into_iter().chain(tasks.iter().flat_map(resources::of_task)).collect();
    Ok(Ok(resource::listed(&listed, next_cursor)))
}

/// `resources/templates/list`.
///
/// # Errors
/// When a cursor is given: there is one page.
pub fn templates(params: &Map<String, Value>) -> Result<Value, RpcError> {
    page::only_page(params)?;
    Ok(json!({"resourceTemplates": TEMPLATES.iter().map(Template::to_json).collect::<Vec<_>>()}))
}

/// The resource that a request names, if it is there: what may be subscribed to.
pub fn named<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<ResourceUri, RpcError>, Problem> {
    Ok(find(tx, params)?.map(|found| found.map(|task| task.id)))
}

/// What reading a resource comes to.
#[derive(Debug)]
pub struct Read {
    /// The result of `resources/read`.
    pub value: Value,
    /// Deliveries that stand in it.
    pub named: Vec<DeliveryId>,
}

/// `resources/read`. What stands in a thread or in the inbox is given to the connection.
pub fn read<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    params: &Map<String, Value>,
) -> Result<Result<Read, RpcError>, Problem> {
    let found = match find(tx, params)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let (value, named) = match &found {
        ResourceUri::Workspace => (reading::workspace(tx, &connection.agent)?, Vec::new()),
        ResourceUri::Inbox => read_inbox(tx, connection)?,
        ResourceUri::Task(task) => (resources::task(task), Vec::new()),
        ResourceUri::Thread(task) => read_thread(tx, connection, task)?,
    };
    let uri = found.map(|task| task.id).to_string();
    Ok(Ok(Read { value: resource::contents(&uri, &value), named }))
}

fn read_inbox<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(Value, Vec<DeliveryId>), Problem> {
    let waiting = if hears(tx, connection)? { inbox::ungiven(tx, connection)? } else { Vec::new() };
    let all = waiting.len();
    let waited = inbox::waited(tx, connection, waiting)?;
    let rest = if waited.ids.len() < all { Rest::More } else { Rest::Nothing };
    Ok((resources::inbox(waited.value, rest), waited.ids))
}

fn read_thread<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, task: &Task) -> Result<(Value, Vec<DeliveryId>), Problem> {
    let page = threads::page(tx.sql(), task.id, None, THREAD_MESSAGES, Order::NewestFirst)?;
    let named = if hears(tx, connection)? { reading::given_with(tx, connection, &page.messages)? } else { Vec::new() };
    Ok((resources::thread(task, &page.messages, page.next_cursor), named))
}

/// Who only looks has heard nothing: what is read here still waits for the agent that asked.
fn hears<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<bool, Problem> {
    Ok(tokens::scopes(tx.sql(), connection.token)?.hear())
}

/// The resource that a request names, with the task that it is about.
fn find<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<ResourceUri<Task>, RpcError>, Problem> {
    let uri = match resource::uri(params) {
        Ok(uri) => uri,
        Err(error) => return Ok(Err(error)),
    };
    let found = match ResourceUri::parse(uri) {
        Some(named) => named.find(|task| threads::find(tx, task))?,
        None => None,
    };
    Ok(found.ok_or_else(|| resources::not_found(uri)))
}
