//! What must hold: at any time, and when everything has come to rest.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::command::Command;
use agentrq_core::cursor::Cursor;
use agentrq_core::decision::Change;
use agentrq_core::id::{DeliveryId, Id, TaskId};
use agentrq_core::json::{self, Write};
use agentrq_core::model::{Delivery, DeliveryState, Entity, Task};
use agentrq_core::rejection::Problem;
use agentrq_core::store::{Extent, MemoryStore};
use agentrq_core::sync::delta::Frame;
use agentrq_core::view::{Look, Store, View};
use sha2::{Digest, Sha256};

use crate::browser::{Browser, Tab};
use crate::world::World;

/// A verdict is shown as given only when it stands.
pub(crate) fn no_verdict_is_painted(world: &World) -> Result<(), String> {
    for tab in world.browsers.iter().flat_map(|browser| &browser.tabs) {
        for pending in tab.replica.pending() {
            if pending.painted && matches!(pending.command, Command::GiveVerdict { .. }) {
                return Err(format!("the verdict {:?} is painted before the server has it", pending.command.id()));
            }
        }
    }
    Ok(())
}

/// What a command answers, and on what.
pub(crate) struct Shown {
    command: Id,
    is_verdict: bool,
    digest: Option<String>,
    task: Task,
}

/// The task that a command answers, as the server holds it before it decides.
pub(crate) fn shown(command: &Command, store: &MemoryStore) -> Option<Shown> {
    let (is_verdict, task, digest) = match command {
        Command::GiveVerdict { task, digest, .. } => (true, task, Some(digest.clone())),
        Command::PostMessage { task, digest, .. } => (false, task, digest.clone()),
        _ => return None,
    };
    let Look::Known(Some(task)) = store.task(*task) else { return None };
    Some(Shown { command: command.id(), is_verdict, digest, task })
}

/// An answer that took effect was an answer to what stood there, and a verdict was the first.
pub(crate) fn still_holds(shown: &Shown) -> Result<(), String> {
    if shown.digest.as_ref().is_some_and(|digest| *digest != shown.task.digest) {
        return Err(format!("{} answered what no longer stood there", shown.command));
    }
    if shown.is_verdict && shown.task.verdict.is_some() {
        return Err(format!("{} overruled a verdict that stood", shown.command));
    }
    Ok(())
}

/// What counts as received was brought to a client, in full.
pub(crate) fn what_is_received_was_brought(world: &mut World) -> Result<(), String> {
    let received = std::mem::take(&mut world.server.received);
    match received.into_iter().find(|delivery| world.brought(*delivery) == 0 && !world.dropped_by_client.contains(delivery)) {
        Some(delivery) => Err(format!("{delivery} counts as received, and no client was brought it")),
        None => Ok(()),
    }
}

/// What counts as seen because its session called again, that session was told of. What was owed to a session was handed over once more before.
pub(crate) fn what_is_read_was_told(world: &mut World) -> Result<(), String> {
    for (session, delivery) in std::mem::take(&mut world.server.read) {
        if !world.agents.iter().any(|agent| agent.knows(session, delivery)) {
            return Err(format!("{delivery} counts as seen by {session}, which was never told of it"));
        }
        if let Some(before) = world.owed.remove(&delivery)
            && world.brought(delivery) <= before
        {
            return Err(format!("{delivery} was owed to a new session, and counts as seen though it was not handed over again"));
        }
    }
    Ok(())
}

/// What a page has missed follows on the place where it stands: one that is of no history, or of one that was set back, is not gone on from.
pub(crate) fn goes_on_from(place: &Cursor, missed: &[Frame]) -> Result<(), String> {
    match missed.iter().find_map(|frame| frame.end.as_ref()) {
        // A history may be renamed when its database is restored.
        Some(end) if (end.base.seq, &end.base.tag) != (place.seq, &place.tag) => {
            Err(format!("{place} is told of {}, which does not follow", end.cursor))
        }
        _ => Ok(()),
    }
}

/// A refusal that a page brings upon itself.
pub(crate) fn was_sent_rightly(world: &World, browser: &Browser, rejection: &Problem) -> Result<(), String> {
    let may_lack_files = browser.has_lost_files || world.restored;
    if rejection.code == "attachment_not_found" && !may_lack_files {
        return Err(format!("words were sent before the file that they name: {}", rejection.detail));
    }
    Ok(())
}

/// Whether there is nothing left to wait for.
pub(crate) fn is_at_rest(world: &World) -> bool {
    world.browsers.iter().all(|browser| browser.tabs.iter().all(|tab| has_caught_up(world, tab)))
        && world.server.durable.store.deliveries().all(|delivery| is_done(world, delivery))
}

/// A backup may hold an answer of which no word comes any more, to a session that has ended since: what stands in it stays sent, and later
/// results tell of it.
fn is_done(world: &World, delivery: &Delivery) -> bool {
    let is_with = |session| world.agents.iter().any(|agent| Some(agent.session) == session);
    let is_left = world.restored && delivery.state == DeliveryState::Sent && !is_with(delivery.session);
    delivery.state == DeliveryState::Seen || is_left
}

fn has_caught_up(world: &World, tab: &Tab) -> bool {
    let is_sent = tab.outbox.as_ref().is_none_or(|outbox| outbox.rows().is_empty());
    tab.replica.cursor() == Some(&world.server.durable.cursor()) && tab.replica.pending().is_empty() && is_sent
}

/// Every promise, once the network has healed and nothing moves.
pub(crate) fn at_rest(world: &World) -> Result<(), String> {
    the_server_is_the_fold_of_its_log(world)?;
    for browser in &world.browsers {
        for tab in &browser.tabs {
            a_tab_shows_what_the_server_holds(world, tab)?;
        }
        every_command_ended_once(world, browser)?;
    }
    every_delivery_was_seen(world)
}

fn the_server_is_the_fold_of_its_log(world: &World) -> Result<(), String> {
    let durable = &world.server.durable;
    let mut folded = MemoryStore::new(Extent::Whole);
    let mut receipts: BTreeMap<DeliveryId, Delivery> = BTreeMap::new();
    let mut at = durable.log.first().and_then(|frames| frames.last()?.end.as_ref()).map(|end| end.base.clone());
    for frames in &durable.log {
        let Some(end) = frames.last().and_then(|frame| frame.end.as_ref()) else { return Err("a commit without an end".to_owned()) };
        // A history may be renamed when its database is restored.
        if at.is_none_or(|at| (at.seq, at.tag) != (end.base.seq, end.base.tag.clone())) {
            return Err(format!("commit {} follows on {}, which is not the one before", end.cursor, end.base));
        }
        at = Some(end.cursor.clone());
        for change in frames.iter().flat_map(|frame| &frame.event.changes) {
            let Ok(()) = folded.apply([change]);
            if let Change::Put { entity } = change
                && let Entity::Delivery(now) = &**entity
                && let Some(before) = receipts.insert(now.id, now.clone())
            {
                a_receipt_goes_on(&before, now)?;
            }
        }
    }
    let differs = |what: &str| Err(format!("the server's {what} are not the fold of its log"));
    if !folded.tasks().eq(durable.store.tasks()) {
        return differs("tasks");
    }
    if !folded.deliveries().eq(durable.store.deliveries()) {
        return differs("deliveries");
    }
    if !folded.agents().eq(durable.store.agents()) {
        return differs("agents");
    }
    if durable.store.tasks().any(|task| folded.thread(task.id) != durable.store.thread(task.id)) {
        return differs("threads");
    }
    Ok(())
}

/// What people are shown of a delivery never goes back, unless it was lost on the way, or is owed to a new session.
fn a_receipt_goes_on(before: &Delivery, now: &Delivery) -> Result<(), String> {
    let is_lost = before.state == DeliveryState::Sent;
    let is_owed = now.redelivered && !before.redelivered && before.state != DeliveryState::Seen;
    if now.state >= before.state || now.state == DeliveryState::Queued && (is_lost || is_owed) {
        return Ok(());
    }
    Err(format!("a receipt went back from {:?} to {:?}: {}", before.state, now.state, now.id))
}

fn a_tab_shows_what_the_server_holds(world: &World, tab: &Tab) -> Result<(), String> {
    let durable = &world.server.durable;
    let (name, replica) = (tab.id, &tab.replica);
    if let Some(pending) = replica.pending().first() {
        return Err(format!("tab {name}: {:?} is still pending", pending.command));
    }
    if let Some(row) = tab.outbox.as_ref().and_then(|outbox| outbox.rows().first()) {
        return Err(format!("tab {name}: {row:?} still waits in the outbox"));
    }
    if replica.cursor() != Some(&durable.cursor()) {
        return Err(format!("tab {name} stands at {:?}, the server at {}", replica.cursor().map(ToString::to_string), durable.cursor()));
    }
    let differs = |what: &str| Err(format!("tab {name} shows other {what} than the server holds"));
    let mut tasks = tab.tasks();
    tasks.reverse();
    let held: BTreeSet<TaskId> = tasks.iter().map(|task| task.id).collect();
    // Without earlier tasks that are still to come, it holds all.
    let is_shown = |task: &&Task| tab.older.is_none() || held.contains(&task.id);
    let there: Vec<_> = durable.store.tasks().filter(is_shown).collect();
    if let Some(task) = tasks.iter().find(|task| !there.contains(task)) {
        return Err(format!("tab {name} shows what the server does not hold: {task:?}"));
    }
    if let Some(task) = there.iter().find(|task| !tasks.contains(task)) {
        return Err(format!("tab {name} does not show {task:?}"));
    }
    if !replica.agents().into_iter().map(|shown| shown.value).eq(durable.store.agents()) {
        return differs("agents");
    }
    if replica.workspace().cloned().map_or(Look::Unknown, Look::Known) != durable.store.workspace() {
        return differs("workspaces");
    }
    for task in durable.store.tasks().map(|task| task.id) {
        let thread: Vec<_> = replica.thread(task).into_iter().map(|shown| shown.value).collect();
        let all = durable.store.thread(task);
        let is_whole = replica.thread_state(task).is_some();
        if is_whole && thread != all || thread.iter().any(|message| !all.contains(message)) {
            return differs("messages");
        }
        let inbox: Vec<_> = replica.deliveries(task).into_iter().map(|shown| shown.value).collect();
        let all_of_it = durable.store.inbox(task);
        let is_of_message = |it: &&&Delivery| all.iter().any(|message| message.id.0 == it.id.0);
        let lacks = all_of_it.iter().filter(is_of_message).any(|delivery| !inbox.contains(delivery));
        if is_whole && lacks || inbox.iter().any(|delivery| !all_of_it.contains(delivery)) {
            return differs("deliveries");
        }
    }
    Ok(())
}

/// An acknowledged command took effect once, a refused one never, and one that was neither was lost with its storage.
fn every_command_ended_once(world: &World, browser: &Browser) -> Result<(), String> {
    for id in &browser.proposed {
        let (accepted, refused) = world.server.durable.effects.get(id).copied().unwrap_or_default();
        if accepted + refused > 1 {
            return Err(format!("{id} was run {} times: accepted {accepted}, refused {refused}", accepted + refused));
        }
        let told = browser.told.get(id).cloned().unwrap_or_default();
        // How it ended before a backup was restored, the server cannot know.
        let is_undone = world.undone.contains_key(id);
        if told.contains(&true) && accepted != 1 && !is_undone {
            return Err(format!("{id} was acknowledged and took effect {accepted} times"));
        }
        if told.contains(&false) && accepted != 0 && !is_undone {
            return Err(format!("{id} was refused and took effect"));
        }
        let was_let_go = browser.forgotten.contains(id) || world.undone.get(id).is_some_and(|held| !held);
        if accepted + refused == 0 && !was_let_go {
            return Err(format!("{id} is lost: the server never heard of it"));
        }
    }
    Ok(())
}

fn every_delivery_was_seen(world: &World) -> Result<(), String> {
    match world.server.durable.store.deliveries().find(|delivery| !is_done(world, delivery)) {
        Some(delivery) => Err(format!("{delivery:?} was never seen")),
        None => Ok(()),
    }
}

/// A number for the whole state.
pub(crate) fn hash(world: &World) -> u64 {
    let mut hash = Sha256::new();
    let mut add = |value: &dyn Write| hash.update(json::to_string(value));
    for frame in world.server.durable.log.iter().flat_map(|frames| frames.iter()) {
        add(frame);
    }
    for task in world.server.durable.store.tasks() {
        add(task);
    }
    for tab in world.browsers.iter().flat_map(|browser| &browser.tabs) {
        add(&tab.replica.tasks());
        add(&tab.replica.checkpoint(&tab.open));
    }
    let digest = hash.finalize();
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}
