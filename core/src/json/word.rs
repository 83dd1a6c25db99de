//! Values of which each is a word on the wire.

use super::Error;

/// A value that is one of a few words.
pub trait Word: Copy + PartialEq + 'static {
    /// The words and what they mean. The first of a meaning is written; the others are understood.
    const WORDS: &'static [(&'static str, Self)];

    fn on_the_wire(self) -> &'static str {
        Self::WORDS.iter().find(|(_, value)| *value == self).map_or("", |(word, _)| word)
    }

    /// # Errors
    /// When it is none of the words: says which there are.
    fn of_wire(word: &str) -> Result<Self, Error> {
        let found = Self::WORDS.iter().find(|(known, _)| *known == word);
        found.map(|(_, value)| *value).ok_or_else(|| Error::unknown(word, Self::WORDS.iter().map(|(word, _)| *word)))
    }
}

/// Which words a type is: `words!(Turn { "human" => Human, "agent" => Agent })`. Each is a variant of the type.
macro_rules! words {
    ($type:ident { $($word:literal => $value:ident),* $(,)? }) => {
        impl $crate::json::Word for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$value)),*];
        }
        impl $crate::json::Read for $type {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                $crate::json::Word::of_wire(&reader.text()?)
            }
        }
        impl $crate::json::Write for $type {
            fn write(&self, to: &mut String) {
                $crate::json::Word::on_the_wire(*self).write(to);
            }
        }
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::json::Word::on_the_wire(*self))
            }
        }
        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let word = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                $crate::json::Word::of_wire(&word).map_err(serde::de::Error::custom)
            }
        }
    };
}

pub(crate) use words;
