//! Reading tasks and threads in pages, for people and agents alike.

use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::TaskId;
use agentrq_core::json::Read;
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{Delivery, Message, Task};
use agentrq_core::view::View;

use super::inbox::looked;
use super::transaction::Transaction;
use crate::problem::{Code, Problem};
use crate::sql::{Row, Sql, SqlError, Value};

/// Bytes of messages on a page, unless the first is longer alone.
const PAGE_BYTES: u64 = 1024 * 1024;

/// Deliveries that are not seen yet, in a snapshot.
const BEGIN_UNSEEN: u64 = 1_000;
/// The latest deliveries, whatever their state, in a snapshot.
const BEGIN_LATEST: u64 = 200;

/// A page of a thread.
#[derive(Debug)]
pub struct Page {
    pub messages: Vec<Message>,
    pub next_cursor: Option<String>,
}

/// A page of a thread, from `cursor` on.
pub fn page(sql: &impl Sql, task: TaskId, cursor: Option<&str>, limit: usize, order: Order) -> Result<Page, Problem> {
    let from = cursor.filter(|text| !text.is_empty()).map(place).transpose()?;
    let (condition, direction, from) = match order {
        Order::OldestFirst => ("place >= ?", "ASC", from.unwrap_or(0)),
        Order::NewestFirst => ("place <= ?", "DESC", from.unwrap_or(u64::from(u32::MAX))),
    };
    let all = format!("FROM messages WHERE task = ? AND {condition} ORDER BY place {direction} LIMIT ?");
    let args = |limit: usize| [task.to_string().into(), from.into(), (limit as u64).into()];
    // A hundred of the longest messages would fill the memory: a page of such ends early.
    let (mut fit, mut bytes, mut next_cursor) = (0, 0, None);
    for row in sql.exec(&format!("SELECT place, length(json) {all}"), &args(limit + 1))? {
        bytes += row.count(1)?;
        if fit == limit || (fit > 0 && bytes > PAGE_BYTES) {
            next_cursor = Some(row.count(0)?.to_string());
            break;
        }
        fit += 1;
    }
    Ok(Page { messages: entities(sql, &format!("SELECT json {all}"), &args(fit))?, next_cursor })
}

fn place(text: &str) -> Result<u64, Problem> {
    let wrong = || Problem::new(Code::BadRequest, "cursor: take the nextCursor of the page before, unchanged").with("field", "cursor");
    if text.len() > 10 { Err(wrong()) } else { text.parse().map_err(|_| wrong()) }
}

/// The deliveries of these messages, in their order.
pub fn deliveries(sql: &impl Sql, messages: &[Message]) -> Result<Vec<Delivery>, SqlError> {
    let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
    let ids = serde_json::to_string(&ids).map_err(|error| SqlError(error.to_string()))?;
    entities(
        sql,
        "SELECT d.json FROM json_each(?) wanted CROSS JOIN deliveries d ON d.id = wanted.value ORDER BY wanted.key",
        &[ids.into()],
    )
}

/// What a replica that begins is told of deliveries: those that are not seen yet, and the latest. Others come with their thread.
pub fn deliveries_to_begin_with(sql: &impl Sql) -> Result<Vec<Delivery>, SqlError> {
    entities(
        sql,
        "SELECT json FROM (SELECT json FROM deliveries WHERE state <> 'seen' LIMIT ?) UNION SELECT json FROM (SELECT json FROM deliveries ORDER BY id DESC LIMIT ?)",
        &[BEGIN_UNSEEN.into(), BEGIN_LATEST.into()],
    )
}

/// A task by its id or its number.
pub fn task<S: Sql>(tx: &Transaction<S>, task: TaskRef) -> Result<Task, Problem> {
    find(tx, task)?.ok_or_else(|| Problem::new(Code::TaskNotFound, format!("there is no task {task} in this workspace")))
}

/// The same, where it may well not be there.
pub fn find<S: Sql>(tx: &Transaction<S>, task: TaskRef) -> Result<Option<Task>, Problem> {
    match task {
        TaskRef::Id(id) => looked(tx, tx.store().task(id)),
        TaskRef::Number(number) => Ok(tx.store().one("SELECT json FROM tasks WHERE number = ?", &[number.into()])?),
    }
}

/// Which tasks a list shows.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    pub status: Option<&'static str>,
    pub assignee: Option<&'static str>,
    /// The list of agents' work that they are of.
    pub list: Option<String>,
    /// Words that stand in the title.
    pub words: Option<String>,
    pub cursor: Option<String>,
    pub limit: usize,
}

/// A page of tasks: open ones first, newest first.
#[derive(Debug)]
pub struct Tasks {
    pub tasks: Vec<Task>,
    pub next_cursor: Option<String>,
}

pub fn tasks(sql: &impl Sql, filter: &Filter) -> Result<Tasks, Problem> {
    let mut conditions = Vec::new();
    let mut args: Vec<Value> = Vec::new();
    if let Some(status) = filter.status {
        // Which part of the list a status stands in is known, so that the other part is not walked through.
        let is_open = Status::from_word(status).is_some_and(Status::is_open);
        conditions.push(if is_open { "is_open = 1 AND status = ?" } else { "is_open = 0 AND status = ?" });
        args.push(status.into());
    }
    if let Some(assignee) = filter.assignee {
        conditions.push("assignee = ?");
        args.push(assignee.into());
    }
    if let Some(list) = &filter.list {
        conditions.push("id IN (SELECT task FROM work WHERE list = ?)");
        args.push(list.as_str().into());
    }
    if let Some(words) = &filter.words {
        conditions.push("instr(lower(title), lower(?)) > 0");
        args.push(words.as_str().into());
    }
    if let Some(cursor) = &filter.cursor {
        let (is_open, id) = list_place(cursor)?;
        conditions.push("(is_open, id) < (?, ?)");
        args.push(is_open.into());
        args.push(id.to_string().into());
    }
    let conditions = if conditions.is_empty() { String::new() } else { format!("WHERE {}", conditions.join(" AND ")) };
    args.push((filter.limit as u64 + 1).into());
    let mut tasks: Vec<Task> =
        entities(sql, &format!("SELECT json FROM tasks {conditions} ORDER BY is_open DESC, id DESC LIMIT ?"), &args)?;
    let more = tasks.len() > filter.limit;
    tasks.truncate(filter.limit);
    let next_cursor = if more { tasks.last().map(|last| format!("{}{}", u8::from(last.status.is_open()), last.id)) } else { None };
    Ok(Tasks { tasks, next_cursor })
}

fn list_place(text: &str) -> Result<(bool, TaskId), Problem> {
    let wrong = || Problem::new(Code::BadRequest, "cursor: take the nextCursor of the page before, unchanged").with("field", "cursor");
    let is_open = match text.as_bytes().first() {
        Some(b'0') => false,
        Some(b'1') => true,
        _ => return Err(wrong()),
    };
    let id = text.get(1..).and_then(|id| id.parse().ok()).ok_or_else(wrong)?;
    Ok((is_open, id))
}

/// The `limit` of a list: 1 to 100.
pub fn limit(text: Option<&str>, default: usize) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(default) };
    let wrong = || {
        Problem::new(Code::BadRequest, format!("limit: 1 to {} items a page", limits::PAGE))
            .with("field", "limit")
            .with("limit", limits::PAGE)
    };
    text.parse().ok().filter(|limit| (1..=limits::PAGE).contains(limit)).ok_or_else(wrong)
}

pub(super) fn entities<T: Read>(sql: &impl Sql, statement: &str, args: &[Value]) -> Result<Vec<T>, SqlError> {
    sql.exec(statement, args)?.iter().map(Row::entity).collect()
}
