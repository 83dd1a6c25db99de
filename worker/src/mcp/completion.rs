//! Completion: what may stand where somebody is typing.

use agentrq_core::dialect::hitl::completions::{self, Candidate, Form, Sought};
use agentrq_core::dialect::workflow;
use agentrq_core::mcp::completion::{Looked, Reference, Typed, completed};
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::tool::TaskRef;
use serde_json::{Map, Value};

use super::prompts;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::open_tasks::{self, LOOKED_AT};
use crate::workspace::transaction::Transaction;
use crate::workspace::{templates, threads};

/// `completion/complete`.
pub fn complete<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    if let Ok(typed) = Typed::read(params)
        && let Reference::Prompt(name) = typed.reference
        && !workflow::is_taken(name)
        && let Some(kept) = templates::find(tx.sql(), name)?
    {
        return Ok(workflow::completed(&kept.workflow, &typed));
    }
    match Sought::read(params) {
        Ok(Sought::Task { typed, form }) => tasks(tx, typed, form).map(Ok),
        Ok(Sought::Successor { typed }) => {
            let agents = prompts::agents(tx.sql())?;
            Ok(Ok(completed(completions::successors(typed, &agents), Looked::Everything)))
        }
        Ok(Sought::Nothing) => Ok(Ok(completed(Vec::new(), Looked::Everything))),
        Err(error) => Ok(Err(error)),
    }
}

/// The newest open tasks that match; and the one that has been named in full, however old it is. One that is over can only be read.
fn tasks<S: Sql>(tx: &Transaction<S>, typed: &str, form: Form) -> Result<Value, Problem> {
    let mut candidates = open_tasks::candidates(tx.sql())?;
    let looked = if candidates.len() as u64 > LOOKED_AT { Looked::Part } else { Looked::Everything };
    let named = TaskRef::parse(typed).map(|task| threads::find(tx, task)).transpose()?.flatten();
    if let Some(task) = named.filter(|task| task.status.is_open() || form == Form::Uri)
        && let Some(number) = task.number
        && candidates.iter().all(|candidate| candidate.id != task.id)
    {
        candidates.push(Candidate { id: task.id, number, title: task.title });
    }
    Ok(completed(completions::tasks(typed, form, &candidates), looked))
}

#[cfg(test)]
mod tests {
    use agentrq_core::mcp::completion::VALUES;
    use agentrq_core::mcp::jsonrpc::INVALID_PARAMS;
    use serde_json::json;

    use super::super::room::{Room, answered, params};
    use super::*;

    fn tried(room: &Room, reference: Value, argument: &str, value: &str) -> Result<Value, RpcError> {
        let asked = json!({"ref": reference, "argument": {"name": argument, "value": value}, "context": {"arguments": {"to": "x"}}});
        answered(room.commit(|tx| complete(tx, &params(asked)))).map(|result| result["completion"].clone())
    }

    fn for_prompt(room: &Room, argument: &str, value: &str) -> Value {
        tried(room, json!({"type": "ref/prompt", "name": "hand-over"}), argument, value).expect("completed")
    }

    fn for_template(room: &Room, value: &str) -> Value {
        tried(room, json!({"type": "ref/resource", "uri": "agentrq://tasks/{task}/thread"}), "task", value).expect("completed")
    }

    #[test]
    fn a_task_is_found_by_its_title_and_named_as_the_place_needs_it() {
        let room = Room::new();
        let (plan, _other) = (room.gives("Plan the work"), room.gives("Something else"));
        assert_eq!(for_prompt(&room, "task", "work"), json!({"values": ["#1"], "total": 1, "hasMore": false}));
        assert_eq!(for_template(&room, "work"), json!({"values": [plan], "total": 1, "hasMore": false}));
        assert_eq!(for_prompt(&room, "task", "")["values"], json!(["#2", "#1"]));
    }

    #[test]
    fn of_very_many_tasks_a_hundred_are_offered_and_one_named_in_full_is_found_however_old() {
        let room = Room::new();
        let tasks = room.gives_many(LOOKED_AT as usize + 50);
        let (rows, _) = room.watch(|| {
            let offered = for_prompt(&room, "task", "work");
            assert_eq!((offered["values"].as_array().map(Vec::len), &offered["hasMore"]), (Some(VALUES), &json!(true)));
            assert_eq!(offered.get("total"), None);
        });
        assert_eq!(rows as u64, LOOKED_AT + 1);
        assert_eq!(for_prompt(&room, "task", "#3")["values"][0], json!("#3"));
        assert_eq!(for_template(&room, &tasks[2].to_string())["values"], json!([tasks[2]]));
    }

    #[test]
    fn a_task_that_is_over_can_be_read_and_not_handed_over() {
        let room = Room::new();
        let over = room.gives("Plan");
        room.completes(over);
        assert_eq!(for_template(&room, "1")["values"], json!(["1"]));
        assert_eq!(for_prompt(&room, "task", "1")["values"], json!([]));
    }

    #[test]
    fn a_successor_is_a_person_or_an_agent_that_has_been_here() {
        let room = Room::new();
        let _agents = ["server", "laptop"].map(|name| room.agent(name));
        assert_eq!(for_prompt(&room, "to", ""), json!({"values": ["human", "laptop", "server"], "total": 3, "hasMore": false}));
        assert_eq!(for_prompt(&room, "to", "Ser")["values"], json!(["server"]));
    }

    #[test]
    fn a_parameter_of_a_workflow_is_one_of_its_values() {
        let room = Room::new();
        let definition = json!({"name": "release", "parameters": [{"name": "to", "values": ["production", "staging", "my-prod"]}, {"name": "note"}],
            "steps": [{"key": "a", "subject": "A"}]});
        room.commit(|tx| crate::workspace::workflows::save(tx, &definition, &agentrq_core::model::Actor::System)).expect("saved");
        let offered = |argument: &str, typed: &str| tried(&room, json!({"type": "ref/prompt", "name": "release"}), argument, typed);
        assert_eq!(offered("to", "PROD").expect("completed")["values"], json!(["production", "my-prod"]));
        assert_eq!(offered("note", "x").expect("completed")["values"], json!([]));
        assert!(offered("where", "").expect_err("no such argument").message.contains("`to` (optional: one of"));
    }

    #[test]
    fn free_text_and_what_there_is_not_have_no_completions_and_what_is_malformed_is_refused() {
        let room = Room::new();
        let question = tried(&room, json!({"type": "ref/prompt", "name": "ask"}), "question", "May");
        let nothing = Ok(json!({"values": [], "total": 0, "hasMore": false}));
        assert_eq!(question, nothing);
        for unknown in [json!({"type": "ref/prompt", "name": "x"}), json!({"type": "ref/resource", "uri": "x://{y}"})] {
            assert_eq!(tried(&room, unknown, "y", ""), nothing);
        }
        assert_eq!(tried(&room, Value::Null, "y", "").expect_err("no reference").code, INVALID_PARAMS);
    }
}
