//! The queue of a browser: what is sent, in which order, how often, and when it is gone.

use agentrq_core::command::{Asks, Command};
use agentrq_core::cursor::Cursor;
use agentrq_core::id::{Id, TaskId};
use agentrq_core::limits;
use agentrq_core::rejection::Problem;
use agentrq_core::sync::delta::Settled;
use agentrq_core::sync::outbox::{Answer, Answered, Failed, Outbox, Row};

fn id(number: u32) -> Id {
    Id::new(1_774_362_821_000, number)
}

fn says(number: u32, text: String) -> Command {
    let (attachments, choices) = (Vec::new(), Vec::new());
    Command::PostMessage {
        id: id(number),
        task: TaskId(id(0)),
        text,
        attachments,
        in_reply_to: None,
        asks: Asks::Unsaid,
        choices,
        digest: None,
    }
}

fn command(number: u32) -> Command {
    says(number, format!("said {number}"))
}

fn at(seq: u64) -> Cursor {
    Cursor { epoch: "e".into(), seq, tag: format!("t{seq}") }
}

fn problem(code: &str, status: u16) -> Problem {
    Problem { code: code.into(), title: "No".into(), detail: "No.".into(), status, extra: Vec::new() }
}

fn with(count: u32) -> Outbox {
    let mut outbox = Outbox::new("c1".into());
    (1..=count).for_each(|number| assert_eq!(outbox.add(command(number), 5), u64::from(number)));
    outbox
}

/// The numbers under which things would be sent now.
fn sends(outbox: &Outbox) -> Vec<u64> {
    outbox.batch().map_or(Vec::new(), |batch| batch.commands.iter().map(|one| one.mutation_id).collect())
}

fn ids(outbox: &Outbox) -> Vec<Id> {
    outbox.rows().iter().map(|row| row.command.id()).collect()
}

fn answer(seq: u64, results: &[(u32, Option<Problem>)]) -> Answer {
    let answered = |(number, rejection): &(u32, Option<Problem>)| Answered {
        mutation_id: u64::from(*number),
        command: id(*number),
        rejection: rejection.clone(),
    };
    Answer { cursor: at(seq), results: results.iter().map(answered).collect() }
}

#[test]
fn commands_are_numbered_without_gaps_and_one_that_waits_keeps_its_number() {
    let mut outbox = with(3);
    assert_eq!(outbox.add(command(2), 99), 2);
    assert_eq!((outbox.rows().len(), outbox.next(), outbox.client_id()), (3, 4, "c1"));
    assert_eq!(sends(&outbox), [1, 2, 3]);
    assert_eq!(sends(&outbox), [1, 2, 3], "the same until it is answered");
    assert!(Outbox::new("c1".into()).batch().is_none());
}

#[test]
fn what_the_storage_kept_goes_on_in_order_and_no_number_is_used_twice() {
    let row = |number: u32| Row { mutation_id: u64::from(number), command: command(number), at: 5, acknowledged: None };
    let mut outbox = Outbox::new("c1".into());
    outbox.load(vec![row(7), row(6)], 3);
    assert_eq!((sends(&outbox), outbox.next()), (vec![6, 7], 8));
    outbox.load(vec![row(6)], 20);
    assert_eq!(outbox.next(), 20, "what was confirmed meanwhile had numbers as well");
}

#[test]
fn a_batch_is_bounded_in_number_and_in_bytes() {
    let most = u32::try_from(limits::BATCH).expect("a small number");
    let outbox = with(most + 1);
    assert_eq!(sends(&outbox).len(), limits::BATCH);

    let mut outbox = Outbox::new("c1".into());
    let large = |number| says(number, "x".repeat(limits::TEXT_BYTES));
    (1..=3).for_each(|number| {
        outbox.add(large(number), 5);
    });
    assert_eq!(sends(&outbox), [1], "a second one would be more than a batch holds");
    let mut outbox = Outbox::new("c1".into());
    outbox.add(says(1, "x".repeat(limits::BATCH_BYTES)), 5);
    assert_eq!(sends(&outbox), [1], "one alone is sent, however large: the server says what it thinks of it");
}

#[test]
fn an_answer_acknowledges_and_refuses_and_a_place_in_the_history_confirms() {
    let mut outbox = with(3);
    let no = problem("task_closed", 409);
    let progress = outbox.answered(answer(8, &[(1, None), (2, Some(no.clone())), (9, None)]));
    assert_eq!((progress.acknowledged, progress.confirmed), (vec![id(1)], vec![]));
    assert_eq!(progress.refused.iter().map(|one| (one.command.id(), &one.rejection)).collect::<Vec<_>>(), [(id(2), &no)]);
    assert_eq!((sends(&outbox), outbox.unsent(), ids(&outbox)), (vec![3], 1, vec![id(1), id(3)]));

    assert_eq!(outbox.reached(&at(7)), [], "its commit is not here yet");
    assert_eq!(outbox.reached(&Cursor { epoch: "other".into(), ..at(9) }), [], "another history");
    assert_eq!(outbox.reached(&at(8)), [id(1)]);
    assert_eq!(ids(&outbox), [id(3)]);
}

#[test]
fn a_delta_settles_by_the_id_whoever_sent_it() {
    let mut outbox = with(3);
    let no = problem("task_closed", 409);
    let settled = |number, rejection| Settled { client_id: "other".into(), mutation_id: 77, command: id(number), rejection };
    let progress = outbox.settled(&[settled(2, None), settled(3, Some(no)), settled(9, None)]);
    assert_eq!((progress.confirmed, progress.refused.len(), progress.acknowledged), (vec![id(2)], 1, vec![]));
    assert_eq!(ids(&outbox), [id(1)]);
    assert_eq!(outbox.answered(answer(8, &[(2, None)])), Default::default(), "the answer that comes after it says nothing new");
}

#[test]
fn what_may_pass_is_tried_again_as_it_was() {
    for status in [0, 401, 408, 425, 429, 500, 502, 503] {
        let mut outbox = with(3);
        assert_eq!(outbox.failed(&problem("any", status)), Failed::Retry, "{status}");
        assert_eq!(sends(&outbox), [1, 2, 3], "{status}");
    }
}

#[test]
fn numbers_that_the_server_does_not_expect_ask_for_a_new_client() {
    for code in ["mutation_gap", "mutation_conflict"] {
        let mut outbox = with(3);
        outbox.answered(answer(8, &[(1, None)]));
        outbox.reached(&at(8));
        outbox.answered(answer(9, &[(2, None)]));
        assert_eq!(outbox.failed(&problem(code, 409)), Failed::Anew);
        let rows = outbox.start_anew("c2".into()).to_vec();
        assert_eq!(rows.iter().map(|row| (row.mutation_id, row.command.id())).collect::<Vec<_>>(), [(1, id(2)), (2, id(3))]);
        assert_eq!((sends(&outbox), outbox.next(), outbox.client_id()), (vec![1, 2], 3, "c2"), "all of it is asked again");
    }
}

#[test]
fn of_a_batch_that_is_refused_the_one_at_fault_is_found() {
    let mut outbox = with(3);
    assert_eq!(outbox.failed(&problem("too_large", 413)), Failed::Retry);
    assert_eq!(sends(&outbox), [1], "one by one");
    outbox.answered(answer(8, &[(1, None)]));
    assert_eq!(sends(&outbox), [2, 3], "and together again");
    outbox.failed(&problem("too_large", 413));
    let Failed::Refused { refused } = outbox.failed(&problem("too_large", 413)) else { panic!("one alone is refused") };
    assert_eq!(refused.iter().map(|one| one.command.id()).collect::<Vec<_>>(), [id(2)]);
    assert_eq!((ids(&outbox), sends(&outbox)), (vec![id(1), id(3)], vec![3]));
}

#[test]
fn who_may_not_come_in_is_refused_everything_that_the_server_has_not() {
    for status in [403, 404, 410] {
        let mut outbox = with(3);
        outbox.answered(answer(8, &[(1, None)]));
        let Failed::Refused { refused } = outbox.failed(&problem("no", status)) else { panic!("{status} is final") };
        assert_eq!(refused.len(), 2, "{status}");
        assert_eq!(ids(&outbox), [id(1)], "{status}: what it has taken stands");
    }
}

#[test]
fn after_a_snapshot_what_was_acknowledged_is_asked_again() {
    let mut outbox = with(2);
    outbox.answered(answer(8, &[(1, None), (2, None)]));
    assert_eq!((sends(&outbox), outbox.unsent()), (vec![], 0));
    outbox.ask_again();
    assert_eq!((sends(&outbox), outbox.unsent()), (vec![1, 2], 2));
    assert_eq!(outbox.reached(&at(99)), [], "what it said before counts no more");
}
