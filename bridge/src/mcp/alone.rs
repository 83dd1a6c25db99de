//! A call that names no session: one request, and its answer. The server takes it as the agent's all the same, since the token says who asks.

use reqwest::header::{ACCEPT, CONTENT_TYPE};
use rmcp::model::{CallToolResult, ErrorData, JsonObject};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::{self, Failure};
use crate::address::Address;
use crate::say::cause;

#[derive(Debug, Deserialize)]
struct Answer {
    result: Option<CallToolResult>,
    error: Option<ErrorData>,
}

/// Calls a tool once, and answers with its structured content.
///
/// # Errors
/// The answer is no, or there is none that could be read.
pub(super) async fn call(http: &reqwest::Client, address: &Address, tool: &str, arguments: &JsonObject) -> Result<Value, Failure> {
    let asked = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
    let request = http
        .post(address.mcp().clone())
        .bearer_auth(address.token().reveal())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json, text/event-stream")
        .body(asked.to_string());
    let unheard = |error: &reqwest::Error| Failure::unreachable(cause(error));
    let response = request.send().await.and_then(reqwest::Response::error_for_status).map_err(|error| unheard(&error))?;
    let text = response.text().await.map_err(|error| unheard(&error))?;
    match serde_json::from_str(&text) {
        Ok(Answer { result: Some(result), .. }) => failure::content(result),
        Ok(Answer { error: Some(error), .. }) => Err(Failure::of_error(&error)),
        _ => Err(Failure::unreachable("the answer is none of AgentRQ's")),
    }
}
