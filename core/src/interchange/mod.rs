//! Forms in which lists and workspaces leave for other programs and come back.

pub mod archive;
pub mod claude_file;
pub mod index;
pub mod lines;
pub mod taking;
pub mod tar;
pub mod unpack;

/// The form in which a list or a workspace leaves and comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// An archive of files as Claude Code keeps them: see [`archive`].
    Claude,
    /// JSON Lines: see [`lines`].
    Lines,
}

impl Form {
    /// Its media type, and how a file of it is named.
    pub fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::Claude => ("application/x-tar", "tar"),
            Self::Lines => ("application/x-ndjson", "jsonl"),
        }
    }
}
