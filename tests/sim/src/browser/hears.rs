//! What comes into a browser: the stream, what was asked for, and what tabs say to each other.

use std::collections::BTreeSet;

use agentrq_core::Command;
use agentrq_core::id::TaskId;
use agentrq_core::model::Task;
use agentrq_core::sync::delta::{Frame, Snapshot};
use agentrq_core::sync::replica::{Applied, Replica};

use crate::net::{Channel, Packet, TabId, Wanted, Word};

use super::{Around, Browser};

impl Browser {
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

    pub(super) fn share(&self, word: &Word, around: &mut Around<'_>) {
        for follower in self.tabs.iter().skip(1) {
            around.net.send(Packet::Word { tab: follower.id, word: word.clone() });
        }
    }

    pub(super) fn share_state(&self, around: &mut Around<'_>) {
        let Some(leader) = self.tabs.first() else { return };
        let everything: BTreeSet<TaskId> = self.tabs.iter().flat_map(|tab| tab.open.iter().copied()).collect();
        let (Some(checkpoint), Some(outbox)) = (leader.replica.checkpoint(&everything), &leader.outbox) else { return };
        self.share(&Word::State { checkpoint, older: leader.older.clone(), rows: outbox.rows().to_vec() }, around);
    }
}
