//! core's face for the browser: types in, types out. No rule lives here.
//!
//! ```text
//! page ── JSON texts ─────▶ wire ──▶ core's types ──▶ core::sync: Replica, Outbox
//!      ◀── plain objects ── wire ◀── core's types ◀──
//! ```

mod outbox;
mod replica;
mod wire;

use agentrq_core::diff;
use agentrq_core::id::Id;
use agentrq_core::model::{Priority, bytes_digest};
use agentrq_core::risk;
use agentrq_core::sync::PROTOCOL;
use agentrq_core::sync::outbox::Setback;
use agentrq_core::text::hidden_in;
use wasm_bindgen::prelude::*;

pub use outbox::Outbox;
pub use replica::Replica;

/// A fresh id. The caller brings what core has not: the time in milliseconds since 1970, and 22 random bits.
#[wasm_bindgen(js_name = newId)]
pub fn new_id(now_ms: f64, random: u32) -> String {
    Id::new(wire::millis(now_ms), random).to_string()
}

/// SHA-256 of a file, for browsers that hide their own.
#[wasm_bindgen]
pub fn sha256(bytes: &[u8]) -> String {
    bytes_digest(bytes)
}

/// The protocol of the sync that this page speaks.
#[wasm_bindgen]
pub fn protocol() -> u32 {
    PROTOCOL
}

/// What a request that came to nothing means for the next try: passing, signedOut, shut or refused. Status 0: no answer came.
#[wasm_bindgen]
pub fn setback(status: u16) -> String {
    Setback::of(status).word().to_owned()
}

/// What has changed between two texts, as the unified diff that an agent reads.
#[wasm_bindgen(js_name = unifiedDiff)]
pub fn unified_diff(old: &str, new: &str) -> String {
    diff::unified(old, new)
}

/// What in a text should make its reader slow down, the gravest first: `[{word, high, passage}]`.
#[wasm_bindgen]
pub fn risks(text: &str) -> Result<JsValue, JsError> {
    wire::write(&risk::risks(text))
}

/// How urgent a task is whose metadata say this of its priority, from 0, the most urgent, to 4, not said.
#[wasm_bindgen]
pub fn urgency(priority: &str) -> u32 {
    Priority::said(priority) as u32
}

/// Where in a text something stands that its reader cannot see, in UTF-16 as JavaScript counts.
#[wasm_bindgen]
pub fn hidden(text: &str) -> Result<JsValue, JsError> {
    let (mut byte, mut unit) = (0, 0);
    let places = hidden_in(text).map(|(at, _)| {
        unit += text[byte..at].encode_utf16().count();
        byte = at;
        unit
    });
    wire::write(&places.collect::<Vec<_>>())
}
