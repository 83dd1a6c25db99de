//! The ids of the events of a stream: each names its stream and its place there, so that a client which comes back with the last one it got
//! (`Last-Event-ID`) is given what came after it, on that stream and no other (MCP 2025-11-25, "Resumability and redelivery").

use crate::id::SessionId;

/// A place in the stream of one connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// The connection whose stream it is.
    pub stream: SessionId,
    pub place: Place,
}

/// Where in its stream an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before everything.
    Start,
    /// What was pushed: the `index`-th event of those that one ping follows; the ping itself is the last. `ping` grows along the stream.
    Pushed { ping: u64, index: u64 },
    /// The answer of this number.
    Answer(u64),
}

impl std::fmt::Display for EventId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Place::Start => write!(f, "{}.0", self.stream),
            Place::Pushed { ping, index } => write!(f, "{}.{ping}.{index}", self.stream),
            Place::Answer(number) => write!(f, "{}.a{number}", self.stream),
        }
    }
}

/// The text is no id that was given here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnEventId;

impl std::str::FromStr for EventId {
    type Err = NotAnEventId;

    fn from_str(text: &str) -> Result<Self, NotAnEventId> {
        let (stream, place) = text.split_once('.').ok_or(NotAnEventId)?;
        let number = |text: &str| {
            let is_bare = text == "0" || !text.starts_with('0');
            let plain = is_bare && !text.is_empty() && text.len() <= 19 && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| plain).ok_or(NotAnEventId)
        };
        let place = match (place, place.split_once('.'), place.strip_prefix('a')) {
            ("0", ..) => Place::Start,
            (_, Some((ping, index)), _) => Place::Pushed { ping: number(ping)?, index: number(index)? },
            (_, None, Some(answer)) => Place::Answer(number(answer)?),
            (_, None, None) => return Err(NotAnEventId),
        };
        Ok(Self { stream: stream.parse().map_err(|_| NotAnEventId)?, place })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Id;

    #[test]
    fn an_id_is_read_back_as_it_was_written() {
        let stream = SessionId(Id::new(1_800_000_000_000, 7));
        for place in [Place::Start, Place::Pushed { ping: 1_800_000_000_000_000, index: 0 }, Place::Answer(12)] {
            let id = EventId { stream, place };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
    }

    #[test]
    fn what_was_not_given_here_is_no_id() {
        let stream = SessionId(Id::new(1_800_000_000_000, 7));
        for wrong in ["", "0", ".0", "x.0", "1", "a1"] {
            assert_eq!(wrong.parse::<EventId>(), Err(NotAnEventId), "{wrong:?}");
        }
        for wrong in ["", "1", "a", "a-1", "+1.2", "1.", ".1", "1.2.3", "01.2", "a01", "99999999999999999999.1"] {
            assert_eq!(format!("{stream}.{wrong}").parse::<EventId>(), Err(NotAnEventId), "{wrong:?}");
        }
    }
}
