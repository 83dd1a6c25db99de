//! Reads the answers that an agent offers: as texts, as objects, or with everything about them in one object.

use serde_json::Value;

use crate::limits;
use crate::mcp::tool::{Args, WrongArgument, clipped};
use crate::model::{Choice, Options};

const SHAPE: &str = "an option is a text, or {\"id\", \"label\", \"description\", \"recommended\"}";

/// `options`, with `multiple` and `free_text` beside them or in them. How many and how long they may be, core says.
pub(super) fn read(args: &Args<'_>) -> Result<Option<Options>, WrongArgument> {
    let inside = match args.0.get("options") {
        Some(Value::Object(inside)) => Some(Args(inside)),
        _ => None,
    };
    let (list, about) = match &inside {
        Some(inside) => (inside.list(&["choices", "options"])?, inside),
        None => (args.list(&["options"])?, args),
    };
    if list.is_empty() && inside.is_none() {
        return Ok(None);
    }
    let mut choices: Vec<Choice> = list.iter().map(choice).collect::<Result<_, _>>()?;
    for at in 0..choices.len() {
        if choices[at].id.is_empty() {
            choices[at].id = name(&choices[at].label, &choices);
        }
    }
    let multiple = about.truth(&["multiple"])?.unwrap_or(false);
    let free_text = about.truth(&["free_text", "freeText"])?.unwrap_or(true);
    Ok(Some(Options { choices, multiple, free_text }))
}

/// An option; its id is empty where the agent gave none.
fn choice(value: &Value) -> Result<Choice, WrongArgument> {
    match value {
        Value::String(label) => Ok(Choice { id: String::new(), label: label.clone(), description: None, recommended: false }),
        Value::Object(fields) => {
            let fields = Args(fields);
            Ok(Choice {
                id: fields.text(&["id"])?.unwrap_or_default(),
                label: fields.text(&["label"])?.ok_or_else(|| WrongArgument(format!("`label` of an option is missing: {SHAPE}")))?,
                description: fields.text(&["description"])?,
                recommended: fields.truth(&["recommended"])?.unwrap_or(false),
            })
        }
        other => Err(WrongArgument(format!("{SHAPE}, not {}", clipped(&other.to_string())))),
    }
}

/// A label as an id: its letters and digits in small, joined by `-`; numbered where another option has that name.
fn name(label: &str, others: &[Choice]) -> String {
    let words = label.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let mut base = words.collect::<Vec<_>>().join("-").to_ascii_lowercase();
    base.truncate(limits::CHOICE_ID_CHARS - 8);
    let base = if base.is_empty() { "option" } else { base.trim_end_matches('-') };
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.to_owned()).chain(numbered).find(|id| others.iter().all(|other| other.id != *id)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn options(arguments: Value) -> Result<Option<Options>, WrongArgument> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        read(&Args(&arguments))
    }

    fn ids(arguments: Value) -> Vec<String> {
        options(arguments).expect("right").expect("some").choices.into_iter().map(|choice| choice.id).collect()
    }

    #[test]
    fn texts_and_objects_are_options_and_those_without_an_id_get_one_that_is_theirs_alone() {
        assert_eq!(ids(json!({"options": ["Frankfurt (EU)", "Virginia"]})), ["frankfurt-eu", "virginia"]);
        assert_eq!(ids(json!({"options": ["Yes!", {"id": "yes", "label": "Of course"}, "yes"]})), ["yes-2", "yes", "yes-3"]);
        assert_eq!(ids(json!({"options": ["はい", "いいえ"]})), ["option", "option-2"]);
        assert!(ids(json!({"options": ["word ".repeat(40)]}))[0].len() <= limits::CHOICE_ID_CHARS);
    }

    #[test]
    fn what_is_said_of_them_stands_beside_them_or_in_one_object_with_them() {
        let beside = options(json!({"options": ["a", "b"], "multiple": true, "free_text": false}));
        assert_eq!(options(json!({"options": {"choices": ["a", "b"], "multiple": "true", "freeText": false}})), beside);
        let plain = options(json!({"options": ["a"]})).expect("right").expect("some");
        assert_eq!((plain.multiple, plain.free_text), (false, true));
    }

    #[test]
    fn none_is_none_and_what_is_no_option_is_refused_with_its_shape() {
        for none in [json!({}), json!({"options": null}), json!({"options": []}), json!({"multiple": true})] {
            assert_eq!(options(none), Ok(None));
        }
        for wrong in [json!({"options": "yes"}), json!({"options": [7]}), json!({"options": [{"id": "a"}]}), json!({"options": [["a"]]})] {
            assert!(options(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
