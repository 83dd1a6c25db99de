//! The rules of the thread: messages, and the answers to what a task offers to choose from.

use super::draft::Draft;
use super::task::acted;
use super::turn::turn;
use super::{check, inbox, options};
use crate::command::{Asks, Context};
use crate::decision::{Decision, EventType};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::limits;
use crate::model::{Assignee, DeliveryKind, Entity, Message, Task, Turn};
use crate::rejection::Rejection;
use crate::view::{Look, View};

pub(super) struct New {
    pub id: Id,
    pub task: TaskId,
    pub text: String,
    pub attachments: Vec<AttachmentId>,
    pub in_reply_to: Option<MessageId>,
    pub asks: Asks,
    pub choices: Vec<String>,
    pub digest: Option<String>,
}

pub(super) fn post(view: &impl View, cx: &Context, new: New) -> Result<Decision, Rejection> {
    let mut task = check::task(view, new.task)?;
    let message = message(view, cx, &task, Content { id: new.id, text: new.text, attachments: new.attachments })?;
    let message = Message { in_reply_to: new.in_reply_to, ..message };
    if let Some(existing) = repeated(view, &message, |there| options::same(there.choices.as_deref(), &new.choices))? {
        return Ok(existing);
    }
    if new.digest.is_some_and(|shown| shown != task.digest) {
        return Err(Rejection::ShownChanged { task: task.id, current: task.digest });
    }
    let message = Message { choices: options::chosen(cx, &task, &new.choices)?, ..message };
    let says_nothing = message.text.trim().is_empty() && message.attachments.is_empty() && message.choices.is_none();
    if says_nothing {
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
    grow(&mut task, &message);
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
pub(super) fn handed_back(task: &Task) -> Turn {
    let somebody_listens = task.agent.is_some() || task.assignee == Assignee::Agent;
    if somebody_listens { Turn::Agent } else { task.turn }
}

/// The message is one more of its task's.
pub(super) fn grow(task: &mut Task, message: &Message) {
    task.messages += 1;
    task.attachments += check::count(&message.attachments);
}

pub(super) struct Content {
    pub id: Id,
    pub text: String,
    pub attachments: Vec<AttachmentId>,
}

/// The next message of a thread, its parts checked.
pub(super) fn message(view: &impl View, cx: &Context, task: &Task, content: Content) -> Result<Message, Rejection> {
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
        choices: None,
        edited: None,
        in_reply_to: None,
        at: cx.now,
        revision: 0,
    })
}

/// Whether this very message stands there already, and is `alike` in what its words do not tell: then nothing is left to do. Another
/// thing of the same id is refused.
pub(super) fn repeated(view: &impl View, message: &Message, alike: impl Fn(&Message) -> bool) -> Result<Option<Decision>, Rejection> {
    if let Look::Known(Some(there)) = view.message(message.id)
        && there.task == message.task
        && there.author == message.author
        && there.text == message.text
        && there.attachments == message.attachments
        && there.verdict == message.verdict
        && there.in_reply_to == message.in_reply_to
        && there.index > 0
        && alike(&there)
    {
        return Ok(Some(Decision::already()));
    }
    check::fresh(view, message.id.0).map(|()| None)
}
