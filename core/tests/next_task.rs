//! Which task an agent takes next, and that no two take the same.

use agentrq_core::Rejection;
use agentrq_core::command::Command;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, DeliveryState, Turn};
use agentrq_core::testing::{World, ada, agent, name};

#[test]
fn ones_own_and_unowned_tasks_come_first_the_oldest_before_the_newer() {
    let mut world = World::new();
    let (claude, codex) = (agent("claude"), agent("codex"));
    let of_codex = world.gives(&codex, "One");
    let unowned = world.gives(&ada(), "Two");
    let own = world.gives(&claude, "Three");
    world.asks(&ada(), "For a person");
    assert_eq!([(); 4].map(|()| world.claims(&claude)), [Some(unowned), Some(own), Some(of_codex), None]);
}

#[test]
fn no_two_agents_take_the_same_task() {
    let mut world = World::new();
    let tasks: Vec<_> = (0..20).map(|number| world.gives(&ada(), &format!("Task {number}"))).collect();
    let agents = [agent("claude"), agent("codex"), agent("gemini")];
    let mut taken: Vec<_> = (0..20).map(|turn| world.claims(&agents[turn % 3]).expect("one waits")).collect();
    taken.sort();
    assert_eq!(taken, tasks);
    assert_eq!(world.claims(&agents[0]), None);
}

#[test]
fn what_is_taken_is_the_takers_and_ongoing_in_one_step() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    let (commits, claude) = (world.log.len(), agent("claude"));
    world.claims(&claude);
    let taken = world.task(task);
    assert_eq!((taken.status, taken.turn, taken.agent, taken.session), (Status::Active, Turn::Agent, Some(name("claude")), claude.session));
    assert_eq!(world.log.len(), commits + 1);
    assert_eq!(world.delivery(task.0).map(|it| it.state), Some(DeliveryState::Seen), "it need not be told any more");
}

#[test]
fn what_was_put_back_can_be_taken_again_and_what_is_over_cannot() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.gives(&ada(), "Do x");
    world.claims(&claude);
    assert_eq!(world.claims(&agent("codex")), None);
    world.sets(&claude, task, Status::Pending).expect("put back");
    assert_eq!(world.claims(&agent("codex")), Some(task));
    world.sets(&ada(), task, Status::Completed).expect("over");
    assert_eq!(world.claims(&claude), None);
    world.reopens(&ada(), task).expect("reopened");
    assert_eq!(world.claims(&claude), Some(task));
}

#[test]
fn what_is_given_to_a_person_cannot_be_taken_and_what_is_given_to_agents_can() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    for (assignee, taken) in [(Assignee::Human, None), (Assignee::Agent, Some(task))] {
        let id = world.id();
        world.run(&ada(), Command::EditTask { id, task, title: None, body: None, assignee: Some(assignee), options: None }).expect("given");
        assert_eq!(world.claims(&agent("claude")), taken);
    }
}

#[test]
fn people_take_no_tasks() {
    let mut world = World::new();
    world.gives(&ada(), "Do x");
    let id = world.id();
    assert!(matches!(world.run(&ada(), Command::ClaimNext { id }), Err(Rejection::Forbidden { who: "an agent", .. })));
}
