//! Which scope of an agent's token a route needs. What a request holds, core's rules look at: they may need a wider one.

use agentrq_core::model::{Scope, Scopes};
use agentrq_core::rejection::Rejection;

use crate::problem::Problem;
use crate::routes::{Method, Route};

/// May the holder of these scopes go there?
///
/// # Errors
/// Which scope is needed and which the token has.
pub fn allows(route: &Route, method: Method, scopes: &Scopes) -> Result<(), Problem> {
    let (needed, what) = needed(route, method);
    scopes.allow(needed, what).map_err(|why| Rejection::from(why).into())
}

/// May the holder of these scopes upload files?
///
/// # Errors
/// Which scope is needed and which the token has.
pub fn may_upload(scopes: &Scopes) -> Result<(), Problem> {
    scopes.allow(UPLOAD.0, UPLOAD.1).map_err(|why| Rejection::from(why).into())
}

const UPLOAD: (Scope, &str) = (Scope::Ask, "upload files");

fn needed(route: &Route, method: Method) -> (Scope, &'static str) {
    match route {
        // Whoever holds a token may speak: each tool has a scope of its own.
        Route::Mcp(..) => (Scope::Read, "use MCP"),
        Route::Tasks(_) | Route::Task(..) | Route::Messages(..) | Route::Output(..) | Route::Attachments(_) | Route::Attachment(..) => {
            match (route, method) {
                (_, Method::Get | Method::Head) => (Scope::Read, "read"),
                (Route::Tasks(_), Method::Post) => (Scope::Ask, "create tasks"),
                (Route::Task(..), Method::Patch) => (Scope::Ask, "change tasks"),
                (Route::Messages(..), Method::Post) => (Scope::Ask, "write in threads"),
                (Route::Output(..), Method::Post) => (Scope::Agent, "report output"),
                (Route::Attachments(_), Method::Post) => UPLOAD,
                (Route::Task(..), Method::Delete) => (Scope::Agent, "delete tasks"),
                _ => (Scope::Agent, "do this"),
            }
        }
        Route::Export(_) => (Scope::Agent, "export a list"),
        Route::Import(_) => (Scope::Agent, "import a list"),
        Route::Hooks(_) => (Scope::Agent, "report by hooks"),
        _ => (Scope::Agent, "go there"),
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::model::SCOPES;

    use super::*;
    use crate::routes;

    const WS: &str = "0123456789ABCDEFGHIJKL";

    #[test]
    fn each_route_of_agents_is_open_from_one_scope_on() {
        use Method::{Delete, Get, Patch, Post};
        for (method, path, needed) in [
            (Get, "/mcp/WS", Scope::Read),
            (Post, "/mcp/WS", Scope::Read),
            (Post, "/hooks/WS", Scope::Agent),
            (Get, "/api/workspaces/WS/tasks", Scope::Read),
            (Post, "/api/workspaces/WS/tasks", Scope::Ask),
            (Get, "/api/workspaces/WS/tasks/12", Scope::Read),
            (Patch, "/api/workspaces/WS/tasks/12", Scope::Ask),
            (Delete, "/api/workspaces/WS/tasks/12", Scope::Agent),
            (Get, "/api/workspaces/WS/tasks/12/messages", Scope::Read),
            (Post, "/api/workspaces/WS/tasks/12/messages", Scope::Ask),
            (Get, "/api/workspaces/WS/tasks/12/output", Scope::Read),
            (Post, "/api/workspaces/WS/tasks/12/output", Scope::Agent),
            (Post, "/api/workspaces/WS/attachments", Scope::Ask),
            (Get, "/api/workspaces/WS/attachments/0ZRgCquBZ7R", Scope::Read),
            (Get, "/api/workspaces/WS/export", Scope::Agent),
            (Post, "/api/workspaces/WS/import", Scope::Agent),
        ] {
            let (route, _) = routes::find(method, &path.replace("WS", WS)).expect(path);
            for held in SCOPES {
                let opened = allows(&route, method, &Scopes::read([held.word()]).expect("a scope"));
                let expected = if held.includes(needed) { Ok(()) } else { Err((403, "scope_required")) };
                let opened = opened.as_ref().copied().map_err(|problem| (problem.status, &*problem.code));
                assert_eq!(opened, expected, "{} {path} with {held}", method.name());
            }
        }
    }

    #[test]
    fn a_route_that_nobody_thought_of_is_closed_to_narrow_tokens() {
        let (route, _) = routes::find(Method::Get, &format!("/api/workspaces/{WS}/snapshot")).expect("a route");
        for held in [Scope::Ask, Scope::Read] {
            assert!(allows(&route, Method::Get, &Scopes::read([held.word()]).expect("a scope")).is_err());
        }
    }
}
