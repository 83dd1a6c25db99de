//! Calls of tools: what is taken keeps every limit, what is not is answered with a call that is right, and nothing depends on how it was written.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::{Choices, json};
use crate::dialect::hitl::{self, Call, InlineAttachment};
use crate::limits;

/// The longest that a refusal may be, whatever it refuses.
const LONGEST_REFUSAL: usize = 2_000;
/// Names that agents write either way.
const TWINS: &[(&str, &str)] = &[
    ("task_id", "taskId"),
    ("chat_id", "chatId"),
    ("in_reply_to", "inReplyTo"),
    ("needs_answer", "needsAnswer"),
    ("attachment_id", "attachmentId"),
    ("timeout_seconds", "timeoutSeconds"),
    ("free_text", "freeText"),
];

/// A tool and arguments that are right for it.
fn valid(choices: &mut Choices<'_>) -> (&'static str, Map<String, Value>) {
    let task = choices.of(&[json!("0ZRgCquBZ7R"), json!(12), json!("12"), json!("#12"), json!(" 12 ")]);
    let files = (0..choices.below(3)).map(|_| file(choices)).collect::<Vec<_>>();
    let words = |choices: &mut Choices<'_>| format!("x{}", choices.text(8));
    let (tool, arguments) = match choices.below(7) {
        0 => (
            "createTask",
            json!({"title": words(choices), "body": choices.text(8), "assignee": choices.of(&["human", "agent"]), "attachments": files,
                "options": options(choices), "multiple": choices.one_in(2), "free_text": choices.of(&[json!(true), json!("false")])}),
        ),
        1 => {
            let status = choices.of(&["notstarted", "ongoing", "completed", "rejected"]);
            ("updateTaskStatus", json!({"task_id": task, "status": status, "reason": choices.text(8)}))
        }
        2 => {
            let needs = choices.of(&[json!(true), json!(false), json!("true"), json!("false")]);
            (
                "reply",
                json!({"chat_id": task, "text": words(choices), "in_reply_to": "0ZRgCquBZ7R", "needs_answer": needs, "attachments": files}),
            )
        }
        3 => {
            let limit = choices.of(&[json!(1), json!(100), json!("50")]);
            ("getTaskMessages", json!({"task_id": task, "cursor": choices.text(3), "limit": limit, "order": choices.of(&["asc", "desc"])}))
        }
        4 => ("downloadAttachment", json!({"attachment_id": "0ZRgCquBZ7R"})),
        5 => (
            "waitForMessages",
            json!({"cursor": "0ZRgCquBZ7R.0ZRgCquBZ7S", "acknowledge": ["0ZRgCquBZ7T"], "timeout_seconds": choices.below(1_000)}),
        ),
        _ => (choices.of(&["getWorkspace", "getNextTask"]), json!({})),
    };
    let Value::Object(arguments) = arguments else { unreachable!("all of them are objects") };
    (tool, arguments)
}

/// Answers to choose from, in every form.
fn options(choices: &mut Choices<'_>) -> Value {
    let option = |choices: &mut Choices<'_>| match choices.below(3) {
        0 => json!(format!("x{}", choices.text(8))),
        1 => json!({"label": choices.text(8)}),
        _ => {
            json!({"id": choices.of(&["a", "b-2", "c_3"]), "label": "L", "description": choices.text(8), "recommended": choices.one_in(2)})
        }
    };
    let list = (0..choices.below(4)).map(|_| option(choices)).collect::<Vec<_>>();
    match choices.below(3) {
        0 => Value::Null,
        1 => json!({"choices": list, "multiple": choices.one_in(2), "freeText": choices.one_in(2)}),
        _ => json!(list),
    }
}

fn file(choices: &mut Choices<'_>) -> Value {
    match choices.below(3) {
        0 => json!("0ZRgCquBZ7R"),
        1 => json!({"id": "0ZRgCquBZ7R"}),
        _ => json!({"id": "att_1", "filename": "a.txt", "mimeType": "text/plain", "data": STANDARD.encode(choices.bytes(12))}),
    }
}

fn read(tool: &str, arguments: &Map<String, Value>) -> Result<Call, String> {
    hitl::read(tool, arguments).unwrap_or_else(|| panic!("{tool} is a tool"))
}

/// An argument that nobody knows, one that is null, and the other of two names make no difference.
pub(super) fn a_call_is_the_same_however_its_arguments_are_named(choices: &mut Choices<'_>) {
    let (tool, arguments) = valid(choices);
    let call = read(tool, &arguments).unwrap_or_else(|why| panic!("{arguments:?}: {why}"));
    let renamed = |(name, value): (&String, &Value)| {
        let twin = TWINS.iter().find(|(snake, _)| snake == name).map_or(name.as_str(), |(_, camel)| camel);
        (twin.to_owned(), value.clone())
    };
    let mut other: Map<String, Value> = arguments.iter().map(renamed).collect();
    other.insert("unknown".to_owned(), json::any(choices, 2));
    for (snake, _) in TWINS {
        other.entry(*snake).or_insert(Value::Null);
    }
    assert_eq!(read(tool, &other), Ok(call), "{other:?}");
}

/// Close to a call that is right: taken within every limit, or answered with what is wrong, briefly, and with a call that is right.
pub(super) fn a_call_keeps_its_limits_or_is_told_what_is_right(choices: &mut Choices<'_>) {
    let (tool, arguments) = valid(choices);
    let mut arguments = Value::Object(arguments);
    for _ in 0..=choices.below(2) {
        json::change(choices, &mut arguments);
    }
    lengthen(choices, &mut arguments);
    let Value::Object(arguments) = arguments else { return };
    match read(tool, &arguments) {
        Ok(call) => keeps_its_limits(&call),
        Err(why) => {
            assert!(why.starts_with(tool) && why.contains("A call that is right: "), "{why}");
            assert!(why.len() <= LONGEST_REFUSAL, "{tool}: {} bytes to refuse a call", why.len());
        }
    }
}

/// Now and then makes a text very long: a refusal must not hold it.
fn lengthen(choices: &mut Choices<'_>, value: &mut Value) {
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| lengthen(choices, member)),
        Value::Array(list) => list.iter_mut().for_each(|item| lengthen(choices, item)),
        Value::String(text) if choices.one_in(12) => text.push_str(&choices.of(&["x", "é\n", "\u{202e}", "%", "A"]).repeat(3_000)),
        _ => {}
    }
}

fn keeps_its_limits(call: &Call) {
    let files = |files: &[InlineAttachment]| {
        assert!(files.len() <= limits::ATTACHMENTS);
        let size = |file: &InlineAttachment| match file {
            InlineAttachment::Uploaded(_) => 0,
            InlineAttachment::Bytes { filename, mime_type, bytes } => {
                assert!(!filename.is_empty() && filename.chars().count() <= limits::FILENAME_CHARS, "{filename:?}");
                assert!(!filename.contains(['/', '\\']) && !filename.chars().any(char::is_control), "{filename:?}");
                assert!(mime_type.len() <= 127 && mime_type.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{mime_type:?}");
                bytes.len()
            }
        };
        assert!(files.iter().map(size).sum::<usize>() <= limits::INLINE_BYTES);
    };
    match call {
        Call::CreateTask { attachments, .. } | Call::Reply { attachments, .. } => files(attachments),
        Call::GetTaskMessages { limit, .. } => assert!((1..=limits::PAGE).contains(limit)),
        Call::WaitForMessages { acknowledge, timeout_s } => assert!(acknowledge.len() <= limits::PAGE && *timeout_s <= 230),
        _ => {}
    }
}

/// The bytes of the one file that a call holds as `data`, if it is taken.
fn decoded(data: &str) -> Option<Vec<u8>> {
    let Value::Object(arguments) = json!({"title": "x", "attachments": [{"filename": "a", "data": data}]}) else { return None };
    match read("createTask", &arguments) {
        Ok(Call::CreateTask { attachments, .. }) => match attachments.into_iter().next() {
            Some(InlineAttachment::Bytes { bytes, .. }) => Some(bytes),
            _ => panic!("{data:?} is taken as something else than bytes"),
        },
        _ => None,
    }
}

/// Bytes survive every common form of base64, broken into lines anywhere; another text is no second form of the same bytes.
pub(super) fn a_file_survives_base64(choices: &mut Choices<'_>) {
    let bytes = choices.bytes(60);
    let text = choices.of(&[STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]).encode(&bytes);
    let pieces = choices.pieces(text.as_bytes());
    let broken = pieces.join(choices.of(&["", "\n", "\r\n", " ", "\t"]).as_bytes());
    assert_eq!(decoded(&String::from_utf8_lossy(&broken)), Some(bytes), "{text}");

    let close = choices.changed(&text);
    if let Some(bytes) = decoded(&close) {
        let plain: String = close
            .chars()
            .filter(|c| !c.is_ascii_whitespace())
            .map(|c| {
                if c == '-' {
                    '+'
                } else if c == '_' {
                    '/'
                } else {
                    c
                }
            })
            .collect();
        assert_eq!(STANDARD_NO_PAD.encode(&bytes), plain.trim_end_matches('='), "{close:?}");
    }
}
