//! core's face for the browser: types in, types out.
use wasm_bindgen::prelude::*;

/// The version of core that the page runs.
#[wasm_bindgen]
pub fn version() -> String {
    agentrq_core::VERSION.to_owned()
}
