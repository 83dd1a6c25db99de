//! A list under core's rules: calls of the task tools are read, decided and answered as the server does it.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use agentrq_core::command::{Command, Context, NewWork, WorkChange};
use agentrq_core::decide::{check_claim, check_seen, decide};
use agentrq_core::decision::{Change, Outcome};
use agentrq_core::dialect::task_list::{self, Call, Filter, Listed, NAMED, Neighbour, New, Shown};
use agentrq_core::id::{Id, MessageId, TaskId};
use agentrq_core::interchange::claude_file::FileStatus;
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::tool::{TaskRef, ToolAnswer};
use agentrq_core::model::{Actor, AgentName, Entity, EntityRef, ListName, Task, Work, Workspace, WorkspaceId};
use agentrq_core::store::Extent;
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Store as _, View as _};
use agentrq_core::{MemoryStore, Rejection};
use serde_json::{Map, Value};

use super::TaskError;

/// What a call has come to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) value: Value,
    pub(super) changes: Vec<Change>,
}

#[derive(Debug)]
pub(super) struct Board {
    store: MemoryStore,
    list: ListName,
    agent: AgentName,
    numbers: BTreeMap<u64, TaskId>,
    changes: Vec<Change>,
}

impl Board {
    pub(super) fn new(list: &str, agent: &str) -> Result<Self, TaskError> {
        let list = ListName::new(list).map_err(TaskError::invalid)?;
        let agent = AgentName::new(agent).map_err(TaskError::invalid)?;
        let mut store = MemoryStore::new(Extent::Whole);
        store.put(Entity::Workspace(Workspace {
            id: WorkspaceId(String::new()),
            name: list.to_string(),
            mission: String::new(),
            enforce_dependencies: false,
            created_at: now(),
            revision: 0,
        }));
        Ok(Self { store, list, agent, numbers: BTreeMap::new(), changes: Vec::new() })
    }

    /// Makes a call. `number`: what a new task is to be called, if not the next one.
    pub(super) fn call(&mut self, tool: &str, arguments: &Map<String, Value>, number: Option<u64>) -> Result<Done, TaskError> {
        self.changes.clear();
        let read = task_list::read(tool, arguments).ok_or_else(|| TaskError::invalid(format!("there is no tool {tool}")))?;
        let answer = match read.map_err(TaskError::invalid)? {
            Call::Create(new) => self.create(*new, number)?,
            Call::Get { task } => task_list::shown(&self.around(self.listed(task)?).shown()),
            Call::Update { task, change } => {
                let before = self.around(self.listed(task)?);
                check_seen(&before.task, change.revision)?;
                let arrows = change.arrows.found(|named| self.listed(*named).map(|task| task.id))?;
                let change = Box::new(WorkChange { arrows, ..change.fields });
                let task = before.task.id;
                self.run(|id| Command::UpdateWork { id, task, change }, None)?;
                let after = self.around(self.task(task)?);
                task_list::updated(&before.shown(), &after.shown(), &[], Vec::new())
            }
            Call::Delete { task, rests_on } => {
                let task = self.listed(task)?;
                check_claim(&task, rests_on.fence)?;
                check_seen(&task, rests_on.revision)?;
                self.run(|id| Command::DeleteTask { id, task: task.id }, None)?;
                task_list::deleted(&task)
            }
            Call::List(filter) => self.page(&filter),
            Call::Next { owner } => {
                let list = self.list.clone();
                match self.run(|id| Command::ClaimWork { id, list, owner }, None)? {
                    Outcome::Claimed(Some(task)) => task_list::next(&self.around(self.task(task)?).shown(), Vec::new()),
                    _ => task_list::nothing_next(self.count(Status::Pending), self.count(Status::Active)),
                }
            }
            Call::WriteTodos { .. } => return Err(TaskError::invalid("a list has no checklist")),
        };
        let value = match answer {
            ToolAnswer::Said { value, .. } => value,
            _ => Value::Null,
        };
        Ok(Done { value, changes: std::mem::take(&mut self.changes) })
    }

    fn create(&mut self, new: New, number: Option<u64>) -> Result<ToolAnswer, TaskError> {
        let all = |named: &[TaskRef]| named.iter().map(|named| self.listed(*named).map(|task| task.id)).collect::<Result<Vec<_>, _>>();
        let (blocks, blocked_by) = (all(&new.blocks)?, all(&new.blocked_by)?);
        let New { subject: title, description: body, active_form, owner, metadata, job, status, .. } = new;
        let work = Box::new(NewWork { title, body, active_form, owner, metadata, blocks, blocked_by, job, status });
        let list = self.list.clone();
        let mut made = None;
        let outcome = self.run(
            |id| {
                made = Some(TaskId(id));
                Command::CreateWork { id, list, work }
            },
            number,
        )?;
        Ok(match (outcome, made) {
            (Outcome::Found(task), _) => task_list::found(&self.around(self.task(task)?).shown()),
            (_, Some(task)) => task_list::created(&self.around(self.task(task)?).shown(), Vec::new()),
            (_, None) => return Err(TaskError::invalid("nothing was made")),
        })
    }

    /// Decides a command and keeps what comes of it.
    fn run(&mut self, command: impl FnOnce(Id) -> Command, number: Option<u64>) -> Result<Outcome, TaskError> {
        let now = now();
        let id = Id::new(now.ms(), fastrand::u32(..));
        let cx = Context { now, actor: Actor::Agent { name: self.agent.clone() }, session: None };
        let decision = decide(&self.store, command(id), &cx)?;
        let outcome = decision.outcome;
        let mut changes: Vec<_> = decision.changes().cloned().collect();
        for change in &mut changes {
            if let (Some(number), Change::Put { entity }) = (number, change)
                && let Entity::Task(task) = &mut **entity
                && task.id.0 == id
                && let Some(work) = &mut task.work
            {
                work.number = Some(number);
            }
        }
        self.keep(&changes);
        self.changes.extend(changes);
        Ok(outcome)
    }

    fn keep(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::Put { entity } => {
                    if let Entity::Task(task) = &**entity
                        && let Some(number) = number_of(task)
                    {
                        self.numbers.insert(number, task.id);
                    }
                }
                Change::Delete { entity: EntityRef::Task { id } } => self.numbers.retain(|_, other| other != id),
            }
        }
        let Ok(()) = self.store.apply(changes);
        let head = self.store.head() + 1;
        let Ok(()) = self.store.advance(head);
    }

    fn listed(&self, named: TaskRef) -> Result<Task, TaskError> {
        let (found, name) = match named {
            TaskRef::Id(id) => (Some(id), id.to_string()),
            TaskRef::Number(number) => (self.numbers.get(&number).copied(), format!("#{number}")),
        };
        let found = found.and_then(|id| self.known(id));
        found.ok_or_else(|| TaskError::new("task_not_found", format!("there is no task {name} on the list {}", self.list)))
    }

    fn task(&self, id: TaskId) -> Result<Task, TaskError> {
        self.known(id).ok_or_else(|| Rejection::TaskNotFound { task: id.to_string() }.into())
    }

    fn known(&self, id: TaskId) -> Option<Task> {
        if let Look::Known(task) = self.store.task(id) { task } else { None }
    }

    fn neighbour(&self, id: TaskId) -> Option<Neighbour> {
        let task = self.known(id)?;
        Some(Neighbour { number: number_of(&task)?, status: task.status })
    }

    fn dependents(&self, id: TaskId) -> Vec<TaskId> {
        if let Look::Known(tasks) = self.store.dependents(id) { tasks } else { Vec::new() }
    }

    fn around(&self, task: Task) -> Around {
        let body = self.store.message(MessageId(task.id.0));
        let description = if let Look::Known(Some(body)) = body { body.text } else { String::new() };
        let all = |ids: &[TaskId]| ids.iter().filter_map(|id| self.neighbour(*id)).collect();
        let blocked_by = task.work.as_ref().map(|work| all(&work.blocked_by)).unwrap_or_default();
        Around { description, blocked_by, blocks: all(&self.dependents(task.id)), task }
    }

    fn page(&self, filter: &Filter) -> ToolAnswer {
        let is_wanted = |task: &Task, work: &Work| {
            filter.status.is_none_or(|status| FileStatus::from(status) == FileStatus::from(task.status))
                && filter.owner.as_ref().is_none_or(|owner| work.owner.as_ref() == Some(owner))
                && filter.group.as_ref().is_none_or(|group| work.metadata.text("task_group").as_ref() == Some(group))
        };
        let later = self.numbers.range(filter.after.saturating_add(1)..);
        let mut wanted =
            later.filter_map(|(_, id)| self.known(*id)).filter(|task| task.work.as_ref().is_some_and(|work| is_wanted(task, work)));
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let tasks: Vec<Task> = wanted.by_ref().take(limit).collect();
        let next_cursor = wanted.next().and_then(|_| number_of(tasks.last()?));
        let blocks: BTreeMap<_, _> = tasks.iter().map(|task| (task.id, self.dependents(task.id))).collect();
        let beside = tasks.iter().filter_map(|task| task.work.as_ref()).flat_map(|work| work.blocked_by.iter().take(NAMED));
        let waiting = blocks.values().flat_map(|blocked| blocked.iter().take(NAMED));
        let ids = tasks.iter().map(|task| &task.id).chain(beside).chain(waiting);
        let names = ids.filter_map(|id| Some((*id, self.neighbour(*id)?))).collect();
        task_list::listed(&Listed { tasks, names, blocks, next_cursor })
    }

    fn count(&self, status: Status) -> u64 {
        self.store.tasks().filter(|task| task.status == status).count() as u64
    }
}

/// A task with what stands around it.
struct Around {
    task: Task,
    description: String,
    blocked_by: Vec<Neighbour>,
    blocks: Vec<Neighbour>,
}

impl Around {
    fn shown(&self) -> Shown<'_> {
        Shown { task: &self.task, description: Some(&self.description), blocked_by: self.blocked_by.clone(), blocks: self.blocks.clone() }
    }
}

pub(super) fn number_of(task: &Task) -> Option<u64> {
    task.work.as_ref()?.number
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

/// What a store over files needs besides: the files are the list, and others write them.
#[cfg(unix)]
mod files {
    use std::collections::BTreeSet;

    use agentrq_core::command::{Command, Context, NewWork};
    use agentrq_core::decide::decide;
    use agentrq_core::decision::Change;
    use agentrq_core::id::{Id, TaskId};
    use agentrq_core::interchange::claude_file::{ClaudeTask, FileStatus};
    use agentrq_core::lifecycle::Status;
    use agentrq_core::model::{Actor, AgentName, Entity, EntityRef};
    use agentrq_core::store::Extent;
    use agentrq_core::view::{Look, View as _};
    use serde_json::Value;

    use super::{Board, MemoryStore, now};
    use crate::files::Snapshot;
    use crate::files::fields::Fields;

    impl Board {
        pub(in crate::tasks) fn has(&self, number: u64) -> bool {
            self.numbers.contains_key(&number)
        }

        /// What a task says, and its number.
        pub(in crate::tasks) fn fields(&self, id: TaskId) -> Option<(u64, Fields)> {
            let around = self.around(self.known(id)?);
            let work = around.task.work.as_deref()?;
            let metadata = work.metadata.iter().map(|(name, raw)| (name.to_owned(), Value::from(raw)));
            let fields = Fields {
                subject: around.task.title.clone(),
                description: around.description.clone(),
                active_form: work.active_form.clone(),
                owner: work.owner.as_ref().map(|owner| owner.as_str().to_owned()),
                status: FileStatus::from(around.task.status),
                waits_for: around.blocked_by.iter().map(|it| it.number).collect(),
                metadata: metadata.collect(),
            };
            Some((work.number?, fields))
        }

        /// Forgets all tasks: they are seen anew.
        pub(in crate::tasks) fn forget(&mut self) {
            let mut store = MemoryStore::new(Extent::Whole);
            if let Look::Known(workspace) = self.store.workspace() {
                store.put(Entity::Workspace(workspace));
            }
            self.store = store;
            self.numbers.clear();
        }

        /// Takes over what the files say, where that is otherwise than what is known.
        pub(in crate::tasks) fn see(&mut self, snapshot: &Snapshot) {
            let gone: Vec<_> = self.numbers.iter().filter(|(number, _)| snapshot.task(**number).is_none()).map(|(_, id)| *id).collect();
            let gone: Vec<_> = gone.into_iter().map(|id| Change::Delete { entity: EntityRef::Task { id } }).collect();
            let has_gone = !gone.is_empty();
            self.keep(&gone);
            let otherwise = |number: &u64| {
                let Some(file) = snapshot.task(*number) else { return false };
                let said = Fields::of_file(file, snapshot.waits_for(*number).into_iter().filter(|other| self.has(*other)).collect());
                self.numbers.get(number).and_then(|id| self.fields(*id)).is_none_or(|(_, known)| known != said)
            };
            let changed: Vec<_> = snapshot.numbers().filter(otherwise).collect();
            if changed.is_empty() && !has_gone {
                return;
            }
            for number in &changed {
                if let Some(file) = snapshot.task(*number) {
                    self.place(file);
                }
            }
            for number in &changed {
                self.wait(*number, &snapshot.waits_for(*number));
            }
            self.note_waves();
        }

        /// Puts a task where its file says that it is. What the rules would not allow stands in the file all the same.
        fn place(&mut self, file: &ClaudeTask) {
            let known = self.numbers.get(&file.id).copied();
            let id = known.map_or_else(|| Id::new(now().ms(), fastrand::u32(..)), |id| id.0);
            let new = NewWork { title: file.subject.clone(), body: file.description.clone(), ..NewWork::default() };
            let command = Command::CreateWork { id, list: self.list.clone(), work: Box::new(new) };
            let cx = Context { now: now(), actor: Actor::Agent { name: self.agent.clone() }, session: None };
            // As a new one: in a store where it is not.
            let mut empty = MemoryStore::new(Extent::Whole);
            if let Look::Known(workspace) = self.store.workspace() {
                empty.put(Entity::Workspace(workspace));
            }
            // One that nothing here can hold is nobody's to work on here.
            let Ok(decision) = decide(&empty, command, &cx) else { return };
            let mut changes: Vec<_> = decision.changes().cloned().collect();
            for change in &mut changes {
                if let Change::Put { entity } = change
                    && let Entity::Task(task) = &mut **entity
                    && let Some(work) = &mut task.work
                {
                    task.status = Status::from(file.status);
                    work.number = Some(file.id);
                    work.active_form.clone_from(&file.active_form);
                    work.owner = file.owner.as_deref().and_then(|owner| AgentName::new(owner).ok());
                    work.holder = work.owner.clone().filter(|_| file.status == FileStatus::InProgress);
                    work.fence = u64::from(work.holder.is_some());
                    work.metadata = file.metadata.clone();
                }
            }
            self.keep(&changes);
        }

        fn wait(&mut self, number: u64, on: &BTreeSet<u64>) {
            let blockers: Vec<_> = on.iter().filter_map(|other| self.numbers.get(other)).copied().collect();
            if let Some(mut task) = self.numbers.get(&number).and_then(|id| self.known(*id))
                && let Some(work) = &mut task.work
                && work.blocked_by != blockers
            {
                work.blocked_by = blockers;
                self.keep(&[Change::from(Entity::Task(task))]);
            }
        }

        /// Notes which tasks may begin: in any wave, since what has been completed does not say in which it was.
        fn note_waves(&mut self) {
            let tasks: Vec<_> = self.store.tasks().filter(|task| task.status.is_open()).cloned().collect();
            for mut task in tasks {
                let Some(work) = &mut task.work else { continue };
                let Look::Known(waits) = self.store.waits(&work.blocked_by) else { continue };
                if work.wave != waits.next_wave() {
                    work.wave = waits.next_wave();
                    self.keep(&[Change::from(Entity::Task(task))]);
                }
            }
        }
    }
}
