//! What the machine's owner allows: a list of commands, read once. A command is allowed if its words are those of an entry, each of them, and
//! no others, unless the entry ends with a `*`.
//!
//! ```text
//! # A line is a command; what stands indented below it is said of that command alone.
//! npm test
//!     folder /srv/web
//!     timeout 10m
//! npm run build
//! ```
//!
//! What follows where a `*` stands are words of whoever asks: options as well, and many commands have one that runs anything.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::words::{self, Further, NotWords};
use crate::duration::{self, WrongDuration};
use crate::task::TIMEOUT;

/// As many entries as are named where something is not allowed.
const NAMED: usize = 12;
/// Anyone on the machine may write it.
const WRITABLE_BY_ALL: u32 = 0o002;

#[derive(Debug, thiserror::Error)]
pub enum WrongAllow {
    #[error("cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    #[error("everybody on this machine may write to it, and so allow anything: chmod o-w")]
    WritableByAll,
    #[error("line {line}: {why}")]
    Line { line: usize, why: WrongEntry },
    #[error("{0:?} cannot be allowed: {1}")]
    Command(String, NotWords),
}

#[derive(Debug, thiserror::Error)]
pub enum WrongEntry {
    #[error(transparent)]
    Words(#[from] NotWords),
    #[error("it is indented, and there is no command above it that it could be said of")]
    OfNothing,
    #[error("indented below a command stands `folder FOLDER` or `timeout TIME`, not {0:?}")]
    Unknown(String),
    #[error("{0}: no such folder")]
    Folder(String),
    #[error("timeout: {0}")]
    Duration(#[from] WrongDuration),
    #[error("timeout: a command may have 1s to 168h")]
    Timeout,
}

/// One command, or those that begin alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// As it is written.
    text: String,
    words: Vec<String>,
    further: Further,
    pub folder: Option<PathBuf>,
    pub timeout: Option<Duration>,
}

impl Entry {
    fn read(line: &str) -> Result<Self, NotWords> {
        let (words, further) = words::pattern(line)?;
        Ok(Self { text: line.trim().to_owned(), words, further, folder: None, timeout: None })
    }

    fn allows(&self, command: &[String]) -> bool {
        match self.further {
            Further::Nothing => command == self.words,
            Further::Anything => command.starts_with(&self.words),
        }
    }

    /// Takes what is said of it. A folder is meant from `base` on.
    fn set(&mut self, line: &str, base: &Path) -> Result<(), WrongEntry> {
        let (name, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        match (name, value.trim()) {
            ("folder", folder) if !folder.is_empty() => {
                let whole = base.join(folder);
                if !whole.is_dir() {
                    return Err(WrongEntry::Folder(whole.display().to_string()));
                }
                self.folder = Some(whole);
            }
            ("timeout", time) => {
                let timeout = duration::parse(time)?;
                self.timeout = Some(timeout).filter(|timeout| TIMEOUT.contains(timeout));
                if self.timeout.is_none() {
                    return Err(WrongEntry::Timeout);
                }
            }
            _ => return Err(WrongEntry::Unknown(line.to_owned())),
        }
        Ok(())
    }
}

/// All that is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    entries: Vec<Entry>,
}

impl Allowed {
    /// Allows one more command.
    ///
    /// # Errors
    /// It is none.
    pub fn add_command(&mut self, line: &str) -> Result<(), WrongAllow> {
        self.entries.push(Entry::read(line).map_err(|why| WrongAllow::Command(line.to_owned(), why))?);
        Ok(())
    }

    /// Allows what stands in a file.
    ///
    /// # Errors
    /// Something in it is wrong: then nothing of it counts.
    pub fn add_file(&mut self, path: &Path, base: &Path) -> Result<(), WrongAllow> {
        let mut file = File::open(path)?;
        // A pipe, as a shell gives it for a here-document, is nobody else's.
        let about = file.metadata()?;
        if about.is_file() && about.permissions().mode() & WRITABLE_BY_ALL != 0 {
            return Err(WrongAllow::WritableByAll);
        }
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        self.entries.extend(read(&text, base)?);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The first entry that allows a command.
    pub fn find(&self, command: &[String]) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.allows(command))
    }
}

impl fmt::Display for Allowed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named: Vec<_> = self.entries.iter().take(NAMED).map(|entry| entry.text.as_str()).collect();
        f.write_str(&named.join(", "))?;
        match self.entries.len() - named.len() {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

fn read(text: &str, base: &Path) -> Result<Vec<Entry>, WrongAllow> {
    let mut entries: Vec<Entry> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let at = |why| WrongAllow::Line { line: number + 1, why };
        let said = line.trim();
        if said.is_empty() || said.starts_with('#') {
            continue;
        }
        if line.starts_with([' ', '\t']) {
            entries.last_mut().ok_or(WrongEntry::OfNothing).and_then(|entry| entry.set(said, base)).map_err(at)?;
        } else {
            entries.push(Entry::read(line).map_err(|why| at(why.into()))?);
        }
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(text: &str) -> Allowed {
        Allowed { entries: read(text, Path::new("/")).expect(text) }
    }

    fn allows(text: &str, line: &str) -> bool {
        words::command(line).is_ok_and(|command| allowed(text).find(&command).is_some())
    }

    #[test]
    fn a_command_is_allowed_word_by_word() {
        for line in ["npm test", " npm  test ", "'npm' \"test\"", r"n\pm test"] {
            assert!(allows("npm test", line), "{line}");
        }
        for line in
            ["npm", "npm test x", "npm tests", "npm  'test '", "npm 'test x'", "'npm test'", "npm Test", "./npm test", "/bin/npm test"]
        {
            assert!(!allows("npm test", line), "{line}");
        }
    }

    #[test]
    fn a_star_allows_further_words_and_no_other_command() {
        for line in ["cargo test", "cargo test -q", "cargo test 'a b' ''", "cargo test '; rm -rf ~'"] {
            assert!(allows("cargo test *", line), "{line}");
        }
        for line in
            ["cargo", "cargo tests", "cargo test; rm -rf x", "cargo test $(rm x)", "cargo test && x", "cargo test\nrm x", "X=y cargo test"]
        {
            assert!(!allows("cargo test *", line), "{line}");
        }
        assert!(!allows("echo '*'", "echo a") && allows("echo '*'", "echo '*'"));
    }

    #[test]
    fn the_first_entry_that_fits_says_where_and_for_how_long() {
        let text = "# mine\r\n\r\nnpm test\r\n\tfolder /tmp\r\n    timeout 10m\r\n    # as long as it takes\r\nnpm *\r\n  folder  usr \r\n";
        let allowed = allowed(text);
        let find = |line: &str| {
            let entry = allowed.find(&words::command(line).expect(line)).expect(line);
            (entry.folder.clone(), entry.timeout)
        };
        assert_eq!(find("npm test"), (Some("/tmp".into()), Some(Duration::from_secs(600))));
        assert_eq!(find("npm ci"), (Some("/usr".into()), None));
        assert_eq!(allowed.to_string(), "npm test, npm *");
    }

    #[test]
    fn what_is_wrong_in_a_file_is_told_with_its_line_and_nothing_of_the_file_counts() {
        for (text, expected) in [
            ("npm test\nnpm test; ls", "line 2: ';' means something to a shell"),
            ("*", "line 1: only the last word may be *"),
            ("npm test # mine", "line 1: '#'"),
            ("  folder /", "line 1: it is indented"),
            ("npm\n  folder /there/is/none", "line 2: /there/is/none: no such folder"),
            ("npm\n  folder", "line 2: indented below a command stands"),
            ("npm\n  foldr /", "not \"foldr /\""),
            ("npm\n  npm test", "not \"npm test\""),
            ("npm\n  timeout soon", "line 2: timeout: \"soon\""),
            ("npm\n  timeout 200h", "1s to 168h"),
            ("A=b npm", "sets a variable"),
        ] {
            let wrong = read(text, Path::new("/")).expect_err(text).to_string();
            assert!(wrong.contains(expected), "{text}: {wrong}");
        }
    }

    #[test]
    fn a_file_that_everybody_may_write_is_refused() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "npm test").expect("written");
        let with = |mode| {
            std::fs::set_permissions(file.path(), std::fs::Permissions::from_mode(mode)).expect("set");
            Allowed::default().add_file(file.path(), Path::new("/"))
        };
        assert!(matches!(with(0o666), Err(WrongAllow::WritableByAll)));
        assert!(with(0o644).is_ok());
    }

    #[test]
    fn many_entries_are_not_all_named() {
        let allowed = allowed(&(0..20).map(|n| format!("make {n}\n")).collect::<String>());
        assert!(allowed.to_string().starts_with("make 0, ") && allowed.to_string().ends_with("make 11 and 8 more"));
    }
}
