//! The authority's side: which commands of a replica may run.
//!
//! A replica numbers its commands from 1 without gaps, so that they run in order and none is left out. How each command
//! ended is remembered by the command's id: one that comes again takes no effect again and gets the same answer, also
//! from a replica that lost its storage, or got back an old one, and sends it under another name and number.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::command::Command;
use crate::id::Id;
use crate::json::through_json;
use crate::limits;
use crate::record;
use crate::rejection::{Problem, Rejection};

/// A batch of commands, as a replica sends it.
#[derive(Clone, Debug)]
pub struct Batch {
    pub client_id: String,
    pub commands: Vec<Numbered>,
}

record!(Batch { client_id, commands });

#[derive(Clone, Debug)]
pub struct Numbered {
    pub mutation_id: u64,
    pub command: Command,
}

record!(Numbered { mutation_id, command });

/// What the authority remembers of one replica.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClientState {
    /// The number of its last command.
    pub last: u64,
}

record!(ClientState { last });
through_json!(Batch Numbered ClientState);

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// [`hash`] of the command.
    pub hash: String,
    /// `None`: it took effect.
    pub rejection: Option<Problem>,
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

/// SHA-256 of what a command says, 64 hex digits. What is left at nothing is not said, so that a field that a later
/// build adds changes no hash of an earlier one.
pub fn hash(command: &Command) -> String {
    let said = match serde_json::to_value(command) {
        Ok(Value::Object(fields)) => Value::Object(fields.into_iter().filter(|(_, value)| says_something(value)).collect()),
        Ok(other) => other,
        Err(_) => Value::Null,
    };
    Sha256::digest(said.to_string()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn says_something(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Number(_) | Value::Object(_) => true,
    }
}

impl ClientState {
    /// Whether command `id` may run as number `mutation_id`, where `before` is how a command of that id ended.
    ///
    /// # Errors
    /// When the numbering is broken.
    pub fn admit(&self, mutation_id: u64, id: Id, hash: &str, before: Option<&Ended>) -> Result<Admission, Broken> {
        let expected = self.last + 1;
        if mutation_id == 0 || mutation_id > expected {
            return Err(Broken::Gap { expected, given: mutation_id });
        }
        match before {
            Some(ended) if ended.hash == hash => Ok(Admission::Repeat(ended.rejection.clone())),
            // One id for two commands: the first has it.
            Some(_) => Ok(Admission::Repeat(Some(Rejection::IdTaken { id }.problem()))),
            None if mutation_id == expected => Ok(Admission::Run),
            None => Err(Broken::Conflict { mutation_id }),
        }
    }

    /// Counts a command that ran or is known. A refusal counts too: the replica goes on with the next number.
    pub fn count(&mut self, mutation_id: u64) {
        self.last = self.last.max(mutation_id);
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
    Problem { code: code.to_owned(), title: "The batch is not valid".to_owned(), detail, status: 400, extra: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TaskId;

    fn id(number: u32) -> Id {
        Id::new(0, number)
    }

    fn ended(hash: &str, rejection: Option<Problem>) -> Ended {
        Ended { hash: hash.to_owned(), rejection }
    }

    #[test]
    fn the_next_command_runs_and_one_that_is_known_does_not() {
        let state = ClientState { last: 2 };
        assert_eq!(ClientState::default().admit(1, id(1), "h", None), Ok(Admission::Run));
        assert_eq!(state.admit(3, id(3), "h", None), Ok(Admission::Run));
        for number in 1..=3 {
            assert_eq!(state.admit(number, id(1), "h", Some(&ended("h", None))), Ok(Admission::Repeat(None)), "as number {number}");
        }
    }

    #[test]
    fn a_gap_and_another_command_under_the_same_number_are_refused() {
        let state = ClientState { last: 2 };
        assert_eq!(state.admit(4, id(4), "h", None), Err(Broken::Gap { expected: 3, given: 4 }));
        assert_eq!(state.admit(0, id(4), "h", None), Err(Broken::Gap { expected: 3, given: 0 }));
        assert_eq!(state.admit(4, id(1), "h", Some(&ended("h", None))), Err(Broken::Gap { expected: 3, given: 4 }));
        for mutation_id in [1, 2] {
            assert_eq!(state.admit(mutation_id, id(4), "h", None), Err(Broken::Conflict { mutation_id }));
        }
    }

    #[test]
    fn a_refusal_is_told_again_and_an_id_names_one_command_only() {
        let why = problem("task_not_found", "gone".into());
        let state = ClientState { last: 1 };
        let before = ended("h", Some(why.clone()));
        assert_eq!(state.admit(1, id(1), "h", Some(&before)), Ok(Admission::Repeat(Some(why))));
        let other = state.admit(2, id(1), "other", Some(&before));
        assert!(matches!(other, Ok(Admission::Repeat(Some(problem))) if problem.code == "id_taken"));
    }

    #[test]
    fn counting_never_goes_back() {
        let mut state = ClientState { last: 2 };
        state.count(3);
        state.count(1);
        assert_eq!(state, ClientState { last: 3 });
    }

    #[test]
    fn the_hash_is_of_what_is_said() {
        let edit = |title: &str, body: Option<&str>| {
            let (title, body) = (Some(title.to_owned()), body.map(str::to_owned));
            hash(&Command::EditTask { id: id(1), task: TaskId(id(2)), title, body, assignee: None, options: None })
        };
        assert_eq!(edit("a", None).len(), 64);
        assert_eq!(edit("a", None), edit("a", None));
        assert_ne!(edit("a", None), edit("b", None));
        assert_ne!(edit("a", None), edit("a", Some("b")));
        let said = format!(r#"{{"id":"{}","task":"{}","title":"a","type":"editTask"}}"#, id(1), id(2));
        let digest: String = Sha256::digest(said).iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(edit("a", None), digest, "what is left at nothing is not part of it");
    }

    #[test]
    fn a_hundred_commands_are_a_batch_and_one_more_is_not() {
        let command = Command::Reopen { id: id(1), task: TaskId(id(2)) };
        let batch = |count: u64| Batch {
            client_id: "c".into(),
            commands: (1..=count).map(|mutation_id| Numbered { mutation_id, command: command.clone() }).collect(),
        };
        assert_eq!(batch(100).check(), Ok(()));
        assert_eq!(batch(101).check().map_err(|problem| problem.code), Err("too_many".to_owned()));
    }
}
