//! Walks through a JSON text: each step takes what stands next, or says what should.
//!
//! The grammar is that of RFC 8259. Numbers are whole and not negative, since no type that travels has others.

use std::borrow::Cow;

use super::{Error, Read, Slot};

/// Deeper than this nothing is nested that means anything.
const DEPTH: u8 = 128;

/// A place in a text.
#[derive(Clone, Debug)]
pub struct Reader<'t> {
    text: &'t str,
    at: usize,
    depth: u8,
}

impl<'t> Reader<'t> {
    pub fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Nothing more stands in the text.
    ///
    /// # Errors
    /// When something does.
    pub fn end(&mut self) -> Result<(), Error> {
        if self.peek() == 0 && self.at >= self.text.len() { Ok(()) } else { Err(self.expected("the end")) }
    }

    #[cold]
    pub(crate) fn expected(&self, what: &str) -> Error {
        Error::new(format!("expected {what} at byte {}", self.at))
    }

    /// The next byte that is no white space; 0 at the end, where no JSON has one.
    fn peek(&mut self) -> u8 {
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return *byte;
            }
            self.at += 1;
        }
        0
    }

    /// Takes this word if it stands next.
    fn takes(&mut self, word: &str) -> bool {
        self.peek();
        let is_next = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        if is_next {
            self.at += word.len();
        }
        is_next
    }

    fn take(&mut self, word: &str) -> Result<(), Error> {
        if self.takes(word) { Ok(()) } else { Err(self.expected(word)) }
    }

    /// Takes null if it stands next.
    pub fn null(&mut self) -> bool {
        self.takes("null")
    }

    /// # Errors
    /// When no boolean stands next.
    pub fn boolean(&mut self) -> Result<bool, Error> {
        if self.takes("true") {
            return Ok(true);
        }
        if self.takes("false") { Ok(false) } else { Err(self.expected("true or false")) }
    }

    /// # Errors
    /// When no whole number stands next, or one that is negative or above 2^64.
    pub fn unsigned(&mut self) -> Result<u64, Error> {
        self.peek();
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut value: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = bytes.get(self.at) {
            let more = value.checked_mul(10).and_then(|value| value.checked_add(u64::from(digit - b'0')));
            value = more.ok_or_else(|| self.expected("a smaller number"))?;
            self.at += 1;
        }
        let is_whole = !matches!(bytes.get(self.at), Some(b'.' | b'e' | b'E'));
        let is_plain = bytes.get(start) != Some(&b'0') || self.at == start + 1;
        if self.at > start && is_whole && is_plain { Ok(value) } else { Err(self.expected("a whole number from 0 on")) }
    }

    /// # Errors
    /// When no text stands next, or one that JSON does not allow.
    pub fn text(&mut self) -> Result<Cow<'t, str>, Error> {
        if self.peek() != b'"' {
            return Err(self.expected("a text"));
        }
        self.at += 1;
        let mut unescaped = String::new();
        loop {
            let start = self.at;
            let plain = self.text.as_bytes()[start..].iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f));
            self.at = plain.map_or(self.text.len(), |length| start + length);
            let part = &self.text[start..self.at];
            match self.text.as_bytes().get(self.at) {
                Some(b'"') => {
                    self.at += 1;
                    if unescaped.is_empty() {
                        return Ok(Cow::Borrowed(part));
                    }
                    unescaped.push_str(part);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(part);
                    self.at += 1;
                    unescaped.push(self.escaped()?);
                }
                Some(_) => return Err(self.expected("no control character")),
                None => return Err(self.expected("the end of a text")),
            }
        }
    }

    /// The character that stands escaped behind a backslash.
    fn escaped(&mut self) -> Result<char, Error> {
        let byte = self.text.as_bytes().get(self.at).copied().unwrap_or_default();
        self.at += 1;
        Ok(match byte {
            b'"' | b'\\' | b'/' => char::from(byte),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => return self.escaped_unit(),
            _ => return Err(self.expected("an escape that JSON knows")),
        })
    }

    /// A character as one or two units of UTF-16.
    fn escaped_unit(&mut self) -> Result<char, Error> {
        let high = self.unit()?;
        let code = if (0xd800..0xdc00).contains(&high) {
            self.pair()?;
            let low = self.unit()?;
            if !(0xdc00..0xe000).contains(&low) {
                return Err(self.expected("the second half of a pair"));
            }
            0x1_0000 + ((high - 0xd800) << 10) + (low - 0xdc00)
        } else {
            high
        };
        char::from_u32(code).ok_or_else(|| self.expected("a character, not half of one"))
    }

    fn pair(&mut self) -> Result<(), Error> {
        if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return Err(self.expected("the second half of a pair"));
        }
        self.at += 2;
        Ok(())
    }

    fn unit(&mut self) -> Result<u32, Error> {
        let digits = self.text.get(self.at..self.at + 4).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let unit =
            digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).ok_or_else(|| self.expected("four hexadecimal digits"))?;
        self.at += 4;
        Ok(unit)
    }

    /// Hands the reader on at every item of an array.
    ///
    /// # Errors
    /// When no array stands next, or `each` fails.
    pub fn items(&mut self, each: &mut dyn FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.between("[", "]", each)
    }

    /// Hands the reader on at the value of every member of an object.
    ///
    /// # Errors
    /// When no object stands next, or `each` fails.
    pub fn members(&mut self, each: &mut dyn FnMut(&mut Self, &str) -> Result<(), Error>) -> Result<(), Error> {
        self.between("{", "}", &mut |reader| {
            let name = reader.text()?;
            reader.take(":")?;
            each(reader, &name).map_err(|error| error.within(&name))
        })
    }

    fn between(&mut self, open: &str, close: &str, each: &mut dyn FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        if !self.takes(open) {
            return Err(self.expected(if open == "[" { "a list" } else { "an object" }));
        }
        if self.depth == DEPTH {
            return Err(self.expected("fewer levels"));
        }
        self.depth += 1;
        if !self.takes(close) {
            each(self)?;
            while !self.takes(close) {
                self.take(",")?;
                each(self)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// The next value as it was written.
    ///
    /// # Errors
    /// When it is no JSON.
    pub fn raw(&mut self) -> Result<&'t str, Error> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        match self.peek() {
            b'{' => self.members(&mut |reader, _| reader.skip()),
            b'[' => self.items(&mut Self::skip),
            b'"' => self.text().map(drop),
            b't' => self.take("true"),
            b'f' => self.take("false"),
            b'n' => self.take("null"),
            _ => self.number(),
        }
    }

    /// Passes a number of any form.
    fn number(&mut self) -> Result<(), Error> {
        self.at += usize::from(self.peek() == b'-');
        let whole = self.digits()?;
        if whole.len() > 1 && whole.starts_with('0') {
            return Err(self.expected("no digit after 0"));
        }
        if self.stands(b".") {
            self.digits()?;
        }
        if self.stands(b"eE") {
            let _ = self.stands(b"+-");
            self.digits()?;
        }
        Ok(())
    }

    /// Passes one of these bytes if it stands right here.
    fn stands(&mut self, one_of: &[u8]) -> bool {
        let stands = self.text.as_bytes().get(self.at).is_some_and(|byte| one_of.contains(byte));
        self.at += usize::from(stands);
        stands
    }

    fn digits(&mut self) -> Result<&'t str, Error> {
        let rest = &self.text[self.at..];
        let length = rest.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.expected("a value"));
        }
        self.at += length;
        Ok(&rest[..length])
    }

    /// The text in a member of the object that stands next, which is not taken: by it, another reader is chosen.
    ///
    /// # Errors
    /// When no object stands next, or it has no such text.
    pub fn tag(&self, name: &str) -> Result<Cow<'t, str>, Error> {
        let mut ahead = self.clone();
        let mut tag = None;
        // The tag mostly stands first, and what comes behind it is read by whom it chooses.
        let passed = ahead.members(&mut |reader, member| {
            if member != name {
                return reader.skip();
            }
            tag = Some(reader.text()?);
            Err(Error::new(""))
        });
        match tag {
            Some(tag) => Ok(tag),
            None => Err(passed.err().unwrap_or_else(|| Error::new(format!("`{name}` is missing")))),
        }
    }
}

impl Read for bool {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.boolean()
    }
}

impl Read for u64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.unsigned()
    }
}

macro_rules! smaller {
    ($($type:ty)*) => {$(
        impl Read for $type {
            fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
                Self::try_from(reader.unsigned()?).map_err(|_| Error::new(format!("at most {} is allowed", Self::MAX)))
            }
        }
    )*};
}

smaller! { u16 u32 }

impl Read for String {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.text().map(Cow::into_owned)
    }
}

impl<T: Read> Read for Box<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        T::read(reader).map(Self::new)
    }
}

/// `None` is written as null, or not at all.
impl<T: Read> Read for Option<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        if reader.null() { Ok(None) } else { T::read(reader).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut items = Self::new();
        reader.items(&mut |reader| {
            items.push(T::read(reader)?);
            Ok(())
        })?;
        Ok(items)
    }
}

/// A pair is a list of two.
impl<A: Read, B: Read> Read for (A, B) {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (mut first, mut second) = (None, None);
        reader.items(&mut |reader| if first.is_none() { first.fill(reader) } else { second.fill(reader) })?;
        first.zip(second).ok_or_else(|| reader.expected("two before this"))
    }
}
