//! What a stream has been told: which writes went out, so that what comes twice after a redial is left out, and what is repeated on it.

use std::collections::VecDeque;

use super::line::{Down, TICK};

/// Written keys that are remembered.
const REMEMBERED: usize = 256;

/// Something for the client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub text: String,
    /// Where the client stands after it, if that is somewhere else than before.
    pub cursor: Option<String>,
}

impl Piece {
    /// One that does not move the client.
    pub fn aside(text: String) -> Self {
        Self { text, cursor: None }
    }

    fn join(&mut self, next: Self) {
        self.text.push_str(&next.text);
        self.cursor = next.cursor.or_else(|| self.cursor.take());
    }
}

/// What of a message goes to the client: in one piece but for the last line, which goes by itself. A client that is gone is noticed only
/// when something is written to it after something was.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    first: Option<Piece>,
    last: Option<Piece>,
}

impl Pieces {
    fn add(&mut self, piece: Piece) {
        let Some(before) = self.last.replace(piece) else { return };
        match &mut self.first {
            Some(first) => first.join(before),
            None => self.first = Some(before),
        }
    }
}

impl IntoIterator for Pieces {
    type Item = Piece;
    type IntoIter = std::iter::Chain<std::option::IntoIter<Piece>, std::option::IntoIter<Piece>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.last)
    }
}

/// What comes of a message of the object.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub pieces: Pieces,
    /// Of answers among them the object wants to know that they are written.
    pub answers: Vec<String>,
    pub ending: Option<LastWord>,
}

/// The stream ends with this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastWord {
    /// The answer that it was opened for; no text, if it went out before.
    Answer {
        key: String,
        text: Option<String>,
    },
    Nothing,
}

/// What is repeated until told to stop.
struct Repeat {
    key: String,
    every_ms: u64,
    due_ms: u64,
    text: String,
    ticks: u64,
}

/// What one stream has been told, over one socket after the other.
#[derive(Default)]
pub struct Told {
    known: VecDeque<String>,
    repeats: Vec<Repeat>,
    /// Only after a redial can something come that was written before.
    is_mended: bool,
}

impl Told {
    /// The socket was dialled again.
    pub fn mended(&mut self) {
        self.is_mended = true;
    }

    /// Takes the lines of a message.
    pub fn take(&mut self, lines: Vec<Down>, now_ms: u64) -> Taken {
        let mut taken = Taken::default();
        for line in lines {
            match line {
                Down::Write { key, cursor, text } => {
                    if !self.is_known(&key) {
                        taken.pieces.add(Piece { text, cursor });
                        self.remember(key.clone());
                    }
                    if key.starts_with('a') {
                        taken.answers.push(key);
                    }
                }
                Down::Repeat { key, every_s, text } => {
                    // After a redial it is said again: then the counter goes on.
                    if !self.repeats.iter().any(|repeat| repeat.key == key) {
                        self.repeats.push(Repeat { key, every_ms: u64::from(every_s) * 1_000, due_ms: now_ms, text, ticks: 0 });
                    }
                }
                Down::Stop { key } => self.repeats.retain(|repeat| repeat.key != key),
                // Nothing comes after the end.
                Down::Last { key, text } => {
                    let text = (!self.is_known(&key)).then_some(text);
                    return Taken { ending: Some(LastWord::Answer { key, text }), ..taken };
                }
                Down::End => return Taken { ending: Some(LastWord::Nothing), ..taken },
            }
        }
        taken
    }

    fn is_known(&self, key: &str) -> bool {
        self.is_mended && self.known.iter().any(|known| known == key)
    }

    fn remember(&mut self, key: String) {
        if self.known.len() == REMEMBERED {
            self.known.pop_front();
        }
        self.known.push_back(key);
    }

    /// When something is to be repeated next; never, if that is `u64::MAX`.
    pub fn due_ms(&self) -> u64 {
        self.repeats.iter().map(|repeat| repeat.due_ms).fold(u64::MAX, u64::min)
    }

    /// What is to be repeated now.
    pub fn repeated(&mut self, now_ms: u64) -> Vec<Piece> {
        let due = self.repeats.iter_mut().filter(|repeat| repeat.due_ms <= now_ms);
        due.map(|repeat| {
            repeat.due_ms = now_ms + repeat.every_ms;
            repeat.ticks += 1;
            Piece::aside(repeat.text.replace(TICK, &repeat.ticks.to_string()))
        })
        .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(key: &str, cursor: Option<&str>) -> Down {
        Down::Write { key: key.to_owned(), cursor: cursor.map(str::to_owned), text: format!("<{key}>") }
    }

    fn piece(text: &str, cursor: Option<&str>) -> Piece {
        Piece { text: text.to_owned(), cursor: cursor.map(str::to_owned) }
    }

    fn pieces(taken: &Taken) -> Vec<Piece> {
        taken.pieces.clone().into_iter().collect()
    }

    #[test]
    fn a_message_goes_out_in_one_piece_and_its_last_line_in_another_and_each_moves_the_client_as_far_as_it_goes() {
        let lines = vec![write("c1", Some("e-1-t")), write("a7", None), write("c2", Some("e-2-t")), write("d", None), write("p", None)];
        let taken = Told::default().take(lines, 0);
        assert_eq!(pieces(&taken), [piece("<c1><a7><c2><d>", Some("e-2-t")), piece("<p>", None)]);
        assert_eq!((taken.answers, taken.ending), (vec!["a7".to_owned()], None));
        let taken = Told::default().take(vec![write("c1", Some("e-1-t"))], 0);
        assert_eq!(pieces(&taken), [piece("<c1>", Some("e-1-t"))]);
    }

    #[test]
    fn after_a_redial_what_was_written_is_left_out_and_an_answer_is_said_to_be_written_again() {
        let mut told = Told::default();
        told.take(vec![write("d1", None), write("a7", None)], 0);
        told.mended();
        let taken = told.take(vec![write("d1", None), write("a7", None), write("d2", None)], 0);
        assert_eq!((pieces(&taken), taken.answers), (vec![piece("<d2>", None)], vec!["a7".to_owned()]));
        assert_eq!(told.take(vec![write("d2", None)], 0), Taken::default());
    }

    #[test]
    fn the_last_word_comes_with_its_text_unless_the_client_has_it() {
        let last = || vec![write("d1", None), Down::Last { key: "a8".to_owned(), text: "<a8>".to_owned() }, Down::End, write("d2", None)];
        let answer = |text: Option<&str>| Some(LastWord::Answer { key: "a8".to_owned(), text: text.map(str::to_owned) });
        let mut told = Told::default();
        let taken = told.take(last(), 0);
        assert_eq!((pieces(&taken), taken.ending), (vec![piece("<d1>", None)], answer(Some("<a8>"))));
        assert_eq!(told.take(vec![Down::End], 0).ending, Some(LastWord::Nothing));
        told.take(vec![write("a8", None)], 0);
        told.mended();
        assert_eq!(told.take(last(), 0), Taken { ending: answer(None), ..Taken::default() });
    }

    #[test]
    fn what_is_repeated_counts_up_until_it_is_stopped_and_goes_on_after_a_redial() {
        let repeat = || vec![Down::Repeat { key: "w1".to_owned(), every_s: 20, text: format!("<{TICK}>") }];
        let mut told = Told::default();
        assert_eq!(told.due_ms(), u64::MAX);
        told.take(repeat(), 100);
        assert_eq!((told.due_ms(), told.repeated(100)), (100, vec![Piece::aside("<1>".to_owned())]));
        told.mended();
        told.take(repeat(), 5_000);
        assert_eq!((told.repeated(5_000), told.due_ms()), (Vec::new(), 20_100));
        assert_eq!(told.repeated(20_100), [Piece::aside("<2>".to_owned())]);
        told.take(vec![Down::Stop { key: "w1".to_owned() }], 20_200);
        assert_eq!(told.due_ms(), u64::MAX);
    }
}
