//! Resources: their names, what they show, and that every change to what they show is told.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::command::{Command, Then};
use agentrq_core::dialect::hitl::resources::{
    LISTED_TASKS, ResourceUri, Rest, TEMPLATES, inbox, inbox_touched, list_changed, list_cursor, list_place, not_found, of_task, standing,
    task, thread, touched,
};
use agentrq_core::dialect::hitl::{self, Counts, WaitingFor};
use agentrq_core::id::{DeliveryId, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::mcp::jsonrpc::INVALID_PARAMS;
use agentrq_core::mcp::resource::RESOURCE_NOT_FOUND;
use agentrq_core::mcp::tool::TaskRef;
use agentrq_core::model::{DeliveryCopy, DeliveryState, Route, Turn, Verdict, Workspace};
use agentrq_core::report::Report;
use agentrq_core::testing::{World, ada, agent, name, session, steps};
use agentrq_core::view::{Look, View};
use proptest::prelude::*;
use serde_json::{Value, json};

fn a_task() -> TaskId {
    "0ZRgCquBZ7R".parse().expect("an id")
}

#[test]
fn every_resource_is_read_back_from_its_uri() {
    let id = a_task();
    for uri in [ResourceUri::Workspace, ResourceUri::Inbox, ResourceUri::Task(id), ResourceUri::Thread(id)] {
        assert_eq!(ResourceUri::parse(&uri.to_string()), Some(uri.map(TaskRef::Id)));
    }
}

#[test]
fn a_template_is_filled_in_with_an_id_or_a_number_as_clients_escape_it() {
    let filled = |value: &str| TEMPLATES.map(|template| ResourceUri::parse(&template.uri.replace("{task}", value)));
    for number in ["12", "%2312", "#12"] {
        assert_eq!(filled(number), [Some(ResourceUri::Task(TaskRef::Number(12))), Some(ResourceUri::Thread(TaskRef::Number(12)))]);
    }
    let id = TaskRef::Id(a_task());
    assert_eq!(filled("0ZRgCquBZ7R"), [Some(ResourceUri::Task(id)), Some(ResourceUri::Thread(id))]);
}

#[test]
fn a_uri_that_a_client_has_normalised_names_the_same() {
    for same in ["AgentRQ://Workspace", "agentrq://workspace/"] {
        assert_eq!(ResourceUri::parse(same), Some(ResourceUri::Workspace), "{same}");
    }
    assert_eq!(ResourceUri::parse("agentrq://tasks/12/thread/"), Some(ResourceUri::Thread(TaskRef::Number(12))));
}

#[test]
fn what_names_nothing_is_answered_with_what_there_is() {
    let wrong = [
        "",
        "agentrq",
        "agentrq:workspace",
        "agentrq://",
        "agentrq://work",
        "agentrq://workspace/x",
        "agentrq://tasks",
        "agentrq://tasks/",
        "agentrq://tasks/{task}",
        "agentrq://tasks/-1",
        "agentrq://tasks/12/threads",
        "agentrq://tasks/12/thread/1",
        "agentrq://tasks//thread",
        "agentrq://inbox?x=1",
        "agentrq://tasks/../workspace",
        "file:///etc/passwd",
        "https://workspace",
    ];
    for uri in wrong {
        assert_eq!(ResourceUri::parse(uri), None, "{uri:?}");
    }
    let error = not_found(&"x".repeat(5_000));
    assert_eq!(error.code, RESOURCE_NOT_FOUND);
    assert!(error.message.contains("agentrq://inbox, agentrq://tasks/{task} and agentrq://tasks/{task}/thread"), "{}", error.message);
    assert!(error.message.len() < 500, "what was given is cut");
}

#[test]
fn a_page_of_the_list_holds_no_more_than_a_page_may() {
    assert!(standing().len() + LISTED_TASKS * 2 <= limits::PAGE);
}

#[test]
fn a_place_in_the_list_is_read_back_and_any_other_cursor_is_refused() {
    let place = |cursor: Value| {
        let Value::Object(params) = json!({"cursor": cursor}) else { panic!("an object") };
        list_place(&params)
    };
    assert_eq!(place(json!(list_cursor(a_task()))), Ok(Some(a_task())));
    assert_eq!(place(Value::Null), Ok(None));
    for wrong in [json!("2"), json!("agentrq://workspace"), json!(2), json!({}), json!("0ZRgCquBZ7R ")] {
        let error = place(wrong.clone()).expect_err("no cursor");
        assert_eq!((error.code, error.message.contains("nextCursor")), (INVALID_PARAMS, true), "{wrong}: {}", error.message);
    }
}

#[test]
fn the_list_says_of_a_task_where_it_stands_and_when_it_changed() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Approve: Delete");
    world.says(&ada(), id, "Which?");
    let [head, messages] = of_task(&world.task(id)).map(|definition| definition.to_json());
    assert_eq!(
        head,
        json!({"uri": format!("agentrq://tasks/{id}"), "name": "Task #1", "title": "Approve: Delete", "mimeType": "application/json",
            "description": "notstarted, waits for an agent: The body of Approve: Delete",
            "annotations": {"lastModified": world.task(id).updated_at}})
    );
    assert_eq!(
        (&messages["uri"], &messages["name"], &messages["description"]),
        (&json!(format!("agentrq://tasks/{id}/thread")), &json!("Thread #1"), &json!("Messages: 2"))
    );
}

#[test]
fn a_thread_shows_its_newest_messages_in_order_and_the_call_that_reads_on() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Question: x");
    let said = ["one", "two"].map(|text| world.says(&ada(), id, text));
    let mut newest: Vec<_> = world.thread(id).into_iter().skip(1).collect();
    newest.reverse();

    let part = thread(&world.task(id), &newest, Some("0".to_owned()));
    let ids: Vec<_> = part["messages"].as_array().expect("a list").iter().map(|message| message["message_id"].clone()).collect();
    assert_eq!(ids, said.map(|id| json!(id)));
    assert_eq!(part["task"]["id"], json!(id));
    let older = part["older"].as_str().expect("a call");
    let arguments = older.strip_prefix("getTaskMessages(").and_then(|call| call.strip_suffix(')')).expect("a call");
    let Ok(Value::Object(arguments)) = serde_json::from_str(arguments) else { panic!("{older}") };
    let read = hitl::read("getTaskMessages", &arguments).expect("a tool").expect("right");
    let expected =
        hitl::Call::GetTaskMessages { task: TaskRef::Id(id), cursor: Some("0".into()), limit: 100, order: hitl::Order::NewestFirst };
    assert_eq!(read, expected);

    assert_eq!(thread(&world.task(id), &newest, None)["older"], Value::Null);
}

#[test]
fn an_inbox_says_whether_more_waits_than_it_holds() {
    let waited = hitl::waited(&[]);
    assert_eq!(inbox(waited.clone(), Rest::Nothing), json!({"messages": [], "cursor": null, "more": false}));
    assert_eq!(inbox(waited, Rest::More)["more"], json!(true));
}

#[test]
fn an_answer_changes_its_thread_and_the_inbox_of_the_agent_that_asked() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Question: x");
    let post = Command::PostMessage {
        id: world.id(),
        task: id,
        text: "Both.".into(),
        attachments: Vec::new(),
        in_reply_to: None,
        asks: Default::default(),
        choices: Vec::new(),
        digest: None,
    };
    let events = world.run(&ada(), post).expect("posted").events;
    let changed = [ResourceUri::Workspace, ResourceUri::Inbox, ResourceUri::Task(id), ResourceUri::Thread(id)];
    assert_eq!(touched(&events), BTreeSet::from(changed));
    assert!(inbox_touched(&events, &name("claude")) && !inbox_touched(&events, &name("codex")));
    assert!(!list_changed(&events));
}

#[test]
fn what_is_given_and_seen_and_who_is_there_changes_no_resource() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Question: x");
    let deliveries = vec![DeliveryId(world.says(&ada(), id, "Both.").0)];
    let copies = vec![DeliveryCopy { delivery: deliveries[0], number: 1 }];
    let sent = Report::Sent { copies: copies.clone(), session: session(1), route: Route::Result };
    let received = Report::Received { copies };
    let reports = [sent, received, Report::Seen { deliveries, route: None }, Report::Connected { agent: name("claude") }];
    for report in reports {
        let decision = world.report(report);
        assert!(!decision.events.is_empty());
        assert_eq!((touched(&decision.events), list_changed(&decision.events)), (BTreeSet::new(), false));
    }
}

#[test]
fn what_was_lost_on_the_way_waits_in_the_inbox_again() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Question: x");
    let copies = vec![DeliveryCopy { delivery: DeliveryId(world.says(&ada(), id, "Both.").0), number: 1 }];
    world.report(Report::Sent { copies: copies.clone(), session: session(1), route: Route::Channel });
    let lost = world.report(Report::Lost { copies });
    assert_eq!(touched(&lost.events), BTreeSet::from([ResourceUri::Inbox]));
}

#[test]
fn the_list_changes_when_a_task_comes_goes_ends_or_begins_anew() {
    let mut world = World::new();
    let id = world.asks(&agent("claude"), "Question: x");
    let begun = world.sets(&agent("claude"), id, Status::Active).expect("begun");
    assert!(!list_changed(&begun.events));
    let digest = world.task(id).digest;
    let give = Command::GiveVerdict {
        id: world.id(),
        task: id,
        verdict: Verdict::Rejected,
        digest,
        text: String::new(),
        attachments: Vec::new(),
        then: Then::HandBack,
        edited: None,
    };
    let ended = world.run(&ada(), give).expect("rejected");
    let anew = world.reopens(&ada(), id).expect("reopened");
    let gone = world.deletes(&ada(), id).expect("deleted");
    for decision in [ended, anew, gone] {
        assert!(list_changed(&decision.events), "{:?}", decision.events);
    }
}

/// What every resource shows.
fn shown(world: &World) -> BTreeMap<ResourceUri, Value> {
    let Look::Known(workspace): Look<Workspace> = world.store.workspace() else { panic!("there is one") };
    let tasks: Vec<_> = world.store.tasks().cloned().collect();
    let waits = |turn: Turn| tasks.iter().filter(|task| task.turn == turn).count() as u64;
    let open = tasks.iter().filter(|task| task.status.is_open()).count() as u64;
    let counts = Counts { open, waiting: Some(WaitingFor { people: waits(Turn::Human), agents: waits(Turn::Agent) }) };
    let mut shown = BTreeMap::from([(ResourceUri::Workspace, hitl::workspace(&workspace, &name("claude"), counts))]);
    for it in &tasks {
        let mut messages = world.thread(it.id);
        messages.reverse();
        shown.insert(ResourceUri::Task(it.id), task(it));
        shown.insert(ResourceUri::Thread(it.id), thread(it, &messages, None));
    }
    shown
}

/// What the list holds, under which title.
fn listed(world: &World) -> Vec<(String, String)> {
    let open = world.store.tasks().filter(|task| task.status.is_open());
    open.flat_map(of_task).map(|definition| (definition.uri, definition.title)).collect()
}

/// What waits for an agent and has been given to nobody.
fn queued(world: &World, agent: &str) -> BTreeSet<DeliveryId> {
    let queued = world.store.deliveries().filter(|it| it.state == DeliveryState::Queued);
    queued.filter(|it| it.agent.as_ref().is_none_or(|to| *to == name(agent))).map(|it| it.id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_a_resource_shows_changes_untold(steps in steps(40)) {
        let mut world = World::new();
        for step in &steps {
            let deed = world.deed(step);
            let (before, list, waited) = (shown(&world), listed(&world), ["claude", "codex"].map(|agent| queued(&world, agent)));
            let events = world.does(&deed).map(|decision| decision.events).unwrap_or_default();
            let (after, told) = (shown(&world), touched(&events));
            for uri in before.keys().chain(after.keys()) {
                prop_assert!(before.get(uri) == after.get(uri) || told.contains(uri), "{:?} changed {} untold", deed, uri);
            }
            prop_assert!(list == listed(&world) || list_changed(&events), "{:?} changed the list untold", deed);
            for (agent, before) in ["claude", "codex"].into_iter().zip(waited) {
                let news = !queued(&world, agent).is_subset(&before);
                prop_assert!(!news || inbox_touched(&events, &name(agent)), "{:?} queued for {} untold", deed, agent);
                prop_assert!(!inbox_touched(&events, &name(agent)) || told.contains(&ResourceUri::Inbox));
            }
        }
    }
}
