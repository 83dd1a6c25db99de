//! The shell of AgentRQ on Cloudflare Workers and bare workerd.
use worker::*;

pub mod gate;
pub mod migrations;
pub mod problem;
pub mod routes;
pub mod sql;
pub mod workspace;

/// One workspace.
#[durable_object]
pub struct WorkspaceObject {
    state: State,
}

impl DurableObject for WorkspaceObject {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, _req: Request) -> Result<Response> {
        answer_count(&self.state)
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }
}

/// One person.
#[durable_object]
pub struct AccountObject {
    state: State,
}

impl DurableObject for AccountObject {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, _req: Request) -> Result<Response> {
        answer_count(&self.state)
    }

    async fn alarm(&self) -> Result<Response> {
        Response::empty()
    }
}

/// Proves that SQLite is there and lasts: counts its own calls.
fn answer_count(state: &State) -> Result<Response> {
    let sql = state.storage().sql();
    sql.exec("CREATE TABLE IF NOT EXISTS calls (at INTEGER)", None)?;
    sql.exec("INSERT INTO calls VALUES (1)", None)?;
    let rows: Vec<serde_json::Value> = sql.exec("SELECT count(*) AS n FROM calls", None)?.to_array()?;
    Response::from_json(&rows)
}

#[event(fetch)]
async fn fetch(req: Request, env: Env, _ctx: Context) -> Result<Response> {
    match req.path().as_str() {
        "/healthz" => Response::ok("ok"),
        "/test/count" => {
            let object = env.durable_object("WORKSPACES")?.id_from_name("probe")?.get_stub()?;
            object.fetch_with_str("http://object/").await
        }
        #[cfg(feature = "faults")]
        "/test/panic" => panic!("asked to panic"),
        _ => Response::error("not found", 404),
    }
}
