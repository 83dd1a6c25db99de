//! What this person has asked and the server has not confirmed: decided here at once, and again whenever what it looked at is another.

use super::super::layers::{AROUND, Layers};
use super::super::touched::{self, Ids};
use super::Replica;
use crate::command::{Command, Context};
use crate::cursor::Cursor;
use crate::decide::decide;
use crate::id::Id;
use crate::rejection::{Problem, Rejection};
use crate::store::{Extent, MemoryStore};
use crate::time::Timestamp;

/// What became of a proposal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proposed {
    /// Painted as if it had happened, marked pending.
    Accepted,
    /// Only the server can decide it: shown as "sending".
    Sending,
    /// It cannot be: nothing is queued.
    Rejected(Rejection),
}

/// A command that the server has not confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    pub command: Command,
    /// When it was given.
    pub at: Timestamp,
    /// The commit that holds it, once the server has said so.
    pub acknowledged: Option<Cursor>,
    pub painted: bool,
    /// What its decision looked at, and what it wrote: it stands as long as none of this changes.
    touches: Vec<Id>,
}

impl Pending {
    fn new(command: Command, at: Timestamp) -> Self {
        Self { command, at, acknowledged: None, painted: false, touches: Vec::new() }
    }
}

/// As many settled commands are remembered.
const REMEMBERED_SETTLED: usize = 2_048;

impl Replica {
    /// Decides a command on what is shown, paints it if it may be painted, and queues it.
    pub fn propose(&mut self, command: Command, at: Timestamp) -> Proposed {
        let mut pending = Pending::new(command, at);
        let proposed = self.paint(&mut pending);
        if !matches!(proposed, Proposed::Rejected(_)) {
            self.pending.push(pending);
        }
        proposed
    }

    /// Why a command would be refused as things are shown here; nothing is queued. What only the server can tell is no refusal.
    pub fn refusal(&self, command: Command, at: Timestamp) -> Option<Rejection> {
        let context = Context { now: at, actor: self.me.clone()?, session: None };
        let refused = decide(&self.layers(), command, &context).err()?;
        (!matches!(refused, Rejection::NotLoaded { .. })).then_some(refused)
    }

    /// Takes over a command that was queued before, on an earlier visit or in another tab: it is pending whatever it comes to here.
    /// Tabs hear of each other out of order: what is pending already stays as it is, and what has been settled lately is not taken back.
    pub fn adopt(&mut self, command: Command, at: Timestamp) {
        let is_known = self.pending.iter().any(|pending| pending.command.id() == command.id());
        if is_known || self.settled.contains(&command.id()) {
            return;
        }
        let mut pending = Pending::new(command, at);
        self.paint(&mut pending);
        self.pending.push(pending);
    }

    /// Notes the server's answer to a command: a refusal takes it back, an acceptance holds until its delta is here.
    pub fn settle(&mut self, command: Id, rejection: Option<&Problem>, cursor: Option<Cursor>) {
        let Some(index) = self.pending.iter().position(|pending| pending.command.id() == command) else { return };
        let mut changed = Ids::default();
        if rejection.is_some() {
            self.takes_back(command, &mut changed);
            self.pending.remove(index);
            self.note_settled(command);
        } else {
            self.pending[index].acknowledged = cursor;
            changed = self.drop_confirmed();
        }
        self.rebase(changed);
    }

    pub(super) fn note_settled(&mut self, command: Id) {
        self.settled.push_back(command);
        if self.settled.len() > REMEMBERED_SETTLED {
            self.settled.pop_front();
        }
    }

    /// Forgets acknowledged commands whose commit is part of what is confirmed. What they touched.
    pub(super) fn drop_confirmed(&mut self) -> Ids {
        let mut touched = Ids::default();
        let Some(cursor) = &self.cursor else { return touched };
        let is_in = |pending: &Pending| pending.acknowledged.as_ref().is_some_and(|at| at.is_by(cursor));
        let (gone, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending).into_iter().partition(is_in);
        self.pending = kept;
        gone.iter().map(|pending| pending.command.id()).for_each(|id| self.note_settled(id));
        gone.iter().flat_map(|pending| &pending.touches).for_each(|id| touched.add(*id));
        touched
    }

    /// Decides all that is pending again.
    pub(super) fn rebase_all(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.iter().flat_map(|pending| &pending.touches).for_each(|id| self.unpaint(*id));
        self.overlay = MemoryStore::new(Extent::Part);
        for command in &mut pending {
            self.paint(command);
        }
        self.pending = pending;
    }

    /// Decides again what touched any of this, and what touched the same things as those did: all others would come to what they came to
    /// before.
    pub(super) fn rebase(&mut self, mut changed: Ids) {
        let mut pending = std::mem::take(&mut self.pending);
        let mut stale = vec![false; pending.len()];
        loop {
            let mut more = false;
            for (pending, stale) in pending.iter().zip(&mut stale) {
                if !*stale && pending.touches.iter().any(|id| changed.has(*id)) {
                    pending.touches.iter().for_each(|id| changed.add(*id));
                    (*stale, more) = (true, true);
                }
            }
            if !more {
                break;
            }
        }
        changed.iter().for_each(|id| self.unpaint(id));
        let mut new = Ids::default();
        for (pending, _) in pending.iter_mut().zip(&stale).filter(|(_, stale)| **stale) {
            self.paint(pending);
            pending.touches.iter().filter(|id| !changed.has(**id)).for_each(|id| new.add(*id));
        }
        let is_met = pending.iter().zip(&stale).any(|(pending, stale)| !stale && pending.touches.iter().any(|id| new.has(*id)));
        self.pending = pending;
        // One of them went further than before, to something of another that came before or after it.
        if is_met {
            self.rebase_all();
        }
    }

    /// What pending commands wrote under this id is not shown any more. It may be gone already, with its task.
    fn unpaint(&mut self, id: Id) {
        self.touched.part(id);
        self.overlay.forget(id, |task| self.touched.task(task));
        if id == AROUND {
            self.overlay.forget_around();
            self.touched.around();
        }
    }

    fn paint(&mut self, pending: &mut Pending) -> Proposed {
        pending.painted = false;
        pending.touches = [pending.command.id()].into_iter().collect();
        // Who looks is known from the first snapshot on.
        let Some(actor) = self.me.clone() else { return Proposed::Sending };
        let context = Context { now: pending.at, actor, session: None };
        self.decided += 1;
        let layers = self.layers();
        let decision = decide(&layers, pending.command.clone(), &context);
        pending.touches.extend(layers.looked());
        let decision = match decision {
            Ok(decision) => decision,
            Err(Rejection::NotLoaded { .. }) => return Proposed::Sending,
            Err(rejection) => return Proposed::Rejected(rejection),
        };
        // A verdict is shown as done only when it is done.
        if matches!(pending.command, Command::GiveVerdict { .. }) {
            return Proposed::Sending;
        }
        for change in decision.changes() {
            pending.touches.push(touched::id_of(change));
            self.touched.change(change);
            self.overlay.apply_change(change);
        }
        pending.painted = true;
        Proposed::Accepted
    }

    /// What a command touches is another thing once it is not pending any more.
    pub(super) fn takes_back(&self, command: Id, changed: &mut Ids) {
        let gone = self.pending.iter().filter(|pending| pending.command.id() == command);
        gone.flat_map(|pending| &pending.touches).for_each(|id| changed.add(*id));
    }

    fn layers(&self) -> Layers<'_> {
        Layers::new(&self.overlay, &self.confirmed)
    }

    pub fn pending(&self) -> &[Pending] {
        &self.pending
    }

    /// How often a command of these has been decided.
    pub fn decided(&self) -> u64 {
        self.decided
    }
}
