//! Why a command is refused: what was wrong, and what would be right. Nothing is stored when one is returned.

use std::fmt;

use crate::id::{AttachmentId, Id, MessageId, TaskId};
use crate::json::{Error, Member, Raw, Read, Reader, Slot, Write, needed, object, through_json};
use crate::lifecycle::Status;
use crate::members;
use crate::model::{Actor, AgentName, OutOfScope, Verdict};
use crate::time::Timestamp;

/// A typed refusal. `code` is stable; the words may improve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rejection {
    TaskNotFound {
        task: String,
    },
    MessageNotFound {
        message: MessageId,
    },
    AttachmentNotFound {
        attachment: AttachmentId,
    },
    AgentNotFound {
        agent: AgentName,
    },
    /// A field that must hold something is empty.
    Empty {
        field: &'static str,
    },
    TooLong {
        field: &'static str,
        limit: usize,
        unit: &'static str,
        given: usize,
    },
    TooMany {
        what: &'static str,
        limit: usize,
        given: usize,
    },
    /// A field holds what its type cannot: says what is allowed.
    Invalid {
        field: &'static str,
        problem: String,
    },
    IllegalTransition {
        task: TaskId,
        from: Status,
        to: Status,
        allowed: Vec<Status>,
    },
    /// The task is open: there is nothing to reopen.
    NotClosed {
        task: TaskId,
        status: Status,
    },
    TaskClosed {
        task: TaskId,
        status: Status,
    },
    Forbidden {
        what: &'static str,
        who: &'static str,
    },
    /// The agent's token does not open it.
    OutOfScope(OutOfScope),
    /// The id already names something else.
    IdTaken {
        id: Id,
    },
    /// The card has changed since it was shown.
    ShownChanged {
        task: TaskId,
        current: String,
    },
    VerdictStands {
        task: TaskId,
        kind: Verdict,
        by: Actor,
        at: Timestamp,
    },
    /// It is no task of a list.
    NotListed {
        task: TaskId,
    },
    /// Nothing runs in the background for it.
    NotBackground {
        task: TaskId,
    },
    /// Whoever is to report on it must begin it first.
    NotBegun {
        task: TaskId,
    },
    /// The dependencies would go in a circle: these, by their names, the first once more at the end. Of a long one, the middle is a number.
    Cycle {
        tasks: Vec<String>,
    },
    /// The workspace wants what it waits for to be completed first.
    Blocked {
        task: String,
        by: Vec<String>,
    },
    /// Another has it, or the claim that was named is no more.
    Held {
        task: String,
        /// Absent where nobody has it any more.
        owner: Option<AgentName>,
        /// Whose claim it is; absent where it is merely meant for its owner.
        holder: Option<AgentName>,
        fence: u64,
    },
    /// It has changed since the revision that was named.
    Changed {
        task: String,
        revision: u64,
    },
    /// The decision needs a part of the workspace that is not loaded here. Only a replica can meet it.
    NotLoaded {
        what: &'static str,
    },
    /// The authority refused it for a reason this build does not know.
    Refused(Box<Problem>),
}

/// What kind of wrong it is; HTTP shells turn it into a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    Invalid,
    TooLarge,
    NotFound,
    Conflict,
    Forbidden,
    NotLoaded,
}

/// A refusal on the wire: the members of an RFC 9457 problem document, without the HTTP in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub code: String,
    pub title: String,
    pub detail: String,
    /// HTTP status that fits.
    pub status: u16,
    /// What the reader may use to mend it: `allowed`, `by`, `current` …
    pub extra: Vec<(String, Raw)>,
}

impl Problem {
    /// A member that the reader may use.
    pub fn extra(&self, name: &str) -> Option<&Raw> {
        self.extra.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

impl Read for Problem {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (mut code, mut title, mut detail, mut status, mut extra) = (None, None, None, None, Vec::new());
        reader.members(&mut |reader, name| match name {
            "code" => code.fill(reader),
            "title" => title.fill(reader),
            "detail" => detail.fill(reader),
            "status" => status.fill(reader),
            _ => {
                extra.push((name.to_owned(), Raw::read(reader)?));
                Ok(())
            }
        })?;
        let (code, title, detail) = (needed(code, "code")?, needed(title, "title")?, needed(detail, "detail")?);
        Ok(Self { code, title, detail, status: needed(status, "status")?, extra })
    }
}

impl Write for Problem {
    fn write(&self, to: &mut String) {
        let mut members = members!(of self; code, title, detail, status).to_vec();
        members.extend(self.extra.iter().map(|(name, value)| (name.as_str(), Some(value as &dyn Write))));
        object(to, &members);
    }
}

through_json!(Problem);

impl Rejection {
    /// The stable code.
    pub fn code(&self) -> &str {
        match self {
            Self::TaskNotFound { .. } => "task_not_found",
            Self::MessageNotFound { .. } => "message_not_found",
            Self::AttachmentNotFound { .. } => "attachment_not_found",
            Self::AgentNotFound { .. } => "agent_not_found",
            Self::Empty { .. } => "empty",
            Self::TooLong { .. } => "too_long",
            Self::TooMany { .. } => "too_many",
            Self::Invalid { .. } => "invalid",
            Self::IllegalTransition { .. } => "illegal_transition",
            Self::NotClosed { .. } => "not_closed",
            Self::TaskClosed { .. } => "task_closed",
            Self::Forbidden { .. } => "forbidden",
            Self::OutOfScope(_) => "scope_required",
            Self::IdTaken { .. } => "id_taken",
            Self::ShownChanged { .. } => "shown_changed",
            Self::VerdictStands { .. } => "verdict_stands",
            Self::NotListed { .. } => "not_listed",
            Self::NotBackground { .. } => "not_background",
            Self::NotBegun { .. } => "not_begun",
            Self::Cycle { .. } => "dependency_cycle",
            Self::Blocked { .. } => "task_blocked",
            Self::Held { .. } => "task_held",
            Self::Changed { .. } => "task_changed",
            Self::NotLoaded { .. } => "not_loaded",
            Self::Refused(problem) => &problem.code,
        }
    }

    pub fn fault(&self) -> Fault {
        match self {
            Self::TaskNotFound { .. } | Self::MessageNotFound { .. } | Self::AttachmentNotFound { .. } | Self::AgentNotFound { .. } => {
                Fault::NotFound
            }
            Self::Empty { .. } | Self::Invalid { .. } | Self::TooMany { .. } | Self::NotListed { .. } | Self::NotBackground { .. } => {
                Fault::Invalid
            }
            Self::TooLong { .. } => Fault::TooLarge,
            Self::IllegalTransition { .. }
            | Self::NotClosed { .. }
            | Self::TaskClosed { .. }
            | Self::IdTaken { .. }
            | Self::ShownChanged { .. }
            | Self::VerdictStands { .. }
            | Self::NotBegun { .. }
            | Self::Cycle { .. }
            | Self::Blocked { .. }
            | Self::Held { .. }
            | Self::Changed { .. } => Fault::Conflict,
            Self::Forbidden { .. } | Self::OutOfScope(_) => Fault::Forbidden,
            Self::NotLoaded { .. } => Fault::NotLoaded,
            Self::Refused(problem) => match problem.status {
                404 => Fault::NotFound,
                403 => Fault::Forbidden,
                409 => Fault::Conflict,
                413 => Fault::TooLarge,
                _ => Fault::Invalid,
            },
        }
    }

    /// The refusal as it goes over the wire.
    pub fn problem(&self) -> Problem {
        if let Self::Refused(problem) = self {
            return (**problem).clone();
        }
        let (title, status) = match self.fault() {
            Fault::Invalid => ("The request is not valid", 400),
            Fault::TooLarge => ("Too large", 413),
            Fault::NotFound => ("Not found", 404),
            Fault::Conflict => ("It does not fit the present state", 409),
            Fault::Forbidden => ("Not allowed", 403),
            Fault::NotLoaded => ("Not loaded here", 409),
        };
        let extra = match self {
            Self::IllegalTransition { from, allowed, .. } => extra(&members!(from, allowed)),
            Self::TaskClosed { status, .. } | Self::NotClosed { status, .. } => extra(&members!(status as "taskStatus")),
            Self::TooLong { field, limit, given, .. } | Self::TooMany { what: field, limit, given } => {
                extra(&members!(field, limit, given))
            }
            Self::Empty { field } | Self::Invalid { field, .. } => extra(&members!(field)),
            Self::OutOfScope(OutOfScope { needed, held, .. }) => extra(&members!(needed as "scope", held as "scopes")),
            Self::ShownChanged { current, .. } => extra(&members!(current)),
            Self::VerdictStands { kind, by, at, .. } => extra(&members!(kind as "verdict", by, at)),
            Self::Cycle { tasks } => extra(&members!(tasks as "cycle")),
            Self::Blocked { by, .. } => extra(&members!(by as "blockedBy")),
            Self::Held { owner, holder, fence, .. } => extra(&members!(owner, holder, fence)),
            Self::Changed { revision, .. } => extra(&members!(revision)),
            _ => Vec::new(),
        };
        Problem { code: self.code().to_owned(), title: title.to_owned(), detail: self.to_string(), status, extra }
    }
}

fn extra(members: &[Member<'_>]) -> Vec<(String, Raw)> {
    members.iter().filter_map(|(name, value)| value.map(|value| ((*name).to_owned(), Raw::of(value)))).collect()
}

fn words(statuses: &[Status]) -> String {
    statuses.iter().map(|status| status.word()).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TaskNotFound { task } => write!(f, "there is no task {task} in this workspace"),
            Self::MessageNotFound { message } => write!(f, "there is no message {message} in this thread"),
            Self::AttachmentNotFound { attachment } => {
                write!(f, "there is no attachment {attachment}: upload it first, then name its id")
            }
            Self::AgentNotFound { agent } => write!(f, "no agent called {agent} has been here"),
            Self::Empty { field } => write!(f, "{field} must not be empty"),
            Self::TooLong { field, limit, unit, given } => {
                write!(f, "{field} has {given} {unit}; {limit} are allowed")
            }
            Self::TooMany { what, limit, given } => write!(f, "{given} {what}; {limit} are allowed"),
            Self::Invalid { field, problem } => write!(f, "{field}: {problem}"),
            Self::IllegalTransition { task, from, to, allowed } if allowed.is_empty() => {
                write!(f, "task {task} is {}: it cannot become {} unless a person reopens it", from.word(), to.word())
            }
            Self::IllegalTransition { task, from, to, allowed } => {
                write!(f, "task {task} is {}: it cannot become {}; it may become {}", from.word(), to.word(), words(allowed))
            }
            Self::NotClosed { task, status } => write!(f, "task {task} is {}: only a closed task is reopened", status.word()),
            Self::TaskClosed { task, status } => {
                write!(f, "task {task} is {}: a person must reopen it first", status.word())
            }
            Self::Forbidden { what, who } => write!(f, "only {who} may {what}"),
            Self::OutOfScope(why) => why.fmt(f),
            Self::IdTaken { id } => write!(f, "the id {id} already names something else: take a fresh one"),
            Self::ShownChanged { task, .. } => {
                write!(f, "task {task} has changed since it was shown: look at it again and decide anew")
            }
            Self::VerdictStands { task, kind, by, at } => {
                write!(f, "task {task} was {} by {by} at {at}: the first verdict stands", kind.word().to_ascii_lowercase())
            }
            Self::NotListed { task } => write!(f, "task {task} is on no list of agents' work"),
            Self::NotBackground { task } => write!(f, "task {task} is not background work: it has no type"),
            Self::NotBegun { task } => write!(f, "task {task} has not begun: set its status to running first, which claims it"),
            Self::Cycle { tasks } => write!(f, "the dependencies would go in a circle: {}", tasks.join(" → ")),
            Self::Blocked { task, by } => {
                write!(f, "{task} waits for {}: that must be completed first", by.join(", "))
            }
            Self::Held { task, owner: None, fence, .. } => {
                write!(f, "{task} is nobody's any more, claim {fence} has ended: claim it again")
            }
            Self::Held { task, owner: Some(owner), holder, fence } => {
                match holder {
                    None => write!(f, "{task} is meant for {owner}")?,
                    Some(holder) if holder == owner => write!(f, "{task} is held by {owner} (claim {fence})")?,
                    Some(holder) => write!(f, "{task} is held by {owner}, through {holder} (claim {fence})")?,
                }
                write!(f, ": take another, or give fence {fence} to take it over")
            }
            Self::Changed { task, revision } => {
                write!(f, "{task} has changed since you read it, and is at revision {revision}: read it again and decide anew")
            }
            Self::NotLoaded { what } => write!(f, "{what} is not loaded here: the server decides"),
            Self::Refused(problem) => f.write_str(&problem.detail),
        }
    }
}

impl std::error::Error for Rejection {}

impl From<OutOfScope> for Rejection {
    fn from(why: OutOfScope) -> Self {
        Self::OutOfScope(why)
    }
}

impl Read for Rejection {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Problem::read(reader).map(|problem| Self::Refused(Box::new(problem)))
    }
}

impl Write for Rejection {
    fn write(&self, to: &mut String) {
        self.problem().write(to);
    }
}

through_json!(Rejection);
