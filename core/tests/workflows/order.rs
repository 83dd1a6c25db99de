//! The order of a run: nobody moves it, no agent decides what is a person's, and no step comes before its time.

use agentrq_core::Rejection;
use agentrq_core::command::{Arrows, Command, NewWork, Then, WorkChange};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, Verdict};
use agentrq_core::testing::{World, ada, agent, name};
use proptest::prelude::*;
use serde_json::json;

use crate::{connected, run, sets, starts, step, steps, template, to, told};

#[test]
fn nobody_moves_a_run_and_no_agent_decides_what_is_a_persons() {
    let mut world = connected(&["claude"]);
    let claude = agent("claude");
    let workflow = template(&json!({"name": "w", "steps": [{"key": "a", "subject": "Approve: a", "assignee": "human"}]}));
    let id = starts(&mut world, &claude, &workflow, json!({}));
    let before = world.store.clone();
    let forbidden = |refused: Result<agentrq_core::Decision, Rejection>, says: &str| {
        let why = refused.expect_err(says);
        assert!(matches!(why, Rejection::Forbidden { .. }) && why.to_string().contains(says), "{why}");
    };
    for who in [&claude, &ada()] {
        for status in [Status::Active, Status::Completed, Status::Failed, Status::Pending] {
            forbidden(world.updates(who, id, to(status)), "only its steps");
        }
        forbidden(world.sets(who, id, Status::Completed), "only its steps");
    }
    forbidden(world.updates(&claude, id, WorkChange { owner: Some(Some(name("claude"))), ..WorkChange::default() }), "only its steps");
    assert!(world.rules(&ada(), id, Verdict::Approved, Then::Complete).is_err());
    assert!(agentrq_core::decide::check_runs(&world.task(id), &name("claude"), None).is_err());
    let asked = step(&world, id, 0).id;
    for status in [Status::Active, Status::Completed, Status::Rejected] {
        forbidden(world.updates(&claude, asked, to(status)), "only a person");
        forbidden(world.sets(&claude, asked, status), "only a person");
    }
    forbidden(world.deletes(&claude, asked), "only a person");
    assert_eq!(world.store, before);
    world.sets(&ada(), asked, Status::Completed).expect("a person may");
    assert_eq!(world.task(id).status, Status::Completed);
    forbidden(world.reopens(&ada(), id), "only its steps");
}

#[test]
fn the_order_of_steps_holds_for_agents_whatever_the_workspace_says() {
    let mut world = connected(&["claude"]);
    let claude = agent("claude");
    let id = starts(&mut world, &claude, &steps(&[("a", &[]), ("b", &["a"])]), json!({}));
    let (a, b) = (step(&world, id, 0).id, step(&world, id, 1).id);
    for status in [Status::Active, Status::Completed] {
        assert!(matches!(world.updates(&claude, b, to(status)), Err(Rejection::Blocked { .. })));
    }
    let without = |arrows| WorkChange { arrows, ..WorkChange::default() };
    let from_b = Arrows { remove_blocked_by: vec![a], ..Arrows::default() };
    let from_a = Arrows { remove_blocks: vec![b], ..Arrows::default() };
    for (task, arrows) in [(b, &from_b), (a, &from_a)] {
        let why = world.updates(&claude, task, without(arrows.clone())).expect_err("not an agent's");
        assert!(why.to_string().contains("only a person"), "{why}");
    }
    world.updates(&ada(), b, without(from_b)).expect("a person may");
    world.updates(&claude, b, to(Status::Completed)).expect("free now");
}

#[test]
fn a_persons_step_is_handed_to_no_agent() {
    let mut world = World::new();
    let workflow = template(&json!({"name": "w", "steps": [{"key": "a", "subject": "Approve: a", "assignee": "human"}]}));
    starts(&mut world, &ada(), &workflow, json!({}));
    let id = world.id();
    let claimed = world.run(&agent("claude"), Command::ClaimWork { id, list: Default::default(), owner: None }).expect("asked");
    assert_eq!(claimed.outcome, agentrq_core::decision::Outcome::Claimed(None));
}

#[test]
fn a_run_goes_on_without_a_step_that_is_deleted_and_ends_with_the_last() {
    let mut world = World::new();
    let claude = agent("claude");
    let id = starts(&mut world, &claude, &steps(&[("a", &[]), ("b", &["a"])]), json!({}));
    let (a, b) = (step(&world, id, 0).id, step(&world, id, 1).id);
    for (task, what) in [(a, "a step of a workflow"), (b, "a step of a workflow"), (id, "a run that is under way")] {
        let why = world.deletes(&claude, task).expect_err("what waits would go on without it");
        assert!(why.to_string().contains(what), "{why}");
    }
    world.deletes(&ada(), a).expect("deleted");
    assert_eq!((run(&world, id).steps.as_slice(), world.work(b).wave), ([b].as_slice(), Some(1)));
    world.deletes(&ada(), b).expect("deleted");
    assert_eq!(world.task(id).status, Status::Killed);
    world.deletes(&claude, id).expect("it is over, and was its own");
    let id = starts(&mut world, &claude, &steps(&[("a", &[])]), json!({}));
    let a = step(&world, id, 0).id;
    sets(&mut world, &claude, id, 0, Status::Completed);
    world.deletes(&claude, a).expect("once its run is over, it is a task like any other");
}

#[test]
fn no_agent_gets_round_a_persons_step() {
    let mut world = connected(&["claude"]);
    let claude = agent("claude");
    let asks =
        json!([{"key": "ok", "subject": "Approve: it", "assignee": "human"}, {"key": "ship", "subject": "Ship", "dependsOn": ["ok"]}]);
    let id = starts(&mut world, &claude, &template(&json!({"name": "w", "steps": asks})), json!({}));
    let (ok, ship) = (step(&world, id, 0).id, step(&world, id, 1).id);
    let mine = world.id();
    let new = NewWork { title: "Mine".into(), ..NewWork::default() };
    world.run(&claude, Command::CreateWork { id: mine, list: Default::default(), work: Box::new(new) }).expect("its own");
    let mine = TaskId(mine);
    let before = world.store.clone();
    let mut edits = |task, title: Option<&str>, assignee| {
        let id = world.id();
        world.run(&claude, Command::EditTask { id, task, title: title.map(str::to_owned), body: None, assignee, options: None }).is_err()
    };
    assert!(edits(ok, None, Some(Assignee::Agent)) && edits(ok, Some("Approve: something else"), None));
    assert!(edits(ship, None, Some(Assignee::Human)), "nor does it say that a person is to do its own");
    for words in [
        WorkChange { title: Some("Approve: less".into()), ..WorkChange::default() },
        WorkChange { body: Some("Nothing".into()), ..WorkChange::default() },
    ] {
        assert!(world.updates(&claude, ok, words).is_err());
    }
    let waits_for_mine = Arrows { add_blocked_by: vec![mine], ..Arrows::default() };
    let holds_up = Arrows { add_blocks: vec![ok], ..Arrows::default() };
    for (task, arrows) in [(ok, waits_for_mine), (mine, holds_up)] {
        assert!(world.updates(&claude, task, WorkChange { arrows, ..WorkChange::default() }).is_err());
    }
    let id = world.id();
    let new = NewWork { title: "Before it".into(), blocks: vec![ok], ..NewWork::default() };
    assert!(world.run(&claude, Command::CreateWork { id, list: Default::default(), work: Box::new(new) }).is_err());
    assert_eq!(world.store, before);
    // What a person has begun is theirs.
    world.updates(&ada(), ok, to(Status::Active)).expect("begun");
    let takes = WorkChange { owner: Some(Some(name("claude"))), ..to(Status::Active) };
    assert!(world.updates(&claude, ok, takes).is_err() && world.updates(&claude, ok, to(Status::Active)).is_err());
}

/// What happens to a run, by anybody who may or may not.
fn acts() -> impl Strategy<Value = Vec<(u8, usize)>> {
    prop::collection::vec((0..12u8, 0..6usize), 1..30)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// That a run is what its steps make of it holds after each of them: the world checks it.
    #[test]
    fn whatever_happens_to_its_steps_a_run_follows_and_ends_once(arrows in prop::collection::vec((0..6usize, 0..6usize), 0..8), acts in acts()) {
        let workflow = {
            let steps: Vec<_> = (0..6).map(|at| {
                let on: Vec<_> = arrows.iter().filter(|(before, after)| *after == at && before < after).map(|(before, _)| format!("s{before}")).collect();
                match at {
                    0 | 3 => json!({"key": format!("s{at}"), "subject": "x", "command": "x", "dependsOn": on}),
                    4 => json!({"key": format!("s{at}"), "subject": "x", "assignee": "human", "dependsOn": on}),
                    _ => json!({"key": format!("s{at}"), "subject": "x", "dependsOn": on}),
                }
            }).collect();
            template(&json!({"name": "w", "steps": steps}))
        };
        let mut world = connected(&["claude", "box"]);
        let id = starts(&mut world, &agent("claude"), &workflow, json!({}));
        let steps = run(&world, id).steps;
        for (what, place) in acts {
            let (task, who) = (steps[place], if place % 2 == 0 { agent("box") } else { agent("claude") });
            let is_open = world.task(id).status.is_open();
            let _ = match what {
                0..=2 => world.updates(&who, task, to(Status::Active)),
                3..=5 => world.updates(&who, task, to(Status::Completed)),
                6 => world.updates(&who, task, to(Status::Failed)),
                7 => world.sets(&ada(), task, Status::Rejected),
                8 if world.find(task).is_some() => world.reopens(&ada(), task),
                9 => { let next = world.id(); world.run(&ada(), Command::StopWork { id: next, task: if place == 5 { id } else { task } }) }
                10 if place == 1 => world.deletes(&ada(), task),
                11 => {
                    let arrows = Arrows { remove_blocked_by: steps.clone(), ..Arrows::default() };
                    world.updates(&ada(), task, WorkChange { arrows, ..WorkChange::default() })
                }
                _ => world.sets(&ada(), task, Status::Completed),
            };
            prop_assert!(is_open || !world.task(id).status.is_open(), "its end is final");
        }
        let ends = told(&world, "claude").len();
        prop_assert_eq!(ends, usize::from(!world.task(id).status.is_open()));
    }
}
