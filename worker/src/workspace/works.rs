//! Tasks of lists, as the database finds them: by list and number, by what they wait for, by who has them.
//!
//! They stand among all tasks; here stands only what is searched by, so that a task that is of no list costs nothing more.

use std::collections::BTreeMap;

use agentrq_core::dialect::task_list::{Filter, Neighbour};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{AgentName, ListName, Message, Priority, Task, Work};
use agentrq_core::view::{HELD_AT_ONCE, Waits};

use crate::sql::{Row, Sql, SqlError, Value};

pub const MIGRATION: &str = "
-- Tasks of lists. rank: how urgent, 0 first; is_free: pending, nobody's and free to begin; wave: absent while it waits.
CREATE TABLE work (
  task TEXT PRIMARY KEY,
  list TEXT NOT NULL,
  number INTEGER NOT NULL,
  status TEXT NOT NULL,
  owner TEXT,
  holder TEXT,
  wave INTEGER,
  rank INTEGER NOT NULL,
  is_free INTEGER NOT NULL,
  uid TEXT,
  task_group TEXT,
  title TEXT NOT NULL
) WITHOUT ROWID;
CREATE UNIQUE INDEX work_listed ON work (list, number);
CREATE INDEX work_free ON work (list, rank, wave, number) WHERE is_free = 1;
CREATE INDEX work_held ON work (holder, task) WHERE holder IS NOT NULL;
CREATE INDEX work_by_uid ON work (list, uid, task) WHERE uid IS NOT NULL;
CREATE INDEX work_by_title ON work (list, title, number);
CREATE INDEX work_by_status ON work (list, status, number);
-- What waits for what.
CREATE TABLE arrows (blocked TEXT NOT NULL, blocker TEXT NOT NULL, PRIMARY KEY (blocked, blocker)) WITHOUT ROWID;
CREATE INDEX arrows_ahead ON arrows (blocker, blocked);
-- The last number of each list.
CREATE TABLE lists (name TEXT PRIMARY KEY, last_number INTEGER NOT NULL) WITHOUT ROWID;
-- Which agents have read which task of a list.
CREATE TABLE work_read (task TEXT NOT NULL, agent TEXT NOT NULL, PRIMARY KEY (task, agent)) WITHOUT ROWID;
-- What agents take from lists is not what people have for agents.
ALTER TABLE tasks ADD COLUMN is_listed INTEGER NOT NULL DEFAULT 0;
DROP INDEX tasks_claimable;
CREATE INDEX tasks_claimable ON tasks (agent, number) WHERE status = 'notstarted' AND assignee = 'agent' AND is_listed = 0;
-- What agents are shown of open tasks is what people and agents ask of each other, however long the lists beside it are.
CREATE INDEX tasks_asked ON tasks (is_open, id) WHERE is_listed = 0";

/// Notes where a task stands; `before`: as it stood, where that is known.
pub(super) fn put(sql: &impl Sql, task: &Task, before: Option<&Task>) -> Result<(), SqlError> {
    let Some(work) = &task.work else { return Ok(()) };
    let place = place(task, work)?;
    let was = before.and_then(|before| Some((before, before.work.as_ref()?)));
    if was.map(|(task, work)| self::place(task, work)).transpose()?.as_ref() != Some(&place) {
        sql.exec(
            "INSERT INTO work (task, list, number, status, owner, holder, wave, rank, is_free, uid, task_group, title)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (task) DO UPDATE SET status = excluded.status, owner = excluded.owner, holder = excluded.holder, wave = excluded.wave,
               rank = excluded.rank, is_free = excluded.is_free, uid = excluded.uid, task_group = excluded.task_group, title = excluded.title",
            &place,
        )?;
    }
    match was {
        None => {
            sql.exec(GIVEN, &place[1..3])?;
            // Whatever stood here before that is not known any more.
            sql.exec("DELETE FROM arrows WHERE blocked = ?", &place[..1])?;
            arrows(sql, task.id, &work.blocked_by, &[])
        }
        Some((_, was)) => arrows(sql, task.id, &work.blocked_by, &was.blocked_by),
    }
}

/// What a task is found by, in the order of the columns.
fn place(task: &Task, work: &Work) -> Result<Vec<Value>, SqlError> {
    let number = work.number.ok_or_else(|| SqlError(format!("task {} has no number in its list", task.id)))?;
    let is_free = task.is_up_for_grabs();
    Ok(vec![
        task.id.to_string().into(),
        work.list.as_str().into(),
        number.into(),
        task.status.word().into(),
        work.owner.as_ref().map(AgentName::as_str).into(),
        work.holder.as_ref().map(AgentName::as_str).into(),
        work.wave.map(u64::from).into(),
        rank(work.priority()).into(),
        is_free.into(),
        work.metadata.text("task_uid").into(),
        work.metadata.text("task_group").into(),
        called(&task.title).into(),
    ])
}

fn rank(priority: Priority) -> u64 {
    match priority {
        Priority::Critical => 0,
        Priority::High => 1,
        Priority::Medium => 2,
        Priority::Low => 3,
        Priority::Unprioritized => 4,
    }
}

/// A title as it is compared: whoever writes it another way means the same.
pub fn called(title: &str) -> String {
    agentrq_core::fold::words(title).join(" ")
}

fn arrows(sql: &impl Sql, task: TaskId, now: &[TaskId], before: &[TaskId]) -> Result<(), SqlError> {
    if now == before {
        return Ok(());
    }
    let blocked: Value = task.to_string().into();
    for gone in before.iter().filter(|id| !now.contains(id)) {
        sql.exec("DELETE FROM arrows WHERE blocked = ? AND blocker = ?", &[blocked.clone(), gone.to_string().into()])?;
    }
    for new in now.iter().filter(|id| !before.contains(id)) {
        sql.exec("INSERT INTO arrows (blocked, blocker) VALUES (?, ?)", &[blocked.clone(), new.to_string().into()])?;
    }
    Ok(())
}

/// A task is gone. What waited for it has been written anew.
pub(super) fn remove(sql: &impl Sql, task: &Value) -> Result<(), SqlError> {
    for statement in ["DELETE FROM work WHERE task = ?", "DELETE FROM arrows WHERE blocked = ?", "DELETE FROM work_read WHERE task = ?"] {
        sql.exec(statement, std::slice::from_ref(task))?;
    }
    Ok(())
}

/// The number the next task of a list gets.
pub(super) fn next_number(sql: &impl Sql, list: &ListName) -> Result<u64, SqlError> {
    let row = sql.first("SELECT last_number FROM lists WHERE name = ?", &[list.as_str().into()])?;
    Ok(row.map_or(Ok(0), |row| row.count(0))? + 1)
}

/// A list has given numbers up to this one, and gives it to nobody any more.
pub fn given(sql: &impl Sql, list: &ListName, number: u64) -> Result<(), SqlError> {
    sql.exec(GIVEN, &[list.as_str().into(), number.into()])?;
    Ok(())
}

const GIVEN: &str = "INSERT INTO lists (name, last_number) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last_number = max(last_number, excluded.last_number)";

/// Tasks by their place, each as the JSON of the task.
pub(super) const WITH_UID: &str =
    "SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.list = ? AND w.uid IS NOT NULL AND w.uid = ? ORDER BY w.task LIMIT 1";
pub(super) const FREE: &str =
    "SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.list = ? AND w.is_free = 1 ORDER BY w.rank, w.wave, w.number LIMIT 1";

pub(super) fn held() -> String {
    format!(
        "SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.holder IS NOT NULL AND w.holder = ? ORDER BY w.task LIMIT {HELD_AT_ONCE}"
    )
}

/// Agents, each as JSON. They are few: no index is kept.
pub(super) fn waiting() -> String {
    format!("SELECT json FROM agents WHERE json_extract(json, '$.waitsForWork') = ? ORDER BY name LIMIT {HELD_AT_ONCE}")
}

/// Does this agent hold a claim?
pub fn holds(sql: &impl Sql, agent: &AgentName) -> Result<bool, SqlError> {
    Ok(sql.first("SELECT 1 FROM work WHERE holder IS NOT NULL AND holder = ? LIMIT 1", &[agent.as_str().into()])?.is_some())
}

/// How far these tasks have come: how many are not completed, and their latest wave.
pub(super) fn waits(sql: &impl Sql, blockers: &[TaskId]) -> Result<Waits, SqlError> {
    let row = sql.first(
        "SELECT count(*) FILTER (WHERE status <> 'completed'), coalesce(max(wave), 0) FROM work WHERE task IN (SELECT value FROM json_each(?))",
        &[ids(blockers)],
    )?;
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    row.map_or(Ok(Waits::default()), |row| Ok(Waits { open: small(row.count(0)?), wave: small(row.count(1)?) }))
}

/// The tasks that wait for this one, in the order of their ids.
pub(super) fn dependents(sql: &impl Sql, task: TaskId) -> Result<Vec<TaskId>, SqlError> {
    let rows = sql.exec("SELECT blocked FROM arrows WHERE blocker = ? ORDER BY blocked", &[task.to_string().into()])?;
    rows.iter().map(|row| id(row, 0)).collect()
}

/// Every arrow: what waits, and for what, in the order of what waits.
pub(super) fn all_arrows(sql: &impl Sql) -> Result<Vec<(TaskId, TaskId)>, SqlError> {
    let rows = sql.exec("SELECT blocked, blocker FROM arrows ORDER BY blocked, blocker", &[])?;
    rows.iter().map(|row| Ok((id(row, 0)?, id(row, 1)?))).collect()
}

pub(super) fn id(row: &Row, column: usize) -> Result<TaskId, SqlError> {
    row.text(column)?.parse().map_err(|error| SqlError(format!("a stored id cannot be read: {error}")))
}

/// Ids as one argument of a statement.
pub(super) fn ids(ids: &[TaskId]) -> Value {
    let texts: Vec<_> = ids.iter().map(|id| format!("\"{id}\"")).collect();
    format!("[{}]", texts.join(",")).into()
}

/// A task by its number in a list.
pub fn numbered(sql: &impl Sql, list: &ListName, number: u64) -> Result<Option<Task>, SqlError> {
    let row = sql.first(
        "SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.list = ? AND w.number = ?",
        &[list.as_str().into(), number.into()],
    )?;
    row.map(|row| row.entity()).transpose()
}

/// What these tasks are called in their lists, and how far they have come.
pub fn names(sql: &impl Sql, tasks: &[TaskId]) -> Result<BTreeMap<TaskId, Neighbour>, SqlError> {
    if tasks.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = sql.exec("SELECT task, number, status FROM work WHERE task IN (SELECT value FROM json_each(?))", &[ids(tasks)])?;
    let named = rows.iter().map(|row| {
        let status = Status::from_word(row.text(2)?).ok_or_else(|| SqlError("a stored status is none".to_owned()))?;
        Ok((id(row, 0)?, Neighbour { number: row.count(1)?, status }))
    });
    named.collect()
}

/// What these tasks say: the first message of each.
pub fn bodies(sql: &impl Sql, tasks: &[TaskId]) -> Result<BTreeMap<TaskId, String>, SqlError> {
    let rows = sql.exec("SELECT json FROM messages WHERE id IN (SELECT value FROM json_each(?))", &[ids(tasks)])?;
    rows.iter().map(|row| row.entity::<Message>().map(|body| (body.task, body.text))).collect()
}

/// As much of what waits for others is read for one page of a list.
const MOST_BLOCKS: u64 = 20_000;

/// What waits for each of these tasks.
pub fn blocks(sql: &impl Sql, tasks: &[TaskId]) -> Result<BTreeMap<TaskId, Vec<TaskId>>, SqlError> {
    let rows = sql.exec(
        "SELECT blocker, blocked FROM arrows WHERE blocker IN (SELECT value FROM json_each(?)) ORDER BY blocker, blocked LIMIT ?",
        &[ids(tasks), MOST_BLOCKS.into()],
    )?;
    let mut blocks: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
    for row in &rows {
        blocks.entry(id(row, 0)?).or_default().push(id(row, 1)?);
    }
    Ok(blocks)
}

/// The numbers of what waits for this task and is free to begin.
pub fn free_after(sql: &impl Sql, task: TaskId) -> Result<Vec<u64>, SqlError> {
    numbers(
        sql,
        "SELECT w.number FROM arrows a JOIN work w ON w.task = a.blocked WHERE a.blocker = ? AND w.status = 'notstarted' AND w.wave IS NOT NULL ORDER BY w.number",
        &[task.to_string().into()],
    )
}

/// A page of a list.
pub struct Page {
    pub tasks: Vec<Task>,
    /// The number after which the next one begins.
    pub next_cursor: Option<u64>,
}

pub fn page(sql: &impl Sql, list: &ListName, filter: &Filter) -> Result<Page, SqlError> {
    let mut conditions = vec!["w.list = ?", "w.number > ?"];
    let mut args: Vec<Value> = vec![list.as_str().into(), filter.after.into()];
    // This dialect knows one way to be over.
    let over = filter.status == Some(Status::Completed);
    if over {
        conditions.push("w.status IN ('completed', 'rejected', 'failed', 'killed')");
    }
    for (condition, value) in [
        ("w.status = ?", filter.status.filter(|_| !over).map(Status::word)),
        ("w.owner = ?", filter.owner.as_ref().map(AgentName::as_str)),
        ("w.task_group = ?", filter.group.as_deref()),
    ] {
        if let Some(value) = value {
            conditions.push(condition);
            args.push(value.into());
        }
    }
    args.push((filter.limit + 1).into());
    let statement =
        format!("SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE {} ORDER BY w.number LIMIT ?", conditions.join(" AND "));
    let mut tasks: Vec<Task> = sql.exec(&statement, &args)?.iter().map(Row::entity).collect::<Result<_, _>>()?;
    let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
    let more = tasks.len() > limit;
    tasks.truncate(limit);
    let last = tasks.last().and_then(|task| task.work.as_ref()?.number);
    Ok(Page { tasks, next_cursor: last.filter(|_| more) })
}

/// The latest tasks of this task's list up to it, it first.
pub fn latest(sql: &impl Sql, task: &Task, limit: usize) -> Result<Vec<Task>, SqlError> {
    let Some(work) = &task.work else { return Ok(Vec::new()) };
    let rows = sql.exec(
        "SELECT t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.list = ? AND w.number <= ? ORDER BY w.number DESC LIMIT ?",
        &[work.list.as_str().into(), work.number.unwrap_or(0).into(), (limit as u64).into()],
    )?;
    rows.iter().map(Row::entity).collect()
}

/// Another open task of the list that is called the same.
pub fn twin(sql: &impl Sql, task: &Task) -> Result<Option<u64>, SqlError> {
    let Some(work) = &task.work else { return Ok(None) };
    let row = sql.first(
        "SELECT number FROM work WHERE list = ? AND title = ? AND task <> ? AND status IN ('notstarted', 'ongoing') ORDER BY number LIMIT 1",
        &[work.list.as_str().into(), called(&task.title).into(), task.id.to_string().into()],
    )?;
    row.map(|row| row.count(0)).transpose()
}

/// Other tasks of the list that the owner of this one has under way.
pub fn under_way(sql: &impl Sql, task: &Task) -> Result<Vec<u64>, SqlError> {
    let Some((work, owner)) = task.work.as_ref().and_then(|work| Some((work, work.owner.as_ref()?))) else { return Ok(Vec::new()) };
    numbers(
        sql,
        "SELECT number FROM work WHERE list = ? AND status = 'ongoing' AND owner = ? AND task <> ? ORDER BY number LIMIT 5",
        &[work.list.as_str().into(), owner.as_str().into(), task.id.to_string().into()],
    )
}

/// Those under way whose `task_uid` begins so, up to a colon.
pub fn under_way_of(sql: &impl Sql, list: &ListName, uids: &str) -> Result<Vec<TaskId>, SqlError> {
    // The character behind it.
    let end = format!("{};", uids.trim_end_matches(':'));
    let rows = sql.exec(
        "SELECT task FROM work WHERE list = ? AND uid > ? AND uid < ? AND status = 'ongoing' ORDER BY number",
        &[list.as_str().into(), uids.into(), end.into()],
    )?;
    rows.iter().map(|row| id(row, 0)).collect()
}

/// How many tasks of a list wait, and how many are under way; no more than [`COUNTED`] of each are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counts {
    pub pending: u64,
    pub active: u64,
}

const COUNTED: u64 = 1_000;

pub fn counts(sql: &impl Sql, list: &ListName) -> Result<Counts, SqlError> {
    let count = |status: Status| -> Result<u64, SqlError> {
        let row = sql.first(
            "SELECT count(*) FROM (SELECT 1 FROM work WHERE list = ? AND status = ? LIMIT ?)",
            &[list.as_str().into(), status.word().into(), COUNTED.into()],
        )?;
        row.map_or(Ok(0), |row| row.count(0))
    };
    Ok(Counts { pending: count(Status::Pending)?, active: count(Status::Active)? })
}

/// An agent has read a task.
pub fn read(sql: &impl Sql, task: TaskId, agent: &AgentName) -> Result<(), SqlError> {
    if !has_read(sql, task, agent)? {
        sql.exec("INSERT INTO work_read (task, agent) VALUES (?, ?)", &[task.to_string().into(), agent.as_str().into()])?;
    }
    Ok(())
}

pub fn has_read(sql: &impl Sql, task: TaskId, agent: &AgentName) -> Result<bool, SqlError> {
    Ok(sql.first("SELECT 1 FROM work_read WHERE task = ? AND agent = ?", &[task.to_string().into(), agent.as_str().into()])?.is_some())
}

fn numbers(sql: &impl Sql, statement: &str, args: &[Value]) -> Result<Vec<u64>, SqlError> {
    sql.exec(statement, args)?.iter().map(|row| row.count(0)).collect()
}
