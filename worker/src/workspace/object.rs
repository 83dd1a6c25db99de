//! SEAM: the Durable Object of a workspace, with no more than the gate, the tokens and the attachments need to be tried out.

use agentrq_core::id::AttachmentId;
use agentrq_core::model::{Workspace, WorkspaceId};
use serde_json::json;
use worker::*;

use super::{blobs, tokens};
use crate::body::{self, JSON_BYTES};
use crate::gate::caller::{BASE_HEADER, Caller};
use crate::migrations::migrate;
use crate::problem::{Code, Problem};
use crate::random;
use crate::routes::{self, Method, Route};
use crate::setup::Setup;

/// One workspace.
#[durable_object]
pub struct WorkspaceObject {
    state: State,
    env: Env,
    instance: String,
}

impl DurableObject for WorkspaceObject {
    fn new(state: State, env: Env) -> Self {
        let tables =
            ["CREATE TABLE workspace (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID", tokens::MIGRATION, blobs::MIGRATION];
        migrate(&state.storage().sql(), &tables).ok();
        Self { state, env, instance: random::id(random::now()).map(|id| id.to_string()).unwrap_or_default() }
    }

    async fn fetch(&self, mut request: Request) -> Result<Response> {
        match self.answer(&mut request).await {
            Ok(response) => Ok(response),
            Err(problem) => problem.into_response(),
        }
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }

    async fn websocket_message(&self, _: WebSocket, _: WebSocketIncomingMessage) -> Result<()> {
        Ok(())
    }

    async fn websocket_close(&self, _: WebSocket, _: usize, _: String, _: bool) -> Result<()> {
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> Result<()> {
        Ok(())
    }
}

impl WorkspaceObject {
    async fn answer(&self, request: &mut Request) -> std::result::Result<Response, Problem> {
        let sql = self.state.storage().sql();
        let now = random::now();
        let method = Method::parse(request.method().as_ref());
        if method == Method::Put {
            let new: serde_json::Value = body::read_json(request, JSON_BYTES).await?;
            let workspace =
                json!({"id": new["id"], "name": new["name"], "mission": new["mission"], "createdAt": new["createdAt"], "revision": 1});
            self.put(&workspace)?;
            return Ok(Response::from_json(&workspace)?);
        }
        let (route, _) = routes::find(method, &request.path())?;
        let caller = Caller::of(request);
        let who = match &caller {
            Some(Caller::Person(person)) => person.name.clone(),
            Some(Caller::Token(proof)) => {
                let holder = tokens::verify(&sql, proof, now)??;
                let agent = holder
                    .agent(request.url()?.query_pairs().find(|(name, _)| name == "agent").map(|(_, name)| name.into_owned()).as_deref())?;
                tokens::used(&sql, holder.token, &agent, now)?;
                agent.to_string()
            }
            None => String::new(),
        };
        Ok(match route {
            Route::Workspace(_) if method == Method::Delete => {
                self.state.storage().delete_all().await?;
                Response::empty()?.with_status(204)
            }
            Route::Workspace(id) => Response::from_json(&self.get(&id)?)?,
            Route::Tokens(_) if method == Method::Get => Response::from_json(&json!({"tokens": tokens::list(&sql, now)?}))?,
            Route::Tokens(workspace) => {
                let new = body::read_json(request, JSON_BYTES).await?;
                let base = request.headers().get(BASE_HEADER)?.unwrap_or_default();
                let setup = Setup::of(&self.env)?;
                let making = tokens::Making {
                    mac: &setup.gate.mac,
                    workspace: &workspace,
                    base: &base,
                    id: random::id(now)?,
                    secret: &random::bytes()?,
                    now,
                };
                Response::from_json(&tokens::create(&sql, &new, &making)?)?.with_status(201)
            }
            Route::Token(_, id) if method == Method::Delete => {
                tokens::revoke(&sql, id, now)?;
                Response::empty()?.with_status(204)
            }
            Route::Token(_, id) => Response::from_json(&tokens::extend(&sql, id, &body::read_json(request, JSON_BYTES).await?, now)?)?,
            Route::Attachments(_) => {
                let id = AttachmentId(random::id(now)?);
                Response::from_json(&blobs::receive::receive(sql, id, request, now).await?)?.with_status(201)
            }
            Route::Attachment(_, id) => blobs::download::answer(&sql, id, request)?,
            #[cfg(feature = "faults")]
            Route::Fault(routes::Fault::PanicInObject(_)) => panic!("asked to panic in the object"),
            #[cfg(feature = "faults")]
            Route::Fault(_) => Response::from_json(&json!({"instance": self.instance}))?,
            _ => Response::from_json(&json!({"seam": true, "who": who, "url": request.inner().url(), "instance": self.instance}))?,
        })
    }

    fn get(&self, id: &WorkspaceId) -> std::result::Result<Workspace, Problem> {
        use crate::sql::Sql;
        let row = self.state.storage().sql().first("SELECT json FROM workspace WHERE id = ?", &[id.0.as_str().into()])?;
        let row = row.ok_or_else(|| Problem::new(Code::WorkspaceNotFound, "this workspace is gone"))?;
        serde_json::from_str(row.text(0)?).map_err(Problem::internal)
    }

    fn put(&self, workspace: &serde_json::Value) -> std::result::Result<(), Problem> {
        use crate::sql::Sql;
        let id = workspace["id"].as_str().unwrap_or_default();
        // Named in full: the storage has an `exec` of its own.
        Sql::exec(
            &self.state.storage().sql(),
            "INSERT OR IGNORE INTO workspace (id, json) VALUES (?, ?)",
            &[id.into(), workspace.to_string().into()],
        )?;
        Ok(())
    }
}
