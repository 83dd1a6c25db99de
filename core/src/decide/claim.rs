//! The rules of claims: who has a task of a list, and on what terms.
//!
//! A claim stands for as long as its agent is there, and for a while after it was last heard of: its lease. Each claim of a task has a number, one higher than
//! the claim before: whoever comes back late and names the number of a claim that is no more is refused.

use super::{AGENTS, check, job};
use crate::command::Context;
use crate::lifecycle::Status;
use crate::model::{Actor, Agent, AgentName, Presence, Task, Work};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::view::{Look, View};

/// How long a claim stands without a word from its agent, unless the server is set up otherwise.
pub const LEASE_MS: u64 = 10 * 60 * 1_000;

/// When the claims of an agent end, if nothing is heard of it until then; `None` while it is there.
pub fn lease_ends(agent: &Agent, lease_ms: u64) -> Option<Timestamp> {
    if agent.presence == Presence::Connected {
        return None;
    }
    let left = Some(agent.since).filter(|_| agent.presence == Presence::Disconnected);
    left.max(agent.last_heard_at).or(Some(agent.since)).map(|last| last.plus_ms(lease_ms))
}

/// May this actor move a task of a list, delete it or give it to another? Not while another agent holds it, unless the claim that stands is named.
pub(super) fn may_act(task: &Task, cx: &Context, fence: Option<u64>) -> Result<(), Rejection> {
    let (Some(work), Actor::Agent { name }) = (&task.work, &cx.actor) else { return Ok(()) };
    let Some(holder) = &work.holder else { return Ok(()) };
    if holder == name || work.owner.as_ref() == Some(name) || fence == Some(work.fence) {
        return Ok(());
    }
    Err(held(task, work))
}

/// Refuses whoever acts on a claim that is no more: another has been made since, or what ran on it is to run anew.
pub(super) fn check_fence(task: &Task, work: &Work, fence: Option<u64>) -> Result<(), Rejection> {
    let Some(fence) = fence else { return Ok(()) };
    if fence != work.fence {
        return Err(held(task, work));
    }
    if work.job.is_some() && task.status == Status::Pending {
        return Err(Rejection::Held { task: task.called(), owner: None, holder: None, fence });
    }
    Ok(())
}

/// May an agent begin a task, under the name `owner` where it gives one? Not where the task is meant for another. Who gives no name begins it for
/// whomever it is meant for, unless that one has a connection of its own.
pub(super) fn may_take(
    view: &impl View,
    cx: &Context,
    task: &Task,
    owner: Option<&AgentName>,
    fence: Option<u64>,
) -> Result<(), Rejection> {
    let (Some(work), Actor::Agent { name }) = (&task.work, &cx.actor) else { return Ok(()) };
    let Some(meant_for) = &work.owner else { return Ok(()) };
    let is_here = || matches!(view.agent(meant_for), Look::Known(Some(_)));
    let anothers = match owner {
        Some(owner) => owner != meant_for,
        None => meant_for != name && is_here(),
    };
    if anothers && fence.is_none() { Err(held(task, work)) } else { Ok(()) }
}

/// Does an agent tell how a task stands where it really lives? Several that share a list there tell of one task. On what a person has decided they say nothing.
pub(super) fn is_mirror_of(task: &Task, cx: &Context) -> bool {
    let is_mirrored = |work: &Work| work.step_of.is_none() && work.metadata.is_mirrored();
    AGENTS && cx.actor.agent().is_some() && task.verdict.is_none() && task.work.as_deref().is_some_and(is_mirrored)
}

/// The agent that asks has the task from now on, on a claim of its own.
pub(super) fn takes(task: &mut Task, cx: &Context) {
    if let (Some(work), Actor::Agent { name }) = (&mut task.work, &cx.actor) {
        // What really lives elsewhere is had there: a lease here says nothing. What runs is had by who runs it.
        work.holder = Some(name.clone()).filter(|_| work.job.is_some() || !work.metadata.is_mirrored());
        work.owner.get_or_insert_with(|| name.clone());
        work.fence += 1;
    }
    job::moves(task, Status::Active, cx);
}

/// Refuses whoever acts on a claim that is no more.
///
/// # Errors
/// [`Rejection::Held`]: who has the task now.
pub fn check_claim(task: &Task, fence: Option<u64>) -> Result<(), Rejection> {
    task.work.as_ref().map_or(Ok(()), |work| check_fence(task, work, fence))
}

/// Refuses whoever acts on what a task was before it changed.
///
/// # Errors
/// [`Rejection::Changed`]: which revision it is at.
pub fn check_seen(task: &Task, revision: Option<u64>) -> Result<(), Rejection> {
    match revision {
        Some(seen) if seen != task.revision => Err(Rejection::Changed { task: task.called(), revision: task.revision }),
        _ => Ok(()),
    }
}

pub(super) fn held(task: &Task, work: &Work) -> Rejection {
    let owner = work.owner.clone().or(work.holder.clone());
    Rejection::Held { task: task.called(), owner, holder: work.holder.clone(), fence: work.fence }
}

/// Notes on a task of a list that is about to move to `to` who has it then.
pub(super) fn moves(view: &impl View, cx: &Context, task: &mut Task, to: Status) -> Result<(), Rejection> {
    let from = task.status;
    let Some(work) = &task.work else { return Ok(()) };
    if from == Status::Pending && matches!(to, Status::Active | Status::Completed) && work.wave.is_none() && !is_mirror_of(task, cx) {
        check_begin(view, task, work)?;
    }
    if to == Status::Active && cx.actor.agent().is_some() {
        takes(task, cx);
    } else if let Some(work) = &mut task.work {
        work.holder = None;
    }
    Ok(())
}

/// Refuses to begin what still waits, where the workspace wants that. The steps of a workflow have their order in any.
fn check_begin(view: &impl View, task: &Task, work: &Work) -> Result<(), Rejection> {
    if work.step_of.is_none() && !view.workspace().known("the workspace")?.enforce_dependencies {
        return Ok(());
    }
    let mut by = Vec::new();
    for blocker in &work.blocked_by {
        let blocker = check::task(view, *blocker)?;
        if blocker.status != Status::Completed {
            by.push(blocker.called());
        }
    }
    if by.is_empty() { Ok(()) } else { Err(Rejection::Blocked { task: task.called(), by }) }
}

/// May this agent report what a task prints? Whoever holds it may, or whoever names the claim that stands.
///
/// # Errors
/// Why not: nothing runs in the background, or not now, or another runs it.
pub fn check_runs(task: &Task, agent: &AgentName, fence: Option<u64>) -> Result<(), Rejection> {
    let work = task.work.as_ref().filter(|work| work.job.is_some()).ok_or(Rejection::NotBackground { task: task.id })?;
    if work.job.as_ref().is_some_and(|job| job.run.is_some()) {
        let problem = "the run of a workflow prints nothing: its steps do".to_owned();
        return Err(Rejection::Invalid { field: "task", problem });
    }
    check_fence(task, work, fence)?;
    match task.status {
        Status::Active if fence.is_some() || work.holder.as_ref().is_none_or(|holder| holder == agent) => Ok(()),
        Status::Active => Err(held(task, work)),
        Status::Pending => Err(Rejection::NotBegun { task: task.id }),
        status => Err(Rejection::TaskClosed { task: task.id, status }),
    }
}
