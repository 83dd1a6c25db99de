//! Agents' lists as resources: read in pages, with all that their tasks say.

use agentrq_core::dialect::task_list::resources::{self, ListUri, PAGE_BYTES, Part, WHOLE};
use agentrq_core::dialect::task_list::{Filter, Neighbour};
use agentrq_core::mcp::resource;
use agentrq_core::model::{ListName, Task};
use serde_json::{Map, Value};

use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::transaction::Transaction;
use crate::workspace::works;

/// The list, or the part of one, that a request names.
pub(super) fn named(params: &Map<String, Value>) -> Option<ListUri> {
    resource::uri(params).ok().and_then(ListUri::parse)
}

/// A page of a list, or one of its tasks. What they say is no message to anybody: nothing is given with it.
pub(super) fn read<S: Sql>(tx: &Transaction<S>, uri: &ListUri) -> Result<Option<Value>, Problem> {
    let from = match uri.part {
        Part::Whole => 1,
        Part::From(number) => number,
        Part::Task(number) => {
            let Some(task) = works::numbered(tx.sql(), &uri.list, number)? else { return Ok(None) };
            return Ok(wholes(tx, &[task])?.pop());
        }
    };
    read_page(tx, &uri.list, from).map(Some)
}

fn read_page<S: Sql>(tx: &Transaction<S>, list: &ListName, from: u64) -> Result<Value, Problem> {
    let page = works::page(tx.sql(), list, &Filter { after: from - 1, limit: WHOLE as u64, ..Filter::default() })?;
    let mut next = page.next_cursor.map(|last| last + 1);
    let mut tasks = wholes(tx, &page.tasks)?;
    let mut bytes = 0;
    let fits = tasks.iter().take_while(|task| {
        let begins = bytes < PAGE_BYTES;
        bytes += task.to_string().len();
        begins
    });
    let fits = fits.count();
    if let Some(first_left) = page.tasks.get(fits) {
        next = first_left.work.as_ref().and_then(|work| work.number);
        tasks.truncate(fits);
    }
    Ok(resources::page(list, &tasks, next))
}

/// Tasks of a list with all that they say.
fn wholes<S: Sql>(tx: &Transaction<S>, tasks: &[Task]) -> Result<Vec<Value>, Problem> {
    let ids: Vec<_> = tasks.iter().map(|task| task.id).collect();
    let bodies = works::bodies(tx.sql(), &ids)?;
    let waited_for = |task: &Task| task.work.as_ref().map(|work| work.blocked_by.clone()).unwrap_or_default();
    let names = works::names(tx.sql(), &tasks.iter().flat_map(waited_for).collect::<Vec<_>>())?;
    let whole = |task: &Task| {
        let blocked_by: Vec<Neighbour> = waited_for(task).iter().filter_map(|id| names.get(id)).copied().collect();
        resources::whole(task, bodies.get(&task.id).map_or("", String::as_str), blocked_by)
    };
    Ok(tasks.iter().map(whole).collect())
}

#[cfg(test)]
mod tests {
    use agentrq_core::limits;
    use agentrq_core::mcp::resource::RESOURCE_NOT_FOUND;
    use agentrq_core::model::Scope;
    use serde_json::json;

    use super::super::room::Room;
    use super::*;

    #[test]
    fn a_list_is_read_in_pages_with_all_that_its_tasks_say() {
        let room = Room::new();
        let looker = room.agent_that_may("looker", Scope::Read);
        let empty = room.shows(&looker, "agentrq://lists/main").0;
        assert_eq!(empty, json!({"list": "main", "tasks": [], "next": null}));
        for number in 1..=WHOLE + 1 {
            room.lists(&format!("Step {number}"));
        }
        let (rows, plans) = room.watch(|| {
            let first = room.shows(&looker, "agentrq://lists/main").0;
            assert_eq!((first["tasks"].as_array().map(Vec::len), &first["next"]), (Some(WHOLE), &json!("agentrq://lists/main/from/101")));
            let second = room.shows(&looker, "agentrq://lists/main/from/101").0;
            assert_eq!((&second["tasks"][0]["subject"], &second["next"]), (&json!("Step 101"), &Value::Null));
        });
        assert!(rows <= WHOLE + 1, "{rows}");
        assert!(plans.iter().all(|plan| !plan.contains("SCAN work") && !plan.contains("SCAN t") && !plan.contains("SCAN m")), "{plans:?}");
        let (task, given) = room.shows(&looker, "agentrq://lists/main/tasks/7");
        assert_eq!((&task["id"], &task["subject"], &task["status"], given), (&json!("7"), &json!("Step 7"), &json!("pending"), Vec::new()));
        assert_eq!((&task["activeForm"], task.get("blocks"), task["revision"].is_u64()), (&Value::Null, None, true));
        let error = room.reads(&looker, "agentrq://lists/main/tasks/999").expect_err("no task");
        assert_eq!(error.code, RESOURCE_NOT_FOUND);
        let elsewhere = Room::new();
        assert_eq!(elsewhere.shows(&elsewhere.agent("laptop"), "agentrq://lists/main").0["tasks"], json!([]), "a list is its workspace's");
    }

    #[test]
    fn a_page_of_long_tasks_ends_early() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        for _ in 0..4 {
            room.lists_with("Long", &"x".repeat(limits::TEXT_BYTES));
        }
        let page = room.shows(&laptop, "agentrq://lists/main").0;
        assert_eq!((page["tasks"].as_array().map(Vec::len), &page["next"]), (Some(2), &json!("agentrq://lists/main/from/3")));
        let rest = room.shows(&laptop, "agentrq://lists/main/from/3").0;
        assert_eq!((rest["tasks"].as_array().map(Vec::len), &rest["next"]), (Some(2), &Value::Null));
    }
}
