//! A tab: what it shows, what it has asked for, and, if it leads, the outbox and the stream.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::Command;
use agentrq_core::id::{AttachmentId, TaskId};
use agentrq_core::model::Task;
use agentrq_core::sync::outbox::{Outbox, Row};
use agentrq_core::sync::replica::Replica;
use agentrq_core::time::Timestamp;

use crate::net::{Channel, TabId};

use super::KeptFile;

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
    pub(super) looking: BTreeSet<u64>,
    pub open: BTreeSet<TaskId>,
    /// What the leader has not said it queued.
    pub(super) unheard: Vec<(Command, u64)>,
}

impl Tab {
    pub(super) fn new(id: TabId) -> Self {
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

    /// The tasks that it shows, newest first.
    pub(crate) fn tasks(&self) -> Vec<&Task> {
        let mut tasks: Vec<_> = self.replica.tasks().into_iter().map(|shown| shown.value).collect();
        tasks.sort_by_key(|task| std::cmp::Reverse(task.id));
        tasks
    }

    pub(super) fn adopt_asked(&mut self, command: &Command, at: u64, files: &BTreeMap<AttachmentId, KeptFile>) {
        named_by(command).iter().filter_map(|id| files.get(id)).for_each(|kept| self.replica.attach(kept.file.clone()));
        self.replica.adopt(command.clone(), Timestamp::from_ms(at));
    }

    pub(super) fn adopt(&mut self, row: &Row, files: &BTreeMap<AttachmentId, KeptFile>) {
        self.adopt_asked(&row.command, row.at, files);
        if let Some(cursor) = &row.acknowledged {
            let id = row.command.id();
            self.replica.settle(id, None, Some(cursor.clone()));
        }
    }
}

/// The files that a command names.
pub(super) fn named_by(command: &Command) -> &[AttachmentId] {
    match command {
        Command::CreateTask { attachments, .. } | Command::PostMessage { attachments, .. } | Command::GiveVerdict { attachments, .. } => {
            attachments
        }
        _ => &[],
    }
}
