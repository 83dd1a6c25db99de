//! What both sides last agreed on, kept outside of both: a folder of its own for each pair of a list and a directory, a small file for each task, so
//! that one change writes one file.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use agentrq_core::interchange::claude_file::{file_name, number_of_file};
use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::files::fields::Fields;

#[derive(Debug, thiserror::Error)]
pub enum NoState {
    #[error("another `agentrq sync` mirrors this list into this directory already")]
    Busy,
    #[error("what was agreed on cannot be kept in {0}: {1}")]
    System(PathBuf, io::Error),
}

/// Which list is mirrored in which directory.
#[derive(Clone, Copy, Debug)]
pub struct Pairing<'a> {
    pub origin: &'a str,
    pub workspace: &'a str,
    pub list: &'a str,
    pub directory: &'a Path,
}

impl Pairing<'_> {
    /// A name for it.
    pub fn name(&self) -> String {
        let mut hash = Sha256::new();
        for part in [self.origin.as_bytes(), self.workspace.as_bytes(), self.list.as_bytes(), self.directory.as_os_str().as_encoded_bytes()]
        {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// How far a task has come on its way to both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Its file is being made, with what the base says.
    MakingHere,
    Both,
}

/// A task on both sides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pair {
    /// Its number in the directory.
    pub here: u64,
    /// Its number in the workspace's list.
    pub there: u64,
    /// Its id there.
    pub id: String,
    pub phase: Phase,
    /// What both last agreed on; nothing, where they have just met.
    pub base: Option<Fields>,
    /// What is still to be told in its thread.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// The folder.
#[derive(Debug)]
pub struct State {
    path: PathBuf,
    /// Locked for as long as we live: the system lets go of it however we end.
    _lock: File,
}

impl State {
    /// Opens the state of a pairing below `root`.
    ///
    /// # Errors
    /// Another has it open, or it cannot be written.
    pub fn open(root: &Path, pairing: &Pairing<'_>) -> Result<Self, NoState> {
        let path = root.join(pairing.name());
        let failed = |why| NoState::System(path.clone(), why);
        DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(failed)?;
        let lock = File::options().append(true).create(true).open(path.join("lock")).map_err(failed)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(NoState::Busy),
            taken => taken.map_err(|error| failed(error.into()))?,
        }
        let state = Self { path: path.clone(), _lock: lock };
        let Pairing { origin, workspace, list, directory } = pairing;
        // For people who wonder what this is.
        let about = json!({"server": origin, "workspace": workspace, "list": list, "directory": directory});
        state.put("about", &about.to_string()).map_err(failed)?;
        Ok(state)
    }

    /// The place of something else that is kept beside the pairs.
    pub fn beside(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// All pairs. One that cannot be read is as good as none: the two tasks meet again.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn pairs(&self) -> io::Result<Vec<Pair>> {
        let mut pairs = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let name = entry?.file_name();
            let Some(here) = name.to_str().and_then(number_of_file) else { continue };
            let text = fs::read_to_string(self.path.join(name))?;
            pairs.extend(serde_json::from_str::<Pair>(&text).ok().filter(|pair| pair.here == here));
        }
        Ok(pairs)
    }

    /// # Errors
    /// It cannot be written.
    pub fn save(&self, pair: &Pair) -> io::Result<()> {
        self.put(&file_name(pair.here), &serde_json::to_string(pair)?)
    }

    /// # Errors
    /// It cannot be removed.
    pub fn forget(&self, here: u64) -> io::Result<()> {
        match fs::remove_file(self.path.join(file_name(here))) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn put(&self, name: &str, text: &str) -> io::Result<()> {
        let beside = self.path.join(format!(".{name}.tmp"));
        File::create(&beside)?.write_all(text.as_bytes())?;
        fs::rename(&beside, self.path.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::fields::tests::fields;

    fn pairing(directory: &Path) -> Pairing<'_> {
        Pairing { origin: "http://x", workspace: "W", list: "main", directory }
    }

    #[test]
    fn what_is_kept_comes_back_and_what_is_forgotten_does_not() {
        let root = tempfile::tempdir().expect("a folder");
        let open = || State::open(root.path(), &pairing(Path::new("/a"))).expect("open");
        let pair = Pair { here: 3, there: 4, id: "t".into(), phase: Phase::Both, base: Some(fields("a")), notes: vec!["n".into()] };
        {
            let state = open();
            state.save(&pair).expect("saved");
            state.save(&Pair { here: 5, ..pair.clone() }).expect("saved");
            state.forget(5).expect("forgotten");
        }
        assert_eq!(open().pairs().expect("read"), [pair]);
    }

    #[test]
    fn one_pairing_is_looked_after_by_one_process_and_another_pairing_is_another() {
        let root = tempfile::tempdir().expect("a folder");
        let first = State::open(root.path(), &pairing(Path::new("/a"))).expect("open");
        assert!(matches!(State::open(root.path(), &pairing(Path::new("/a"))), Err(NoState::Busy)));
        assert!(State::open(root.path(), &pairing(Path::new("/b"))).is_ok());
        drop(first);
        assert!(State::open(root.path(), &pairing(Path::new("/a"))).is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_read_is_as_good_as_none() {
        let root = tempfile::tempdir().expect("a folder");
        let state = State::open(root.path(), &pairing(Path::new("/a"))).expect("open");
        fs::write(state.path.join("7.json"), "{").expect("written");
        assert_eq!(state.pairs().expect("read"), []);
    }
}
