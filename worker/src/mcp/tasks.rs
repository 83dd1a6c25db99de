//! The task-list tools at work: what an agent calls things by becomes commands, and what came of them becomes an answer.

use std::collections::BTreeSet;

use agentrq_core::command::{Command, NewWork, WorkChange};
use agentrq_core::decide;
use agentrq_core::decision::Outcome;
use agentrq_core::dialect::task_list::{self, Begun, Call, Change, Filter, Listed, Made, New, Read, Shown};
use agentrq_core::id::{Id, MessageId, TaskId};
use agentrq_core::json;
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{AgentName, ListName, Task, Todo};
use agentrq_core::view::View;
use sha2::{Digest, Sha256};

use super::about::About;
use super::call::{Caller, Ran};
use crate::gate::mac::hex;
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::Sql;
use crate::workspace::inbox::{Creation, looked};
use crate::workspace::works;

/// A task with all that is shown of it, and what stands around it.
struct Around {
    task: Task,
    description: String,
    blocked_by: Vec<task_list::Neighbour>,
    blocks: Vec<task_list::Neighbour>,
}

impl Around {
    fn shown(&self) -> Shown<'_> {
        Shown { task: &self.task, description: Some(&self.description), blocked_by: self.blocked_by.clone(), blocks: self.blocks.clone() }
    }
}

impl<S: Sql> Caller<'_, S> {
    pub(super) fn task_list(&mut self, call: Call, about: &About) -> Result<Ran, Problem> {
        let list = &about.list;
        match call {
            Call::Create(new) => self.put(list, *new),
            Call::Get { task } => {
                let around = self.around(self.listed(list, task)?)?;
                works::read(self.tx.sql(), around.task.id, &self.connection.agent)?;
                Ok(Ran::said(task_list::shown(&around.shown())))
            }
            Call::Update { task, change } => self.update(list, task, *change),
            Call::Delete { task, rests_on } => {
                let task = self.listed(list, task)?;
                decide::check_claim(&task, rests_on.fence)?;
                decide::check_seen(&task, rests_on.revision)?;
                let id = random::id(self.tx.now)?;
                self.command(Command::DeleteTask { id, task: task.id })?;
                Ok(Ran::said(task_list::deleted(&task)))
            }
            Call::List(filter) => self.list(list, &filter),
            Call::Next { owner } => self.next(list, owner),
            Call::WriteTodos { todos } => self.write_todos(todos),
        }
    }

    fn put(&mut self, list: &ListName, new: New) -> Result<Ran, Problem> {
        if let Some((workflow, parameters)) = new.workflow() {
            return self.start(list, &workflow, &parameters);
        }
        let hash = content_hash(list, &new);
        if let Some(task) = self.unconfirmed(&hash)? {
            return self.made(task.id, hash);
        }
        let id = random::id(self.tx.now)?;
        let work = NewWork {
            blocks: self.all(list, &new.blocks)?,
            blocked_by: self.all(list, &new.blocked_by)?,
            title: new.subject,
            body: new.description,
            active_form: new.active_form,
            owner: new.owner,
            metadata: new.metadata,
            job: new.job,
            status: new.status,
        };
        match self.command(Command::CreateWork { id, list: list.clone(), work: Box::new(work) })? {
            Outcome::Found(task) => Ok(Ran::said(task_list::found(&self.around(self.task_of(task)?)?.shown()))),
            _ => self.made(TaskId(id), hash),
        }
    }

    /// The answer to a call that made a task, now or before.
    fn made(&mut self, task: TaskId, hash: String) -> Result<Ran, Problem> {
        let around = self.around(self.task_of(task)?)?;
        let latest = works::latest(self.tx.sql(), &around.task, task_list::BURST)?;
        let twin = works::twin(self.tx.sql(), &around.task)?;
        let mut warnings = task_list::on_create(&Made { task: &around.task, latest: &latest, twin });
        if around.task.status == Status::Active {
            warnings.extend(self.begun(&around)?);
        }
        Ok(Ran { created: Some(Creation { task, hash }), ..Ran::said(task_list::created(&around.shown(), warnings)) })
    }

    fn update(&mut self, list: &ListName, task: TaskRef, change: Change) -> Result<Ran, Problem> {
        let before = self.around(self.listed(list, task)?)?;
        decide::check_seen(&before.task, change.revision)?;
        let id = random::id(self.tx.now)?;
        let arrows = change.arrows.found(|named| self.other(list, *named))?;
        let fields = WorkChange { arrows, ..change.fields };
        self.command(Command::UpdateWork { id, task: before.task.id, change: Box::new(fields) })?;
        let after = self.around(self.task_of(before.task.id)?)?;
        let moved = before.task.status != after.task.status;
        let unblocked = match after.task.status {
            Status::Completed if moved => works::free_after(self.tx.sql(), after.task.id)?,
            _ => Vec::new(),
        };
        let warnings = if moved && after.task.status == Status::Active { self.begun(&after)? } else { Vec::new() };
        Ok(Ran::said(task_list::updated(&before.shown(), &after.shown(), &unblocked, warnings)))
    }

    /// What is to be said of a task that has just been begun.
    fn begun(&self, around: &Around) -> Result<Vec<String>, Problem> {
        let Around { task, blocked_by, .. } = around;
        let agent = &self.connection.agent;
        let knows = task.created_by == self.agent || works::has_read(self.tx.sql(), task.id, agent)?;
        let others = works::under_way(self.tx.sql(), task)?;
        let waits_for: Vec<_> = blocked_by.iter().filter(|it| it.status != Status::Completed).map(|it| it.number).collect();
        let read = if knows { Read::Yes } else { Read::No };
        Ok(task_list::on_begin(&Begun { task, read, others: &others, waits_for: &waits_for }))
    }

    fn list(&self, list: &ListName, filter: &Filter) -> Result<Ran, Problem> {
        let page = works::page(self.tx.sql(), list, filter)?;
        let ids: Vec<_> = page.tasks.iter().map(|task| task.id).collect();
        let blocks = works::blocks(self.tx.sql(), &ids)?;
        let works = page.tasks.iter().filter_map(|task| task.work.as_ref());
        let waited_for = works.flat_map(|work| work.blocked_by.iter().take(task_list::NAMED));
        let waiting = blocks.values().flat_map(|blocked| blocked.iter().take(task_list::NAMED));
        let named: BTreeSet<_> = ids.iter().chain(waited_for).chain(waiting).copied().collect();
        let names = works::names(self.tx.sql(), &named.into_iter().collect::<Vec<_>>())?;
        Ok(Ran::said(task_list::listed(&Listed { tasks: page.tasks, names, blocks, next_cursor: page.next_cursor })))
    }

    fn next(&mut self, list: &ListName, owner: Option<AgentName>) -> Result<Ran, Problem> {
        let id = random::id(self.tx.now)?;
        let Outcome::Claimed(Some(task)) = self.command(Command::ClaimWork { id, list: list.clone(), owner })? else {
            let counts = works::counts(self.tx.sql(), list)?;
            return Ok(Ran::said(task_list::nothing_next(counts.pending, counts.active)));
        };
        works::read(self.tx.sql(), task, &self.connection.agent)?;
        let around = self.around(self.task_of(task)?)?;
        let warnings = self.begun(&around)?;
        Ok(Ran::said(task_list::next(&around.shown(), warnings)))
    }

    fn write_todos(&mut self, todos: Vec<Todo>) -> Result<Ran, Problem> {
        let kept = |caller: &Self| -> Result<Vec<Todo>, Problem> {
            let agent = looked(caller.tx, caller.tx.store().agent(&caller.connection.agent))?;
            Ok(agent.map(|agent| agent.todos).unwrap_or_default())
        };
        let old = kept(self)?;
        let id = random::id(self.tx.now)?;
        self.command(Command::WriteTodos { id, todos })?;
        Ok(Ran::said(task_list::todos_written(&old, &kept(self)?)))
    }

    fn all(&self, list: &ListName, named: &[TaskRef]) -> Result<Vec<TaskId>, Problem> {
        named.iter().map(|named| self.other(list, *named)).collect()
    }

    /// A task that another one waits for, or that waits for it. Where it is not there, the answer says which.
    fn other(&self, list: &ListName, named: TaskRef) -> Result<TaskId, Problem> {
        let found = self.listed(list, named).map(|task| task.id);
        found.map_err(|problem| problem.with("named", named.to_string()))
    }

    /// A task by its number in the list, or by its id.
    pub(super) fn listed(&self, list: &ListName, named: TaskRef) -> Result<Task, Problem> {
        let found = match named {
            TaskRef::Id(id) => looked(self.tx, self.tx.store().task(id))?.filter(|task| task.work.is_some()),
            TaskRef::Number(number) => works::numbered(self.tx.sql(), list, number)?,
        };
        found.ok_or_else(|| Problem::new(Code::TaskNotFound, format!("there is no task {named} on the list {list}")))
    }

    pub(super) fn task_of(&self, id: TaskId) -> Result<Task, Problem> {
        let task = looked(self.tx, self.tx.store().task(id))?;
        task.ok_or_else(|| Problem::internal(format!("task {id} is not there any more")))
    }

    fn around(&self, task: Task) -> Result<Around, Problem> {
        let body = looked(self.tx, self.tx.store().message(MessageId(task.id.0)))?;
        let blockers = task.work.as_ref().map(|work| work.blocked_by.clone()).unwrap_or_default();
        let dependents = looked(self.tx, self.tx.store().dependents(task.id))?;
        let named: Vec<_> = blockers.iter().chain(&dependents).copied().collect();
        let names = works::names(self.tx.sql(), &named)?;
        let all = |ids: &[TaskId]| ids.iter().filter_map(|id| names.get(id)).copied().collect();
        let description = body.map(|body| body.text).unwrap_or_default();
        Ok(Around { blocked_by: all(&blockers), blocks: all(&dependents), description, task })
    }
}

/// What makes two calls of TaskCreate the same call.
pub(super) fn content_hash(list: &ListName, new: &New) -> String {
    let New { subject, description, active_form, owner, metadata, blocks, blocked_by, job, status } = new;
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    part(b"TaskCreate");
    part(list.as_str().as_bytes());
    for text in [subject, description, &json::to_string(active_form), &json::to_string(owner), &json::to_string(metadata)] {
        part(text.as_bytes());
    }
    part(format!("{job:?} {status:?}").as_bytes());
    for ends in [blocks, blocked_by] {
        part(&(ends.len() as u64).to_be_bytes());
        for end in ends {
            match end {
                TaskRef::Id(TaskId(id)) => part(Id::to_string(id).as_bytes()),
                TaskRef::Number(number) => part(&number.to_be_bytes()),
            }
        }
    }
    hex(&hash.finalize())
}
