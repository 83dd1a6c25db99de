//! A place in a workspace's history, and a place in a list.
//!
//! A history cursor is `epoch-seq-tag`: the epoch is random per database, the tag random per commit. A database that
//! was restored and went on differently is recognised by its tags, even if nobody told it.

use std::fmt;
use std::str::FromStr;

use crate::json::as_text;

/// A place in a history: after commit `seq`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor {
    /// Names the history; 1 to 32 letters and digits.
    pub epoch: String,
    /// The commit's number, from 1; 0 before any.
    pub seq: u64,
    /// Names the commit; 1 to 32 letters and digits.
    pub tag: String,
}

impl Cursor {
    /// Whether this place lies at or before `other`, as far as epoch and number tell.
    pub fn is_by(&self, other: &Self) -> bool {
        self.epoch == other.epoch && self.seq <= other.seq
    }
}

/// The text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCursor;

impl fmt::Display for InvalidCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("that is no cursor of this server: leave it out to begin anew")
    }
}

impl std::error::Error for InvalidCursor {}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.epoch, self.seq, self.tag)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split('-');
        let (Some(epoch), Some(seq), Some(tag), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(InvalidCursor);
        };
        let word = |part: &str| (1..=32).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let plain = seq == "0" || !seq.starts_with('0');
        let number = plain && seq.len() <= 15 && !seq.is_empty() && seq.bytes().all(|byte| byte.is_ascii_digit());
        if !word(epoch) || !word(tag) || !number {
            return Err(InvalidCursor);
        }
        let seq = seq.parse().map_err(|_| InvalidCursor)?;
        Ok(Self { epoch: epoch.to_owned(), seq, tag: tag.to_owned() })
    }
}

as_text!(Cursor);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_way_through_text() {
        let cursor = Cursor { epoch: "e1".into(), seq: 42, tag: "Tx9".into() };
        assert_eq!(cursor.to_string(), "e1-42-Tx9");
        assert_eq!("e1-42-Tx9".parse(), Ok(cursor));
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in ["", "-", "--", "a-1", "a-x-b", "a-1-b-c", "a--b", "a-1-", "a-99999999999999999999-b", "a-+1-b", "a-01-b", "é-1-b"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(InvalidCursor), "{wrong:?}");
        }
    }
}
