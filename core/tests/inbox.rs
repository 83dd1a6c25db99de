//! What an agent must hear: queued, sent, received, seen; lost, and owed once more to the next session.

use agentrq_core::Rejection;
use agentrq_core::command::{Command, Then};
use agentrq_core::decision::{Decision, Effect, EventType, Outcome};
use agentrq_core::id::{DeliveryId, Id};
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, Delivery, DeliveryCopy, DeliveryKind, DeliveryState, Presence, Route, Verdict};
use agentrq_core::report::Report;
use agentrq_core::testing::{World, ada, agent, agent_in, bob, name, session};

fn it(world: &World, id: Id) -> Delivery {
    world.delivery(id).unwrap_or_else(|| panic!("no delivery {id}"))
}

/// The last copy that was handed over.
fn copy(world: &World, id: Id) -> DeliveryCopy {
    it(world, id).last_copy()
}

fn sent(world: &mut World, id: Id, to: u32) {
    let copies = vec![it(world, id).next_copy()];
    world.report(Report::Sent { copies, session: session(to), route: Route::Channel });
}

fn received(world: &mut World, copy: DeliveryCopy) {
    world.report(Report::Received { copies: vec![copy] });
}

fn lost(world: &mut World, copy: DeliveryCopy) -> Decision {
    world.report(Report::Lost { copies: vec![copy] })
}

fn starts(world: &mut World, agent: &str, on: u32) {
    world.report(Report::SessionStarted { agent: name(agent), session: session(on), elsewhere: Vec::new(), in_answers: Vec::new() });
}

/// A reply of Ada's to claude's question.
fn reply() -> (World, Id) {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Question: x");
    let id = world.says(&ada(), task, "Both.").0;
    (world, id)
}

#[test]
fn a_reply_is_queued_sent_received_and_seen_with_the_time_of_each() {
    let (mut world, id) = reply();
    let queued = it(&world, id);
    assert_eq!((queued.state, queued.kind, queued.agent.clone()), (DeliveryState::Queued, DeliveryKind::Reply, Some(name("claude"))));
    sent(&mut world, id, 1);
    let given = copy(&world, id);
    received(&mut world, given);
    world.report(Report::Seen { deliveries: vec![DeliveryId(id)], route: None });
    let seen = it(&world, id);
    assert_eq!((seen.state, seen.route, seen.session, seen.copies), (DeliveryState::Seen, Some(Route::Channel), Some(session(1)), 1));
    let times = [Some(seen.queued_at), seen.sent_at, seen.received_at, seen.seen_at].map(|at| at.expect("a time"));
    assert!(times.windows(2).all(|pair| pair[0] < pair[1]), "{times:?}");
}

#[test]
fn whatever_is_queued_asks_the_shell_to_deliver() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Question: x");
    let id = world.id();
    let post = Command::PostMessage {
        id,
        task,
        text: "Both.".into(),
        attachments: Vec::new(),
        in_reply_to: None,
        asks: Default::default(),
        choices: Vec::new(),
        digest: None,
    };
    assert_eq!(world.run(&ada(), post).expect("posted").effects, [Effect::Deliver]);
    sent(&mut world, id, 1);
    let first = copy(&world, id);
    assert_eq!(lost(&mut world, first).effects, [Effect::Deliver]);
}

#[test]
fn what_is_lost_on_the_way_waits_again_and_what_arrived_does_not() {
    let (mut world, id) = reply();
    sent(&mut world, id, 1);
    let first = copy(&world, id);
    lost(&mut world, first);
    let waits = it(&world, id);
    assert_eq!((waits.state, waits.session, waits.sent_at, waits.copies, waits.redelivered), (DeliveryState::Queued, None, None, 1, false));
    sent(&mut world, id, 2);
    let second = copy(&world, id);
    received(&mut world, second);
    lost(&mut world, second);
    assert_eq!((it(&world, id).state, it(&world, id).copies), (DeliveryState::Received, 2));
}

#[test]
fn word_of_one_copy_says_nothing_of_another_be_it_with_the_same_session() {
    for next in [1, 2] {
        let (mut world, id) = reply();
        sent(&mut world, id, 1);
        let first = copy(&world, id);
        starts(&mut world, "claude", 2);
        sent(&mut world, id, next);
        let (before, second) = (it(&world, id), copy(&world, id));
        lost(&mut world, first);
        received(&mut world, first);
        assert_eq!(it(&world, id), before, "another copy is on its way to session {next}");
        lost(&mut world, second);
        assert_eq!(it(&world, id).state, DeliveryState::Queued);
        sent(&mut world, id, 3);
        received(&mut world, second);
        assert_eq!(it(&world, id).state, DeliveryState::Sent);
        let third = copy(&world, id);
        received(&mut world, third);
        assert_eq!(it(&world, id).state, DeliveryState::Received);
    }
}

#[test]
fn only_what_waits_is_handed_over_and_as_the_next_copy() {
    let (mut world, id) = reply();
    let hand_over = |world: &mut World, number| {
        let copies = vec![DeliveryCopy { delivery: DeliveryId(id), number }];
        world.report(Report::Sent { copies, session: session(1), route: Route::Result }).outcome
    };
    for number in [0, 2] {
        assert_eq!(hand_over(&mut world, number), Outcome::Already);
    }
    sent(&mut world, id, 1);
    assert_eq!(hand_over(&mut world, 2), Outcome::Already, "one is on its way");
    let first = copy(&world, id);
    received(&mut world, first);
    assert_eq!(hand_over(&mut world, 2), Outcome::Already, "one is there");
    assert_eq!(copy(&world, id), first);
}

#[test]
fn late_and_repeated_reports_change_nothing() {
    let (mut world, id) = reply();
    let none = copy(&world, id);
    received(&mut world, none);
    assert_eq!(it(&world, id).state, DeliveryState::Queued, "nothing was sent");
    sent(&mut world, id, 1);
    let first = copy(&world, id);
    received(&mut world, first);
    let before = it(&world, id);
    received(&mut world, first);
    lost(&mut world, first);
    sent(&mut world, id, 1);
    starts(&mut world, "claude", 1);
    assert_eq!(it(&world, id), before);
    let nothing = world.report(Report::Seen { deliveries: vec![DeliveryId(Id::new(1, 1))], route: None });
    assert_eq!(nothing.outcome, Outcome::Already);
}

#[test]
fn what_a_session_never_saw_is_owed_to_the_next_one_once() {
    let (mut world, id) = reply();
    sent(&mut world, id, 1);
    let given = copy(&world, id);
    received(&mut world, given);
    starts(&mut world, "codex", 9);
    assert_eq!(it(&world, id).state, DeliveryState::Received, "not to another agent");
    starts(&mut world, "claude", 2);
    assert_eq!((it(&world, id).state, it(&world, id).redelivered), (DeliveryState::Queued, true));
    sent(&mut world, id, 2);
    let given = copy(&world, id);
    received(&mut world, given);
    starts(&mut world, "claude", 3);
    assert_eq!((it(&world, id).state, it(&world, id).copies), (DeliveryState::Received, 2), "once is enough");
}

#[test]
fn what_was_seen_is_owed_to_nobody() {
    let (mut world, id) = reply();
    sent(&mut world, id, 1);
    let task = it(&world, id).task;
    world.answers(&agent("claude"), task, "Thanks.", Some(id)).expect("answered");
    assert_eq!(it(&world, id).state, DeliveryState::Seen, "it was named");
    starts(&mut world, "claude", 2);
    assert_eq!(it(&world, id).state, DeliveryState::Seen);
}

#[test]
fn an_agent_that_names_a_message_for_another_does_not_take_it_from_that_one() {
    let (mut world, id) = reply();
    let task = it(&world, id).task;
    world.answers(&agent("codex"), task, "I read this.", Some(id)).expect("answered");
    assert_eq!(it(&world, id).state, DeliveryState::Queued);
    let acknowledge = Report::Seen { deliveries: vec![DeliveryId(id)], route: Some(Route::Wait) };
    world.report_of(&agent("codex"), acknowledge.clone());
    assert_eq!(it(&world, id).state, DeliveryState::Queued);
    world.report_of(&agent("claude"), acknowledge);
    assert_eq!(it(&world, id).state, DeliveryState::Seen);
}

#[test]
fn an_answer_names_a_message_of_its_own_thread() {
    let (mut world, id) = reply();
    let other = world.asks(&agent("claude"), "Question: y");
    let refused = world.answers(&agent("claude"), other, "Thanks.", Some(id)).expect_err("another thread");
    assert!(matches!(refused, Rejection::MessageNotFound { .. }), "{refused:?}");
    assert_eq!(it(&world, id).state, DeliveryState::Queued);
    let missing = world.answers(&agent("claude"), other, "Thanks.", Some(Id::new(1, 1)));
    assert!(matches!(missing, Err(Rejection::MessageNotFound { .. })), "{missing:?}");
}

#[test]
fn news_of_a_task_has_an_id_that_can_be_answered_too() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Review: x");
    let id = world.id();
    world.run(&ada(), Command::SetStatus { id, task, to: Status::Active, reason: None }).expect("moved");
    world.answers(&agent("claude"), task, "Seen.", Some(id)).expect("answered");
    assert_eq!((it(&world, id).kind, it(&world, id).state), (DeliveryKind::Status, DeliveryState::Seen));
}

#[test]
fn work_given_by_a_person_is_for_nobody_in_particular_until_somebody_acts_on_it() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    let note = world.says(&bob(), task, "Soon, please.").0;
    assert_eq!((it(&world, task.0).agent, it(&world, note).agent), (None, None));
    world.sets(&agent("codex"), task, Status::Active).expect("taken");
    assert_eq!(it(&world, task.0).state, DeliveryState::Seen, "it heard of the task, else it could not have acted");
    let claimed = it(&world, note);
    assert_eq!((claimed.agent, claimed.state), (Some(name("codex")), DeliveryState::Queued), "the note is now for it");
    let later = world.says(&ada(), task, "Thanks.").0;
    assert_eq!(it(&world, later).agent, Some(name("codex")));
}

#[test]
fn after_another_agent_took_over_answers_go_to_that_one() {
    let (mut world, id) = reply();
    let task = it(&world, id).task;
    world.says(&agent("codex"), task, "I take over.");
    let next = world.says(&ada(), task, "Fine.").0;
    assert_eq!((it(&world, next).agent, it(&world, id).agent), (Some(name("codex")), Some(name("claude"))));
}

#[test]
fn a_task_remembers_the_session_that_acted_last() {
    let mut world = World::new();
    let (first, second) = (agent_in("claude", 1), agent_in("claude", 2));
    let task = world.asks(&first, "Question: x");
    assert_eq!(world.task(task).session, first.session);
    world.says(&second, task, "Still there?");
    assert_eq!(world.task(task).session, second.session);
    world.says(&ada(), task, "Yes.");
    assert_eq!(world.task(task).session, second.session, "a person has none");
}

#[test]
fn agents_hear_what_people_do_to_their_tasks_and_not_what_they_do_themselves() {
    let (mut world, claude) = (World::new(), agent("claude"));
    let task = world.asks(&claude, "Approve: x");
    world.says(&claude, task, "More context.");
    world.sets(&claude, task, Status::Active).expect("ongoing");
    assert_eq!(world.deliveries(), []);

    world.rules(&ada(), task, Verdict::Approved, Then::HandBack).expect("approved");
    world.sets(&ada(), task, Status::Pending).expect("put back");
    let id = world.id();
    world
        .run(&ada(), Command::EditTask { id, task, title: None, body: None, assignee: Some(Assignee::Agent), options: None })
        .expect("given");
    let id = world.id();
    world
        .run(&ada(), Command::EditTask { id, task, title: Some("Do y".into()), body: None, assignee: None, options: None })
        .expect("edited");
    let id = world.id();
    world
        .run(&ada(), Command::EditTask { id, task, title: None, body: None, assignee: Some(Assignee::Human), options: None })
        .expect("taken");
    world.deletes(&ada(), task).expect("deleted");
    let heard: Vec<_> = world
        .log
        .iter()
        .flatten()
        .flat_map(|frame| &frame.event.changes)
        .filter_map(|change| match change {
            agentrq_core::decision::Change::Put { entity } => match &**entity {
                agentrq_core::model::Entity::Delivery(it) => Some((it.kind, it.note.clone().unwrap_or_default())),
                _ => None,
            },
            agentrq_core::decision::Change::Delete { .. } => None,
        })
        .collect();
    let expected = [
        (DeliveryKind::Verdict, ""),
        (DeliveryKind::Status, "ongoing → notstarted"),
        (DeliveryKind::Task, "given to you"),
        (DeliveryKind::Task, "edited"),
        (DeliveryKind::Status, "given to a person"),
        (DeliveryKind::Status, "deleted: Do y"),
    ];
    assert_eq!(heard, expected.map(|(kind, note)| (kind, note.to_owned())));
}

#[test]
fn what_waited_for_a_deleted_task_is_gone_and_that_it_is_gone_waits() {
    let (mut world, id) = reply();
    let task = it(&world, id).task;
    sent(&mut world, id, 1);
    let given = copy(&world, id);
    world.deletes(&bob(), task).expect("deleted");
    received(&mut world, given);
    assert_eq!(world.delivery(id), None);
    let kinds: Vec<_> = world.deliveries().iter().map(|delivery| (delivery.kind, delivery.agent.clone())).collect();
    assert_eq!(kinds, [(DeliveryKind::Status, Some(name("claude")))]);
}

#[test]
fn presence_follows_the_streams_and_only_news_are_told() {
    let mut world = World::new();
    let told = |decision: agentrq_core::Decision| decision.events.iter().map(|event| event.kind).collect::<Vec<_>>();
    let claude = || name("claude");
    assert_eq!(told(world.report(Report::Disconnected { agent: claude() })), []);
    assert_eq!(told(world.report(Report::Heard { agent: claude(), client: None })), [EventType::AgentUpdated]);
    assert_eq!(world.store.agents().next().map(|agent| agent.presence), Some(Presence::Unknown));
    assert_eq!(told(world.report(Report::Heard { agent: claude(), client: None })), []);
    assert_eq!(told(world.report(Report::Connected { agent: claude() })), [EventType::AgentConnected]);
    assert_eq!(told(world.report(Report::Connected { agent: claude() })), []);
    world.wait(15_000);
    assert_eq!(told(world.report(Report::Heard { agent: claude(), client: None })), [EventType::AgentUpdated]);
    assert_eq!(told(world.report(Report::Disconnected { agent: claude() })), [EventType::AgentDisconnected]);
    assert_eq!(world.store.agents().next().map(|agent| agent.presence), Some(Presence::Disconnected));
}

#[test]
fn what_piles_up_for_an_absent_agent_hides_nothing_from_another() {
    use agentrq_core::view::{UNSEEN_AT_ONCE, Unseen, View};
    let mut world = World::new();
    let absent = world.asks(&agent("codex"), "Question: x");
    for _ in 0..=UNSEEN_AT_ONCE {
        world.says(&ada(), absent, "An answer that nobody fetches");
    }
    let task = world.asks(&agent("claude"), "Question: y");
    let id = world.says(&ada(), task, "Both.").0;
    let queued = world.store.unseen(Unseen::QueuedFor(&name("claude"))).known("the inbox").expect("known");
    assert_eq!(queued.iter().map(|delivery| delivery.id.0).collect::<Vec<_>>(), [id]);
}

#[test]
fn what_is_for_nobody_in_particular_stays_with_the_agent_that_holds_it() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    sent(&mut world, task.0, 1);
    world.report(Report::SessionStarted { agent: name("codex"), session: session(2), elsewhere: vec![session(1)], in_answers: Vec::new() });
    let with_the_first = it(&world, task.0);
    assert_eq!((with_the_first.state, with_the_first.session, with_the_first.redelivered), (DeliveryState::Sent, Some(session(1)), false));
    starts(&mut world, "codex", 3);
    let owed = it(&world, task.0);
    assert_eq!((owed.state, owed.redelivered), (DeliveryState::Queued, true), "the first holds no stream any more");
}

#[test]
fn what_stands_in_an_answer_that_is_being_written_is_owed_to_a_new_session_once_it_is_lost_and_not_before() {
    let mut world = World::new();
    let task = world.gives(&ada(), "Do x");
    sent(&mut world, task.0, 1);
    let copy = it(&world, task.0).last_copy();
    let begins = |on, in_answers| Report::SessionStarted { agent: name("claude"), session: session(on), elsewhere: Vec::new(), in_answers };
    world.report(begins(2, vec![copy]));
    assert_eq!(it(&world, task.0).state, DeliveryState::Sent);
    lost(&mut world, copy);
    assert_eq!((it(&world, task.0).state, it(&world, task.0).redelivered), (DeliveryState::Queued, false), "nobody has had it");
    sent(&mut world, task.0, 3);
    world.report(begins(4, vec![copy]));
    assert!(it(&world, task.0).redelivered, "what was in an answer before says nothing of where it is now");
}
