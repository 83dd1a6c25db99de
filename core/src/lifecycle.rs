//! The lifecycle of a task: one table of who may move what from where.
//!
//! ```text
//!            ┌────────────────────────────▶ Completed ┐
//! Pending ⇄ Active ───────────────────────▶ Rejected  ├──reopen──▶ Pending
//!            └── background work only ──▶ Failed, Killed ┘ (people)
//! ```
//!
//! The dialects have their own words for these states; on the wire of the dashboard they bear the
//! words of the human-in-the-loop dialect, and the words of the others are understood.

use crate::json::{Word, words};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    Pending,
    Active,
    Completed,
    Rejected,
    Failed,
    Killed,
}

words!(Status {
    "notstarted" => Pending,
    "pending" => Pending,
    "ongoing" => Active,
    "active" => Active,
    "in_progress" => Active,
    "running" => Active,
    "completed" => Completed,
    "rejected" => Rejected,
    "failed" => Failed,
    "killed" => Killed,
});

/// Every status, in the order of the lifecycle.
pub const STATUSES: [Status; 6] = [Status::Pending, Status::Active, Status::Completed, Status::Rejected, Status::Failed, Status::Killed];

/// Who moves a task, as far as the table cares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mover {
    Agent,
    /// An agent that moves what runs in the background.
    Runner,
    /// An agent that tells how a task stands where it really lives.
    Mirror,
    Person,
    /// A person who moves what runs in the background: its beginning is for whoever runs it to say.
    Watcher,
    System,
}

impl Status {
    /// The word of the human-in-the-loop dialect, which is also the one on the wire.
    pub fn word(self) -> &'static str {
        self.on_the_wire()
    }

    /// Reads a status from a word of any dialect.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::of_wire(word).ok()
    }

    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }

    /// Where `mover` may take a task from here. Staying is always allowed and is not listed.
    ///
    /// A terminal state has no way out in this table: reopening is a command of its own, for people only. What lives elsewhere is reopened there.
    pub fn moves(self, mover: Mover) -> &'static [Status] {
        match (self, mover) {
            (Self::Pending, Mover::Agent | Mover::Person) => &[Self::Active, Self::Completed, Self::Rejected],
            (Self::Active, Mover::Agent | Mover::Person) => &[Self::Pending, Self::Completed, Self::Rejected],
            (Self::Pending | Self::Active, Mover::Watcher) => &[Self::Completed, Self::Rejected],
            (Self::Pending, Mover::Runner) => &[Self::Active, Self::Completed, Self::Rejected, Self::Failed, Self::Killed],
            (Self::Active, Mover::Runner) => &[Self::Pending, Self::Completed, Self::Rejected, Self::Failed, Self::Killed],
            (Self::Pending, Mover::System) => &[Self::Failed, Self::Killed],
            // Who had claimed it is gone.
            (Self::Active, Mover::System) => &[Self::Pending, Self::Failed, Self::Killed],
            (Self::Pending, Mover::Mirror) => &[Self::Active, Self::Completed, Self::Rejected],
            (Self::Active, Mover::Mirror) => &[Self::Pending, Self::Completed, Self::Rejected],
            (Self::Completed, Mover::Mirror) => &[Self::Pending, Self::Active, Self::Rejected],
            (Self::Rejected | Self::Failed | Self::Killed, Mover::Mirror) => &[Self::Pending, Self::Active, Self::Completed],
            (Self::Completed | Self::Rejected | Self::Failed | Self::Killed, _) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leaves_a_terminal_state_without_reopening_but_for_what_lives_elsewhere() {
        for status in STATUSES.into_iter().filter(|status| !status.is_open()) {
            for mover in [Mover::Agent, Mover::Runner, Mover::Person, Mover::Watcher, Mover::System] {
                assert!(status.moves(mover).is_empty(), "{status:?} {mover:?}");
            }
            assert!(status.moves(Mover::Mirror).contains(&Status::Active), "{status:?}");
        }
    }

    #[test]
    fn agents_and_people_may_move_the_same_and_only_what_runs_fails_or_is_killed() {
        for status in STATUSES {
            assert_eq!(status.moves(Mover::Agent), status.moves(Mover::Person));
            for mover in [Mover::Agent, Mover::Person] {
                assert!(!status.moves(mover).iter().any(|to| matches!(to, Status::Failed | Status::Killed)));
            }
        }
    }

    #[test]
    fn every_status_is_read_back_from_its_word_and_agrees_with_the_wire() {
        for status in STATUSES {
            assert_eq!(Status::from_word(status.word()), Some(status));
            assert_eq!(serde_json::to_value(status).expect("json"), status.word());
        }
        assert_eq!(Status::from_word("in_progress"), Some(Status::Active));
        assert_eq!(serde_json::from_str::<Status>("\"running\"").ok(), Some(Status::Active));
        assert_eq!(Status::from_word("done"), None);
    }
}
