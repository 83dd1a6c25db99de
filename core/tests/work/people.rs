//! What people change about what agents have, and who is told of it.

use agentrq_core::command::{Arrows, WorkChange};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::Noted;
use agentrq_core::report::Report;
use agentrq_core::testing::{Who, World, ada, agent, name};

use crate::{claim, metadata, next, told, waits_for};

/// A person changes what is noted of a task.
fn notes(world: &mut World, task: TaskId, noted: &str) {
    let change = WorkChange { metadata: Some(Noted::Merged(metadata(noted))), ..WorkChange::default() };
    world.updates(&ada(), task, change).expect("noted");
}

fn gives(world: &mut World, who: &Who, task: TaskId, owner: Option<&str>) {
    world.updates(who, task, WorkChange { owner: Some(owner.map(name)), ..WorkChange::default() }).expect("given");
}

fn two_agents() -> (World, Who) {
    let mut world = World::new();
    for who in ["claude", "codex"] {
        world.report(Report::Heard { agent: name(who), client: None });
    }
    (world, agent("claude"))
}

#[test]
fn a_person_reassigns_and_both_are_told() {
    let (mut world, claude) = two_agents();
    let task = world.lists(&claude, "x", &[]);
    world.updates(&claude, task, claim("claude")).expect("claimed");
    gives(&mut world, &ada(), task, Some("codex"));
    let work = world.work(task);
    assert_eq!((world.task(task).status, work.owner, work.holder), (Status::Pending, Some(name("codex")), None));
    assert_eq!((told(&world, "claude"), told(&world, "codex")), (vec!["given to codex".to_owned()], vec!["given to you".to_owned()]));
    // What it had not begun yet it is told of as well, and a name without a connection hears nothing of itself.
    gives(&mut world, &ada(), task, Some("helper"));
    assert_eq!(told(&world, "codex"), ["given to you", "given to helper"]);
}

#[test]
fn what_a_person_takes_away_is_free_again_and_who_had_it_is_told() {
    let (mut world, claude) = two_agents();
    let task = world.lists(&claude, "x", &[]);
    world.updates(&claude, task, claim("claude")).expect("claimed");
    gives(&mut world, &ada(), task, None);
    assert_eq!((world.task(task).status, world.work(task).owner), (Status::Pending, None));
    assert_eq!(told(&world, "claude"), ["ongoing → notstarted: taken away: it is nobody's now"]);
    assert_eq!(next(&mut world, &agent("codex")), Some(task));
    // What was only meant for somebody has no status to lose.
    let other = world.lists(&claude, "y", &[]);
    gives(&mut world, &claude, other, Some("codex"));
    gives(&mut world, &ada(), other, None);
    assert_eq!(told(&world, "codex").last().map(String::as_str), Some("taken away: it is nobody's now"));
}

#[test]
fn who_has_a_task_is_told_what_a_person_changes_about_it() {
    let (mut world, claude) = two_agents();
    let [first, second, task] = ["first", "second", "x"].map(|title| world.lists(&claude, title, &[]));
    world.updates(&claude, task, claim("claude")).expect("claimed");
    notes(&mut world, task, r#"{"priority":"P0"}"#);
    notes(&mut world, task, r#"{"priority":"low","blocked_reason":" no key "}"#);
    notes(&mut world, task, r#"{"priority":null,"blocked_reason":null}"#);
    world.updates(&ada(), task, waits_for(&[first, second])).expect("joined");
    let apart = Arrows { remove_blocked_by: vec![first, second], ..Arrows::default() };
    world.updates(&ada(), task, WorkChange { arrows: apart, ..WorkChange::default() }).expect("parted");
    notes(&mut world, task, r#"{"tags":["a"]}"#);
    assert_eq!(
        told(&world, "claude"),
        [
            "priority P0, was none",
            "priority low, was P0; blocked: no key",
            "priority none, was low; blocked no more",
            "waits for #1, #2",
            "waits for #1, #2 no more; free to begin",
            "edited",
        ]
    );
    // Other words are read anew, with whatever else has changed.
    let title = Some("y".to_owned());
    let noted = Some(Noted::Merged(metadata(r#"{"priority":"P1"}"#)));
    world.updates(&ada(), task, WorkChange { title, metadata: noted, ..WorkChange::default() }).expect("changed");
    assert_eq!(told(&world, "claude").last().map(String::as_str), Some("edited"));
    // What an agent changes about its own it knows, and what is nobody's concerns nobody.
    let before = world.deliveries().len();
    world
        .updates(&claude, task, WorkChange { metadata: Some(Noted::Merged(metadata(r#"{"priority":"P2"}"#))), ..WorkChange::default() })
        .expect("noted");
    notes(&mut world, first, r#"{"priority":"P2"}"#);
    assert_eq!(world.deliveries().len(), before);
}

#[test]
fn a_long_reason_is_said_in_short() {
    let (mut world, claude) = two_agents();
    let task = world.lists(&claude, "x", &[]);
    world.updates(&claude, task, claim("claude")).expect("claimed");
    notes(&mut world, task, &format!(r#"{{"blocked_reason":"{}"}}"#, "é".repeat(5_000)));
    assert_eq!(told(&world, "claude"), [format!("blocked: {}", "é".repeat(200))]);
}

#[test]
fn a_person_closes_no_circle_and_is_told_which() {
    let (mut world, claude) = two_agents();
    let first = world.lists(&claude, "first", &[]);
    let second = world.lists(&claude, "second", &[first]);
    let refused = world.updates(&ada(), first, waits_for(&[second])).expect_err("a circle");
    assert_eq!(
        (refused.code(), refused.to_string()),
        ("dependency_cycle", "the dependencies would go in a circle: #1 → #2 → #1".to_owned())
    );
}
