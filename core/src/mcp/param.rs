//! Arguments of a tool that headers mirror (MCP 2026-07-28): its schema marks them with `x-mcp-header`.

use serde_json::{Map, Value};

use super::header;
use super::jsonrpc::RpcError;
use super::stateless::mismatch;

const MARK: &str = "x-mcp-header";

/// Checks that the headers `Mcp-Param-…` of a call say of its arguments what its body says.
///
/// # Errors
/// One is missing or malformed, or says something else.
pub fn check(schema: &Value, arguments: &Map<String, Value>, header: impl Fn(&str) -> Option<String>) -> Result<(), RpcError> {
    for (argument, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let Some(mark) = property.get(MARK).and_then(Value::as_str) else { continue };
        let name = format!("Mcp-Param-{mark}");
        // An argument that is null is left out of the headers.
        let body = arguments.get(argument).filter(|value| !value.is_null());
        match (header(&name), body) {
            (None, None) => {}
            (None, Some(_)) => return Err(mismatch(format!("the header {name} is missing; the body has `{argument}`"))),
            (Some(_), None) => return Err(mismatch(format!("the header {name} is there, but the body has no `{argument}`"))),
            (Some(value), Some(body)) => {
                let said = header::decode(&value).ok_or_else(|| mismatch(format!("the header {name} is malformed")))?;
                if !says(&said, body) {
                    return Err(mismatch(format!("the header {name} says {said:?}, but `{argument}` in the body is {body}")));
                }
            }
        }
    }
    Ok(())
}

/// Does a header say this value? A number may be written in several ways.
fn says(said: &str, value: &Value) -> bool {
    match value {
        Value::String(text) => said == text,
        Value::Number(number) => said == number.to_string() || said.parse::<f64>().is_ok_and(|said| number.as_f64() == Some(said)),
        Value::Bool(flag) => said == flag.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::stateless::HEADER_MISMATCH;
    use super::*;

    fn checked(arguments: Value, sent: Option<&str>) -> Result<(), i64> {
        let kinds = json!({"type": ["string", "number", "boolean", "null"], "x-mcp-header": "Region"});
        let schema = json!({"type": "object", "properties": {"region": kinds, "other": {"type": "string"}}});
        let Value::Object(arguments) = arguments else { panic!("an object") };
        let header = |name: &str| sent.filter(|_| name.eq_ignore_ascii_case("mcp-param-region")).map(str::to_owned);
        check(&schema, &arguments, header).map_err(|error| error.code)
    }

    #[test]
    fn a_header_says_what_the_marked_argument_is() {
        for (value, header) in [
            (json!("us-west1"), "us-west1"),
            (json!("Hello"), "=?base64?SGVsbG8=?="),
            (json!("SGVsbG8="), "SGVsbG8="),
            (json!("=?base64?SGVsbG8="), "=?base64?SGVsbG8="),
            (json!(42), "42"),
            (json!(42), "42.0"),
            (json!(-1.5), "-1.5"),
            (json!(false), "false"),
        ] {
            assert_eq!(checked(json!({"region": value, "other": "x"}), Some(header)), Ok(()), "{value} {header}");
        }
        for left_out in [json!({}), json!({"region": null}), json!({"other": "x"})] {
            assert_eq!(checked(left_out, None), Ok(()));
        }
    }

    #[test]
    fn a_header_that_is_missing_malformed_or_says_something_else_is_a_mismatch() {
        for (value, header) in [
            (json!("Hello"), None),
            (json!("Hello"), Some("hello")),
            (json!("Hello"), Some("=?base64?SGVsbG8?=")),
            (json!("Hello"), Some("=?base64?SGVs!!!bG8=?=")),
            (json!(42), Some("43")),
            (json!(42), Some("many")),
            (json!(true), Some("false")),
            (Value::Null, Some("null")),
        ] {
            assert_eq!(checked(json!({"region": value}), header), Err(HEADER_MISMATCH), "{value} {header:?}");
        }
    }
}
