//! JSON-RPC: a message is read as it was written, and what is none is refused with the code that is prescribed and the id it bears.

use serde_json::{Map, Value, json};

use super::{Choices, json};
use crate::mcp::jsonrpc::{self, INVALID_REQUEST, Incoming, PARSE_ERROR, RequestId};

/// The longest that a refusal may be, whatever it refuses.
const LONGEST_REFUSAL: usize = 1_000;

/// An id as JSON-RPC wants it: a text or a whole number.
fn id(choices: &mut Choices<'_>) -> Value {
    match choices.below(3) {
        0 => json!(choices.number()),
        1 => json!(choices.number() as i64),
        _ => json!(choices.text(8)),
    }
}

fn params(choices: &mut Choices<'_>) -> Map<String, Value> {
    (0..choices.below(4)).map(|_| (choices.text(4), json::any(choices, 3))).collect()
}

/// A request, a notification or an answer.
fn valid(choices: &mut Choices<'_>) -> Value {
    let mut message = json!({"jsonrpc": "2.0"});
    let kind = choices.below(4);
    if kind != 1 {
        message["id"] = id(choices);
    }
    match kind {
        0 | 1 => {
            message["method"] = json!(choices.of(&["tools/call", "ping", "initialize", "notifications/cancelled", "__proto__", "", "é\0"]));
            match choices.below(3) {
                0 => {}
                1 => message["params"] = Value::Null,
                _ => message["params"] = Value::Object(params(choices)),
            }
        }
        2 => message["result"] = json::any(choices, 3),
        _ => message["error"] = json!({"code": choices.number() as i64, "message": choices.text(4)}),
    }
    message
}

/// What was read of a message is what stands in it.
fn is_told(message: &Value, read: &Incoming) {
    let told = |method: &str, params: &Map<String, Value>| {
        assert_eq!(json!(method), message["method"]);
        assert_eq!(json!(params), message.get("params").filter(|it| !it.is_null()).cloned().unwrap_or(json!({})));
    };
    match read {
        Incoming::Request { id, method, params, .. } => {
            assert_eq!(*id.as_value(), message["id"]);
            told(method, params);
        }
        Incoming::Notification { method, params, .. } => {
            assert_eq!(message.get("id"), None);
            told(method, params);
        }
        Incoming::Response { id, .. } => {
            assert_eq!(*id.as_value(), message["id"]);
            assert!(message.get("method").is_none() && (message.get("result").is_some() || message.get("error").is_some()));
        }
    }
}

pub(super) fn a_message_is_read_as_it_was_written(choices: &mut Choices<'_>) {
    let message = valid(choices);
    let body = json::written(choices, &message);
    let read = jsonrpc::parse(&body).unwrap_or_else(|(_, error)| panic!("{message}: {}", error.message));
    is_told(&message, &read);
}

pub(super) fn what_is_no_message_is_refused_with_its_code_and_its_id(choices: &mut Choices<'_>) {
    let mut message = valid(choices);
    for _ in 0..=choices.below(2) {
        json::change(choices, &mut message);
    }
    let mut body = json::written(choices, &message);
    if choices.one_in(3) {
        body = choices.changed_bytes(&body);
    }
    let shown = String::from_utf8_lossy(&body);
    let json = serde_json::from_slice::<Value>(&body);
    match (jsonrpc::parse(&body), &json) {
        (Ok(read), Ok(message)) => {
            assert_eq!(message["jsonrpc"], "2.0", "{shown}");
            is_told(message, &read);
        }
        (Ok(_), Err(error)) => panic!("{shown} is no JSON, {error}, and was read"),
        (Err((id, error)), json) => {
            assert_eq!(error.code, if json.is_ok() { INVALID_REQUEST } else { PARSE_ERROR }, "{shown}");
            let own = json.as_ref().ok().and_then(|message| message.get("id")).and_then(RequestId::from_value);
            assert_eq!(id, own, "{shown}");
            assert!(error.message.len() <= LONGEST_REFUSAL, "{} bytes to refuse {shown}", error.message.len());
            let answer = jsonrpc::error(id.as_ref(), &error);
            assert_eq!(answer["id"], own.map_or(Value::Null, |id| id.as_value().clone()));
        }
    }
}
