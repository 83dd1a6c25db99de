//! Which of the streams that are held an item takes.

use agentrq_core::decide::{Holder, Reader, route};
use agentrq_core::model::{Delivery, Task};
use agentrq_core::testing::{World, ada, agent_in, name};
use agentrq_core::time::Timestamp;

fn holder(agent: &str, number: u32, opened: u64, active: u64) -> Holder {
    let session = agent_in(agent, number).session.expect("an agent has one");
    Holder {
        session,
        agent: name(agent),
        opened_at: Timestamp::from_ms(opened),
        active_at: Timestamp::from_ms(active),
        reader: Reader::Model,
        had: Vec::new(),
    }
}

/// A reply to a question that claude's first session asked.
fn reply() -> (Delivery, Task) {
    let mut world = World::new();
    let task = world.asks(&agent_in("claude", 1), "Question: x");
    let id = world.says(&ada(), task, "Both.").0;
    (world.delivery(id).expect("queued"), world.task(task))
}

#[test]
fn an_answer_goes_to_the_session_that_asked_while_it_lives() {
    let (delivery, task) = reply();
    let holders = [holder("claude", 2, 9, 9), holder("claude", 1, 1, 1), holder("codex", 1, 9, 9)];
    assert_eq!(route(&delivery, Some(&task), &holders), Some(1));
}

#[test]
fn else_to_the_newest_stream_of_the_same_agent_however_busy_others_are() {
    let (delivery, task) = reply();
    let holders = [holder("claude", 2, 5, 9), holder("claude", 3, 7, 1), holder("codex", 1, 9, 9)];
    assert_eq!(route(&delivery, Some(&task), &holders), Some(1));
    assert_eq!(route(&delivery, None, &holders), Some(1), "also when the task is gone");
}

#[test]
fn it_stays_queued_while_its_agent_is_away() {
    let (delivery, task) = reply();
    assert_eq!(route(&delivery, Some(&task), &[holder("codex", 1, 9, 9)]), None);
    assert_eq!(route(&delivery, Some(&task), &[]), None);
}

#[test]
fn what_nobody_owns_goes_to_the_newest_stream_of_the_agent_that_was_active_last() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    let delivery = world.delivery(task.0).expect("queued");
    let holders = [holder("claude", 1, 9, 3), holder("codex", 1, 1, 8), holder("codex", 2, 5, 2)];
    assert_eq!(route(&delivery, Some(&world.task(task)), &holders), Some(2));
    assert_eq!(route(&delivery, Some(&world.task(task)), &[]), None);
}

#[test]
fn what_an_earlier_session_had_is_not_given_to_it_again() {
    let (delivery, task) = reply();
    let owed = Delivery { redelivered: true, ..delivery };
    let holders = [holder("claude", 1, 1, 9), holder("claude", 2, 5, 5)];
    assert_eq!(route(&owed, Some(&task), &holders), Some(1));
}

#[test]
fn what_was_owed_to_a_session_that_is_gone_is_not_shown_again_on_the_stream_that_had_it() {
    for agent in [Some(name("claude")), None] {
        let (delivery, task) = reply();
        let owed = Delivery { redelivered: true, agent, ..delivery };
        let had = Holder { had: vec![owed.id], ..holder("claude", 1, 1, 9) };
        assert_eq!(route(&owed, Some(&task), std::slice::from_ref(&had)), None);
        assert_eq!(route(&owed, Some(&task), &[had, holder("claude", 1, 0, 0)]), Some(1), "another stream has not");
    }
}

#[test]
fn a_session_of_another_agent_is_never_home() {
    let (delivery, mut task) = reply();
    task.session = agent_in("codex", 1).session;
    assert_eq!(route(&delivery, Some(&task), &[holder("codex", 1, 9, 9)]), None);
}

#[test]
fn what_is_for_nobody_in_particular_is_not_lost_on_a_program() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do it");
    let (delivery, task) = (world.delivery(task.0).expect("queued"), world.task(task));
    let program = |number, active| Holder { reader: Reader::Program, ..holder("laptop-runner", number, 1, active) };
    assert_eq!(route(&delivery, Some(&task), &[program(1, 9), holder("claude", 1, 1, 1)]), Some(1));
    assert_eq!(route(&delivery, Some(&task), &[program(1, 9)]), None);
    let named = Delivery { agent: Some(name("laptop-runner")), ..delivery };
    assert_eq!(route(&named, Some(&task), &[program(1, 9)]), Some(0));
}
