//! Which scope of an agent's token a tool needs.

use super::call::Call;
use super::definitions::{Offer, offered};
use crate::decide::needed_to_create;
use crate::mcp::tool::Definition;
use crate::model::{OutOfScope, Scope, Scopes};

/// The tools that tokens with these scopes see. `upload` is the URL for files that are too large to ride in a call.
pub fn definitions_for(scopes: &Scopes, upload: &str) -> Vec<Definition> {
    let offer = if scopes.include(Scope::Agent) { Offer::Everything } else { Offer::AskingPeople };
    offered(offer, upload).into_iter().filter(|tool| needed_by_tool(tool.name).is_some_and(|(needed, _)| scopes.include(needed))).collect()
}

/// May the holder of these scopes make this call? What depends on the task it names, its command is asked for.
///
/// # Errors
/// Which scope is needed and which there are.
pub fn check_call(call: &Call, scopes: &Scopes) -> Result<(), OutOfScope> {
    check_tool(call.tool(), scopes)?;
    match call {
        Call::CreateTask { assignee, .. } => {
            let (needed, what) = needed_to_create(*assignee);
            scopes.allow(needed, what)
        }
        _ => Ok(()),
    }
}

/// May the holder of these scopes call this tool at all? An unknown tool is another's business.
///
/// # Errors
/// Which scope is needed and which there are.
pub fn check_tool(tool: &str, scopes: &Scopes) -> Result<(), OutOfScope> {
    needed_by_tool(tool).map_or(Ok(()), |(needed, what)| scopes.allow(needed, what))
}

fn needed_by_tool(tool: &str) -> Option<(Scope, &'static str)> {
    Some(match tool {
        "getWorkspace" => (Scope::Read, "call getWorkspace"),
        "getTaskMessages" => (Scope::Read, "call getTaskMessages"),
        "downloadAttachment" => (Scope::Read, "call downloadAttachment"),
        "createTask" => (Scope::Ask, "call createTask"),
        "updateTaskStatus" => (Scope::Ask, "call updateTaskStatus"),
        "reply" => (Scope::Ask, "call reply"),
        "waitForMessages" => (Scope::Ask, "call waitForMessages"),
        "getNextTask" => (Scope::Agent, "call getNextTask"),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::dialect::hitl::{definitions, read};

    fn scopes(word: &str) -> Scopes {
        Scopes::read([word]).expect("a scope")
    }

    fn names(scopes: &Scopes) -> Vec<&'static str> {
        definitions_for(scopes, "").iter().map(|tool| tool.name).collect()
    }

    #[test]
    fn every_tool_has_its_scope() {
        let names: Vec<_> = definitions("").iter().map(|tool| tool.name).collect();
        assert_eq!(names.len(), 8);
        assert!(names.iter().all(|name| needed_by_tool(name).is_some()), "{names:?}");
        assert_eq!(needed_by_tool("dropTables"), None);
    }

    #[test]
    fn each_scope_sees_its_tools_in_the_order_of_the_whole_list() {
        let reading = ["getWorkspace", "getTaskMessages", "downloadAttachment"];
        assert_eq!(names(&scopes("read")), reading);
        let asking =
            ["createTask", "updateTaskStatus", "reply", "getWorkspace", "getTaskMessages", "downloadAttachment", "waitForMessages"];
        assert_eq!(names(&scopes("ask")), asking);
        assert_eq!(names(&scopes("agent")), definitions("").iter().map(|tool| tool.name).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_seen_may_be_called_and_nothing_else() {
        for held in ["read", "ask", "agent"].map(scopes) {
            for tool in definitions("") {
                assert_eq!(check_tool(tool.name, &held).is_ok(), names(&held).contains(&tool.name), "{} with {held}", tool.name);
            }
        }
    }

    #[test]
    fn a_call_is_known_by_the_name_of_its_tool() {
        for tool in definitions("") {
            let arguments = tool.example.trim_start_matches(tool.name).trim_matches(['(', ')']);
            let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else { panic!("{}: no object", tool.example) };
            let call = read(tool.name, &arguments).expect("a tool").expect("an example that is right");
            assert_eq!(call.tool(), tool.name);
        }
    }

    #[test]
    fn who_may_only_ask_people_gives_no_work_to_agents_and_is_not_told_that_it_could() {
        let Value::Object(arguments) = json!({"title": "Delete everything"}) else { panic!("an object") };
        let call = read("createTask", &arguments).expect("a tool").expect("a call");
        let why = check_call(&call, &scopes("ask")).expect_err("it is for agents").to_string();
        assert!(why.contains(r#"needs the scope "agent""#) && why.contains(r#"has assignee "human""#), "{why}");
        assert_eq!(check_call(&call, &scopes("agent")), Ok(()));

        let asking = definitions_for(&scopes("ask"), "https://x/");
        let create = asking.iter().find(|tool| tool.name == "createTask").expect("it is there");
        assert_eq!(create.input["properties"]["assignee"]["enum"], json!(["human"]));
        assert_eq!(create.input["required"], json!(["title", "assignee"]));
        assert!(!create.description.contains("assignee \"agent\""), "{}", create.description);
        assert!(create.description.contains("https://x/"), "{}", create.description);
    }
}
