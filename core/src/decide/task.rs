//! The rules of a task's life: create, edit, move, claim, reopen, delete.

use super::draft::Draft;
use super::follow::follow;
use super::moves::set;
use super::turn::{due_to, side, turn};
use super::{arrows, check, claim, inbox, offer, options, run};
use crate::command::Context;
use crate::decision::{Change, Decision, EventType, Outcome};
use crate::id::{AttachmentId, Id, MessageId, TaskId};
use crate::lifecycle::{Mover, Status};
use crate::limits;
use crate::model::{Actor, Assignee, Attachment, DeliveryKind, Entity, EntityRef, Message, Options, Shown, Task, Work, shown_digest};
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
    let (task, body) =
        begin(view, cx, Beginning { id: new.id, title, body: new.body, assignee: new.assignee, attachments, options, work: None });
    if let Some(known) = repeated(view, &task)? {
        return Ok(known);
    }
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskCreated, Some(task.id)).put(Entity::Message(body));
    if cx.actor.is_person() && new.assignee == Assignee::Agent {
        inbox::queue(&mut draft, &task, new.id, DeliveryKind::Task, None);
    }
    draft.put(Entity::Task(task));
    Ok(draft.done())
}

/// What a task begins with; its words and files are checked.
pub(super) struct Beginning {
    pub id: Id,
    pub title: String,
    pub body: String,
    pub assignee: Assignee,
    pub attachments: Vec<Attachment>,
    pub options: Option<Options>,
    pub work: Option<Box<Work>>,
}

/// A task as it begins, and the message that is its body.
pub(super) fn begin(view: &impl View, cx: &Context, new: Beginning) -> (Task, Message) {
    let id = TaskId(new.id);
    let body = Message {
        id: MessageId(new.id),
        task: id,
        index: 0,
        author: cx.actor.clone(),
        text: new.body,
        attachments: new.attachments,
        verdict: None,
        choices: None,
        edited: None,
        in_reply_to: None,
        at: cx.now,
        revision: 0,
    };
    let task = Task {
        id,
        number: view.next_number(),
        excerpt: excerpt(&body.text),
        risks: Some(risks(&new.title, &body.text)),
        digest: digest(&new.title, &body.text, new.options.as_ref(), &body.attachments),
        title: new.title,
        assignee: new.assignee,
        options: new.options,
        status: Status::Pending,
        reason: None,
        turn: side(new.assignee),
        waiting_since: cx.now,
        created_by: cx.actor.clone(),
        agent: cx.actor.agent().cloned(),
        session: cx.session,
        verdict: None,
        messages: 1,
        attachments: check::count(&body.attachments),
        work: new.work,
        created_at: cx.now,
        updated_at: cx.now,
        revision: 0,
    };
    (task, body)
}

/// Whether this very task was made already: then nothing is left to do. Another thing of the same id is refused.
pub(super) fn repeated(view: &impl View, task: &Task) -> Result<Option<Decision>, Rejection> {
    let Look::Known(Some(there)) = view.task(task.id) else { return check::fresh(view, task.id.0).map(|()| None) };
    let list = |task: &Task| task.work.as_ref().map(|work| work.list.clone());
    let same =
        there.digest == task.digest && there.created_by == task.created_by && there.assignee == task.assignee && list(&there) == list(task);
    if same { Ok(Some(Decision::already())) } else { Err(Rejection::IdTaken { id: task.id.0 }) }
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
    run::check_person(&task, cx)?;
    if edit.assignee.is_some_and(|assignee| assignee != task.assignee) {
        run::check_for_whom(&task, cx)?;
    }
    let before = task.clone();
    let body = reword(view, cx, &mut task, Words { title: edit.title, body: edit.body, options: edit.options })?;
    if let Some(assignee) = edit.assignee
        && assignee != task.assignee
    {
        task.assignee = assignee;
        if task.status.is_open() {
            let due = due_to(&task);
            turn(&mut task, due, cx);
        }
    }
    if task == before && body.is_none() {
        return Ok(Decision::already());
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
    draft.put(Entity::Task(task.clone()));
    offer::tell(view, &mut draft, edit.id, Some(&before), &task);
    Ok(draft.done())
}

/// New words for what a task shows.
pub(super) struct Words {
    pub title: Option<String>,
    pub body: Option<String>,
    pub options: Option<Option<Options>>,
}

/// Changes what a task shows; its body, where that is another now.
pub(super) fn reword(view: &impl View, cx: &Context, task: &mut Task, words: Words) -> Result<Option<Message>, Rejection> {
    let before = (task.title.clone(), task.options.clone());
    if let Some(title) = words.title {
        task.title = check::line("title", &title, limits::TITLE_CHARS)?;
    }
    if let Some(offered) = words.options {
        task.options = offered.map(options::check).transpose()?;
    }
    let mut body = None;
    if let Some(text) = words.body {
        check::text("body", &text, limits::TEXT_BYTES)?;
        body = Some(first_message(view, task)?).filter(|first| first.text != text).map(|first| Message { text, ..first });
    }
    if body.is_none() && (&task.title, &task.options) == (&before.0, &before.1) {
        return Ok(None);
    }
    let shown = match &body {
        Some(body) => body.clone(),
        None => first_message(view, task)?,
    };
    shows(task, &shown);
    if task.status.is_open() {
        if task.verdict.take().is_some() {
            turn(task, due_to(task), cx);
        }
    } else if task.verdict.is_some() {
        // The task is over, and its verdict says what was decided on: that is history.
        return Err(Rejection::TaskClosed { task: task.id, status: task.status });
    }
    Ok(body)
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
    may_move(&task, to, cx)?;
    claim::may_act(&task, cx, None)?;
    if to == Status::Active {
        claim::may_take(view, cx, &task, None, None)?;
    }
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    moved(view, &mut draft, task, Move { id, to, reason })?;
    Ok(draft.done())
}

/// Whether the lifecycle has this move for this actor.
pub(super) fn may_move(task: &Task, to: Status, cx: &Context) -> Result<(), Rejection> {
    run::moves_itself(task)?;
    run::check_person(task, cx)?;
    let is_background = task.work.as_ref().is_some_and(|work| work.job.is_some());
    let mover = match Mover::from(&cx.actor) {
        Mover::Agent if is_background => Mover::Runner,
        Mover::Agent if claim::is_mirror_of(task, cx) => Mover::Mirror,
        Mover::Person if is_background => Mover::Watcher,
        mover => mover,
    };
    let allowed = task.status.moves(mover).to_vec();
    if allowed.contains(&to) { Ok(()) } else { Err(Rejection::IllegalTransition { task: task.id, from: task.status, to, allowed }) }
}

/// Terminal states are left by this door, and only by people; what lives elsewhere is reopened there.
pub(super) fn reopen(view: &impl View, cx: &Context, id: Id, task: TaskId) -> Result<Decision, Rejection> {
    let mut task = check::task(view, task)?;
    check::person(cx, "reopen a task")?;
    run::moves_itself(&task)?;
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
    let Move { id, to, reason } = step;
    let before = task.clone();
    let (from, owned_before) = (before.status, before.agent.is_some());
    set(view, cx, &mut task, to, reason)?;
    acted(&mut task, cx);
    draft.event(EventType::StatusUpdated, Some(task.id));
    if cx.actor.is_person() {
        let reason = task.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let note = format!("{} → {}{reason}", from.word(), task.status.word());
        inbox::queue(draft, &task, id, DeliveryKind::Status, Some(note));
    } else {
        inbox::task_named(view, draft, &task, owned_before)?;
    }
    draft.put(Entity::Task(task.clone()));
    follow(view, draft, id, &before, &task, &[])
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
    if task.work.is_some() && !task.created_by.is_person() {
        claim::may_act(&task, cx, None)?;
    } else if !cx.actor.is_person() && task.created_by != cx.actor {
        return Err(Rejection::Forbidden { what: "delete this task", who: "a person or the agent that created it" });
    }
    run::check_stays(view, &task, cx)?;
    check::fresh(view, id)?;
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskDeleted, Some(task.id)).change(Change::Delete { entity: EntityRef::Task { id: task.id } });
    // Where no agent owns it, none has begun it: there is nobody to stop.
    if cx.actor.is_person() && task.status.is_open() && task.agent.is_some() {
        let note = format!("deleted: {}", task.title);
        inbox::queue(&mut draft, &task, id, DeliveryKind::Status, Some(note));
    }
    arrows::cut(view, &mut draft, id, &task)?;
    run::left(view, &mut draft, id, &task)?;
    Ok(draft.done())
}

/// The agent that acts on a task becomes the one that hears of it; its session gets the answers.
pub(super) fn acted(task: &mut Task, cx: &Context) {
    if let Some(agent) = cx.actor.agent() {
        task.agent = Some(agent.clone());
        task.session = cx.session;
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
