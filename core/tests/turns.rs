//! Whose turn it is after which message.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, Turn, Verdict};
use agentrq_core::testing::{Who, World, ada, agent, bob};

fn says(world: &mut World, who: &Who, task: TaskId, text: &str, asks: Asks) -> Turn {
    let id = world.id();
    let post = Command::PostMessage {
        id,
        task,
        text: text.to_owned(),
        attachments: Vec::new(),
        in_reply_to: None,
        asks,
        choices: Vec::new(),
        digest: None,
    };
    world.run(who, post).expect("posted");
    world.task(task).turn
}

#[test]
fn a_new_task_is_the_turn_of_whom_it_is_for() {
    let mut world = World::new();
    let asked = world.asks(&agent("claude"), "Review: x");
    let given = world.gives(&ada(), "Do x");
    assert_eq!((world.task(asked).turn, world.task(given).turn), (Turn::Human, Turn::Agent));
}

#[test]
fn a_person_who_answers_hands_the_turn_to_the_agent() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Question: x");
    assert_eq!(says(&mut world, &ada(), task, "Both.", Asks::Unsaid), Turn::Agent);
}

#[test]
fn a_report_on_agents_work_leaves_the_turn_and_a_question_takes_it() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.gives(&ada(), "Do x");
    assert_eq!(says(&mut world, &claude, task, "Half done.", Asks::Unsaid), Turn::Agent);
    assert_eq!(says(&mut world, &claude, task, "Which one? \n", Asks::Unsaid), Turn::Human);
    assert_eq!(says(&mut world, &claude, task, "Also done.", Asks::Nothing), Turn::Human, "the question still stands");
    assert_eq!(says(&mut world, &bob(), task, "This one.", Asks::Unsaid), Turn::Agent);
    assert_eq!(says(&mut world, &claude, task, "Really?", Asks::Nothing), Turn::Agent, "the agent says that it does not ask");
    assert_eq!(says(&mut world, &claude, task, "Tell me.", Asks::Answer), Turn::Human);
}

#[test]
fn after_an_approval_a_report_is_a_report() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: x");
    assert_eq!(says(&mut world, &claude, task, "More context.", Asks::Unsaid), Turn::Human);
    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    assert_eq!(says(&mut world, &claude, task, "Working on it.", Asks::Unsaid), Turn::Agent);
}

#[test]
fn it_is_nobodys_turn_once_a_task_is_over() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Review: x");
    world.sets(&ada(), task, Status::Completed).expect("completed");
    assert_eq!(says(&mut world, &ada(), task, "Thanks!", Asks::Unsaid), Turn::Nobody);
    assert_eq!(says(&mut world, &claude, task, "Anything else?", Asks::Answer), Turn::Nobody);
    world.reopens(&ada(), task).expect("reopened");
    assert_eq!(world.task(task).turn, Turn::Human);
}

#[test]
fn a_note_on_a_task_that_no_agent_knows_leaves_the_turn_with_people() {
    let mut world = World::new();
    let task = world.asks(&ada(), "Call the bank");
    assert_eq!(says(&mut world, &bob(), task, "Did you?", Asks::Unsaid), Turn::Human);
    assert_eq!(world.deliveries(), [], "and nobody is told");
}

#[test]
fn since_when_it_waits_changes_only_with_the_turn() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Question: x");
    let asked = world.task(task).waiting_since;
    says(&mut world, &claude, task, "Please.", Asks::Unsaid);
    assert_eq!(world.task(task).waiting_since, asked);
    says(&mut world, &ada(), task, "Yes.", Asks::Unsaid);
    assert_eq!(world.task(task).waiting_since, world.now());
}

#[test]
fn a_task_given_to_the_other_side_is_the_other_sides_turn() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    for (assignee, turn) in [(Assignee::Agent, Turn::Agent), (Assignee::Human, Turn::Human)] {
        let id = world.id();
        world.run(&ada(), Command::EditTask { id, task, title: None, body: None, assignee: Some(assignee), options: None }).expect("given");
        assert_eq!(world.task(task).turn, turn);
    }
}
