//! What was last seen of a list's directory: only what looks otherwise is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime};

use agentrq_core::interchange::claude_file::{ClaudeTask, file_name, number_of_file};

use super::directory::ListDirectory;

/// A file that was written so shortly before it was looked at may be written again without looking otherwise.
const RECENT: Duration = Duration::from_millis(100);

/// What a file looks like from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Look {
    inode: u64,
    length: u64,
    written: (i64, i64),
}

/// Whether what was read can be relied on until the file looks otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    Certain,
    /// It was being written just now: it is to be read again.
    Recent,
}

#[derive(Clone, Debug)]
struct Seen {
    look: Look,
    certainty: Certainty,
    /// What it holds, or why that cannot be read.
    task: Result<ClaudeTask, String>,
    written: SystemTime,
}

/// What a look at the directory has brought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes {
    /// Tasks that are new, changed or gone.
    pub tasks: BTreeSet<u64>,
    /// `Recent`: look again soon.
    pub certainty: Certainty,
}

/// All tasks of a list, by number.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<u64, Seen>,
    /// What each task waits for because another's file says so: by that other.
    said_by_others: BTreeMap<u64, BTreeSet<u64>>,
}

impl Snapshot {
    pub fn task(&self, id: u64) -> Option<&ClaudeTask> {
        self.files.get(&id)?.task.as_ref().ok()
    }

    /// Why the file of a task cannot be read, if it cannot.
    pub fn trouble(&self, id: u64) -> Option<&str> {
        self.files.get(&id)?.task.as_ref().err().map(String::as_str)
    }

    /// Is there a file, whatever it holds?
    pub fn has_file(&self, id: u64) -> bool {
        self.files.contains_key(&id)
    }

    /// When the file of a task was written last.
    pub fn written(&self, id: u64) -> Option<SystemTime> {
        self.files.get(&id).map(|seen| seen.written)
    }

    pub fn numbers(&self) -> impl Iterator<Item = u64> {
        self.files.keys().copied()
    }

    pub fn highest(&self) -> u64 {
        self.files.keys().next_back().copied().unwrap_or(0)
    }

    /// What a task waits for: what its own file says, and those of others.
    pub fn waits_for(&self, id: u64) -> BTreeSet<u64> {
        let own = self.task(id).into_iter().flat_map(|task| task.blocked_by.iter().copied());
        own.chain(self.said_by_others.get(&id).into_iter().flatten().copied()).filter(|other| *other != id).collect()
    }

    /// Looks at all files, and reads those that look otherwise.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn refresh(&mut self, directory: &ListDirectory) -> io::Result<Changes> {
        let mut there = BTreeSet::new();
        for entry in fs::read_dir(directory.path())? {
            there.extend(entry?.file_name().to_str().and_then(number_of_file));
        }
        let all: BTreeSet<_> = there.into_iter().chain(self.files.keys().copied()).collect();
        Ok(self.reread(directory, all))
    }

    /// The same for these tasks alone.
    pub fn reread(&mut self, directory: &ListDirectory, tasks: impl IntoIterator<Item = u64>) -> Changes {
        let mut changes = Changes { tasks: BTreeSet::new(), certainty: Certainty::Certain };
        for id in tasks {
            let now = look(directory, id);
            let before = self.files.get(&id);
            if before.is_some_and(|seen| seen.certainty == Certainty::Certain && Some(seen.look) == now.map(|(look, _)| look)) {
                continue;
            }
            let seen = now.and_then(|(look, written)| read(directory, id, look, written));
            if let Some(seen) = &seen
                && seen.certainty == Certainty::Recent
            {
                changes.certainty = Certainty::Recent;
            }
            if before.map(|seen| &seen.task) != seen.as_ref().map(|seen| &seen.task) {
                changes.tasks.extend(self.note_arrows(id, seen.as_ref()));
                changes.tasks.insert(id);
            }
            match seen {
                Some(seen) => drop(self.files.insert(id, seen)),
                None => drop(self.files.remove(&id)),
            }
        }
        changes
    }

    /// Notes what waits for a task as its file says now; returns those of which it says otherwise than before.
    fn note_arrows(&mut self, id: u64, seen: Option<&Seen>) -> BTreeSet<u64> {
        let blocks = |task: Option<&ClaudeTask>| task.map(|task| task.blocks.iter().copied().collect()).unwrap_or_default();
        let before: BTreeSet<u64> = blocks(self.task(id));
        let now: BTreeSet<u64> = blocks(seen.and_then(|seen| seen.task.as_ref().ok()));
        for gone in before.difference(&now) {
            if let Some(by) = self.said_by_others.get_mut(gone) {
                by.remove(&id);
            }
        }
        for new in now.difference(&before) {
            self.said_by_others.entry(*new).or_default().insert(id);
        }
        before.symmetric_difference(&now).copied().collect()
    }
}

fn look(directory: &ListDirectory, id: u64) -> Option<(Look, SystemTime)> {
    let about = fs::metadata(directory.path().join(file_name(id))).ok().filter(fs::Metadata::is_file)?;
    let look = Look { inode: about.ino(), length: about.len(), written: (about.mtime(), about.mtime_nsec()) };
    Some((look, about.modified().ok()?))
}

fn read(directory: &ListDirectory, id: u64, look: Look, written: SystemTime) -> Option<Seen> {
    let is_recent = SystemTime::now().duration_since(written).is_ok_and(|age| age < RECENT);
    let task = match directory.read(id) {
        Ok(task) => Ok(task?),
        Err(why) => Err(why.to_string()),
    };
    let certainty = if is_recent { Certainty::Recent } else { Certainty::Certain };
    Some(Seen { look, certainty, task, written })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(directory: &ListDirectory, task: &ClaudeTask) {
        fs::write(directory.path().join(task.file_name()), task.to_text()).expect("written");
    }

    #[test]
    fn what_is_new_changed_or_gone_is_told_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = ListDirectory::open(folder.path()).expect("made");
        let mut snapshot = Snapshot::default();
        let mut told = |directory: &ListDirectory| snapshot.refresh(directory).expect("read").tasks.into_iter().collect::<Vec<_>>();
        write(&directory, &ClaudeTask::new(1, "a"));
        write(&directory, &ClaudeTask::new(2, "b"));
        assert_eq!(told(&directory), [1, 2]);
        assert_eq!(told(&directory), [] as [u64; 0]);
        // As long as before, within the same tick of the clock.
        write(&directory, &ClaudeTask::new(2, "c"));
        assert_eq!(told(&directory), [2]);
        fs::remove_file(directory.path().join("1.json")).expect("removed");
        assert_eq!(told(&directory), [1]);
    }

    #[test]
    fn a_dependency_stands_whichever_file_says_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = ListDirectory::open(folder.path()).expect("made");
        let mut snapshot = Snapshot::default();
        write(&directory, &ClaudeTask { blocks: vec![2], ..ClaudeTask::new(1, "a") });
        write(&directory, &ClaudeTask { blocked_by: vec![3], ..ClaudeTask::new(2, "b") });
        snapshot.refresh(&directory).expect("read");
        assert_eq!(snapshot.waits_for(2), BTreeSet::from([1, 3]));
        write(&directory, &ClaudeTask::new(1, "a"));
        assert!(snapshot.refresh(&directory).expect("read").tasks.contains(&2), "it waits for less");
        assert_eq!(snapshot.waits_for(2), BTreeSet::from([3]));
    }

    #[test]
    fn a_file_that_is_half_written_is_there_and_not_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = ListDirectory::open(folder.path()).expect("made");
        fs::write(directory.path().join("1.json"), "{\"id\": \"1\"").expect("written");
        let mut snapshot = Snapshot::default();
        assert_eq!(snapshot.refresh(&directory).expect("read").certainty, Certainty::Recent);
        assert!(snapshot.has_file(1) && snapshot.task(1).is_none() && snapshot.trouble(1).is_some());
    }
}
