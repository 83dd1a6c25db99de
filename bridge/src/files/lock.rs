//! A lock that is a directory: whoever makes it has it. It is that of npm's `proper-lockfile`, which Claude Code takes.
//!
//! `proper-lockfile` makes `NAME.lock` beside NAME, touches it while it holds it, takes it over as stale when it was not touched for ten seconds, and removes it to
//! let go. We hold it for milliseconds and never touch it: so if it was touched, or is another directory, it is not ours any more.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use serde::{Deserialize, Serialize};

/// As `proper-lockfile` has it where nothing is said.
const STALE: Duration = Duration::from_secs(10);
/// Who has held it for so long, a process that was stopped for a while, writes nothing more: another may think that it is stale.
const SURE: Duration = Duration::from_secs(4);
const LOOK: (u64, u64) = (3, 20);

#[derive(Debug, thiserror::Error)]
pub enum NotLocked {
    #[error("{0} is held by another program, which does not let go")]
    Held(PathBuf),
    #[error("{path} cannot be made: {why}")]
    System { path: PathBuf, why: io::Error },
}

/// Where it is noted which locks are held, so that who is killed can let go of them when he is back: nobody else has to wait until they are stale.
#[derive(Clone, Debug)]
pub struct Note(PathBuf);

impl Note {
    /// # Errors
    /// It cannot be read.
    pub fn new(path: PathBuf) -> io::Result<Self> {
        let note = Self(path);
        let text = match fs::read_to_string(&note.0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            text => text?,
        };
        for Noted { path, made } in serde_json::from_str::<Vec<Noted>>(&text).unwrap_or_default() {
            drop(Lock { path, made, since: Instant::now() });
        }
        Ok(note)
    }

    /// Notes that these are held.
    pub(super) fn held<'l>(&self, locks: impl IntoIterator<Item = &'l Lock>) {
        let noted: Vec<_> = locks.into_iter().map(|Lock { path, made, .. }| Noted { path: path.clone(), made: *made }).collect();
        // Where it cannot be written, others wait a little longer after we were killed.
        let _ = serde_json::to_string(&noted).map(|text| fs::write(&self.0, text));
    }
}

#[derive(Serialize, Deserialize)]
struct Noted {
    path: PathBuf,
    made: Made,
}

/// A lock that is held. It is let go when this is dropped.
#[derive(Debug)]
pub struct Lock {
    path: PathBuf,
    made: Made,
    since: Instant,
}

/// Which directory it is, and when it was last touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Made {
    device: u64,
    inode: u64,
    touched: (i64, i64),
}

impl Made {
    fn of(about: &Metadata) -> Self {
        Self { device: about.dev(), inode: about.ino(), touched: (about.mtime(), about.mtime_nsec()) }
    }
}

impl Lock {
    /// Takes a lock, and waits so long for whoever has it.
    ///
    /// # Errors
    /// It is not let go, or cannot be made.
    pub async fn take(path: &Path, patience: Duration) -> Result<Self, NotLocked> {
        let until = Instant::now() + patience;
        loop {
            match Self::try_take(path) {
                Ok(Some(lock)) => return Ok(lock),
                Ok(None) if Instant::now() > until => return Err(NotLocked::Held(path.to_owned())),
                Ok(None) => tokio::time::sleep(Duration::from_millis(fastrand::u64(LOOK.0..LOOK.1))).await,
                Err(why) => return Err(NotLocked::System { path: path.to_owned(), why }),
            }
        }
    }

    /// Takes a lock if nobody has it. One that is stale is removed first.
    fn try_take(path: &Path) -> io::Result<Option<Self>> {
        match fs::create_dir(path) {
            Ok(()) => {
                let made = Made::of(&fs::symlink_metadata(path)?);
                return Ok(Some(Self { path: path.to_owned(), made, since: Instant::now() }));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
        let about = match fs::symlink_metadata(path) {
            Ok(about) => about,
            // It has just been let go.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let is_stale = about.modified().is_ok_and(|at| SystemTime::now().duration_since(at).is_ok_and(|age| age > STALE));
        // Another may have taken it over meanwhile: it is the old one that goes.
        if is_stale && fs::symlink_metadata(path).is_ok_and(|now| Made::of(&now) == Made::of(&about)) {
            // Whoever removes it, it is free then.
            let _ = fs::remove_dir(path);
        }
        Ok(None)
    }

    /// Is it certain that nobody else has it?
    pub fn is_ours(&self) -> bool {
        self.since.elapsed() < SURE && self.is_the_one()
    }

    fn is_the_one(&self) -> bool {
        fs::symlink_metadata(&self.path).is_ok_and(|now| Made::of(&now) == self.made)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        if self.is_the_one() {
            // It becomes stale if it cannot be removed.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock_in(folder: &tempfile::TempDir) -> PathBuf {
        folder.path().join(".lock.lock")
    }

    fn aged(path: &Path, by: Duration) {
        let then = SystemTime::now() - by;
        fs::File::open(path).and_then(|file| file.set_modified(then)).expect("touched");
    }

    #[test]
    fn a_lock_is_taken_once_and_free_again_when_it_is_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = lock_in(&folder);
        let lock = Lock::try_take(&path).expect("no trouble").expect("it is free");
        assert!(path.is_dir() && lock.is_ours());
        assert!(Lock::try_take(&path).expect("no trouble").is_none());
        drop(lock);
        assert!(!path.exists());
    }

    #[test]
    fn a_lock_that_is_kept_alive_is_left_alone_and_a_stale_one_is_taken_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = lock_in(&folder);
        fs::create_dir(&path).expect("another's");
        aged(&path, STALE - Duration::from_secs(2));
        assert!(Lock::try_take(&path).expect("no trouble").is_none() && path.exists());
        aged(&path, STALE + Duration::from_secs(2));
        assert!(Lock::try_take(&path).expect("no trouble").is_none());
        assert!(Lock::try_take(&path).expect("no trouble").is_some());
    }

    #[test]
    fn who_was_killed_lets_go_of_his_own_lock_when_he_is_back_and_of_no_other() {
        let folder = tempfile::tempdir().expect("a folder");
        let (path, note) = (lock_in(&folder), folder.path().join("held"));
        let lock = Lock::try_take(&path).expect("no trouble").expect("it is free");
        Note::new(note.clone()).expect("readable").held([&lock]);
        std::mem::forget(lock);
        Note::new(note.clone()).expect("readable");
        assert!(!path.exists());
        fs::create_dir(&path).expect("another's");
        aged(&path, Duration::from_secs(1));
        Note::new(note).expect("readable");
        assert!(path.exists());
    }

    #[test]
    fn a_lock_that_was_taken_over_is_not_ours_and_stays_when_we_let_go() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = lock_in(&folder);
        let lock = Lock::try_take(&path).expect("no trouble").expect("it is free");
        fs::remove_dir(&path).expect("another takes it over");
        fs::create_dir(&path).expect("another's");
        aged(&path, Duration::from_secs(1));
        assert!(!lock.is_ours());
        drop(lock);
        assert!(path.exists());
    }
}
