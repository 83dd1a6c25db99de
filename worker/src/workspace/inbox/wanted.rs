//! What a call wants of what a background task prints, as it stands with the wait.

use agentrq_core::dialect::background::Part;
use agentrq_core::id::TaskId;

/// What a call wants of what a task prints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub task: TaskId,
    pub part: Part,
    pub when: When,
}

/// When it wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    Now,
    /// Once the task has ended, or the time to wait is over.
    Ended,
}

impl Wanted {
    /// As it stands with the wait.
    pub fn encode(&self) -> String {
        let when = if self.when == When::Now { "now" } else { "ended" };
        match self.part {
            Part::Tail { bytes } => format!("{when} tail {bytes}"),
            Part::From { offset, bytes } => format!("{when} from {bytes} {offset}"),
        }
    }

    pub fn decode(task: TaskId, text: &str) -> Option<Self> {
        let words: Vec<_> = text.split(' ').collect();
        let (&when, rest) = words.split_first()?;
        let when = if when == "now" { When::Now } else { When::Ended };
        let part = match rest {
            ["tail", bytes] => Part::Tail { bytes: bytes.parse().ok()? },
            ["from", bytes, offset] => Part::From { offset: offset.parse().ok()?, bytes: bytes.parse().ok()? },
            _ => return None,
        };
        Some(Self { task, part, when })
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;

    use super::*;

    #[test]
    fn what_a_call_wants_is_read_back_as_it_was_written() {
        let task = TaskId(Id::new(1_800_000_000_000, 1));
        for part in [Part::Tail { bytes: 30_000 }, Part::From { offset: 5_000_000_000, bytes: 1 }] {
            for when in [When::Now, When::Ended] {
                let wanted = Wanted { task, part, when };
                assert_eq!(Wanted::decode(task, &wanted.encode()), Some(wanted));
            }
        }
        assert_eq!(Wanted::decode(task, "now"), None);
    }
}
