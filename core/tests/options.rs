//! Questions with answers to choose from: what may be offered, what counts as an answer, and what the agent reads of it.

use agentrq_core::command::{Asks, Command};
use agentrq_core::dialect::hitl;
use agentrq_core::id::{Id, MessageId, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::mcp::channel::Item;
use agentrq_core::model::{Assignee, Choice, Chosen, Options, Turn};
use agentrq_core::testing::{World, ada, agent};
use agentrq_core::{Decision, Rejection, limits};
use serde_json::json;

fn choice(id: &str, label: &str) -> Choice {
    Choice { id: id.to_owned(), label: label.to_owned(), description: None, recommended: false }
}

fn regions() -> Options {
    Options { choices: vec![choice("eu-central", "Frankfurt"), choice("us-east", "Virginia")], multiple: false, free_text: true }
}

fn offers(world: &mut World, options: Options) -> Result<TaskId, Rejection> {
    let id = world.id();
    let (title, body, assignee) = ("Question: Which region?".to_owned(), String::new(), Assignee::Human);
    let create = Command::CreateTask { id, title, body, assignee, attachments: Vec::new(), options: Some(options) };
    world.run(&agent("claude"), create).map(|_| TaskId(id))
}

fn asked(options: Options) -> (World, TaskId) {
    let mut world = World::new();
    let task = offers(&mut world, options).expect("asked");
    (world, task)
}

fn answer(id: Id, task: TaskId, text: &str, choices: &[&str]) -> Command {
    let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
    let (attachments, in_reply_to, asks) = (Vec::new(), None, Asks::Unsaid);
    Command::PostMessage { id, task, text: text.to_owned(), attachments, in_reply_to, asks, choices, digest: None }
}

fn answers(world: &mut World, task: TaskId, text: &str, choices: &[&str]) -> Result<Decision, Rejection> {
    let id = world.id();
    world.run(&ada(), answer(id, task, text, choices))
}

fn problem(refused: Result<Decision, Rejection>) -> String {
    refused.expect_err("refused").to_string()
}

#[test]
fn a_person_chooses_and_the_turn_goes_to_the_agent() {
    let (mut world, task) = asked(regions());
    answers(&mut world, task, "", &["us-east"]).expect("answered");
    let chosen = world.thread(task)[1].choices.clone();
    assert_eq!(chosen, Some(vec![Chosen { id: "us-east".into(), label: "Virginia".into() }]));
    assert_eq!((world.task(task).turn, world.task(task).status), (Turn::Agent, Status::Pending));
}

#[test]
fn several_are_chosen_where_several_may_be_and_stand_in_the_order_of_the_offer() {
    let (mut world, task) = asked(Options { multiple: true, ..regions() });
    answers(&mut world, task, "Both.", &["us-east", "eu-central", "us-east"]).expect("answered");
    let chosen = world.thread(task)[1].choices.clone().expect("a choice");
    assert_eq!(chosen.iter().map(|chosen| chosen.id.as_str()).collect::<Vec<_>>(), ["eu-central", "us-east"]);

    let (mut world, task) = asked(regions());
    assert_eq!(problem(answers(&mut world, task, "", &["us-east", "eu-central"])), "choices: 2 options; one can be chosen");
}

#[test]
fn only_what_is_offered_can_be_chosen_and_only_by_people() {
    let (mut world, task) = asked(regions());
    let unknown = problem(answers(&mut world, task, "", &["mars"]));
    assert_eq!(unknown, "choices: there is no option \"mars\": one of eu-central, us-east");
    let id = world.id();
    let refused = world.run(&agent("claude"), answer(id, task, "", &["us-east"]));
    assert!(matches!(refused, Err(Rejection::Forbidden { who: "a person", .. })), "{refused:?}");
    let plain = world.asks(&agent("claude"), "Question: which?");
    assert!(problem(answers(&mut world, plain, "x", &["us-east"])).contains("offers nothing to choose from"));
    assert_eq!((world.task(task).messages, world.task(plain).messages), (1, 1));
}

#[test]
fn own_words_are_an_answer_unless_the_question_says_otherwise() {
    let (mut world, task) = asked(regions());
    answers(&mut world, task, "Neither.", &[]).expect("own words");

    let (mut world, task) = asked(Options { free_text: false, ..regions() });
    assert_eq!(
        problem(answers(&mut world, task, "Neither.", &[])),
        "choices: this question is answered by choosing: one of eu-central, us-east"
    );
    answers(&mut world, task, "Since it is near.", &["eu-central"]).expect("a choice, with a comment");
    answers(&mut world, task, "By the way: not today.", &[]).expect("once it is answered, words are words");
    world.says(&agent("claude"), task, "Sure?");
    assert!(answers(&mut world, task, "Yes.", &[]).is_err(), "the question is put again");
}

#[test]
fn an_answer_that_is_bound_to_what_was_shown_is_refused_once_that_has_changed() {
    let (mut world, task) = asked(regions());
    let shown = world.task(task).digest;
    let swapped = Options { choices: vec![choice("eu-central", "Virginia"), choice("us-east", "Frankfurt")], ..regions() };
    let id = world.id();
    let edit = |id, options| Command::EditTask { id, task, title: None, body: None, assignee: None, options };
    world.run(&agent("claude"), edit(id, Some(Some(swapped)))).expect("edited");
    assert_ne!(world.task(task).digest, shown);

    let id = world.id();
    let Command::PostMessage { text, attachments, in_reply_to, asks, choices, .. } = answer(id, task, "", &["us-east"]) else {
        panic!("a message")
    };
    let bound = Command::PostMessage { id, task, text, attachments, in_reply_to, asks, choices, digest: Some(shown) };
    let current = world.task(task).digest;
    assert_eq!(world.run(&ada(), bound), Err(Rejection::ShownChanged { task, current }));

    let id = world.id();
    world.run(&agent("claude"), edit(id, Some(None))).expect("taken away");
    assert_eq!(world.task(task).options, None);
    assert!(answers(&mut world, task, "", &["us-east"]).is_err());
}

#[test]
fn the_same_answer_sent_twice_counts_once_and_another_of_its_id_is_refused() {
    let (mut world, task) = asked(regions());
    let id = world.id();
    world.run(&ada(), answer(id, task, "", &["us-east"])).expect("answered");
    assert!(world.run(&ada(), answer(id, task, "", &["us-east"])).expect("a repeat").events.is_empty());
    assert_eq!(world.run(&ada(), answer(id, task, "", &["eu-central"])), Err(Rejection::IdTaken { id }));
}

#[test]
fn what_may_be_offered_has_its_limits() {
    let many = |count: usize| (0..count).map(|at| choice(&format!("o{at}"), &format!("Option {at}"))).collect::<Vec<_>>();
    let with = |choices: Vec<Choice>| Options { choices, ..regions() };
    let labelled = |chars: usize| with(vec![choice("a", &"ä".repeat(chars))]);
    let described = |chars: usize| with(vec![Choice { description: Some("ä".repeat(chars)), ..choice("a", "A") }]);
    let named = |id: &str| with(vec![choice(id, "A")]);
    let recommending = |multiple| Options { multiple, ..with(many(2).into_iter().map(|it| Choice { recommended: true, ..it }).collect()) };
    for right in [
        with(many(1)),
        with(many(limits::CHOICES)),
        labelled(limits::LABEL_CHARS),
        described(limits::DESCRIPTION_CHARS),
        named(&"a".repeat(limits::CHOICE_ID_CHARS)),
        recommending(true),
    ] {
        offers(&mut World::new(), right).expect("within every limit");
    }
    let wrong = [
        (with(many(0)), "options must not be empty"),
        (with(many(limits::CHOICES + 1)), "13 options; 12 are allowed"),
        (labelled(limits::LABEL_CHARS + 1), "label of an option has 201 characters; 200 are allowed"),
        (labelled(0), "label of an option must not be empty"),
        (described(limits::DESCRIPTION_CHARS + 1), "description of an option has 1001 characters; 1000 are allowed"),
        (named(&"a".repeat(limits::CHOICE_ID_CHARS + 1)), "1 to 64 of the characters"),
        (named(""), "1 to 64 of the characters"),
        (named("EU"), "1 to 64 of the characters"),
        (with(vec![choice("a", "A"), choice("a", "B")]), "two options have the id"),
        (with(vec![choice("a", "A"), choice("b", " A ")]), "two options have the label"),
        (with(vec![choice("a", "Keep"), choice("b", "Keep\u{200d}")]), "two options have the label"),
        (with(vec![choice("a", "Keep it"), choice("b", "Keep\u{a0}\u{200e} it")]), "two options have the label"),
        (with(vec![choice("a", "Keep\u{200b}")]), "label of an option: it holds U+200B"),
        (with(vec![choice("a", "\u{202e}peeK")]), "label of an option: it holds U+202E"),
        (with(vec![choice("a", "\u{2800}\u{3164}")]), "label of an option must not be empty"),
        (recommending(false), "at most one is recommended"),
    ];
    for (options, expected) in wrong {
        let mut world = World::new();
        let why = offers(&mut world, options).expect_err(expected).to_string();
        assert!(why.contains(expected), "{why}");
        assert_eq!(world.store.tasks().count(), 0);
    }
}

#[test]
fn an_agent_reads_what_was_chosen_as_text_and_as_meta_wherever_it_reads() {
    let (mut world, task) = asked(Options { multiple: true, ..regions() });
    let id = world.id();
    world.run(&ada(), answer(id, task, "Both, please.", &["eu-central", "us-east"])).expect("answered");
    let message = world.thread(task).into_iter().find(|message| message.id == MessageId(id)).expect("posted");
    let item = Item::render(&world.delivery(id).expect("queued"), Some(&world.task(task)), Some(&message));
    let words = "Chose: Frankfurt (eu-central), Virginia (us-east)\n\nBoth, please.";
    assert_eq!(item.content, format!("[Response to task {task}]\n\n{words}"));
    assert_eq!((&item.meta()["choices"], &item.meta()["labels"]), (&json!("eu-central,us-east"), &json!("Frankfurt | Virginia")));

    let waited = hitl::waited(&[item]);
    assert_eq!(waited["messages"][0]["choices"], "eu-central,us-east");
    let read = hitl::messages(&world.task(task), &[message], None);
    assert_eq!(read["messages"][0]["text"], words);
    assert_eq!(read["messages"][0]["choices"][1], json!({"id": "us-east", "label": "Virginia"}));
    assert_eq!(read["task"]["options"]["choices"][0]["label"], "Frankfurt");
}

#[test]
fn options_that_nobody_is_asked_by_are_warned_of() {
    let mut world = World::new();
    let id = world.id();
    let (title, body, assignee) = ("Pick".to_owned(), String::new(), Assignee::Agent);
    let create = Command::CreateTask { id, title, body, assignee, attachments: Vec::new(), options: Some(regions()) };
    world.run(&agent("claude"), create).expect("created");
    let created = hitl::created(&world.task(TaskId(id)));
    assert!(created["warnings"][0].as_str().is_some_and(|words| words.contains("no person is asked to choose")), "{created}");
}
