//! What an agent's token may open: everything that agents may do, asking people, or only looking.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::json::{Word, Write, words};

/// A scope, from the narrowest to the widest. Each includes those before it: who asks must be able to read the answers, and who
/// does everything asks as well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Only look: the workspace, its tasks, threads and files.
    Read,
    /// File tasks for people, write in threads, hear the answers. Never take work, nor give it to other agents.
    Ask,
    /// Everything that agents may do.
    Agent,
}

/// Every scope, the widest first, as refusals name them.
pub const SCOPES: [Scope; 3] = [Scope::Agent, Scope::Ask, Scope::Read];

words!(Scope { "agent" => Agent, "ask" => Ask, "read" => Read });

impl Scope {
    /// The word on the wire.
    pub fn word(self) -> &'static str {
        self.on_the_wire()
    }

    pub fn includes(self, needed: Self) -> bool {
        self >= needed
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = InvalidScopes;
    fn from_str(word: &str) -> Result<Self, InvalidScopes> {
        let unknown = || InvalidScopes::Unknown(word.chars().take(40).collect());
        SCOPES.into_iter().find(|scope| scope.word() == word).ok_or_else(unknown)
    }
}

/// The scopes of a token: at least one, each once, the widest first. What they open is the union.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Scopes(Vec<Scope>);

impl Write for Scopes {
    fn write(&self, to: &mut String) {
        self.0.write(to);
    }
}

/// Why words are no scopes of a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidScopes {
    Empty,
    Unknown(String),
    Twice(Scope),
}

impl fmt::Display for InvalidScopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => write!(f, "a token has at least one scope")?,
            Self::Unknown(word) => write!(f, "there is no scope {word:?}")?,
            Self::Twice(scope) => write!(f, "\"{scope}\" stands there twice")?,
        }
        write!(f, "; the scopes that there are: {}", quoted(&SCOPES))
    }
}

impl std::error::Error for InvalidScopes {}

impl Scopes {
    /// Reads the words of a request. Beside `agent`, which is everything, the others say nothing and are left out.
    ///
    /// # Errors
    /// What is wrong with the words, and which there are.
    pub fn read<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, InvalidScopes> {
        let mut scopes = Vec::new();
        for word in words {
            let scope = word.parse()?;
            if scopes.contains(&scope) {
                return Err(InvalidScopes::Twice(scope));
            }
            scopes.push(scope);
        }
        if scopes.is_empty() {
            return Err(InvalidScopes::Empty);
        }
        if scopes.contains(&Scope::Agent) {
            return Ok(Self::default());
        }
        scopes.sort_unstable_by(|one, other| other.cmp(one));
        Ok(Self(scopes))
    }

    pub fn include(&self, needed: Scope) -> bool {
        self.0.iter().any(|scope| scope.includes(needed))
    }

    /// May something be done that needs a scope? `what` completes "the token may not …".
    ///
    /// # Errors
    /// Which scope is needed and which there are.
    pub fn allow(&self, needed: Scope, what: &'static str) -> Result<(), OutOfScope> {
        if self.include(needed) { Ok(()) } else { Err(OutOfScope { what, needed, held: self.clone() }) }
    }

    /// Are its agents told what people answer? Who only looks must take no answer away from those who wait for it.
    pub fn hear(&self) -> bool {
        self.include(Scope::Ask)
    }
}

/// Everything that agents may do: what a token opens unless its maker says otherwise.
impl Default for Scopes {
    fn default() -> Self {
        Self(vec![Scope::Agent])
    }
}

/// As a database holds them: words with a space between.
impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<_> = self.0.iter().map(|scope| scope.word()).collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = InvalidScopes;
    fn from_str(stored: &str) -> Result<Self, InvalidScopes> {
        Self::read(stored.split_whitespace())
    }
}

/// A token does not open what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfScope {
    pub what: &'static str,
    pub needed: Scope,
    pub held: Scopes,
}

impl fmt::Display for OutOfScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, needed, held } = self;
        write!(
            f,
            "this token may not {what}: that needs the scope \"{needed}\", and it has {}. A person can change its scopes (PATCH \
             /api/workspaces/{{workspace}}/tokens/{{token}} with {{\"scopes\": [\"{needed}\"]}}); the token stays the same and need not be given anew",
            quoted(&held.0)
        )
    }
}

fn quoted(scopes: &[Scope]) -> String {
    scopes.iter().map(|scope| format!("\"{scope}\"")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(words: &[&str]) -> Result<Scopes, InvalidScopes> {
        Scopes::read(words.iter().copied())
    }

    #[test]
    fn each_scope_opens_what_the_narrower_ones_open() {
        for (held, opened) in [
            (Scope::Read, vec![Scope::Read]),
            (Scope::Ask, vec![Scope::Ask, Scope::Read]),
            (Scope::Agent, vec![Scope::Agent, Scope::Ask, Scope::Read]),
        ] {
            let found: Vec<_> = SCOPES.into_iter().filter(|&needed| held.includes(needed)).collect();
            assert_eq!(found, opened, "{held}");
        }
    }

    #[test]
    fn the_powers_of_several_scopes_are_their_union() {
        let both = scopes(&["read", "ask"]).expect("scopes");
        assert!(both.include(Scope::Read) && both.include(Scope::Ask) && !both.include(Scope::Agent));
        assert!(both.hear());
        assert!(!scopes(&["read"]).expect("scopes").hear());
    }

    #[test]
    fn agent_beside_others_is_just_agent() {
        assert_eq!(scopes(&["read", "agent", "ask"]), Ok(Scopes::default()));
        assert_eq!(Scopes::default().to_string(), "agent");
    }

    #[test]
    fn scopes_stand_in_one_order_and_survive_the_database() {
        assert_eq!(scopes(&["read", "ask"]), scopes(&["ask", "read"]));
        for words in [&["agent"][..], &["ask"], &["read"], &["ask", "read"]] {
            let known = scopes(words).expect("scopes");
            assert_eq!(known.to_string().parse(), Ok(known.clone()));
            assert_eq!(serde_json::to_value(&known).expect("json"), serde_json::json!(words));
        }
    }

    #[test]
    fn what_is_no_scope_is_refused_with_those_there_are() {
        for (words, expected) in [
            (&[][..], InvalidScopes::Empty),
            (&["root"], InvalidScopes::Unknown("root".to_owned())),
            (&["agent", "Read"], InvalidScopes::Unknown("Read".to_owned())),
            (&[""], InvalidScopes::Unknown(String::new())),
            (&["read", "ask", "read"], InvalidScopes::Twice(Scope::Read)),
            (&["agent", "agent"], InvalidScopes::Twice(Scope::Agent)),
        ] {
            let why = scopes(words).expect_err("no scopes");
            assert_eq!(why, expected);
            assert!(why.to_string().contains(r#""agent", "ask", "read""#), "{why}");
        }
    }

    #[test]
    fn a_refusal_names_the_scope_that_is_needed_and_those_there_are() {
        let held = scopes(&["ask", "read"]).expect("scopes");
        assert_eq!(held.allow(Scope::Ask, "reply"), Ok(()));
        let why = held.allow(Scope::Agent, "take work").expect_err("out of scope").to_string();
        assert!(why.contains(r#"needs the scope "agent", and it has "ask", "read""#), "{why}");
        assert!(why.contains("A person can change"), "{why}");
    }
}
