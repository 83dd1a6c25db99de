//! What holds after arbitrary histories: several people and agents, right and wrong commands, reports of the streams in any order.

use agentrq_core::command::Command;
use agentrq_core::lifecycle::Mover;
use agentrq_core::model::{Delivery, DeliveryState, Turn};
use agentrq_core::report::Report;
use agentrq_core::sync::replica::{Applied, Proposed, Replica};
use agentrq_core::testing::{Deed, Step, World, ada, bob, steps};
use agentrq_core::{Decision, MemoryStore, Rejection, decide};
use proptest::prelude::*;

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

/// Takes a step, and tells how the store was before, what was done, and how it ended.
fn take(world: &mut World, step: &Step) -> (MemoryStore, Deed, Result<Decision, Rejection>) {
    let deed = world.deed(step);
    let before = world.store.clone();
    let decided = world.does(&deed);
    (before, deed, decided)
}

/// Not what is meant to do something each time: the next task, another copy.
fn may_be_repeated(deed: &Deed) -> bool {
    !matches!(deed, Deed::Asked(_, Command::ClaimNext { .. } | Command::ClaimWork { .. }) | Deed::Reported(_, Report::Sent { .. }))
}

proptest! {
    #![proptest_config(config(256))]

    /// `World` checks the invariants and that decisions are the same each time.
    #[test]
    fn no_history_reaches_an_illegal_state_and_a_refusal_leaves_nothing(steps in steps(60)) {
        let mut world = World::new();
        for step in &steps {
            let (before, deed, decided) = take(&mut world, step);
            match decided {
                Ok(_) => {}
                Err(Rejection::NotLoaded { what }) => prop_assert!(false, "the authority holds everything: {} of {:?}", what, deed),
                Err(_) => prop_assert_eq!(before, world.store.clone(), "a refusal changes nothing: {:?}", deed),
            }
        }
    }

    #[test]
    fn a_command_that_comes_twice_takes_effect_once(steps in steps(40)) {
        let mut world = World::new();
        for step in &steps {
            let (_, deed, _) = take(&mut world, step);
            if may_be_repeated(&deed) {
                let before = world.store.clone();
                if let Ok(repeated) = world.does(&deed) {
                    prop_assert!(repeated.events.is_empty(), "{:?} did {:?}", deed, repeated);
                }
                prop_assert_eq!(before, world.store.clone());
            }
        }
    }

    #[test]
    fn what_an_agent_must_hear_stays_until_it_is_seen(steps in steps(60)) {
        let mut world = World::new();
        for step in &steps {
            let (before, deed, _) = take(&mut world, step);
            for was in before.deliveries() {
                let Some(is) = world.delivery(was.id.0) else {
                    let deleted = matches!(deed.command(), Some(Command::DeleteTask { task, .. }) if *task == was.task);
                    prop_assert!(deleted, "{:?} lost {:?}", deed, was);
                    continue;
                };
                prop_assert_eq!((is.task, is.kind, is.queued_at), (was.task, was.kind, was.queued_at), "{:?}", deed);
                prop_assert!(is.copies >= was.copies && is.redelivered >= was.redelivered, "{:?}", is);
                moves_on(&was.clone(), &is, &deed);
            }
        }
    }

    #[test]
    fn tasks_move_only_as_the_table_says_and_verdicts_stand(steps in steps(60)) {
        let mut world = World::new();
        for step in &steps {
            let (before, deed, _) = take(&mut world, step);
            let actor = &deed.who().actor;
            for was in before.tasks() {
                let Some(is) = world.find(was.id) else { continue };
                let ruled = matches!(deed.command(), Some(Command::GiveVerdict { .. }));
                let reopened = matches!(deed.command(), Some(Command::Reopen { .. }));
                if was.status != is.status {
                    let runs = was.work.as_ref().is_some_and(|work| work.job.is_some());
                    let mover = match Mover::from(actor) {
                        Mover::Agent if runs => Mover::Runner,
                        // Who stops what nobody runs has ended it.
                        Mover::Person if runs && matches!(deed.command(), Some(Command::StopWork { .. })) => Mover::Runner,
                        Mover::Person if runs => Mover::Watcher,
                        mover => mover,
                    };
                    let allowed = was.status.moves(mover).contains(&is.status);
                    prop_assert!(allowed || (reopened && actor.is_person() && is.status.is_open()), "{:?}: {:?}", deed, is);
                }
                if was.verdict != is.verdict {
                    let given = ruled && actor.is_person() && was.status.is_open();
                    let first = was.verdict.is_none() || was.turn == Turn::Human;
                    let lifted = is.verdict.is_none() && (reopened || was.digest != is.digest);
                    prop_assert!((given && first) || lifted, "{:?}: {:?}", deed, is);
                }
                prop_assert_eq!((was.number, &was.created_by, was.created_at), (is.number, &is.created_by, is.created_at));
                prop_assert!(is.messages >= was.messages, "a thread never shrinks");
            }
        }
    }

    /// Two browsers watch; Ada's also proposes what it does, and hears of it in any order.
    #[test]
    fn a_replica_shows_what_the_authority_holds(steps in steps(50), from in 0..10usize, late in any::<u64>()) {
        let mut world = World::new();
        let (early, rest) = steps.split_at(from.min(steps.len()));
        for step in early {
            let _ = take(&mut world, step);
        }
        let mut mine = Replica::new();
        let mut other = Replica::new();
        mine.load_snapshot(world.snapshot(&ada()));
        other.load_snapshot(world.snapshot(&bob()));
        World::files().for_each(|file| mine.attach(file));
        let loaded = world.log.len();

        let mut mutation_id = 0;
        let mut held_back: Vec<usize> = Vec::new();
        for (index, step) in rest.iter().enumerate() {
            let deed = world.deed(step);
            let command = deed.command().filter(|_| *deed.who() == ada()).cloned();
            let proposed = command.filter(|command| {
                let outcome = mine.propose(command.clone(), world.now());
                let is_verdict = matches!(command, Command::GiveVerdict { .. });
                assert!(!is_verdict || !matches!(outcome, Proposed::Accepted), "a verdict is never painted");
                !matches!(outcome, Proposed::Rejected(_))
            });
            let commits = world.log.len();
            if let Some(command) = proposed {
                mutation_id += 1;
                let id = command.id();
                let decided = world.run_settling(&ada(), command, "ada", mutation_id);
                if late >> (index % 64) & 1 == 0 {
                    let problem = decided.err().map(|why| why.problem());
                    mine.settle(id, problem.as_ref(), Some(world.cursor()));
                }
            } else {
                let _ = world.does(&deed);
            }
            held_back.extend(commits..world.log.len());
            if late >> (index % 61) & 1 == 0 {
                feed(&mut mine, &world, &held_back);
                feed(&mut other, &world, &held_back);
                held_back.clear();
            }
        }
        feed(&mut mine, &world, &held_back);
        feed(&mut other, &world, &held_back);
        prop_assert!(mine.pending().is_empty(), "everything is settled: {:?}", mine.pending());
        for replica in [&mine, &other] {
            same(replica, &world);
        }
        // A stream that begins again a little too early repeats what is known, and nothing changes.
        for frames in &world.log[loaded..] {
            for frame in frames {
                prop_assert!(matches!(mine.apply(frame.clone()), Applied::Repeated | Applied::Buffered));
            }
        }
        same(&mine, &world);
    }
}

/// A delivery goes forward, or back to the queue when it was lost or is owed to a new session. Seen is the end.
fn moves_on(was: &Delivery, is: &Delivery, deed: &Deed) {
    if is.state >= was.state {
        return;
    }
    assert_eq!(is.state, DeliveryState::Queued, "{deed:?}: {is:?}");
    match deed {
        Deed::Reported(_, Report::Lost { copies }) => {
            assert_eq!(was.state, DeliveryState::Sent, "only what is merely sent can be lost");
            assert!(copies.contains(&was.last_copy()), "one copy is not lost with another");
        }
        Deed::Reported(_, Report::SessionStarted { .. }) => assert!(is.redelivered && !was.redelivered && was.state != DeliveryState::Seen),
        other => panic!("{other:?} took {was:?} back"),
    }
}

fn feed(replica: &mut Replica, world: &World, commits: &[usize]) {
    for frame in commits.iter().flat_map(|&commit| &world.log[commit]) {
        // On the wire and back: a replica reads what was written.
        let text = serde_json::to_string(frame).expect("written");
        let applied = replica.apply(serde_json::from_str(&text).expect("read back"));
        assert!(matches!(applied, Applied::Buffered | Applied::Committed), "{applied:?}");
    }
}

/// What the replica shows is what the authority holds, and nothing is pending.
fn same(replica: &Replica, world: &World) {
    assert_eq!(replica.cursor(), Some(&world.cursor()));
    let mut tasks: Vec<_> = replica.tasks().into_iter().map(|shown| (shown.value.clone(), shown.pending)).collect();
    tasks.sort_by_key(|(task, _)| task.id);
    assert_eq!(tasks, world.store.tasks().map(|task| (task.clone(), false)).collect::<Vec<_>>());
    let agents: Vec<_> = replica.agents().into_iter().map(|shown| shown.value.clone()).collect();
    assert_eq!(agents, world.store.agents().cloned().collect::<Vec<_>>());
    for task in world.store.tasks() {
        let mut inbox: Vec<_> = replica.deliveries(task.id).into_iter().map(|shown| (shown.value.clone(), shown.pending)).collect();
        inbox.sort_by_key(|(delivery, _)| delivery.id);
        let held = world.store.deliveries().filter(|delivery| delivery.task == task.id);
        assert_eq!(inbox, held.map(|delivery| (delivery.clone(), false)).collect::<Vec<_>>());
        for shown in replica.thread(task.id) {
            let held = world.thread(task.id).into_iter().find(|message| message.id == shown.value.id);
            assert_eq!((Some(shown.value), shown.pending), (held.as_ref(), false));
        }
    }
}

#[test]
fn a_store_that_holds_everything_knows_everything() {
    let mut world = World::new();
    let task = world.asks(&ada(), "Review: x");
    let cx = bob().at(world.now());
    let unknown = Command::Reopen { id: world.id(), task: agentrq_core::id::TaskId(agentrq_core::id::Id::new(1, 1)) };
    assert!(matches!(decide(&world.store, unknown, &cx), Err(Rejection::TaskNotFound { .. })));
    assert_eq!(world.task(task).number, Some(1));
}
