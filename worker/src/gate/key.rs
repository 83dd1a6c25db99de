//! The keys with which the owner signs in, and what a given one is.

use serde::{Deserialize, Serialize};

use super::mac::{hash, same};

/// What came of comparing the key that someone gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Key {
    /// It is the key of this start, made from 256 random bits: nobody guesses it, so no limit stands in its way.
    Start,
    /// It is the owner's permanent key, which a person may have chosen.
    Owner,
    Wrong,
}

/// The keys with which the owner signs in.
#[derive(Clone, Default)]
pub struct Keys {
    pub start: Option<String>,
    pub owner: Option<String>,
}

impl Keys {
    /// What a given key is. Takes the same time whatever it is.
    pub fn compare(&self, given: &str) -> Key {
        let given = hash(given.as_bytes());
        let is = |key: &Option<String>| same(&hash(key.as_deref().unwrap_or_default().as_bytes()), &given) & key.is_some();
        match (is(&self.start), is(&self.owner)) {
            (true, _) => Key::Start,
            (false, true) => Key::Owner,
            (false, false) => Key::Wrong,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_one_it_equals_and_no_key_equals_nothing() {
        let keys = Keys { start: Some("start".to_owned()), owner: Some("owner".to_owned()) };
        assert_eq!(
            ["start", "owner", "", "star", "startx"].map(|key| keys.compare(key)),
            [Key::Start, Key::Owner, Key::Wrong, Key::Wrong, Key::Wrong]
        );
        assert_eq!(Keys::default().compare(""), Key::Wrong);
        assert_eq!(Keys { owner: None, ..keys }.compare("owner"), Key::Wrong);
    }
}
