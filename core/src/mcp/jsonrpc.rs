//! JSON-RPC 2.0 as MCP uses it: one message a body, no batches.

use serde_json::{Map, Value, json};

use crate::limits::REQUEST_ID_BYTES;

/// `-32700`: the body is no JSON.
pub const PARSE_ERROR: i64 = -32700;
/// `-32600`: JSON, but no JSON-RPC message.
pub const INVALID_REQUEST: i64 = -32600;
/// `-32601`: no such method.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// `-32602`: the method's parameters are wrong.
pub const INVALID_PARAMS: i64 = -32602;
/// `-32603`: our fault.
pub const INTERNAL_ERROR: i64 = -32603;

/// A request's id, kept as it came: a text or a whole number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(Value);

impl RequestId {
    /// Takes an id from JSON.
    pub fn from_value(value: &Value) -> Option<Self> {
        let is_short = |text: &str| text.len() <= REQUEST_ID_BYTES;
        (value.as_str().is_some_and(is_short) || value.is_i64() || value.is_u64()).then(|| Self(value.clone()))
    }

    /// An id of our own, for requests to the client.
    pub fn text(id: &str) -> Self {
        Self(Value::String(id.to_owned()))
    }

    pub fn as_value(&self) -> &Value {
        &self.0
    }
}

/// A message from the client.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming {
    Request {
        id: RequestId,
        method: String,
        params: Map<String, Value>,
    },
    Notification {
        method: String,
        params: Map<String, Value>,
    },
    /// The answer to a request of ours; `None`: an error. To a ping either will do.
    Response {
        id: RequestId,
        result: Option<Value>,
    },
}

/// A failure of the protocol, as opposed to one of a tool.
#[derive(Clone, Debug, PartialEq)]
pub struct RpcError {
    pub code: i64,
    pub message: String,
    /// What a program may use to mend it.
    pub data: Option<Value>,
}

impl RpcError {
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    pub fn with_data(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// Why a message could not be read: the error to answer with, and the request's id where it could be made out.
pub type Unread = (Option<RequestId>, RpcError);

/// Messages that a batch may hold.
pub const BATCH: usize = 100;

/// A body: one message, or a batch, which only MCP 2025-03-26 knows.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    One(Result<Incoming, Unread>),
    Batch(Vec<Result<Incoming, Unread>>),
}

/// Reads a body that may be a batch.
pub fn parse_body(body: &[u8]) -> Body {
    let invalid = |why: String| Body::One(Err((None, RpcError::new(INVALID_REQUEST, why))));
    match from_json(body) {
        Ok(Value::Array(messages)) if messages.is_empty() => invalid("a batch holds a message at least".to_owned()),
        Ok(Value::Array(messages)) if messages.len() > BATCH => {
            invalid(format!("a batch may hold {BATCH} messages, not {}: send several", messages.len()))
        }
        Ok(Value::Array(messages)) => Body::Batch(messages.into_iter().map(read).collect()),
        Ok(message) => Body::One(read(message)),
        Err(error) => Body::One(Err((None, error))),
    }
}

/// Reads one message.
///
/// # Errors
/// The error to answer with, and the request's id where it could be made out.
pub fn parse(body: &[u8]) -> Result<Incoming, Unread> {
    read(from_json(body).map_err(|error| (None, error))?)
}

fn from_json(body: &[u8]) -> Result<Value, RpcError> {
    serde_json::from_slice(body).map_err(|error| RpcError::new(PARSE_ERROR, format!("the body is no JSON: {error}")))
}

fn read(value: Value) -> Result<Incoming, Unread> {
    let invalid = |id: Option<RequestId>, why: &str| (id, RpcError::new(INVALID_REQUEST, why));
    let Value::Object(mut message) = value else {
        let why = if value.is_array() {
            "batches are not supported here: send one JSON-RPC message a request"
        } else {
            "a JSON-RPC message is an object"
        };
        return Err(invalid(None, why));
    };
    let id = message.get("id").and_then(RequestId::from_value);
    if message.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return Err(invalid(id, r#"a JSON-RPC message has "jsonrpc": "2.0""#));
    }
    let Some(method) = message.get("method") else {
        let answers = message.contains_key("result") || message.contains_key("error");
        return match id {
            Some(id) if answers => Ok(Incoming::Response { id, result: message.remove("result") }),
            id => Err(invalid(id, "a message has a method, or is the answer to one with an id")),
        };
    };
    let Some(method) = method.as_str().map(str::to_owned) else {
        return Err(invalid(id, "a method is a text"));
    };
    let params = match message.remove("params") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return Err(invalid(id, "params is an object")),
    };
    match (id, message.contains_key("id")) {
        (Some(id), _) => Ok(Incoming::Request { id, method, params }),
        (None, true) => Err(invalid(None, &format!("a request's id is a text of at most {REQUEST_ID_BYTES} bytes or a whole number"))),
        (None, false) => Ok(Incoming::Notification { method, params }),
    }
}

/// A successful answer.
pub fn result(id: &RequestId, result: Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id.0, "result": result})
}

/// A failed answer; `id` is null where it could not be made out.
pub fn error(id: Option<&RequestId>, error: &RpcError) -> Value {
    let id = id.map_or(Value::Null, |id| id.0.clone());
    let mut body = json!({"code": error.code, "message": error.message});
    if let Some(data) = &error.data {
        body["data"] = data.clone();
    }
    json!({"jsonrpc": "2.0", "id": id, "error": body})
}

/// A request to the client.
pub fn request(id: &RequestId, method: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id.0, "method": method})
}

/// A notification to the client.
pub fn notification(method: &str, params: &Value) -> Value {
    json!({"jsonrpc": "2.0", "method": method, "params": params})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(body: &str) -> (Option<RequestId>, i64) {
        let (id, error) = parse(body.as_bytes()).expect_err(body);
        (id, error.code)
    }

    #[test]
    fn the_three_kinds_of_message_are_told_apart() {
        let request = parse(br#"{"jsonrpc":"2.0","id":0,"method":"ping"}"#);
        assert!(matches!(request, Ok(Incoming::Request { method, .. }) if method == "ping"));
        let notification = parse(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        assert!(matches!(notification, Ok(Incoming::Notification { .. })));
        let response = parse(br#"{"jsonrpc":"2.0","id":"p-1","result":{}}"#);
        assert_eq!(response.ok(), Some(Incoming::Response { id: RequestId::text("p-1"), result: Some(json!({})) }));
        let refusal = parse(br#"{"jsonrpc":"2.0","id":"p-1","error":{"code":-32601,"message":"no"}}"#);
        assert_eq!(refusal.ok(), Some(Incoming::Response { id: RequestId::text("p-1"), result: None }));
    }

    #[test]
    fn an_id_comes_back_as_it_was_sent() {
        for id in [json!(0), json!("0"), json!(-7), json!(u64::MAX)] {
            let body = json!({"jsonrpc": "2.0", "id": id, "method": "x"}).to_string();
            let Ok(Incoming::Request { id: read, .. }) = parse(body.as_bytes()) else { panic!("{body}") };
            assert_eq!(result(&read, json!({}))["id"], id);
        }
    }

    #[test]
    fn an_id_is_as_long_as_it_may_be_and_no_longer() {
        let ping = |bytes: usize| parse(json!({"jsonrpc": "2.0", "id": "x".repeat(bytes), "method": "ping"}).to_string().as_bytes());
        assert!(matches!(ping(REQUEST_ID_BYTES), Ok(Incoming::Request { .. })));
        let (id, error) = ping(REQUEST_ID_BYTES + 1).expect_err("too long");
        assert_eq!((id, error.code, error.message.contains("at most 1024 bytes")), (None, INVALID_REQUEST, true));
    }

    #[test]
    fn a_batch_is_read_message_by_message_and_has_its_bounds() {
        let ping = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
        let Body::Batch(read) = parse_body(format!("[{ping},7,{ping}]").as_bytes()) else { panic!("a batch") };
        assert_eq!(read.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        assert!(matches!(parse_body(ping.as_bytes()), Body::One(Ok(_))));
        let of = |n: usize| format!("[{}]", vec![ping; n].join(","));
        assert!(matches!(parse_body(of(BATCH).as_bytes()), Body::Batch(read) if read.len() == BATCH));
        for wrong in [of(0), of(BATCH + 1), "[".to_owned()] {
            assert!(matches!(parse_body(wrong.as_bytes()), Body::One(Err(_))), "{}", &wrong[..wrong.len().min(40)]);
        }
    }

    #[test]
    fn what_is_wrong_is_answered_with_the_prescribed_code() {
        assert_eq!(failure("{"), (None, PARSE_ERROR));
        assert_eq!(failure("[]"), (None, INVALID_REQUEST));
        assert_eq!(failure("7"), (None, INVALID_REQUEST));
        assert_eq!(failure(r#"{"id":1,"method":"x"}"#), (Some(RequestId(json!(1))), INVALID_REQUEST));
        assert_eq!(failure(r#"{"jsonrpc":"2.0","id":1}"#), (Some(RequestId(json!(1))), INVALID_REQUEST));
        assert_eq!(failure(r#"{"jsonrpc":"2.0","id":null,"method":"x"}"#), (None, INVALID_REQUEST));
        assert_eq!(failure(r#"{"jsonrpc":"2.0","id":1.5,"method":"x"}"#), (None, INVALID_REQUEST));
        assert_eq!(failure(r#"{"jsonrpc":"2.0","id":1,"method":"x","params":[]}"#).1, INVALID_REQUEST);
    }
}
