//! The directory of a list: where it is, and how it is written, so that Claude Code finds what it would have written itself.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use agentrq_core::interchange::claude_file::{ClaudeTask, HIGH_WATER_MARK, LOCK_DIRECTORY, LOCK_FILE, file_name};

use super::lock::{Lock, NotLocked, Note};

/// Larger than any task, and small enough to be read at once.
const FILE_BYTES: u64 = 4 * 1024 * 1024;

/// Long enough to see that another's lock is stale.
const PATIENCE: Duration = Duration::from_secs(15);
/// Who waits for a task's lock holds the list's: Claude Code gives up after two seconds and a half.
const IMPATIENCE: Duration = Duration::from_millis(500);

/// Where Claude Code keeps the list of this name: `config` is its `CLAUDE_CONFIG_DIR`, where that is set.
pub fn place(list: &str, config: Option<&Path>, home: &Path) -> PathBuf {
    config.map_or_else(|| home.join(".claude"), Path::to_owned).join("tasks").join(list)
}

/// Why a task cannot be had from its file.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("{0}")]
    System(#[from] io::Error),
    #[error("it is no task: {0}")]
    NoTask(String),
}

#[derive(Clone, Debug)]
pub struct ListDirectory {
    path: PathBuf,
    /// Which directory it is: another that takes its place is not this one emptied.
    which: (u64, u64),
    note: Option<Note>,
}

impl ListDirectory {
    /// The directory of a list, which is made if it is not there.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn open(path: &Path) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        let path = fs::canonicalize(path)?;
        File::options().append(true).create(true).open(path.join(LOCK_FILE))?;
        let which = which(&path)?;
        Ok(Self { path, which, note: None })
    }

    /// The same directory, where it is noted which of its locks are held.
    pub fn noting(self, note: Note) -> Self {
        Self { note: Some(note), ..self }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Is it still there, and the same?
    pub fn is_the_one(&self) -> bool {
        which(&self.path).is_ok_and(|now| now == self.which)
    }

    /// The task of this number. It may be in the middle of being written, where its lock is not held.
    ///
    /// # Errors
    /// There is a file, and no task can be read from it.
    pub fn read(&self, id: u64) -> Result<Option<ClaudeTask>, Unreadable> {
        let path = self.path.join(file_name(id));
        let about = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            about => about?,
        };
        if about.len() > FILE_BYTES {
            return Err(Unreadable::NoTask(format!("it has {} bytes; {FILE_BYTES} are allowed", about.len())));
        }
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let task = ClaudeTask::parse(&text).map_err(|why| Unreadable::NoTask(why.to_string()))?;
        if task.id == id { Ok(Some(task)) } else { Err(Unreadable::NoTask(format!("it says that it is task {}", task.id))) }
    }

    /// Locks the list, so that nobody else writes to it who asks for its lock.
    ///
    /// # Errors
    /// Another does not let go of it.
    pub async fn lock(&self) -> Result<Held<'_>, NotLocked> {
        let held = Held { directory: self, list: Lock::take(&self.path.join(LOCK_DIRECTORY), PATIENCE).await?, tasks: Vec::new() };
        held.note();
        Ok(held)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        // Before they are let go: another may make the same directory within the same tick of the clock.
        if let Some(note) = &self.directory.note {
            note.held([]);
        }
    }
}

fn which(path: &Path) -> io::Result<(u64, u64)> {
    let about = fs::metadata(path)?;
    Ok((about.dev(), about.ino()))
}

/// A list whose lock is held.
#[derive(Debug)]
pub struct Held<'d> {
    directory: &'d ListDirectory,
    list: Lock,
    /// What changes a task that is there locks its file alone, in newer versions of Claude Code.
    tasks: Vec<Lock>,
}

impl Held<'_> {
    /// Locks these tasks too, those that have a file: nobody is in the middle of writing them then.
    ///
    /// # Errors
    /// Another does not let go.
    pub async fn own(&mut self, tasks: BTreeSet<u64>) -> Result<(), NotLocked> {
        for id in tasks {
            let path = self.directory.path.join(file_name(id));
            if path.exists() {
                self.tasks.push(Lock::take(&path.with_extension("json.lock"), IMPATIENCE).await?);
                self.note();
            }
        }
        Ok(())
    }

    /// The task of this number, as it is.
    ///
    /// # Errors
    /// There is a file, and no task can be read from it.
    pub fn read(&self, id: u64) -> Result<Option<ClaudeTask>, Unreadable> {
        self.directory.read(id)
    }

    /// Puts a task in place of what its file holds, all of it at once.
    ///
    /// # Errors
    /// It cannot be written, or the lock was taken from us: then nothing is written.
    pub fn write(&self, task: &ClaudeTask) -> io::Result<()> {
        self.put(&file_name(task.id), &task.to_text())
    }

    /// Removes the file of a task. Its number is not given again.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self, id: u64) -> io::Result<()> {
        self.note_number(id)?;
        self.check()?;
        match fs::remove_file(self.directory.path.join(file_name(id))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// A number for a new task: `wanted`, if that was never given, else the next one. `known`: the highest number that was seen.
    ///
    /// # Errors
    /// The last number cannot be read.
    pub fn number(&self, wanted: Option<u64>, known: u64) -> io::Result<u64> {
        let last = self.last_number()?.max(known);
        let mut number = wanted.filter(|wanted| *wanted > last).unwrap_or(last + 1);
        while self.directory.path.join(file_name(number)).exists() {
            number += 1;
        }
        Ok(number)
    }

    /// Notes that a number was given.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_number(&self, number: u64) -> io::Result<()> {
        if number > self.last_number()? { self.put(HIGH_WATER_MARK, &number.to_string()) } else { Ok(()) }
    }

    fn last_number(&self) -> io::Result<u64> {
        match fs::read_to_string(self.directory.path.join(HIGH_WATER_MARK)) {
            // What is no number says nothing.
            Ok(text) => Ok(text.trim().parse().unwrap_or(0)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(error),
        }
    }

    fn note(&self) {
        if let Some(note) = &self.directory.note {
            note.held(self.tasks.iter().chain([&self.list]));
        }
    }

    /// Is what is locked still ours?
    fn check(&self) -> io::Result<()> {
        if self.list.is_ours() && self.tasks.iter().all(Lock::is_ours) {
            return Ok(());
        }
        Err(io::Error::other("the lock of the list was taken over by another program"))
    }

    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        let path = self.directory.path.join(name);
        let beside = self.directory.path.join(format!(".{name}.{}.tmp", std::process::id()));
        let mut file = File::create(&beside)?;
        let written = file.write_all(text.as_bytes()).and_then(|()| self.check()).and_then(|()| fs::rename(&beside, &path));
        if written.is_err() {
            // What could not be put in its place is not left lying about.
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> (tempfile::TempDir, ListDirectory) {
        let folder = tempfile::tempdir().expect("a folder");
        let directory = ListDirectory::open(&folder.path().join("main")).expect("made");
        (folder, directory)
    }

    #[test]
    fn a_list_is_where_claude_code_looks_for_it() {
        let home = Path::new("/home/ann");
        assert_eq!(place("main", None, home), Path::new("/home/ann/.claude/tasks/main"));
        assert_eq!(place("a-b", Some(Path::new("/etc/claude")), home), Path::new("/etc/claude/tasks/a-b"));
    }

    #[tokio::test]
    async fn a_task_is_put_in_its_place_whole_and_nothing_else_is_left() {
        let (_folder, directory) = directory();
        {
            let held = directory.lock().await.expect("free");
            held.write(&ClaudeTask::new(3, "Fix it")).expect("written");
        }
        assert_eq!(directory.read(3).expect("readable"), Some(ClaudeTask::new(3, "Fix it")));
        let mut names: Vec<_> = fs::read_dir(directory.path()).expect("read").map(|entry| entry.expect("one").file_name()).collect();
        names.sort();
        assert_eq!(names, [".lock", "3.json"]);
    }

    #[tokio::test]
    async fn a_number_is_never_given_twice() {
        let (_folder, directory) = directory();
        let held = directory.lock().await.expect("free");
        assert_eq!(held.number(Some(7), 0).expect("a number"), 7);
        held.write(&ClaudeTask::new(7, "x")).expect("written");
        held.remove(7).expect("removed");
        assert_eq!(held.number(Some(7), 0).expect("a number"), 8, "it was given once");
        assert_eq!(held.number(Some(12), 15).expect("a number"), 16, "a higher one was");
        held.write(&ClaudeTask::new(8, "another's")).expect("written");
        assert_eq!(held.number(None, 0).expect("a number"), 9, "a file has it");
    }

    #[tokio::test]
    async fn who_has_lost_the_lock_writes_nothing() {
        let (_folder, directory) = directory();
        let held = directory.lock().await.expect("free");
        fs::remove_dir(directory.path().join(LOCK_DIRECTORY)).expect("taken over");
        assert!(held.write(&ClaudeTask::new(1, "x")).is_err());
        assert!(directory.read(1).expect("readable").is_none());
    }

    #[test]
    fn what_is_no_task_says_why() {
        let (_folder, directory) = directory();
        for (text, why) in [("{", "expected"), (r#"{"id":"2","subject":"x","status":"pending"}"#, "it says that it is task 2")] {
            fs::write(directory.path().join("1.json"), text).expect("written");
            let said = directory.read(1).expect_err(why).to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
