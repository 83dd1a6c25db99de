//! A list or the workspace on its way out and in, at the object: pages to the Worker, which makes one answer of them; and a body, looked at as a whole.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use agentrq_core::command::{Command, Context};
use agentrq_core::decide::{Manner, Plan, Renumbered, Taken};
use agentrq_core::id::TaskId;
use agentrq_core::limits;
use agentrq_core::model::{ListName, Workspace, WorkspaceId};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use serde::Serialize;
use serde_json::json;
use worker::{Delay, Response, ResponseBuilder};

use super::{Asked, Asker, answer};
use crate::export::{self as door, NEXT, OUTPUT, PAGE};
use crate::gate::{asked, scope};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::Method;
use crate::workspace::export::{self, What};
use crate::workspace::import::{Arrived, Intake};
use crate::workspace::{capacity, tokens, works};

/// So many imports of people may be under way at once, and so many of agents: whoever sends slowly keeps out nobody but its own kind.
const IMPORTS_AT_ONCE: usize = 2;
/// A body that says nothing for so long is given up.
const SILENCE: Duration = Duration::from_secs(30);

impl Asked<'_> {
    /// The list that is named. An agent names one: the whole workspace is people's.
    fn list(&self) -> Result<Option<ListName>, Problem> {
        let list = self.query("list").filter(|name| !name.trim().is_empty()).map(|name| ListName::new(&name)).transpose();
        let list =
            list.map_err(|why| Problem::new(Code::BadRequest, format!("?list= does not name a list: {why}")).with("field", "list"))?;
        if list.is_none() && self.asker.person().is_err() {
            let detail = "an agent exports and imports one list: name it with ?list=; a whole workspace is for a person";
            return Err(Problem::new(Code::PersonOnly, detail).with("field", "list"));
        }
        Ok(list)
    }
}

impl WorkspaceObject {
    pub(super) fn export(&self, asked: &Asked<'_>, workspace: &WorkspaceId) -> Result<Response, Problem> {
        let what = What { list: asked.list()?, form: door::form(asked.query("format").as_deref())? };
        // The Worker says it: what a client writes into its own query it has left out.
        let place = asked.query(PAGE).map(|text| text.parse()).transpose()?;
        let page = self.read(|tx| export::page(tx, workspace, &what, place))?;
        let mut builder = ResponseBuilder::new();
        if let Some(next) = page.next {
            builder = builder.with_header(NEXT, &next.to_string())?;
        }
        if let Some(run) = page.output {
            builder = builder.with_header(OUTPUT, &json!(run).to_string())?;
        }
        Ok(builder.fixed(page.bytes))
    }

    pub(super) async fn import(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let list = asked.list()?;
        let form = asked::form(asked.header("content-type").as_deref())?;
        let taken = match asked.query("numbers").as_deref() {
            None | Some("keep") => Taken::Refused,
            Some("new") => Taken::Renumbered,
            Some(_) => return Err(Problem::new(Code::BadRequest, "numbers: keep or new").with("allowed", vec!["keep", "new"])),
        };
        let (sql, actor) = (self.sql(), asked.asker.actor()?);
        self.may_import(&asked.asker)?;
        let _under_way = UnderWay::begin(self.imports.of(&asked.asker))?;
        let mut intake = Intake::new(&sql, form, random::now())?;
        if asked.request.inner().body().is_some() {
            let mut body = asked.request.stream()?;
            while let Some(bytes) = spoken(body.next()).await? {
                let bytes = bytes.map_err(|_| Problem::new(Code::BadRequest, "the body broke off before its end: send it again"))?;
                intake.push(&bytes)?;
            }
        }
        self.still_good(&asked.asker)?;
        self.may_import(&asked.asker)?;
        let cx = Context { now: random::now(), actor: actor.clone(), session: None };
        let Arrived { tasks, beside, files, passed } = intake.whole(list.as_ref(), &asked.asker.name(), &cx)?;
        let manner = Manner { into: list.as_ref(), taken };
        let mut plan = self.read(|tx| tx.plan(&tasks, beside, manner, &actor))?;
        let files = files.stay();
        // From here on nobody comes between: one commit after the other, all of it.
        while self.commit(|tx| tx.put(&mut plan, &tasks, &actor))? {}
        let id = random::id(random::now())?;
        self.commit(|tx| {
            plan.lists.iter().try_for_each(|(list, number)| works::given(tx.sql(), list, *number))?;
            if let Some(Workspace { name, mission, enforce_dependencies, .. }) = plan.workspace.take() {
                let (name, mission, enforce_dependencies) = (Some(name), Some(mission), Some(enforce_dependencies));
                tx.run(Command::EditWorkspace { id, name, mission, enforce_dependencies }, &actor, None)?;
            }
            Ok(())
        })?;
        answer(200, &Came::of(&plan, files, &passed))
    }

    /// May it bring something in now? Its token may have been changed while the body was on its way, and agents fill a workspace so far only.
    fn may_import(&self, asker: &Asker) -> Result<(), Problem> {
        let Asker::Agent(holder, _) = asker else { return Ok(()) };
        let workspace = WorkspaceId(String::new());
        scope::allows(&crate::routes::Route::Import(workspace), Method::Post, &tokens::scopes(&self.sql(), holder.token)?)?;
        capacity::check(&self.sql(), limits::AGENTS_BYTES)
    }
}

/// How many imports are under way.
#[derive(Default)]
pub struct Imports {
    of_people: Rc<Cell<usize>>,
    of_agents: Rc<Cell<usize>>,
}

impl Imports {
    fn of(&self, asker: &Asker) -> Rc<Cell<usize>> {
        Rc::clone(match asker {
            Asker::Person { .. } => &self.of_people,
            Asker::Agent(..) => &self.of_agents,
        })
    }
}

/// An import that is under way: an outline of what it brings is held in memory, and of an archive all of it.
struct UnderWay(Rc<Cell<usize>>);

impl UnderWay {
    fn begin(there: Rc<Cell<usize>>) -> Result<Self, Problem> {
        if there.get() >= IMPORTS_AT_ONCE {
            let detail =
                format!("{IMPORTS_AT_ONCE} imports are under way in this workspace, and no more may be: try again when one is done");
            return Err(Problem::new(Code::TooManyRequests, detail).retry_after(2).with("limit", IMPORTS_AT_ONCE));
        }
        there.set(there.get() + 1);
        Ok(Self(there))
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

/// What comes next of a body, if it does not take too long.
async fn spoken<T>(next: impl Future<Output = T> + Unpin) -> Result<T, Problem> {
    let silence = std::pin::pin!(async { Delay::from(SILENCE).await });
    match select(next, silence).await {
        Either::Left((came, _)) => Ok(came),
        Either::Right(_) => {
            Err(Problem::new(Code::BadRequest, format!("nothing came of the body for {} seconds: send it again", SILENCE.as_secs())))
        }
    }
}

/// What has come of an import.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Came<'a> {
    imported: usize,
    already: usize,
    files: usize,
    renumbered: Vec<Became<'a>>,
    passed_over: &'a [String],
}

/// A task whose number became another.
#[derive(Serialize)]
struct Became<'a> {
    task: TaskId,
    list: Option<&'a ListName>,
    from: u64,
    to: u64,
}

impl<'a> Came<'a> {
    fn of(plan: &'a Plan, files: usize, passed_over: &'a [String]) -> Self {
        let became = |it: &'a Renumbered| Became { task: it.task, list: it.list.as_ref(), from: it.from, to: it.to };
        let renumbered = plan.renumbered.iter().map(became).collect();
        Self { imported: plan.new.len(), already: plan.already.len(), files, renumbered, passed_over }
    }
}
