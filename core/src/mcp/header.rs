//! The headers that mirror parts of a request's body (MCP 2026-07-28, "Streamable HTTP, request metadata"), and session ids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// Reads the value of `Mcp-Name` or `Mcp-Param-…`: as it stands, or base64 between the markers of the sentinel. `None`: it is malformed.
pub fn decode(value: &str) -> Option<String> {
    match value.strip_prefix("=?base64?").and_then(|rest| rest.strip_suffix("?=")) {
        Some(encoded) => String::from_utf8(STANDARD.decode(encoded).ok()?).ok(),
        None => value.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\t')).then(|| value.to_owned()),
    }
}

/// Writes a value so that it fits into a header: as it is where it can be, else as base64 between markers.
pub fn encode(value: &str) -> String {
    let is_plain = value.bytes().all(|byte| matches!(byte, b' '..=b'~')) && value.trim() == value && !value.starts_with("=?base64?");
    if is_plain { value.to_owned() } else { format!("=?base64?{}?=", STANDARD.encode(value)) }
}

/// May this be a session id at all? It holds visible ASCII only (MCP 2025-11-25, "Session management").
pub fn is_session_id(value: &str) -> bool {
    (1..=256).contains(&value.len()) && value.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification_are_read() {
        for (header, value) in [
            ("us-west1", "us-west1"),
            ("=?base64?SGVsbG8sIOS4lueVjA==?=", "Hello, 世界"),
            ("=?base64?IHBhZGRlZCA=?=", " padded "),
            ("=?base64?bGluZTEKbGluZTI=?=", "line1\nline2"),
            ("=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?=", "=?base64?literal?="),
        ] {
            assert_eq!(decode(header).as_deref(), Some(value));
            assert_eq!(encode(value), header);
        }
    }

    #[test]
    fn what_is_no_value_of_a_header_is_refused() {
        for wrong in ["=?base64?%%?=", "=?base64?/w==?=", "a\u{7f}", "ä", "=?base64?YQ?="] {
            assert_eq!(decode(wrong), None, "{wrong:?}");
        }
        // The markers are case-sensitive: this is a plain value.
        assert_eq!(decode("=?BASE64?YQ==?=").as_deref(), Some("=?BASE64?YQ==?="));
    }

    #[test]
    fn a_session_id_is_visible_ascii() {
        assert!(is_session_id("0ZRgCquBZ7R"));
        assert!(is_session_id("1868a90c-7f!~"));
        for wrong in ["", "a b", "ä", "a\n", &"x".repeat(257)] {
            assert!(!is_session_id(wrong), "{wrong:?}");
        }
    }
}
