//! A request's way in: route, gate, then the account, the files, or the object of a workspace.

use std::time::Duration;

use agentrq_core::model::{Person, WorkspaceId};
use worker::{Context, Env, Request, Response};

use crate::account::client;
use crate::account::http::Desk;
use crate::account::protocol::{Answer, Want};
use crate::account::recent;
use crate::agents::AgentDoor;
use crate::assets;
use crate::body;
use crate::export;
use crate::forward::own_request;
use crate::gate::Credential;
use crate::gate::asked::Asked;
use crate::gate::caller::Caller;
use crate::gate::session::SessionProof;
use crate::output;
use crate::passed::Passed;
use crate::problem::Problem;
use crate::random;
use crate::routes::{self, Method, Route};
use crate::setup::Setup;
use crate::stream::all::{hold_all, named, place_in};
use crate::stream::dial::{DashboardStream, Line};
use crate::stream::held::hold;

/// Answers a request, or says why not.
pub async fn serve(mut request: Request, env: &Env, context: &Context) -> Result<Response, Problem> {
    let asked = Asked::of(&request)?;
    let (route, who) = routes::find(asked.method, &request.path())?;
    if route == Route::Health {
        return Ok(Response::from_json(&serde_json::json!({"ok": true}))?);
    }
    let setup = Setup::of(env)?;
    let credential = setup.gate.admit(&asked, &route, who)?;
    body::check_length(&route, asked.content_length)?;
    let desk = Desk { env, setup: &setup, asked: &asked };
    let caller = match (&route, asked.method, &credential) {
        (Route::Asset, method, _) => return assets::answer(env, &request, method).await,
        (Route::Session, Method::Post, _) => return desk.sign_in(&mut request).await,
        (Route::Session, Method::Delete, Credential::Session(proof)) => return desk.sign_out(proof).await,
        (Route::Session, _, Credential::Session(proof)) => return desk.who_am_i(proof).await,
        (Route::Workspaces, Method::Post, Credential::Session(proof)) => return desk.make(proof, &mut request).await,
        (Route::Workspaces, _, Credential::Session(proof)) => return desk.workspaces(proof).await,
        (Route::Workspace(workspace), Method::Delete, Credential::Session(proof)) => return desk.delete(proof, workspace).await,
        (_, _, Credential::Session(proof)) => Some(Caller::Person { person: person(env, &route, proof).await?, session: proof.id }),
        (_, _, Credential::Token(proof)) => Some(Caller::Token(*proof)),
        (_, _, Credential::Nothing) => None,
    };
    Passed { env, setup: &setup, asked: &asked, route, credential, caller }.serve(request, context).await
}

/// The person whose session it is, if they are a member of the route's workspace.
async fn person(env: &Env, route: &Route, proof: &SessionProof) -> Result<Person, Problem> {
    let Some(workspace) = route.workspace() else { return client::person(env, proof, Want::Person).await };
    let now = random::now();
    if let Some(person) = recent::known(proof, workspace, now) {
        return Ok(person);
    }
    let person = client::person(env, proof, Want::Member(workspace.clone())).await?;
    recent::remember(proof, workspace, &person, now);
    Ok(person)
}

impl Passed<'_> {
    async fn serve(&self, request: Request, context: &Context) -> Result<Response, Problem> {
        match &self.route {
            Route::Mcp(workspace, _) => AgentDoor { passed: self, workspace, context }.serve(&request).await,
            Route::Events(workspace) => {
                let inner = self.inner(&request)?;
                let cursor = request.headers().get("last-event-id")?.or_else(|| self.asked.query("cursor"));
                hold(self.dashboard(workspace, &inner, cursor)?).await
            }
            Route::AllEvents => self.all_events(&request).await,
            Route::Export(workspace) => export::serve(self, workspace).await,
            Route::Output(workspace, _) => output::door::serve(self, workspace, request).await,
            #[cfg(feature = "faults")]
            Route::Fault(routes::Fault::PanicInWorker) => panic!("asked to panic in the Worker"),
            _ => self.forward(&request).await,
        }
    }

    /// One stream for several workspaces of the person: those that are named, or the oldest.
    async fn all_events(&self, request: &Request) -> Result<Response, Problem> {
        let places = request.headers().get("last-event-id")?.or_else(|| self.asked.query("cursor"));
        let Some(caller) = &self.caller else { return Err(Problem::internal("a person's route without a person")) };
        let workspaces = match self.asked.query("workspaces") {
            Some(names) => {
                let named = named(&names, &self.setup.gate.mac)?;
                client::person(self.env, self.session()?, Want::Members(named.clone())).await?;
                named
            }
            None => self.oldest().await?,
        };
        let parts = workspaces.iter().map(|workspace| {
            let path = format!("/api/workspaces/{workspace}/events");
            let inner = own_request(self.setup, self.asked, worker::Method::Get, &path, None, caller)?;
            let cursor = places.as_deref().and_then(|places| place_in(places, &workspace.0)).map(str::to_owned);
            self.dashboard(workspace, &inner, cursor)
        });
        hold_all(parts.collect::<Result<_, _>>()?)
    }

    async fn oldest(&self) -> Result<Vec<WorkspaceId>, Problem> {
        let Answer::Workspaces { page, .. } = client::wants(self.env, self.session()?, Want::Workspaces { after: None }).await? else {
            return Err(Problem::internal("the account answered something else to a list"));
        };
        Ok(page.into_iter().filter(|membership| !membership.leaving).map(|membership| membership.workspace).collect())
    }

    fn dashboard(&self, workspace: &WorkspaceId, inner: &Request, cursor: Option<String>) -> Result<DashboardStream, Problem> {
        let line = Line::new(self.env.clone(), workspace.clone(), inner)?;
        Ok(DashboardStream { line, cursor, session: self.session()?.clone(), check_every: self.check_every() })
    }

    fn session(&self) -> Result<&SessionProof, Problem> {
        match &self.credential {
            Credential::Session(session) => Ok(session),
            Credential::Token(_) | Credential::Nothing => Err(Problem::internal("a person's route without a session")),
        }
    }

    /// How often a person's stream is checked; the tests' build can be asked to hurry.
    fn check_every(&self) -> Duration {
        #[cfg(feature = "faults")]
        if let Some(ms) = self.asked.query("check").and_then(|ms| ms.parse().ok()) {
            return Duration::from_millis(ms);
        }
        DashboardStream::CHECK_EVERY
    }
}
