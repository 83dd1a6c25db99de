//! Ids: 63 bits, written as 11 base62 characters, ordered by the time they were made.
//!
//! ```text
//! 62                    22 21                     0
//! | milliseconds since 2020 |       random        |
//! ```
//!
//! The alphabet is in ASCII order, so text order, number order and time order agree and an id can be
//! an index key as it stands. Core never makes an id out of nothing: the caller brings time and randomness.

use std::fmt;
use std::str::FromStr;

use crate::json::as_text;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENGTH: usize = 11;
const RANDOM_BITS: u32 = 22;
const MAX: u64 = (1 << 63) - 1;
/// 2020-01-01T00:00:00Z in milliseconds: 41 bits from here last until 2089.
const EPOCH_MS: u64 = 1_577_836_800_000;

/// The 63 bits behind every id of the model.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(u64);

/// Why a text is no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidId {
    /// What was given, cut to 40 characters.
    pub given: String,
}

impl fmt::Display for InvalidId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no id: an id has 11 characters out of 0-9, A-Z and a-z, such as 0ZRgCquBZ7R", self.given)
    }
}

impl std::error::Error for InvalidId {}

impl Id {
    pub const MIN: Self = Self(0);
    pub const MAX: Self = Self(MAX);

    /// Makes an id from the time in milliseconds since 1970 and random bits, of which the lowest 22 are used.
    pub fn new(now_ms: u64, random: u32) -> Self {
        let millis = now_ms.saturating_sub(EPOCH_MS) & ((1 << 41) - 1);
        let random = u64::from(random) & ((1 << RANDOM_BITS) - 1);
        Self(millis << RANDOM_BITS | random)
    }

    /// Another id of the same millisecond. One after another they come to all there are, and nowhere near those of a mint that counts (the generator
    /// of Numerical Recipes, whose period is the whole range for any power of two).
    #[must_use]
    pub fn next(self) -> Self {
        let random = (1 << RANDOM_BITS) - 1;
        Self(self.0 & !random | (self.0 & random).wrapping_mul(1_664_525).wrapping_add(1_013_904_223) & random)
    }

    /// One of all there are, from 63 random bits: it says nothing of when it was made, and no two ever meet.
    pub fn any(random: u64) -> Self {
        Self(random & MAX)
    }

    /// Two numbers as one, for a table that is searched by ids. It names nothing.
    #[cfg(feature = "agents")]
    pub(crate) fn pair(first: u32, second: u32) -> Self {
        Self((u64::from(first) << 32 | u64::from(second)) & MAX)
    }

    /// Milliseconds since 1970 at which the id was made.
    pub fn made_at_ms(self) -> u64 {
        (self.0 >> RANDOM_BITS) + EPOCH_MS
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0u8; LENGTH];
        let mut rest = self.0;
        for place in text.iter_mut().rev() {
            *place = ALPHABET[(rest % 62) as usize];
            rest /= 62;
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Id {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId { given: text.chars().take(40).collect() };
        if text.len() != LENGTH {
            return Err(invalid());
        }
        text.bytes()
            .try_fold(0u64, |sum, byte| {
                let digit = match byte {
                    b'0'..=b'9' => byte - b'0',
                    b'A'..=b'Z' => byte - b'A' + 10,
                    b'a'..=b'z' => byte - b'a' + 36,
                    _ => return None,
                };
                sum.checked_mul(62)?.checked_add(u64::from(digit))
            })
            .filter(|&value| value <= MAX)
            .map(Self)
            .ok_or_else(invalid)
    }
}

as_text!(Id);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub Id);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { write!(f, "{}({})", stringify!($name), self.0) }
        }
        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(text: &str) -> Result<Self, InvalidId> { text.parse().map(Self) }
        }
        as_text!($name);

        impl From<Id> for $name {
            fn from(id: Id) -> Self { Self(id) }
        }
    )*};
}

ids! {
    /// A task. The task's body is the message with the same id.
    TaskId
    /// A message of a thread.
    MessageId
    /// One thing an agent must hear. It bears the id of what caused it.
    DeliveryId
    /// The bytes of an attached file.
    AttachmentId
    /// What one connection of an agent is called.
    SessionId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_way_through_text() {
        let id = Id::new(1_774_362_821_000, 0x003f_ffff);
        assert_eq!(id.to_string().len(), 11);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.made_at_ms(), 1_774_362_821_000);
    }

    #[test]
    fn later_ids_sort_after_earlier_ones_as_text_too() {
        let early = Id::new(1_774_362_821_000, u32::MAX);
        let late = Id::new(1_774_362_821_001, 0);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
    }

    #[test]
    fn the_next_id_is_of_the_same_millisecond_and_the_first_comes_back_last() {
        let first = Id::new(1_774_362_821_000, 7);
        let mut id = first.next();
        let mut count = 1;
        while id != first {
            assert_eq!(id.made_at_ms(), first.made_at_ms());
            id = id.next();
            count += 1;
        }
        assert_eq!(count, 1 << RANDOM_BITS);
    }

    #[test]
    fn the_id_of_the_documentation_is_read() {
        assert_eq!("0ZRgCquBZ7R".parse::<TaskId>().map(|id| id.to_string()), Ok("0ZRgCquBZ7R".to_owned()));
    }

    #[test]
    fn what_is_no_id_is_refused_with_the_form_of_one() {
        for wrong in ["", "0", "0ZRgCquBZ7", "0ZRgCquBZ7R0", "0ZRgCquBZ7-", "zzzzzzzzzzz", "ééééé0"] {
            let error = wrong.parse::<Id>().expect_err(wrong);
            assert!(error.to_string().contains("11 characters"), "{error}");
        }
    }
}
