//! The rules of choosing: what a question may offer, and what counts as an answer to it.

use super::check;
use crate::command::Context;
use crate::limits;
use crate::model::{Choice, Chosen, Options, Task, Turn};
use crate::rejection::Rejection;
use crate::text::as_seen;

/// The options as they are kept, or why they cannot be offered.
pub(super) fn check(options: Options) -> Result<Options, Rejection> {
    if options.choices.is_empty() {
        return Err(Rejection::Empty { field: "options" });
    }
    if options.choices.len() > limits::CHOICES {
        return Err(Rejection::TooMany { what: "options", limit: limits::CHOICES, given: options.choices.len() });
    }
    let mut choices: Vec<Choice> = Vec::with_capacity(options.choices.len());
    for choice in options.choices {
        let choice = checked(choice)?;
        for other in &choices {
            if other.id == choice.id {
                return Err(invalid(format!("two options have the id {:?}", choice.id)));
            }
            if as_seen(&other.label) == as_seen(&choice.label) {
                return Err(invalid(format!("two options have the label {:?}: nobody could tell them apart", choice.label)));
            }
        }
        choices.push(choice);
    }
    if !options.multiple && choices.iter().filter(|choice| choice.recommended).count() > 1 {
        return Err(invalid("only one option can be chosen, so at most one is recommended".to_owned()));
    }
    Ok(Options { choices, ..options })
}

fn checked(choice: Choice) -> Result<Choice, Rejection> {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    if choice.id.is_empty() || choice.id.len() > limits::CHOICE_ID_CHARS || !choice.id.bytes().all(plain) {
        let rule = format!("the id of an option is 1 to {} of the characters a-z, 0-9, _ and -", limits::CHOICE_ID_CHARS);
        return Err(invalid(rule));
    }
    let description = choice.description.filter(|text| !text.trim().is_empty());
    Ok(Choice {
        label: check::line("label of an option", &choice.label, limits::LABEL_CHARS)?,
        description: description.map(|text| check::words("description of an option", &text, limits::DESCRIPTION_CHARS)).transpose()?,
        ..choice
    })
}

/// What a message chooses, in the order in which it was offered. `None`: nothing, which is right where nothing need be chosen.
pub(super) fn chosen(cx: &Context, task: &Task, ids: &[String]) -> Result<Option<Vec<Chosen>>, Rejection> {
    let Some(options) = &task.options else {
        return if ids.is_empty() { Ok(None) } else { Err(wrong(format!("task {} offers nothing to choose from", task.id))) };
    };
    if ids.is_empty() {
        let waits = task.status.is_open() && task.turn == Turn::Human && task.verdict.is_none();
        if cx.actor.is_person() && waits && !options.free_text {
            return Err(wrong(format!("this question is answered by choosing: {}", known(options))));
        }
        return Ok(None);
    }
    check::person(cx, "choose among the options")?;
    if let Some(unknown) = ids.iter().find(|id| options.choices.iter().all(|choice| choice.id != **id)) {
        let unknown: String = unknown.chars().take(limits::CHOICE_ID_CHARS).collect();
        return Err(wrong(format!("there is no option {unknown:?}: {}", known(options))));
    }
    let of = |choice: &Choice| Chosen { id: choice.id.clone(), label: choice.label.clone() };
    let chosen: Vec<_> = options.choices.iter().filter(|choice| ids.contains(&choice.id)).map(of).collect();
    if chosen.len() > 1 && !options.multiple {
        return Err(wrong(format!("{} options; one can be chosen", chosen.len())));
    }
    Ok(Some(chosen))
}

/// Do these ids, in any order, say what was chosen there?
pub(super) fn same(there: Option<&[Chosen]>, ids: &[String]) -> bool {
    let there = there.unwrap_or_default();
    there.iter().all(|chosen| ids.contains(&chosen.id)) && ids.iter().all(|id| there.iter().any(|chosen| chosen.id == *id))
}

fn known(options: &Options) -> String {
    let ids: Vec<_> = options.choices.iter().map(|choice| choice.id.as_str()).collect();
    format!("{} of {}", if options.multiple { "some" } else { "one" }, ids.join(", "))
}

fn invalid(problem: String) -> Rejection {
    Rejection::Invalid { field: "options", problem }
}

fn wrong(problem: String) -> Rejection {
    Rejection::Invalid { field: "choices", problem }
}
