//! Checks that several rules share: lengths, who may, what exists.

use crate::command::Context;
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::limits;
use crate::model::{Attachment, Task};
use crate::rejection::Rejection;
use crate::text::{as_seen, hides_in_a_line, hides_in_a_name};
use crate::view::{Look, View};

/// A line of text: trimmed, not empty, of at most `limit` characters. Line breaks and other control characters become
/// spaces, so that no title or name can look like more than one line; and nothing in it hides or turns what is read.
pub(super) fn line(field: &'static str, text: &str, limit: usize) -> Result<String, Rejection> {
    let line = words(field, &text.replace(char::is_control, " "), limit)?;
    if as_seen(&line).is_empty() {
        return Err(Rejection::Empty { field });
    }
    if let Some(hidden) = line.chars().find(|&c| hides_in_a_line(c)) {
        let problem = format!("it holds U+{:04X}, which cannot be seen: leave it out", u32::from(hidden));
        return Err(Rejection::Invalid { field, problem });
    }
    Ok(line)
}

/// A text of any number of lines: trimmed, not empty, of at most `limit` characters.
pub(super) fn words(field: &'static str, text: &str, limit: usize) -> Result<String, Rejection> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Rejection::Empty { field });
    }
    let given = text.chars().count();
    if given > limit {
        return Err(Rejection::TooLong { field, limit, unit: "characters", given });
    }
    Ok(text.to_owned())
}

/// A text that may be empty, of at most `limit` bytes.
pub(super) fn text(field: &'static str, text: &str, limit: usize) -> Result<(), Rejection> {
    if text.len() > limit {
        return Err(Rejection::TooLong { field, limit, unit: "bytes", given: text.len() });
    }
    Ok(())
}

/// How many files a message brings: no more than [`limits::ATTACHMENTS`].
pub(super) fn count(attachments: &[Attachment]) -> u32 {
    u32::try_from(attachments.len()).unwrap_or(u32::MAX)
}

/// The attachments behind a list of ids, in order, without repeats.
pub(super) fn attachments(view: &impl View, ids: &[AttachmentId]) -> Result<Vec<Attachment>, Rejection> {
    if ids.len() > limits::ATTACHMENTS {
        return Err(Rejection::TooMany { what: "attachments", limit: limits::ATTACHMENTS, given: ids.len() });
    }
    let mut found: Vec<Attachment> = Vec::with_capacity(ids.len());
    for &id in ids {
        let attachment = view.attachment(id).known("attachment")?.ok_or(Rejection::AttachmentNotFound { attachment: id })?;
        if !found.iter().any(|other| other.id == id) {
            found.push(attachment);
        }
    }
    Ok(found)
}

/// A file name as people may see it: 1 to 255 characters, no path, nothing that hides.
pub fn check_filename(name: &str) -> Result<String, Rejection> {
    let name = words("filename", name, limits::FILENAME_CHARS)?;
    if name.chars().any(|c| hides_in_a_name(c) || c == '/' || c == '\\') || name == "." || name == ".." {
        let problem = "a file name holds no slash, no backslash and no character that cannot be seen".to_owned();
        return Err(Rejection::Invalid { field: "filename", problem });
    }
    Ok(name)
}

/// Whether an attachment of this size may be stored.
pub fn check_attachment(bytes: u64) -> Result<(), Rejection> {
    if bytes > limits::ATTACHMENT_BYTES {
        let limit = limits::ATTACHMENT_BYTES as usize;
        return Err(Rejection::TooLong { field: "attachment", limit, unit: "bytes", given: bytes as usize });
    }
    Ok(())
}

pub(super) fn task(view: &impl View, id: TaskId) -> Result<Task, Rejection> {
    view.task(id).known("task")?.ok_or_else(|| Rejection::TaskNotFound { task: id.to_string() })
}

/// Refuses an id that already names a task, a message or a delivery, which would be overwritten. What a partial view does not
/// hold counts as fresh: the authority checks again.
pub(super) fn fresh(view: &impl View, id: Id) -> Result<(), Rejection> {
    let taken = matches!(view.task(TaskId(id)), Look::Known(Some(_)))
        || matches!(view.message(MessageId(id)), Look::Known(Some(_)))
        || matches!(view.delivery(DeliveryId(id)), Look::Known(Some(_)));
    if taken { Err(Rejection::IdTaken { id }) } else { Ok(()) }
}

/// Refuses everyone but people.
pub(super) fn person(cx: &Context, what: &'static str) -> Result<(), Rejection> {
    if cx.actor.is_person() { Ok(()) } else { Err(Rejection::Forbidden { what, who: "a person" }) }
}
