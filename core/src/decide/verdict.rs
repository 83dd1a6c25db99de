//! The rules of verdicts: a person's yes or no to what was shown, or a yes to what the person made of it.

use super::draft::Draft;
use super::follow::follow;
use super::moves::set;
use super::task::{first_message, shows};
use super::thread::{Content, grow, handed_back, message, repeated};
use super::turn::turn;
use super::{check, inbox, run};
use crate::command::{Context, Then};
use crate::decision::{Decision, EventType};
use crate::diff;
use crate::id::{AttachmentId, Id, TaskId};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{DeliveryKind, Edited, Entity, Message, Task, Verdict, VerdictGiven};
use crate::rejection::Rejection;
use crate::view::View;

pub(super) struct Ruling {
    pub id: Id,
    pub task: TaskId,
    pub verdict: Verdict,
    pub digest: String,
    pub text: String,
    pub attachments: Vec<AttachmentId>,
    pub then: Then,
    pub edited: Option<String>,
}

/// A verdict is a person's, is bound to what was shown, and is first-wins.
pub(super) fn give(view: &impl View, cx: &Context, ruling: Ruling) -> Result<Decision, Rejection> {
    check::person(cx, "approve or reject")?;
    let mut task = check::task(view, ruling.task)?;
    let content = Content { id: ruling.id, text: ruling.text, attachments: ruling.attachments };
    let mut message = Message { verdict: Some(ruling.verdict), ..message(view, cx, &task, content)? };
    if let Some(existing) = repeated(view, &message, |there| same_edit(there.edited.as_ref(), ruling.edited.as_deref()))? {
        return Ok(existing);
    }
    // The first one stands until the task is edited or reopened, also when the agent goes on asking in the thread: an approval that was
    // on its way for long must not answer a question that was asked meanwhile.
    if let Some(standing) = &task.verdict {
        let VerdictGiven { kind, by, at, .. } = standing.clone();
        return Err(Rejection::VerdictStands { task: task.id, kind, by, at });
    }
    if !task.status.is_open() {
        return Err(Rejection::TaskClosed { task: task.id, status: task.status });
    }
    if ruling.digest != task.digest {
        return Err(Rejection::ShownChanged { task: task.id, current: task.digest });
    }
    run::moves_itself(&task)?;
    let before = task.clone();
    let body = match ruling.edited {
        Some(text) => change(view, &mut task, &mut message, text)?,
        None => None,
    };

    task.verdict =
        Some(VerdictGiven { kind: ruling.verdict, by: cx.actor.clone(), at: cx.now, digest: ruling.digest, message: message.id });
    // What is to follow on a step of a workflow are its next steps.
    let is_step = task.work.as_ref().is_some_and(|work| work.step_of.is_some());
    match (ruling.verdict, if is_step { Then::Complete } else { ruling.then }) {
        (Verdict::Approved, Then::HandBack) => {
            let next = handed_back(&task);
            turn(&mut task, next, cx);
        }
        (Verdict::Approved, Then::Complete) => {
            let reason = task.reason.take();
            set(view, cx, &mut task, Status::Completed, reason)?;
        }
        (Verdict::Rejected, _) => {
            let reason = Some(first_characters(message.text.trim(), limits::REASON_CHARS)).filter(|it| !it.is_empty());
            set(view, cx, &mut task, Status::Rejected, reason)?;
        }
    }
    grow(&mut task, &message);
    task.updated_at = cx.now;

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::ReplyReceived, Some(task.id));
    inbox::queue(&mut draft, &task, ruling.id, DeliveryKind::Verdict, None);
    draft.put(Entity::Message(message));
    if let Some(body) = body {
        draft.put(Entity::Message(body));
    }
    if task.status != before.status {
        draft.event(EventType::StatusUpdated, Some(task.id));
    }
    draft.put(Entity::Task(task.clone()));
    follow(view, &mut draft, ruling.id, &before, &task, &[])?;
    Ok(draft.done())
}

/// Makes the text the body that is approved, and notes the change with the verdict. A text that is as it was is no change: that is a
/// plain approval.
fn change(view: &impl View, task: &mut Task, message: &mut Message, text: String) -> Result<Option<Message>, Rejection> {
    if message.verdict != Some(Verdict::Approved) {
        let problem = "only an approval bears a changed text: say in a comment what would be right".to_owned();
        return Err(Rejection::Invalid { field: "edited", problem });
    }
    check::text("edited", &text, limits::EDITED_BYTES)?;
    check::text("text", &message.text, limits::EDITED_BYTES)?;
    if text.trim().is_empty() {
        return Err(Rejection::Empty { field: "edited" });
    }
    let shown = first_message(view, task)?;
    if shown.text == text {
        return Ok(None);
    }
    let diff = Some(diff::unified(&shown.text, &text)).filter(|diff| diff.len() <= limits::DIFF_BYTES);
    let before = task.digest.clone();
    let body = Message { text, ..shown };
    shows(task, &body);
    message.edited = Some(Edited { before, after: task.digest.clone(), text: body.text.clone(), diff });
    Ok(Some(body))
}

/// Is this the edit of the verdict that stands there? One that changed nothing left nothing.
fn same_edit(there: Option<&Edited>, edit: Option<&str>) -> bool {
    match (there, edit) {
        (Some(there), Some(edit)) => there.text == edit,
        (Some(_), None) => false,
        (None, _) => true,
    }
}

fn first_characters(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}
