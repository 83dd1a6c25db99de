//! core's face for the browser: types in, types out. No rule lives here.
//!
//! ```text
//! page ── plain objects ──▶ wire ──▶ core's types ──▶ core::sync::Replica
//!      ◀── plain objects ── wire ◀── core's types ◀──
//! ```

mod replica;
mod wire;

use agentrq_core::id::Id;
use agentrq_core::model::{Attachment, Shown, shown_digest};
use serde::Deserialize;
use wasm_bindgen::prelude::*;

pub use replica::Replica;

/// A fresh id. The caller brings what core has not: the time in milliseconds since 1970, and 22 random bits.
#[wasm_bindgen(js_name = newId)]
pub fn new_id(now_ms: f64, random: u32) -> String {
    Id::new(wire::millis(now_ms), random).to_string()
}

#[derive(Deserialize)]
struct Card {
    title: String,
    body: String,
    attachments: Vec<Attachment>,
}

/// SHA-256 of what a card shows: `{title, body, attachments}`.
#[wasm_bindgen]
pub fn digest(card: JsValue) -> Result<String, JsError> {
    let Card { title, body, attachments } = wire::read(card)?;
    Ok(shown_digest(Shown { title: &title, body: &body, attachments: &attachments }))
}
