//! Lengths of time as people write them on a command line: `500ms`, `10s`, `5m`, `2h`; without a unit, seconds.

use std::time::Duration;

/// Longer is a slip of the hand. It also keeps every sum of times far from overflow.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no length of time; write e.g. 500ms, 10s, 5m or 2h, at most a year")]
pub struct WrongDuration(String);

/// Reads a length of time.
///
/// # Errors
/// What was given, and what is allowed.
pub fn parse(text: &str) -> Result<Duration, WrongDuration> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let milliseconds: Option<u64> = match unit {
        "ms" => Some(1),
        "" | "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        _ => None,
    };
    milliseconds
        .and_then(|unit| number.parse::<u64>().ok()?.checked_mul(unit))
        .map(Duration::from_millis)
        .filter(|length| *length <= LONGEST)
        .ok_or_else(|| WrongDuration(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        for (text, milliseconds) in [("500ms", 500), ("10s", 10_000), ("10", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("0s", 0)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(milliseconds)), "{text}");
        }
    }

    #[test]
    fn what_is_none_is_refused_with_what_would_be() {
        for text in ["", "m", "-1s", "1.5s", "1d", "10 s", "9999999h", "99999999999999999999s"] {
            let wrong = parse(text).expect_err(text).to_string();
            assert!(wrong.contains("500ms, 10s, 5m or 2h"), "{wrong}");
        }
    }
}
