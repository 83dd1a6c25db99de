//! The rules of a list's tasks: put there, changed, taken. Who has one is decided in `claim`, what it waits for in `arrows`.

use super::draft::Draft;
use super::follow::follow;
use super::moves::set;
use super::task::{self, Beginning, Words, acted, begin};
use super::{AGENTS, arrows, change, check, claim, inbox, job, offer, run};
use crate::command::{Arrows, Context, FirstStatus, NewWork, WorkChange};
use crate::decision::{Decision, EventType, Outcome};
use crate::id::{Id, TaskId};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{Actor, AgentName, Assignee, DeliveryKind, Entity, ListName, Metadata, Noted, Task, Work};
use crate::rejection::Rejection;
use crate::view::{Look, View};

/// Puts a task on a list. One whose `task_uid` is there already is that task: what is said of it is taken over while it is open.
pub(super) fn create(view: &impl View, cx: &Context, id: Id, list: ListName, new: NewWork) -> Result<Decision, Rejection> {
    let metadata = noted(&Metadata::default(), Noted::Merged(new.metadata.clone()))?;
    if let Some(uid) = metadata.text("task_uid")
        && let Some(there) = view.with_uid(&list, &uid).known("the tasks of the list")?
        && there.id.0 != id
    {
        return again(view, cx, id, &there, new);
    }
    let title = check::line("subject", &new.title, limits::TITLE_CHARS)?;
    check::text("description", &new.body, limits::TEXT_BYTES)?;
    let work = Work {
        number: view.next_in_list(&list),
        list,
        active_form: active_form(new.active_form)?,
        owner: new.owner,
        holder: None,
        fence: 0,
        wave: None,
        blocked_by: Vec::new(),
        metadata,
        job: new.job.map(job::new).transpose()?,
        step_of: None,
    };
    let beginning = Beginning {
        id,
        title,
        body: new.body,
        assignee: Assignee::Agent,
        attachments: Vec::new(),
        options: None,
        work: Some(Box::new(work)),
    };
    let (mut task, body) = begin(view, cx, beginning);
    if let Some(known) = task::repeated(view, &task)? {
        return Ok(known);
    }
    let arrows = Arrows { add_blocks: new.blocks, add_blocked_by: new.blocked_by, ..Arrows::default() };
    let others = arrows::change(view, &mut task, &arrows)?;
    run::check_order(&task, &arrows, others.iter().map(|other| &other.now), cx)?;
    arrows::note_wave(view, &mut task)?;
    if new.status == FirstStatus::Active {
        task::may_move(&task, Status::Active, cx)?;
        set(view, cx, &mut task, Status::Active, None)?;
    }

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskCreated, Some(task.id)).put(Entity::Message(body));
    if let Some(agent) = meant_for(view, cx, &task) {
        task.agent = Some(agent);
        task.session = None;
        inbox::queue(&mut draft, &task, id, DeliveryKind::Task, None);
    }
    draft.put(Entity::Task(task.clone()));
    others.into_iter().try_for_each(|other| arrows::write(view, &mut draft, id, &task, other))?;
    offer::tell(view, &mut draft, id, None, &task);
    Ok(draft.done())
}

/// What is said once more of a task that is there.
fn again(view: &impl View, cx: &Context, id: Id, there: &Task, new: NewWork) -> Result<Decision, Rejection> {
    let outcome = Outcome::Found(there.id);
    if !there.status.is_open() {
        return Ok(Decision { outcome, ..Decision::already() });
    }
    let begins = new.status == FirstStatus::Active;
    let change = WorkChange {
        status: begins.then_some(Status::Active),
        owner: new.owner.filter(|_| begins).map(Some),
        title: Some(new.title),
        body: Some(new.body).filter(|body| !body.is_empty()),
        active_form: new.active_form.map(Some),
        metadata: Some(Noted::Merged(new.metadata)),
        arrows: Arrows { add_blocks: new.blocks, add_blocked_by: new.blocked_by, ..Arrows::default() },
        ..WorkChange::default()
    };
    Ok(Decision { outcome, ..update(view, cx, id, there.id, change)? })
}

/// Changes a task of a list: all that is said of it, or nothing.
pub(super) fn update(view: &impl View, cx: &Context, id: Id, task: TaskId, change: WorkChange) -> Result<Decision, Rejection> {
    let before = check::task(view, task)?;
    let Some(work) = &before.work else { return Err(Rejection::NotListed { task }) };
    claim::check_fence(&before, work, change.fence)?;
    let to = change.status.filter(|to| *to != before.status);
    let owner = change.owner.filter(|owner| *owner != work.owner);
    if change.title.is_some() || change.body.is_some() {
        run::check_person(&before, cx)?;
    }
    if change.status.is_some() || owner.is_some() {
        run::moves_itself(&before)?;
        run::check_person(&before, cx)?;
        claim::may_act(&before, cx, change.fence)?;
    }
    let begins = change.status == Some(Status::Active);
    if begins {
        claim::may_take(view, cx, &before, owner.as_ref().and_then(Option::as_ref), change.fence)?;
    }
    // One that is under way is claimed anew by whoever says that it is, and is let to.
    let takes_over = begins && before.status == Status::Active && cx.actor.agent().is_some_and(|agent| work.holder.as_ref() != Some(agent));

    let mut task = before.clone();
    let body = task::reword(view, cx, &mut task, Words { title: change.title, body: change.body, options: None })?;
    if let Some(work) = &mut task.work {
        if let Some(form) = change.active_form {
            work.active_form = active_form(form)?;
        }
        if let Some(noted) = change.metadata {
            work.metadata = self::noted(&work.metadata, noted)?;
        }
        if let Some(owner) = owner.clone() {
            work.owner = owner;
        }
    }
    let others = arrows::change(view, &mut task, &change.arrows)?;
    run::check_order(&before, &change.arrows, others.iter().map(|other| &other.now), cx)?;
    if !change.arrows.is_empty() {
        arrows::note_wave(view, &mut task)?;
    }
    if let Some(to) = to {
        task::may_move(&before, to, cx)?;
        set(view, cx, &mut task, to, None)?;
    } else if takes_over {
        claim::takes(&mut task, cx);
    } else if owner.is_some() && task.status == Status::Active && !is_mirrored(&task) {
        job::stays(&task)?;
        handed_over(view, cx, &mut task)?;
    }
    if let Some(code) = change.exit_code {
        job::exited(&before, &mut task, code)?;
    }
    if task == before && body.is_none() && others.is_empty() {
        return Ok(Decision::already());
    }
    check::fresh(view, id)?;
    task.updated_at = cx.now;
    let mut draft = Draft::new(view, cx);
    draft.event(if task.status == before.status { EventType::TaskUpdated } else { EventType::StatusUpdated }, Some(task.id));
    if let Some(body) = body {
        draft.put(Entity::Message(body));
    }
    tell(view, &mut draft, id, &before, &mut task)?;
    draft.put(Entity::Task(task.clone()));
    let besides: Vec<_> = others.iter().map(|other| other.now.id).collect();
    others.into_iter().try_for_each(|other| arrows::write(view, &mut draft, id, &task, other))?;
    follow(view, &mut draft, id, &before, &task, &besides)?;
    Ok(draft.done())
}

/// Takes the most urgent task of a list that is free to begin, so that no two agents ever take the same one.
pub(super) fn claim_next(view: &impl View, cx: &Context, id: Id, list: &ListName, owner: Option<AgentName>) -> Result<Decision, Rejection> {
    let Actor::Agent { name } = &cx.actor else {
        return Err(Rejection::Forbidden { what: "claim a task", who: "an agent" });
    };
    // A program looks for itself what it may run, and is told when there is more.
    let is_program = view.agent(name).known("the agent")?.is_some_and(|agent| agent.is_program());
    let next = if is_program { None } else { view.up_for_grabs(list).known("the tasks of the list")? };
    let Some(task) = next else {
        let mut draft = Draft::new(view, cx);
        offer::wait(view, &mut draft, name, list)?;
        return Ok(draft.ends(Outcome::Claimed(None)));
    };
    let owner = owner.unwrap_or_else(|| name.clone());
    let change = WorkChange { status: Some(Status::Active), owner: Some(Some(owner)), ..WorkChange::default() };
    Ok(Decision { outcome: Outcome::Claimed(Some(task.id)), ..update(view, cx, id, task.id, change)? })
}

/// A task that is under way gets another owner. What is given to another who is here, or to nobody, waits for somebody to begin it; a name
/// without a connection of its own works through the agent that gives it the task, on another claim.
fn handed_over(view: &impl View, cx: &Context, task: &mut Task) -> Result<(), Rejection> {
    let owner = task.work.as_ref().and_then(|work| work.owner.as_ref());
    let is_here = |owner: &AgentName| matches!(view.agent(owner), Look::Known(Some(_)));
    let goes_on = match (owner, cx.actor.agent()) {
        (Some(owner), Some(agent)) => owner == agent || !is_here(owner),
        _ => false,
    };
    if !goes_on {
        return set(view, cx, task, Status::Pending, None);
    }
    claim::takes(task, cx);
    Ok(())
}

/// Tells the agents that a change concerns, and notes who hears of the task from now on. What they are told a page leaves to the authority.
fn tell(view: &impl View, draft: &mut Draft<'_>, id: Id, before: &Task, task: &mut Task) -> Result<(), Rejection> {
    let cx = draft.cx;
    let (Some(was), Some(is)) = (&before.work, task.work.clone()) else { return Ok(()) };
    let given = if is.owner == was.owner { None } else { meant_for(view, cx, task) };
    if let Some(agent) = given {
        if AGENTS {
            // An agent that gives away what nobody has begun has spoken about it; a person has not.
            let had = if cx.actor.is_person() { change::who_had(view, before) } else { was.holder.clone() };
            if let Some(had) = had.filter(|had| cx.actor.agent() != Some(had)) {
                let of_other = Task { agent: Some(had), ..before.clone() };
                let news = inbox::next_id(view, draft, id);
                inbox::queue(draft, &of_other, news, DeliveryKind::Status, Some(change::of_owner(Some(&agent))));
            }
        }
        task.agent = Some(agent);
        task.session = None;
        if AGENTS {
            let id = inbox::next_id(view, draft, id);
            inbox::queue(draft, task, id, DeliveryKind::Task, Some("given to you".to_owned()));
        }
        return Ok(());
    }
    if !AGENTS {
        return Ok(());
    }
    if !cx.actor.is_person() {
        // Who holds it hears of it, whoever else says something of it.
        let others_claim = is.holder.is_some() && is.holder.as_ref() != cx.actor.agent();
        if !others_claim {
            acted(task, cx);
        }
        return inbox::task_named(view, draft, task, before.agent.is_some());
    }
    let id = inbox::next_id(view, draft, id);
    if task.status != before.status || was.owner != is.owner {
        let moved = (task.status != before.status).then(|| format!("{} → {}", before.status.word(), task.status.word()));
        let owner = (was.owner != is.owner).then(|| change::of_owner(is.owner.as_ref()));
        let note = [moved, owner].into_iter().flatten().collect::<Vec<_>>().join(": ");
        let had = change::who_had(view, before).or_else(|| before.agent.clone());
        inbox::queue(draft, &Task { agent: had, ..before.clone() }, id, DeliveryKind::Status, Some(note));
    } else if was.owner.is_some() && task.status.is_open() {
        let in_a_line = change::in_a_line(view, was, &is).filter(|_| task.digest == before.digest);
        let (kind, note) = in_a_line.map_or_else(|| (DeliveryKind::Task, "edited".to_owned()), |note| (DeliveryKind::Status, note));
        inbox::queue(draft, task, id, kind, Some(note));
    }
    Ok(())
}

/// Is it had elsewhere? Then who has it is said there, and nobody is given it here.
fn is_mirrored(task: &Task) -> bool {
    task.work.as_ref().is_some_and(|work| work.metadata.is_mirrored())
}

/// The agent that a task is meant for, if that is one with a connection of its own and another than the one that acts.
fn meant_for(view: &impl View, cx: &Context, task: &Task) -> Option<AgentName> {
    if is_mirrored(task) {
        return None;
    }
    let owner = task.work.as_ref()?.owner.as_ref()?;
    match view.agent(owner) {
        Look::Known(Some(agent)) => Some(agent.name).filter(|agent| cx.actor.agent() != Some(agent)),
        Look::Known(None) | Look::Unknown => None,
    }
}

pub(super) fn active_form(form: Option<String>) -> Result<Option<String>, Rejection> {
    let form = form.filter(|form| !form.trim().is_empty());
    form.map(|form| check::line("activeForm", &form, limits::TITLE_CHARS)).transpose()
}

/// What is noted of a task once this has been said.
pub(super) fn noted(before: &Metadata, noted: Noted) -> Result<Metadata, Rejection> {
    let too_long = |given: usize| Rejection::TooLong { field: "metadata", limit: limits::METADATA_BYTES, unit: "bytes", given };
    // Names that shall go take room in what is said, and none in what is kept. Much more than is kept is not even looked through.
    let (Noted::Merged(said) | Noted::Replaced(said)) = &noted;
    if said.bytes() > 2 * limits::METADATA_BYTES {
        return Err(too_long(said.bytes()));
    }
    let after = noted.after(before);
    if after.bytes() > limits::METADATA_BYTES { Err(too_long(after.bytes())) } else { Ok(after) }
}
