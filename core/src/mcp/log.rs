//! Log messages to the client: eight levels, the least that a client wants to hear of, and the notification.

use std::fmt;

use serde_json::{Map, Value, json};

use super::jsonrpc::{self, INVALID_PARAMS, RpcError};

/// How grave a message is (RFC 5424, section 6.2.1). Order is gravity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    Debug,
    Info,
    Notice,
    Warning,
    Error,
    Critical,
    Alert,
    Emergency,
}

/// Every level, the least grave first.
pub const LEVELS: [Level; 8] =
    [Level::Debug, Level::Info, Level::Notice, Level::Warning, Level::Error, Level::Critical, Level::Alert, Level::Emergency];

impl Level {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Notice => "notice",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
            Self::Alert => "alert",
            Self::Emergency => "emergency",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        LEVELS.into_iter().find(|level| level.word() == word)
    }

    /// The level that a value names: `level` of `logging/setLevel`, or `io.modelcontextprotocol/logLevel` of a request's `_meta`.
    ///
    /// # Errors
    /// When it names none; the words that do are in the message.
    pub fn read(value: Option<&Value>) -> Result<Self, RpcError> {
        let word = value.and_then(Value::as_str);
        word.and_then(Self::from_word).ok_or_else(|| {
            let given = word.map_or_else(|| "no level is given".to_owned(), |word| format!("{:?} is no level", clipped(word)));
            let known: Vec<_> = LEVELS.iter().map(|level| level.word()).collect();
            RpcError::new(INVALID_PARAMS, format!("`level`: {given}; it may be {}", known.join(", ")))
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The level that `logging/setLevel` sets: what is less grave is not sent.
///
/// # Errors
/// When `level` names none.
pub fn set_level(params: &Map<String, Value>) -> Result<Level, RpcError> {
    Level::read(params.get("level"))
}

/// A message for the client's log. It holds no secret and nothing of people.
pub fn notification(level: Level, logger: &str, data: &Value) -> Value {
    jsonrpc::notification("notifications/message", &json!({"level": level.word(), "logger": logger, "data": data}))
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(level: Value) -> Result<Level, RpcError> {
        let Value::Object(params) = json!({"level": level}) else { panic!("an object") };
        set_level(&params)
    }

    #[test]
    fn every_level_is_read_back_from_its_word() {
        for level in LEVELS {
            assert_eq!(set(json!(level.word())), Ok(level));
        }
    }

    #[test]
    fn levels_are_ordered_by_how_grave_they_are() {
        assert!(LEVELS.is_sorted());
        assert!(Level::Debug < Level::Warning && Level::Warning < Level::Error && Level::Alert < Level::Emergency);
    }

    #[test]
    fn what_names_no_level_is_refused_with_those_that_there_are() {
        for wrong in [json!("loud"), json!("INFO"), json!(""), json!(3), Value::Null] {
            let error = set(wrong).expect_err("no level");
            assert_eq!(error.code, INVALID_PARAMS);
            let all = "debug, info, notice, warning, error, critical, alert, emergency";
            assert!(error.message.ends_with(all), "{}", error.message);
        }
        assert!(set_level(&Map::new()).is_err());
    }

    #[test]
    fn a_message_is_sent_as_the_protocol_has_it() {
        assert_eq!(
            notification(Level::Notice, "agentrq", &json!({"x": 1})),
            json!({"jsonrpc": "2.0", "method": "notifications/message",
                "params": {"level": "notice", "logger": "agentrq", "data": {"x": 1}}})
        );
    }
}
