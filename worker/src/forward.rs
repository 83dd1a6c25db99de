//! The way from the Worker to the object of a workspace: the same method, path and body, with who calls in place of the credentials.

use agentrq_core::model::WorkspaceId;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, Request, RequestInit, Response, Stub};

use crate::border;
use crate::gate::asked::Asked;
use crate::gate::caller::{BASE_HEADER, Caller};
use crate::problem::Problem;
use crate::routes::Route;
use crate::setup::{Setup, WORKSPACES};

/// The object of a workspace. The id must have passed the gate: naming an object makes it.
pub fn object(env: &Env, workspace: &WorkspaceId) -> Result<Stub, Problem> {
    Ok(env.durable_object(WORKSPACES)?.id_from_name(&workspace.0)?.get_stub()?)
}

/// The headers that an object reads. Nothing else goes on: no credential, nothing that only the Worker may say, and none of what the edge adds.
const PASSED_ON: &[&str] = &[
    "content-type",
    "content-length",
    "content-disposition",
    "x-filename",
    "x-task-list",
    "idempotency-key",
    "if-none-match",
    "range",
    "if-range",
];

/// The same for MCP.
const PASSED_ON_OF_MCP: &[&str] = &[
    "content-type",
    "content-length",
    "mcp-session-id",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
    #[cfg(feature = "faults")]
    "mcp-param-region",
];

/// What a request becomes on its way to the object.
pub fn inner_request(setup: &Setup, asked: &Asked, route: &Route, request: &Request, caller: Option<&Caller>) -> Result<Request, Problem> {
    let headers = Headers::new();
    let names = if let Route::Mcp(..) = route { PASSED_ON_OF_MCP } else { PASSED_ON };
    for (name, value) in border::present(request.headers(), names) {
        headers.set(name, &value)?;
    }
    let init = worker::web_sys::RequestInit::new();
    init.set_method(asked.method.name());
    init.set_headers(headers.0.as_ref());
    // The body goes on as a stream, which never enters wasm.
    if let Some(body) = request.inner().body() {
        init.set_body(body.as_ref());
    }
    let inner = worker::web_sys::Request::new_with_str_and_init(&without_token(asked), &init).map_err(worker::Error::from)?;
    let inner = Request::from(inner);
    say_who(&inner, setup, asked, caller)?;
    Ok(inner)
}

/// A request of the Worker's own to the object, for `path`, which may end in a query.
pub fn own_request(
    setup: &Setup,
    asked: &Asked,
    method: Method,
    path: &str,
    body: Option<String>,
    caller: &Caller,
) -> Result<Request, Problem> {
    let mut url = asked.url.clone();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    url.set_path(path);
    url.set_query(query);
    let mut init = RequestInit::new();
    init.with_method(method).with_body(body.map(JsValue::from));
    let inner = Request::new_with_init(url.as_str(), &init)?;
    inner.headers().set("content-type", "application/json")?;
    say_who(&inner, setup, asked, Some(caller))?;
    Ok(inner)
}

fn say_who(inner: &Request, setup: &Setup, asked: &Asked, caller: Option<&Caller>) -> Result<(), Problem> {
    inner.headers().set(BASE_HEADER, &setup.gate.rules.base(asked))?;
    if let Some(caller) = caller {
        for (name, value) in caller.to_headers() {
            inner.headers().set(name, &value)?;
        }
    }
    Ok(())
}

/// The URL without the token, which is a credential as much as a header is.
fn without_token(asked: &Asked) -> String {
    let mut url = asked.url.clone();
    let kept: Vec<(String, String)> = url.query_pairs().into_owned().filter(|(name, _)| name != "token").collect();
    if url.query().is_some() {
        url.query_pairs_mut().clear().extend_pairs(kept);
    }
    if url.query() == Some("") {
        url.set_query(None);
    }
    url.into()
}

/// Sends a request to the object. That it cannot be reached is told as such: it is being reset or moved, and trying again helps.
pub async fn send(stub: &Stub, request: Request) -> Result<Response, Problem> {
    stub.fetch_with_request(request).await.map_err(Problem::unavailable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::Method;

    #[test]
    fn the_token_stays_behind_and_the_rest_of_the_query_goes_on() {
        let cleaned = |url: &str| without_token(&Asked::new(Method::Get, url).expect("a url"));
        assert_eq!(cleaned("http://h/mcp/x?token=a&agent=b%20c&token=d"), "http://h/mcp/x?agent=b+c");
        assert_eq!(cleaned("http://h/mcp/x?token=a"), "http://h/mcp/x");
        assert_eq!(cleaned("http://h/mcp/x"), "http://h/mcp/x");
    }
}
