//! Between JavaScript's plain objects and core's types: the shapes are those of the JSON on the wire.
//!
//! Both ways lead through JSON texts. The engine's own `JSON` reads and writes them several times faster than objects are
//! walked from here, and core's types need no second set of readers and writers for JavaScript's values.

use std::fmt::Display;
use std::str::FromStr;

use agentrq_core::json::{self, Read, Write};
use wasm_bindgen::{JsError, JsValue};

/// Reads a plain object; the error says what did not fit.
pub(crate) fn read<T: Read>(object: &JsValue) -> Result<T, JsError> {
    let text = js_sys::JSON::stringify(object).map_err(|_| JsError::new("this is no plain object"))?;
    // What JSON has no form for is not written at all.
    read_text(&text.as_string().unwrap_or_default())
}

/// Reads a JSON text; the error says what did not fit.
pub(crate) fn read_text<T: Read>(text: &str) -> Result<T, JsError> {
    json::from_str(text).map_err(|error| JsError::new(&error.to_string()))
}

/// Reads a text as what it names: an id, a cursor.
pub(crate) fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, JsError> {
    text.parse().map_err(|error: T::Err| JsError::new(&error.to_string()))
}

/// Writes a plain object: maps as objects, `None` as null, numbers as numbers.
pub(crate) fn write(value: &(impl Write + ?Sized)) -> Result<JsValue, JsError> {
    js_sys::JSON::parse(&json::to_string(value)).map_err(|_| JsError::new("core wrote no JSON"))
}

/// Milliseconds as JavaScript has them. A time before 1970 or no number at all counts as 1970.
pub(crate) fn millis(value: f64) -> u64 {
    value as u64
}
