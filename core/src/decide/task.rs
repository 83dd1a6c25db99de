//! The rules of a task's life: create, edit, move, claim, reopen, delete.

use super::draft::Draft;
use super::{check, inbox, options};
use crate::command::Context;
use crate::decision::{Change, Decision, EventType, Outcome};
use crate::id::{AttachmentId, Id, MessageId, TaskId};
use crate::lifecycle::{Mover, Status};
use crate::limits;
use crate::model::{Actor, Assignee, Attachment, DeliveryKind, Entity, EntityRef, Message, Options, Shown, Task, Turn, shown_digest};
use crate::rejection::Rejection;
use crate::risk;
use crate::view::{Look, View};

const EXCERPT_CHARS: usize = 160;

pub(super) struct New {
    pub id: Id,
    pub title: String,
    pub body: String,
    pub assignee: Assignee,
    pub attachments: Vec<AttachmentId>,
    pub options: Option<Options>,
}

pub(super) fn create(view: &impl View, cx: &Context, new: New) -> Result<Decision, Rejection> {
    let title = check::line("title", &new.title, limits::TITLE_CHARS)?;
    check::text("body", &new.body, limits::TEXT_BYTES)?;
    let attachments = check::attachments(view, &new.attachments)?;
    let options = new.options.map(options::check).transpose()?;
    let digest = digest(&title, &new.body, options.as_ref(), &attachments);
    if let Look::Known(Some(existing)) = view.task(TaskId(new.id)) {
        let same = existing.digest == digest && existing.created_by == cx.actor && existing.assignee == new.assignee;
        return if same { Ok(Decision::already()) } else { Err(Rejection::IdTaken { id: new.id }) };
    }
    check::fresh(view, new.id)?;

    let id = TaskId(new.id);
    let body = Message {
        id: MessageId(new.id),
        task: id,
        index: 0,
        author: cx.actor.clone(),
        text: new.body,
        attachments,
        verdict: None,
        choices: None,
        edited: None,
        in_reply_to: None,
        at: cx.now,
        revision: 0,
    };
    let files = check::count(&body.attachments);
    let task = Task {
        id,
        number: view.next_number(),
        excerpt: excerpt(&body.text),
        risks: Some(risks(&title, &body.text)),
        title,
        assignee: new.assignee,
        options,
        status: Status::Pending,
        reason: None,
        turn: side(new.assignee),
        waiting_since: cx.now,
        created_by: cx.actor.clone(),
        agent: cx.actor.agent().cloned(),
        session: cx.session,
        digest,
        verdict: None,
        messages: 1,
        attachments: files,
        created_at: cx.now,
        updated_at: cx.now,
        revision: 0,
    };
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskCreated, Some(id)).put(Entity::Message(body));
    if cx.actor.is_person() && new.assignee == Assignee::Agent {
        inbox::queue(&mut draft, &task, new.id, DeliveryKind::Task, None);
    }
    draft.put(Entity::Task(task));
    Ok(draft.done())
}

pub(super) struct Edit {
    pub id: Id,
    pub task: TaskId,
    pub title: Option<String>,
    pub body: Option<String>,
    pub assignee: Option<Assignee>,
    pub options: Option<Option<Options>>,
}

/// People edit any task, an agent those it created. A change to what a person is shown takes the verdict on an open task
/// away; on a closed one it is refused, so that a verdict always stands beside exactly what it was given on.
pub(super) fn edit(view: &impl View, cx: &Context, edit: Edit) -> Result<Decision, Rejection> {
    let mut task = check::task(view, edit.task)?;
    if !cx.actor.is_person() && task.created_by != cx.actor {
        return Err(Rejection::Forbidden { what: "edit this task", who: "a person or the agent that created it" });
    }
    let before = task.clone();
    if let Some(title) = edit.title {
        task.title = check::line("title", &title, limits::TITLE_CHARS)?;
    }
    if let Some(offered) = edit.options {
        task.options = offered.map(options::check).transpose()?;
    }
    let mut body = None;
    if let Some(text) = edit.body {
        check::text("body", &text, limits::TEXT_BYTES)?;
        body = Some(first_message(view, &task)?).filter(|first| first.text != text).map(|first| Message { text, ..first });
    }
    if body.is_some() || task.title != before.title || task.options != before.options {
        let shown = match &body {
            Some(body) => body.clone(),
            None => first_message(view, &task)?,
        };
        shows(&mut task, &shown);
        if task.status.is_open() && task.verdict.take().is_some() {
            turn(&mut task, side(before.assignee), cx);
        }
    }
    if let Some(assignee) = edit.assignee
        && assignee != task.assignee
    {
        task.assignee = assignee;
        if task.status.is_open() {
            turn(&mut task, side(assignee), cx);
        }
    }
    if task == before && body.is_none() {
        return Ok(Decision::already());
    }
    if task.digest != before.digest && task.verdict.is_some() {
        // The task is over, and its verdict says what was decided on: that is history.
        return Err(Rejection::TaskClosed { task: task.id, status: task.status });
    }
    check::fresh(view, edit.id)?;
    task.updated_at = cx.now;

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskUpdated, Some(task.id));
    if let Some(body) = body {
        draft.put(Entity::Message(body));
    }
    if cx.actor.is_person() && task.status.is_open() {
        let news = match (before.assignee, task.assignee) {
            (Assignee::Human, Assignee::Agent) => Some((DeliveryKind::Task, "given to you")),
            (Assignee::Agent, Assignee::Agent) if task.digest != before.digest => Some((DeliveryKind::Task, "edited")),
            (Assignee::Agent, Assignee::Human) => Some((DeliveryKind::Status, "given to a person")),
            _ => None,
        };
        if let Some((kind, note)) = news {
            inbox::queue(&mut draft, &task, edit.id, kind, Some(note.to_owned()));
        }
    }
    draft.put(Entity::Task(task));
    Ok(draft.done())
}

pub(super) fn set_status(
    view: &impl View,
    cx: &Context,
    id: Id,
    task: TaskId,
    to: Status,
    reason: Option<String>,
) -> Result<Decision, Rejection> {
    let task = check::task(view, task)?;
    let reason = match reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty()) {
        Some(reason) => Some(check::words("reason", reason, limits::REASON_CHARS)?),
        None => None,
    };
    if task.status == to {
        return Ok(Decision::already());
    }
    let allowed = task.status.moves(Mover::from(&cx.actor));
    if !allowed.contains(&to) {
        let allowed = allowed.to_vec();
        return Err(Rejection::IllegalTransition { task: task.id, from: task.status, to, allowed });
    }
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    moved(view, &mut draft, task, Move { id, to, reason })?;
    Ok(draft.done())
}

/// Terminal states are left by this door only, and only by people.
pub(super) fn reopen(view: &impl View, cx: &Context, id: Id, task: TaskId) -> Result<Decision, Rejection> {
    let mut task = check::task(view, task)?;
    check::person(cx, "reopen a task")?;
    if task.status.is_open() {
        return Err(Rejection::NotClosed { task: task.id, status: task.status });
    }
    check::fresh(view, id)?;
    task.verdict = None;
    let mut draft = Draft::new(view, cx);
    moved(view, &mut draft, task, Move { id, to: Status::Pending, reason: None })?;
    Ok(draft.done())
}

struct Move {
    id: Id,
    to: Status,
    reason: Option<String>,
}

/// Writes a move that has been allowed, and tells the agent where a person made it.
fn moved(view: &impl View, draft: &mut Draft<'_>, mut task: Task, step: Move) -> Result<(), Rejection> {
    let cx = draft.cx;
    let from = task.status;
    let owned_before = task.agent.is_some();
    task.status = step.to;
    task.reason = step.reason;
    if !step.to.is_open() {
        turn(&mut task, Turn::Nobody, cx);
    } else if !from.is_open() {
        let next = side(task.assignee);
        turn(&mut task, next, cx);
    }
    acted(&mut task, cx);
    task.updated_at = cx.now;
    draft.event(EventType::StatusUpdated, Some(task.id));
    if cx.actor.is_person() {
        let reason = task.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let note = format!("{} → {}{reason}", from.word(), task.status.word());
        inbox::queue(draft, &task, step.id, DeliveryKind::Status, Some(note));
    } else {
        inbox::task_named(view, draft, &task, owned_before)?;
    }
    draft.put(Entity::Task(task));
    Ok(())
}

/// Takes the next task that waits for an agent, so that no two agents ever take the same one.
pub(super) fn claim_next(view: &impl View, cx: &Context) -> Result<Decision, Rejection> {
    let Actor::Agent { name } = &cx.actor else {
        return Err(Rejection::Forbidden { what: "take the next task", who: "an agent" });
    };
    let Some(task) = view.claimable(name).known("the tasks that wait for an agent")? else {
        return Ok(Decision { outcome: Outcome::Claimed(None), events: Vec::new(), effects: Vec::new() });
    };
    let mut draft = Draft::new(view, cx);
    let id = task.id;
    moved(view, &mut draft, task, Move { id: id.0, to: Status::Active, reason: None })?;
    Ok(draft.ends(Outcome::Claimed(Some(id))))
}

pub(super) fn delete(view: &impl View, cx: &Context, id: Id, task: TaskId) -> Result<Decision, Rejection> {
    let task = check::task(view, task)?;
    if !cx.actor.is_person() && task.created_by != cx.actor {
        return Err(Rejection::Forbidden { what: "delete this task", who: "a person or the agent that created it" });
    }
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskDeleted, Some(task.id)).change(Change::Delete { entity: EntityRef::Task { id: task.id } });
    // Where no agent owns it, none has begun it: there is nobody to stop.
    if cx.actor.is_person() && task.status.is_open() && task.agent.is_some() {
        let note = format!("deleted: {}", task.title);
        inbox::queue(&mut draft, &task, id, DeliveryKind::Status, Some(note));
    }
    Ok(draft.done())
}

/// The agent that acts on a task becomes the one that hears of it; its session gets the answers.
pub(super) fn acted(task: &mut Task, cx: &Context) {
    if let Some(agent) = cx.actor.agent() {
        task.agent = Some(agent.clone());
        task.session = cx.session;
    }
}

/// Gives the turn, and notes since when.
pub(super) fn turn(task: &mut Task, to: Turn, cx: &Context) {
    if task.turn != to {
        task.turn = to;
        task.waiting_since = cx.now;
    }
}

fn side(assignee: Assignee) -> Turn {
    match assignee {
        Assignee::Human => Turn::Human,
        Assignee::Agent => Turn::Agent,
    }
}

/// The message that is the task's body.
pub(super) fn first_message(view: &impl View, task: &Task) -> Result<Message, Rejection> {
    let id = MessageId(task.id.0);
    view.message(id).known("the task's body")?.ok_or(Rejection::MessageNotFound { message: id })
}

/// Notes on a task what its card shows from now on.
pub(super) fn shows(task: &mut Task, body: &Message) {
    task.excerpt = excerpt(&body.text);
    task.risks = Some(risks(&task.title, &body.text));
    task.digest = digest(&task.title, &body.text, task.options.as_ref(), &body.attachments);
}

fn digest(title: &str, body: &str, options: Option<&Options>, attachments: &[Attachment]) -> String {
    shown_digest(Shown { title, body, options, attachments })
}

/// What is grave in the whole text, so that a list knows it from the task alone.
fn risks(title: &str, body: &str) -> Vec<String> {
    risk::risks(&format!("{title}\n{body}")).into_iter().map(|risk| risk.word.to_owned()).collect()
}

/// The text's beginning on one line.
fn excerpt(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
        if line.chars().count() > EXCERPT_CHARS {
            return line.chars().take(EXCERPT_CHARS).chain(['…']).collect();
        }
    }
    line
}
