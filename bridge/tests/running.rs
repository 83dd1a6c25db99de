//! `agentrq run` as a whole, against a server: what people see of a command, and what the shell sees.

mod server;

use std::net::TcpListener;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use server::agentrq::{Fault, TASK, World};
use server::started::{self, signal, stderr};

fn agentrq(url: &str, options: &[&str], script: &str) -> Command {
    let words = ["run", "--url", url].into_iter().chain(options.iter().copied());
    started::agentrq(words.chain(["--", "sh", "-c", script]))
}

fn run(url: &str, options: &[&str], script: &str) -> Output {
    agentrq(url, options, script).output().expect("run")
}

#[test]
fn a_command_is_a_task_with_its_output_and_its_end() {
    let world = World::begin([]);
    let output = run(&world.url(), &["--title", "Tests", "--list", "night", "--timeout", "10m"], "echo out; echo err >&2; exit 3");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(3), b"out\n" as &[u8]));
    let page = format!("agentrq: http://{}/w/0123456789ABCDEFGHIJKL/tasks/{TASK}\n", world.at);
    assert!(stderr(&output).contains("err\n") && stderr(&output).contains(&page), "{}", stderr(&output));
    assert_eq!(output.stderr.len(), page.len() + 4);

    let (tool, created) = world.with(|state| state.calls[0].clone());
    assert_eq!(
        (tool.as_str(), &created["subject"], &created["type"], &created["timeout"]),
        ("TaskCreate", &json!("Tests"), &json!("local_bash"), &json!(600_000))
    );
    assert_eq!(created["command"], "sh -c 'echo out; echo err >&2; exit 3'");
    // Claimed as it is made: a stop that comes at once finds whom to tell.
    assert_eq!((&created["status"], &created["owner"]), (&json!("running"), &json!("laptop-run")));
    assert_eq!(world.updates(), [json!({"taskId": TASK, "status": "failed", "exitCode": 3, "fence": 4})]);
    world.with(|state| {
        let mut lines: Vec<_> = state.output.split_inclusive(|byte| *byte == b'\n').collect();
        lines.sort_unstable();
        assert_eq!(lines, [b"err\n" as &[u8], b"out\n"]);
        assert_eq!(state.query, "agent=laptop-run&list=night");
        assert_eq!(state.fence.as_deref(), Some("4"));
        assert!(state.ended, "the session is closed");
        assert!(state.tokens.iter().all(|token| token == "Bearer s3cret"));
    });
}

#[test]
fn a_quiet_one_says_nothing_of_its_own() {
    let world = World::begin([]);
    let output = run(&world.url(), &["--quiet"], "echo err >&2");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), "err\n"));
    assert_eq!(world.updates()[0]["status"], "completed");
}

#[test]
fn a_stop_on_the_stream_ends_the_command() {
    let world = World::begin([]);
    let child = agentrq(&world.url(), &[], "echo ready; while :; do sleep 0.01; done").spawn().expect("started");
    world.until(|state| state.output == b"ready\n");
    world.tell(&json!({"chat_id": "another", "kind": "stop", "message_id": "m1"}));
    world.tell(&json!({"chat_id": TASK, "kind": "reply", "message_id": "m2"}));
    world.tell(&json!({"chat_id": TASK, "kind": "stop", "message_id": "m3"}));
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(143));
    assert_eq!(world.updates()[0], json!({"taskId": TASK, "status": "killed", "exitCode": 143, "fence": 4}));
}

#[test]
fn a_stop_in_the_answer_to_output_ends_the_command() {
    let world = World::begin([Fault::Stop]);
    let output = run(&world.url(), &[], "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    assert_eq!(output.status.code(), Some(0));
    assert_eq!((&world.updates()[0]["status"], &world.updates()[0]["exitCode"]), (&json!("killed"), &json!(0)));
}

#[test]
fn what_outlives_the_command_and_never_stops_printing_holds_nobody_up() {
    let world = World::begin([]);
    let mut child = agentrq(&world.url(), &["--quiet"], "yes & exit 3").stdout(Stdio::null()).spawn().expect("started");
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        child.try_wait().expect("looked")
    });
    child.kill().ok();
    assert_eq!(ended.and_then(|status| status.code()), Some(3));
}

#[test]
fn signals_that_we_get_are_the_commands() {
    for (sent, code) in [(Signal::TERM, 143), (Signal::INT, 130), (Signal::HUP, 129)] {
        let world = World::begin([]);
        let child = agentrq(&world.url(), &[], "echo ready; while :; do sleep 0.01; done").spawn().expect("started");
        world.until(|state| state.output == b"ready\n");
        signal(&child, sent);
        assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(code));
        assert_eq!((&world.updates()[0]["status"], &world.updates()[0]["exitCode"]), (&json!("failed"), &json!(code)));
    }
}

#[test]
fn a_task_that_is_refused_leaves_the_command_alone() {
    let world = World::begin([]);
    world.with(|state| state.refusal = Some("the list is full".into()));
    let output = run(&world.url(), &[], "echo out; exit 5");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(5), b"out\n" as &[u8]));
    assert_eq!(stderr(&output), "agentrq: no task was made of the command: the list is full\n");
    assert_eq!(world.with(|state| (state.posts, state.calls.len())), (0, 1));
}

#[test]
fn a_server_that_wants_nothing_of_us_is_asked_once_and_quoted() {
    for status in [400, 401, 403, 404] {
        let world = World::begin([]);
        world.with(|state| state.door.push_back(status));
        let output = run(&world.url(), &[], "exit 5");
        assert_eq!(output.status.code(), Some(5));
        assert!(stderr(&output).contains("no task was made of the command: this is not for you"), "{status}: {}", stderr(&output));
        assert_eq!((stderr(&output).lines().count(), world.with(|state| state.calls.len())), (1, 0));
    }
}

#[test]
fn a_server_that_is_in_trouble_is_asked_again_and_gets_everything() {
    let world = World::begin([]);
    // The handshake, and later a call.
    world.with(|state| state.door.extend([503, 502]));
    let output = run(&world.url(), &["--quiet"], "echo out");
    assert_eq!((output.status.code(), world.with(|state| state.output.clone())), (Some(0), b"out\n".to_vec()));
    assert_eq!(world.updates()[0]["status"], "completed");
}

#[test]
fn a_call_whose_answer_was_lost_is_made_again_for_the_same_task() {
    let world = World::begin([]);
    world.with(|state| state.answers_lost = 2);
    run(&world.url(), &[], "true");
    let uid = |call: usize| world.with(|state| state.calls[call].1["metadata"]["task_uid"].clone());
    assert!(uid(0).as_str().is_some_and(|uid| uid.len() > 16));
    assert_eq!((uid(0), uid(1)), (uid(1), uid(2)));
    assert_eq!(world.updates().len(), 1);
    run(&world.url(), &[], "true");
    assert_ne!(uid(0), uid(4), "another command is another task");
}

#[test]
fn the_end_is_told_beside_the_end_of_the_session_and_on_another_where_its_answer_was_lost() {
    for (lost, sessions) in [(0, "S -"), (1, "S - S")] {
        let world = World::begin([]);
        let child = agentrq(&world.url(), &[], "echo ready; read line").stdin(Stdio::piped()).spawn().expect("started");
        world.until(|state| state.calls.len() == 1 && state.output == b"ready\n");
        world.with(|state| state.answers_lost = lost);
        assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(1), "nothing was read");
        let named = |session: &Option<String>| if session.is_some() { "S" } else { "-" };
        assert_eq!(world.with(|state| state.sessions.iter().map(named).collect::<Vec<_>>().join(" ")), sessions);
        assert!(world.with(|state| state.ended), "the session is closed");
        let updates = world.updates();
        assert!(
            !updates.is_empty()
                && updates.iter().all(|told| *told == json!({"taskId": TASK, "status": "failed", "exitCode": 1, "fence": 4})),
            "{updates:?}"
        );
    }
}

#[test]
fn a_stream_that_could_not_be_opened_or_was_cut_is_opened_again_and_bears_the_stop() {
    let world = World::begin([]);
    world.with(|state| state.stream_faults.extend([503, 502]));
    let child = agentrq(&world.url(), &[], "echo ready; while :; do sleep 0.01; done").spawn().expect("started");
    world.until(|state| state.output == b"ready\n");
    world.with(|state| state.stream_faults.push_back(503));
    world.cut();
    world.tell(&json!({"chat_id": TASK, "kind": "stop", "message_id": "m"}));
    assert_eq!(child.wait_with_output().expect("ended").status.code(), Some(143));
    assert_eq!(world.updates()[0]["status"], "killed");
}

#[test]
fn output_that_is_refused_leaves_the_command_alone_and_its_end_is_told() {
    let world = World::begin([Fault::Status(410)]);
    let output = run(&world.url(), &["--quiet"], "echo out; exit 5");
    assert_eq!(output.status.code(), Some(5));
    assert_eq!(stderr(&output).matches("agentrq:").count(), 1, "{}", stderr(&output));
    assert!(stderr(&output).contains("not sent any more: it is not wanted (410"), "{}", stderr(&output));
    assert_eq!(world.updates()[0]["exitCode"], 5);
}

#[test]
fn a_server_that_cannot_be_reached_leaves_the_command_alone() {
    // A port that nobody listens on: it was given away and taken back.
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let url = format!("http://{free}/mcp/ABC?token=s3cret&agent=a");
    let output = run(&url, &["--linger", "0s"], "echo out; exit 5");
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(5), b"out\n" as &[u8]));
    assert_eq!(stderr(&output), "agentrq: 4 bytes of the command's output, and that it ended, were not delivered\n");
}

#[test]
fn what_never_ran_is_told_to_nobody() {
    let world = World::begin([]);
    let output = started::agentrq(["run", "--url", &world.url(), "--", "there-is-no-such-command"]).output().expect("run");
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(127), "agentrq: there-is-no-such-command: command not found\n"));
    assert!(world.with(|state| state.tokens.is_empty()));
}

#[test]
fn a_wrong_line_is_answered_with_2() {
    let output = started::agentrq(["run", "true"]).output().expect("run");
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).starts_with("agentrq: no address: give"), "{}", stderr(&output));
}
