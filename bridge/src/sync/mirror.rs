//! A list on both sides: what is known of each, which tasks are the same, and what is to be looked at. A task that only one side has is made on the
//! other, once: by a `task_uid` there, by a pair that is noted before its file here.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use agentrq_core::interchange::claude_file::{ClaudeTask, FileStatus};
use serde_json::{Map, Value, json};

use super::remote::{Created, List, Remote, is_hidden, of_own_uid, own_uid};
use super::state::{Pair, Phase, State};
use crate::files::fields::{Fields, OURS, note};
use crate::files::{Certainty, Held, ListDirectory, NotLocked, Snapshot};
use crate::mcp::Refused;
use crate::say::{say, told};

/// Why nothing more is mirrored, or not now.
#[derive(Debug, thiserror::Error)]
pub enum Stopped {
    #[error("the workspace refuses: {0}")]
    Refused(#[from] Refused),
    #[error("{0} is not the directory any more that was mirrored. Nothing is deleted in the workspace; start again once it is back")]
    DirectoryGone(PathBuf),
    /// It may go on later.
    #[error(transparent)]
    Locked(#[from] NotLocked),
    /// The same.
    #[error("a file cannot be read or written: {0}")]
    System(#[from] io::Error),
}

impl Stopped {
    /// May it go on by itself?
    pub fn passes(&self) -> bool {
        matches!(self, Self::Locked(_) | Self::System(_))
    }
}

/// Files that go one after the other may be a directory that is being removed: nothing is deleted there before none has gone for so long.
const QUIET: Duration = Duration::from_millis(500);

/// Since when the two are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Nobody has looked for a while: a claim may have ended because we were away.
    JustNow,
    ForAWhile,
}

#[derive(Debug)]
pub struct Mirror {
    pub(super) directory: ListDirectory,
    pub(super) list: List,
    pub(super) state: State,
    /// The name of the pairing.
    pub(super) name: String,
    pub(super) here: Snapshot,
    pub(super) there: BTreeMap<u64, Remote>,
    /// By number here.
    pub(super) pairs: BTreeMap<u64, Pair>,
    /// The number here of each that is there.
    pub(super) here_of: BTreeMap<u64, u64>,
    pub(super) since: Since,
    /// Numbers here that are to be looked at.
    stale_here: BTreeSet<u64>,
    /// Numbers there.
    stale_there: BTreeSet<u64>,
    /// Those whose files have gone just now.
    going: BTreeSet<u64>,
    /// When the last of them has.
    gone_at: Option<Instant>,
    /// What is left as it is, until it is otherwise: the task as it was, or none where its file could not be read.
    pub(super) left: BTreeMap<u64, Option<ClaudeTask>>,
}

impl Mirror {
    /// Begins with what was agreed on before.
    ///
    /// # Errors
    /// That cannot be read.
    pub fn new(directory: ListDirectory, list: List, state: State, name: String) -> io::Result<Self> {
        let pairs: BTreeMap<_, _> = state.pairs()?.into_iter().map(|pair| (pair.here, pair)).collect();
        let here_of = pairs.values().map(|pair| (pair.there, pair.here)).collect();
        Ok(Self {
            directory,
            list,
            state,
            name,
            here: Snapshot::default(),
            there: BTreeMap::new(),
            stale_here: pairs.keys().copied().collect(),
            stale_there: BTreeSet::new(),
            pairs,
            here_of,
            since: Since::JustNow,
            going: BTreeSet::new(),
            gone_at: None,
            left: BTreeMap::new(),
        })
    }

    pub fn list(&self) -> &List {
        &self.list
    }

    /// How many tasks are on both sides.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// The number here of a task that people or the server call by its id.
    pub fn number_of(&self, id: &str) -> Option<u64> {
        self.pairs.values().find(|pair| pair.id == id).map(|pair| pair.here)
    }

    /// Looks at the directory.
    ///
    /// # Errors
    /// It is gone, or cannot be read.
    pub fn look_here(&mut self) -> Result<Certainty, Stopped> {
        if !self.directory.is_the_one() {
            return Err(Stopped::DirectoryGone(self.directory.path().to_owned()));
        }
        let is_first = self.since == Since::JustNow;
        let changes = self.here.refresh(&self.directory)?;
        if !is_first && changes.tasks.iter().any(|number| !self.here.has_file(*number)) {
            self.gone_at = Some(Instant::now());
        }
        self.stale_here.extend(changes.tasks);
        self.stale_here.extend(std::mem::take(&mut self.going));
        Ok(if self.is_quiet() { changes.certainty } else { Certainty::Recent })
    }

    /// Has no file gone for a while, and is the directory there?
    fn is_quiet(&self) -> bool {
        self.gone_at.is_none_or(|at| at.elapsed() > QUIET) && self.directory.is_the_one()
    }

    /// Is it certain that the file of a task is gone for good? If not, it is looked at again later.
    pub(super) fn is_gone(&mut self, number: u64) -> bool {
        let is_gone = self.is_quiet();
        if !is_gone {
            self.going.insert(number);
        }
        is_gone
    }

    /// Looks at the whole list there.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn look_there(&mut self) -> Result<(), Stopped> {
        let now = self.list.all().await?;
        let numbers: BTreeSet<_> = now.keys().chain(self.there.keys()).chain(self.here_of.keys()).copied().collect();
        self.stale_there
            .extend(numbers.into_iter().filter(|number| now.get(number) != self.there.get(number) || !self.here_of.contains_key(number)));
        self.there = now;
        Ok(())
    }

    /// Looks at one task there.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn look_at(&mut self, number: u64) -> Result<(), Stopped> {
        let now = self.list.one(number).await?;
        if now.as_ref() != self.there.get(&number) {
            self.stale_there.insert(number);
        }
        match now {
            Some(task) => drop(self.there.insert(number, task)),
            None => drop(self.there.remove(&number)),
        }
        Ok(())
    }

    /// Brings both sides together in all that has been seen. What was not done is still to be done after an error.
    ///
    /// # Errors
    /// It cannot go on, or not now.
    pub async fn settle(&mut self) -> Result<(), Stopped> {
        self.finish_making()?;
        let mut made = BTreeSet::new();
        // One of those that are being written just now may be the one that a new task there belongs to: that waits until they can be read.
        let strangers: Vec<_> =
            self.here.numbers().filter(|number| !self.pairs.contains_key(number) && self.here.task(*number).is_none()).collect();
        for number in strangers {
            self.unreadable(number);
        }
        let mut waiting = BTreeSet::new();
        while let Some(number) = self.stale_there.first().copied() {
            if !self.here_of.contains_key(&number) && self.has_unread() {
                waiting.insert(number);
            } else {
                made.extend(self.meet(number).await?);
            }
            self.stale_there.remove(&number);
        }
        self.stale_there = waiting;
        for number in self.stale_here.clone() {
            if !self.pairs.contains_key(&number) && self.here.has_file(number) {
                made.extend(self.make_there(number).await?);
            }
        }
        if !made.is_empty() {
            // What waits for them may say so on the other side now.
            let waits = |number: &u64| self.here.waits_for(*number).iter().any(|other| made.contains(other));
            let named: Vec<_> = self.here.numbers().filter(waits).collect();
            let made_there: BTreeSet<_> = made.iter().filter_map(|number| self.pairs.get(number)).map(|pair| pair.there).collect();
            let named_there = self.there.values().filter(|task| task.fields.waits_for.iter().any(|other| made_there.contains(other)));
            let named_there: Vec<_> = named_there.filter_map(|task| self.here_of.get(&task.number)).copied().collect();
            self.stale_here.extend(named.into_iter().chain(named_there).chain(made));
        }
        // What is completed first: others may wait for that.
        let mut order: Vec<_> = self.stale_here.iter().copied().collect();
        order.sort_by_key(|number| self.here.task(*number).is_none_or(|task| task.status != FileStatus::Completed));
        for number in order {
            self.settle_one(number).await?;
            self.stale_here.remove(&number);
        }
        self.since = Since::ForAWhile;
        Ok(())
    }

    /// Files that were being made when we ended: if one is there, it is the one that we made, or another's that has taken its number since.
    fn finish_making(&mut self) -> Result<(), Stopped> {
        let making: Vec<_> = self.pairs.values().filter(|pair| pair.phase == Phase::MakingHere).cloned().collect();
        for pair in making {
            let Some(file) = self.here.task(pair.here) else { continue };
            let is_ours = pair.base.as_ref().is_some_and(|base| (&base.subject, &base.description) == (&file.subject, &file.description));
            if is_ours {
                self.keep(Pair { phase: Phase::Both, ..pair })?;
            } else {
                self.forget(&pair)?;
                self.stale_here.insert(pair.here);
                self.stale_there.insert(pair.there);
            }
        }
        Ok(())
    }

    /// A task that was seen there: to which here it belongs, or a new one here. Returns its number if the two were not known to be one.
    async fn meet(&mut self, number: u64) -> Result<Option<u64>, Stopped> {
        if let Some(here) = self.here_of.get(&number).copied() {
            self.stale_here.insert(here);
            return Ok(None);
        }
        let Some(task) = self.there.get(&number).cloned() else { return Ok(None) };
        let here = match self.counterpart(&task) {
            Some(here) => {
                let pair = Pair { here, there: number, id: task.id, phase: Phase::Both, base: None, notes: Vec::new() };
                self.keep(pair)?;
                here
            }
            None => self.make_here(&task).await?,
        };
        self.stale_here.insert(here);
        Ok(Some(here))
    }

    /// Is there a file that is neither known nor known to be none?
    fn has_unread(&self) -> bool {
        let is_unread = |number: &u64| self.here.task(*number).is_none() && self.left.get(number) != Some(&None);
        self.here.numbers().filter(|number| !self.pairs.contains_key(number)).any(|number| is_unread(&number))
    }

    /// The task here that is this one, where nothing is noted of the two: it was made from it, says so itself, or has its number and its name.
    fn counterpart(&self, task: &Remote) -> Option<u64> {
        let is_alone = |here: &u64| !self.pairs.contains_key(here) && self.here.task(*here).is_some();
        let uid = task.uid.as_deref();
        // Whatever its file holds now.
        let from_us =
            uid.and_then(|uid| of_own_uid(&self.name, uid)).filter(|here| !self.pairs.contains_key(here) && self.here.has_file(*here));
        let says_so = |here: &u64| {
            let Some(file) = self.here.task(*here) else { return false };
            file.metadata.text(&marked("task")).is_some_and(|id| id == task.id)
                || (uid.is_some() && file.metadata.text("task_uid").as_deref() == uid)
        };
        let same = |here: &u64| self.here.task(*here).is_some_and(|file| file.subject == task.fields.subject);
        from_us.or_else(|| self.here.numbers().filter(is_alone).find(says_so)).or_else(|| Some(task.number).filter(is_alone).filter(same))
    }

    /// Makes a file for a task that is there. Its number is the same, where that was never given here.
    async fn make_here(&mut self, task: &Remote) -> Result<u64, Stopped> {
        let directory = self.directory.clone();
        let held = directory.lock().await?;
        let known = self.here.highest().max(self.pairs.keys().next_back().copied().unwrap_or(0));
        let here = held.number(Some(task.number), known)?;
        self.make_file(&held, here, task)?;
        drop(held);
        self.here.reread(&self.directory, [here]);
        let other = if here == task.number {
            String::new()
        } else {
            format!("; there it is #{}, a number that was given here already", task.number)
        };
        say(format_args!("#{here} came from the workspace: {}{other}", told(&task.fields.subject)));
        Ok(here)
    }

    /// Writes the file of a task that has none. That it is that task's is noted first.
    pub(super) fn make_file(&mut self, held: &Held<'_>, here: u64, task: &Remote) -> Result<(), Stopped> {
        let nothing = Fields::of_file(&ClaudeTask::new(here, ""), BTreeSet::new());
        // What it waits for stands in two files, and is put there once both are.
        let fields = Fields { waits_for: BTreeSet::new(), ..task.fields.clone() };
        let notes = self.pairs.get(&here).map(|pair| pair.notes.clone()).unwrap_or_default();
        let pair = Pair { here, there: task.number, id: task.id.clone(), phase: Phase::MakingHere, base: Some(fields.clone()), notes };
        self.state.save(&pair)?;
        let mut file = ClaudeTask::new(here, "");
        fields.put(&nothing, &mut file);
        note(&mut file, &self.ours(&pair, task));
        if let Err(why) = held.note_number(here).and_then(|()| held.write(&file)) {
            // Another number may be taken the next time.
            if !self.pairs.contains_key(&here) {
                self.state.forget(here)?;
            }
            return Err(why.into());
        }
        self.keep(Pair { phase: Phase::Both, ..pair })
    }

    /// Makes a task there of a file. Returns its number here, if there is one now.
    pub(super) async fn make_there(&mut self, here: u64) -> Result<Option<u64>, Stopped> {
        let Some(file) = self.here.task(here).cloned() else { return Ok(None) };
        let fields = Fields::of_file(&file, BTreeSet::new());
        if is_hidden(&fields.metadata) || self.left.get(&here) == Some(&Some(file.clone())) {
            return Ok(None);
        }
        let (number, is_new) = match self.list.create(&fields, &own_uid(&self.name, here)).await {
            Ok(Created::Made(task)) => {
                let number = task.number;
                self.there.insert(number, *task);
                (number, true)
            }
            Ok(Created::Found(number)) => {
                self.look_at(number).await?;
                (number, false)
            }
            Ok(Created::NotMirrored) => return Ok(self.leave(here, file, NOT_MIRRORED)),
            Err(refused) => {
                check(&refused)?;
                return Ok(self.leave(here, file, &format!("the workspace refuses it: {refused}")));
            }
        };
        if self.here_of.contains_key(&number) {
            return Ok(self.leave(here, file, "its task_uid is that of another task that is mirrored"));
        }
        let Some(task) = self.there.get(&number) else { return Ok(self.leave(here, file, NOT_MIRRORED)) };
        // As it was made: pending, nobody's, waiting for nothing.
        let fresh = Fields { owner: None, status: FileStatus::Pending, ..fields };
        let base = Some(fresh).filter(|_| is_new);
        let pair = Pair { here, there: number, id: task.id.clone(), phase: Phase::Both, base, notes: Vec::new() };
        self.keep(pair)?;
        self.left.remove(&here);
        let other = if here == number { String::new() } else { format!("; there it is #{number}") };
        say(format_args!("#{here} went to the workspace: {}{other}", told(&file.subject)));
        Ok(Some(here))
    }

    /// A task stays as it is, until it is changed. That is said once.
    fn leave(&mut self, here: u64, file: ClaudeTask, why: &str) -> Option<u64> {
        say(format_args!("#{here} is left as it is: {why}"));
        self.left.insert(here, Some(file));
        None
    }

    /// What is noted in a file and is not its own.
    pub(super) fn ours(&self, pair: &Pair, task: &Remote) -> Map<String, Value> {
        let mut ours: Map<String, Value> = task.ours.clone().into_iter().collect();
        if pair.here != pair.there {
            ours.insert(marked("task"), json!(pair.id));
        }
        ours
    }

    /// Keeps a pair as it is now.
    pub(super) fn keep(&mut self, pair: Pair) -> Result<(), Stopped> {
        if self.pairs.get(&pair.here) != Some(&pair) {
            self.state.save(&pair)?;
        }
        self.here_of.insert(pair.there, pair.here);
        self.pairs.insert(pair.here, pair);
        Ok(())
    }

    /// Two are one no more.
    pub(super) fn forget(&mut self, pair: &Pair) -> Result<(), Stopped> {
        self.state.forget(pair.here)?;
        self.pairs.remove(&pair.here);
        self.here_of.remove(&pair.there);
        Ok(())
    }

    /// These are to be looked at as well.
    pub(super) fn look_again_at(&mut self, tasks: BTreeSet<u64>) {
        self.stale_here.extend(tasks);
    }
}

const NOT_MIRRORED: &str = "its task_uid is that of a task that is not mirrored";

/// A name of ours in a file's metadata.
fn marked(name: &str) -> String {
    format!("{OURS}{name}")
}

/// Ends everything where the refusal is of no task: the token is not good, or does not open this.
pub(super) fn check(refused: &Refused) -> Result<(), Stopped> {
    match refused.code.as_deref() {
        None | Some("scope_required" | "unauthorized" | "forbidden_token") => Err(Stopped::Refused(refused.clone())),
        Some(_) => Ok(()),
    }
}
