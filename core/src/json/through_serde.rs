//! How types that are read and written here stand inside types of serde, which the shells and the tests have: as a JSON text within the other.
//! serde cannot flatten one: an object with more members than such a type's is written with `extended`.

/// Lets serde read and write a type as JSON does.
macro_rules! through_json {
    ($($type:ident)*) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let text = serde_json::value::RawValue::from_string($crate::json::to_string(self));
                text.map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
                $crate::json::from_str(text.get()).map_err(serde::de::Error::custom)
            }
        }
    )*};
}

/// Lets JSON and serde write a type as it displays, and read it as it parses.
macro_rules! as_text {
    ($($type:ident)*) => {$(
        impl $crate::json::Read for $type {
            fn read(reader: &mut $crate::json::Reader<'_>) -> Result<Self, $crate::json::Error> {
                reader.text()?.parse().map_err(|error| $crate::json::Error::new(format!("{error}")))
            }
        }

        impl $crate::json::Write for $type {
            fn write(&self, to: &mut String) {
                self.to_string().write(to);
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

pub(crate) use {as_text, through_json};
