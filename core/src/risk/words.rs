//! A text as it is searched for signs: by the places where its words begin, with what stands at a place and around it.

/// Characters of a passage before the sign and after it.
const BEFORE: usize = 40;
pub(super) const AFTER: usize = 48;

pub(super) struct Text {
    chars: Vec<char>,
    /// Where a word begins.
    pub(super) begins: Vec<usize>,
    /// How often a character was looked at.
    #[cfg(test)]
    pub(super) looks: std::cell::Cell<usize>,
}

pub(super) fn of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

impl Text {
    pub(super) fn new(text: &str) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let begins = |&at: &usize| of_word(chars[at]) && (at == 0 || !of_word(chars[at - 1]));
        Self {
            begins: (0..chars.len()).filter(begins).collect(),
            chars,
            #[cfg(test)]
            looks: std::cell::Cell::new(0),
        }
    }

    /// How many characters it has.
    pub(super) fn len(&self) -> usize {
        self.chars.len()
    }

    pub(super) fn at(&self, place: usize) -> Option<char> {
        #[cfg(test)]
        self.looks.set(self.looks.get() + 1);
        self.chars.get(place).copied()
    }

    pub(super) fn before(&self, place: usize) -> Option<char> {
        place.checked_sub(1).and_then(|before| self.at(before))
    }

    pub(super) fn any_phrase(&self, at: usize, phrases: &str) -> Option<usize> {
        let first = self.at(at)?;
        if !of_word(first) || self.before(at).is_some_and(of_word) {
            return None;
        }
        phrases.split('|').find_map(|phrase| self.phrase(at, phrase))
    }

    /// The place behind the phrase, if it stands here.
    pub(super) fn phrase(&self, at: usize, phrase: &str) -> Option<usize> {
        let mut place = at;
        for wanted in phrase.chars() {
            if wanted == ' ' {
                place = self.gap(place)?;
            } else if self.at(place)?.eq_ignore_ascii_case(&wanted) {
                place += 1;
            } else {
                return None;
            }
        }
        let whole = !phrase.ends_with(of_word) || !self.at(place).is_some_and(of_word);
        whole.then_some(place)
    }

    /// The place behind the white space here, if there is any. A line that is continued goes on.
    pub(super) fn gap(&self, at: usize) -> Option<usize> {
        let mut place = at;
        while self.at(place).is_some_and(|c| c.is_whitespace() || self.continues(place)) {
            place += 1;
        }
        (place > at).then_some(place)
    }

    fn continues(&self, at: usize) -> bool {
        let next = if self.at(at + 1) == Some('\r') { at + 2 } else { at + 1 };
        self.at(at) == Some('\\') && self.at(next) == Some('\n')
    }

    /// Where the line ends, with those that continue it.
    pub(super) fn line_end(&self, at: usize) -> usize {
        let mut place = at;
        let mut continued = false;
        while let Some(c) = self.at(place) {
            if c == '\n' && !continued {
                break;
            }
            continued = c == '\\' || (continued && c == '\r');
            place += 1;
        }
        place
    }

    /// Does something begin here that stands apart: at the text's beginning, behind white space, a quote, a bracket or an equals sign?
    pub(super) fn apart(&self, at: usize, or: &str) -> bool {
        self.before(at).is_none_or(|c| c.is_whitespace() || "\"'`=(".contains(c) || or.contains(c))
    }

    /// A word, or the beginning of one.
    pub(super) fn word(&self, at: usize, what: &str) -> Option<usize> {
        if self.before(at).is_some_and(of_word) { None } else { self.phrase(at, what) }
    }

    /// One of these options behind white space, whole.
    pub(super) fn option(&self, at: usize, options: &[&str]) -> Option<usize> {
        if !self.before(at).is_some_and(char::is_whitespace) {
            return None;
        }
        options.iter().find_map(|option| self.phrase(at, option).filter(|&end| self.at(end) != Some('-')))
    }

    /// The place behind the options here of which one has one of these letters, or one of these names.
    pub(super) fn options(&self, at: usize, letters: &str, names: &[&str]) -> Option<usize> {
        let mut place = self.gap(at)?;
        while self.at(place) == Some('-') {
            if let Some(end) = names.iter().find_map(|name| self.phrase(place, name)) {
                return Some(end);
            }
            let mut end = place + 1;
            let (mut known, mut plain) = (false, true);
            while let Some(c) = self.at(end).filter(|c| c.is_ascii_alphabetic() || *c == '-') {
                known |= letters.contains(c.to_ascii_lowercase());
                plain &= c != '-';
                end += 1;
            }
            if known && plain && !self.at(end).is_some_and(of_word) {
                return Some(end);
            }
            place = self.gap(end)?;
        }
        None
    }

    /// The sign in its line, with what stands around it.
    pub(super) fn passage(&self, from: usize, to: usize) -> String {
        let line = |place: usize| self.chars[..place].iter().rposition(|&c| c == '\n').map_or(0, |at| at + 1);
        let (begin, end) = (line(from), self.chars[to..].iter().position(|&c| c == '\n').map_or(self.chars.len(), |at| to + at));
        let first = begin.max(from.saturating_sub(BEFORE));
        let last = end.min(to.max(from) + AFTER);
        let words: String = self.chars[first..last].iter().collect();
        let (left, right) = (if first > begin { "…" } else { "" }, if last < end { "…" } else { "" });
        format!("{left}{}{right}", words.trim())
    }
}
