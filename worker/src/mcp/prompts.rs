//! Prompts: core has the words, here stands what they are about.

use agentrq_core::dialect::hitl::prompts::{self, PROMPTS, Prompt, Successor, TOLD_TASKS, Waiting};
use agentrq_core::dialect::workflow;
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::mcp::{page, prompt};
use agentrq_core::model::{AgentName, Scope};
use agentrq_core::view::View;
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::sql::{Sql, SqlError};
use crate::workspace::connections::Connection;
use crate::workspace::inbox::{self, looked};
use crate::workspace::open_tasks::{self, For};
use crate::workspace::transaction::Transaction;
use crate::workspace::{templates, threads, tokens};

/// `prompts/list`: those of the server, and of those who may start a workflow each of these. There is one page.
pub fn list<S: Sql>(tx: &Transaction<S>, connection: &Connection, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    if let Err(error) = page::only_page(params) {
        return Ok(Err(error));
    }
    let mut listed = prompt::listed(&PROMPTS);
    if let Value::Array(prompts) = &mut listed["prompts"]
        && may_start(tx, connection)?
    {
        prompts.extend(templates::all(tx.sql())?.iter().map(|kept| workflow::prompt(&kept.workflow)));
    }
    Ok(Ok(listed))
}

fn may_start<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<bool, Problem> {
    Ok(tokens::scopes(tx.sql(), connection.token)?.include(Scope::Agent))
}

/// `prompts/get`. A prompt tells what waits and where to get it; nothing is given with it.
pub fn get<S: Sql>(tx: &Transaction<S>, connection: &Connection, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    let name = params.get("name").and_then(Value::as_str).unwrap_or_default();
    if prompts::find(name).is_none()
        && may_start(tx, connection)?
        && let Some(kept) = templates::find(tx.sql(), name)?
    {
        return Ok(workflow::read_prompt(&kept.workflow, params).map(|arguments| workflow::got(&kept, &arguments)));
    }
    match Prompt::read(params) {
        Ok(Prompt::Ask { question, details }) => Ok(Ok(prompts::ask(&question, details.as_deref()))),
        Ok(Prompt::NeedsMe) => needs_me(tx, connection).map(Ok),
        Ok(Prompt::HandOver { task, to }) => hand_over(tx, task, &to),
        Err(error) => Ok(Err(error)),
    }
}

fn needs_me<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<Value, Problem> {
    let waiting = |whom| open_tasks::waiting(tx.sql(), whom, TOLD_TASKS + 1);
    Ok(prompts::needs_me(&Waiting {
        workspace: &looked(tx, tx.store().workspace())?,
        agent: &connection.agent,
        now: tx.now,
        counts: open_tasks::counts(tx.sql())?,
        for_people: &waiting(For::People)?,
        for_agent: &waiting(For::Agent(&connection.agent))?,
        unread: inbox::ungiven(tx, connection)?.len(),
    }))
}

fn hand_over<S: Sql>(tx: &Transaction<S>, named: TaskRef, to: &Successor) -> Result<Result<Value, RpcError>, Problem> {
    let Some(task) = threads::find(tx, named)? else {
        return Ok(Err(prompts::refuse_task("there is no such task in this workspace")));
    };
    if let Successor::Agent(name) = to
        && looked(tx, tx.store().agent(name))?.is_none()
    {
        return Ok(Err(prompts::refuse_successor(name, &agents(tx.sql())?)));
    }
    Ok(prompts::hand_over(&task, to))
}

/// The agents that have been here.
pub(super) fn agents(sql: &impl Sql) -> Result<Vec<AgentName>, SqlError> {
    let rows = sql.exec("SELECT name FROM agents ORDER BY name", &[])?;
    rows.iter().map(|row| AgentName::new(row.text(0)?).map_err(|why| SqlError(why.to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use agentrq_core::mcp::jsonrpc::INVALID_PARAMS;
    use agentrq_core::model::DeliveryState;
    use serde_json::json;

    use super::super::room::{Room, answered, params};
    use super::*;

    fn tried(room: &Room, asker: &Connection, name: &str, arguments: Value) -> Result<Value, RpcError> {
        answered(room.commit(|tx| get(tx, asker, &params(json!({"name": name, "arguments": arguments})))))
    }

    fn told(room: &Room, asker: &Connection, name: &str, arguments: Value) -> String {
        let got = tried(room, asker, name, arguments).expect("a prompt");
        got["messages"][0]["content"]["text"].as_str().expect("a text").to_owned()
    }

    #[test]
    fn what_needs_me_is_told_from_the_present_state_and_gives_nothing() {
        let room = Room::new();
        let (laptop, server) = (room.agent("laptop"), room.agent("server"));
        let (answered, _waits) = (room.asks(&laptop, "Question: one"), room.asks(&laptop, "Question: two"));
        let theirs = room.asks(&server, "Question: theirs");
        room.gives("For anyone");
        let over = room.gives("Over");
        let answer = room.says(answered, "Both.");
        room.says(theirs, "Neither.");
        room.completes(over);
        let told = told(&room, &laptop, "needs-me", json!({}));
        let (people, own) = told.split_once("Waiting for you").expect("both parts");
        assert!(
            people.contains("4 tasks are open") && people.contains("#2 \"Question: two\"") && !people.contains("Question: one"),
            "{told}"
        );
        let positions = ["For anyone", "Question: one"].map(|title| own.find(title).expect(title));
        assert!(positions[0] < positions[1], "the longest waiting first: {told}");
        assert!(!own.contains("theirs") && !told.contains("Over"), "{told}");
        assert!(own.contains("given yet: at least 4"), "{told}");
        assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
    }

    #[test]
    fn a_task_is_handed_over_only_to_an_agent_that_has_been_here() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.gives("Plan");
        room.agent("server");
        let error = tried(&room, &laptop, "hand-over", json!({"task": task, "to": "robot"})).expect_err("unknown");
        assert_eq!(error.code, INVALID_PARAMS);
        assert!(error.message.contains("it may be human, laptop, server"), "{}", error.message);
        let told = told(&room, &laptop, "hand-over", json!({"task": "#1", "to": "server"}));
        assert!(told.contains("over to the agent \"server\"") && told.contains(&task.to_string()), "{told}");
    }

    #[test]
    fn a_task_that_is_not_there_is_refused() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let error = tried(&room, &laptop, "hand-over", json!({"task": 1})).expect_err("unknown");
        assert_eq!(error.code, INVALID_PARAMS);
        assert!(error.message.contains("`task`: there is no such task"), "{}", error.message);
    }

    #[test]
    fn a_question_becomes_a_message_and_nothing_else() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        assert!(told(&room, &laptop, "ask", json!({"question": "May I?"})).contains("May I?"));
        assert_eq!(tried(&room, &laptop, "ask", json!({})).expect_err("no question").code, INVALID_PARAMS);
    }

    #[test]
    fn each_workflow_is_a_prompt_of_those_who_may_start_it_and_to_get_it_starts_nothing() {
        let room = Room::new();
        let (laptop, eyes) = (room.agent("laptop"), room.agent_that_may("eyes", Scope::Ask));
        let definition = json!({"name": "release", "parameters": [{"name": "to", "values": ["here", "there"], "required": true}],
            "steps": [{"key": "a", "subject": "Go {{to}}"}]});
        let by = agentrq_core::model::Actor::Agent { name: laptop.agent.clone() };
        room.commit(|tx| crate::workspace::workflows::save(tx, &definition, &by)).expect("saved");
        let names = |asker: &Connection| {
            let listed = answered(room.commit(|tx| list(tx, asker, &Map::new()))).expect("a list");
            listed["prompts"]
                .as_array()
                .expect("a list")
                .iter()
                .map(|prompt| prompt["name"].as_str().expect("a name").to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!((names(&laptop).pop().as_deref(), names(&eyes).len()), (Some("release"), 3));
        let told = told(&room, &laptop, "release", json!({"to": "there"}));
        assert!(told.contains(r#"WorkflowStart({"parameters":{"to":"there"},"workflow":"release"})"#), "{told}");
        for (asker, arguments, says) in [
            (&laptop, json!({}), "parameters.to: it is missing"),
            (&laptop, json!({"to": "x"}), "is none of here, there"),
            (&laptop, json!([]), "`arguments` is an object"),
            (&eyes, json!({"to": "here"}), "there is no prompt \"release\""),
        ] {
            let error = tried(&room, asker, "release", arguments).expect_err(says);
            assert!(error.code == INVALID_PARAMS && error.message.contains(says), "{}", error.message);
        }
        let tasks = room.commit(|tx| tx.sql().exec("SELECT 1 FROM tasks", &[])).expect("tasks");
        assert!(tasks.is_empty());
    }

    #[test]
    fn the_list_has_one_page() {
        let (room, params_of) = (Room::new(), |value: Value| params(value));
        let laptop = room.agent("laptop");
        let list = |given: Value| answered(room.commit(|tx| list(tx, &laptop, &params_of(given))));
        let listed = list(json!({})).expect("a list");
        let names: Vec<_> = listed["prompts"].as_array().expect("a list").iter().map(|prompt| prompt["name"].clone()).collect();
        assert_eq!(names, ["ask", "needs-me", "hand-over"]);
        assert_eq!(list(json!({"cursor": "2"})).expect_err("no cursor").code, INVALID_PARAMS);
    }
}
