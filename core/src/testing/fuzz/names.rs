//! Names that travel as text: ids, cursors, times and the numbers of tasks. What is taken is written again as it was.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use super::Choices;
use crate::cursor::Cursor;
use crate::id::{Id, TaskId};
use crate::mcp::tool::TaskRef;
use crate::time::Timestamp;

/// `value` as text is `value` again; and a text close to it is refused, or is the one text of what it names.
pub(super) fn one_text_each<T: FromStr + Display + PartialEq + Debug>(choices: &mut Choices<'_>, value: &T) {
    let text = value.to_string();
    assert_eq!(text.parse::<T>().ok().as_ref(), Some(value), "{text:?}");
    let close = choices.changed(&text);
    if let Ok(read) = close.parse::<T>() {
        assert_eq!(read.to_string(), close);
        assert_eq!(read == *value, close == text, "{close:?} and {text:?}");
    }
}

pub(super) fn an_id_has_one_text(choices: &mut Choices<'_>) {
    let id = Id::new(choices.number() % (1 << 42), choices.number() as u32);
    one_text_each(choices, &id);
    one_text_each(choices, &TaskId(id));
}

pub(super) fn a_cursor_has_one_text(choices: &mut Choices<'_>) {
    let cursor = Cursor { epoch: choices.word(31), seq: choices.number() % 1_000_000_000_000_000, tag: choices.word(31) };
    one_text_each(choices, &cursor);
}

/// A time may be written in several ways; all of them are the same moment.
pub(super) fn a_time_that_is_read_stays_the_same_moment(choices: &mut Choices<'_>) {
    let at = Timestamp::from_ms(choices.number() % (1 << 48));
    assert_eq!(at.to_string().parse(), Ok(at));
    let close = choices.changed(&at.to_string());
    if let Ok(read) = close.parse::<Timestamp>() {
        assert_eq!(read.to_string().parse(), Ok(read), "{close:?}");
    }
}

/// A task's number is digits and nothing else, with or without a `#`.
pub(super) fn a_task_is_named_by_an_id_or_a_number(choices: &mut Choices<'_>) {
    let number = choices.number() % 1_000_000_000_000_000;
    let text = format!("{}{number}", choices.of(&["", "#", " ", "\n#"]));
    // Eleven digits are an id.
    if !matches!(TaskRef::parse(&text), Some(TaskRef::Id(id)) if id.to_string() == text.trim()) {
        assert_eq!(TaskRef::parse(&text), Some(TaskRef::Number(number)), "{text:?}");
    }
    let close = choices.changed(&text);
    match TaskRef::parse(&close) {
        Some(TaskRef::Number(number)) => {
            let digits = close.trim().trim_start_matches('#').trim_start_matches('0');
            assert_eq!(digits, if number == 0 { String::new() } else { number.to_string() }, "{close:?}");
        }
        Some(TaskRef::Id(id)) => assert_eq!(id.to_string(), close.trim()),
        None => {}
    }
}
