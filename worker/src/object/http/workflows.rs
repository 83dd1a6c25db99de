//! Workflows over HTTP, for people: listed, saved, deleted and started.

use agentrq_core::command::Command;
use agentrq_core::dialect::workflow::Kept;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{ListName, Metadata};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use worker::Response;

use super::{Asked, answer, no_content};
use crate::body::{self, JSON_BYTES};
use crate::object::WorkspaceObject;
use crate::problem::{Code, Problem};
use crate::random;
use crate::workspace::{idempotency, templates, threads, workflows};

#[derive(Deserialize)]
struct NewRun {
    #[serde(default)]
    parameters: Map<String, Value>,
    list: Option<String>,
}

impl WorkspaceObject {
    pub(super) fn list_workflows(&self, asked: &Asked<'_>) -> Result<Response, Problem> {
        asked.asker.person()?;
        let all = templates::all(&self.sql())?;
        answer(200, &json!({"workflows": all.iter().map(Kept::to_json).collect::<Vec<_>>()}))
    }

    pub(super) fn read_workflow(&self, asked: &Asked<'_>, name: &str) -> Result<Response, Problem> {
        asked.asker.person()?;
        answer(200, &templates::named(&self.sql(), name)?.to_json())
    }

    /// Saves it under the name of the path; another one in the body is refused.
    pub(super) async fn save_workflow(&self, asked: Asked<'_>, name: &str) -> Result<Response, Problem> {
        asked.asker.person()?;
        let mut definition: Map<String, Value> = self.json(asked.request, &asked.asker).await?;
        let said = definition.entry("name").or_insert_with(|| json!(name)).clone();
        if said != *name {
            let problem = format!("the address says {name:?}, the workflow says {said}: give both the same name");
            return Err(Problem::new(Code::WorkflowInvalid, format!("name: {problem}")).with("path", "name").with("problem", problem));
        }
        // What the server adds to what it shows is no part of it.
        for shown in ["revision", "savedAt", "savedBy"] {
            definition.remove(shown);
        }
        let (definition, actor) = (Value::Object(definition), asked.asker.actor()?);
        let kept = self.commit(|tx| workflows::save(tx, &definition, &actor))?;
        answer(200, &kept.to_json())
    }

    pub(super) fn delete_workflow(&self, asked: &Asked<'_>, name: &str) -> Result<Response, Problem> {
        asked.asker.person()?;
        let actor = asked.asker.actor()?;
        self.commit(|tx| workflows::delete(tx, name, &actor))?;
        no_content()
    }

    pub(super) async fn start_workflow(&self, asked: Asked<'_>, name: &str) -> Result<Response, Problem> {
        asked.asker.person()?;
        let body = self.body(asked.request, &asked.asker, JSON_BYTES).await?;
        let NewRun { parameters, list } = body::parse(&body)?;
        let list = list.map_or(Ok(ListName::default()), |name| ListName::new(&name));
        let list = list.map_err(|why| Problem::new(Code::BadRequest, why.to_string()).with("field", "list"))?;
        let key = asked.header("idempotency-key");
        let now = random::now();
        let run = self.commit(|tx| {
            let id = idempotency::id(tx.sql(), &asked.asker.name(), key.as_deref(), &body, now)?;
            let workflow = templates::named(tx.sql(), name)?.workflow.name;
            asked.asker.run(tx, Command::StartWorkflow { id, list, workflow, parameters: Metadata::from(&parameters) })?;
            threads::task(tx, TaskRef::Id(id.into()))
        })?;
        answer(201, &run)
    }
}
