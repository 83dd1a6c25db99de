//! What a resource is to MCP: an entry of a list, a template, its contents, and the error for one that is not there.

use serde_json::{Map, Value, json};

use super::jsonrpc::{INVALID_PARAMS, RpcError};
use crate::limits::URI_BYTES;
use crate::time::Timestamp;

/// `-32002`: there is no such resource. The revision 2026-07-28 says `INVALID_PARAMS` instead.
pub const RESOURCE_NOT_FOUND: i64 = -32002;

/// The media type of every resource here.
const JSON: &str = "application/json";

/// A resource as `resources/list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    pub uri: String,
    pub name: String,
    pub title: String,
    pub description: String,
    /// When it last changed, where that is known.
    pub modified: Option<Timestamp>,
}

impl Definition {
    /// The entry of `resources/list`.
    pub fn to_json(&self) -> Value {
        let mut entry = json!({
            "uri": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": JSON,
        });
        if let Some(at) = self.modified {
            entry["annotations"] = json!({"lastModified": at});
        }
        entry
    }
}

/// A family of resources, as `resources/templates/list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// A URI template (RFC 6570, level 1).
    pub uri: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
}

impl Template {
    /// The entry of `resources/templates/list`.
    pub fn to_json(&self) -> Value {
        json!({
            "uriTemplate": self.uri,
            "name": self.name,
            "title": self.title,
            "description": self.description,
            "mimeType": JSON,
        })
    }
}

/// The result of `resources/list`.
pub fn listed(resources: &[Definition], next_cursor: Option<String>) -> Value {
    let mut result = json!({"resources": resources.iter().map(Definition::to_json).collect::<Vec<_>>()});
    if let Some(cursor) = next_cursor {
        result["nextCursor"] = Value::String(cursor);
    }
    result
}

/// The result of `resources/read`.
pub fn contents(uri: &str, value: &Value) -> Value {
    json!({"contents": [{"uri": uri, "mimeType": JSON, "text": value.to_string()}]})
}

/// The resource that a request names.
///
/// # Errors
/// When `uri` is missing, no text, or longer than any URI of a resource.
pub fn uri(params: &Map<String, Value>) -> Result<&str, RpcError> {
    let missing = || RpcError::new(INVALID_PARAMS, "`uri` is missing: name a resource with a text, such as \"agentrq://inbox\"");
    let uri = params.get("uri").and_then(Value::as_str).ok_or_else(missing)?;
    check_uri(uri).map(|()| uri)
}

/// Refuses a URI that is too long to be kept.
pub fn check_uri(uri: &str) -> Result<(), RpcError> {
    if uri.len() <= URI_BYTES {
        return Ok(());
    }
    Err(RpcError::new(INVALID_PARAMS, format!("a resource's URI has at most {URI_BYTES} bytes, and this one {}", uri.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_names_no_resource_is_told_what_is_missing() {
        let Value::Object(params) = json!({"uri": 7}) else { panic!("an object") };
        for params in [params, Map::new()] {
            let error = uri(&params).expect_err("no text");
            assert_eq!((error.code, error.message.contains("`uri`")), (INVALID_PARAMS, true));
        }
    }

    #[test]
    fn a_name_as_long_as_a_uri_may_be_is_read_and_a_longer_one_is_not() {
        let named = |bytes: usize| Map::from_iter([("uri".to_owned(), Value::from("x".repeat(bytes)))]);
        assert_eq!(uri(&named(URI_BYTES)).map(str::len), Ok(URI_BYTES));
        let error = uri(&named(URI_BYTES + 1)).expect_err("too long");
        assert_eq!((error.code, error.message.contains("2048 bytes, and this one 2049")), (INVALID_PARAMS, true));
    }

    #[test]
    fn the_last_page_names_no_next_one() {
        assert_eq!(listed(&[], None), json!({"resources": []}));
        assert_eq!(listed(&[], Some("x".to_owned())), json!({"resources": [], "nextCursor": "x"}));
    }
}
