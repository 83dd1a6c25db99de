//! Who calls, as the Worker tells the object: in internal headers that nobody outside can set, because the Worker replaces them.

use agentrq_core::id::Id;
use agentrq_core::model::{Actor, Person};

use super::token::TokenProof;
use crate::border;

/// Who calls. The Worker has checked a person wholly; of a token it has checked the MAC, and the object checks the rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    Person {
        person: Person,
        /// The session that shows it: when it ends, so do its streams.
        session: Id,
    },
    Token(TokenProof),
}

/// Carries a person, as JSON of core's `Actor` in ASCII.
pub const ACTOR_HEADER: &str = "x-agentrq-actor";
/// Carries the id of the person's session.
pub const SESSION_HEADER: &str = "x-agentrq-session";
/// Carries what a token proves, as [`TokenProof::to_header`] writes it.
pub const TOKEN_HEADER: &str = "x-agentrq-token";
/// Carries the scheme and host under which the caller reaches the server.
pub const BASE_HEADER: &str = "x-agentrq-base";

impl Caller {
    /// The headers that say it.
    pub fn to_headers(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Person { person, session } => {
                let actor = serde_json::json!(Actor::Person(person.clone())).to_string();
                vec![(ACTOR_HEADER, ascii(&actor)), (SESSION_HEADER, session.to_string())]
            }
            Self::Token(proof) => vec![(TOKEN_HEADER, proof.to_header())],
        }
    }

    /// Reads the headers. A person and a token at once, or neither, is nobody.
    pub fn from_headers(actor: Option<&str>, session: Option<&str>, token: Option<&str>) -> Option<Self> {
        match (actor, session, token) {
            (Some(actor), Some(session), None) => match serde_json::from_str(actor).ok()? {
                Actor::Person(person) => Some(Self::Person { person, session: session.parse().ok()? }),
                Actor::Agent { .. } | Actor::System => None,
            },
            (None, None, Some(token)) => TokenProof::from_header(token).map(Self::Token),
            _ => None,
        }
    }

    /// Reads them from a request that the Worker has passed on.
    pub fn of(request: &worker::Request) -> Option<Self> {
        let [actor, session, token] = border::headers(request.headers(), [ACTOR_HEADER, SESSION_HEADER, TOKEN_HEADER]);
        Self::from_headers(actor.as_deref(), session.as_deref(), token.as_deref())
    }
}

/// JSON with everything but printable ASCII escaped, so that it fits into a header: JSON leaves DEL (U+007F) as it is, which a header may not hold.
fn ascii(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    let mut units = [0; 2];
    for character in json.chars() {
        if matches!(character, ' '..='~') {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "0ZRgCquBZ7R";

    fn person(name: &str) -> Caller {
        let person = Person { id: "x".to_owned(), name: name.to_owned() };
        Caller::Person { person, session: SESSION.parse().expect("an id") }
    }

    #[test]
    fn a_person_survives_the_way_through_headers_whatever_the_name() {
        for name in ["Owner", "Zoë 日本 🦀", "a\"b\\c\n", "a\u{7f}b"] {
            let caller = person(name);
            let [(ACTOR_HEADER, actor), (SESSION_HEADER, session)] = &caller.to_headers()[..] else { panic!("other headers") };
            assert!(actor.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{actor}");
            assert_eq!(Caller::from_headers(Some(actor), Some(session), None), Some(caller));
        }
    }

    #[test]
    fn an_agent_or_the_system_cannot_be_claimed_as_an_actor() {
        for actor in [r#"{"kind":"agent","name":"a"}"#, r#"{"kind":"system"}"#, "{}", ""] {
            assert_eq!(Caller::from_headers(Some(actor), Some(SESSION), None), None, "{actor}");
        }
    }

    #[test]
    fn both_at_once_is_nobody() {
        let actor = person("y").to_headers().remove(0).1;
        let token = format!("0ZRgCquBZ7R {}", "00".repeat(32));
        assert!(Caller::from_headers(None, None, Some(&token)).is_some());
        assert_eq!(Caller::from_headers(Some(&actor), Some(SESSION), Some(&token)), None);
        assert_eq!(Caller::from_headers(Some(&actor), None, None), None);
        assert_eq!(Caller::from_headers(None, Some(SESSION), None), None);
        assert_eq!(Caller::from_headers(None, None, None), None);
    }
}
