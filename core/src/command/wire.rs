//! How a command travels: one object with a member for whatever some command may say. What a command does not know is left out of account.

use super::{Asks, Command, Then};
use crate::id::{AttachmentId, Id, MessageId, TaskId};
use crate::json::{Error, Read, Reader, Write, needed, object, through_json};
use crate::lifecycle::Status;
use crate::model::{AgentName, Assignee, Options, Verdict};
use crate::{members, reads};

const NAMES: [&str; 10] = [
    "createTask",
    "editTask",
    "setStatus",
    "reopen",
    "postMessage",
    "giveVerdict",
    "deleteTask",
    "claimNext",
    "editWorkspace",
    "nameAgent",
];

/// A member that may be left out, null, or something, and each means another thing.
#[derive(Default)]
struct Given<T>(Option<Option<T>>);

impl<T: Read> Read for Given<T> {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        Option::read(reader).map(|given| Self(Some(given)))
    }

    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

/// What was said of each member.
struct Said {
    name_of_command: String,
    id: Id,
    agent: Option<AgentName>,
    asks: Asks,
    assignee: Option<Assignee>,
    attachments: Vec<AttachmentId>,
    body: Option<String>,
    choices: Vec<String>,
    digest: Option<String>,
    display_name: Option<String>,
    edited: Option<String>,
    in_reply_to: Option<MessageId>,
    mission: Option<String>,
    name: Option<String>,
    options: Given<Options>,
    reason: Option<String>,
    task: Option<TaskId>,
    text: Option<String>,
    then: Then,
    title: Option<String>,
    to: Option<Status>,
    verdict: Option<Verdict>,
}

reads!(Said {
    name_of_command as "type",
    id,
    agent,
    asks if any,
    assignee,
    attachments if any,
    body,
    choices if any,
    digest,
    display_name,
    edited,
    in_reply_to,
    mission,
    name,
    options,
    reason,
    task,
    text,
    then if any,
    title,
    to,
    verdict
});

impl Read for Command {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let it = Said::read(reader)?;
        let id = it.id;
        let task = it.task;
        let task = || needed(task, "task");
        Ok(match it.name_of_command.as_str() {
            "createTask" => Self::CreateTask {
                id,
                title: needed(it.title, "title")?,
                body: it.body.unwrap_or_default(),
                assignee: needed(it.assignee, "assignee")?,
                attachments: it.attachments,
                options: it.options.0.flatten(),
            },
            "editTask" => {
                Self::EditTask { id, task: task()?, title: it.title, body: it.body, assignee: it.assignee, options: it.options.0 }
            }
            "setStatus" => Self::SetStatus { id, task: task()?, to: needed(it.to, "to")?, reason: it.reason },
            "reopen" => Self::Reopen { id, task: task()? },
            "postMessage" => Self::PostMessage {
                id,
                task: task()?,
                text: needed(it.text, "text")?,
                attachments: it.attachments,
                in_reply_to: it.in_reply_to,
                asks: it.asks,
                choices: it.choices,
                digest: it.digest,
            },
            "giveVerdict" => Self::GiveVerdict {
                id,
                task: task()?,
                verdict: needed(it.verdict, "verdict")?,
                digest: needed(it.digest, "digest")?,
                text: it.text.unwrap_or_default(),
                attachments: it.attachments,
                then: it.then,
                edited: it.edited,
            },
            "deleteTask" => Self::DeleteTask { id, task: task()? },
            "claimNext" => Self::ClaimNext { id },
            "editWorkspace" => Self::EditWorkspace { id, name: it.name, mission: it.mission },
            "nameAgent" => {
                Self::NameAgent { id, agent: needed(it.agent, "agent")?, display_name: needed(it.display_name, "display_name")? }
            }
            other => return Err(Error::unknown(other, NAMES.into_iter())),
        })
    }
}

impl Write for Command {
    fn write(&self, to: &mut String) {
        macro_rules! say {
            ($name:literal, $($members:tt)*) => {{
                let name = $name;
                object(to, &members!(name as "type", $($members)*));
            }};
        }
        match self {
            Self::CreateTask { id, title, body, assignee, attachments, options } => {
                say!("createTask", id, title, body, assignee, attachments, options if any)
            }
            Self::EditTask { id, task, title, body, assignee, options } => {
                say!("editTask", id, task, title, body, assignee, options if any)
            }
            Self::SetStatus { id, task, to, reason } => say!("setStatus", id, task, to, reason),
            Self::Reopen { id, task } => say!("reopen", id, task),
            Self::PostMessage { id, task, text, attachments, in_reply_to, asks, choices, digest } => {
                say!("postMessage", id, task, text, attachments, in_reply_to, asks, choices if any, digest if any)
            }
            Self::GiveVerdict { id, task, verdict, digest, text, attachments, then, edited } => {
                say!("giveVerdict", id, task, verdict, digest, text, attachments, then, edited if any)
            }
            Self::DeleteTask { id, task } => say!("deleteTask", id, task),
            Self::ClaimNext { id } => say!("claimNext", id),
            Self::EditWorkspace { id, name, mission } => say!("editWorkspace", id, name, mission),
            Self::NameAgent { id, agent, display_name } => say!("nameAgent", id, agent, display_name),
        }
    }
}

through_json!(Command);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{from_str, to_string};

    fn edit(options: Option<Option<Options>>) -> Command {
        let id = Id::new(1_774_362_821_000, 7);
        Command::EditTask { id, task: TaskId(id), title: Some("t".into()), body: None, assignee: None, options }
    }

    #[test]
    fn options_that_stay_that_go_and_that_are_given_are_three_things() {
        let some = Options { choices: Vec::new(), multiple: false, free_text: true };
        for command in [edit(None), edit(Some(None)), edit(Some(Some(some)))] {
            let text = to_string(&command);
            assert_eq!(from_str(&text), Ok(command), "{text}");
        }
    }

    #[test]
    fn what_a_command_needs_is_neither_left_out_nor_null() {
        let id = Id::new(1_774_362_821_000, 7);
        for (members, said) in [
            (r#""type":"setStatus""#, "`task` is missing"),
            (r#""type":"setStatus","task":null,"to":"completed""#, "`task` is missing"),
            (r#""type":"nameAgent","agent":"a","displayName":null"#, "`displayName` is missing"),
            (r#""type":"dropTable""#, "`dropTable` is none of `createTask`"),
            (r#""type":"createTask","title":"t","assignee":"dog""#, "assignee: `dog` is none of `human`, `agent`"),
        ] {
            let error = from_str::<Command>(&format!(r#"{{"id":"{id}",{members}}}"#)).expect_err(members).to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
