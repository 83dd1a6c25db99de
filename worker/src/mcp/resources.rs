//! Resources: listed in pages, read like the tools that show the same.

use agentrq_core::dialect::hitl::Order;
use agentrq_core::dialect::hitl::resources::{self, LISTED_TASKS, ResourceUri, Rest, TEMPLATES, THREAD_MESSAGES};
use agentrq_core::dialect::task_list::resources as list_resources;
use agentrq_core::mcp::jsonrpc::RpcError;
use agentrq_core::mcp::page;
use agentrq_core::mcp::resource::{self, Template};
use agentrq_core::model::Task;
use serde_json::{Map, Value, json};

use super::{lists, reading};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::workspace::connections::Connection;
use crate::workspace::inbox::{self, Given};
use crate::workspace::subscriptions::Topic;
use crate::workspace::transaction::Transaction;
use crate::workspace::{open_tasks, threads, tokens};

/// `resources/list`: the workspace and the inbox, then each open task with its thread, the newest first.
pub fn list<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<Value, RpcError>, Problem> {
    let after = match resources::list_place(params) {
        Ok(after) => after,
        Err(error) => return Ok(Err(error)),
    };
    let mut tasks = open_tasks::page(tx.sql(), after, LISTED_TASKS + 1)?;
    let more = tasks.len() > LISTED_TASKS;
    tasks.truncate(LISTED_TASKS);
    let next_cursor = tasks.last().filter(|_| more).map(|last| resources::list_cursor(last.id));
    let standing = if after.is_none() { resources::standing().to_vec() } else { Vec::new() };
    let listed: Vec<_> = standing.into_iter().chain(tasks.iter().flat_map(resources::of_task)).collect();
    Ok(Ok(resource::listed(&listed, next_cursor)))
}

/// `resources/templates/list`.
///
/// # Errors
/// When a cursor is given: there is one page.
pub fn templates(params: &Map<String, Value>) -> Result<Value, RpcError> {
    page::only_page(params)?;
    Ok(json!({"resourceTemplates": TEMPLATES.iter().chain(&list_resources::TEMPLATES).map(Template::to_json).collect::<Vec<_>>()}))
}

/// The resource that a request names, if it is there: what may be subscribed to. A list is there before anything is on it.
pub fn named<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<Topic, RpcError>, Problem> {
    if let Some(list) = lists::named(params) {
        return Ok(Ok(Topic::List(list.followed())));
    }
    Ok(find(tx, params)?.map(|found| Topic::Resource(found.map(|task| task.id))))
}

/// What reading a resource comes to.
#[derive(Debug)]
pub struct Read {
    /// The result of `resources/read`.
    pub value: Value,
    /// What an agent is to hear, and hears with it.
    pub given: Given,
}

/// `resources/read`. What stands in a thread or in the inbox is given to the connection.
pub fn read<S: Sql>(
    tx: &mut Transaction<S>,
    connection: &Connection,
    params: &Map<String, Value>,
) -> Result<Result<Read, RpcError>, Problem> {
    if let Some(uri) = lists::named(params) {
        let value = lists::read(tx, &uri)?.ok_or_else(|| resources::not_found(&uri.to_string()));
        return Ok(value.map(|value| Read { value: resource::contents(&uri.to_string(), &value), given: Given::default() }));
    }
    let found = match find(tx, params)? {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let (value, given) = match &found {
        ResourceUri::Workspace => (reading::workspace(tx, &connection.agent)?, Given::default()),
        ResourceUri::Inbox => read_inbox(tx, connection)?,
        ResourceUri::Task(task) => (resources::task(task), Given::default()),
        ResourceUri::Thread(task) => read_thread(tx, connection, task)?,
    };
    let uri = found.map(|task| task.id).to_string();
    Ok(Ok(Read { value: resource::contents(&uri, &value), given }))
}

fn read_inbox<S: Sql>(tx: &mut Transaction<S>, connection: &Connection) -> Result<(Value, Given), Problem> {
    let waiting = if hears(tx, connection)? { inbox::ungiven(tx, connection)? } else { Vec::new() };
    let all = waiting.len();
    let waited = inbox::waited(tx, connection, waiting)?;
    let rest = if waited.given.ids().len() < all { Rest::More } else { Rest::Nothing };
    Ok((resources::inbox(waited.value, rest), waited.given))
}

fn read_thread<S: Sql>(tx: &mut Transaction<S>, connection: &Connection, task: &Task) -> Result<(Value, Given), Problem> {
    let page = threads::page(tx.sql(), task.id, None, THREAD_MESSAGES, Order::NewestFirst)?;
    let given = if hears(tx, connection)? { reading::given_with(tx, connection, &page.messages)? } else { Given::default() };
    Ok((resources::thread(task, &page.messages, page.next_cursor), given))
}

/// Who only looks has heard nothing: what is read here still waits for the agent that asked.
fn hears<S: Sql>(tx: &Transaction<S>, connection: &Connection) -> Result<bool, Problem> {
    Ok(tokens::scopes(tx.sql(), connection.token)?.hear())
}

/// The resource that a request names, with the task that it is about.
fn find<S: Sql>(tx: &Transaction<S>, params: &Map<String, Value>) -> Result<Result<ResourceUri<Task>, RpcError>, Problem> {
    let uri = match resource::uri(params) {
        Ok(uri) => uri,
        Err(error) => return Ok(Err(error)),
    };
    let found = match ResourceUri::parse(uri) {
        Some(named) => named.find(|task| threads::find(tx, task))?,
        None => None,
    };
    Ok(found.ok_or_else(|| resources::not_found(uri)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use agentrq_core::id::{DeliveryId, TaskId};
    use agentrq_core::limits;
    use agentrq_core::mcp::jsonrpc::INVALID_PARAMS;
    use agentrq_core::mcp::resource::RESOURCE_NOT_FOUND;
    use agentrq_core::model::{DeliveryState, Route, Scope};

    use super::super::room::{Room, answered, params};
    use super::*;

    fn inbox_of(room: &Room, reader: &Connection) -> Vec<DeliveryId> {
        room.shows(reader, "agentrq://inbox").1
    }

    fn page(room: &Room, cursor: Option<&str>) -> (Vec<String>, Option<String>) {
        let page = answered(room.commit(|tx| list(tx, &params(json!({"cursor": cursor}))))).expect("a page");
        let uris = page["resources"].as_array().expect("a list").iter().map(|it| it["uri"].as_str().expect("a uri").to_owned()).collect();
        (uris, page["nextCursor"].as_str().map(str::to_owned))
    }

    fn thread_of(task: TaskId) -> String {
        ResourceUri::Thread(task).to_string()
    }

    #[test]
    fn reading_a_thread_gives_the_answers_that_stand_in_it() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        let answer = room.says(task, "Both.");
        let (thread, given) = room.shows(&laptop, &thread_of(task));
        assert_eq!(given, [answer]);
        assert_eq!((&thread["messages"][1]["text"], &thread["older"]), (&json!("Both."), &Value::Null));
        let delivery = room.delivery(answer);
        assert_eq!((delivery.state, delivery.route, delivery.session), (DeliveryState::Sent, Some(Route::Result), Some(laptop.session)));
        assert!(inbox_of(&room, &laptop).is_empty(), "it was given already");
    }

    #[test]
    fn reading_the_inbox_gives_what_waits_in_it_once() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        let answer = room.says(task, "Both.");
        let (inbox, given) = room.shows(&laptop, "agentrq://inbox");
        assert_eq!(given, [answer]);
        assert_eq!((&inbox["messages"][0]["message_id"], &inbox["cursor"]), (&json!(answer), &json!(answer)));
        assert_eq!(room.delivery(answer).state, DeliveryState::Sent);
        assert_eq!(room.shows(&laptop, "agentrq://inbox"), (json!({"messages": [], "cursor": null, "more": false}), Vec::new()));
    }

    #[test]
    fn what_is_another_agents_stays_theirs_whoever_reads_it() {
        let room = Room::new();
        let (laptop, server) = (room.agent("laptop"), room.agent("server"));
        let task = room.asks(&laptop, "Question: x");
        let answer = room.says(task, "Both.");
        let (thread, given) = room.shows(&server, &thread_of(task));
        assert_eq!((&thread["messages"][1]["text"], given), (&json!("Both."), Vec::new()));
        assert!(inbox_of(&room, &server).is_empty());
        assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
        assert_eq!(inbox_of(&room, &laptop), [answer]);
    }

    #[test]
    fn who_may_only_look_reads_the_thread_and_takes_nothing_from_it() {
        let room = Room::new();
        let (laptop, looker) = (room.agent("laptop"), room.agent_that_may("looker", Scope::Read));
        let task = room.asks(&laptop, "Question: x");
        let (answer, work) = (room.says(task, "Both."), room.gives("Plan"));
        let (thread, given) = room.shows(&looker, &thread_of(task));
        assert_eq!((&thread["messages"][1]["text"], given), (&json!("Both."), Vec::new()));
        assert!(inbox_of(&room, &looker).is_empty(), "not even what is for nobody in particular");
        assert_eq!(inbox_of(&room, &laptop), [answer, DeliveryId(work.0)]);
    }

    #[test]
    fn work_for_nobody_in_particular_goes_to_the_agent_that_reads_it_first() {
        let room = Room::new();
        let (laptop, server) = (room.agent("laptop"), room.agent("server"));
        let task = room.gives("Plan");
        assert_eq!(inbox_of(&room, &laptop), [DeliveryId(task.0)]);
        assert!(inbox_of(&room, &server).is_empty());
    }

    #[test]
    fn reading_a_task_or_the_workspace_gives_nothing() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        let (asked, answer) = (room.asks(&laptop, "Question: y"), room.says(task, "Both."));
        room.gives("Plan");
        room.completes(asked);
        let (head, none) = room.shows(&laptop, &ResourceUri::Task(task).to_string());
        assert_eq!((&head["title"], &head["messages"], &head["turn"]), (&json!("Question: x"), &json!(2), &json!("agent")));
        let (workspace, nothing) = room.shows(&laptop, "agentrq://workspace");
        assert_eq!((none, nothing), (Vec::new(), Vec::new()));
        let counts = ["open_tasks", "waiting_for_people", "waiting_for_agents"].map(|key| workspace[key].clone());
        assert_eq!((counts, &workspace["agent"]), ([json!(2), json!(0), json!(2)], &json!("laptop")));
        assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
    }

    #[test]
    fn a_full_inbox_is_read_in_parts_and_says_so() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        let answers: Vec<_> = (0..25).map(|number| room.says(task, &format!("Answer {number}"))).collect();
        let mut got = Vec::new();
        for more in [true, false] {
            let (inbox, given) = room.shows(&laptop, "agentrq://inbox");
            assert_eq!(inbox["more"], json!(more));
            got.extend(given);
        }
        assert_eq!(got, answers);
    }

    #[test]
    fn a_long_thread_shows_its_newest_messages() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        for number in 0..THREAD_MESSAGES + 20 {
            room.says(task, &format!("Answer {number}"));
        }
        let (thread, given) = room.shows(&laptop, &thread_of(task));
        let texts: Vec<_> = thread["messages"].as_array().expect("a list").iter().map(|message| message["text"].clone()).collect();
        assert_eq!((texts.len(), given.len()), (THREAD_MESSAGES, THREAD_MESSAGES));
        assert_eq!((texts.first(), texts.last()), (Some(&json!("Answer 20")), Some(&json!("Answer 119"))));
        assert!(thread["older"].as_str().is_some_and(|call| call.starts_with("getTaskMessages(")), "{}", thread["older"]);
    }

    #[test]
    fn a_task_is_read_by_its_number_and_answered_under_its_id() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let task = room.asks(&laptop, "Question: x");
        for uri in ["agentrq://tasks/1", "agentrq://tasks/%231"] {
            let read = room.reads(&laptop, uri).expect("a resource");
            assert_eq!(read.value["contents"][0]["uri"], json!(format!("agentrq://tasks/{task}")));
            let named = answered(room.commit(|tx| named(tx, &params(json!({"uri": uri})))));
            assert_eq!(named, Ok(Topic::Resource(ResourceUri::Task(task))));
        }
    }

    #[test]
    fn what_is_not_there_is_refused_and_nothing_is_given() {
        let (room, elsewhere) = (Room::new(), Room::new());
        let laptop = room.agent("laptop");
        let answer = room.says(room.asks(&laptop, "Question: x"), "Both.");
        elsewhere.gives_many(3);
        let foreign = elsewhere.gives("Theirs");
        let uris =
            [thread_of(foreign), "agentrq://tasks/2".to_owned(), "agentrq://tasks/x/thread".to_owned(), "file:///etc/passwd".to_owned()];
        for uri in uris {
            let error = room.reads(&laptop, &uri).expect_err("no resource");
            assert_eq!((error.code, error.message.contains(&uri)), (RESOURCE_NOT_FOUND, true), "{}", error.message);
            assert!(answered(room.commit(|tx| named(tx, &params(json!({"uri": uri}))))).is_err());
        }
        for wrong in [json!({}), json!({"uri": ["agentrq://inbox"]})] {
            let error = answered(room.commit(|tx| read(tx, &laptop, &params(wrong)))).expect_err("no uri");
            assert_eq!(error.code, INVALID_PARAMS);
        }
        assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
    }

    #[test]
    fn the_list_names_each_open_task_once_the_newest_first() {
        let room = Room::new();
        let tasks = room.gives_many(120);
        room.completes(tasks[7]);
        let (mut all, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let (uris, next) = page(&room, cursor.as_deref());
            assert!(uris.len() <= limits::PAGE);
            all.extend(uris);
            pages += 1;
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        let open = tasks.iter().rev().filter(|task| **task != tasks[7]);
        let expected: Vec<_> = ["agentrq://workspace".to_owned(), "agentrq://inbox".to_owned()]
            .into_iter()
            .chain(open.flat_map(|task| [ResourceUri::Task(*task).to_string(), thread_of(*task)]))
            .collect();
        assert_eq!((all, pages), (expected, 3));
    }

    #[test]
    fn tasks_that_come_and_go_between_pages_double_and_hide_nothing() {
        let room = Room::new();
        let tasks = room.gives_many(LISTED_TASKS + 2);
        let (first, cursor) = page(&room, None);
        room.gives("Later");
        // The very task that the cursor names.
        room.completes(tasks[2]);
        let (second, end) = page(&room, cursor.as_deref());
        assert_eq!(end, None);
        let listed: BTreeSet<_> = first.iter().chain(&second).cloned().collect();
        assert_eq!(listed.len(), first.len() + second.len());
        assert!(tasks.iter().all(|task| listed.contains(&thread_of(*task))));
    }

    #[test]
    fn what_agents_keep_on_lists_is_not_among_what_is_asked_of_them() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        let asked = room.gives("Plan");
        let listed: Vec<_> = (0..3).map(|_| room.lists("Step")).collect();
        let (tasks, next) = page(&room, None);
        assert!(next.is_none() && tasks.contains(&ResourceUri::Task(asked).to_string()), "{tasks:?}");
        assert!(listed.iter().all(|task| !tasks.contains(&ResourceUri::Task(*task).to_string())), "{tasks:?}");
        let (workspace, _) = room.shows(&laptop, "agentrq://workspace");
        assert_eq!((&workspace["open_tasks"], &workspace["waiting_for_agents"]), (&json!(1), &json!(1)));
        let (head, _) = room.shows(&laptop, &ResourceUri::Task(listed[0]).to_string());
        assert_eq!(head["title"], "Step", "whoever names one reads it");
    }

    #[test]
    fn a_page_costs_the_same_however_many_tasks_there_are() {
        let room = Room::new();
        let laptop = room.agent("laptop");
        room.gives_many(2_000);
        let cursor = page(&room, None).1;
        let (rows, plans) = room.watch(|| {
            page(&room, None);
            page(&room, cursor.as_deref());
        });
        assert_eq!(rows, LISTED_TASKS + 1);
        let listing: Vec<_> = plans.iter().filter(|plan| plan.contains("tasks")).collect();
        assert!(listing.len() == 2 && listing.iter().all(|plan| plan.starts_with("SEARCH tasks USING INDEX tasks_asked")), "{plans:?}");
        let (rows, _) = room.watch(|| {
            let (workspace, _) = room.shows(&laptop, "agentrq://workspace");
            assert_eq!((&workspace["open_tasks"], &workspace["waiting_for_agents"]), (&json!(2_000), &Value::Null));
            inbox_of(&room, &laptop);
        });
        assert!(rows <= limits::PAGE, "{rows} rows");
    }

    #[test]
    fn a_cursor_that_was_never_given_is_refused() {
        let room = Room::new();
        let error = answered(room.commit(|tx| list(tx, &params(json!({"cursor": "2"}))))).expect_err("no cursor");
        assert_eq!((error.code, error.message.contains("nextCursor")), (INVALID_PARAMS, true));
        assert_eq!(templates(&params(json!({"cursor": "2"}))).expect_err("no cursor").code, INVALID_PARAMS);
        let templates = templates(&Map::new()).expect("a list");
        assert_eq!(templates["resourceTemplates"][1]["uriTemplate"], json!("agentrq://tasks/{task}/thread"));
    }
}
