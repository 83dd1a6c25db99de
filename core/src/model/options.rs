//! The answers that a question offers, and the ones that a person chose.

use crate::json::through_json;
use crate::record;

/// What a person may answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    pub choices: Vec<Choice>,
    /// More than one may be chosen.
    pub multiple: bool,
    /// Words instead of a choice will do too.
    pub free_text: bool,
}

record!(Options { choices, multiple = false, free_text = true });

/// One of the answers that are offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The asker's own name for it: letters a to z, digits, `_` and `-`.
    pub id: String,
    pub label: String,
    pub description: Option<String>,
    pub recommended: bool,
}

record!(Choice { id, label, description if any, recommended if any });

/// An answer that was chosen, with the label that it bore then: options may change, what was answered does not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub id: String,
    pub label: String,
}

record!(Chosen { id, label });
through_json!(Options Choice Chosen);
