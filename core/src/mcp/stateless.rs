//! Requests that say by themselves how they are to be read (MCP 2026-07-28): the envelope in `_meta`, the headers that mirror the body, and
//! what a result bears.

use serde_json::{Map, Value, json};

use super::header;
use super::jsonrpc::{INVALID_PARAMS, METHOD_NOT_FOUND, RpcError};
use super::resource::RESOURCE_NOT_FOUND;
use super::revision::Revision;
use super::server_info;
use super::tool::clipped;
use crate::model::Client;

/// `-32020`: a header is missing, malformed, or says something else than the body.
pub const HEADER_MISMATCH: i64 = -32020;
/// `-32021`: the method needs a capability that the client did not declare.
pub const MISSING_CAPABILITY: i64 = -32021;
/// `-32022`: the revision is not spoken here.
pub const UNSUPPORTED_VERSION: i64 = -32022;

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
/// Where a request says what its client can do.
pub const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const CLIENT: &str = "io.modelcontextprotocol/clientInfo";
const SERVER: &str = "io.modelcontextprotocol/serverInfo";

/// How long lists may be kept by whoever asked: they change with the token's scopes, which is told.
const LIST_TTL_MS: u64 = 60_000;

/// The headers of a request that concern its envelope, as they came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers<'a> {
    pub version: Option<&'a str>,
    pub method: Option<&'a str>,
    pub name: Option<&'a str>,
}

/// The revisions that are spoken over Streamable HTTP, latest first.
pub fn supported() -> Vec<&'static str> {
    Revision::ALL.into_iter().rev().filter(|it| *it != Revision::V2024_11_05).map(Revision::name).collect()
}

/// The error that refuses another.
fn unsupported(requested: &str) -> RpcError {
    let supported = supported();
    let requested = clipped(requested);
    let message = format!("unsupported protocol version: {requested:?} is not spoken here, but {} are", supported.join(", "));
    RpcError::new(UNSUPPORTED_VERSION, message).with_data(json!({"supported": supported, "requested": requested}))
}

/// How a message over HTTP is to be read, by its envelope or else by its header.
///
/// # Errors
/// The revision that it names is not spoken.
pub fn revision(headers: &Headers<'_>, params: &Map<String, Value>) -> Result<Revision, RpcError> {
    if let Some(version) = params.get("_meta").and_then(|meta| meta.get(VERSION)) {
        let Some(name) = version.as_str() else {
            return Err(RpcError::new(INVALID_PARAMS, format!("`{VERSION}` in `_meta` is a text")));
        };
        // Which of two it is meant to be cannot be told.
        if headers.version.is_some_and(|header| header != name) {
            mirrored("MCP-Protocol-Version", headers.version.map(str::to_owned), name)?;
        }
        // A revision with a handshake has no envelope: one that names it cannot be served as it asks.
        return Revision::parse(name).filter(|known| known.is_stateless()).ok_or_else(|| unsupported(name));
    }
    match headers.version {
        Some(name) => Revision::parse(name).ok_or_else(|| unsupported(name)),
        None => Ok(Revision::ASSUMED),
    }
}

/// What a request's envelope says of the client.
#[derive(Clone, Debug, PartialEq)]
pub struct Envelope {
    pub client: Option<Client>,
}

/// Checks the envelope of a request and the headers that mirror it.
///
/// # Errors
/// What is missing or contradicts, with the code that is prescribed for it; all of them go with HTTP status 400.
pub fn envelope(headers: &Headers<'_>, method: &str, params: &Map<String, Value>) -> Result<Envelope, RpcError> {
    let missing = |key: &str| RpcError::new(INVALID_PARAMS, format!("`_meta` lacks `{key}`: each request bears it"));
    let meta = params.get("_meta").and_then(Value::as_object).ok_or_else(|| missing(VERSION))?;
    let version = meta.get(VERSION).and_then(Value::as_str).ok_or_else(|| missing(VERSION))?;
    if !meta.get(CAPABILITIES).is_some_and(Value::is_object) {
        return Err(missing(CAPABILITIES));
    }
    mirrored("MCP-Protocol-Version", headers.version.map(str::to_owned), version)?;
    mirrored("Mcp-Method", headers.method.map(str::to_owned), method)?;
    let named = match method {
        "tools/call" | "prompts/get" => params.get("name"),
        "resources/read" => params.get("uri"),
        _ => None,
    };
    if let Some(name) = named.and_then(Value::as_str) {
        let header = match headers.name {
            Some(value) => Some(header::decode(value).ok_or_else(|| mismatch("the header Mcp-Name is malformed".to_owned()))?),
            None => None,
        };
        mirrored("Mcp-Name", header, name)?;
    }
    Ok(Envelope { client: meta.get(CLIENT).map(Client::read) })
}

fn mirrored(name: &str, header: Option<String>, body: &str) -> Result<(), RpcError> {
    let said = clipped(body);
    match header {
        None => Err(mismatch(format!("the header {name} is missing; the body says {said:?}"))),
        Some(header) if header != body => {
            Err(mismatch(format!("the header {name} says {:?}, but the body says {said:?}", clipped(&header))))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn mismatch(why: String) -> RpcError {
    RpcError::new(HEADER_MISMATCH, format!("Header mismatch: {why}"))
}

/// The HTTP status of an error.
pub fn status(error: &RpcError) -> u16 {
    match error.code {
        METHOD_NOT_FOUND => 404,
        HEADER_MISMATCH | MISSING_CAPABILITY | UNSUPPORTED_VERSION => 400,
        _ => 200,
    }
}

/// A result as this revision has it: complete unless it says otherwise, from this server, and for the methods that can be cached with how
/// long and by whom.
pub fn complete(method: &str, mut result: Value) -> Value {
    if result.get("resultType").is_none() {
        result["resultType"] = json!("complete");
    }
    result["_meta"][SERVER] = server_info();
    let ttl_ms = match method {
        "server/discover" | "tools/list" | "prompts/list" | "resources/templates/list" => LIST_TTL_MS,
        // What people and agents do shows here at once.
        "resources/list" | "resources/read" => 0,
        _ => return result,
    };
    result["ttlMs"] = json!(ttl_ms);
    // Every answer is for the holder of one token: what it shows depends on the token's scopes.
    result["cacheScope"] = json!("private");
    result
}

/// An error as this revision has it: the code for an unknown resource is another than before.
pub fn error(error: RpcError) -> RpcError {
    match error.code {
        RESOURCE_NOT_FOUND => RpcError { code: INVALID_PARAMS, ..error },
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADERS: Headers<'_> = Headers { version: Some("2026-07-28"), method: Some("tools/call"), name: Some("reply") };

    fn params(meta: Value) -> Map<String, Value> {
        let Value::Object(params) = json!({"name": "reply", "_meta": meta}) else { panic!("an object") };
        params
    }

    fn meta() -> Value {
        json!({VERSION: "2026-07-28", CAPABILITIES: {}})
    }

    fn code(headers: Headers<'_>, meta: Value) -> i64 {
        envelope(&headers, "tools/call", &params(meta)).expect_err("refused").code
    }

    #[test]
    fn a_request_is_read_as_its_envelope_says_else_as_its_header_does() {
        let none = Headers::default();
        let header = |name| Headers { version: Some(name), ..none };
        assert_eq!(revision(&none, &params(meta())), Ok(Revision::V2026_07_28));
        assert_eq!(revision(&none, &Map::new()), Ok(Revision::V2025_03_26));
        assert_eq!(revision(&header("2025-06-18"), &Map::new()), Ok(Revision::V2025_06_18));
        let both = revision(&header("2026-07-28"), &params(json!({VERSION: "x"})));
        assert_eq!(both.map_err(|error| error.code), Err(HEADER_MISMATCH));
        for (headers, meta) in [(header("1999-01-01"), json!({})), (none, json!({VERSION: "2025-11-25"})), (none, json!({VERSION: "x"}))] {
            let error = revision(&headers, &params(meta)).expect_err("unknown");
            assert_eq!(error.code, UNSUPPORTED_VERSION);
            let data = error.data.expect("data");
            assert_eq!(data["supported"], json!(["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"]));
            assert!(data["requested"].is_string());
        }
    }

    #[test]
    fn the_envelope_is_whole_and_the_headers_say_what_the_body_says() {
        assert!(envelope(&HEADERS, "tools/call", &params(meta())).is_ok());
        assert_eq!(code(HEADERS, json!({VERSION: "2026-07-28"})), INVALID_PARAMS);
        assert_eq!(code(HEADERS, json!({CAPABILITIES: {}})), INVALID_PARAMS);
        assert_eq!(code(HEADERS, json!({VERSION: "2026-07-28", CAPABILITIES: 1})), INVALID_PARAMS);
        for wrong in [
            Headers { version: None, ..HEADERS },
            Headers { version: Some("2025-11-25"), ..HEADERS },
            Headers { method: None, ..HEADERS },
            Headers { method: Some("Tools/Call"), ..HEADERS },
            Headers { name: None, ..HEADERS },
            Headers { name: Some("createTask"), ..HEADERS },
            Headers { name: Some("=?base64?%%?="), ..HEADERS },
        ] {
            assert_eq!(code(wrong, meta()), HEADER_MISMATCH, "{wrong:?}");
        }
        let encoded = Headers { name: Some("=?base64?cmVwbHk=?="), ..HEADERS };
        assert!(envelope(&encoded, "tools/call", &params(meta())).is_ok());
    }

    #[test]
    fn a_result_says_that_it_is_complete_and_what_can_be_cached_says_how_long() {
        let list = complete("tools/list", json!({"tools": []}));
        assert_eq!((&list["resultType"], &list["cacheScope"]), (&json!("complete"), &json!("private")));
        assert!(list["ttlMs"].is_u64());
        let call = complete("tools/call", json!({"content": []}));
        assert_eq!((&call["resultType"], call.get("ttlMs")), (&json!("complete"), None));
        assert_eq!(complete("tools/call", json!({"resultType": "input_required"}))["resultType"], json!("input_required"));
    }
}
