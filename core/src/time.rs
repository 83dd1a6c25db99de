//! A moment, in milliseconds since 1970, written as RFC 3339 in UTC. Core is told the time; it never asks.

use std::fmt;
use std::str::FromStr;

use crate::json::as_text;

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
        let (seconds, milli) = (self.0 / 1_000, self.0 % 1_000);
        let (year, month, day) = date((seconds / DAY) as i64);
        let (hour, minute, second) = (seconds % DAY / 3_600, seconds % 3_600 / 60, seconds % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z")
    }
}

/// Seconds of a day.
const DAY: u64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA: i64 = 146_097;
/// Days from the first of March of the year 0 to 1970. Years begin in March here, so that a leap day is the last of its year.
const MARCH_0: i64 = 719_468;

/// Year, month and day, so many days after 1970 began.
fn date(days: i64) -> (i64, i64, i64) {
    let (era, day) = ((days + MARCH_0).div_euclid(ERA), (days + MARCH_0).rem_euclid(ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // Months of 31, 30, 31, 30, 31 days, over and over.
    let march = (5 * day + 2) / 153;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (year + era * 400 + i64::from(month <= 2), month, day - (153 * march + 2) / 5 + 1)
}

/// How many days after 1970 began.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
    let march = (month + 9) % 12;
    era * ERA + year * 365 + year / 4 - year / 100 + (153 * march + 2) / 5 + day - 1 - MARCH_0
}

/// Takes a number of so many digits off the beginning.
fn number(rest: &mut &[u8], digits: usize) -> Option<i64> {
    let (number, after) = rest.split_at_checked(digits)?;
    *rest = after;
    number.iter().try_fold(0, |sum, byte| byte.is_ascii_digit().then(|| sum * 10 + i64::from(byte - b'0')))
}

/// Takes a number of two digits below `end`, and what may stand before it.
fn below(end: i64, before: &[u8], rest: &mut &[u8]) -> Option<i64> {
    one_of(before, rest)?;
    number(rest, 2).filter(|number| *number < end)
}

/// Takes one of these characters off the beginning.
fn one_of(these: &[u8], rest: &mut &[u8]) -> Option<u8> {
    let (first, after) = rest.split_first()?;
    *rest = after;
    these.contains(first).then_some(*first)
}

/// Milliseconds since 1970. What is finer is cut; there is no second 60.
fn read(text: &str) -> Option<u64> {
    let rest = &mut text.as_bytes();
    let (year, month, day) = (number(rest, 4)?, below(13, b"-", rest)?, below(32, b"-", rest)?);
    let days = days(year, month, day);
    // The 30th of February is another day.
    if date(days) != (year, month, day) {
        return None;
    }
    let (hour, minute, second) = (below(24, b"Tt ", rest)?, below(60, b":", rest)?, below(60, b":", rest)?);
    let mut milli = 0;
    if let Some(fraction) = rest.strip_prefix(b".") {
        let digits = fraction.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (digits, after) = fraction.split_at(digits);
        *rest = after;
        milli = [100, 10, 1].iter().zip(digits).map(|(weight, digit)| weight * i64::from(digit - b'0')).sum();
        digits.first()?;
    }
    let ahead = match one_of(b"Zz+-", rest)? {
        b'+' => number(rest, 2).filter(|hours| *hours < 24)? * 60 + below(60, b":", rest)?,
        b'-' => -(number(rest, 2).filter(|hours| *hours < 24)? * 60 + below(60, b":", rest)?),
        _ => 0,
    };
    let minutes = (days * 24 + hour) * 60 + minute - ahead;
    rest.is_empty().then(|| u64::try_from((minutes * 60 + second) * 1_000 + milli).ok())?
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        read(text).map(Self::from_ms).ok_or_else(|| format!("{text:?} is no time: write it like 2026-03-24T14:33:41Z"))
    }
}

as_text!(Timestamp);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    use super::*;

    /// What the `time` crate makes of a text.
    fn by_time(text: &str) -> Option<Timestamp> {
        let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        u64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Timestamp::from_ms)
    }

    #[test]
    fn every_day_has_the_date_that_time_gives_it() {
        for day in 0..=LATEST_MS / 1_000 / DAY {
            let at = Timestamp::from_ms(day * DAY * 1_000);
            let by_time = OffsetDateTime::from_unix_timestamp((day * DAY) as i64).expect("a time").date();
            assert_eq!(date(day as i64), (by_time.year().into(), u8::from(by_time.month()).into(), by_time.day().into()), "{at}");
            assert_eq!(at.to_string().parse(), Ok(at));
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for wrong in [
            "",
            "2026-03-24",
            "2026-03-24T14:33:41",
            "2026-03-24T14:33Z",
            "2026-02-29T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-03-24T24:00:00Z",
            "2026-03-24T14:60:00Z",
            "2026-03-24T14:33:41.Z",
            "2026-03-24T14:33:41Zx",
            "2026-03-24T14:33:41+24:00",
            "2026-03-24T14:33:41+1:00",
            "+026-03-24T14:33:41Z",
            "1969-12-31T23:59:59Z",
            "2026-03-24Té14:33:41Z",
        ] {
            assert!(wrong.parse::<Timestamp>().is_err(), "{wrong}");
        }
        assert!("2024-02-29T23:59:59.9z".parse::<Timestamp>().is_ok());
    }

    proptest! {
        #[test]
        fn any_moment_survives_and_reads_the_same_to_time(ms in 0..=LATEST_MS) {
            let at = Timestamp::from_ms(ms);
            prop_assert_eq!(at.to_string().parse(), Ok(at));
            prop_assert_eq!(by_time(&at.to_string()), Some(at));
        }

        #[test]
        fn what_has_the_form_of_a_time_is_read_as_time_reads_it(
            text in "(19[7-9][1-9]|20[0-9]{2}|9999)-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,12})?(Z|z|[+-][0-2][0-9]:[0-6][0-9])"
        ) {
            prop_assert_eq!(text.parse().ok(), by_time(&text), "{}", text);
        }
    }

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
