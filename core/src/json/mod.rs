//! JSON by tables: a type says once which members it has, and code that all types share reads and writes them.
//!
//! ```text
//!            record!(Task { id, title, … })     words!(Turn { "human" => Human, … })
//!                          │                                  │
//!   text ── Reader ──▶ Read::read ──▶ value ──▶ Write::write ──▶ text
//! ```
//!
//! A first visit waits for the rules in wasm, and readers that are compiled anew for each type were a third of them: see docs/adr/0018. Types
//! that travel are read and written here by every shell; serde meets them as JSON texts (`through_json`), so that they may stand inside the
//! shells' own types.

mod reader;
mod record;
mod through_serde;
mod word;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;

pub use reader::Reader;
pub use record::{Named, Need, Slot, needed};
pub use word::Word;
pub use writer::{Member, Raw, extended, object, tagged};

pub(crate) use through_serde::{as_text, through_json};
pub(crate) use word::words;

/// What can be read from JSON.
pub trait Read: Sized {
    /// # Errors
    /// When what stands there is no JSON, or not of this type. Where the reader stands then is not said.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error>;

    /// What a member of this type is that is not there; `None`: it must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// What can be written as JSON.
pub trait Write {
    fn write(&self, to: &mut String);

    /// Whether it says anything: members that may be left out are, if it does not.
    fn is_any(&self) -> bool {
        true
    }
}

/// Reads a whole text.
///
/// # Errors
/// When the text is no JSON, or not of that type.
pub fn from_str<T: Read>(text: &str) -> Result<T, Error> {
    let mut reader = Reader::new(text);
    let value = T::read(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// Writes a value as a text.
pub fn to_string(value: &(impl Write + ?Sized)) -> String {
    let mut text = String::new();
    value.write(&mut text);
    text
}

/// Why a text is not what it should be: the member, as a path from the outside in, and what was wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    path: String,
    why: String,
}

impl Error {
    /// `why` says what was wrong and, where that is not plain, what is allowed.
    #[cold]
    pub fn new(why: impl Into<String>) -> Self {
        Self { path: String::new(), why: why.into() }
    }

    #[cold]
    pub(crate) fn unknown(given: &str, allowed: impl Iterator<Item = &'static str>) -> Self {
        let allowed: Vec<_> = allowed.map(|word| format!("`{word}`")).collect();
        let given: String = given.chars().take(40).collect();
        Self::new(format!("`{given}` is none of {}", allowed.join(", ")))
    }

    #[cold]
    fn within(self, member: &str) -> Self {
        let member: String = member.chars().take(40).collect();
        let path = if self.path.is_empty() { member } else { format!("{member}.{}", self.path) };
        Self { path, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.why)
    }
}

impl std::error::Error for Error {}
