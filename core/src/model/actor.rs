//! Who does something: a person, an agent, or the system itself.

use std::fmt;
use std::str::FromStr;

use crate::json::{Error, Named, Need, Read, Reader, Write, as_text, needed, object, through_json};
use crate::lifecycle::Mover;
use crate::limits;
use crate::record;
use crate::text::hides_in_a_name;

/// A person, as the account knows them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Person {
    pub id: String,
    pub name: String,
}

record!(Person { id, name });

/// Who does something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Person(Person),
    Agent {
        name: AgentName,
    },
    /// The workspace itself: timers, streams, pongs. Never a caller from outside.
    System,
}

impl Read for Actor {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        const KINDS: [&str; 3] = ["person", "agent", "system"];
        const NAMES: &[Named] = &[("kind", Need::Required), ("id", Need::Optional), ("name", Need::Optional)];
        let (mut kind, mut id, mut name) = (None::<String>, None::<String>, None::<String>);
        reader.record(NAMES, &mut [&mut kind, &mut id, &mut name])?;
        let name = || needed(name, "name");
        match kind.unwrap_or_default().as_str() {
            "person" => Ok(Self::Person(Person { id: needed(id, "id")?, name: name()? })),
            "agent" => Ok(Self::Agent { name: AgentName::new(&name()?).map_err(|why| Error::new(why.to_string()))? }),
            "system" => Ok(Self::System),
            other => Err(Error::unknown(other, KINDS.into_iter())),
        }
    }
}

impl Write for Actor {
    fn write(&self, to: &mut String) {
        match self {
            Self::Person(Person { id, name }) => object(to, &[("kind", Some(&"person")), ("id", Some(id)), ("name", Some(name))]),
            Self::Agent { name } => object(to, &[("kind", Some(&"agent")), ("name", Some(name))]),
            Self::System => object(to, &[("kind", Some(&"system"))]),
        }
    }
}

through_json!(Person Actor);

impl Actor {
    /// The agent's name, if an agent it is.
    pub fn agent(&self) -> Option<&AgentName> {
        match self {
            Self::Agent { name } => Some(name),
            Self::Person(_) | Self::System => None,
        }
    }

    pub fn is_person(&self) -> bool {
        matches!(self, Self::Person(_))
    }
}

impl From<&Actor> for Mover {
    fn from(actor: &Actor) -> Self {
        match actor {
            Actor::Agent { .. } => Self::Agent,
            Actor::Person(_) => Self::Person,
            Actor::System => Self::System,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => f.write_str(&person.name),
            Self::Agent { name } => write!(f, "{name}"),
            Self::System => f.write_str("the workspace"),
        }
    }
}

/// What an agent is called in its workspace: 1 to 64 characters that people can see.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AgentName(String);

/// Why a text cannot be a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidName;

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a name has 1 to {} characters, and none that cannot be seen or that turn the direction of others", limits::NAME_CHARS)
    }
}

impl AgentName {
    /// Trims and checks a name.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let name = text.trim();
        let length = name.chars().count();
        if length == 0 || length > limits::NAME_CHARS || name.chars().any(hides_in_a_name) {
            return Err(InvalidName);
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AgentName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl FromStr for AgentName {
    type Err = InvalidName;
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        Self::new(text)
    }
}

as_text!(AgentName);

impl From<AgentName> for String {
    fn from(name: AgentName) -> Self {
        name.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_bounded() {
        assert_eq!(AgentName::new("  laptop ").map(String::from), Ok("laptop".to_owned()));
        assert!(AgentName::new(&"é".repeat(limits::NAME_CHARS)).is_ok());
        for wrong in
            [String::new(), "  ".into(), "a\nb".into(), "\u{202e}pu".into(), "lap\u{200b}top".into(), "x".repeat(limits::NAME_CHARS + 1)]
        {
            assert_eq!(AgentName::new(&wrong), Err(InvalidName), "{wrong:?}");
        }
    }

    #[test]
    fn actors_are_told_apart_by_kind_on_the_wire() {
        let agent = Actor::Agent { name: AgentName::new("laptop").expect("a name") };
        assert_eq!(serde_json::to_string(&agent).expect("json"), r#"{"kind":"agent","name":"laptop"}"#);
    }
}
