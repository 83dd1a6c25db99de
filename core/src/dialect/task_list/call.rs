//! Reads a call of this dialect: arguments in, a typed call out, or what is wrong with an example that is right.

use serde_json::{Map, Value};

use super::{LISTED, definitions};
use crate::command::{Arrows, FirstStatus, NewJob, WorkChange};
use crate::json::Word;
use crate::lifecycle::Status;
use crate::limits;
use crate::mcp::tool::{Args, TaskRef, WrongArgument, missing};
use crate::model::{AgentName, JobKind, MIRRORED_FROM, Metadata, Noted, Todo, TodoStatus};

/// A call whose arguments are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Create(Box<New>),
    Get { task: TaskRef },
    Update { task: TaskRef, change: Box<Change> },
    Delete { task: TaskRef, rests_on: RestsOn },
    List(Filter),
    Next { owner: Option<AgentName> },
    WriteTodos { todos: Vec<Todo> },
}

/// A task as an agent puts it on a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct New {
    pub subject: String,
    pub description: String,
    pub active_form: Option<String>,
    pub owner: Option<AgentName>,
    pub metadata: Metadata,
    pub blocks: Vec<TaskRef>,
    pub blocked_by: Vec<TaskRef>,
    pub job: Option<NewJob>,
    pub status: FirstStatus,
}

impl New {
    /// The workflow that is to be started, where the task is to track one: its name and parameters, as `metadata` has them.
    pub fn workflow(&self) -> Option<(String, Map<String, Value>)> {
        self.job.as_ref().filter(|job| job.kind == JobKind::LocalWorkflow && job.command.is_none() && job.prompt.is_none())?;
        let parameters = match self.metadata.get("parameters").map(Value::from) {
            Some(Value::Object(parameters)) => parameters,
            _ => Map::new(),
        };
        Some((self.metadata.text("workflow")?, parameters))
    }
}

/// What shall change about a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// All but the arrows.
    pub fields: WorkChange,
    /// The revision that the caller has seen: refused if the task has changed since.
    pub revision: Option<u64>,
    pub arrows: Arrows<TaskRef>,
}

/// What the caller believes of a task: refused if it is otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RestsOn {
    /// The claim that stands.
    pub fence: Option<u64>,
    /// The last change.
    pub revision: Option<u64>,
}

/// Which tasks a list shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub group: Option<String>,
    pub status: Option<Status>,
    pub owner: Option<AgentName>,
    /// Those with a higher number.
    pub after: u64,
    pub limit: u64,
}

impl Call {
    /// The tool that is called.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::Create(_) => "TaskCreate",
            Self::Get { .. } => "TaskGet",
            Self::Update { .. } | Self::Delete { .. } => "TaskUpdate",
            Self::List(_) => "TaskList",
            Self::Next { .. } => "TaskNext",
            Self::WriteTodos { .. } => "TodoWrite",
        }
    }
}

/// Reads a call. `None`: this dialect has no tool of that name.
///
/// # Errors
/// What is wrong, followed by a call that is right.
pub fn read(tool: &str, arguments: &Map<String, Value>) -> Option<Result<Call, String>> {
    let args = Args(arguments);
    let call = match tool {
        "TaskCreate" => create(&args),
        "TaskGet" => task(&args).map(|task| Call::Get { task }),
        "TaskUpdate" => update(&args),
        "TaskList" => filter(&args).map(Call::List),
        "TaskNext" => name(&args, &["owner"]).map(|owner| Call::Next { owner }),
        "TodoWrite" => todos(&args).map(|todos| Call::WriteTodos { todos }),
        _ => return None,
    };
    Some(call.map_err(|wrong| wrong.told(tool, &definitions())))
}

fn task(args: &Args<'_>) -> Result<TaskRef, WrongArgument> {
    args.task(&["taskId", "task_id", "id"])
}

fn create(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let metadata = metadata(args)?.unwrap_or_default();
    Ok(Call::Create(Box::new(New {
        job: job(args, &metadata)?,
        status: args.word(&["status"], &FIRST_STATUSES)?.unwrap_or_default(),
        subject: args.required_text(&["subject"])?,
        description: args.text(&["description"])?.unwrap_or_default(),
        active_form: args.text(&["activeForm", "active_form"])?,
        owner: name(args, &["owner"])?,
        metadata,
        blocks: args.tasks(&["blocks", "addBlocks", "add_blocks"])?,
        blocked_by: args.tasks(&["blockedBy", "blocked_by", "addBlockedBy", "add_blocked_by"])?,
    })))
}

/// What is noted of a task. That it lives elsewhere is for hooks to tell: nobody says so of a task of this list.
fn metadata(args: &Args<'_>) -> Result<Option<Metadata>, WrongArgument> {
    let metadata = args.object(&["metadata"])?.as_ref().map(Metadata::from);
    if metadata.as_ref().is_some_and(|said| said.get(MIRRORED_FROM).is_some()) {
        return Err(WrongArgument(format!(
            "`metadata.{MIRRORED_FROM}` is noted of tasks that hooks tell of, and of no others: leave it out"
        )));
    }
    Ok(metadata)
}

/// What is to run in the background. A command that is noted about a task that says no more of it is a shell's.
fn job(args: &Args<'_>, metadata: &Metadata) -> Result<Option<NewJob>, WrongArgument> {
    let kind = args.word(&["type"], JobKind::WORDS)?;
    let command = args.text(&["command"])?.or_else(|| metadata.text("command").filter(|_| matches!(kind, None | Some(JobKind::LocalBash))));
    let Some(kind) = kind.or_else(|| command.as_ref().map(|_| JobKind::LocalBash)) else { return Ok(None) };
    let timeout_ms = args.number(&["timeout", "timeout_ms", "timeoutMs"])?;
    Ok(Some(NewJob { kind, command, prompt: args.text(&["prompt"])?, timeout_ms }))
}

/// The statuses that a task may begin with.
const FIRST_STATUSES: [(&str, FirstStatus); 3] =
    [("pending", FirstStatus::Pending), ("in_progress", FirstStatus::Active), ("running", FirstStatus::Active)];

/// What a status of this dialect comes to.
#[derive(Clone, Copy)]
enum To {
    Status(Status),
    Deleted,
}

/// Those of lists, and then those of what runs in the background.
const STATUSES: [(&str, To); 7] = [
    ("pending", To::Status(Status::Pending)),
    ("in_progress", To::Status(Status::Active)),
    ("completed", To::Status(Status::Completed)),
    ("deleted", To::Deleted),
    ("running", To::Status(Status::Active)),
    ("failed", To::Status(Status::Failed)),
    ("killed", To::Status(Status::Killed)),
];

fn update(args: &Args<'_>) -> Result<Call, WrongArgument> {
    let task = task(args)?;
    let status = match args.word(&["status"], &STATUSES)? {
        Some(To::Deleted) => {
            let rests_on = RestsOn { fence: args.number(&["fence"])?, revision: args.number(&["revision"])? };
            return Ok(Call::Delete { task, rests_on });
        }
        Some(To::Status(status)) => Some(status),
        None => None,
    };
    let modes = [("merge", true), ("replace", false)];
    let merges = args.word(&["metadataMode", "metadata_mode"], &modes)?.unwrap_or(true);
    let metadata = metadata(args)?;
    let fields = WorkChange {
        title: args.text(&["subject"])?,
        body: args.text(&["description"])?,
        active_form: args.text(&["activeForm", "active_form"])?.map(|form| Some(form).filter(|form| !form.is_empty())),
        status,
        // An owner of nothing is none: that is how the task is given back.
        owner: match args.text(&["owner"])? {
            Some(text) if text.trim().is_empty() => Some(None),
            _ => name(args, &["owner"])?.map(Some),
        },
        metadata: metadata.map(|said| if merges { Noted::Merged(said) } else { Noted::Replaced(said) }),
        arrows: Arrows::default(),
        fence: args.number(&["fence"])?,
        exit_code: args.number(&["exitCode", "exit_code"])?,
    };
    let arrows = Arrows {
        add_blocks: args.tasks(&["addBlocks", "add_blocks"])?,
        add_blocked_by: args.tasks(&["addBlockedBy", "add_blocked_by"])?,
        remove_blocks: args.tasks(&["removeBlocks", "remove_blocks"])?,
        remove_blocked_by: args.tasks(&["removeBlockedBy", "remove_blocked_by"])?,
    };
    Ok(Call::Update { task, change: Box::new(Change { fields, revision: args.number(&["revision"])?, arrows }) })
}

fn filter(args: &Args<'_>) -> Result<Filter, WrongArgument> {
    let open: Vec<_> =
        STATUSES.iter().take(3).filter_map(|(word, to)| if let To::Status(status) = to { Some((*word, *status)) } else { None }).collect();
    let limit = args.number(&["limit"])?.unwrap_or(LISTED);
    if !(1..=LISTED).contains(&limit) {
        return Err(WrongArgument(format!("`limit` is {limit}; it may be 1 to {LISTED}")));
    }
    Ok(Filter {
        group: args.text(&["task_group", "taskGroup"])?.filter(|group| !group.is_empty()),
        status: args.word(&["status"], &open)?,
        owner: name(args, &["owner"])?,
        after: args.number(&["cursor"])?.unwrap_or(0),
        limit,
    })
}

fn todos(args: &Args<'_>) -> Result<Vec<Todo>, WrongArgument> {
    if args.0.get("todos").is_none() {
        return Err(missing(&["todos"]));
    }
    let list = args.list(&["todos"])?;
    if list.len() > limits::TODOS {
        return Err(WrongArgument(format!("{} todos; {} are allowed", list.len(), limits::TODOS)));
    }
    let todo = |value: &Value| {
        let Value::Object(fields) = value else {
            return Err(WrongArgument("a todo is {\"content\", \"status\", \"activeForm\"}".to_owned()));
        };
        let fields = Args(fields);
        Ok(Todo {
            content: fields.required_text(&["content"])?,
            status: fields.word(&["status"], TodoStatus::WORDS)?.unwrap_or(TodoStatus::Pending),
            active_form: fields.text(&["activeForm", "active_form"])?.unwrap_or_default(),
        })
    };
    list.iter().map(todo).collect()
}

fn name(args: &Args<'_>, names: &[&'static str]) -> Result<Option<AgentName>, WrongArgument> {
    let Some(text) = args.text(names)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
    AgentName::new(&text).map(Some).map_err(|why| WrongArgument(format!("`{}`: {why}", names[0])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call(tool: &str, arguments: Value) -> Result<Call, String> {
        let Value::Object(arguments) = arguments else { panic!("an object") };
        read(tool, &arguments).expect("a known tool")
    }

    #[test]
    fn a_task_needs_no_more_than_a_subject() {
        let Ok(Call::Create(new)) = call("TaskCreate", json!({"subject": "Fix it"})) else { panic!("it is right") };
        assert_eq!((new.subject.as_str(), new.description.as_str(), new.metadata.is_empty()), ("Fix it", "", true));
    }

    #[test]
    fn numbers_are_taken_as_texts_and_as_integers_and_names_in_either_form() {
        let said = json!({"taskId": 5, "addBlockedBy": [3, "4", "#6"], "metadata": "{\"a\": 1}", "owner": "", "metadata_mode": "replace"});
        let Ok(Call::Update { task, change }) = call("TaskUpdate", said) else { panic!("it is right") };
        assert_eq!((task, &change.fields.owner), (TaskRef::Number(5), &Some(None)));
        assert_eq!(change.arrows.add_blocked_by, [3, 4, 6].map(TaskRef::Number));
        assert!(matches!(&change.fields.metadata, Some(Noted::Replaced(said)) if !said.is_empty()));
    }

    #[test]
    fn what_is_not_said_does_not_change() {
        let Ok(Call::Update { change, .. }) = call("TaskUpdate", json!({"task_id": "5"})) else { panic!("it is right") };
        assert_eq!((change.fields, change.arrows.is_empty()), (WorkChange::default(), true));
    }

    #[test]
    fn a_wrong_call_is_answered_with_what_is_wrong_and_one_that_is_right() {
        for (tool, arguments, expected) in [
            ("TaskCreate", json!({}), "`subject` is missing"),
            ("TaskCreate", json!({"subject": "x", "metadata": [1]}), "`metadata` must be an object"),
            ("TaskCreate", json!({"subject": "x", "blockedBy": "1"}), "`blockedBy` must be a list"),
            ("TaskCreate", json!({"subject": "x", "status": "completed"}), "it may be \"pending\", \"in_progress\", \"running\""),
            ("TaskUpdate", json!({"status": "completed"}), "`taskId` is missing"),
            ("TaskUpdate", json!({"taskId": "1", "status": "done"}), "\"pending\", \"in_progress\", \"completed\", \"deleted\""),
            ("TaskUpdate", json!({"taskId": "1", "addBlocks": ["one"]}), "a task is named by its id"),
            ("TaskUpdate", json!({"taskId": "1", "owner": "x".repeat(65)}), "1 to 64 characters"),
            ("TaskUpdate", json!({"taskId": "1", "metadataMode": "mix"}), "\"merge\", \"replace\""),
            ("TaskList", json!({"status": "deleted"}), "it may be \"pending\", \"in_progress\", \"completed\""),
            ("TaskList", json!({"limit": 501}), "it may be 1 to 500"),
            ("TodoWrite", json!({}), "`todos` is missing"),
            ("TodoWrite", json!({"todos": ["x"]}), "a todo is"),
            ("TodoWrite", json!({"todos": [{"content": "x", "status": "done"}]}), "\"pending\", \"in_progress\", \"completed\""),
        ] {
            let why = call(tool, arguments).expect_err(expected);
            assert!(why.contains(expected), "{why}");
            assert!(why.contains(&format!("A call that is right: {tool}(")), "{why}");
        }
    }
}
