//! The object's answers over HTTP: the tasks, threads, tokens and files of its workspace.

mod hooks;
mod interchange;
mod mcp;
mod messages;
mod outputs;
mod sync;
mod tasks;
mod tokens;
mod workflows;
mod workspace;

use agentrq_core::id::Id;
use agentrq_core::json::object;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::members;
use agentrq_core::model::{Actor, Person};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use url::Url;
use worker::{Request, Response, ResponseBuilder, SqlStorage};

use super::WorkspaceObject;
use crate::body::{self, JSON_BYTES};
use crate::gate::caller::Caller;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::{self, Method, Route};
use crate::stream::dial::wants_socket;
use crate::workspace::tokens::Holder;
use crate::workspace::transaction::Transaction;
use crate::workspace::{blobs, reach, tokens as token_table};

pub use interchange::Imports;

/// Who asks, checked wholly.
#[derive(Clone, Debug)]
pub enum Asker {
    Person { person: Person, session: Id },
    Agent(Holder, Option<String>),
}

impl Asker {
    fn actor(&self) -> Result<Actor, Problem> {
        Ok(match self {
            Self::Person { person, .. } => Actor::Person(person.clone()),
            Self::Agent(holder, name) => Actor::Agent { name: holder.agent(name.as_deref())? },
        })
    }

    /// Names the caller for limits and for keys of idempotency.
    fn name(&self) -> String {
        match self {
            Self::Person { person, .. } => format!("p:{}", person.id),
            Self::Agent(holder, _) => format!("t:{}", holder.token),
        }
    }

    fn person(&self) -> Result<&Person, Problem> {
        match self {
            Self::Person { person, .. } => Ok(person),
            Self::Agent(..) => Err(Problem::new(Code::PersonOnly, "only a person may do this")),
        }
    }

    fn session(&self) -> Result<Id, Problem> {
        match self {
            Self::Person { session, .. } => Ok(*session),
            Self::Agent(..) => Err(Problem::new(Code::PersonOnly, "only a person may do this")),
        }
    }

    fn agent(&self) -> Result<&Holder, Problem> {
        match self {
            Self::Agent(holder, _) => Ok(holder),
            Self::Person { .. } => Err(Problem::new(Code::AgentOnly, "only an agent may do this")),
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

fn answer(status: u16, body: &impl Serialize) -> Result<Response, Problem> {
    written(status, serde_json::to_string(body).map_err(Problem::internal)?)
}

/// Answers with JSON that is written already.
fn written(status: u16, body: String) -> Result<Response, Problem> {
    let builder = ResponseBuilder::new().with_status(status).with_header("content-type", "application/json")?;
    Ok(builder.with_header("cache-control", "no-store")?.with_header("x-content-type-options", "nosniff")?.fixed(body.into_bytes()))
}

fn no_content() -> Result<Response, Problem> {
    Ok(Response::empty()?.with_status(204))
}

impl WorkspaceObject {
    /// Answers a request of the Worker, which has let it through the gate.
    pub(in crate::object) async fn answer(&self, request: &mut Request) -> Result<Response, Problem> {
        let method = Method::parse(request.method().as_ref());
        let url = request.url()?;
        // The account makes a workspace: no route leads here from outside.
        if method == Method::Put && matches!(routes::find(Method::Get, url.path()), Ok((Route::Workspace(_), _))) {
            return self.make(body::read_json(request, JSON_BYTES).await?);
        }
        let (route, _) = routes::find(method, url.path())?;
        #[cfg(feature = "faults")]
        if let Route::Fault(fault) = &route {
            return self.fault(fault);
        }
        if !self.is_here()? {
            let is_deletion = method == Method::Delete && matches!(route, Route::Workspace(_));
            return Err(if is_deletion && self.is_made()? {
                // Not "there is none": whoever hears that takes it for done.
                Problem::unavailable("this workspace is being deleted")
            } else {
                Problem::new(Code::WorkspaceNotFound, "this workspace was deleted")
            });
        }
        let caller = Caller::of(request).ok_or_else(|| Problem::internal("a request reached the object without a caller"))?;
        let asker = self.asker(caller, &url)?;
        if route == Route::Session {
            // The person has signed out; how often they asked before does not matter.
            self.end_session(asker.session()?)?;
            return no_content();
        }
        self.rate.borrow_mut().take(&asker.name(), random::now())?;
        if let Asker::Agent(holder, _) = &asker {
            crate::gate::scope::allows(&route, method, &holder.scopes)?;
        }
        if let (Asker::Agent(holder, name), false) = (&asker, matches!(route, Route::Mcp(..))) {
            self.heard(holder.agent(name.as_deref())?)?;
        }
        self.route(route, Asked { request, url, method, asker }).await
    }

    fn asker(&self, caller: Caller, url: &Url) -> Result<Asker, Problem> {
        let proof = match caller {
            Caller::Person { session, .. } if self.ended.borrow().contains(&session) => {
                return Err(session_ended());
            }
            Caller::Person { person, session } => return Ok(Asker::Person { person, session }),
            Caller::Token(proof) => proof,
        };
        let now = random::now();
        let holder = token_table::verify(&self.sql(), &proof, now)??;
        let name = url.query_pairs().find(|(key, _)| key == "agent").map(|(_, value)| value.into_owned());
        let agent = holder.agent(name.as_deref())?;
        token_table::check_room(&self.sql(), &holder, &agent)?;
        token_table::used(&self.sql(), &holder, &agent, now)?;
        Ok(Asker::Agent(holder, name))
    }

    /// Is the one who asks still let in? Asked again once a body is here, which its sender can hold back for as long as they like.
    fn still_good(&self, asker: &Asker) -> Result<(), Problem> {
        match asker {
            Asker::Person { session, .. } if self.ended.borrow().contains(session) => Err(session_ended()),
            Asker::Agent(holder, _) if !token_table::is_good(&self.sql(), holder.token, random::now())? => {
                Err(Problem::new(Code::TokenRevoked, "the token was withdrawn before the request was here whole, and nothing was done"))
            }
            Asker::Person { .. } | Asker::Agent(..) => Ok(()),
        }
    }

    /// The body of a request whose sender is still let in once it is here.
    async fn body(&self, request: &mut Request, asker: &Asker, limit: u64) -> Result<Vec<u8>, Problem> {
        let body = body::read(request, limit).await?;
        self.still_good(asker)?;
        Ok(body)
    }

    /// The same, read as JSON.
    async fn json<T: DeserializeOwned>(&self, request: &mut Request, asker: &Asker) -> Result<T, Problem> {
        body::parse(&self.body(request, asker, JSON_BYTES).await?)
    }

    async fn route(&self, route: Route, asked: Asked<'_>) -> Result<Response, Problem> {
        match (route, asked.method) {
            (Route::Workspace(_), Method::Get) => answer(200, &self.workspace()?),
            (Route::Workspace(_), Method::Patch) => self.edit_workspace(asked).await,
            (Route::Workspace(_), Method::Delete) => self.delete_workspace(&asked).await,
            (Route::Tokens(_), Method::Get) => answer(200, &json!({"tokens": token_table::list(&self.sql(), random::now())?})),
            (Route::Tokens(workspace), _) => self.make_token(asked, &workspace).await,
            (Route::Token(_, id), Method::Delete) => self.revoke_token(&asked, id),
            (Route::Token(_, id), _) => self.change_token(asked, id).await,
            (Route::Tasks(_), Method::Get) => self.list_tasks(&asked),
            (Route::Tasks(_), _) => self.create_task(asked).await,
            (Route::Task(_, task), Method::Get) => answer(200, &self.read_task(named(task))?),
            (Route::Task(_, task), Method::Delete) => self.delete_task(&asked, named(task)),
            (Route::Task(_, task), _) => self.edit_task(asked, named(task)).await,
            (Route::Messages(_, task), Method::Get) => self.list_messages(&asked, named(task)),
            (Route::Messages(_, task), _) => self.post_message(asked, named(task)).await,
            (Route::Output(workspace, task), Method::Post) => self.admit_runner(&asked, &workspace, named(task)),
            (Route::Output(workspace, task), _) => self.admit_reader(&workspace, named(task)),
            (Route::Attachments(_), _) => self.upload(asked).await,
            (Route::Attachment(_, id), _) => blobs::download::answer(&self.sql(), id, asked.request),
            (Route::Agents(_), _) => {
                let agents = reach::of(&self.sql(), self.agents()?)?;
                let mut body = String::new();
                object(&mut body, &members!(agents));
                written(200, body)
            }
            (Route::Workflows(_), _) => self.list_workflows(&asked),
            (Route::Workflow(_, name), Method::Get) => self.read_workflow(&asked, &name),
            (Route::Workflow(_, name), Method::Delete) => self.delete_workflow(&asked, &name),
            (Route::Workflow(_, name), _) => self.save_workflow(asked, &name).await,
            (Route::WorkflowRuns(_, name), _) => self.start_workflow(asked, &name).await,
            (Route::Snapshot(_), _) => self.snapshot(&asked),
            (Route::Activity(_), _) => self.activity(&asked),
            (Route::Commands(_), _) => self.commands(asked).await,
            (Route::Events(_), _) if wants_socket(asked.request) => {
                self.dashboard_stream(asked.asker.session()?, asked.query("cursor").as_deref()).await
            }
            (Route::Export(workspace), _) => self.export(&asked, &workspace),
            (Route::Import(_), _) => self.import(asked).await,
            (Route::Hooks(_), _) => self.hooks(asked).await,
            (Route::Mcp(workspace, endpoint), _) => self.mcp(asked, workspace, endpoint).await,
            _ => Err(Problem::new(Code::NotFound, "there is nothing at this path")),
        }
    }

    /// A look that changes nothing.
    pub(in crate::object) fn read<T>(&self, look: impl FnOnce(&Transaction<&SqlStorage>) -> Result<T, Problem>) -> Result<T, Problem> {
        let sql = self.sql();
        let tx = Transaction::begin(&sql, random::now())?;
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
                    tx.run(
                        agentrq_core::command::Command::CreateTask {
                            id,
                            title,
                            body,
                            assignee: agentrq_core::model::Assignee::Human,
                            attachments: Vec::new(),
                            options: None,
                        },
                        &actor,
                        None,
                    )?;
                    panic!("asked to panic in the object, half-way through a decision")
                })
            }
            routes::Fault::BreakSockets(_) => {
                for socket in self.state.get_websockets() {
                    socket.close(Some(1012), Some("")).ok();
                }
                no_content()
            }
            routes::Fault::Reset(_) => {
                use js_sys::{Function, Reflect, global};
                use wasm_bindgen::{JsCast, JsValue};
                let function = |of: &JsValue, name: &str| Reflect::get(of, &name.into()).map(JsCast::unchecked_into::<Function>);
                let state: &JsValue = self.state.as_raw().as_ref();
                // Not from in here: `abort` ends whatever calls it, this wasm instance included.
                let reset = function(state, "abort").map(|abort| abort.bind1(state, &"a test asked for it".into()));
                reset.and_then(|reset| function(&global(), "setTimeout")?.call2(&JsValue::NULL, &reset, &0.into())).ok();
                no_content()
            }
            routes::Fault::Trap(_) => {
                #[cfg(target_arch = "wasm32")]
                std::arch::wasm32::unreachable();
                #[cfg(not(target_arch = "wasm32"))]
                no_content()
            }
            _ => answer(200, &json!({"instance": self.instance})),
        }
    }
}

fn session_ended() -> Problem {
    Problem::new(Code::SessionRequired, "this session has ended: sign in again")
}

fn named(task: routes::TaskRef) -> TaskRef {
    match task {
        routes::TaskRef::Id(id) => TaskRef::Id(id),
        routes::TaskRef::Number(number) => TaskRef::Number(number),
    }
}
