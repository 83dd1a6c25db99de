//! The workflow tools at work: templates are saved and listed, and one that is started becomes tasks of the agent's list.

use agentrq_core::command::Command;
use agentrq_core::dialect::workflow::{self, Begun, Call, Kept};
use agentrq_core::id::TaskId;
use agentrq_core::model::{ListName, Metadata, Run, Task};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::about::About;
use super::call::{Caller, Ran};
use crate::gate::mac::hex;
use crate::problem::Problem;
use crate::random;
use crate::sql::Sql;
use crate::workspace::inbox::Creation;
use crate::workspace::{templates, workflows};

impl<S: Sql> Caller<'_, S> {
    pub(super) fn workflow(&mut self, call: Call, about: &About) -> Result<Ran, Problem> {
        match call {
            Call::List { name: None } => Ok(Ran::said(workflow::listed(&templates::all(self.tx.sql())?))),
            Call::List { name: Some(name) } => Ok(Ran::done(templates::named(self.tx.sql(), &name)?.to_json())),
            Call::Save { definition } => Ok(Ran::said(workflow::saved(&workflows::save(self.tx, &definition, &self.agent)?))),
            Call::Delete { name } => {
                workflows::delete(self.tx, &name, &self.agent)?;
                Ok(Ran::said(workflow::deleted(&name)))
            }
            Call::Start { workflow, parameters } => self.start(&about.list, &workflow, &parameters),
        }
    }

    /// Starts a workflow by its name. A call whose answer may have been lost, and that comes again, gets the run that it started.
    pub(super) fn start(&mut self, list: &ListName, name: &str, given: &Map<String, Value>) -> Result<Ran, Problem> {
        let kept = templates::named(self.tx.sql(), name)?;
        let arguments = workflows::arguments(&kept, given)?;
        let mut hash = Sha256::new();
        hash.update(serde_json::json!(["WorkflowStart", list, name, kept.revision, arguments]).to_string());
        let hash = hex(&hash.finalize());
        if let Some(run) = self.unconfirmed(&hash)? {
            return self.started(&kept, run, hash);
        }
        let id = random::id(self.tx.now)?;
        let (list, workflow) = (list.clone(), kept.workflow.name.clone());
        self.command(Command::StartWorkflow { id, list, workflow, parameters: Metadata::from(given) })?;
        let run = self.task_of(TaskId(id))?;
        self.started(&kept, run, hash)
    }

    fn started(&mut self, kept: &Kept, run: Task, hash: String) -> Result<Ran, Problem> {
        let steps = Run::of(&run).map(|run| run.steps).unwrap_or_default();
        let steps = steps.into_iter().map(|step| self.task_of(step)).collect::<Result<Vec<_>, _>>()?;
        let answer = workflow::started(&Begun { run: &run, steps: &steps, workflow: &kept.workflow, revision: kept.revision });
        Ok(Ran { created: Some(Creation { task: run.id, hash }), ..Ran::said(answer) })
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::dialect;
    use agentrq_core::mcp::tool::ToolAnswer;
    use agentrq_core::model::Scope;
    use serde_json::json;

    use super::super::about;
    use super::super::room::{Room, params};
    use super::super::tools;
    use super::*;
    use crate::workspace::connections::Connection;

    fn calls(room: &Room, agent: &Connection, tool: &str, arguments: Value) -> ToolAnswer {
        let call = dialect::read(tool, &params(arguments)).expect("a tool").expect("it is right");
        room.commit(|tx| tools::run(tx, agent, &about::for_tests(), call)).expect("no fault").answer
    }

    fn said(room: &Room, agent: &Connection, tool: &str, arguments: Value) -> Value {
        match calls(room, agent, tool, arguments) {
            ToolAnswer::Said { value, .. } | ToolAnswer::Done(value) => value,
            other => panic!("{tool}: {other:?}"),
        }
    }

    fn refused(room: &Room, agent: &Connection, tool: &str, arguments: Value) -> String {
        match calls(room, agent, tool, arguments) {
            ToolAnswer::Refused { text, .. } | ToolAnswer::Failed(text) => text,
            other => panic!("{tool}: {other:?}"),
        }
    }

    fn definition() -> Value {
        json!({"definition": {
            "name": "release",
            "parameters": [{"name": "version", "required": true}],
            "steps": [
                {"key": "test", "subject": "Test {{version}}", "command": "npm test"},
                {"key": "ship", "subject": "Ship {{version}}", "dependsOn": ["test"]},
            ],
        }})
    }

    #[test]
    fn a_workflow_is_saved_listed_started_and_deleted_and_a_run_outlives_its_template() {
        let room = Room::new();
        let claude = room.agent("claude");
        said(&room, &claude, "WorkflowSave", definition());
        let listed = said(&room, &claude, "WorkflowList", json!({}));
        assert_eq!((&listed["workflows"][0]["name"], &listed["workflows"][0]["steps"]), (&json!("release"), &json!(2)));
        assert_eq!(said(&room, &claude, "WorkflowList", json!({"name": "release"}))["steps"][1]["dependsOn"], json!(["test"]));
        let started = said(&room, &claude, "WorkflowStart", json!({"workflow": "release", "parameters": {"version": "1"}}));
        assert_eq!(
            (&started["id"], &started["steps"][1]["blockedBy"], &started["steps"][0]["by"]),
            (&json!("1"), &json!(["2"]), &json!("local_bash"))
        );
        said(&room, &claude, "WorkflowSave", json!({"delete": "release"}));
        assert!(refused(&room, &claude, "WorkflowStart", json!({"workflow": "release"})).contains("there are none yet"));
        let ship = said(&room, &claude, "TaskGet", json!({"taskId": "3"}));
        assert_eq!((&ship["subject"], &ship["stepOf"]), (&json!("Ship 1"), &started["taskId"]));
        said(&room, &claude, "TaskUpdate", json!({"taskId": "2", "status": "completed"}));
        said(&room, &claude, "TaskUpdate", json!({"taskId": "3", "status": "completed"}));
        let run = said(&room, &claude, "TaskGet", json!({"taskId": "1"}));
        assert_eq!((&run["background"]["status"], &run["background"]["workflow"]["completed"]), (&json!("completed"), &json!(2)));
    }

    #[test]
    fn a_start_whose_answer_was_lost_starts_once() {
        let room = Room::new();
        let claude = room.agent("claude");
        said(&room, &claude, "WorkflowSave", definition());
        let call = || {
            dialect::read("WorkflowStart", &params(json!({"workflow": "release", "parameters": {"version": "1"}})))
                .expect("a tool")
                .expect("right")
        };
        let made = room.commit(|tx| tools::run(tx, &claude, &about::for_tests(), call())).expect("no fault").created.expect("a creation");
        assert_eq!(made.hash.len(), 64);
        let wrong = refused(&room, &claude, "WorkflowStart", json!({"workflow": "release", "parameters": {"verison": "1"}}));
        assert!(wrong.contains("parameters.verison") && wrong.contains("`version` (required)"), "{wrong}");
    }

    #[test]
    fn task_create_starts_one_as_well() {
        let room = Room::new();
        let claude = room.agent("claude");
        said(&room, &claude, "WorkflowSave", definition());
        let metadata = json!({"workflow": "release", "parameters": {"version": "2"}});
        let started = said(&room, &claude, "TaskCreate", json!({"subject": "x", "type": "local_workflow", "metadata": metadata}));
        assert_eq!((&started["workflow"], &started["steps"][0]["subject"]), (&json!("release"), &json!("Test 2")));
    }

    #[test]
    fn who_may_read_only_lists_and_neither_saves_nor_starts() {
        let room = Room::new();
        said(&room, &room.agent("claude"), "WorkflowSave", definition());
        for scope in [Scope::Read, Scope::Ask] {
            let narrow = room.agent_that_may(&format!("{scope:?}"), scope);
            said(&room, &narrow, "WorkflowList", json!({}));
            for (tool, arguments) in [
                ("WorkflowSave", definition()),
                ("WorkflowSave", json!({"delete": "release"})),
                ("WorkflowStart", json!({"workflow": "release", "parameters": {"version": "1"}})),
            ] {
                let why = refused(&room, &narrow, tool, arguments);
                assert!(why.contains("needs the scope \"agent\""), "{why}");
            }
        }
        assert_eq!(said(&room, &room.agent("eyes"), "TaskList", json!({}))["tasks"], json!([]));
    }
}
