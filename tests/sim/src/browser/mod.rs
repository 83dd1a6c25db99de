//! A person's browser: its storage, its tabs, and the one among them that leads.
//!
//! The leader holds the stream and the outbox and tells the others; a follower hands its commands to the leader. The storage keeps the
//! outbox and a checkpoint. All of it may be closed, cleared or set back at any time.

mod hears;
mod sends;
mod tab;

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::Command;
use agentrq_core::id::{AttachmentId, Id};
use agentrq_core::model::{Actor, Attachment};
use agentrq_core::sync::outbox::{Outbox, Row};

use crate::net::{Net, Packet, Word};
use crate::stats::Stats;

pub(crate) use tab::Tab;

/// What the browser keeps on the disk.
#[derive(Clone, Debug, Default)]
pub(crate) struct Storage {
    client_id: Option<String>,
    next: u64,
    rows: Vec<Row>,
    /// What tabs that follow have asked and the leader has not taken up.
    asked: Vec<(Command, u64)>,
    checkpoint: Option<String>,
    /// Where the tasks of the checkpoint go on.
    older: Option<String>,
    files: BTreeMap<AttachmentId, KeptFile>,
}

/// A file that was chosen here.
#[derive(Clone, Debug)]
struct KeptFile {
    file: Attachment,
    /// The server is not known to have it.
    waits: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub me: Actor,
    pub skew_ms: i64,
    pub storage: Storage,
    /// What the storage was at the last save.
    earlier: Option<Storage>,
    /// The first one leads.
    pub tabs: Vec<Tab>,
    /// What was told of each command, in any tab: the server took it, or refused it.
    pub told: BTreeMap<Id, BTreeSet<bool>>,
    /// What was proposed and not refused at once.
    pub proposed: BTreeSet<Id>,
    /// What was lost with a storage or a tab before anybody else had it.
    pub forgotten: BTreeSet<Id>,
    /// Files were lost with a storage.
    pub has_lost_files: bool,
    /// Where the history stood at the latest page that was newer than the tab that asked for it.
    pub ahead: u64,
}

/// Names, and where things go.
pub(crate) struct Around<'a> {
    pub net: &'a mut Net,
    pub stats: &'a mut Stats,
    pub names: &'a mut u64,
}

impl Around<'_> {
    fn name(&mut self) -> u64 {
        *self.names += 1;
        *self.names
    }
}

impl Storage {
    /// The commands that wait here.
    fn ids(&self) -> Vec<Id> {
        let asked = self.asked.iter().map(|(command, _)| command.id());
        self.rows.iter().map(|row| row.command.id()).chain(asked).collect()
    }
}

impl Browser {
    pub(crate) fn new(me: Actor, skew_ms: i64) -> Self {
        Self {
            me,
            skew_ms,
            storage: Storage::default(),
            earlier: None,
            tabs: Vec::new(),
            told: BTreeMap::new(),
            proposed: BTreeSet::new(),
            forgotten: BTreeSet::new(),
            has_lost_files: false,
            ahead: 0,
        }
    }

    pub(crate) fn open_tab(&mut self, around: &mut Around<'_>) {
        let id = around.name();
        let mut tab = Tab::new(id);
        if let Some(text) = &self.storage.checkpoint
            && tab.replica.restore(text).is_ok()
        {
            tab.older.clone_from(&self.storage.older);
            around.stats.count("checkpoints restored");
        }
        self.storage.rows.iter().for_each(|row| tab.adopt(row, &self.storage.files));
        self.storage.asked.iter().for_each(|(command, at)| tab.adopt_asked(command, *at, &self.storage.files));
        tab.unheard.clone_from(&self.storage.asked);
        self.tabs.push(tab);
        if self.tabs.len() == 1 {
            self.lead(around);
        } else {
            self.share_state(around);
        }
    }

    /// The first tab leads from now on, with what the storage has.
    fn lead(&mut self, around: &mut Around<'_>) {
        let fresh = format!("c{}", around.name());
        let Some(tab) = self.tabs.first_mut() else { return };
        if tab.outbox.is_some() {
            return;
        }
        let client_id = self.storage.client_id.get_or_insert(fresh).clone();
        let mut outbox = Outbox::new(client_id);
        outbox.load(self.storage.rows.clone(), self.storage.next);
        for row in outbox.rows() {
            tab.adopt(row, &self.storage.files);
        }
        // What the leader before did not queue, or queued in a storage that is gone. The server knows what it has had already.
        tab.unheard.clear();
        for pending in tab.replica.pending() {
            outbox.add(pending.command.clone(), pending.at.ms());
        }
        tab.outbox = Some(outbox);
        self.reached();
        self.persist();
    }

    /// A tab is closed, or the whole browser with it: what nobody else has is lost.
    pub(crate) fn close_tab(&mut self, index: usize, around: &mut Around<'_>) {
        let tab = self.tabs.remove(index);
        around.net.close(tab.id);
        if index == 0 && !self.tabs.is_empty() {
            around.stats.count("leaders changed");
            self.lead(around);
            self.share_state(around);
        }
        self.note_forgotten(&tab);
    }

    /// A tab is gone: what stands in no storage and in no other tab is lost.
    fn note_forgotten(&mut self, tab: &Tab) {
        self.forget(tab.replica.pending().iter().map(|pending| pending.command.id()).collect());
    }

    fn forget(&mut self, held: Vec<Id>) {
        let rows = self.storage.ids();
        let pending = self.tabs.iter().flat_map(|tab| tab.replica.pending()).map(|pending| pending.command.id());
        let kept: BTreeSet<Id> = rows.into_iter().chain(pending).collect();
        self.forgotten.extend(held.into_iter().filter(|id| !kept.contains(id)));
    }

    /// The person cleared the storage while the page is open.
    pub(crate) fn lose_storage(&mut self, around: &mut Around<'_>) {
        let lost = std::mem::take(&mut self.storage);
        self.earlier = None;
        self.has_lost_files = true;
        self.forget(lost.ids());
        // What stands nowhere else any more its tab asks again.
        let Some(leader) = self.tabs.first().map(|tab| tab.id) else { return };
        for (command, at) in self.tabs.iter().flat_map(|tab| tab.unheard.clone()) {
            around.net.send(Packet::Word { tab: leader, word: Word::Please { command, at } });
        }
    }

    /// The storage is found as it was some time ago; the browser starts with it.
    pub(crate) fn roll_back(&mut self, around: &mut Around<'_>) -> bool {
        let Some(earlier) = self.earlier.clone() else { return false };
        self.has_lost_files = true;
        let lost = std::mem::replace(&mut self.storage, earlier);
        self.forget(lost.ids());
        self.reopen(around);
        true
    }

    /// It is loaded again without what was kept of the workspace.
    pub(crate) fn begin_again(&mut self, around: &mut Around<'_>) {
        self.storage.checkpoint = None;
        self.earlier = None;
        self.reopen(around);
    }

    fn reopen(&mut self, around: &mut Around<'_>) {
        let count = self.tabs.len();
        while let Some(tab) = self.tabs.pop() {
            around.net.close(tab.id);
            self.note_forgotten(&tab);
        }
        (0..count).for_each(|_| self.open_tab(around));
    }

    pub(crate) fn save(&mut self) {
        let Some(tab) = self.tabs.first() else { return };
        self.storage.checkpoint = tab.replica.checkpoint(&tab.open);
        self.storage.older.clone_from(&tab.older);
        self.earlier = Some(self.storage.clone());
    }

    /// The leader writes its queue.
    fn persist(&mut self) {
        let Some(outbox) = self.tabs.first().and_then(|tab| tab.outbox.as_ref()) else { return };
        self.storage.client_id = Some(outbox.client_id().to_owned());
        self.storage.next = outbox.next();
        self.storage.rows = outbox.rows().to_vec();
    }

    /// A person chooses a file, which may be named at once.
    pub(crate) fn choose(&mut self, index: usize, file: Attachment) {
        self.tabs[index].replica.attach(file.clone());
        self.storage.files.insert(file.id, KeptFile { file, waits: true });
    }

    /// What no delta has shown to the tab that leads. With no tab open, the storage knows.
    pub(crate) fn waiting(&self) -> BTreeSet<Id> {
        let rows = self.tabs.first().and_then(|tab| tab.outbox.as_ref()).map_or(&self.storage.rows[..], Outbox::rows);
        rows.iter().map(|row| row.command.id()).chain(self.storage.ids()).collect()
    }

    fn reached(&mut self) {
        let Some(tab) = self.tabs.first_mut() else { return };
        if let (Some(cursor), Some(outbox)) = (tab.replica.cursor(), tab.outbox.as_mut()) {
            outbox.reached(&cursor.clone());
        }
    }
}
