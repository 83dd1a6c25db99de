//! Between JavaScript's plain objects and core's types: the shapes are those of the JSON on the wire.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::{JsError, JsValue};

/// `flatten` makes serde read by way of its own buffer, as the tagged types of core do anyway: so each type is compiled
/// once for that buffer, not a second time for JavaScript's values. A tenth of the page's first load hangs on it.
#[derive(Deserialize)]
struct Buffered<T> {
    #[serde(flatten)]
    value: T,
}

/// Reads a plain object; the error says what did not fit.
pub(crate) fn read<T: DeserializeOwned>(object: JsValue) -> Result<T, JsError> {
    let read: Result<Buffered<T>, _> = serde_wasm_bindgen::from_value(object);
    read.map(|read| read.value).map_err(|error| JsError::new(&error.to_string()))
}

/// Reads a text as what it names: an id, a cursor.
pub(crate) fn parse<T: FromStr<Err: Display>>(text: &str) -> Result<T, JsError> {
    text.parse().map_err(|error: T::Err| JsError::new(&error.to_string()))
}

/// Writes a plain object: maps as objects, `None` as null, numbers as numbers.
pub(crate) fn write<T: Serialize>(value: &T) -> Result<JsValue, JsError> {
    value.serialize(&Serializer::json_compatible()).map_err(|error| JsError::new(&error.to_string()))
}

/// Milliseconds as JavaScript has them. A time before 1970 or no number at all counts as 1970.
pub(crate) fn millis(value: f64) -> u64 {
    value as u64
}
