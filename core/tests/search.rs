//! The search of a replica: what is found, without case and accents, and in which order.

use agentrq_core::command::{Asks, Command};
use agentrq_core::id::TaskId;
use agentrq_core::model::Assignee;
use agentrq_core::sync::delta::ThreadPage;
use agentrq_core::sync::replica::Replica;
use agentrq_core::testing::{Who, World, ada, agent};

fn task(world: &mut World, who: &Who, title: &str, body: &str) -> TaskId {
    world.wait(1);
    let id = world.id();
    let (title, body) = (title.to_owned(), body.to_owned());
    let command = Command::CreateTask { id, title, body, assignee: Assignee::Agent, attachments: Vec::new(), options: None };
    world.run(who, command).expect("created");
    TaskId(id)
}

fn looks(world: &World) -> Replica {
    let mut replica = Replica::new();
    replica.load_snapshot(world.snapshot(&ada()));
    replica
}

#[test]
fn case_and_accents_make_no_difference_in_words_and_in_what_is_searched() {
    let mut world = World::new();
    let menu = task(&mut world, &ada(), "Crème Brûlée", "Straße");
    let mut replica = looks(&world);
    for words in ["creme", "CRÈME", "brulee creme", "strasse", "e\u{301}e"] {
        assert_eq!(replica.search(words), [menu], "{words}");
    }
    assert_eq!(replica.search("caramel"), []);
}

#[test]
fn every_word_must_stand_somewhere() {
    let mut world = World::new();
    let both = task(&mut world, &ada(), "Deploy the api", "to Frankfurt");
    task(&mut world, &ada(), "Deploy the page", "to Virginia");
    let mut replica = looks(&world);
    assert_eq!(replica.search("deploy frankfurt"), [both]);
    assert_eq!(replica.search("deploy frankfurt virginia"), []);
}

#[test]
fn the_number_comes_first_then_titles_then_the_rest_and_the_newest_of_equals() {
    let mut world = World::new();
    let first = task(&mut world, &ada(), "One", "b");
    let body = task(&mut world, &ada(), "Two", "about 1");
    let title = task(&mut world, &ada(), "Step 1", "b");
    let newer = task(&mut world, &ada(), "Phase 1", "b");
    let mut replica = looks(&world);
    assert_eq!(replica.search("1"), [first, newer, title, body]);
    assert_eq!(replica.search("#1"), [first]);
    assert_eq!(replica.search("one #1"), [first], "a number beside other words");
}

#[test]
fn no_words_find_nothing() {
    let mut world = World::new();
    task(&mut world, &ada(), "One", "b");
    let mut replica = looks(&world);
    assert_eq!((replica.search(""), replica.search(" \n")), (vec![], vec![]));
    assert_eq!(Replica::new().search("one"), []);
}

#[test]
fn messages_that_are_here_are_searched_and_those_that_are_not_are_not() {
    let mut world = World::new();
    let question = world.asks(&agent("claude"), "Approve: x");
    world.says(&ada(), question, "Only in Málaga.");
    let mut replica = looks(&world);
    assert_eq!(replica.search("malaga"), []);
    replica.load_thread(question, ThreadPage { messages: world.thread(question), deliveries: Vec::new(), next_cursor: None });
    assert_eq!(replica.search("malaga"), [question]);
}

#[test]
fn what_is_pending_is_found_as_it_is_shown() {
    let mut world = World::new();
    let known = task(&mut world, &ada(), "Before", "b");
    let mut replica = looks(&world);
    replica.load_thread(known, ThreadPage { messages: world.thread(known), deliveries: Vec::new(), next_cursor: None });
    assert_eq!(replica.search("before"), [known]);

    let (id, title) = (world.id(), Some("After".to_owned()));
    replica.propose(Command::EditTask { id, task: known, title, body: None, assignee: None, options: None }, world.now());
    assert_eq!((replica.search("before"), replica.search("after")), (vec![], vec![known]));

    let (id, text) = (world.id(), "Zürich".to_owned());
    let (attachments, choices) = (Vec::new(), Vec::new());
    let reply = Command::PostMessage { id, task: known, text, attachments, in_reply_to: None, asks: Asks::Unsaid, choices, digest: None };
    replica.propose(reply, world.now());
    assert_eq!(replica.search("zurich after"), [known]);

    let id = world.id();
    replica.propose(Command::DeleteTask { id, task: known }, world.now());
    assert_eq!(replica.search("after"), []);
}

#[test]
fn what_a_delta_changes_is_found_by_its_new_words_only() {
    let mut world = World::new();
    let known = task(&mut world, &ada(), "Before", "b");
    let mut replica = looks(&world);
    assert_eq!(replica.search("before"), [known], "it is indexed now");
    let (unread, id, title) = (world.log.len(), world.id(), Some("After".to_owned()));
    world.run(&ada(), Command::EditTask { id, task: known, title, body: None, assignee: None, options: None }).expect("edited");
    world.log[unread..].iter().flatten().for_each(|frame| {
        replica.apply(frame.clone());
    });
    assert_eq!((replica.search("before"), replica.search("after")), (vec![], vec![known]));
}
