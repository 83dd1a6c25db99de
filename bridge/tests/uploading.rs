//! Output reaches the server once, whole and in order, whatever becomes of the posts that bear it.

mod server;

use std::sync::Arc;

use agentrq_bridge::address::{Address, Beside};
use agentrq_bridge::http;
use agentrq_bridge::job::buffer::Limits;
use agentrq_bridge::job::spool::Spool;
use agentrq_bridge::job::stop::Stop;
use agentrq_bridge::job::upload::{GivenUp, Output, SILENCE, upload};
use server::agentrq::{Fault, TASK, World};

struct Sent {
    world: World,
    result: Result<(), GivenUp>,
    stop: Stop,
    troubles: Vec<String>,
}

fn to(world: &World) -> Output {
    let address = Address::parse(&world.url(), &Beside::default()).expect("an address");
    let http = http::client(&address).expect("a client");
    Output { http, url: address.output_of(TASK), token: address.token().clone(), silence: SILENCE }
}

/// What comes of output when these things go wrong.
async fn sent(parts: &[&[u8]], limits: Limits, faults: impl IntoIterator<Item = Fault>) -> Sent {
    let world = World::begin(faults);
    let (spool, stop) = (Spool::new(limits), Stop::default());
    for part in parts {
        spool.append(part);
    }
    spool.close();
    let mut troubles = Vec::new();
    let result = upload(&to(&world), &spool, &stop, |why| troubles.push(why.to_owned())).await;
    Sent { world, result, stop, troubles }
}

fn text(sent: &Sent) -> String {
    sent.world.with(|state| String::from_utf8_lossy(&state.output).into_owned())
}

const HELLO: &[&[u8]] = &[b"hello ", b"world\n"];

#[tokio::test]
async fn what_has_come_meanwhile_goes_up_in_one_post_under_the_token() {
    let sent = sent(HELLO, Limits::default(), []).await;
    assert!(sent.result.is_ok() && sent.troubles.is_empty());
    assert_eq!((text(&sent).as_str(), sent.world.with(|state| state.posts)), ("hello world\n", 1));
    assert_eq!(sent.world.with(|state| state.tokens.clone()), ["Bearer s3cret"]);
}

#[tokio::test]
async fn a_post_that_is_lost_and_one_whose_answer_is_lost_come_again_and_nothing_is_doubled() {
    let sent = sent(HELLO, Limits::default(), [Fault::RequestLost, Fault::AnswerLost]).await;
    assert_eq!((sent.result.is_ok(), text(&sent).as_str()), (true, "hello world\n"));
    assert!(!sent.troubles.is_empty());
    assert!(sent.troubles.iter().all(|why| !why.contains("s3cret")), "{:?}", sent.troubles);
}

#[tokio::test]
async fn a_server_that_is_busy_or_broken_is_asked_again() {
    let sent = sent(HELLO, Limits::default(), [Fault::Status(503), Fault::Status(429), Fault::Status(500)]).await;
    assert_eq!((sent.result.is_ok(), text(&sent).as_str(), sent.troubles.len()), (true, "hello world\n", 3));
}

#[tokio::test]
async fn it_goes_on_where_the_server_is() {
    // Parts are taken; a gap is told of that is none any more.
    let sent = sent(HELLO, Limits::default(), [Fault::Part(3), Fault::Gap(3), Fault::Part(0), Fault::Part(2)]).await;
    assert_eq!((sent.result.is_ok(), text(&sent).as_str()), (true, "hello world\n"));
}

#[tokio::test]
async fn it_ends_where_the_server_has_lost_what_it_had_or_has_what_nobody_sent() {
    let lost = sent(HELLO, Limits::default(), [Fault::Part(5), Fault::Gap(2)]).await;
    let why = lost.result.expect_err("it is lost").to_string();
    assert!(why.contains("has 2 bytes of output and had 5"), "{why}");
    let foreign = sent(HELLO, Limits::default(), [Fault::Gap(100)]).await;
    let why = foreign.result.expect_err("it is foreign").to_string();
    assert!(why.contains("another writes"), "{why}");
}

#[tokio::test]
async fn a_refusal_ends_it_in_the_servers_words() {
    for status in [400, 401, 403, 404, 409, 410, 413] {
        let sent = sent(HELLO, Limits::default(), [Fault::Status(status)]).await;
        let why = sent.result.expect_err("it is refused").to_string();
        assert!(why.contains("it is not wanted") && why.contains(&status.to_string()), "{why}");
        assert_eq!(sent.world.with(|state| state.posts), 1);
    }
}

#[tokio::test]
async fn more_than_a_post_may_hold_goes_up_in_several_from_memory_and_from_the_file() {
    let all: Vec<u8> = (0..5_000_000_u32).map(|place| u8::try_from(place % 251).expect("small")).collect();
    let parts: Vec<&[u8]> = all.chunks(65_536).collect();
    let limits = Limits { memory: 2 << 20, disk: 16 << 20 };
    let sent = sent(&parts, limits, [Fault::None, Fault::AnswerLost, Fault::Status(503), Fault::Part(1000), Fault::RequestLost]).await;
    assert!(sent.result.is_ok());
    assert!(sent.world.with(|state| state.output == all));
}

#[tokio::test]
async fn a_stop_in_an_answer_is_passed_on() {
    let sent = sent(HELLO, Limits::default(), [Fault::Stop]).await;
    sent.stop.asked().await;
}

#[tokio::test]
async fn output_that_comes_while_it_waits_is_sent_when_it_comes() {
    let world = World::begin([]);
    let (spool, stop) = (Arc::new(Spool::new(Limits::default())), Stop::default());
    let (writer, seen) = (spool.clone(), world.clone());
    let thread = std::thread::spawn(move || {
        for (part, all) in [("one ", "one "), ("two ", "one two "), ("three", "one two three")] {
            writer.append(part.as_bytes());
            seen.until(|state| state.output == all.as_bytes());
        }
        writer.close();
    });
    upload(&to(&world), &spool, &stop, |_| {}).await.expect("sent");
    thread.join().expect("joined");
    assert_eq!(world.with(|state| state.posts), 3);
}

#[tokio::test]
async fn a_command_that_writes_nothing_is_told_of_all_the_same_and_may_be_stopped() {
    let world = World::begin([Fault::None, Fault::Status(503), Fault::None, Fault::Stop]);
    let (spool, stop) = (Spool::new(Limits::default()), Stop::default());
    spool.append(b"ready");
    let output = Output { silence: std::time::Duration::from_millis(5), ..to(&world) };
    tokio::select! {
        result = upload(&output, &spool, &stop, |_| {}) => panic!("there is no end: {result:?}"),
        () = stop.asked() => {}
    }
    assert_eq!(world.with(|state| (state.posts, state.output.clone())), (4, b"ready".to_vec()));
}
