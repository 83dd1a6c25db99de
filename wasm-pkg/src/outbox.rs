//! The queue of commands, as the page holds it: the page keeps the rows and does the sending, the rules stand in core.

use agentrq_core::rejection::Problem;
use agentrq_core::sync::outbox::Outbox as Core;
use wasm_bindgen::prelude::*;

use crate::wire::{millis, read, write};

#[wasm_bindgen]
pub struct Outbox(Core);

#[wasm_bindgen]
impl Outbox {
    /// `client_id`: the name under which this browser numbers its commands.
    #[wasm_bindgen(constructor)]
    pub fn new(client_id: String) -> Self {
        Self(Core::new(client_id))
    }

    /// Takes over the rows that the storage kept, and the number that comes next.
    pub fn load(&mut self, rows: Vec<JsValue>, next: f64) -> Result<(), JsError> {
        let rows = rows.iter().map(read).collect::<Result<_, _>>()?;
        self.0.load(rows, millis(next));
        Ok(())
    }

    /// What to send next: `{clientId, commands}`, or null.
    pub fn batch(&self) -> Result<JsValue, JsError> {
        write(&self.0.batch())
    }

    /// The server's answer to the batch: `{cursor, results}`. What it comes to, the page keeps by itself.
    pub fn answered(&mut self, answer: &JsValue) -> Result<(), JsError> {
        self.0.answered(read(answer)?);
        Ok(())
    }

    /// The batch as a whole came to nothing. Returns `{what}`: retry, anew or refused.
    pub fn failed(&mut self, problem: &JsValue) -> Result<JsValue, JsError> {
        write(&self.0.failed(&read::<Problem>(problem)?))
    }
}
