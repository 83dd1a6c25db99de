//! The rules of the thread: messages and verdicts.

use super::task::{acted, turn};
use super::{Draft, check, inbox};
use crate::command::{Asks, Context, Then};
use crate::decision::{Decision, EventType};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{Assignee, DeliveryKind, Entity, Message, Task, Turn, Verdict, VerdictGiven};
use crate::rejection::Rejection;
use crate::view::{Look, View};

pub(super) struct New {
    pub id: Id,
    pub task: TaskId,
    pub text: String,
    pub attachments: Vec<AttachmentId>,
    pub in_reply_to: Option<MessageId>,
    pub asks: Asks,
}

pub(super) fn post(view: &impl View, cx: &Context, new: New) -> Result<Decision, Rejection> {
    let mut task = check::task(view, new.task)?;
    let message = message(view, cx, &task, Content { id: new.id, text: new.text, attachments: new.attachments })?;
    let message = Message { in_reply_to: new.in_reply_to, ..message };
    if let Some(existing) = repeated(view, &message)? {
        return Ok(existing);
    }
    if message.text.trim().is_empty() && message.attachments.is_empty() {
        return Err(Rejection::Empty { field: "text" });
    }
    if let Some(answered) = new.in_reply_to {
        // What is answered may be a message, or the news of a task, whose delivery has an id but no message.
        let message = view.message(answered).known("the message answered")?.is_some_and(|it| it.task == task.id);
        let news = matches!(view.delivery(DeliveryId(answered.0)), Look::Known(Some(it)) if it.task == task.id);
        if !message && !news {
            return Err(Rejection::MessageNotFound { message: answered });
        }
    }

    let owned_before = task.agent.is_some();
    let next = whose_turn(&task, cx, &message.text, new.asks);
    turn(&mut task, next, cx);
    acted(&mut task, cx);
    task.messages += 1;
    task.updated_at = cx.now;

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::ReplyReceived, Some(task.id));
    if cx.actor.is_person() {
        inbox::queue(&mut draft, &task, new.id, DeliveryKind::Reply, None);
    } else {
        inbox::task_named(view, &mut draft, &task, owned_before)?;
        if let Some(answered) = new.in_reply_to {
            inbox::message_named(view, &mut draft, DeliveryId(answered.0))?;
        }
    }
    draft.put(Entity::Message(message)).put(Entity::Task(task));
    Ok(draft.done())
}

/// A person's message hands the task back. An agent's message asks where it says so, where it ends with a question, or
/// where a person's answer is still outstanding; else it is a report and the turn stays.
fn whose_turn(task: &Task, cx: &Context, text: &str, asks: Asks) -> Turn {
    if !task.status.is_open() {
        return Turn::Nobody;
    }
    if cx.actor.is_person() {
        return handed_back(task);
    }
    let outstanding = task.assignee == Assignee::Human && task.verdict.is_none();
    match asks {
        Asks::Answer => Turn::Human,
        Asks::Nothing => task.turn,
        Asks::Unsaid if outstanding || text.trim_end().ends_with('?') => Turn::Human,
        Asks::Unsaid => task.turn,
    }
}

/// Whose turn it is once a person has answered: the agent's, if any listens.
fn handed_back(task: &Task) -> Turn {
    let somebody_listens = task.agent.is_some() || task.assignee == Assignee::Agent;
    if somebody_listens { Turn::Agent } else { task.turn }
}

pub(super) struct Ruling {
    pub id: Id,
    pub task: TaskId,
    pub verdict: Verdict,
    pub digest: String,
    pub text: String,
    pub attachments: Vec<AttachmentId>,
    pub then: Then,
}

/// A verdict is a person's, is bound to what was shown, and is first-wins.
pub(super) fn give_verdict(view: &impl View, cx: &Context, ruling: Ruling) -> Result<Decision, Rejection> {
    check::person(cx, "approve or reject")?;
    let mut task = check::task(view, ruling.task)?;
    let content = Content { id: ruling.id, text: ruling.text, attachments: ruling.attachments };
    let message = Message { verdict: Some(ruling.verdict), ..message(view, cx, &task, content)? };
    if let Some(existing) = repeated(view, &message)? {
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

    task.verdict =
        Some(VerdictGiven { kind: ruling.verdict, by: cx.actor.clone(), at: cx.now, digest: ruling.digest, message: message.id });
    let from = task.status;
    match (ruling.verdict, ruling.then) {
        (Verdict::Approved, Then::HandBack) => {
            let next = handed_back(&task);
            turn(&mut task, next, cx);
        }
        (Verdict::Approved, Then::Complete) => {
            task.status = Status::Completed;
            turn(&mut task, Turn::Nobody, cx);
        }
        (Verdict::Rejected, _) => {
            task.status = Status::Rejected;
            task.reason = Some(first_characters(message.text.trim(), limits::REASON_CHARS)).filter(|it| !it.is_empty());
            turn(&mut task, Turn::Nobody, cx);
        }
    }
    task.messages += 1;
    task.updated_at = cx.now;

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::ReplyReceived, Some(task.id));
    inbox::queue(&mut draft, &task, ruling.id, DeliveryKind::Verdict, None);
    draft.put(Entity::Message(message));
    if task.status != from {
        draft.event(EventType::StatusUpdated, Some(task.id));
    }
    draft.put(Entity::Task(task));
    Ok(draft.done())
}

struct Content {
    id: Id,
    text: String,
    attachments: Vec<AttachmentId>,
}

/// The next message of a thread, its parts checked.
fn message(view: &impl View, cx: &Context, task: &Task, content: Content) -> Result<Message, Rejection> {
    check::text("text", &content.text, limits::TEXT_BYTES)?;
    let attachments = check::attachments(view, &content.attachments)?;
    Ok(Message {
        id: MessageId(content.id),
        task: task.id,
        index: task.messages,
        author: cx.actor.clone(),
        text: content.text,
        attachments,
        verdict: None,
        in_reply_to: None,
        at: cx.now,
        revision: 0,
    })
}

/// Whether this very message stands there already: then nothing is left to do. Another thing of the same id is refused.
fn repeated(view: &impl View, message: &Message) -> Result<Option<Decision>, Rejection> {
    if let Look::Known(Some(there)) = view.message(message.id)
        && there.task == message.task
        && there.author == message.author
        && there.text == message.text
        && there.attachments == message.attachments
        && there.verdict == message.verdict
        && there.in_reply_to == message.in_reply_to
        && there.index > 0
    {
        return Ok(Some(Decision::already()));
    }
    check::fresh(view, message.id.0).map(|()| None)
}

fn first_characters(text: &str, count: usize) -> String {
    text.chars().take(count).collect()
}
