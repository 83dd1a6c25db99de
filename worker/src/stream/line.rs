//! What the object and the Worker say to each other over the socket behind a held stream.
//!
//! The object sends lines; the Worker writes them to its client and says what it has written. Each write bears a key:
//! when the socket breaks and is dialled again, the object sends what it cannot know to have arrived, and the Worker
//! leaves out what it has written already. So the client's stream goes on with nothing lost and nothing doubled.
//!
//! A line says how long it is, so that all that one commit tells a stream is one message of the socket: many small ones take far more
//! memory on their way to a client that does not read.

/// From the object to the Worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// Write this to the client, unless `key` was written before.
    Write {
        key: String,
        /// Where the client's stream stands after it, for streams that resume by cursor.
        cursor: Option<String>,
        text: String,
    },
    /// Write this, which answers what the stream was opened for, and end the stream.
    Last {
        key: String,
        text: String,
    },
    /// Write this every so often until told to stop; `@TICK@` counts up.
    Repeat {
        key: String,
        every_s: u32,
        text: String,
    },
    Stop {
        key: String,
    },
    /// All has been said: end the client's stream.
    End,
}

/// The place of the counter in a repeated text.
pub const TICK: &str = "@TICK@";

/// From the Worker to the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Up {
    /// An answer has been written to a client that is there.
    Written { key: String },
    /// This many bytes in all have been written to the client: the window moves on.
    Bytes(u64),
}

/// Why the object closes a socket. The Worker then ends the client's stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The credential is good no more.
    Revoked,
    /// No pong: the client does not listen.
    Unresponsive,
    /// The reader does not keep up; it resumes by id.
    TooSlow,
    /// Another socket has taken over this stream.
    TakenOver,
    /// The workspace was deleted.
    Deleted,
    /// The client ended its session.
    Ended,
}

impl Ending {
    pub fn code(self) -> u16 {
        match self {
            Self::Revoked => 4401,
            Self::Unresponsive => 4408,
            Self::TooSlow => 4413,
            Self::TakenOver => 4409,
            Self::Deleted => 4410,
            Self::Ended => 4400,
        }
    }
}

/// Is this the code of an [`Ending`], rather than of a socket that broke?
pub fn is_ending(code: u16) -> bool {
    (4400..4500).contains(&code)
}

impl Down {
    pub fn encode(&self) -> String {
        let line = |kind: &str, key: &str, more: &str, text: &str| format!("{kind} {key} {more} {}\n{text}", text.len());
        match self {
            Self::Write { key, cursor, text } => line("w", key, cursor.as_deref().unwrap_or("-"), text),
            Self::Last { key, text } => line("l", key, "-", text),
            Self::Repeat { key, every_s, text } => line("r", key, &every_s.to_string(), text),
            Self::Stop { key } => line("x", key, "-", ""),
            Self::End => line("e", "-", "-", ""),
        }
    }

    /// Reads the lines of a message, in their order.
    pub fn decode(mut message: &str) -> Option<Vec<Self>> {
        let mut lines = Vec::new();
        while !message.is_empty() {
            let (line, rest) = Self::first(message)?;
            lines.push(line);
            message = rest;
        }
        Some(lines)
    }

    /// The first line of a message, and what follows it.
    fn first(message: &str) -> Option<(Self, &str)> {
        let (head, rest) = message.split_once('\n')?;
        let mut words = head.split(' ');
        let (kind, key, more) = (words.next()?, words.next()?.to_owned(), words.next()?);
        let (text, rest) = rest.split_at_checked(words.next()?.parse().ok()?)?;
        let line = match kind {
            "w" => Self::Write { key, cursor: Some(more).filter(|it| *it != "-").map(str::to_owned), text: text.to_owned() },
            "l" => Self::Last { key, text: text.to_owned() },
            "r" => Self::Repeat { key, every_s: more.parse().ok()?, text: text.to_owned() },
            "x" => Self::Stop { key },
            "e" => Self::End,
            _ => return None,
        };
        Some((line, rest))
    }
}

impl Up {
    pub fn encode(&self) -> String {
        match self {
            Self::Written { key } => format!("w {key}"),
            Self::Bytes(total) => format!("b {total}"),
        }
    }

    pub fn decode(line: &str) -> Option<Self> {
        let (kind, value) = line.split_once(' ')?;
        match kind {
            "w" => Some(Self::Written { key: value.to_owned() }),
            "b" => value.parse().ok().map(Self::Bytes),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_back_as_they_were_written_alone_and_together() {
        let lines = [
            Down::Write { key: "a7".into(), cursor: None, text: "data: x\n\ndata: y\n\n".into() },
            Down::Write { key: "c".into(), cursor: Some("e-1-t".into()), text: String::new() },
            Down::Repeat { key: "w1".into(), every_s: 20, text: format!("data: {TICK}\n\n") },
            Down::Stop { key: "w1".into() },
            Down::Write { key: "u1".into(), cursor: None, text: "data: é\n\nw u2 - 3\n".into() },
            Down::Last { key: "a8".into(), text: "data: x\n\n".into() },
            Down::End,
        ];
        for line in &lines {
            assert_eq!(Down::decode(&line.encode()), Some(vec![line.clone()]));
        }
        let message: String = lines.iter().map(Down::encode).collect();
        assert_eq!(Down::decode(&message), Some(lines.to_vec()));
        for line in [Up::Written { key: "a7".into() }, Up::Bytes(u64::MAX)] {
            assert_eq!(Up::decode(&line.encode()), Some(line));
        }
    }

    #[test]
    fn what_is_no_line_is_nothing() {
        for text in ["w", "w x", "w x -\n", "w x - 2\nx", "w x - 1\né", "w x - 1\nxx", "q x - 0\n", "r k soon 0\n"] {
            assert_eq!(Down::decode(text), None, "{text:?}");
        }
        assert_eq!(Down::decode(""), Some(Vec::new()));
        assert_eq!(Up::decode("b many"), None);
    }
}
