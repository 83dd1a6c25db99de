//! A list as a resource: read in pages with all that its tasks say, and followed as a whole or task by task.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::{Value, json};

use super::Shown;
use super::answer::{Neighbour, facts};
use crate::decision::{Change, Event};
use crate::limits;
use crate::mcp::resource::Template;
use crate::model::{Entity, ListName, Task};

/// Tasks on a page, at most.
pub const WHOLE: usize = limits::PAGE;
/// Bytes of a page after which no further task begins: descriptions may be long.
pub const PAGE_BYTES: usize = 512 * 1024;
/// More changes of a list at once than that are told as one of the whole list.
pub const TOLD: usize = 50;

/// The resources that every list has.
pub const TEMPLATES: [Template; 2] = [
    Template {
        uri: "agentrq://lists/{list}",
        name: "list",
        title: "List",
        description: "All tasks of a list with all that they say, in pages: `next` names the next one. Who follows it is told which task has changed",
    },
    Template {
        uri: "agentrq://lists/{list}/tasks/{number}",
        name: "list-task",
        title: "Task of a list",
        description: "One task of a list by its number there, with all that it says",
    },
];

/// What a URI names of a list.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ListUri {
    pub list: ListName,
    pub part: Part,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    Whole,
    /// The tasks from this number on.
    From(u64),
    /// The task with this number.
    Task(u64),
}

impl ListUri {
    /// Reads `agentrq://lists/main`, `agentrq://lists/main/from/101`, `agentrq://lists/main/tasks/12`. Scheme and authority are read in any case.
    pub fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let (authority, path) = rest.split_once('/')?;
        if !scheme.eq_ignore_ascii_case("agentrq") || !authority.eq_ignore_ascii_case("lists") {
            return None;
        }
        let path: Vec<_> = path.trim_end_matches('/').split('/').collect();
        let number = |text: &str| text.parse().ok().filter(|number| *number > 0);
        let (name, part) = match path.as_slice() {
            [name] => (name, Part::Whole),
            [name, "from", from] => (name, Part::From(number(from)?)),
            [name, "tasks", task] => (name, Part::Task(number(task)?)),
            _ => return None,
        };
        // Another spelling of a name is no name: the same list would be followed under two.
        let list = ListName::new(name).ok().filter(|list| list.as_str() == *name)?;
        Some(Self { list, part })
    }

    /// What is followed by who follows this: of a page, the whole list.
    pub fn followed(self) -> Self {
        match self.part {
            Part::From(_) => Self { part: Part::Whole, ..self },
            Part::Whole | Part::Task(_) => self,
        }
    }
}

impl fmt::Display for ListUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "agentrq://lists/{}", self.list)?;
        match self.part {
            Part::Whole => Ok(()),
            Part::From(number) => write!(f, "/from/{number}"),
            Part::Task(number) => write!(f, "/tasks/{number}"),
        }
    }
}

/// A task with all that it says: as its list's resource has it.
pub fn whole(task: &Task, description: &str, blocked_by: Vec<Neighbour>) -> Value {
    let mut value = facts(&Shown { task, description: Some(description), blocked_by, blocks: Vec::new() });
    // What waits for it stands in what waits; and what nobody said is not said for them.
    if let Value::Object(members) = &mut value {
        members.remove("blocks");
    }
    value["activeForm"] = json!(task.work.as_ref().and_then(|work| work.active_form.as_ref()));
    value
}

/// A page of a list. `next`: the number of the first task of the next one.
pub fn page(list: &ListName, tasks: &[Value], next: Option<u64>) -> Value {
    let next = next.map(|number| ListUri { list: list.clone(), part: Part::From(number) }.to_string());
    json!({"list": list, "tasks": tasks, "next": next})
}

/// Which tasks of which lists a commit has put there or changed, by their numbers. Of those that are gone it does not tell.
pub fn touched(events: &[Event]) -> BTreeMap<ListName, BTreeSet<u64>> {
    let mut touched: BTreeMap<ListName, BTreeSet<u64>> = BTreeMap::new();
    for change in events.iter().flat_map(|event| &event.changes) {
        let Change::Put { entity } = change else { continue };
        let Entity::Task(task) = &**entity else { continue };
        let Some((work, number)) = task.work.as_ref().and_then(|work| Some((work, work.number?))) else { continue };
        touched.entry(work.list.clone()).or_default().insert(number);
    }
    touched
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_its_pages_and_its_tasks_are_named() {
        for uri in ["agentrq://lists/main", "agentrq://lists/a-b_2/from/101", "agentrq://lists/main/tasks/12"] {
            assert_eq!(ListUri::parse(uri).map(|named| named.to_string()).as_deref(), Some(uri));
        }
        let main = ListUri { list: ListName::default(), part: Part::Whole };
        assert_eq!(ListUri::parse("AGENTRQ://Lists/main/"), Some(main.clone()));
        assert_eq!(ListUri::parse("agentrq://lists/main/from/7").map(ListUri::followed), Some(main));
        for template in TEMPLATES {
            let uri = template.uri.replace("{list}", "main").replace("{number}", "3");
            assert!(ListUri::parse(&uri).is_some(), "{uri}");
        }
    }

    #[test]
    fn what_is_no_list_is_not_named() {
        for uri in [
            "agentrq://lists",
            "agentrq://lists/",
            "agentrq://lists/a b",
            "agentrq://lists/a%20b",
            "agentrq://lists/main/tasks/0",
            "agentrq://lists/main/tasks/x",
            "agentrq://lists/main/from",
            "agentrq://lists/main/tasks/1/thread",
            "agentrq://tasks/1",
            "http://lists/main",
        ] {
            assert_eq!(ListUri::parse(uri), None, "{uri}");
        }
    }
}
