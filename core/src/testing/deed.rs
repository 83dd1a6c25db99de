//! What happens to a workspace: somebody asks something of it, or its streams report.

use super::people::Who;
use crate::command::Command;
use crate::decide::{decide, report};
use crate::decision::Decision;
use crate::rejection::Rejection;
use crate::report::Report;
use crate::time::Timestamp;
use crate::view::View;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    Asked(Who, Command),
    Reported(Who, Report),
}

impl Deed {
    pub fn who(&self) -> &Who {
        match self {
            Self::Asked(who, _) | Self::Reported(who, _) => who,
        }
    }

    /// What is asked, if something is.
    pub fn command(&self) -> Option<&Command> {
        match self {
            Self::Asked(_, command) => Some(command),
            Self::Reported(..) => None,
        }
    }

    /// # Errors
    /// As the rules refuse it.
    pub fn decided(&self, view: &impl View, now: Timestamp) -> Result<Decision, Rejection> {
        match self.clone() {
            Self::Asked(who, command) => decide(view, command, &who.at(now)),
            Self::Reported(who, said) => report(view, said, &who.at(now)),
        }
    }
}
