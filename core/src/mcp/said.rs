//! What a person's message says to an agent beside its words: what was chosen, and what was changed of what was approved.

use serde_json::{Value, json};

use crate::model::{Chosen, Edited, Message, Verdict};

/// Bytes of an approved text up to which an agent reads it whole beside its diff.
const WHOLE_BYTES: usize = 4 * 1024;

/// The words of a message, after what it chooses.
pub fn words(message: &Message) -> String {
    let text = message.text.trim();
    match &message.choices {
        None => text.to_owned(),
        Some(chosen) if text.is_empty() => choice(chosen),
        Some(chosen) => format!("{}\n\n{text}", choice(chosen)),
    }
}

/// `Chose: Frankfurt (eu-central), Virginia (us-east)`.
fn choice(chosen: &[Chosen]) -> String {
    let each: Vec<_> = chosen.iter().map(|chosen| format!("{} ({})", chosen.label, chosen.id)).collect();
    format!("Chose: {}", each.join(", "))
}

/// The line that is a verdict.
pub(super) fn verdict_line(verdict: Verdict, edited: Option<&Edited>) -> String {
    match edited {
        None => verdict.word().to_owned(),
        Some(_) => format!("{} with changes", verdict.word()),
    }
}

/// What was changed, and what it has become.
pub(super) fn change(edited: &Edited) -> String {
    let Edited { text, diff, .. } = edited;
    let changed = diff.as_ref().map(|diff| format!("What the person changed in the body:\n{}", fenced("diff", diff)));
    let whole = if shown_whole(edited) {
        format!("The body as approved:\n{}", fenced("", text))
    } else {
        "The whole body as approved is the first message of getTaskMessages.".to_owned()
    };
    changed.into_iter().chain([whole]).collect::<Vec<_>>().join("\n\n")
}

/// The same as a value: always one of the two.
pub fn change_value(edited: &Edited) -> Value {
    let mut value = json!({"diff": edited.diff});
    if shown_whole(edited) {
        value["text"] = json!(edited.text);
    }
    value
}

fn shown_whole(edited: &Edited) -> bool {
    edited.diff.is_none() || edited.text.len() <= WHOLE_BYTES
}

/// A block that nothing in its text ends.
fn fenced(language: &str, text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat((longest + 1).max(3));
    let end = if text.ends_with('\n') { "" } else { "\n" };
    format!("{fence}{language}\n{text}{end}{fence}")
}
