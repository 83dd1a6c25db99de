//! How a command travels: one object with a member for whatever some command may say. What a command does not know is left out of account.

use super::{Arrows, Asks, Command, FirstStatus, NewJob, NewWork, Then, WorkChange};
use crate::id::{AttachmentId, Id, MessageId, TaskId};
use crate::json::{Error, Read, Reader, Write, needed, object, through_json, words};
use crate::lifecycle::Status;
use crate::model::{AgentName, Assignee, JobKind, ListName, Metadata, Noted, Options, Todo, Verdict};
use crate::{members, reads};

const NAMES: [&str; 16] = [
    "createTask",
    "editTask",
    "setStatus",
    "reopen",
    "postMessage",
    "giveVerdict",
    "deleteTask",
    "claimNext",
    "createWork",
    "updateWork",
    "claimWork",
    "stopWork",
    "startWorkflow",
    "writeTodos",
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
    active_form: Given<String>,
    add_blocked_by: Vec<TaskId>,
    add_blocks: Vec<TaskId>,
    agent: Option<AgentName>,
    asks: Asks,
    assignee: Option<Assignee>,
    attachments: Vec<AttachmentId>,
    blocked_by: Vec<TaskId>,
    blocks: Vec<TaskId>,
    body: Option<String>,
    choices: Vec<String>,
    command: Option<String>,
    digest: Option<String>,
    display_name: Option<String>,
    edited: Option<String>,
    enforce_dependencies: Option<bool>,
    exit_code: Option<u64>,
    fence: Option<u64>,
    in_reply_to: Option<MessageId>,
    kind: Option<JobKind>,
    list: Option<ListName>,
    metadata: Option<Metadata>,
    metadata_mode: MetadataMode,
    mission: Option<String>,
    name: Option<String>,
    options: Given<Options>,
    owner: Given<AgentName>,
    parameters: Metadata,
    prompt: Option<String>,
    reason: Option<String>,
    remove_blocked_by: Vec<TaskId>,
    remove_blocks: Vec<TaskId>,
    status: Option<Status>,
    task: Option<TaskId>,
    text: Option<String>,
    then: Then,
    timeout_ms: Option<u64>,
    title: Option<String>,
    to: Option<Status>,
    todos: Option<Vec<Todo>>,
    verdict: Option<Verdict>,
    workflow: Option<String>,
}

reads!(Said {
    name_of_command as "type",
    id,
    active_form,
    add_blocked_by if any,
    add_blocks if any,
    agent,
    asks if any,
    assignee,
    attachments if any,
    blocked_by if any,
    blocks if any,
    body,
    choices if any,
    command,
    digest,
    display_name,
    edited,
    enforce_dependencies,
    exit_code,
    fence,
    in_reply_to,
    kind,
    list,
    metadata,
    metadata_mode if any,
    mission,
    name,
    options,
    owner,
    parameters if any,
    prompt,
    reason,
    remove_blocked_by if any,
    remove_blocks if any,
    status,
    task,
    text,
    then if any,
    timeout_ms,
    title,
    to,
    todos,
    verdict,
    workflow
});

/// What becomes of what was noted before, as it travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum MetadataMode {
    #[default]
    Merge,
    Replace,
}

words!(MetadataMode { "merge" => Merge, "replace" => Replace });

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
            "createWork" => Self::CreateWork {
                id,
                list: it.list.unwrap_or_default(),
                work: Box::new(NewWork {
                    title: needed(it.title, "title")?,
                    body: it.body.unwrap_or_default(),
                    active_form: it.active_form.0.flatten(),
                    owner: it.owner.0.flatten(),
                    metadata: it.metadata.unwrap_or_default(),
                    blocks: it.blocks,
                    blocked_by: it.blocked_by,
                    job: it.kind.map(|kind| NewJob { kind, command: it.command, prompt: it.prompt, timeout_ms: it.timeout_ms }),
                    status: match it.status {
                        None | Some(Status::Pending) => FirstStatus::Pending,
                        Some(Status::Active) => FirstStatus::Active,
                        Some(_) => return Err(Error::new("`status`: a task begins as `notstarted` or `ongoing`")),
                    },
                }),
            },
            "updateWork" => Self::UpdateWork {
                id,
                task: task()?,
                change: Box::new(WorkChange {
                    title: it.title,
                    body: it.body,
                    active_form: it.active_form.0,
                    status: it.status,
                    owner: it.owner.0,
                    metadata: it.metadata.map(|said| match it.metadata_mode {
                        MetadataMode::Merge => Noted::Merged(said),
                        MetadataMode::Replace => Noted::Replaced(said),
                    }),
                    arrows: Arrows {
                        add_blocks: it.add_blocks,
                        add_blocked_by: it.add_blocked_by,
                        remove_blocks: it.remove_blocks,
                        remove_blocked_by: it.remove_blocked_by,
                    },
                    fence: it.fence,
                    exit_code: it.exit_code,
                }),
            },
            "claimWork" => Self::ClaimWork { id, list: it.list.unwrap_or_default(), owner: it.owner.0.flatten() },
            "stopWork" => Self::StopWork { id, task: task()? },
            "startWorkflow" => Self::StartWorkflow {
                id,
                list: it.list.unwrap_or_default(),
                workflow: needed(it.workflow, "workflow")?,
                parameters: it.parameters,
            },
            "writeTodos" => Self::WriteTodos { id, todos: needed(it.todos, "todos")? },
            "editWorkspace" => {
                Self::EditWorkspace { id, name: it.name, mission: it.mission, enforce_dependencies: it.enforce_dependencies }
            }
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
            Self::CreateWork { id, list, work } => {
                let NewWork { title, body, active_form, owner, metadata, blocks, blocked_by, job, status } = &**work;
                let status = (*status == FirstStatus::Active).then_some(Status::Active);
                let kind = job.as_ref().map(|job| job.kind);
                let command = job.as_ref().and_then(|job| job.command.as_ref());
                let prompt = job.as_ref().and_then(|job| job.prompt.as_ref());
                let timeout_ms = job.as_ref().and_then(|job| job.timeout_ms);
                say!(
                    "createWork",
                    id,
                    list,
                    title,
                    body,
                    active_form if any,
                    status if any,
                    owner if any,
                    metadata if any,
                    blocks if any,
                    blocked_by if any,
                    kind if any,
                    command if any,
                    prompt if any,
                    timeout_ms if any
                )
            }
            Self::UpdateWork { id, task, change } => {
                let WorkChange { title, body, active_form, status, owner, metadata, arrows, fence, exit_code } = &**change;
                let Arrows { add_blocks, add_blocked_by, remove_blocks, remove_blocked_by } = arrows;
                let (metadata, metadata_mode) = match metadata {
                    Some(Noted::Merged(said)) => (Some(said), None),
                    Some(Noted::Replaced(said)) => (Some(said), Some(MetadataMode::Replace)),
                    None => (None, None),
                };
                say!(
                    "updateWork",
                    id,
                    task,
                    title if any,
                    body if any,
                    active_form if any,
                    status if any,
                    owner if any,
                    metadata if any,
                    metadata_mode if any,
                    add_blocks if any,
                    add_blocked_by if any,
                    remove_blocks if any,
                    remove_blocked_by if any,
                    fence if any,
                    exit_code if any
                )
            }
            Self::ClaimWork { id, list, owner } => say!("claimWork", id, list, owner if any),
            Self::StopWork { id, task } => say!("stopWork", id, task),
            Self::StartWorkflow { id, list, workflow, parameters } => say!("startWorkflow", id, list, workflow, parameters if any),
            Self::WriteTodos { id, todos } => say!("writeTodos", id, todos),
            Self::EditWorkspace { id, name, mission, enforce_dependencies } => {
                say!("editWorkspace", id, name, mission, enforce_dependencies if any)
            }
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
    fn a_start_bears_what_was_given_for_the_parameters() {
        let id = Id::new(1_774_362_821_000, 7);
        let text = format!(r#"{{"type":"startWorkflow","id":"{id}","list":"main","workflow":"release","parameters":{{"version":"1.2"}}}}"#);
        let command = from_str::<Command>(&text).expect("a command");
        assert!(matches!(&command, Command::StartWorkflow { parameters, .. } if parameters.text("version").as_deref() == Some("1.2")));
        assert_eq!(to_string(&command), text);
    }

    #[test]
    fn what_a_command_needs_is_neither_left_out_nor_null() {
        let id = Id::new(1_774_362_821_000, 7);
        for (members, said) in [
            (r#""type":"setStatus""#, "`task` is missing"),
            (r#""type":"setStatus","task":null,"to":"completed""#, "`task` is missing"),
            (r#""type":"nameAgent","agent":"a","displayName":null"#, "`displayName` is missing"),
            (r#""type":"startWorkflow""#, "`workflow` is missing"),
            (r#""type":"dropTable""#, "`dropTable` is none of `createTask`"),
            (r#""type":"createTask","title":"t","assignee":"dog""#, "assignee: `dog` is none of `human`, `agent`"),
        ] {
            let error = from_str::<Command>(&format!(r#"{{"id":"{id}",{members}}}"#)).expect_err(members).to_string();
            assert!(error.starts_with(said), "{error}");
        }
    }
}
