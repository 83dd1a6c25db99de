//! Writes values as JSON.

use super::{Error, Read, Reader, Write};

/// A member of an object: its name, as Rust spells it, and what it holds; nothing: it is left out.
pub type Member<'a> = (&'a str, Option<&'a dyn Write>);

/// Writes an object of these members. `waiting_since` is `waitingSince` on the wire.
pub fn object(to: &mut String, members: &[Member<'_>]) {
    to.push('{');
    let mut is_first = true;
    for (name, value) in members {
        let Some(value) = value else { continue };
        if !is_first {
            to.push(',');
        }
        is_first = false;
        to.push('"');
        push_name(to, name);
        to.push_str("\":");
        value.write(to);
    }
    to.push('}');
}

/// The name of a field on the wire.
pub(super) fn push_name(to: &mut String, field: &str) {
    let mut starts_word = false;
    for letter in field.chars() {
        if letter != '_' {
            to.push(if starts_word { letter.to_ascii_uppercase() } else { letter });
        }
        starts_word = letter == '_';
    }
}

/// Writes what is written as an object, with a member before the others that says what it is.
pub fn tagged(to: &mut String, name: &str, tag: &str, value: &dyn Write) {
    object(to, &[(name, Some(&tag))]);
    to.pop();
    let end = to.len();
    value.write(to);
    to.replace_range(end..=end, ",");
}

/// Writes what is written as an object, with these members behind its own.
pub fn extended(to: &mut String, value: &dyn Write, members: &[Member<'_>]) {
    value.write(to);
    to.pop();
    let end = to.len();
    object(to, members);
    to.replace_range(end..=end, ",");
}

/// JSON as it was written, and passed on so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw(String);

impl Raw {
    pub fn of(value: &(impl Write + ?Sized)) -> Self {
        Self(super::to_string(value))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&serde_json::Value> for Raw {
    fn from(value: &serde_json::Value) -> Self {
        Self(value.to_string())
    }
}

impl From<&Raw> for serde_json::Value {
    fn from(raw: &Raw) -> Self {
        serde_json::from_str(&raw.0).unwrap_or_default()
    }
}

impl Read for Raw {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.raw().map(|text| Self(text.to_owned()))
    }
}

impl Write for Raw {
    fn write(&self, to: &mut String) {
        to.push_str(&self.0);
    }
}

impl Write for str {
    fn write(&self, to: &mut String) {
        to.push('"');
        let mut rest = self;
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
            to.push_str(&rest[..at]);
            escape(to, rest.as_bytes()[at]);
            rest = &rest[at + 1..];
        }
        to.push_str(rest);
        to.push('"');
    }
}

fn escape(to: &mut String, byte: u8) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            to.push_str("\\u00");
            to.push(char::from(DIGITS[usize::from(byte >> 4)]));
            to.push(char::from(DIGITS[usize::from(byte & 15)]));
            return;
        }
    };
    to.push('\\');
    to.push(char::from(short));
}

impl Write for String {
    fn write(&self, to: &mut String) {
        self.as_str().write(to);
    }
}

impl Write for bool {
    fn write(&self, to: &mut String) {
        to.push_str(if *self { "true" } else { "false" });
    }

    fn is_any(&self) -> bool {
        *self
    }
}

impl Write for u64 {
    fn write(&self, to: &mut String) {
        to.push_str(&self.to_string());
    }
}

macro_rules! as_u64 {
    ($($type:ty)*) => {$(
        impl Write for $type {
            fn write(&self, to: &mut String) {
                (*self as u64).write(to);
            }
        }
    )*};
}

as_u64! { u16 u32 usize }

impl<T: Write + ?Sized> Write for &T {
    fn write(&self, to: &mut String) {
        (**self).write(to);
    }

    fn is_any(&self) -> bool {
        (**self).is_any()
    }
}

impl<T: Write + ?Sized> Write for Box<T> {
    fn write(&self, to: &mut String) {
        (**self).write(to);
    }
}

impl<T: Write> Write for Option<T> {
    fn write(&self, to: &mut String) {
        match self {
            Some(value) => value.write(to),
            None => to.push_str("null"),
        }
    }

    fn is_any(&self) -> bool {
        self.is_some()
    }
}

impl<T: Write> Write for [T] {
    fn write(&self, to: &mut String) {
        to.push('[');
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                to.push(',');
            }
            item.write(to);
        }
        to.push(']');
    }

    fn is_any(&self) -> bool {
        !self.is_empty()
    }
}

impl<T: Write> Write for Vec<T> {
    fn write(&self, to: &mut String) {
        self.as_slice().write(to);
    }

    fn is_any(&self) -> bool {
        !self.is_empty()
    }
}

impl<A: Write, B: Write> Write for (A, B) {
    fn write(&self, to: &mut String) {
        to.push('[');
        self.0.write(to);
        to.push(',');
        self.1.write(to);
        to.push(']');
    }
}
