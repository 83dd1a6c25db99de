//! What agents note about a task: any names with any values, some of which the board understands.

use crate::json::{Error, Raw, Read, Reader, Word, Write, from_str, through_json, words};

/// The name that says where a task really lives.
pub const MIRRORED_FROM: &str = "mirrored_from";

/// Names and what they stand for, in the order in which they came. A value is any JSON. Null stands only in what is said of a task, for a name that
/// shall go, and is never kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata(Vec<(String, Raw)>);

impl Read for Metadata {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut noted = Self::default();
        reader.members(&mut |reader, name| {
            noted.0.push((name.to_owned(), Raw::read(reader)?));
            Ok(())
        })?;
        Ok(noted)
    }

    fn absent() -> Option<Self> {
        Some(Self::default())
    }
}

impl Write for Metadata {
    fn write(&self, to: &mut String) {
        // The names are the agents' own, and stay as they are.
        to.push('{');
        for (place, (name, value)) in self.0.iter().enumerate() {
            if place > 0 {
                to.push(',');
            }
            name.write(to);
            to.push(':');
            value.write(to);
        }
        to.push('}');
    }

    fn is_any(&self) -> bool {
        !self.0.is_empty()
    }
}

through_json!(Metadata);

impl From<&serde_json::Map<String, serde_json::Value>> for Metadata {
    fn from(map: &serde_json::Map<String, serde_json::Value>) -> Self {
        Self(map.iter().map(|(name, value)| (name.clone(), Raw::from(value))).collect())
    }
}

impl Metadata {
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Raw)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bytes that it takes.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(name, value)| name.len() + value.as_str().len() + "\"\":,".len()).sum()
    }

    /// What a name stands for, where that is a text and not an empty one.
    pub fn text(&self, name: &str) -> Option<String> {
        let (_, value) = self.0.iter().find(|(known, _)| known == name)?;
        from_str::<String>(value.as_str()).ok().filter(|text| !text.trim().is_empty())
    }

    /// What one name stands for, whatever it is.
    pub fn get(&self, name: &str) -> Option<&Raw> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub fn priority(&self) -> Priority {
        Priority::said(&self.text("priority").unwrap_or_default())
    }

    /// Does the task live elsewhere, and is only shown here?
    pub fn is_mirrored(&self) -> bool {
        self.text(MIRRORED_FROM).is_some()
    }

    /// Lists do not show it (Claude Code notes so what it keeps for itself).
    pub fn is_internal(&self) -> bool {
        self.get("_internal").is_some_and(|value| value.as_str() == "true")
    }

    /// Takes over what was said, name by name; what is null goes.
    #[must_use]
    pub fn merged(mut self, said: Self) -> Self {
        said.0.into_iter().for_each(|(name, value)| self.set(&name, value));
        self
    }

    /// The same without this name.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    fn set(&mut self, name: &str, value: Raw) {
        let at = self.0.iter().position(|(known, _)| known == name);
        match (at, value.as_str()) {
            (Some(at), "null") => drop(self.0.remove(at)),
            (Some(at), _) => self.0[at].1 = value,
            (None, "null") => {}
            (None, _) => self.0.push((name.to_owned(), value)),
        }
    }
}

/// What becomes of what was noted before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Noted {
    /// It stays, but for the names that are given; null takes one away.
    Merged(Metadata),
    /// It goes.
    Replaced(Metadata),
}

impl Noted {
    /// What is noted from now on.
    pub fn after(self, before: &Metadata) -> Metadata {
        match self {
            Self::Merged(said) => before.clone().merged(said),
            Self::Replaced(said) => Metadata::default().merged(said),
        }
    }
}

/// How urgent a task is, the most urgent first. Both conventions in use are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    Critical,
    High,
    Medium,
    Low,
    Unprioritized,
}

impl Priority {
    /// What somebody means by a word; by one that is none, nothing.
    pub fn said(word: &str) -> Self {
        Self::of_wire(&word.trim().to_ascii_lowercase()).unwrap_or(Self::Unprioritized)
    }
}

words!(Priority {
    "critical" => Critical,
    "p0" => Critical,
    "high" => High,
    "p1" => High,
    "medium" => Medium,
    "p2" => Medium,
    "low" => Low,
    "p3" => Low,
    "unprioritized" => Unprioritized,
});

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata(value: serde_json::Value) -> Metadata {
        let serde_json::Value::Object(map) = value else { panic!("an object") };
        Metadata::from(&map)
    }

    #[test]
    fn what_is_merged_stays_but_for_what_is_said_and_null_takes_a_name_away() {
        let before = metadata(json!({"a": 1, "b": [true, null], "c": "x"}));
        let said = metadata(json!({"a": null, "c": {"deep": -1.5}, "d": "new", "e": null}));
        assert_eq!(Noted::Merged(said.clone()).after(&before), metadata(json!({"b": [true, null], "c": {"deep": -1.5}, "d": "new"})));
        assert_eq!(Noted::Replaced(said).after(&before), metadata(json!({"c": {"deep": -1.5}, "d": "new"})));
    }

    #[test]
    fn a_name_that_is_said_twice_stands_for_what_was_said_last() {
        let said: Metadata = from_str(r#"{"a": 1, "a": null, "b": 1, "b": 2}"#).expect("metadata");
        assert_eq!(Metadata::default().merged(said), metadata(json!({"b": 2})));
    }

    #[test]
    fn both_conventions_of_priority_are_understood_and_anything_else_is_none() {
        for (said, meant) in [
            (json!("P0"), Priority::Critical),
            (json!("critical"), Priority::Critical),
            (json!("p1"), Priority::High),
            (json!(" Medium "), Priority::Medium),
            (json!("P3"), Priority::Low),
            (json!("P4"), Priority::Unprioritized),
            (json!(0), Priority::Unprioritized),
        ] {
            assert_eq!(metadata(json!({"priority": said})).priority(), meant, "{said}");
        }
        assert!(Priority::Critical < Priority::High && Priority::Low < Priority::Unprioritized);
    }
}
