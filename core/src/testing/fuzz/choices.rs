//! Where a fuzzed case takes its choices from: a seed, so that a failure can be repeated, or the bytes of a fuzzer.

/// Choices without end. What a fuzzer's bytes do not cover is zero, so a loop that goes on while something was chosen ends.
#[derive(Clone, Debug)]
pub struct Choices<'a>(Source<'a>);

#[derive(Clone, Debug)]
enum Source<'a> {
    Seed(u64),
    Bytes(&'a [u8]),
}

/// What is at the edge of what some reader takes, or means something to one.
const TELLING: &[&str] = &[
    "",
    "\0",
    "\n",
    "\r",
    "\r\n",
    "\r\n\r\n",
    "\t",
    " ",
    "\u{feff}",
    "\u{2028}",
    "\u{202e}",
    "\u{fffd}",
    "é",
    "🦀",
    "%",
    "%00",
    "%zz",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "'",
    ";",
    ":",
    ",",
    "-",
    "--",
    ".",
    "/",
    "..",
    "=",
    "==",
    "#",
    "+",
    "*",
    "[",
    "]",
    "{",
    "}",
    "0",
    "-0",
    "1e999",
    "NaN",
    "null",
    "true",
    "18446744073709551616",
    "-9223372036854775809",
    "data: ",
    "event: ",
    "id: ",
    "=?base64?",
    "?=",
];

impl<'a> Choices<'a> {
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seed(seed))
    }

    /// Choices that a fuzzer makes, which learns what they lead to.
    pub fn of_bytes(bytes: &'a [u8]) -> Self {
        Self(Source::Bytes(bytes))
    }

    pub fn byte(&mut self) -> u8 {
        match &mut self.0 {
            Source::Seed(_) => self.number().to_le_bytes()[0],
            Source::Bytes(bytes) => bytes.split_off_first().copied().unwrap_or_default(),
        }
    }

    /// Any number of 64 bits. (Of a seed: SplitMix64.)
    pub fn number(&mut self) -> u64 {
        match &mut self.0 {
            Source::Seed(state) => {
                *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut mixed = *state;
                mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                mixed ^ (mixed >> 31)
            }
            Source::Bytes(_) => u64::from_le_bytes([(); 8].map(|()| self.byte())),
        }
    }

    /// A number below `limit`; 0 where there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        match limit {
            0 | 1 => 0,
            2..=256 => usize::from(self.byte()) % limit,
            _ => (self.number() % limit as u64) as usize,
        }
    }

    /// True once in `odds` times.
    pub fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) + 1 == odds
    }

    /// One of a list, which is not empty.
    pub fn of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }

    pub fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most + 1)).map(|_| self.byte()).collect()
    }

    /// A text of up to `most` parts: letters, characters of any kind, and what means something to some reader.
    pub fn text(&mut self, most: usize) -> String {
        let parts = self.below(most + 1);
        let mut text = String::new();
        for _ in 0..parts {
            match self.below(4) {
                0 | 1 => text.push(char::from(b' ' + (self.byte() % 95))),
                2 => text.push_str(self.of(TELLING)),
                _ => text.push(char::from_u32((self.number() % 0x11_0000) as u32).unwrap_or('\u{fffd}')),
            }
        }
        text
    }

    /// Letters and digits, at least one.
    pub fn word(&mut self, most: usize) -> String {
        const LETTERS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        (0..=self.below(most)).map(|_| char::from(self.of(LETTERS))).collect()
    }

    /// `text` with a few changes: something taken out, put in, doubled, exchanged or cut off.
    pub fn changed(&mut self, text: &str) -> String {
        let mut text: Vec<char> = text.chars().collect();
        for _ in 0..=self.below(3) {
            let (from, to) = self.stretch(text.len());
            match self.below(6) {
                0 => drop(text.drain(from..to)),
                1 => text.truncate(from),
                2 => text.splice(from..from, self.of(TELLING).chars()).for_each(drop),
                3 => text.splice(from..to, self.text(3).chars().collect::<Vec<_>>()).for_each(drop),
                4 => {
                    let again = text[from..to].to_vec();
                    text.splice(to..to, again).for_each(drop);
                }
                _ => text[from..to].reverse(),
            }
        }
        text.into_iter().collect()
    }

    /// The same for bytes, which may then be no text.
    pub fn changed_bytes(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let (from, to) = self.stretch(bytes.len());
            match self.below(6) {
                0 => drop(bytes.drain(from..to)),
                1 => bytes.truncate(from),
                2 => bytes.splice(from..from, self.of(TELLING).bytes()).for_each(drop),
                3 => bytes.splice(from..to, self.bytes(3)).for_each(drop),
                4 => {
                    let again = bytes[from..to].to_vec();
                    bytes.splice(to..to, again).for_each(drop);
                }
                _ => bytes.iter_mut().skip(from).take(1).for_each(|byte| *byte ^= 1 << self.below(8)),
            }
        }
        bytes
    }

    /// Where something begins and ends, mostly close to each other.
    fn stretch(&mut self, length: usize) -> (usize, usize) {
        let from = self.below(length + 1);
        let reach = if self.one_in(4) { length } else { 4 };
        (from, (from + self.below(reach + 1)).min(length))
    }

    /// `bytes` in pieces as a network might cut them; none is empty.
    pub fn pieces<'b>(&mut self, mut bytes: &'b [u8]) -> Vec<&'b [u8]> {
        let most = self.of(&[1, 2, 7, 64, 1000, 100_000]);
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            let (piece, rest) = bytes.split_at((1 + self.below(most)).min(bytes.len()));
            pieces.push(piece);
            bytes = rest;
        }
        pieces
    }
}
