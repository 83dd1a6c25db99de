//! What goes out of a browser: commands and files in their order, questions, and what the server answers to commands.

use std::collections::BTreeMap;

use agentrq_core::Command;
use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::model::Attachment;
use agentrq_core::rejection::{Problem, Rejection};
use agentrq_core::sync::authority::Batch;
use agentrq_core::sync::outbox::{Answer, Failed, Outbox, Progress};
use agentrq_core::sync::replica::Proposed;
use agentrq_core::time::Timestamp;

use crate::net::{Packet, TabId, Wanted, Word};

use super::tab::named_by;
use super::{Around, Browser, KeptFile};

impl Browser {
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

    pub(super) fn queue(&mut self, command: Command, at: u64, around: &mut Around<'_>) {
        let Some(outbox) = self.tabs[0].outbox.as_mut() else { return };
        outbox.add(command.clone(), at);
        self.storage.asked.retain(|(asked, _)| asked.id() != command.id());
        let row = outbox.rows().iter().find(|row| row.command.id() == command.id()).cloned();
        self.persist();
        if let Some(row) = row {
            self.share(&Word::Queued { row }, around);
        }
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

    /// The server has a file.
    pub(crate) fn filed(&mut self, tab: TabId, request: u64, file: AttachmentId) {
        let Some(leader) = self.tabs.first_mut().filter(|it| it.id == tab && it.sending == Some(request)) else { return };
        leader.sending = None;
        if let Some(kept) = self.storage.files.get_mut(&file) {
            kept.waits = false;
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

    pub(super) fn progressed(&mut self, progress: Progress, cursor: Option<agentrq_core::cursor::Cursor>, around: &mut Around<'_>) {
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
