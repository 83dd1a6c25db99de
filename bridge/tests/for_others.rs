//! `agentrq runner` as a whole, against a server that loses answers, cuts streams and refuses: what is claimed runs once and is never left alone.

mod server;

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Output};
use std::time::Duration;

use rustix::process::{Pid, Signal, test_kill_process};
use serde_json::{Value, json};
use server::agentrq::{Asked, Fault, TASK, World};
use server::started::{self, signal, stderr};

fn world(asked: Asked, faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::begin(faults);
    world.with(|state| state.asked = Some(asked));
    world
}

fn begin(world: &World, options: &[&str]) -> Child {
    begin_in(world, options, &std::env::var("PATH").expect("a PATH"))
}

fn begin_in(world: &World, options: &[&str], path: &str) -> Child {
    let mut command = started::agentrq(["runner", "--url", &world.url()]);
    command.args(options).env("PATH", path);
    command.spawn().expect("started")
}

/// Asks it to end, and waits for that.
fn end(runner: Child) -> Output {
    signal(&runner, Signal::TERM);
    runner.wait_with_output().expect("ended")
}

fn statuses(world: &World) -> Vec<Value> {
    world.updates().into_iter().map(|update| update["status"].clone()).collect()
}

fn count(world: &World, tool: &str) -> usize {
    world.with(|state| state.calls.iter().filter(|(called, _)| called == tool).count())
}

fn is(world: &World, status: &str) {
    world.until(|state| state.asked.as_ref().is_some_and(|asked| asked.status == status));
}

#[test]
fn it_asks_to_be_told_before_it_looks_claims_in_its_name_and_says_how_it_ended() {
    let world = world(Asked::pending("sh -c 'echo out; exit 3'"), []);
    let runner = begin(&world, &["--allow-command", "sh -c 'echo out; exit 3'"]);
    is(&world, "failed");
    let output = end(runner);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), b"" as &[u8]));
    let tools = world.with(|state| state.calls.iter().take(3).map(|(tool, _)| tool.clone()).collect::<Vec<_>>());
    assert_eq!(tools, ["TaskNext", "TaskList", "TaskUpdate"]);
    let updates = world.updates();
    assert_eq!((&updates[0]["status"], &updates[0]["owner"]), (&json!("running"), &json!("laptop-runner")));
    assert_eq!(updates[1], json!({"taskId": TASK, "status": "failed", "exitCode": 3, "fence": 4}));
    world.with(|state| assert_eq!((state.output.as_slice(), state.fence.as_deref()), (b"out\n" as &[u8], Some("4"))));
    let said = stderr(&output);
    assert!(said.contains("#7 started: sh -c 'echo out; exit 3'\n") && said.contains("#7 ended with exit code 3\n"), "{said}");
}

#[test]
fn a_claim_whose_answer_was_lost_is_ours_all_the_same_and_runs_once() {
    let world = world(Asked::pending("echo x"), []);
    world.with(|state| state.loses = Some("TaskUpdate"));
    let runner = begin(&world, &["--allow-command", "echo x"]);
    is(&world, "completed");
    end(runner);
    assert_eq!(statuses(&world), ["running", "completed"]);
    world.with(|state| assert_eq!(state.output, b"x\n"));
}

#[test]
fn a_claim_that_another_of_the_same_name_has_made_meanwhile_is_not_ours() {
    let world = world(Asked { has_rival: true, ..Asked::pending("echo x") }, []);
    let runner = begin(&world, &["--allow-command", "echo x"]);
    is(&world, "running");
    // It goes on with others, and does not take that for its own then.
    world.with(|state| state.asked = Some(Asked::pending("echo other")));
    world.tell(&json!({"chat_id": TASK, "kind": "task", "message_id": "m"}));
    world.until(|state| state.calls.iter().filter(|(tool, _)| tool == "TaskList").count() >= 3);
    let output = end(runner);
    assert_eq!(statuses(&world), ["running"]);
    assert!(!stderr(&output).contains("started"), "{}", stderr(&output));
}

#[test]
fn what_waits_for_another_is_left_until_that_is_done() {
    let world = world(Asked { after: Some(("3".into(), false)), ..Asked::pending("echo x") }, []);
    let runner = begin(&world, &["--allow-command", "echo x"]);
    world.until(|state| state.calls.iter().any(|(tool, _)| tool == "TaskGet"));
    assert_eq!(statuses(&world), [] as [&str; 0]);
    world.with(|state| state.asked.as_mut().expect("asked").after = Some(("3".into(), true)));
    world.tell(&json!({"chat_id": TASK, "kind": "task", "message_id": "m"}));
    is(&world, "completed");
    end(runner);
}

#[test]
fn it_looks_again_when_it_is_told_and_when_its_stream_was_cut_and_not_otherwise() {
    let world = world(Asked::pending("not this"), []);
    let runner = begin(&world, &["--allow-command", "echo x"]);
    let looked = |times: usize| world.until(|state| state.calls.iter().filter(|(tool, _)| tool == "TaskList").count() >= times);
    // Once at first, and once when the stream is open.
    looked(2);
    world.tell(&json!({"chat_id": "other", "kind": "task", "message_id": "m"}));
    looked(3);
    world.cut();
    looked(4);
    world.with(|state| state.asked = Some(Asked::pending("echo x")));
    world.tell(&json!({"chat_id": TASK, "kind": "task", "message_id": "m"}));
    is(&world, "completed");
    let output = end(runner);
    // Twice at first, twice for what it was told, once for the cut, and once when the command had ended.
    assert!(count(&world, "TaskNext") <= 6, "{}", count(&world, "TaskNext"));
    assert_eq!(stderr(&output).matches("#7 is left to others: not this (it is not allowed). Allowed: echo x\n").count(), 1);
}

#[test]
fn a_stop_that_comes_with_the_answer_to_a_post_ends_the_command() {
    let world = world(Asked::pending("sh -c 'echo up; sleep 60'"), [Fault::Stop]);
    let runner = begin(&world, &["--allow-command", "sh *"]);
    is(&world, "killed");
    end(runner);
}

#[test]
fn a_command_that_nobody_can_watch_any_more_is_ended() {
    let world = world(Asked::pending("sh -c 'echo up; sleep 60'"), [Fault::Status(409)]);
    let runner = begin(&world, &["--allow-command", "sh *"]);
    is(&world, "killed");
    let output = end(runner);
    assert!(stderr(&output).contains("is not sent any more: it is not wanted"), "{}", stderr(&output));
}

#[test]
fn a_command_of_who_runs_it_himself_is_left_to_him() {
    let metadata = json!({"task_uid": "run-0123456789abcdef"});
    let world = world(Asked { metadata, ..Asked::pending("echo x") }, []);
    let runner = begin(&world, &["--allow-command", "echo x"]);
    world.until(|state| state.calls.iter().filter(|(tool, _)| tool == "TaskList").count() >= 2);
    let output = end(runner);
    assert_eq!((statuses(&world).len(), stderr(&output).contains("left to others")), (0, false));
}

#[test]
fn who_is_not_let_look_ends_and_says_why() {
    let world = world(Asked::pending("echo x"), []);
    world.with(|state| state.refusal = Some("this token may only read".into()));
    let output = begin(&world, &["--allow-command", "echo x"]).wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("no more is taken: this token may only read"), "{}", stderr(&output));
}

#[test]
fn a_second_signal_ends_what_a_command_has_left_behind_though_it_is_gone_itself() {
    let folder = tempfile::tempdir().expect("a folder");
    let script =
        "#!/bin/sh\n(trap '' TERM; echo $$ > left; while :; do : > alive; sleep 0.02; done) &\ntrap 'exit 0' TERM\necho $$ > own\nwait\n";
    std::fs::write(folder.path().join("begin"), script).expect("written");
    std::fs::set_permissions(folder.path().join("begin"), std::fs::Permissions::from_mode(0o755)).expect("made executable");
    let world = world(Asked::pending("./begin"), []);
    let runner = begin(&world, &["--allow-command", "./begin", "--grace", "24h", "--dir", folder.path().to_str().expect("a path")]);
    let pid = |name: &str| loop {
        let text = std::fs::read_to_string(folder.path().join(name)).unwrap_or_default();
        if let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) {
            break pid;
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    let (own, _) = (pid("own"), pid("left"));
    signal(&runner, Signal::INT);
    while test_kill_process(own).is_ok() {
        std::thread::sleep(Duration::from_millis(10));
    }
    signal(&runner, Signal::INT);
    let output = runner.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    std::fs::remove_file(folder.path().join("alive")).expect("it was");
    std::thread::sleep(Duration::from_millis(300));
    assert!(!folder.path().join("alive").exists(), "nothing of it is left");
}

#[test]
fn a_bare_name_is_no_file_of_the_folder_though_path_names_that() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("mine"), "#!/bin/sh\necho ran\n").expect("written");
    std::fs::set_permissions(folder.path().join("mine"), std::fs::Permissions::from_mode(0o755)).expect("made executable");
    let here = folder.path().to_str().expect("a path");
    for path in [
        ".".to_owned(),
        String::new(),
        here.to_owned(),
        format!("{here}/../{}", folder.path().file_name().expect("a name").to_str().expect("text")),
    ] {
        let world = world(Asked::pending("mine"), []);
        let path = format!("{path}:{}", std::env::var("PATH").expect("a PATH"));
        let runner = begin_in(&world, &["--allow-command", "mine", "--dir", here], &path);
        is(&world, "failed");
        end(runner);
        world.with(|state| assert_eq!(String::from_utf8_lossy(&state.output), "agentrq: mine: command not found\n", "{path}"));
    }
    let world = world(Asked::pending("./mine"), []);
    let runner = begin_in(&world, &["--allow-command", "./mine", "--dir", here], ".:/bin:/usr/bin");
    is(&world, "completed");
    end(runner);
}
