//! The gate: who is asking, and may they? It decides with the server's secret alone; no Durable Object is touched here.
//!
//! A token is explicit, a cookie is ambient. So a request that shows a token is an agent's, whatever cookie comes along: the lesser of the two
//! powers, and never a fall-back to the greater one. Where only a person may go, a token is refused even beside a good cookie; where only
//! an agent may go, a cookie is not even read.

pub mod asked;
pub mod caller;
pub mod key;
pub mod mac;
pub mod origin;
pub mod scope;
pub mod session;
pub mod token;

use self::asked::Asked;
use self::mac::Mac;
use self::origin::Rules;
use self::session::SessionProof;
use self::token::TokenProof;
use crate::problem::{Code, Problem};
use crate::routes::{Method, Route, Who, no_workspace};

/// What a request has shown. The account checks a session, the workspace a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    Nothing,
    Session(SessionProof),
    Token(TokenProof),
}

/// Where people sign in.
const SIGN_IN: &str = "sign in with POST /api/session, then send the cookie it set";
/// How an agent shows its token.
const SHOW_TOKEN: &str = "send the workspace's token as `Authorization: Bearer arq_…` or `?token=arq_…`";

/// The gate, as set up.
#[derive(Clone)]
pub struct Gate {
    pub mac: Mac,
    pub rules: Rules,
}

impl Gate {
    /// Lets a request in as far as it can be told without asking an object, or says why not.
    pub fn admit(&self, asked: &Asked, route: &Route, who: Who) -> Result<Credential, Problem> {
        if *route != Route::Health {
            self.rules.host(asked)?;
        }
        if route.workspace().is_some_and(|workspace| !self.mac.is_workspace(workspace)) {
            return Err(no_workspace());
        }
        let credential = match (who, asked.token()) {
            (Who::Anyone, _) => {
                if *route == Route::Session {
                    self.rules.cookie(asked)?;
                }
                Credential::Nothing
            }
            (Who::Person, Some(_)) => {
                return Err(Problem::new(
                    Code::PersonOnly,
                    "this route is for people: an agent's token opens the tasks, messages and attachments of its workspace, and its MCP endpoint",
                ));
            }
            (Who::Person | Who::PersonOrAgent, None) => self.session(asked, who)?,
            (Who::Agent, None) => return Err(Problem::new(Code::TokenRequired, format!("this route is for agents: {SHOW_TOKEN}"))),
            (Who::Agent | Who::PersonOrAgent, Some(token)) => self.token(asked, route, &token)?,
        };
        wants_json(asked, route)?;
        Ok(credential)
    }

    fn session(&self, asked: &Asked, who: Who) -> Result<Credential, Problem> {
        self.rules.cookie(asked)?;
        let cookies = asked.cookies.as_deref().unwrap_or_default();
        let behind_proxy = || session::cookie_of(cookies, true).filter(|_| self.rules.maybe_https(asked));
        let cookie = session::cookie_of(cookies, self.rules.https(asked)).or_else(behind_proxy);
        let Some(cookie) = cookie else {
            let agents = if who == Who::PersonOrAgent { format!("; an agent: {SHOW_TOKEN}") } else { String::new() };
            return Err(Problem::new(Code::SessionRequired, format!("{SIGN_IN}{agents}")));
        };
        let proof = session::read(&self.mac, cookie, asked.session_key.as_deref());
        proof
            .map(Credential::Session)
            .ok_or_else(|| Problem::new(Code::SessionRequired, format!("the session cookie is not one of this server: {SIGN_IN}")))
    }

    fn token(&self, asked: &Asked, route: &Route, text: &str) -> Result<Credential, Problem> {
        self.rules.origin(asked)?;
        let proof = route.workspace().and_then(|workspace| token::read(&self.mac, workspace, text));
        proof.map(Credential::Token).ok_or_else(|| {
            Problem::new(Code::TokenInvalid, "this token was not made for this workspace: take the URL and the token of one and the same connect page, whole and unchanged")
        })
    }
}

/// Routes with a JSON body want it said so: a form or a text of another page must never be read as JSON.
fn wants_json(asked: &Asked, route: &Route) -> Result<(), Problem> {
    let with_body = matches!(asked.method, Method::Post | Method::Put | Method::Patch);
    if with_body && matches!(route, Route::Import(_)) {
        return asked.form().map(drop);
    }
    // Whatever a program prints is bytes, and only a token reports it.
    if with_body && !matches!(route, Route::Attachments(_) | Route::Output(..)) && !asked.is_json() {
        return Err(Problem::new(Code::UnsupportedMediaType, "the body must be JSON, with `Content-Type: application/json`")
            .with("allowed", vec!["application/json"]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;
    use agentrq_core::model::WorkspaceId;

    use super::*;
    use crate::routes::find;

    struct World {
        gate: Gate,
        workspace: WorkspaceId,
        token: String,
        cookie: String,
    }

    fn world() -> World {
        let mac = mac::for_tests();
        let workspace = mac.workspace(1);
        let (token, _) = token::mint(&mac, &workspace, Id::new(0, 1), &[7; 32]);
        let session = session::mint(&mac, mac.owner(), Id::new(0, 2), &[9; 32], None);
        World { workspace, token, cookie: format!("agentrq_session={}", session.cookie), gate: Gate { mac, rules: Rules::default() } }
    }

    impl World {
        fn ask(&self, method: Method, path: &str, token: Option<&str>, cookie: Option<&str>) -> Result<Credential, String> {
            let path = path.replace("WS", &self.workspace.0);
            let (route, who) = find(method, &path).map_err(|problem| problem.code.into_owned())?;
            let asked = Asked {
                authorization: token.map(|token| format!("Bearer {token}")),
                cookies: cookie.map(str::to_owned),
                content_type: Some("application/json".to_owned()),
                ..Asked::new(method, &format!("http://127.0.0.1:8787{path}")).expect("a url")
            };
            self.gate.admit(&asked, &route, who).map_err(|problem| problem.code.into_owned())
        }
    }

    fn kind(credential: Result<Credential, String>) -> String {
        match credential {
            Ok(Credential::Nothing) => "nothing".to_owned(),
            Ok(Credential::Session(_)) => "session".to_owned(),
            Ok(Credential::Token(_)) => "token".to_owned(),
            Err(code) => code,
        }
    }

    #[test]
    fn each_kind_of_caller_gets_where_it_may_go_and_nowhere_else() {
        let world = world();
        let (token, cookie) = (Some(world.token.as_str()), Some(world.cookie.as_str()));
        for (method, path, with_nothing, with_token, with_cookie, with_both) in [
            (Method::Get, "/healthz", "nothing", "nothing", "nothing", "nothing"),
            (Method::Get, "/api/workspaces", "session_required", "person_only", "session", "person_only"),
            (Method::Post, "/api/workspaces/WS/tokens", "session_required", "person_only", "session", "person_only"),
            (Method::Post, "/api/workspaces/WS/commands", "session_required", "person_only", "session", "person_only"),
            (Method::Get, "/api/workspaces/WS/workflows", "session_required", "person_only", "session", "person_only"),
            (Method::Put, "/api/workspaces/WS/workflows/x", "session_required", "person_only", "session", "person_only"),
            (Method::Delete, "/api/workspaces/WS/workflows/x", "session_required", "person_only", "session", "person_only"),
            (Method::Post, "/api/workspaces/WS/workflows/x/runs", "session_required", "person_only", "session", "person_only"),
            (Method::Get, "/api/workspaces/WS/tasks", "session_required", "token", "session", "token"),
            (Method::Get, "/mcp/WS", "token_required", "token", "token_required", "token"),
            (Method::Post, "/mcp/WS?conn=1", "token_required", "token", "token_required", "token"),
        ] {
            let found = [(None, None), (token, None), (None, cookie), (token, cookie)]
                .map(|(token, cookie)| kind(world.ask(method, path.split('?').next().unwrap_or(path), token, cookie)));
            assert_eq!(found, [with_nothing, with_token, with_cookie, with_both], "{} {path}", method.name());
        }
    }

    #[test]
    fn a_token_is_never_taken_as_a_cookie_nor_a_cookie_as_a_token() {
        let world = world();
        let as_cookie = format!("agentrq_session={}", world.token);
        assert_eq!(kind(world.ask(Method::Get, "/api/workspaces", None, Some(&as_cookie))), "session_required");
        let as_token = world.cookie.trim_start_matches("agentrq_session=");
        assert_eq!(kind(world.ask(Method::Get, "/mcp/WS", Some(as_token), None)), "token_invalid");
    }

    #[test]
    fn a_bad_token_beside_a_good_cookie_is_refused() {
        let world = world();
        assert_eq!(kind(world.ask(Method::Get, "/api/workspaces/WS/tasks", Some("arq_bad"), Some(&world.cookie))), "token_invalid");
        assert_eq!(kind(world.ask(Method::Get, "/api/workspaces/WS/tasks", Some(""), Some(&world.cookie))), "token_invalid");
    }

    #[test]
    fn a_workspace_that_was_never_made_is_not_found_whoever_asks() {
        let world = world();
        let other = format!("/api/workspaces/{}/tasks", "0".repeat(22));
        assert_eq!(kind(world.ask(Method::Get, &other, Some(&world.token), Some(&world.cookie))), "workspace_not_found");
        assert_eq!(kind(world.ask(Method::Get, &other, None, None)), "workspace_not_found");
    }

    #[test]
    fn a_body_that_is_not_said_to_be_json_is_refused() {
        let world = world();
        let (route, who) = find(Method::Post, "/api/workspaces").expect("a route");
        let asked = Asked {
            content_type: Some("text/plain".to_owned()),
            cookies: Some(world.cookie.clone()),
            ..Asked::new(Method::Post, "http://127.0.0.1:8787/api/workspaces").expect("a url")
        };
        assert_eq!(world.gate.admit(&asked, &route, who).map_err(|problem| problem.status), Err(415));
    }

    #[test]
    fn agents_from_foreign_pages_are_refused() {
        let world = world();
        let path = format!("/mcp/{}", world.workspace);
        let (route, who) = find(Method::Get, &path).expect("a route");
        let asked = Asked {
            origin: Some("http://evil.example.com".to_owned()),
            ..Asked::new(Method::Get, &format!("http://127.0.0.1:8787{path}?token={}", world.token)).expect("a url")
        };
        assert_eq!(world.gate.admit(&asked, &route, who).map_err(|problem| problem.status), Err(403));
        let asked = Asked { origin: Some("http://127.0.0.1:8787".to_owned()), ..asked };
        assert!(world.gate.admit(&asked, &route, who).is_ok());
    }
}
