//! What people do with their account over HTTP: sign in and out, and make, list and delete workspaces.

use std::time::Duration;

use agentrq_core::limits;
use agentrq_core::model::{Person, Workspace, WorkspaceId};
use agentrq_core::rejection::Rejection;
use futures_util::future::{join_all, select};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{Delay, Env, Method, Request, Response};

use super::client::{call, person, wants};
use super::protocol::{Answer, Call, Membership, Want};
use super::recent;
use crate::body::{self, JSON_BYTES};
use crate::forward::{object, own_request, send};
use crate::gate::asked::Asked;
use crate::gate::caller::Caller;
use crate::gate::session::{self, SessionProof};
use crate::problem::Problem;
use crate::random;
use crate::setup::Setup;

/// What the owner is called until accounts have names of their own.
const OWNER_NAME: &str = "Owner";
/// How long a sign-out waits for the workspaces to end its streams.
const CUT_WITHIN: Duration = Duration::from_secs(3);

/// One request about an account.
pub struct Desk<'a> {
    pub env: &'a Env,
    pub setup: &'a Setup,
    pub asked: &'a Asked,
}

#[derive(Deserialize)]
struct SignIn {
    key: String,
}

#[derive(Deserialize)]
struct NewWorkspace {
    name: String,
    mission: Option<String>,
}

fn answer(status: u16, body: &Value) -> Result<Response, Problem> {
    let response = Response::from_json(body)?.with_status(status);
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}

impl Desk<'_> {
    /// `POST /api/session`
    pub async fn sign_in(&self, request: &mut Request) -> Result<Response, Problem> {
        let SignIn { key } = body::read_json(request, JSON_BYTES).await?;
        let key = self.setup.compare_key(&key)?;
        let now = random::now();
        let mac = &self.setup.gate.mac;
        let session_key = if self.asked.by_browser() { Some(random::bytes()?) } else { None };
        let session = session::mint(mac, mac.owner(), random::id(now)?, &random::bytes()?, session_key.as_ref());
        let account = session.proof.account.clone();
        let sign_in = Call::SignIn {
            person: Person { id: account.0.clone(), name: OWNER_NAME.to_owned() },
            place: place(self.asked.address.as_deref()),
            key,
            session: (&session.proof).into(),
        };
        let Answer::Person(person) = call(self.env, &account, &sign_in).await? else {
            return Err(Problem::internal("the account answered something else to a sign-in"));
        };
        let response = answer(200, &json!({"person": person, "sessionKey": session.key}))?;
        response.headers().set("set-cookie", &session::set_cookie(&session.cookie, self.setup.gate.rules.https(self.asked)))?;
        Ok(response)
    }

    /// `GET /api/session`
    pub async fn who_am_i(&self, proof: &SessionProof) -> Result<Response, Problem> {
        answer(200, &json!({"person": person(self.env, proof, Want::Person).await?}))
    }

    /// `DELETE /api/session`
    pub async fn sign_out(&self, proof: &SessionProof) -> Result<Response, Problem> {
        let Answer::SignedOut { person, workspaces } = wants(self.env, proof, Want::SignOut).await? else {
            return Err(Problem::internal("the account answered something else to a sign-out"));
        };
        recent::forget(proof.id);
        let caller = caller(proof, person);
        let cut = join_all(workspaces.iter().map(|workspace| self.cut(&caller, workspace)));
        // One that cannot be reached holds nothing up: its streams are asked for their session sooner or later.
        select(cut, Delay::from(CUT_WITHIN)).await;
        let response = Response::empty()?.with_status(204);
        response.headers().set("set-cookie", &session::clear_cookie(self.setup.gate.rules.https(self.asked)))?;
        Ok(response)
    }

    /// Ends the session's streams in one workspace.
    async fn cut(&self, caller: &Caller, workspace: &WorkspaceId) -> Result<(), Problem> {
        let request = own_request(self.setup, self.asked, Method::Delete, "/api/session", None, caller)?;
        send(&object(self.env, workspace)?, request).await.map(drop)
    }

    /// `GET /api/workspaces`. Each workspace says itself what it is now; one whose making or deletion broke off is mended here.
    pub async fn workspaces(&self, proof: &SessionProof) -> Result<Response, Problem> {
        let after = self.asked.query("cursor");
        let Answer::Workspaces { person, page, more } = wants(self.env, proof, Want::Workspaces { after }).await? else {
            return Err(Problem::internal("the account answered something else to a list"));
        };
        let next = page.last().filter(|_| more).map(Membership::place);
        let caller = caller(proof, person);
        let workspaces = join_all(page.iter().map(|membership| self.now(proof, &caller, membership))).await;
        let workspaces: Vec<Value> = workspaces.into_iter().flatten().collect();
        answer(200, &json!({"workspaces": workspaces, "nextCursor": next}))
    }

    /// A workspace as it is now; as it was made, if it cannot say; nothing, if it is being deleted.
    async fn now(&self, proof: &SessionProof, caller: &Caller, membership: &Membership) -> Option<Value> {
        if membership.leaving {
            self.finish_deletion(proof, caller, &membership.workspace).await.ok();
            return None;
        }
        let said = match self.ask(Method::Get, caller, &membership.workspace, None).await {
            Ok(said) => Ok(said),
            Err(problem) if problem.status == 404 => self.put(caller, membership).await,
            Err(problem) => Err(problem),
        };
        let workspace = said.unwrap_or_else(|_| {
            json!(Workspace {
                id: membership.workspace.clone(),
                name: membership.name.clone(),
                mission: membership.mission.clone(),
                enforce_dependencies: false,
                created_at: membership.created_at,
                revision: 0,
            })
        });
        Some(self.with_url(&membership.workspace, workspace))
    }

    fn with_url(&self, id: &WorkspaceId, mut workspace: Value) -> Value {
        if let Some(fields) = workspace.as_object_mut() {
            fields.insert("url".to_owned(), json!(format!("{}/w/{id}", self.setup.gate.rules.base(self.asked))));
        }
        workspace
    }

    /// `POST /api/workspaces`
    pub async fn make(&self, proof: &SessionProof, request: &mut Request) -> Result<Response, Problem> {
        let new: NewWorkspace = body::read_json(request, JSON_BYTES).await?;
        let (name, mission) = checked(new)?;
        let workspace = self.setup.gate.mac.workspace(random::bits()?);
        let membership = Membership { workspace, name, mission, created_at: random::now(), leaving: false };
        // First the membership, then the workspace: what breaks off between them is mended by the next list.
        let person = person(self.env, proof, Want::Begin(membership.clone())).await?;
        let made = self.put(&caller(proof, person), &membership).await?;
        answer(201, &self.with_url(&membership.workspace, made))
    }

    async fn put(&self, caller: &Caller, membership: &Membership) -> Result<Value, Problem> {
        let body =
            json!({"id": membership.workspace, "name": membership.name, "mission": membership.mission, "createdAt": membership.created_at});
        self.ask(Method::Put, caller, &membership.workspace, Some(body.to_string())).await
    }

    /// `DELETE /api/workspaces/{ws}`. From the first step on nobody is let in; what breaks off after it is finished by the next list.
    pub async fn delete(&self, proof: &SessionProof, workspace: &WorkspaceId) -> Result<Response, Problem> {
        let person = person(self.env, proof, Want::Leave(workspace.clone())).await?;
        recent::forget(proof.id);
        self.finish_deletion(proof, &caller(proof, person), workspace).await?;
        Ok(Response::empty()?.with_status(204))
    }

    async fn finish_deletion(&self, proof: &SessionProof, caller: &Caller, workspace: &WorkspaceId) -> Result<(), Problem> {
        match self.ask(Method::Delete, caller, workspace, None).await {
            Ok(_) => {}
            Err(problem) if problem.status == 404 => {}
            Err(problem) => return Err(problem),
        }
        person(self.env, proof, Want::Left(workspace.clone())).await?;
        Ok(())
    }

    /// Asks the object of a workspace about the workspace itself.
    async fn ask(&self, method: Method, caller: &Caller, workspace: &WorkspaceId, body: Option<String>) -> Result<Value, Problem> {
        let path = format!("/api/workspaces/{workspace}");
        let request = own_request(self.setup, self.asked, method, &path, body, caller)?;
        let mut response = send(&object(self.env, workspace)?, request).await?;
        let text = response.text().await?;
        let said = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).map_err(Problem::internal)? };
        if (200..300).contains(&response.status_code()) {
            return Ok(said);
        }
        serde_json::from_value::<agentrq_core::rejection::Problem>(said)
            .map_or_else(|error| Err(Problem::internal(error)), |problem| Err(problem.into()))
    }
}

fn caller(proof: &SessionProof, person: Person) -> Caller {
    Caller::Person { person, session: proof.id }
}

fn checked(new: NewWorkspace) -> Result<(String, String), Problem> {
    let name = new.name.trim().to_owned();
    let mission = new.mission.unwrap_or_default();
    let length = name.chars().count();
    let rejection = if name.is_empty() {
        Rejection::Empty { field: "name" }
    } else if length > limits::WORKSPACE_NAME_CHARS {
        Rejection::TooLong { field: "name", limit: limits::WORKSPACE_NAME_CHARS, unit: "characters", given: length }
    } else if name.chars().any(char::is_control) {
        Rejection::Invalid { field: "name", problem: "a name has no control characters".to_owned() }
    } else if mission.len() > limits::MISSION_BYTES {
        Rejection::TooLong { field: "mission", limit: limits::MISSION_BYTES, unit: "bytes", given: mission.len() }
    } else {
        return Ok((name, mission));
    };
    Err(rejection.into())
}

/// From where wrong keys are counted: an address, of IPv6 the network.
fn place(address: Option<&str>) -> String {
    match address.and_then(|text| text.parse().ok()) {
        Some(std::net::IpAddr::V4(address)) => address.to_string(),
        Some(std::net::IpAddr::V6(address)) => address.segments().iter().take(4).map(|part| format!("{part:x}:")).collect(),
        None => "here".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(name: &str, mission: &str) -> NewWorkspace {
        NewWorkspace { name: name.to_owned(), mission: Some(mission.to_owned()) }
    }

    #[test]
    fn a_workspace_has_a_name_and_may_have_a_mission() {
        assert_eq!(checked(new("  a ", "b")), Ok(("a".to_owned(), "b".to_owned())));
        assert_eq!(checked(NewWorkspace { name: "é".repeat(80), mission: None }).map(|(_, mission)| mission), Ok(String::new()));
        for (wrong, status) in
            [(new(" ", ""), 400), (new("a\nb", ""), 400), (new(&"x".repeat(81), ""), 413), (new("a", &"x".repeat(16 * 1024 + 1)), 413)]
        {
            assert_eq!(checked(wrong).map_err(|problem| problem.status), Err(status));
        }
    }

    #[test]
    fn wrong_keys_are_counted_by_network() {
        assert_eq!(place(Some("192.0.2.1")), "192.0.2.1");
        assert_eq!(place(Some("2001:db8:1:2:3:4:5:6")), place(Some("2001:db8:1:2::")));
        assert_ne!(place(Some("2001:db8:1:2::")), place(Some("2001:db8:1:3::")));
        assert_eq!(place(Some("nonsense")), place(None));
    }
}
