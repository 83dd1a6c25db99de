//! What the bridge itself says: single lines on stderr, marked as its own among the lines of the command.

use std::fmt::Display;
use std::io::Write as _;

/// As much of a text of others as is told in a line.
const TOLD_CHARS: usize = 200;

/// Says a line. One write, so that the command's output does not come in between; and a closed stderr is no reason to fail.
pub fn say(what: impl Display) {
    let line = format!("agentrq: {what}\n");
    let _ = std::io::stderr().write_all(line.as_bytes());
}

/// An error with all its causes, without repeating those that it names already.
pub fn whole(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text.push_str(": ");
            text.push_str(&said);
        }
        next = cause.source();
    }
    text
}

/// The first cause of a network's error, which says what is wrong. What stands above it names only who noticed, and addresses.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

/// A text of others on one line of a terminal: it may hold what moves the cursor or turns the line around.
pub fn told(text: &str) -> String {
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut line: String = text.chars().take(TOLD_CHARS).map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect();
    if text.chars().nth(TOLD_CHARS).is_some() {
        line.push_str(" …");
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn an_error_is_told_with_its_causes_and_each_of_them_once() {
        assert_eq!(whole(&Outer(std::io::Error::other("inner"))), "outer: inner");
        assert_eq!(whole(&Outer(std::io::Error::other("outer"))), "outer");
        assert_eq!(cause(&Outer(std::io::Error::other("inner"))), "inner");
    }

    #[test]
    fn what_others_wrote_is_told_in_one_line_that_stays_as_it_is() {
        assert_eq!(told("a\n\u{1b}[2Jb\u{202e}c"), "a\u{fffd}\u{fffd}[2Jb\u{fffd}c");
        assert_eq!(told(&"x".repeat(300)), format!("{} …", "x".repeat(200)));
    }
}
