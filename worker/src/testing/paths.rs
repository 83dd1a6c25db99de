//! Paths: what the table of routes makes of those that are close to right.

use agentrq_core::testing::fuzz::Choices;

use crate::routes::{Method, Route, TaskRef, find};

const WORKSPACE: &str = "0123456789ABCDEFGHIJKL";
const PATHS: &[&str] = &[
    "/healthz",
    "/api/session",
    "/api/events",
    "/api/workspaces",
    "/api/workspaces/WS",
    "/api/workspaces/WS/tokens/0ZRgCquBZ7R",
    "/api/workspaces/WS/tasks",
    "/api/workspaces/WS/tasks/0ZRgCquBZ7R",
    "/api/workspaces/WS/tasks/12/messages",
    "/api/workspaces/WS/attachments/0ZRgCquBZ7R",
    "/api/workspaces/WS/snapshot",
    "/mcp/WS",
    "/w/anything",
];

pub(super) fn a_path_leads_somewhere_or_is_refused_in_the_form_of_its_route(choices: &mut Choices<'_>) {
    let path = choices.of(PATHS).replace("WS", WORKSPACE);
    let path = choices.changed(&path);
    let method = Method::parse(choices.of(&["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "get", "BREW", ""]));
    let is_interface = ["/api/", "/mcp/"].iter().any(|prefix| path.starts_with(prefix));
    match find(method, &path) {
        Ok((Route::Asset, _)) => assert!(!is_interface, "{path:?} is a page"),
        // A route has one path: nothing is left out of it, and what it names stands in it.
        Ok((route, _)) => {
            assert!(!path.contains("//") && !path.ends_with('/') && !path.contains("/.."), "{path:?}");
            assert!(route.workspace().is_none_or(|workspace| path.contains(&format!("/{workspace}"))), "{path:?}");
            if let Route::Task(_, task) | Route::Messages(_, task) = route {
                let name = match task {
                    TaskRef::Id(id) => id.to_string(),
                    TaskRef::Number(number) => number.to_string(),
                };
                assert!(path.split('/').any(|part| part == name), "{path:?} names {name}");
            }
        }
        Err(problem) => {
            assert!(matches!(problem.status, 404 | 405), "{path:?}: {}", problem.status);
            assert!(problem.detail.len() < 1_000, "{} bytes to refuse {path:?}", problem.detail.len());
        }
    }
}
