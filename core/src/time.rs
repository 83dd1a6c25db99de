//! A moment, in milliseconds since 1970, written as RFC 3339 in UTC. Core is told the time; it never asks.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::as_text::travels_as_text;

/// A moment with millisecond precision: `2026-03-24T14:33:41.123Z`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// The last millisecond of the year 9999, beyond which RFC 3339 has no form.
const LATEST_MS: u64 = 253_402_300_799_999;

impl Timestamp {
    /// From milliseconds since 1970; anything past the year 9999 is that year's end.
    pub const fn from_ms(ms: u64) -> Self {
        if ms < LATEST_MS { Self(ms) } else { Self(LATEST_MS) }
    }

    /// Milliseconds since 1970.
    pub fn ms(self) -> u64 {
        self.0
    }

    /// The moment `ms` milliseconds later.
    pub fn plus_ms(self, ms: u64) -> Self {
        Self::from_ms(self.0.saturating_add(ms))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000).map_err(|_| fmt::Error)?;
        let (year, month, day) = at.to_calendar_date();
        let (hour, minute, second, milli) = at.to_hms_milli();
        write!(f, "{year:04}-{:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z", u8::from(month))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        OffsetDateTime::parse(text, &Rfc3339)
            .ok()
            .and_then(|at| u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok())
            .map(Self::from_ms)
            .ok_or_else(|| format!("{text:?} is no time: write it like 2026-03-24T14:33:41Z"))
    }
}

travels_as_text!(Timestamp);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_survives_the_way_through_text() {
        let at = Timestamp::from_ms(1_774_362_821_123);
        assert_eq!(at.to_string(), "2026-03-24T14:33:41.123Z");
        assert_eq!("2026-03-24T14:33:41.123Z".parse(), Ok(at));
        assert_eq!("2026-03-24T15:33:41.123+01:00".parse(), Ok(at));
    }

    #[test]
    fn the_far_future_is_still_a_moment() {
        assert_eq!(Timestamp::from_ms(u64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    }
}
