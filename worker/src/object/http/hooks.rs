//! Hooks of Claude Code: what they tell of a session's own list is kept as tasks of a list here. Whatever comes of it, the agent goes on: what
//! could not be taken over is said as a message to whoever watches the session.

use agentrq_core::command::{Arrows, Command, NewWork, WorkChange};
use agentrq_core::dialect::task_list::hooks::{Named, Told, told};
use agentrq_core::dialect::task_list::{Change, New};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::json;
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{ListName, MIRRORED_FROM, Metadata, Noted, Task};
use agentrq_core::view::View;
use serde_json::{Value as Json, json};
use worker::{Response, SqlStorage};

use super::{Asked, Asker, answer};
use crate::body::{self, JSON_BYTES};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::workspace::inbox::looked;
use crate::workspace::transaction::Transaction;
use crate::workspace::works;

/// Says which list a session shares with others; empty, where it shares none.
const SHARED: &str = "x-task-list";
/// Where the tasks live that are told of.
const HOME: &str = "claude-code";

impl WorkspaceObject {
    pub(super) async fn hooks(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let shared = list(asked.header(SHARED), SHARED)?;
        let kept_on = list(asked.query("list"), "?list=")?.or_else(|| shared.clone()).unwrap_or_default();
        let body = self.body(asked.request, &asked.asker, JSON_BYTES).await?;
        let sent: serde_json::Map<String, Json> = body::parse(&body)?;
        let told =
            told(&sent, shared.as_ref()).map_err(|why| Problem::new(Code::BadRequest, format!("this is no hook of Claude Code: {why}")))?;
        match self.commit(|tx| Mirror { tx, asker: &asked.asker, list: &kept_on }.take(told)) {
            Ok(()) => answer(200, &json!({})),
            Err(problem) if problem.status < 500 => answer(200, &json!({"systemMessage": format!("AgentRQ: {}", problem.detail)})),
            Err(problem) => Err(problem),
        }
    }
}

/// The list that is named in `place`, if one is.
fn list(name: Option<String>, place: &str) -> Result<Option<ListName>, Problem> {
    // A client that knows no variables leaves one as it is written: that is no name.
    let name =
        name.filter(|name| !name.trim().is_empty() && !name.trim_start().starts_with('$')).map(|name| ListName::new(&name)).transpose();
    name.map_err(|why| Problem::new(Code::BadRequest, format!("{place} does not name a list: {why}")).with("field", "list"))
}

/// A list that lives elsewhere, as it is kept here.
struct Mirror<'a, 't, 's> {
    tx: &'t mut Transaction<&'s SqlStorage>,
    asker: &'a Asker,
    list: &'a ListName,
}

impl Mirror<'_, '_, '_> {
    fn take(&mut self, told: Told) -> Result<(), Problem> {
        match told {
            Told::Created { uid, new } => {
                self.find(&uid)?;
                let New { subject: title, description: body, active_form, .. } = *new;
                self.create(&uid, NewWork { title, body, active_form, ..NewWork::default() })
            }
            Told::Changed { uid, change, named } => self.change(&uid, *change, &named),
            Told::Deleted { uid } => match self.find(&uid)? {
                Some(task) => self.run(|id| Command::DeleteTask { id, task: task.id }),
                None => Ok(()),
            },
            Told::Todos(todos) => self.run(|id| Command::WriteTodos { id, todos }),
            Told::Over { uids } => self.rest(&uids),
            Told::Nothing => Ok(()),
        }
    }

    fn create(&mut self, uid: &str, words: NewWork) -> Result<(), Problem> {
        // It is that session's: nobody else is given it.
        let owner = self.asker.actor()?.agent().cloned();
        let work = NewWork { metadata: of_home(uid), owner, ..words };
        let list = self.list.clone();
        self.run(|id| Command::CreateWork { id, list, work: Box::new(work) })
    }

    fn change(&mut self, uid: &str, change: Change, named: &Named) -> Result<(), Problem> {
        if self.find(uid)?.is_none() {
            // It was made before anybody told of it.
            let number = uid.rsplit(':').next().unwrap_or(uid);
            let title = change.fields.title.clone().unwrap_or_else(|| format!("Task {number}"));
            self.create(uid, NewWork { title, ..NewWork::default() })?;
        }
        let Some(task) = self.find(uid)? else { return Ok(()) };
        let metadata = change.fields.metadata.map(|noted| match noted {
            // What makes it known stays, whatever is said there.
            Noted::Merged(said) | Noted::Replaced(said) => Noted::Merged(Noted::Merged(of_home(uid)).after(&said)),
        });
        let arrows = Arrows {
            add_blocks: self.known(&change.arrows.add_blocks, named)?,
            add_blocked_by: self.known(&change.arrows.add_blocked_by, named)?,
            ..Arrows::default()
        };
        // Who has it is said there: no claim here stands against it.
        let fence = task.work.as_ref().filter(|work| work.metadata.is_mirrored()).map(|work| work.fence);
        let change = WorkChange { metadata, arrows, fence, ..change.fields };
        self.run(|id| Command::UpdateWork { id, task: task.id, change: Box::new(change) })
    }

    /// Nobody works on these any more: what is under way waits again.
    fn rest(&mut self, uids: &str) -> Result<(), Problem> {
        for task in works::under_way_of(self.tx.sql(), self.list, uids)? {
            let found = looked(self.tx, self.tx.store().task(task))?;
            if !found.and_then(|task| task.work).is_some_and(|work| work.metadata.is_mirrored()) {
                continue;
            }
            let change = WorkChange { status: Some(Status::Pending), ..WorkChange::default() };
            self.run(|id| Command::UpdateWork { id, task, change: Box::new(change) })?;
        }
        Ok(())
    }

    /// Those of some tasks that were told of.
    fn known(&self, tasks: &[TaskRef], named: &Named) -> Result<Vec<TaskId>, Problem> {
        let mut known = Vec::new();
        for uid in tasks.iter().filter_map(|task| named.uid(*task)) {
            known.extend(self.find(&uid)?.map(|task| task.id));
        }
        Ok(known)
    }

    /// # Errors
    /// A task of the list itself bears this `task_uid`: it is no session's.
    fn find(&self, uid: &str) -> Result<Option<Task>, Problem> {
        let found = looked(self.tx, self.tx.store().with_uid(self.list, uid))?;
        match found.as_ref().and_then(|task| task.work.as_ref()).is_some_and(|work| !work.metadata.is_mirrored()) {
            true => Err(Problem::new(
                Code::Conflict,
                format!("a task of this list has the `task_uid` {uid:?} and is no session's: it stays as it is"),
            )),
            false => Ok(found),
        }
    }

    fn run(&mut self, command: impl FnOnce(Id) -> Command) -> Result<(), Problem> {
        let id = random::id(self.tx.now)?;
        self.asker.run(self.tx, command(id)).map(drop)
    }
}

/// What makes a task known as one that lives there.
fn of_home(uid: &str) -> Metadata {
    let noted = json!({"task_uid": uid, MIRRORED_FROM: HOME});
    json::from_str(&noted.to_string()).unwrap_or_default()
}
