//! That the server cannot be reached is said once; from then on it is tried in silence.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::say::say;

#[derive(Debug)]
pub struct Troubles {
    origin: String,
    /// What becomes of what cannot be sent meanwhile.
    meanwhile: &'static str,
    heard: AtomicU32,
}

/// A single one is forgotten in a moment.
const WORTH_SAYING: u32 = 2;

impl Troubles {
    pub fn new(origin: String) -> Self {
        Self { origin, meanwhile: "what the command writes is kept", heard: AtomicU32::new(0) }
    }

    /// The same where something else than a command's output waits.
    pub fn meanwhile(self, meanwhile: &'static str) -> Self {
        Self { meanwhile, ..self }
    }

    pub fn heard(&self, why: &str) {
        if self.heard.fetch_add(1, Ordering::Relaxed) + 1 == WORTH_SAYING {
            say(format_args!("{} cannot be reached ({why}); it is tried again, and {}", self.origin, self.meanwhile));
        }
    }

    /// It answers. What comes next is trouble anew.
    pub fn over(&self) {
        if self.heard.swap(0, Ordering::Relaxed) >= WORTH_SAYING {
            say(format_args!("{} is reached again", self.origin));
        }
    }
}
