//! The Worker's word on answers that went out in a response: given to a client that was still there, or to nobody. A word waits for the
//! client's next request and goes to the object with it; where none comes soon, it goes by itself.

use std::cell::RefCell;
use std::collections::HashMap;

use agentrq_core::id::{Id, SessionId};

/// Carries words to the object.
pub const HEADER: &str = "x-agentrq-words";
/// Carries the session and number of an answer from the object.
pub const CALL_HEADER: &str = "x-agentrq-call";

/// Words that wait for one token's next request; beyond, the oldest are forgotten, and the object finds out by itself.
const WAITING: usize = 64;
/// Tokens whose words wait; beyond, all are forgotten.
const TOKENS: usize = 10_000;

/// What became of an answer, by its session and number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    Given(SessionId, u64),
    Lost(SessionId, u64),
}

impl Word {
    fn answer(self) -> (SessionId, u64) {
        match self {
            Self::Given(session, number) | Self::Lost(session, number) => (session, number),
        }
    }
}

/// Names answers for a `CALL_HEADER`.
pub fn name(answers: &[(SessionId, u64)]) -> String {
    answers.iter().map(|(session, number)| format!("{session}.{number}")).collect::<Vec<_>>().join(" ")
}

/// Reads what a `CALL_HEADER` names.
pub fn named(header: &str) -> Vec<(SessionId, u64)> {
    header.split(' ').filter_map(answer).collect()
}

fn answer(text: &str) -> Option<(SessionId, u64)> {
    let (session, number) = text.split_once('.')?;
    Some((session.parse().ok()?, number.parse().ok()?))
}

/// Writes words for a header.
pub fn write(words: &[Word]) -> String {
    let text = |word: &Word| match word {
        Word::Given(session, number) => format!("g{session}.{number}"),
        Word::Lost(session, number) => format!("l{session}.{number}"),
    };
    words.iter().map(text).collect::<Vec<_>>().join(" ")
}

/// Reads them.
pub fn read(header: &str) -> Vec<Word> {
    let word = |text: &str| match (text.strip_prefix('g'), text.strip_prefix('l')) {
        (Some(given), _) => answer(given).map(|(session, number)| Word::Given(session, number)),
        (_, Some(lost)) => answer(lost).map(|(session, number)| Word::Lost(session, number)),
        _ => None,
    };
    header.split(' ').filter_map(word).collect()
}

/// Words that wait, by token.
#[derive(Default)]
struct Waiting(HashMap<Id, Vec<Word>>);

impl Waiting {
    fn put(&mut self, token: Id, word: Word) {
        if self.0.len() >= TOKENS && !self.0.contains_key(&token) {
            self.0.clear();
        }
        let words = self.0.entry(token).or_default();
        // What is said last of an answer holds.
        words.retain(|other| other.answer() != word.answer());
        if words.len() >= WAITING {
            words.remove(0);
        }
        words.push(word);
    }

    fn has(&self, token: Id, word: Word) -> bool {
        self.0.get(&token).is_some_and(|words| words.contains(&word))
    }

    fn take(&mut self, token: Id) -> Vec<Word> {
        self.0.remove(&token).unwrap_or_default()
    }
}

thread_local! {
    static WORDS: RefCell<Waiting> = RefCell::default();
}

/// Has a word wait for the token's next request.
pub fn put(token: Id, word: Word) {
    WORDS.with_borrow_mut(|waiting| waiting.put(token, word));
}

/// Does this word still wait?
pub fn has(token: Id, word: Word) -> bool {
    WORDS.with_borrow(|waiting| waiting.has(token, word))
}

/// Takes all that waits for this token's next request.
pub fn take(token: Id) -> Vec<Word> {
    WORDS.with_borrow_mut(|waiting| waiting.take(token))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> SessionId {
        SessionId(Id::new(1_800_000_000_000, 1))
    }

    fn token() -> Id {
        Id::new(1_800_000_000_000, 2)
    }

    #[test]
    fn words_are_read_back_as_they_were_written() {
        let words = [Word::Given(session(), 1), Word::Lost(session(), u64::MAX)];
        assert_eq!(read(&write(&words)), words);
        assert_eq!(read("x g1 l. gx.1"), []);
        assert_eq!(read(""), []);
        let answers = [(session(), 1), (session(), 2)];
        assert_eq!(named(&name(&answers)), answers);
    }

    #[test]
    fn what_is_said_last_of_an_answer_holds_and_is_said_once() {
        let mut waiting = Waiting::default();
        waiting.put(token(), Word::Given(session(), 1));
        waiting.put(token(), Word::Given(session(), 2));
        waiting.put(token(), Word::Lost(session(), 1));
        assert!(!waiting.has(token(), Word::Given(session(), 1)));
        assert_eq!(waiting.take(token()), [Word::Given(session(), 2), Word::Lost(session(), 1)]);
        assert_eq!(waiting.take(token()), []);
    }

    #[test]
    fn a_token_that_never_asks_again_takes_no_more_room() {
        let mut waiting = Waiting::default();
        for number in 0..1_000 {
            waiting.put(token(), Word::Given(session(), number));
        }
        assert_eq!(waiting.take(token()).len(), WAITING);
    }
}
