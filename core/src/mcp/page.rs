//! Pages of MCP's lists: the cursor of a request (MCP, "Pagination").

use serde_json::{Map, Value};

use super::jsonrpc::{INVALID_PARAMS, RpcError};

/// The cursor that a list's parameters hold. An empty one begins anew, as none does.
///
/// # Errors
/// When it is no text.
pub fn cursor(params: &Map<String, Value>) -> Result<Option<&str>, RpcError> {
    match params.get("cursor") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.as_str()).filter(|text| !text.is_empty())),
        Some(_) => Err(wrong_cursor()),
    }
}

/// For lists that fit on one page, and so never gave a cursor.
///
/// # Errors
/// When a cursor is given.
pub fn only_page(params: &Map<String, Value>) -> Result<(), RpcError> {
    match cursor(params)? {
        None => Ok(()),
        Some(_) => Err(RpcError::new(INVALID_PARAMS, "`cursor`: this list has one page and gives no cursor: leave it out")),
    }
}

/// Says that a cursor is none of ours.
pub fn wrong_cursor() -> RpcError {
    RpcError::new(INVALID_PARAMS, "`cursor`: take the nextCursor of the page before, unchanged, or leave it out to begin anew")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn given(params: Value) -> Map<String, Value> {
        let Value::Object(params) = params else { panic!("an object") };
        params
    }

    #[test]
    fn a_list_without_a_cursor_begins_at_its_beginning() {
        for params in [json!({}), json!({"cursor": null}), json!({"cursor": ""})] {
            assert_eq!(cursor(&given(params.clone())), Ok(None));
            assert_eq!(only_page(&given(params)), Ok(()));
        }
        assert_eq!(cursor(&given(json!({"cursor": "x"}))), Ok(Some("x")));
    }

    #[test]
    fn a_cursor_that_was_never_given_is_refused_with_what_to_do_instead() {
        let number = cursor(&given(json!({"cursor": 7}))).expect_err("no text");
        let foreign = only_page(&given(json!({"cursor": "x"}))).expect_err("never given");
        for error in [number, foreign] {
            assert_eq!(error.code, INVALID_PARAMS);
            assert!(error.message.contains("leave it out"), "{}", error.message);
        }
    }
}
