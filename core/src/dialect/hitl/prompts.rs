//! The prompts of this dialect: what the person at an agent's side may have it do. Each makes one message, as if they had typed it.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::answer::Counts;
use crate::mcp::channel::escape_content;
use crate::mcp::jsonrpc::{INVALID_PARAMS, RpcError};
use crate::mcp::prompt::{Argument, Definition, Need, got};
use crate::mcp::tool::TaskRef;
use crate::model::{AgentName, Assignee, Task, Workspace};
use crate::time::Timestamp;

/// Tasks of one kind that stand in one message.
pub const TOLD_TASKS: usize = 20;

const ASK: Definition = Definition {
    name: "ask",
    title: "Ask a person",
    description: "Ask a person for a decision, an approval or information, and go on with the answer",
    arguments: &[
        Argument { name: "question", description: "what a person shall decide or answer", need: Need::Required },
        Argument { name: "details", description: "what they must know for it: context, commands, diffs", need: Need::Optional },
    ],
};

const NEEDS_ME: Definition = Definition {
    name: "needs-me",
    title: "What needs me",
    description: "What waits for a person in this workspace, and what waits for this agent",
    arguments: &[],
};

const HAND_OVER: Definition = Definition {
    name: "hand-over",
    title: "Hand a task over",
    description: "Write down where a task stands, and give it to a person or to another agent",
    arguments: &[
        Argument { name: "task", description: "the task's id or number", need: Need::Required },
        Argument {
            name: "to",
            description: "\"human\" or the name of an agent; left out: whichever agent is free next",
            need: Need::Optional,
        },
    ],
};

/// Every prompt.
pub const PROMPTS: [Definition; 3] = [ASK, NEEDS_ME, HAND_OVER];

/// A request for a prompt whose arguments are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    Ask { question: String, details: Option<String> },
    NeedsMe,
    HandOver { task: TaskRef, to: Successor },
}

/// Who goes on with a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Successor {
    Person,
    Agent(AgentName),
    /// The next agent that asks for work.
    AnyAgent,
}

/// The word for a person in `to`.
pub const PERSON: &str = "human";

impl Prompt {
    /// Reads the parameters of `prompts/get`.
    ///
    /// # Errors
    /// When there is no such prompt, or its arguments are wrong: says what is, and what is allowed.
    pub fn read(params: &Map<String, Value>) -> Result<Self, RpcError> {
        let name = params.get("name").and_then(Value::as_str);
        let prompt = name.and_then(find).ok_or_else(|| unknown(name))?;
        let mut arguments = prompt.arguments(params)?;
        let mut take = |name: &str| arguments.remove(name);
        match prompt.name {
            "ask" => Ok(Self::Ask { question: take("question").unwrap_or_default(), details: take("details") }),
            "hand-over" => {
                let task = take("task").unwrap_or_default();
                let task = TaskRef::parse(&task).ok_or_else(|| refuse_task(&format!("{:?} is neither", clipped(&task))))?;
                let to = match take("to") {
                    None => Successor::AnyAgent,
                    Some(to) if to.eq_ignore_ascii_case(PERSON) => Successor::Person,
                    Some(to) => Successor::Agent(AgentName::new(&to).map_err(|why| prompt.refuse(&format!("`to`: {why}")))?),
                };
                Ok(Self::HandOver { task, to })
            }
            _ => Ok(Self::NeedsMe),
        }
    }
}

/// The prompt of this name.
pub fn find(name: &str) -> Option<&'static Definition> {
    const { &PROMPTS }.iter().find(|prompt| prompt.name == name)
}

/// Says that there is no such prompt, and which there are.
pub fn unknown(name: Option<&str>) -> RpcError {
    let what = name.map_or_else(|| "`name` is missing".to_owned(), |name| format!("there is no prompt {:?}", clipped(name)));
    let known = PROMPTS.map(|prompt| prompt.name).join(", ");
    RpcError::new(INVALID_PARAMS, format!("{what}; there are {known}"))
}

/// Says what is wrong with the task that is to be handed over.
pub fn refuse_task(why: &str) -> RpcError {
    HAND_OVER.refuse(&format!("`task`: {why}"))
}

/// Says that an agent to whom a task is to be handed over has never been here, and who has.
pub fn refuse_successor(to: &AgentName, known: &[AgentName]) -> RpcError {
    let mut names: Vec<_> = std::iter::once(PERSON).chain(known.iter().take(TOLD_TASKS).map(AgentName::as_str)).collect();
    if known.len() > TOLD_TASKS {
        names.push("…");
    }
    HAND_OVER.refuse(&format!("`to`: no agent called {to} has been here; it may be {}", names.join(", ")))
}

/// The result of `prompts/get` for `ask`.
pub fn ask(question: &str, details: Option<&str>) -> Value {
    let details = details.map(|details| format!("\nWhat they must know: {details}\n")).unwrap_or_default();
    let text = format!(
        "Ask a person this through AgentRQ, and go on as the answer says.\n\n\
         The question: {question}\n{details}\n\
         Call createTask with assignee \"human\". Begin the title with Approve:, Review: or Question:, whichever fits. Write the body in Markdown \
         for somebody who sees nothing but this task: the question in full, what it is about, the exact commands or diffs, and what follows \
         from each answer. Put in what you know from our work here, and no secrets. Then set the task to \"ongoing\" with updateTaskStatus and \
         go on with what does not depend on the answer; if there is nothing, call waitForMessages. Tell me the task's number."
    );
    got(&ASK, &text)
}

/// What waits in a workspace, as an agent is told it.
#[derive(Clone, Copy, Debug)]
pub struct Waiting<'a> {
    pub workspace: &'a Workspace,
    pub agent: &'a AgentName,
    pub now: Timestamp,
    pub counts: Counts,
    /// Tasks that wait for a person, the longest waiting first; one more than [`TOLD_TASKS`] stands for all that follow.
    pub for_people: &'a [Task],
    /// The same for this agent: its own tasks, and those that no agent owns.
    pub for_agent: &'a [Task],
    /// Messages that this agent has not been given.
    pub unread: usize,
}

/// The result of `prompts/get` for `needs-me`.
pub fn needs_me(waiting: &Waiting<'_>) -> Value {
    let Waiting { workspace, agent, now, counts, for_people, for_agent, unread } = *waiting;
    let name = quoted(&workspace.name);
    let mut text = format!("What needs me in the workspace {name}? This is how things stand at {now}; {} tasks are open.\n", counts.open);
    tell(&mut text, "Waiting for a person, the longest first", for_people);
    tell(&mut text, &format!("Waiting for you, the agent {}, the longest first", quoted(agent.as_str())), for_agent);
    if unread > 0 {
        let _ = write!(
            text,
            "\nMessages that you have not been given yet: {unread}, perhaps more. Get them with waitForMessages({{\"timeout_seconds\": 0}}).\n"
        );
    }
    text.push_str(
        "\nTell me in a few lines what waits for me and since when, what each of them is about (getTaskMessages has the thread), and what you \
         will do next yourself. Decide nothing in my place: I approve and reject in the dashboard.",
    );
    got(&NEEDS_ME, &text)
}

fn tell(text: &mut String, what: &str, tasks: &[Task]) {
    let _ = writeln!(text, "\n{what}:");
    if tasks.is_empty() {
        text.push_str("- nothing\n");
    }
    for task in tasks.iter().take(TOLD_TASKS) {
        let _ = writeln!(text, "- {}, {}, since {}", called(task), task.status.word(), task.waiting_since);
    }
    if tasks.len() > TOLD_TASKS {
        text.push_str("- and more\n");
    }
}

/// The result of `prompts/get` for `hand-over`.
///
/// # Errors
/// When the task is over: there is nothing to go on with.
pub fn hand_over(task: &Task, to: &Successor) -> Result<Value, RpcError> {
    if !task.status.is_open() {
        return Err(refuse_task(&format!("{} is {}: only an open task is handed over", name_of(task), task.status.word())));
    }
    let (id, whom) = (task.id, whom(to));
    let mut text = format!(
        "Hand the task {} over to {whom}.\n\n\
         1. Read it and its thread with getTaskMessages({{\"task_id\": \"{id}\"}}).\n\
         2. Write the hand-over into its thread with reply (chat_id \"{id}\", needs_answer {}), for somebody who knows nothing of our work here: \
         what was asked and why; what is done, with files, branches, commits and the commands that show it; what people have answered and \
         decided, word for word where it matters; what is left to do, and the next step; what is open, risky, or was tried in vain. \
         Begin with the line: Hand-over to {whom}. Write no secrets.\n",
        task_quoted(task),
        *to == Successor::Person,
    );
    text.push_str(&match (to, task.assignee) {
        (Successor::Person, _) => format!(
            "3. See that its status is \"ongoing\" (updateTaskStatus with task_id \"{id}\"). Your message gives people the turn; what they answer \
             comes to you.\n"
        ),
        (_, Assignee::Agent) => format!(
            "3. Set it to \"notstarted\" with updateTaskStatus (task_id \"{id}\"): then {whom} can take it with getNextTask. Do not take it again \
             yourself.\n"
        ),
        (_, Assignee::Human) => format!(
            "3. It is assigned to a person, so getNextTask gives it to no agent. Leave it as it is and call createTask with assignee \"agent\": the \
             title names the work; the body is the hand-over, and says that people answer in the thread of task {id} and that whoever goes on \
             writes there with reply. Do not take that new task yourself.\n"
        ),
    });
    text.push_str("4. Stop working on it, and tell me in one line what you have handed over.");
    Ok(got(&HAND_OVER, &text))
}

fn whom(to: &Successor) -> String {
    match to {
        Successor::Person => "a person".to_owned(),
        Successor::Agent(name) => format!("the agent {}", quoted(name.as_str())),
        Successor::AnyAgent => "the next agent".to_owned(),
    }
}

/// A task as a message names it. A title is somebody's words: it stays between quotes, and forges no event.
fn task_quoted(task: &Task) -> String {
    format!("{} {}", name_of(task), quoted(&task.title))
}

fn called(task: &Task) -> String {
    format!("{} (task_id {})", task_quoted(task), task.id)
}

fn name_of(task: &Task) -> String {
    task.number.map_or_else(|| task.id.to_string(), |number| format!("#{number}"))
}

fn quoted(text: &str) -> String {
    escape_content(&Value::from(text).to_string())
}

fn clipped(text: &str) -> String {
    text.chars().take(40).collect()
}
