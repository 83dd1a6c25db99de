//! JSON that a fuzzed case makes up, and JSON that it changes.

use serde_json::{Map, Number, Value, json};

use super::Choices;

/// Any JSON, not very deep.
pub(super) fn any(choices: &mut Choices<'_>, depth: usize) -> Value {
    match choices.below(if depth == 0 { 7 } else { 9 }) {
        0 => Value::Null,
        1 => Value::Bool(choices.one_in(2)),
        2 => json!(choices.number()),
        3 => json!(choices.number() as i64),
        // Eighths: the reader may be off in the last digit of others.
        4 => Number::from_f64(choices.number() as i32 as f64 / 8.0).map_or(Value::Null, Value::Number),
        5 | 6 => Value::String(choices.text(6)),
        7 => (0..choices.below(4)).map(|_| any(choices, depth - 1)).collect(),
        _ => Value::Object((0..choices.below(4)).map(|_| (choices.text(3), any(choices, depth - 1))).collect()),
    }
}

/// Changes `value` in one place, however deep: a member lost, renamed or added, a value of another kind.
pub(super) fn change(choices: &mut Choices<'_>, value: &mut Value) {
    match value {
        Value::Object(members) if !members.is_empty() && !choices.one_in(6) => change_member(choices, members),
        Value::Array(list) if !list.is_empty() && !choices.one_in(4) => {
            let at = choices.below(list.len());
            match choices.below(4) {
                0 => drop(list.remove(at)),
                1 => {
                    let again = list[at].clone();
                    list.extend(std::iter::repeat_n(again, choices.of(&[1, 2, 20, 101])));
                }
                _ => change(choices, &mut list[at]),
            }
        }
        Value::String(text) if !choices.one_in(4) => *text = choices.changed(text),
        Value::Number(number) if choices.one_in(3) => *value = Value::String(number.to_string()),
        _ => *value = any(choices, 2),
    }
}

fn change_member(choices: &mut Choices<'_>, members: &mut Map<String, Value>) {
    let Some(name) = members.keys().nth(choices.below(members.len())).cloned() else { return };
    match choices.below(6) {
        0 => drop(members.remove(&name)),
        1 => {
            let value = members.remove(&name).unwrap_or_default();
            members.insert(choices.changed(&name), value);
        }
        2 => drop(members.insert(choices.text(3), any(choices, 2))),
        3 => drop(members.insert(name, any(choices, 2))),
        _ => members.get_mut(&name).into_iter().for_each(|value| change(choices, value)),
    }
}

/// `value` as bytes, as different programs write it: dense, or with air.
pub(super) fn written(choices: &mut Choices<'_>, value: &Value) -> Vec<u8> {
    let dense = value.to_string();
    if choices.one_in(2) {
        return dense.into_bytes();
    }
    serde_json::to_string_pretty(value).unwrap_or(dense).into_bytes()
}
