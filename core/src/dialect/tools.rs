//! All tools of all dialects: which there are for whom, and whose a call is.

use serde_json::{Map, Value};

use super::{background, hitl, task_list, workflow};
use crate::mcp::tool::Definition;
use crate::model::{OutOfScope, Scope, Scopes};

/// A call whose arguments are right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Call {
    Hitl(hitl::Call),
    TaskList(task_list::Call),
    Background(background::Call),
    Workflow(workflow::Call),
}

impl Call {
    /// The tool that is called.
    pub fn tool(&self) -> &'static str {
        match self {
            Self::Hitl(call) => call.tool(),
            Self::TaskList(call) => call.tool(),
            Self::Background(call) => call.tool(),
            Self::Workflow(call) => call.tool(),
        }
    }
}

/// Reads a call. `None`: there is no tool of that name.
///
/// # Errors
/// What is wrong, followed by a call that is right.
pub fn read(tool: &str, arguments: &Map<String, Value>) -> Option<Result<Call, String>> {
    let hitl = hitl::read(tool, arguments).map(|call| call.map(Call::Hitl));
    let tasks = || task_list::read(tool, arguments).map(|call| call.map(Call::TaskList));
    let background = || background::read(tool, arguments).map(|call| call.map(Call::Background));
    hitl.or_else(tasks).or_else(background).or_else(|| workflow::read(tool, arguments).map(|call| call.map(Call::Workflow)))
}

/// Which tools a client wants to see, by its URL: less is less to read for its model.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tools(Option<Vec<String>>);

/// Words for whole dialects.
const DIALECTS: [&str; 4] = ["hitl", "tasks", "background", "workflows"];

impl Tools {
    /// Reads a list of names with commas between: tools, or `hitl`, `tasks`, `background` and `workflows` for all of a dialect. Nothing chooses all.
    ///
    /// # Errors
    /// A name that is none, and those that there are.
    pub fn read(text: &str) -> Result<Self, String> {
        let words: Vec<_> = text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect();
        if words.is_empty() {
            // What a client that chooses nothing asks is read with each of its requests: all tools are not made for that.
            return Ok(Self::default());
        }
        let known = names();
        if let Some(unknown) = words.iter().find(|word| !DIALECTS.contains(&word.as_str()) && !known.contains(&word.as_str())) {
            let unknown: String = unknown.chars().take(40).collect();
            return Err(format!("?tools= names {unknown:?}; there are {} and {}", DIALECTS.join(", "), known.join(", ")));
        }
        Ok(Self(Some(words)))
    }

    fn include(&self, tool: &Definition, dialect: &str) -> bool {
        self.0.as_ref().is_none_or(|words| words.iter().any(|word| word == tool.name || word == dialect))
    }
}

/// The tools that tokens with these scopes see, of those that are wanted. `upload` is the URL for files that are too large to ride in a call.
pub fn definitions_for(scopes: &Scopes, wanted: &Tools, upload: &str) -> Vec<Definition> {
    let [of_hitl, of_tasks, of_background, of_workflows] = DIALECTS;
    let hitl = hitl::definitions_for(scopes, upload).into_iter().filter(|tool| wanted.include(tool, of_hitl));
    let open = |tool: &Definition| needed_by_tool(tool.name).is_some_and(|(needed, _)| scopes.include(needed));
    let tasks = task_list::definitions().into_iter().filter(|tool| open(tool) && wanted.include(tool, of_tasks));
    let background = background::definitions().into_iter().filter(|tool| open(tool) && wanted.include(tool, of_background));
    let workflows = workflow::definitions().into_iter().filter(|tool| open(tool) && wanted.include(tool, of_workflows));
    hitl.chain(tasks).chain(background).chain(workflows).collect()
}

/// The names of all tools.
pub fn names() -> Vec<&'static str> {
    let lists = [hitl::definitions(""), task_list::definitions(), background::definitions(), workflow::definitions()];
    lists.iter().flatten().map(|tool| tool.name).collect()
}

/// Do tokens with these scopes see the same tools, described the same?
pub fn same_tools(one: &Scopes, other: &Scopes) -> bool {
    let seen = |scopes| definitions_for(scopes, &Tools::default(), "").iter().map(Definition::to_json).collect::<Vec<_>>();
    seen(one) == seen(other)
}

/// May the holder of these scopes make this call? What depends on the task it names, its command is asked for.
///
/// # Errors
/// Which scope is needed and which there are.
pub fn check_call(call: &Call, scopes: &Scopes) -> Result<(), OutOfScope> {
    match call {
        Call::Hitl(call) => hitl::check_call(call, scopes),
        Call::TaskList(_) | Call::Background(_) | Call::Workflow(_) => {
            needed_by_tool(call.tool()).map_or(Ok(()), |(needed, what)| scopes.allow(needed, what))
        }
    }
}

/// The scope that a tool of agents' own work needs, and what is refused without it.
fn needed_by_tool(tool: &str) -> Option<(Scope, &'static str)> {
    task_list::needed_by_tool(tool).or_else(|| background::needed_by_tool(tool)).or_else(|| workflow::needed_by_tool(tool))
}

/// Does calling this tool twice add two?
pub fn adds(tool: &str) -> bool {
    hitl::adds(tool) || task_list::adds(tool) || tool == "WorkflowStart"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scopes(scope: Scope) -> Scopes {
        Scopes::read([scope.word()]).expect("a scope")
    }

    fn named(scope: Scope, wanted: &str) -> Vec<&'static str> {
        let wanted = Tools::read(wanted).expect("names");
        definitions_for(&scopes(scope), &wanted, "").iter().map(|tool| tool.name).collect()
    }

    #[test]
    fn no_two_tools_have_one_name() {
        let mut all = names();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), names().len());
    }

    #[test]
    fn a_token_sees_what_it_opens_and_a_client_what_it_wants_of_that() {
        assert_eq!(named(Scope::Agent, ""), names());
        assert_eq!(named(Scope::Read, "tasks"), ["TaskGet", "TaskList"]);
        assert_eq!(named(Scope::Agent, "reply, TaskNext"), ["reply", "TaskNext"]);
        assert_eq!(named(Scope::Ask, "TaskNext"), [""; 0]);
        let why = Tools::read("reply,Bash").expect_err("no tool");
        assert!(why.contains("\"Bash\"") && why.contains("hitl, tasks, background, workflows and createTask"), "{why}");
    }

    #[test]
    fn all_tools_together_stay_small() {
        let upload = "https://relay.example/api/workspaces/0123456789ABCDEFGHIJKL/attachments";
        let all: Vec<_> = definitions_for(&Scopes::default(), &Tools::default(), upload).iter().map(Definition::to_json).collect();
        // Every model reads this. The goal is 6,000 tokens, which an end-to-end test counts; that is more than three bytes a token.
        let bytes = Value::Array(all).to_string().len();
        assert!(bytes < 15_500, "{bytes}");
    }

    #[test]
    fn other_words_for_the_same_powers_change_no_tools() {
        let both = Scopes::read(["ask", "read"]).expect("scopes");
        assert!(same_tools(&both, &scopes(Scope::Ask)));
        assert!(!same_tools(&both, &scopes(Scope::Read)));
        assert!(!same_tools(&both, &scopes(Scope::Agent)));
    }

    #[test]
    fn who_may_not_work_may_not_claim() {
        let call = read("TaskNext", &Map::new()).expect("a tool").expect("it is right");
        assert!(check_call(&call, &scopes(Scope::Ask)).is_err_and(|why| why.to_string().contains("TaskNext")));
        assert_eq!(check_call(&call, &scopes(Scope::Agent)), Ok(()));
    }
}
