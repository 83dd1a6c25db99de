//! Word of one copy says nothing of another that has been handed over since: a late answer's, a late pong's, a stream's that is gone.

use agentrq_core::id::{DeliveryId, Id, SessionId};
use agentrq_core::limits;
use agentrq_core::mcp::jsonrpc::RequestId;
use agentrq_core::model::{Delivery, DeliveryState, Route};

use serde_json::json;

use super::{Given, answer, confirm, deliver, give, lose, ping, pong, repeat_unproven, riding, take_over, ungiven, written};
use crate::mcp::room::Room;
use crate::sql::Sql;
use crate::workspace::calls::{self, Call};
use crate::workspace::connections::{self, Connection, Kind, Phase, WhenLeft};

/// A person's answer to what this agent asked.
fn answer_to(room: &Room, agent: &Connection) -> DeliveryId {
    let task = room.asks(agent, "Question: x");
    room.says(task, "Both.")
}

/// A new model listens on this connection, and is given what is owed to it.
fn begins(room: &Room, on: &Connection, session: SessionId) {
    room.commit(|tx| {
        connections::reached(tx.sql(), on.id, Phase::Ready, session).expect("reached");
        super::begins(tx, &on.agent, session).expect("begun");
        deliver(tx).expect("delivered");
    });
}

fn another(number: u32) -> SessionId {
    SessionId(Id::new(1_800_000_000_000, 1_000 + number))
}

/// The pings that wait for their pong, oldest first.
fn pings(room: &Room) -> Vec<RequestId> {
    let rows = room.commit(|tx| tx.sql().exec("SELECT id FROM pings ORDER BY seq", &[]).expect("looked"));
    rows.iter().map(|row| RequestId::text(row.text(0).expect("an id"))).collect()
}

/// A call of this agent is answered, with this in the answer. Its number.
fn called(room: &Room, agent: &Connection, request: &str, ids: &[DeliveryId]) -> u64 {
    room.commit(|tx| {
        let given = give(tx, agent, ids, Route::Result).expect("given");
        let call = Call { session: agent.session, request: RequestId::text(request), hash: String::new() };
        calls::note(tx, &call, "{}", &given).expect("noted")
    })
}

/// Word of the answer to a call comes.
fn word(room: &Room, agent: &Connection, number: u64, arrived: bool) {
    let word = room.commit(|tx| if arrived { calls::written(tx, agent.session, number) } else { calls::lost(tx, agent.session, number) });
    word.expect("heard");
}

/// The session calls again, and its model has read what it was answered before. What of it is seen by now.
fn calls_again(room: &Room, agent: &Connection, delivery: DeliveryId) -> DeliveryState {
    let agent = Connection { kind: Kind::Http, ..agent.clone() };
    room.commit(|tx| confirm(tx, &agent)).expect("confirmed");
    room.delivery(delivery).state
}

#[test]
fn word_of_an_answer_says_nothing_of_what_its_session_has_been_pushed_since() {
    for arrived in [true, false] {
        let room = Room::new();
        let stream = room.agent("claude");
        let answer = answer_to(&room, &stream);
        let number = called(&room, &stream, "1", &[answer]);
        // It was owed to another client of the agent, which went at once: so it is pushed to the one that has it in an answer under way, on
        // a stream that it has opened since.
        let other = room.agent("claude");
        begins(&room, &other, other.session);
        room.commit(|tx| lose(tx, stream.id)).expect("lost");
        let again = room.agent("claude");
        room.commit(|tx| connections::reached(tx.sql(), again.id, Phase::Ready, stream.session)).expect("reached");
        room.commit(|tx| lose(tx, other.id)).expect("lost");
        room.commit(|tx| deliver(tx).expect("delivered"));
        let pushed = room.delivery(answer);
        assert_eq!((pushed.state, pushed.session, pushed.copies), (DeliveryState::Sent, Some(stream.session), 3));

        word(&room, &stream, number, arrived);
        assert_eq!(room.delivery(answer), pushed);
    }
}

#[test]
fn what_an_answer_only_tells_of_is_read_when_that_answer_is_known_to_have_arrived_and_not_before() {
    let room = Room::new();
    let stream = room.agent("claude");
    let answer = answer_to(&room, &stream);
    room.commit(|tx| deliver(tx).expect("delivered"));
    let [ping] = pings(&room).try_into().expect("a ping");
    assert_eq!(room.commit(|tx| pong(tx, stream.id, &ping)).ok(), Some(true));

    let first = called(&room, &stream, "1", &[answer]);
    assert_eq!(calls_again(&room, &stream, answer), DeliveryState::Received, "nobody knows what became of the answer");
    word(&room, &stream, first, false);
    assert_eq!(calls_again(&room, &stream, answer), DeliveryState::Received, "it was lost");
    let second = called(&room, &stream, "2", &[answer]);
    word(&room, &stream, second, true);
    assert_eq!(calls_again(&room, &stream, answer), DeliveryState::Seen);
    assert_eq!(room.delivery(answer).copies, 1);
}

#[test]
fn who_was_told_that_something_is_on_its_way_is_given_it_if_it_is_lost_there() {
    let room = Room::new();
    let (one, two) = (room.agent("claude"), room.agent("claude"));
    let answer = answer_to(&room, &one);
    let under_way = called(&room, &one, "1", &[answer]);
    let told = called(&room, &two, "1", &[answer]);
    word(&room, &two, told, true);
    assert_eq!(room.commit(|tx| ungiven(tx, &two)).expect("looked"), []);
    word(&room, &one, under_way, false);
    assert_eq!(room.commit(|tx| ungiven(tx, &two)).expect("looked").len(), 1);
}

#[test]
fn what_was_owed_to_a_client_that_went_is_not_shown_again_on_the_stream_that_had_it_but_rides_on_its_next_result() {
    let room = Room::new();
    let stream = room.agent("claude");
    let answer = answer_to(&room, &stream);
    room.commit(|tx| deliver(tx).expect("delivered"));
    let [ping] = pings(&room).try_into().expect("a ping");
    assert_eq!(room.commit(|tx| pong(tx, stream.id, &ping)).ok(), Some(true));
    let other = room.agent("claude");
    begins(&room, &other, other.session);
    assert_eq!(room.delivery(answer).session, Some(other.session));

    room.commit(|tx| lose(tx, other.id)).expect("lost");
    room.commit(|tx| deliver(tx).expect("delivered"));
    assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
    called(&room, &stream, "1", &[answer]);
    assert_eq!(room.delivery(answer).state, DeliveryState::Sent);
}

#[test]
fn an_old_sessions_answer_takes_nothing_off_the_new_ones_stream_and_proves_nothing_of_it() {
    for arrived in [true, false] {
        let room = Room::new();
        let old = room.agent("claude");
        let answer = answer_to(&room, &old);
        room.commit(|tx| connections::closed(tx.sql(), old.id, tx.now)).expect("closed");
        let number = called(&room, &old, "1", &[answer]);
        let new = room.agent("claude");
        begins(&room, &new, new.session);
        let pushed = room.delivery(answer);
        assert_eq!((pushed.state, pushed.session, pushed.copies), (DeliveryState::Sent, Some(new.session), 2));

        word(&room, &old, number, arrived);
        assert_eq!(room.delivery(answer), pushed);
    }
}

#[test]
fn what_is_being_written_to_a_call_that_waits_is_shown_to_no_new_session_unless_it_is_lost() {
    for arrived in [true, false] {
        let room = Room::new();
        let asker = room.agent("claude");
        let delivery = answer_to(&room, &asker);
        room.commit(|tx| lose(tx, asker.id)).expect("lost");
        let kind = Kind::Call { request: RequestId::text("1"), left: WhenLeft::Cancelled };
        let call = Connection { id: another(1), session: another(1), kind, ..asker };
        room.commit(|tx| {
            connections::insert(tx.sql(), &call, tx.now).expect("opened");
            let given = give(tx, &call, &[delivery], Route::Wait).expect("given");
            answer(tx, &call, &json!({}), &given).expect("answered");
        });
        let new = room.agent("claude");
        begins(&room, &new, new.session);
        assert_eq!(room.delivery(delivery).session, Some(call.session));

        room.commit(|tx| {
            if arrived {
                written(tx.sql(), call.id, u64::MAX >> 12, tx.now).expect("noted");
            }
            lose(tx, call.id).expect("over");
            deliver(tx).expect("delivered");
        });
        let is = room.delivery(delivery);
        if arrived {
            assert_eq!((is.state, is.session), (DeliveryState::Received, Some(call.session)));
        } else {
            assert_eq!((is.state, is.session), (DeliveryState::Sent, Some(new.session)));
        }
    }
}

#[test]
fn a_pong_speaks_for_the_session_that_was_pinged_even_if_another_listens_on_the_same_stream() {
    let room = Room::new();
    let stream = room.agent("claude");
    let answer = answer_to(&room, &stream);
    room.commit(|tx| deliver(tx).expect("delivered"));
    begins(&room, &stream, another(1));
    let [old, new] = pings(&room).try_into().expect("two pings");

    assert_eq!(room.commit(|tx| pong(tx, stream.id, &old)).ok(), Some(true));
    assert_eq!(room.delivery(answer).state, DeliveryState::Sent);
    assert_eq!(room.commit(|tx| pong(tx, stream.id, &new)).ok(), Some(true));
    assert_eq!(room.delivery(answer).state, DeliveryState::Received);
}

#[test]
fn a_stream_that_is_gone_gives_back_what_it_had_for_every_session_on_it() {
    let room = Room::new();
    let stream = room.agent("claude");
    let answer = answer_to(&room, &stream);
    room.commit(|tx| deliver(tx).expect("delivered"));
    begins(&room, &stream, another(1));
    // Owed once already, it stays with the session before this one.
    begins(&room, &stream, another(2));
    assert_eq!(room.delivery(answer).session, Some(another(1)));

    room.commit(|tx| lose(tx, stream.id)).expect("lost");
    assert_eq!(room.delivery(answer).state, DeliveryState::Queued);
}

#[test]
fn a_stream_that_is_dialled_again_does_not_repeat_what_another_was_given_since() {
    let room = Room::new();
    let old = room.agent("claude");
    let answer = answer_to(&room, &old);
    room.commit(|tx| deliver(tx).expect("delivered"));
    let pushes = || {
        let told = room.commit(|tx| repeat_unproven(tx, old.id).map(|()| std::mem::take(&mut tx.outgoing))).expect("repeated");
        told.iter().filter(|said| format!("{said:?}").contains(&format!("d{answer}."))).count()
    };
    assert_eq!(pushes(), 1);
    room.commit(|tx| connections::closed(tx.sql(), old.id, tx.now)).expect("closed");
    let new = room.agent("claude");
    begins(&room, &new, new.session);
    assert_eq!(room.delivery(answer).session, Some(new.session));
    assert_eq!(pushes(), 0);
}

/// The agent's call is answered on its stream, with what waits for it.
fn answered_on(room: &Room, stream: &Connection) {
    room.commit(|tx| {
        let (_, given) = riding(tx, stream, &[]).expect("what waits");
        answer(tx, stream, &json!({}), &given).expect("answered");
        ping(tx, stream.id, &given.copies).expect("pinged");
    });
}

/// The stream broke, and its client went on with another one, in silence.
fn goes_on(room: &Room, broken: &Connection) -> Connection {
    let new = room.agent("claude");
    room.commit(|tx| {
        connections::closed(tx.sql(), broken.id, tx.now).expect("closed");
        connections::reached(tx.sql(), new.id, Phase::Ready, broken.session).expect("reached");
        take_over(tx, broken.id, new.id).expect("taken over");
    });
    new
}

#[test]
fn an_answer_that_is_given_again_hands_over_what_stood_in_it_and_not_what_it_only_named() {
    let room = Room::new();
    let stream = room.agent("claude");
    let pushed = answer_to(&room, &stream);
    room.commit(|tx| deliver(tx).expect("delivered"));
    let waiting = answer_to(&room, &stream);
    answered_on(&room, &stream);
    goes_on(&room, &stream);

    let way = |Delivery { state, route, .. }: Delivery| (state, route);
    assert_eq!(way(room.delivery(waiting)), (DeliveryState::Sent, Some(Route::Result)));
    // Its push was lost with the stream, and the answer only says that there was one.
    assert_eq!(way(room.delivery(pushed)), (DeliveryState::Queued, None));
}

#[test]
fn what_stands_in_an_answer_that_is_given_again_is_named_once_more_before_it_counts_as_read() {
    let room = Room::new();
    let stream = room.agent("claude");
    let waiting = answer_to(&room, &stream);
    answered_on(&room, &stream);
    // Its client may have given the request up as the stream broke: it answers pings all the same.
    let new = Connection { session: stream.session, ..goes_on(&room, &stream) };
    for ping in pings(&room) {
        assert_eq!(room.commit(|tx| pong(tx, new.id, &ping)).ok(), Some(true));
    }
    room.commit(|tx| confirm(tx, &new)).expect("confirmed");
    assert_eq!(room.delivery(waiting).state, DeliveryState::Received);

    let named = || room.commit(|tx| riding(tx, &new, &[])).expect("what waits").0;
    assert_eq!(
        named(),
        [format!("{waiting} for task {} was pushed; if you have not seen it, call getTaskMessages.", room.delivery(waiting).task)]
    );
    room.commit(|tx| confirm(tx, &new)).expect("confirmed");
    assert_eq!(room.delivery(waiting).state, DeliveryState::Seen);
}

#[test]
fn what_is_too_long_for_a_result_is_named_and_waits_until_somebody_is_given_it() {
    let room = Room::new();
    let stream = room.agent("claude");
    let task = room.asks(&stream, "Question: x");
    let long = room.says(task, &"a".repeat(limits::RIDING_BYTES));
    for _ in 0..2 {
        let (blocks, given) = room.commit(|tx| riding(tx, &stream, &[])).expect("what waits");
        assert_eq!((blocks.len(), given), (1, Given::default()));
        assert!(blocks[0].contains("too long for here"), "{blocks:?}");
    }
    assert_eq!(room.delivery(long).state, DeliveryState::Queued);
    room.commit(|tx| give(tx, &stream, &[long], Route::Result)).expect("given");
    assert_eq!(room.delivery(long).state, DeliveryState::Sent);
}
