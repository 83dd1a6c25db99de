//! The authority's side: which commands of a replica may run.
//!
//! A replica numbers its commands from 1 without gaps. The authority remembers the last number and the hash of that
//! command, so a command that comes twice runs once, and a replica whose storage was rolled back is found out.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::command::Command;
use crate::limits;
use crate::rejection::Problem;
use crate::sync::delta::Settled;

/// How many refusals are remembered for a replica that did not hear of them: as many as one batch may hold, since a
/// replica sends the next batch when it has heard of the last.
const REMEMBERED_REFUSALS: usize = limits::BATCH;

/// A batch of commands, as a replica sends it.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    pub client_id: String,
    pub commands: Vec<Numbered>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbered {
    pub mutation_id: u64,
    pub command: Command,
}

/// What the authority remembers of one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientState {
    pub last: u64,
    pub hash: String,
    pub refused: Vec<Settled>,
}

/// What to do with a numbered command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    Run,
    /// It ran before; this is how it ended.
    Repeat(Option<Problem>),
}

/// The numbering is broken: the replica must take a new client id and queue again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// Commands are missing between the last one and this.
    Gap { expected: u64, given: u64 },
    /// Another command bore this number.
    Conflict { mutation_id: u64 },
}

/// SHA-256 of a command, 64 hex digits.
pub fn hash(command: &Command) -> String {
    let text = serde_json::to_string(command).unwrap_or_default();
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}

impl ClientState {
    /// Whether command `mutation_id` may run.
    pub fn admit(&self, mutation_id: u64, hash: &str) -> Result<Admission, Broken> {
        if mutation_id == self.last + 1 {
            return Ok(Admission::Run);
        }
        if mutation_id > self.last || mutation_id == 0 {
            return Err(Broken::Gap { expected: self.last + 1, given: mutation_id });
        }
        if mutation_id == self.last && hash != self.hash {
            return Err(Broken::Conflict { mutation_id });
        }
        let refused = self.refused.iter().find(|settled| settled.mutation_id == mutation_id);
        Ok(Admission::Repeat(refused.and_then(|settled| settled.rejection.clone())))
    }

    /// Counts a command that ran. A refusal counts too: the replica goes on with the next number.
    pub fn ran(&mut self, settled: &Settled, hash: String) {
        self.last = settled.mutation_id;
        self.hash = hash;
        if settled.rejection.is_some() {
            self.refused.push(settled.clone());
            let surplus = self.refused.len().saturating_sub(REMEMBERED_REFUSALS);
            self.refused.drain(..surplus);
        }
    }
}

impl Broken {
    /// The refusal on the wire.
    pub fn problem(self) -> Problem {
        let (code, detail) = match self {
            Self::Gap { expected, given } => {
                ("mutation_gap", format!("expected mutation {expected}, got {given}: take a new clientId and number from 1"))
            }
            Self::Conflict { mutation_id } => {
                ("mutation_conflict", format!("another command bore the number {mutation_id}: take a new clientId and number from 1"))
            }
        };
        problem(code, detail)
    }
}

impl Batch {
    /// Checks what can be checked before any command runs.
    ///
    /// # Errors
    /// When the batch is too large or the client id is none.
    pub fn check(&self) -> Result<(), Problem> {
        let word = (1..=64).contains(&self.client_id.len())
            && self.client_id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if !word {
            return Err(problem("invalid", "clientId has 1 to 64 letters, digits, - and _".to_owned()));
        }
        if self.commands.len() > limits::BATCH {
            let detail = format!("{} commands; {} are allowed", self.commands.len(), limits::BATCH);
            return Err(problem("too_many", detail));
        }
        Ok(())
    }
}

fn problem(code: &str, detail: String) -> Problem {
    Problem { code: code.to_owned(), title: "The batch is not valid".to_owned(), detail, status: 400, extra: serde_json::Map::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(last: u64) -> ClientState {
        let mut state = ClientState::default();
        for mutation_id in 1..=last {
            state.ran(&Settled { client_id: "c".into(), mutation_id, rejection: None }, format!("h{mutation_id}"));
        }
        state
    }

    #[test]
    fn the_next_command_runs_and_a_repeat_does_not() {
        assert_eq!(after(0).admit(1, "h1"), Ok(Admission::Run));
        assert_eq!(after(2).admit(3, "h3"), Ok(Admission::Run));
        assert_eq!(after(2).admit(2, "h2"), Ok(Admission::Repeat(None)));
        assert_eq!(after(2).admit(1, "h1"), Ok(Admission::Repeat(None)));
    }

    #[test]
    fn a_gap_and_another_command_under_the_same_number_are_refused() {
        assert_eq!(after(2).admit(4, "h4"), Err(Broken::Gap { expected: 3, given: 4 }));
        assert_eq!(after(2).admit(0, "h"), Err(Broken::Gap { expected: 3, given: 0 }));
        assert_eq!(after(2).admit(2, "other"), Err(Broken::Conflict { mutation_id: 2 }));
    }

    #[test]
    fn a_refusal_advances_and_is_told_again_on_a_repeat() {
        let mut state = after(1);
        let why = problem("task_not_found", "gone".into());
        state.ran(&Settled { client_id: "c".into(), mutation_id: 2, rejection: Some(why.clone()) }, "h2".into());
        assert_eq!(state.admit(2, "h2"), Ok(Admission::Repeat(Some(why))));
        assert_eq!(state.admit(3, "h3"), Ok(Admission::Run));
    }

    #[test]
    fn a_whole_batch_of_refusals_is_told_again_to_a_replica_that_did_not_hear_it() {
        let mut state = ClientState::default();
        let why = problem("task_not_found", "gone".into());
        let batch = 1..=limits::BATCH as u64;
        for mutation_id in batch.clone() {
            state.ran(&Settled { client_id: "c".into(), mutation_id, rejection: Some(why.clone()) }, format!("h{mutation_id}"));
        }
        for mutation_id in batch {
            assert_eq!(state.admit(mutation_id, &format!("h{mutation_id}")), Ok(Admission::Repeat(Some(why.clone()))), "{mutation_id}");
        }
    }

    #[test]
    fn a_hundred_commands_are_a_batch_and_one_more_is_not() {
        let command = Command::Reopen { id: crate::id::Id::new(0, 1), task: crate::id::TaskId(crate::id::Id::new(0, 2)) };
        let batch = |count: u64| Batch {
            client_id: "c".into(),
            commands: (1..=count).map(|mutation_id| Numbered { mutation_id, command: command.clone() }).collect(),
        };
        assert_eq!(batch(100).check(), Ok(()));
        assert_eq!(batch(101).check().map_err(|problem| problem.code), Err("too_many".to_owned()));
    }
}
