//! The commands of a browser that the server has not confirmed: numbered without gaps, sent in order, kept until a delta holds them.
//!
//! ```text
//! add ──▶ unsent ──batch, answered──▶ acknowledged ──settled, reached──▶ gone
//!            ▲                             │
//!            └────── ask again ◀───────────┘
//! ```
//!
//! Whenever it is in doubt whether the server has something, it is sent again: the authority remembers each command by its id.

use super::authority::{Batch, Numbered};
use super::delta::Settled;
use crate::command::Command;
use crate::cursor::Cursor;
use crate::id::Id;
use crate::json::{self, Write, object, through_json};
use crate::limits;
use crate::rejection::Problem;
use crate::{record, writes};

/// A command that waits, as the browser's storage keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub mutation_id: u64,
    pub command: Command,
    /// When it was given, in milliseconds since 1970.
    pub at: u64,
    /// The place in the history by which the server has it.
    pub acknowledged: Option<Cursor>,
}

record!(Row { mutation_id, command, at, acknowledged });

/// The server's answer to a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub cursor: Cursor,
    pub results: Vec<Answered>,
}

record!(Answer { cursor, results });

/// What became of one command of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    pub mutation_id: u64,
    pub command: Id,
    /// `None`: it took effect.
    pub rejection: Option<Problem>,
}

record!(Answered { mutation_id, command, rejection });

/// A command that the server refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub command: Command,
    pub rejection: Problem,
}

writes!(Refused { command, rejection });

/// What an answer or a delta came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// The server has these; a delta is still to show them.
    pub acknowledged: Vec<Id>,
    /// These are part of what is confirmed, and gone from here.
    pub confirmed: Vec<Id>,
    /// These are gone from here too.
    pub refused: Vec<Refused>,
}

/// What a batch that failed as a whole asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failed {
    /// The same again, later.
    Retry,
    /// A new client id, see [`Outbox::start_anew`].
    Anew,
    /// These will never be taken. The server has not counted them: start anew with the rest.
    Refused { refused: Vec<Refused> },
}

impl Write for Failed {
    fn write(&self, to: &mut String) {
        match self {
            Self::Retry => object(to, &[("what", Some(&"retry"))]),
            Self::Anew => object(to, &[("what", Some(&"anew"))]),
            Self::Refused { refused } => object(to, &[("what", Some(&"refused")), ("refused", Some(refused))]),
        }
    }
}

through_json!(Row Answer);

/// What a request that came to nothing means for the next try; status 0 where no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setback {
    /// No network, too slow, too often, or the server's own fault: the same again, later.
    Passing,
    /// Whoever asks must sign in first. What waits, waits.
    SignedOut,
    /// Whoever asks may not come in, or there is nothing to come into.
    Shut,
    /// What was asked is at fault.
    Refused,
}

impl Setback {
    pub fn of(status: u16) -> Self {
        match status {
            0 | 408 | 425 | 429 | 500.. => Self::Passing,
            401 => Self::SignedOut,
            403 | 404 | 410 => Self::Shut,
            _ => Self::Refused,
        }
    }

    pub fn word(self) -> &'static str {
        match self {
            Self::Passing => "passing",
            Self::SignedOut => "signedOut",
            Self::Shut => "shut",
            Self::Refused => "refused",
        }
    }
}

#[derive(Clone, Debug)]
pub struct Outbox {
    client_id: String,
    next: u64,
    rows: Vec<Row>,
    /// How many commands a batch may hold now: one, after a batch of several was refused for what one of them is.
    most: usize,
}

impl Outbox {
    pub fn new(client_id: String) -> Self {
        Self { client_id, next: 1, rows: Vec::new(), most: limits::BATCH }
    }

    /// Takes over what the storage kept.
    pub fn load(&mut self, mut rows: Vec<Row>, next: u64) {
        rows.sort_by_key(|row| row.mutation_id);
        let after = rows.last().map_or(1, |row| row.mutation_id + 1);
        self.next = next.max(after);
        self.rows = rows;
    }

    /// Queues a command; the number it got. One that waits already keeps the number it has.
    pub fn add(&mut self, command: Command, at: u64) -> u64 {
        if let Some(row) = self.rows.iter().find(|row| row.command.id() == command.id()) {
            return row.mutation_id;
        }
        let mutation_id = self.next;
        self.next += 1;
        self.rows.push(Row { mutation_id, command, at, acknowledged: None });
        mutation_id
    }

    /// What to send next: the same until it is answered or has failed.
    pub fn batch(&self) -> Option<Batch> {
        let mut bytes = 0;
        let mut commands = Vec::new();
        for row in self.rows.iter().filter(|row| row.acknowledged.is_none()).take(self.most) {
            bytes += json::to_string(&row.command).len();
            if bytes > limits::BATCH_BYTES && !commands.is_empty() {
                break;
            }
            commands.push(Numbered { mutation_id: row.mutation_id, command: row.command.clone() });
        }
        (!commands.is_empty()).then(|| Batch { client_id: self.client_id.clone(), commands })
    }

    /// The server has answered. What a delta has brought meanwhile is not here any more, and that is fine.
    pub fn answered(&mut self, answer: Answer) -> Progress {
        self.most = limits::BATCH;
        let mut progress = Progress::default();
        for Answered { command, rejection, .. } in answer.results {
            match rejection {
                Some(rejection) => progress.refused.extend(self.take(command).map(|command| Refused { command, rejection })),
                None => {
                    if let Some(row) = self.rows.iter_mut().find(|row| row.command.id() == command) {
                        row.acknowledged = Some(answer.cursor.clone());
                        progress.acknowledged.push(command);
                    }
                }
            }
        }
        progress
    }

    /// A batch as a whole came to nothing, for the reason given; status 0 where no answer came.
    pub fn failed(&mut self, problem: &Problem) -> Failed {
        if matches!(problem.code.as_str(), "mutation_gap" | "mutation_conflict") {
            return Failed::Anew;
        }
        let batch = self.batch().map_or(0, |batch| batch.commands.len());
        let count = match Setback::of(problem.status) {
            Setback::Passing | Setback::SignedOut => return Failed::Retry,
            // Nothing of theirs has a place here.
            Setback::Shut => self.unsent(),
            // One of several is at fault: alone it will show.
            Setback::Refused if batch > 1 => {
                self.most = 1;
                return Failed::Retry;
            }
            Setback::Refused => batch,
        };
        self.most = limits::BATCH;
        let ids: Vec<_> = self.rows.iter().filter(|row| row.acknowledged.is_none()).take(count).map(|row| row.command.id()).collect();
        let refused = ids.into_iter().filter_map(|id| self.take(id)).map(|command| Refused { command, rejection: problem.clone() });
        Failed::Refused { refused: refused.collect() }
    }

    /// A delta says what became of these, whoever sent them.
    pub fn settled(&mut self, settled: &[Settled]) -> Progress {
        let mut progress = Progress::default();
        for Settled { command: id, rejection, .. } in settled {
            let Some(command) = self.take(*id) else { continue };
            match rejection {
                Some(rejection) => progress.refused.push(Refused { command, rejection: rejection.clone() }),
                None => progress.confirmed.push(*id),
            }
        }
        progress
    }

    /// The replica stands at `cursor`: what was acknowledged by then is part of what it holds. Returns which those are.
    pub fn reached(&mut self, cursor: &Cursor) -> Vec<Id> {
        let is_in = |row: &Row| row.acknowledged.as_ref().is_some_and(|at| at.is_by(cursor));
        let (gone, kept) = std::mem::take(&mut self.rows).into_iter().partition(is_in);
        self.rows = kept;
        let gone: Vec<Row> = gone;
        gone.iter().map(|row| row.command.id()).collect()
    }

    /// The replica began again from a snapshot: a server that was restored may not have what it acknowledged before.
    pub fn ask_again(&mut self) {
        self.rows.iter_mut().for_each(|row| row.acknowledged = None);
    }

    /// Goes on under a new client id: everything that waits is numbered anew and asked again.
    pub fn start_anew(&mut self, client_id: String) -> &[Row] {
        self.client_id = client_id;
        self.ask_again();
        self.rows.iter_mut().zip(1..).for_each(|(row, number)| row.mutation_id = number);
        self.next = self.rows.len() as u64 + 1;
        &self.rows
    }

    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The number that the next command will get.
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// How many the server has not answered for.
    pub fn unsent(&self) -> usize {
        self.rows.iter().filter(|row| row.acknowledged.is_none()).count()
    }

    fn take(&mut self, id: Id) -> Option<Command> {
        let index = self.rows.iter().position(|row| row.command.id() == id)?;
        Some(self.rows.remove(index).command)
    }
}
