//! A person's browser: its storage, its tabs, and the one among them that leads.
//!
//! The leader holds the stream and the outbox and tells the others; a follower hands its commands to the leader. The storage keeps the
//! outbox and a checkpoint. All of it may be closed, cleared or set back at any time.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::Command;
use agentrq_core::id::{AttachmentId, Id, TaskId};
use agentrq_core::model::{Actor, Attachment, Task};
use agentrq_core::rejection::{Problem, Rejection};
use agentrq_core::sync::authority::Batch;
use agentrq_core::sync::delta::{Frame, Snapshot};
use agentrq_core::sync::outbox::{Answer, Failed, Outbox, Progress, Row};
use agentrq_core::sync::replica::{Applied, Proposed, Replica};
use agentrq_core::time::Timestamp;

use crate::net::{Channel, Net, Packet, TabId, Wanted, Word};
use crate::stats::Stats;

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
pub(crate) struct Tab {
    pub id: TabId,
    pub replica: Replica,
    /// Here if this tab leads.
    pub outbox: Option<Outbox>,
    pub stream: Option<Channel>,
    /// The frames of a commit whose end has not come: a tab that joins now must not get half of it.
    pub half: Vec<String>,
    /// The batch that is under way.
    pub sending: Option<u64>,
    /// The snapshot that is under way.
    pub asking: Option<u64>,
    /// Where earlier tasks begin that are not here.
    pub older: Option<String>,
    /// The earlier tasks that are under way.
    pub paging: Option<u64>,
    /// Threads that are under way: what was asked before a snapshot came is too old.
    looking: BTreeSet<u64>,
    pub open: BTreeSet<TaskId>,
    /// What the leader has not said it queued.
    unheard: Vec<(Command, u64)>,
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

impl Tab {
    fn new(id: TabId) -> Self {
        Self {
            id,
            replica: Replica::new(),
            outbox: None,
            stream: None,
            half: Vec::new(),
            sending: None,
            asking: None,
            older: None,
            paging: None,
            looking: BTreeSet::new(),
            open: BTreeSet::new(),
            unheard: Vec::new(),
        }
    }

    fn adopt_asked(&mut self, command: &Command, at: u64, files: &BTreeMap<AttachmentId, KeptFile>) {
        named_by(command).iter().filter_map(|id| files.get(id)).for_each(|kept| self.replica.attach(kept.file.clone()));
        self.replica.adopt(command.clone(), Timestamp::from_ms(at));
    }

    fn adopt(&mut self, row: &Row, files: &BTreeMap<AttachmentId, KeptFile>) {
        self.adopt_asked(&row.command, row.at, files);
        if let Some(cursor) = &row.acknowledged {
            let id = row.command.id();
            self.replica.settle(id, None, Some(cursor.clone()));
        }
    }
}

/// The files that a command names.
fn named_by(command: &Command) -> &[AttachmentId] {
    match command {
        Command::CreateTask { attachments, .. } | Command::PostMessage { attachments, .. } | Command::GiveVerdict { attachments, .. } => {
            attachments
        }
        _ => &[],
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

    /// A person does something. Whether the page has refused it at once.
    ///
    /// # Errors
    /// When a verdict is shown before the server has it.
    pub(crate) fn propose(
        &mut self,
        index: usize,
        command: Command,
        at: u64,
        around: &mut Around<'_>,
    ) -> Result<Option<Rejection>, String> {
        let id = command.id();
        let tab = &mut self.tabs[index];
        let is_verdict = matches!(command, Command::GiveVerdict { .. });
        match tab.replica.propose(command.clone(), Timestamp::from_ms(at)) {
            Proposed::Rejected(why) => {
                around.stats.count("commands rejected at once");
                return Ok(Some(why));
            }
            Proposed::Accepted if is_verdict => return Err(format!("the verdict {id} was painted before the server had it")),
            Proposed::Accepted | Proposed::Sending => {}
        }
        self.proposed.insert(id);
        if index == 0 {
            self.queue(command, at, around);
        } else {
            tab.unheard.push((command.clone(), at));
            self.storage.asked.push((command.clone(), at));
            let leader = self.tabs[0].id;
            around.net.send(Packet::Word { tab: leader, word: Word::Please { command, at } });
        }
        Ok(None)
    }

    fn queue(&mut self, command: Command, at: u64, around: &mut Around<'_>) {
        let Some(outbox) = self.tabs[0].outbox.as_mut() else { return };
        outbox.add(command.clone(), at);
        self.storage.asked.retain(|(asked, _)| asked.id() != command.id());
        let row = outbox.rows().iter().find(|row| row.command.id() == command.id()).cloned();
        self.persist();
        if let Some(row) = row {
            self.share(&Word::Queued { row }, around);
        }
    }

    fn share(&self, word: &Word, around: &mut Around<'_>) {
        for follower in self.tabs.iter().skip(1) {
            around.net.send(Packet::Word { tab: follower.id, word: word.clone() });
        }
    }

    fn share_state(&self, around: &mut Around<'_>) {
        let Some(leader) = self.tabs.first() else { return };
        let everything: BTreeSet<TaskId> = self.tabs.iter().flat_map(|tab| tab.open.iter().copied()).collect();
        let (Some(checkpoint), Some(outbox)) = (leader.replica.checkpoint(&everything), &leader.outbox) else { return };
        self.share(&Word::State { checkpoint, older: leader.older.clone(), rows: outbox.rows().to_vec() }, around);
    }

    /// The leader asks for what it lacks, and sends what waits.
    pub(crate) fn go(&mut self, around: &mut Around<'_>) {
        if self.tabs.is_empty() {
            return;
        }
        for (command, at) in std::mem::take(&mut self.storage.asked) {
            self.tabs[0].adopt_asked(&command, at, &self.storage.files);
            self.queue(command, at, around);
        }
        let request = around.name();
        let Some(tab) = self.tabs.first_mut() else { return };
        if tab.replica.cursor().is_none() && tab.asking.is_none() {
            tab.asking = Some(request);
            around.net.send(Packet::Ask { tab: tab.id, request, wanted: Wanted::Snapshot });
        }
        let batch = tab.outbox.as_ref().and_then(Outbox::batch);
        if let (None, Some(batch)) = (tab.sending, batch) {
            tab.sending = Some(request);
            around.net.send(match words_or_file(batch, &self.storage.files) {
                Ready::Words(batch) => Packet::Commands { tab: tab.id, request, batch },
                Ready::File(file) => Packet::File { tab: tab.id, request, file },
            });
        }
    }

    /// The server has a file.
    pub(crate) fn filed(&mut self, tab: TabId, request: u64, file: AttachmentId) {
        let Some(leader) = self.tabs.first_mut().filter(|it| it.id == tab && it.sending == Some(request)) else { return };
        leader.sending = None;
        if let Some(kept) = self.storage.files.get_mut(&file) {
            kept.waits = false;
        }
    }

    /// A tab asks for earlier tasks, if there are any and they are not under way.
    pub(crate) fn page(&mut self, index: usize, around: &mut Around<'_>) {
        let request = around.name();
        let tab = &mut self.tabs[index];
        if let (None, Some(after)) = (tab.paging, tab.older.clone()) {
            tab.paging = Some(request);
            around.net.send(Packet::Ask { tab: tab.id, request, wanted: Wanted::Tasks(after) });
        }
    }

    /// A tab opens a thread.
    pub(crate) fn look(&mut self, index: usize, task: TaskId, around: &mut Around<'_>) {
        let request = around.name();
        let tab = &mut self.tabs[index];
        tab.open.insert(task);
        tab.looking.insert(request);
        around.net.send(Packet::Ask { tab: tab.id, request, wanted: Wanted::Thread(task) });
    }

    /// What a tab asked for is here.
    pub(crate) fn given(&mut self, tab: TabId, request: u64, wanted: Wanted, seq: u64, text: Option<String>, around: &mut Around<'_>) {
        let Some(index) = self.tabs.iter().position(|it| it.id == tab) else { return };
        let tab = &mut self.tabs[index];
        if wanted != Wanted::Snapshot && tab.replica.cursor().is_some_and(|cursor| cursor.seq < seq) {
            self.ahead = self.ahead.max(seq);
        }
        match (wanted, text) {
            (Wanted::Snapshot, Some(text)) if tab.asking == Some(request) => {
                tab.asking = None;
                let Ok(snapshot) = serde_json::from_str::<Snapshot>(&text) else { return };
                tab.older.clone_from(&snapshot.next_cursor);
                tab.replica.load_snapshot(snapshot);
                tab.looking.clear();
                tab.paging = None;
                self.reached();
                // Of the rest a server that was restored may know nothing.
                if let Some(outbox) = &mut self.tabs[index].outbox {
                    outbox.ask_again();
                }
                self.persist();
                let open: Vec<_> = self.tabs[index].open.iter().copied().collect();
                open.into_iter().for_each(|task| self.look(index, task, around));
                self.page(index, around);
                self.share_state(around);
            }
            (Wanted::Thread(task), Some(text)) if tab.looking.remove(&request) => {
                let Ok(page) = serde_json::from_str(&text) else { return };
                tab.replica.load_thread(task, page);
            }
            (Wanted::Tasks(_), Some(text)) if tab.paging == Some(request) => {
                let Ok((tasks, older)) = serde_json::from_str::<(Vec<Task>, Option<String>)>(&text) else { return };
                around.stats.count("pages of earlier tasks");
                let ids: Vec<_> = tasks.iter().map(|task| task.id).collect();
                tab.paging = None;
                tab.older = older;
                tab.replica.load_tasks(tasks);
                let is_hidden = |id: TaskId| {
                    tab.replica.pending().iter().any(|it| matches!(it.command, Command::DeleteTask { task, .. } if task == id))
                };
                if ids.iter().any(|id| tab.replica.task(*id).is_none() && !is_hidden(*id)) {
                    around.stats.count("pages that hold what was deleted since");
                }
            }
            _ => {}
        }
    }

    /// The server has answered a batch.
    pub(crate) fn answered(&mut self, tab: TabId, request: u64, answer: Result<Answer, Problem>, around: &mut Around<'_>) {
        let fresh = format!("c{}", around.name());
        let Some(leader) = self.tabs.first_mut().filter(|it| it.id == tab && it.sending == Some(request)) else { return };
        leader.sending = None;
        let Some(outbox) = leader.outbox.as_mut() else { return };
        match answer {
            Ok(answer) => {
                let cursor = answer.cursor.clone();
                let progress = outbox.answered(answer);
                self.progressed(progress, Some(cursor), around);
            }
            Err(problem) => match outbox.failed(&problem) {
                Failed::Retry => {}
                Failed::Anew => {
                    around.stats.count("clients started anew");
                    outbox.start_anew(fresh);
                }
                Failed::Refused { refused } => {
                    outbox.start_anew(fresh);
                    self.progressed(Progress { refused, ..Progress::default() }, None, around);
                }
            },
        }
        self.reached();
        self.persist();
    }

    fn progressed(&mut self, progress: Progress, cursor: Option<agentrq_core::cursor::Cursor>, around: &mut Around<'_>) {
        for command in progress.acknowledged {
            self.told.entry(command).or_default().insert(true);
            self.tabs[0].replica.settle(command, None, cursor.clone());
            self.share(&Word::Settled { command, rejection: None, cursor: cursor.clone() }, around);
        }
        for refused in progress.refused {
            let command = refused.command.id();
            self.told.entry(command).or_default().insert(false);
            self.tabs[0].replica.settle(command, Some(&refused.rejection), None);
            self.share(&Word::Settled { command, rejection: Some(refused.rejection), cursor: None }, around);
        }
    }

    fn reached(&mut self) {
        let Some(tab) = self.tabs.first_mut() else { return };
        if let (Some(cursor), Some(outbox)) = (tab.replica.cursor(), tab.outbox.as_mut()) {
            outbox.reached(&cursor.clone());
        }
    }

    /// The leader's stream says something; `None`: begin anew. A commit is taken up when it is here as a whole.
    pub(crate) fn hears(&mut self, tab: TabId, channel: Channel, text: Option<String>, around: &mut Around<'_>) {
        let request = around.name();
        let Some(leader) = self.tabs.first_mut().filter(|it| it.id == tab && it.stream == Some(channel)) else { return };
        let end = text.as_deref().map(|text| serde_json::from_str::<Frame>(text).ok().and_then(|frame| frame.end));
        leader.half.extend(text);
        let is_reset = end.is_none();
        let mutations = match end {
            Some(None) => return,
            Some(Some(end)) => end.mutations,
            None => Vec::new(),
        };
        let texts = std::mem::take(&mut leader.half);
        let frames = texts.iter().filter_map(|text| serde_json::from_str(text).ok());
        let applied = frames.map(|frame| leader.replica.apply(frame)).last();
        if is_reset || applied == Some(Applied::Diverged) {
            around.stats.count("resets");
            leader.stream = None;
            if leader.asking.is_none() {
                leader.asking = Some(request);
                around.net.send(Packet::Ask { tab, request, wanted: Wanted::Snapshot });
            }
            return;
        }
        let progress = leader.outbox.as_mut().map(|outbox| outbox.settled(&mutations)).unwrap_or_default();
        for command in &progress.confirmed {
            self.told.entry(*command).or_default().insert(true);
        }
        self.progressed(progress, None, around);
        self.reached();
        self.persist();
        self.share(&Word::Commit { texts }, around);
    }

    /// A tab hears another one.
    pub(crate) fn word(&mut self, tab: TabId, word: Word, around: &mut Around<'_>) {
        let Some(index) = self.tabs.iter().position(|it| it.id == tab) else { return };
        let is_leader = index == 0;
        let tab = &mut self.tabs[index];
        match word {
            Word::Please { command, at } if is_leader => {
                tab.adopt_asked(&command, at, &self.storage.files);
                self.queue(command, at, around);
            }
            // A word of the leader before: its storage may be gone.
            Word::Queued { row } if is_leader => {
                tab.adopt(&row, &self.storage.files);
                self.queue(row.command, row.at, around);
            }
            Word::Queued { row } => {
                tab.unheard.retain(|(command, _)| command.id() != row.command.id());
                tab.adopt(&row, &self.storage.files);
            }
            Word::Settled { command, rejection, cursor } => {
                tab.unheard.retain(|(unheard, _)| unheard.id() != command);
                tab.replica.settle(command, rejection.as_ref(), cursor);
            }
            Word::Commit { texts } if !is_leader => {
                let frames = texts.iter().filter_map(|text| serde_json::from_str(text).ok());
                if frames.map(|frame| tab.replica.apply(frame)).any(|applied| applied == Applied::Diverged) {
                    around.stats.count("gaps noticed by a tab that follows");
                    self.share_state(around);
                }
            }
            Word::State { checkpoint, older, rows } if !is_leader => {
                // What was pending here and is in no row has been settled, in words that this tab may have missed.
                let mut replica = Replica::new();
                if replica.restore(&checkpoint).is_err() {
                    return;
                }
                tab.replica = replica;
                tab.older = older;
                tab.paging = None;
                tab.looking.clear();
                rows.iter().for_each(|row| tab.adopt(row, &self.storage.files));
                // Requests to a leader that is gone are made again.
                let unheard = tab.unheard.clone();
                unheard.iter().for_each(|(command, at)| tab.adopt_asked(command, *at, &self.storage.files));
                let leader = self.tabs[0].id;
                for (command, at) in unheard {
                    around.net.send(Packet::Word { tab: leader, word: Word::Please { command, at } });
                }
            }
            _ => {}
        }
    }
}

/// What may go out now.
enum Ready {
    /// The commands before the first one that names a file which the server does not have.
    Words(Batch),
    /// A file that the first of them names.
    File(Attachment),
}

fn words_or_file(batch: Batch, files: &BTreeMap<AttachmentId, KeptFile>) -> Ready {
    let waiting =
        |command: &Command| named_by(command).iter().filter_map(|id| files.get(id)).find(|kept| kept.waits).map(|kept| kept.file.clone());
    match batch.commands.first().and_then(|first| waiting(&first.command)) {
        Some(file) => Ready::File(file),
        None => {
            Ready::Words(Batch { commands: batch.commands.into_iter().take_while(|it| waiting(&it.command).is_none()).collect(), ..batch })
        }
    }
}
