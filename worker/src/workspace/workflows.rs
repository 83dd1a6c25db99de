//! Workflows are saved and deleted. What is started of one goes on whatever becomes of its template.

use agentrq_core::decide::{self, Arguments};
use agentrq_core::decision::{Event, EventType};
use agentrq_core::dialect::workflow::{self, Kept};
use agentrq_core::json;
use agentrq_core::limits;
use agentrq_core::model::Actor;
use agentrq_core::view::View;
use serde_json::Value as Json;

use super::templates::{find, named};
use super::transaction::Transaction;
use crate::problem::{Code, Problem};
use crate::sql::Sql;

/// Saves a template under the name that it says. The same again changes nothing.
pub fn save<S: Sql>(tx: &mut Transaction<S>, definition: &Json, actor: &Actor) -> Result<Kept, Problem> {
    tx.check_room(actor)?;
    let workflow = decide::read_workflow(definition)?;
    let name = workflow.name.clone();
    if workflow::is_taken(&name) {
        let problem = format!("{name:?} is a prompt of this server already: take another name");
        return Err(Problem::new(Code::WorkflowInvalid, format!("name: {problem}")).with("path", "name").with("problem", problem));
    }
    match find(tx.sql(), &name)? {
        Some(there) if there.workflow == workflow => return Ok(there),
        Some(there) => decide::check_workflow_saved_by(&there.saved_by, actor)?,
        None => {
            let given = tx.sql().first("SELECT count(*) FROM workflows", &[])?.map_or(Ok(0), |row| row.count(0))?;
            if given >= limits::WORKFLOWS as u64 {
                let detail = format!("there are {given} workflows, which is the limit: delete one first");
                return Err(Problem::new(Code::QuotaExceeded, detail).with("limit", limits::WORKFLOWS as u64).with("given", given));
            }
        }
    }
    let kept = Kept { workflow, revision: tx.store().head() + 1, saved_at: tx.now, saved_by: actor.clone() };
    tx.sql().exec(
        "INSERT INTO workflows (name, revision, saved_at, saved_by, json) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT (name) DO UPDATE SET revision = excluded.revision, saved_at = excluded.saved_at, saved_by = excluded.saved_by, json = excluded.json",
        &[
            name.into(),
            kept.revision.into(),
            kept.saved_at.ms().into(),
            json::to_string(actor).into(),
            kept.workflow.to_json().to_string().into(),
        ],
    )?;
    note(tx, actor);
    Ok(kept)
}

pub fn delete<S: Sql>(tx: &mut Transaction<S>, name: &str, actor: &Actor) -> Result<(), Problem> {
    let kept = named(tx.sql(), name)?;
    decide::check_workflow_saved_by(&kept.saved_by, actor)?;
    tx.sql().exec("DELETE FROM workflows WHERE name = ?", &[kept.workflow.name.into()])?;
    note(tx, actor);
    Ok(())
}

/// Whoever shows workflows is told that they are others now.
fn note<S: Sql>(tx: &mut Transaction<S>, actor: &Actor) {
    let (kind, at) = (EventType::WorkflowUpdated, tx.now);
    tx.note(Event { kind, task_id: None, actor: actor.clone(), at, changes: Vec::new() });
}

/// Does this commit change which workflows there are, or what one is?
pub fn changed(events: &[Event]) -> bool {
    events.iter().any(|event| event.kind == EventType::WorkflowUpdated)
}

/// The values for a template's parameters, from what was given.
pub fn arguments(kept: &Kept, given: &serde_json::Map<String, Json>) -> Result<Arguments, Problem> {
    Ok(decide::workflow_arguments(&kept.workflow, given)?)
}

#[cfg(test)]
mod tests {
    use agentrq_core::command::Command;
    use agentrq_core::id::Id;
    use agentrq_core::model::{AgentName, ListName, Metadata, Person};
    use agentrq_core::time::Timestamp;
    use rusqlite::Connection;
    use serde_json::json;

    use super::super::templates::all;
    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::made_for_tests;

    fn ada() -> Actor {
        Actor::Person(Person { id: "p".into(), name: "Ada".into() })
    }

    fn definition(name: &str, subject: &str) -> Json {
        json!({"name": name, "steps": [{"key": "a", "subject": subject}]})
    }

    fn room() -> Connection {
        let db = memory();
        made_for_tests(&db);
        db
    }

    fn commit<T>(db: &Connection, work: impl FnOnce(&mut Transaction<&Connection>) -> T) -> T {
        let mut tx = Transaction::begin(db, Timestamp::from_ms(1_800_000_000_000)).expect("begun");
        let done = work(&mut tx);
        tx.finish("t").expect("finished");
        done
    }

    #[test]
    fn a_template_is_kept_under_its_name_and_saved_again_only_where_it_is_another() {
        let db = room();
        let save = |subject: &str| {
            commit(&db, |tx| save(tx, &definition("w", subject), &ada()).map(|kept| (kept, changed(tx.events())))).expect("saved")
        };
        let (first, told) = save("A");
        assert!(told);
        assert_eq!(find(&db, "w"), Ok(Some(first.clone())));
        assert_eq!(save("A"), (first.clone(), false), "the same again");
        let (second, _) = save("B");
        assert_eq!((second.revision, all(&db).expect("listed")), (first.revision + 1, vec![second]));
        commit(&db, |tx| delete(tx, "w", &ada())).expect("deleted");
        assert_eq!(commit(&db, |tx| delete(tx, "w", &ada())).expect_err("gone").code, "workflow_not_found");
    }

    #[test]
    fn what_a_person_has_saved_no_agent_changes_or_deletes() {
        let db = room();
        let agent = Actor::Agent { name: AgentName::new("claude").expect("a name") };
        let saved = |subject: &str, by: &Actor| commit(&db, |tx| save(tx, &definition("w", subject), by));
        saved("Approve: it", &ada()).expect("saved");
        assert_eq!(saved("Just do it", &agent).expect_err("a person's").code, "forbidden");
        assert_eq!(commit(&db, |tx| delete(tx, "w", &agent)).expect_err("a person's").code, "forbidden");
        saved("Approve: it", &agent).expect("the same again changes nothing");
        assert_eq!(find(&db, "w").expect("looked").expect("kept").saved_by, ada());
    }

    #[test]
    fn what_is_no_template_stores_nothing_and_is_told_where_it_is_wrong() {
        let db = room();
        for (definition, path) in [(json!({"name": "w"}), "steps"), (definition("ask", "A"), "name")] {
            let problem = commit(&db, |tx| save(tx, &definition, &ada())).expect_err("no template");
            assert_eq!((problem.status, &*problem.code, &problem.extra["path"]), (400, "workflow_invalid", &json!(path)));
        }
        assert_eq!(all(&db), Ok(Vec::new()));
    }

    #[test]
    fn a_command_starts_one_by_its_name_once_and_stores_nothing_where_it_cannot() {
        let db = room();
        let parameters = json!([{"name": "target", "values": ["staging", "production"], "required": true}]);
        let definition = json!({"name": "w", "parameters": parameters, "steps": [{"key": "a", "subject": "Ship to {{target}}"}]});
        commit(&db, |tx| save(tx, &definition, &ada())).expect("saved");
        let asks = |workflow: &str, target: &str| {
            let given = json!({"target": target});
            let parameters = Metadata::from(given.as_object().expect("an object"));
            let start = Command::StartWorkflow {
                id: Id::new(1_800_000_000_000, 9),
                list: ListName::default(),
                workflow: workflow.into(),
                parameters,
            };
            commit(&db, |tx| tx.run(start, &ada(), None))
        };
        let tasks = || db.first("SELECT count(*) FROM tasks", &[]).expect("counted").map(|row| row.count(0));
        let no = asks("w", "elsewhere").expect_err("no such value");
        assert_eq!((no.status, &*no.code, &no.extra["path"]), (400, "workflow_invalid", &json!("parameters.target")));
        let no = asks("x", "staging").expect_err("no such workflow");
        assert_eq!((no.status, &*no.code, tasks()), (404, "workflow_not_found", Some(Ok(0))));
        asks("w", "staging").expect("started");
        asks("w", "staging").expect("there already");
        assert_eq!((asks("w", "production").expect_err("another").code.as_ref(), tasks()), ("id_taken", Some(Ok(2))));
    }

    #[test]
    fn a_workspace_keeps_so_many_and_agents_add_none_where_it_is_full() {
        let db = room();
        let put = |name: &str| commit(&db, |tx| save(tx, &definition(name, "A"), &ada()).map(drop));
        for at in 0..limits::WORKFLOWS {
            put(&format!("w{at}")).expect("saved");
        }
        let problem = put("more").expect_err("too many");
        assert_eq!((problem.status, &*problem.code, &problem.extra["limit"]), (413, "quota_exceeded", &json!(limits::WORKFLOWS)));
        commit(&db, |tx| save(tx, &definition("w0", "B"), &ada())).expect("another revision of one that is there");
        let agent = Actor::Agent { name: AgentName::new("claude").expect("a name") };
        let mut full = Transaction::begin(&db, Timestamp::from_ms(1_800_000_000_000)).expect("begun").within(1);
        assert_eq!(save(&mut full, &definition("w0", "C"), &agent).expect_err("full").code, "quota_exceeded");
        let start = Command::StartWorkflow {
            id: Id::new(1_800_000_000_000, 9),
            list: ListName::default(),
            workflow: "w0".into(),
            parameters: Metadata::default(),
        };
        assert_eq!(full.run(start.clone(), &agent, None).expect_err("full").code, "quota_exceeded");
        full.run(start, &ada(), None).expect("a person may");
    }
}
