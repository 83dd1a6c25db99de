//! The object's answers over HTTP: the tasks, threads, tokens and files of its workspace.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::cursor::Cursor;
use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{AttachmentId, Id, MessageId, SessionId};
use agentrq_core::lifecycle::{STATUSES, Status};
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{Actor, Agent, Assignee, Delivery, Person, Task, Verdict, Workspace, WorkspaceId};
use agentrq_core::sync::authority::{Admission, Batch, hash};
use agentrq_core::sync::delta::{Settled, Snapshot};
use agentrq_core::view::View;
use serde::{Deserialize, Serialize};
use serde_json::json;
use url::Url;
use worker::{Request, Response, ResponseBuilder};

use super::inbox::looked;
use super::object::WorkspaceObject;
use super::streams::{AgentAsks, Resumes};
use super::threads::{self, Filter};
use super::tokens::Holder;
use super::{blobs, tokens};
use crate::body::{self, JSON_BYTES, MCP_BYTES};
use crate::gate::caller::{BASE_HEADER, Caller};
use crate::mcp::server::About;
use crate::mcp::sse::{self, Posted};
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::{self, Method, Route};
use crate::setup::Setup;
use crate::stream::dial::wants_socket;
use crate::stream::line::Ending;

/// Tasks that a snapshot holds; more come in pages.
const SNAPSHOT_TASKS: usize = 500;

/// Who asks, checked wholly.
#[derive(Clone, Debug)]
pub enum Asker {
    Person(Person),
    Agent(Holder, Option<String>),
}

impl Asker {
    fn actor(&self) -> Result<Actor, Problem> {
        Ok(match self {
            Self::Person(person) => Actor::Person(person.clone()),
            Self::Agent(holder, name) => Actor::Agent { name: holder.agent(name.as_deref())? },
        })
    }

    /// Names the caller for limits and for keys of idempotency.
    fn name(&self) -> String {
        match self {
            Self::Person(person) => format!("p:{}", person.id),
            Self::Agent(holder, _) => format!("t:{}", holder.token),
        }
    }

    fn person(&self) -> Result<&Person, Problem> {
        match self {
            Self::Person(person) => Ok(person),
            Self::Agent(..) => Err(Problem::new(Code::PersonOnly, "only a person may do this")),
        }
    }

    fn agent(&self) -> Result<&Holder, Problem> {
        match self {
            Self::Agent(holder, _) => Ok(holder),
            Self::Person(_) => Err(Problem::new(Code::AgentOnly, "only an agent may do this")),
        }
    }
}

/// A request with what the handlers need of it.
struct Asked<'r> {
    request: &'r mut Request,
    url: Url,
    method: Method,
    asker: Asker,
}

impl Asked<'_> {
    fn query(&self, name: &str) -> Option<String> {
        self.url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    fn header(&self, name: &str) -> Option<String> {
        self.request.headers().get(name).ok().flatten()
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewWorkspace {
    id: WorkspaceId,
    name: String,
    mission: String,
    created_at: agentrq_core::time::Timestamp,
}

#[derive(Deserialize)]
struct WorkspaceEdit {
    name: Option<String>,
    mission: Option<String>,
}

#[derive(Deserialize)]
struct NewTask {
    title: String,
    #[serde(default)]
    body: String,
    assignee: Option<Assignee>,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
}

#[derive(Deserialize)]
struct TaskEdit {
    title: Option<String>,
    body: Option<String>,
    assignee: Option<Assignee>,
    status: Option<Status>,
    reason: Option<String>,
    #[serde(default)]
    reopen: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewMessage {
    #[serde(default)]
    text: String,
    #[serde(default)]
    attachments: Vec<AttachmentId>,
    verdict: Option<Verdict>,
    digest: Option<String>,
    #[serde(default)]
    then: Then,
    in_reply_to: Option<MessageId>,
    needs_answer: Option<bool>,
}

fn answer(status: u16, body: &impl Serialize) -> Result<Response, Problem> {
    let bytes = serde_json::to_vec(body).map_err(Problem::internal)?;
    let builder = ResponseBuilder::new().with_status(status).with_header("content-type", "application/json")?;
    Ok(builder.with_header("cache-control", "no-store")?.with_header("x-content-type-options", "nosniff")?.fixed(bytes))
}

fn no_content() -> Result<Response, Problem> {
    Ok(Response::empty()?.with_status(204))
}

impl WorkspaceObject {
    /// Answers a request of the Worker, which has let it through the gate.
    pub(super) async fn answer(&self, request: &mut Request) -> Result<Response, Problem> {
        let method = Method::parse(request.method().as_ref());
        let url = request.url()?;
        if method == Method::Put {
            return self.make(body::read_json(request, JSON_BYTES).await?);
        }
        let (route, _) = routes::find(method, url.path())?;
        #[cfg(feature = "faults")]
        if let Route::Fault(fault) = &route {
            return self.fault(fault);
        }
        if !self.is_made()? {
            return Err(Problem::new(Code::WorkspaceNotFound, "this workspace was deleted"));
        }
        let caller = Caller::of(request).ok_or_else(|| Problem::internal("a request reached the object without a caller"))?;
        let asker = self.asker(caller, &url)?;
        self.rate.borrow_mut().take(&asker.name(), random::now())?;
        if let (Asker::Agent(holder, name), false) = (&asker, matches!(route, Route::Mcp(_))) {
            self.heard(holder.agent(name.as_deref())?)?;
        }
        self.route(route, Asked { request, url, method, asker }).await
    }

    fn asker(&self, caller: Caller, url: &Url) -> Result<Asker, Problem> {
        let proof = match caller {
            Caller::Person(person) => return Ok(Asker::Person(person)),
            Caller::Token(proof) => proof,
        };
        let now = random::now();
        let holder = tokens::verify(&self.sql(), &proof, now)??;
        let name = url.query_pairs().find(|(key, _)| key == "agent").map(|(_, value)| value.into_owned());
        tokens::used(&self.sql(), holder.token, &holder.agent(name.as_deref())?, now)?;
        Ok(Asker::Agent(holder, name))
    }

    async fn route(&self, route: Route, asked: Asked<'_>) -> Result<Response, Problem> {
        match (route, asked.method) {
            (Route::Workspace(_), Method::Get) => answer(200, &self.workspace()?),
            (Route::Workspace(_), Method::Patch) => self.edit_workspace(asked).await,
            (Route::Workspace(_), Method::Delete) => self.delete_workspace(&asked).await,
            (Route::Tokens(_), Method::Get) => answer(200, &json!({"tokens": tokens::list(&self.sql(), random::now())?})),
            (Route::Tokens(workspace), _) => self.make_token(asked, &workspace).await,
            (Route::Token(_, id), Method::Delete) => self.revoke_token(&asked, id),
            (Route::Token(_, id), _) => self.extend_token(asked, id).await,
            (Route::Tasks(_), Method::Get) => self.list_tasks(&asked),
            (Route::Tasks(_), _) => self.create_task(asked).await,
            (Route::Task(_, task), Method::Get) => answer(200, &self.read_task(named(task))?),
            (Route::Task(_, task), Method::Delete) => self.delete_task(&asked, named(task)),
            (Route::Task(_, task), _) => self.edit_task(asked, named(task)).await,
            (Route::Messages(_, task), Method::Get) => self.list_messages(&asked, named(task)),
            (Route::Messages(_, task), _) => self.post_message(asked, named(task)).await,
            (Route::Attachments(_), _) => self.upload(asked).await,
            (Route::Attachment(_, id), _) => blobs::download::answer(&self.sql(), id, asked.request),
            (Route::Agents(_), _) => answer(200, &json!({"agents": self.agents()?})),
            (Route::Snapshot(_), _) => self.snapshot(&asked),
            (Route::Commands(_), _) => self.commands(asked).await,
            (Route::Events(_), _) if wants_socket(asked.request) => {
                self.dashboard_stream(asked.asker.person()?, asked.query("cursor").as_deref())
            }
            (Route::Mcp(_), Method::Get) if wants_socket(asked.request) => self.open_agent_stream(&asked),
            (Route::Mcp(workspace), Method::Post) => self.mcp_post(asked, workspace).await,
            _ => Err(Problem::new(Code::NotFound, "there is nothing at this path")),
        }
    }

    /// The account made the workspace; making it again changes nothing.
    fn make(&self, new: NewWorkspace) -> Result<Response, Problem> {
        if !self.is_made()? {
            let (name, mission) = agentrq_core::decide::check_workspace(&new.name, &new.mission)?;
            self.migrate()?;
            let workspace = Workspace { id: new.id, name, mission, created_at: new.created_at, revision: 0 };
            let (epoch, tag) = (format!("{:x}", random::bits()?), format!("{:x}", random::bits()?));
            super::transaction::atomically(&self.state.storage(), || Ok(super::make(&self.sql(), workspace, &epoch, &tag)?))?;
            self.forget_whether_made();
        }
        answer(201, &self.workspace()?)
    }

    fn workspace(&self) -> Result<Workspace, Problem> {
        self.read(|tx| looked(tx, tx.store().workspace()))
    }

    async fn edit_workspace(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let edit: WorkspaceEdit = body::read_json(asked.request, JSON_BYTES).await?;
        let actor = asked.asker.actor()?;
        let id = random::id(random::now())?;
        self.commit(|tx| tx.run(Command::EditWorkspace { id, name: edit.name, mission: edit.mission }, &actor, None).map(|_| ()))?;
        answer(200, &self.workspace()?)
    }

    async fn delete_workspace(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        asked.asker.person()?;
        super::sockets::Sockets(&self.state).close_all(Ending::Deleted);
        self.state.storage().delete_alarm().await?;
        self.state.storage().delete_all().await?;
        self.forget_whether_made();
        no_content()
    }

    async fn make_token(&self, asked: Asked<'_>, workspace: &WorkspaceId) -> Result<Response, Problem> {
        asked.asker.person()?;
        let new = body::read_json(asked.request, JSON_BYTES).await?;
        let base = asked.header(BASE_HEADER).unwrap_or_default();
        let setup = Setup::of(&self.env)?;
        let now = random::now();
        let making = tokens::Making { mac: &setup.gate.mac, workspace, base: &base, id: random::id(now)?, secret: &random::bytes()?, now };
        let token = tokens::create(&self.sql(), &new, &making)?;
        self.watch_tokens()?;
        answer(201, &token)
    }

    fn revoke_token(&self, asked: &Asked<'_>, id: Id) -> Result<Response, Problem> {
        asked.asker.person()?;
        tokens::revoke(&self.sql(), id, random::now())?;
        self.expire_tokens()?;
        no_content()
    }

    async fn extend_token(&self, asked: Asked<'_>, id: Id) -> Result<Response, Problem> {
        asked.asker.person()?;
        let extension = body::read_json(asked.request, JSON_BYTES).await?;
        let token = tokens::extend(&self.sql(), id, &extension, random::now())?;
        self.watch_tokens()?;
        answer(200, &token)
    }

    /// Looks again when the next token runs out.
    pub(super) fn watch_tokens(&self) -> Result<(), Problem> {
        if let Some(at) = tokens::next_expiry(&self.sql(), random::now())? {
            super::timers::set(&self.sql(), super::timers::Timer::TokenExpiry, "", at)?;
        }
        Ok(())
    }

    fn list_tasks(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let status = asked.query("status").map(|word| {
            Status::from_word(&word).map(Status::word).ok_or_else(|| {
                let allowed: Vec<_> = STATUSES.iter().map(|status| status.word()).collect();
                Problem::new(Code::BadRequest, format!("status: one of {}", allowed.join(", "))).with("allowed", allowed)
            })
        });
        let assignee = asked.query("assignee").map(|word| match word.as_str() {
            "human" => Ok("human"),
            "agent" => Ok("agent"),
            _ => Err(Problem::new(Code::BadRequest, "assignee: human or agent").with("allowed", vec!["human", "agent"])),
        });
        let filter = Filter {
            status: status.transpose()?,
            assignee: assignee.transpose()?,
            words: asked.query("q").filter(|words| !words.is_empty()),
            cursor: asked.query("cursor").filter(|cursor| !cursor.is_empty()),
            limit: threads::limit(asked.query("limit").as_deref(), 50)?,
        };
        let page = threads::tasks(&self.sql(), &filter)?;
        answer(200, &json!({"tasks": page.tasks, "nextCursor": page.next_cursor}))
    }

    async fn create_task(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let body = body::read(asked.request, JSON_BYTES).await?;
        let new: NewTask = body::parse(&body)?;
        let (actor, key) = (asked.asker.actor()?, asked.header("idempotency-key"));
        let now = random::now();
        let task = self.commit(|tx| {
            let id = super::idempotency::id(tx.sql(), &asked.asker.name(), key.as_deref(), &body, now)?;
            let assignee = new.assignee.unwrap_or(Assignee::Agent);
            tx.run(Command::CreateTask { id, title: new.title, body: new.body, assignee, attachments: new.attachments }, &actor, None)?;
            threads::task(tx, TaskRef::Id(id.into()))
        })?;
        answer(201, &task)
    }

    fn read_task(&self, task: TaskRef) -> Result<Task, Problem> {
        self.read(|tx| threads::task(tx, task))
    }

    async fn edit_task(&self, asked: Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let edit: TaskEdit = body::read_json(asked.request, JSON_BYTES).await?;
        let actor = asked.asker.actor()?;
        let task = self.commit(|tx| {
            let task = threads::task(tx, task)?.id;
            let id = || random::id(random::now());
            if edit.reopen {
                tx.run(Command::Reopen { id: id()?, task }, &actor, None)?;
            }
            if edit.title.is_some() || edit.body.is_some() || edit.assignee.is_some() {
                let (title, body, assignee) = (edit.title, edit.body, edit.assignee);
                tx.run(Command::EditTask { id: id()?, task, title, body, assignee }, &actor, None)?;
            }
            if let Some(to) = edit.status {
                tx.run(Command::SetStatus { id: id()?, task, to, reason: edit.reason }, &actor, None)?;
            }
            threads::task(tx, TaskRef::Id(task))
        })?;
        answer(200, &task)
    }

    fn delete_task(&self, asked: &Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let actor = asked.asker.actor()?;
        self.commit(|tx| {
            let task = threads::task(tx, task)?.id;
            tx.run(Command::DeleteTask { id: random::id(tx.now)?, task }, &actor, None)
        })?;
        no_content()
    }

    fn list_messages(&self, asked: &Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let order = match asked.query("order").as_deref() {
            None | Some("asc") => Order::OldestFirst,
            Some("desc") => Order::NewestFirst,
            Some(_) => return Err(Problem::new(Code::BadRequest, "order: asc or desc").with("allowed", vec!["asc", "desc"])),
        };
        let limit = threads::limit(asked.query("limit").as_deref(), 50)?;
        let cursor = asked.query("cursor");
        let task = self.read_task(task)?;
        let page = threads::page(&self.sql(), task.id, cursor.as_deref(), limit, order)?;
        let deliveries = threads::deliveries(&self.sql(), &page.messages)?;
        answer(200, &json!({"messages": page.messages, "deliveries": deliveries, "nextCursor": page.next_cursor}))
    }

    async fn post_message(&self, asked: Asked<'_>, task: TaskRef) -> Result<Response, Problem> {
        let body = body::read(asked.request, JSON_BYTES).await?;
        let new: NewMessage = body::parse(&body)?;
        let (actor, key) = (asked.asker.actor()?, asked.header("idempotency-key"));
        let now = random::now();
        let message = self.commit(|tx| {
            let task = threads::task(tx, task)?.id;
            let id = super::idempotency::id(tx.sql(), &asked.asker.name(), key.as_deref(), &body, now)?;
            tx.run(new.command(id, task)?, &actor, None)?;
            looked(tx, tx.store().message(MessageId(id)))?.ok_or_else(|| Problem::internal("a message that was posted is not there"))
        })?;
        answer(201, &message)
    }

    async fn upload(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let now = random::now();
        super::timers::set(&self.sql(), super::timers::Timer::Sweep, "", now.plus_ms(blobs::GIVEN_UP_MS + 1_000))?;
        let id = AttachmentId(random::id(now)?);
        answer(201, &blobs::receive::receive(self.sql(), id, asked.request, now).await?)
    }

    fn agents(&self) -> Result<Vec<Agent>, Problem> {
        self.read(|tx| Ok(tx.store().many("SELECT json FROM agents ORDER BY name", &[])?))
    }

    fn snapshot(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let me = asked.asker.actor()?;
        let page = threads::tasks(&self.sql(), &Filter { limit: SNAPSHOT_TASKS, ..Filter::default() })?;
        let agents = self.agents()?;
        let snapshot = self.read(|tx| {
            let deliveries: Vec<Delivery> = tx.store().many(
                "SELECT json FROM deliveries WHERE state <> 'seen' UNION SELECT json FROM (SELECT json FROM deliveries ORDER BY revision DESC LIMIT 200)",
                &[],
            )?;
            Ok(Snapshot {
                cursor: tx.store().cursor(),
                workspace: looked(tx, tx.store().workspace())?,
                tasks: page.tasks,
                next_cursor: page.next_cursor,
                agents,
                deliveries,
                me,
            })
        })?;
        answer(200, &snapshot)
    }

    /// Commands of a replica, each a commit of its own: a refused one does not hold up the next.
    async fn commands(&self, asked: Asked<'_>) -> Result<Response, Problem> {
        let person = asked.asker.person()?.clone();
        let batch: Batch = body::read_json(asked.request, JSON_BYTES).await?;
        batch.check()?;
        let actor = Actor::Person(person.clone());
        let mut results = Vec::with_capacity(batch.commands.len());
        for numbered in batch.commands {
            let hash = hash(&numbered.command);
            let mutation_id = numbered.mutation_id;
            let rejection = self.commit(|tx| {
                let mut client = super::clients::load(tx.sql(), &person.id, &batch.client_id)?;
                match client.admit(mutation_id, &hash) {
                    Err(broken) => return Err(broken.problem().into()),
                    Ok(Admission::Repeat(rejection)) => return Ok(rejection),
                    Ok(Admission::Run) => {}
                }
                let rejection = match tx.run(numbered.command, &actor, None) {
                    Ok(_) => None,
                    Err(problem) if problem.status < 500 => Some(problem.refusal()),
                    Err(fault) => return Err(fault),
                };
                let settled = Settled { client_id: batch.client_id.clone(), mutation_id, rejection };
                client.ran(&settled, hash.clone());
                super::clients::save(tx.sql(), &person.id, &batch.client_id, &client, tx.now)?;
                let rejection = settled.rejection.clone();
                tx.settle(settled);
                Ok(rejection)
            })?;
            results.push(json!({"mutationId": mutation_id, "rejection": rejection}));
        }
        let cursor: Cursor = self.read(|tx| Ok(tx.store().cursor()))?;
        answer(200, &json!({"cursor": cursor, "results": results}))
    }

    fn open_agent_stream(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        let asks = AgentAsks {
            connection: connection(asked)?,
            agent: asked.query("agent"),
            resumes: if asked.query("resume").is_some() { Resumes::AfterBreak } else { Resumes::New },
        };
        self.agent_stream(asked.asker.agent()?, &asks)
    }

    async fn mcp_post(&self, asked: Asked<'_>, workspace: WorkspaceId) -> Result<Response, Problem> {
        let holder = asked.asker.agent()?.clone();
        let agent = holder.agent(asked.query("agent").as_deref())?;
        let id = connection(&asked)?;
        let about = About { workspace, base: asked.header(BASE_HEADER).unwrap_or_default() };
        let body = body::read(asked.request, MCP_BYTES).await?;
        match self.commit(|tx| sse::post(tx, id, &holder, agent, &about, &body))? {
            Posted::Accepted => Ok(ResponseBuilder::new().with_status(202).ok("Accepted")?),
            Posted::Malformed(error) => answer(400, &error),
        }
    }

    /// A look that changes nothing.
    fn read<T>(
        &self,
        look: impl FnOnce(&super::transaction::Transaction<&worker::SqlStorage>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let sql = self.sql();
        let tx = super::transaction::Transaction::begin(&sql, random::now())?;
        look(&tx)
    }

    #[cfg(feature = "faults")]
    fn fault(&self, fault: &routes::Fault) -> Result<Response, Problem> {
        match fault {
            routes::Fault::PanicInObject(_) => {
                let actor = Actor::Person(Person { id: "test".into(), name: "Test".into() });
                let id = random::id(random::now())?;
                self.commit(|tx| {
                    let (title, body) = ("half-way".to_owned(), String::new());
                    tx.run(Command::CreateTask { id, title, body, assignee: Assignee::Human, attachments: Vec::new() }, &actor, None)?;
                    panic!("asked to panic in the object, half-way through a decision")
                })
            }
            _ => answer(200, &json!({"instance": self.instance})),
        }
    }
}

impl NewMessage {
    fn command(self, id: Id, task: agentrq_core::id::TaskId) -> Result<Command, Problem> {
        let Self { text, attachments, verdict, digest, then, in_reply_to, needs_answer } = self;
        let asks = match needs_answer {
            None => Asks::Unsaid,
            Some(true) => Asks::Answer,
            Some(false) => Asks::Nothing,
        };
        match (verdict, digest) {
            (None, _) => Ok(Command::PostMessage { id, task, text, attachments, in_reply_to, asks }),
            (Some(verdict), Some(digest)) => Ok(Command::GiveVerdict { id, task, verdict, digest, text, attachments, then }),
            (Some(_), None) => {
                Err(Problem::new(Code::BadRequest, "a verdict names what it is about: send the task's `digest` as you were shown it")
                    .with("field", "digest"))
            }
        }
    }
}

fn connection(asked: &Asked<'_>) -> Result<SessionId, Problem> {
    let id = asked.query("conn").unwrap_or_default();
    id.parse().map_err(|_| {
        Problem::new(Code::BadRequest, "post to the address that the stream's `endpoint` event named: this one has no connection in it")
            .with("field", "conn")
    })
}

fn named(task: routes::TaskRef) -> TaskRef {
    match task {
        routes::TaskRef::Id(id) => TaskRef::Id(id),
        routes::TaskRef::Number(number) => TaskRef::Number(number),
    }
}
