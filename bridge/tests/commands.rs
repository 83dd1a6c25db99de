//! A command under the bridge is as it is without: its output, its exit code, its signals; and nothing is left of it when it was stopped.

use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Duration;

use agentrq_bridge::job::buffer::Limits;
use agentrq_bridge::job::reach::Group;
use agentrq_bridge::job::signals::Signals;
use agentrq_bridge::job::spool::Spool;
use agentrq_bridge::job::start::{NotStarted, Outputs, Running, start};
use agentrq_bridge::job::stop::Stop;
use agentrq_bridge::job::supervise::{Ended, Patience, Why, supervise};

const PATIENT: Patience = Patience { timeout: None, grace: Duration::from_secs(3600) };
/// Ends at once whoever does not end when asked.
const IMPATIENT: Patience = Patience { timeout: None, grace: Duration::ZERO };

fn shell(script: &str) -> Vec<std::ffi::OsString> {
    ["sh", "-c", script].map(Into::into).into()
}

fn spool() -> Arc<Spool> {
    Arc::new(Spool::new(Limits::default()))
}

fn nowhere() -> Outputs {
    let null = || OwnedFd::from(File::options().write(true).open("/dev/null").expect("a file"));
    Outputs { stdout: null(), stderr: null() }
}

fn begin(script: &str, group: Group, spool: &Arc<Spool>) -> Running {
    start(&shell(script), group, nowhere(), spool).expect("started")
}

async fn end(running: Running, stop: &Stop, patience: Patience) -> Ended {
    let mut signals = Signals::listen().expect("signals");
    supervise(running, &mut signals, stop, patience).await.expect("ended")
}

/// Runs a script to its end: how it ended, and all that it wrote.
async fn run(script: &str) -> (Ended, String) {
    let spool = spool();
    let ended = end(begin(script, Group::Own, &spool), &Stop::default(), PATIENT).await;
    (ended, written(&spool))
}

fn written(spool: &Spool) -> String {
    String::from_utf8(spool.chunk(1 << 20).expect("read").1).expect("text")
}

/// Waits for words of the command.
async fn hears(spool: &Spool, words: &str) {
    while !written(spool).contains(words) {
        tokio::task::yield_now().await;
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn an_exit_code_is_the_commands() {
    for code in [0, 1, 42, 255] {
        let (ended, _) = run(&format!("exit {code}")).await;
        assert_eq!(ended, Ended { exit_code: code, why: Why::ByItself });
    }
}

#[tokio::test]
async fn a_command_that_died_of_a_signal_says_so_in_its_exit_code() {
    for (signal, code) in [("TERM", 143), ("KILL", 137), ("INT", 130)] {
        assert_eq!(run(&format!("kill -{signal} $$")).await.0.exit_code, code);
    }
}

#[tokio::test]
async fn what_there_is_not_and_what_cannot_be_executed_are_told_apart() {
    let begin = |program: &str| start(&[program.into()], Group::Own, nowhere(), &spool()).expect_err("not started");
    let error = begin("there-is-no-such-command");
    assert_eq!((error.exit_code(), error.to_string().as_str()), (127, "there-is-no-such-command: command not found"));
    let error = begin("/");
    assert!(matches!(error, NotStarted::NotExecutable { .. }));
    assert_eq!(error.exit_code(), 126);
}

#[tokio::test]
async fn all_output_is_taken_in_the_order_in_which_it_was_written() {
    // Our own two are one file here, as they are in a terminal.
    let (ended, output) = run("for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done; printf end").await;
    let expected: String = (1..=5).map(|i| format!("out {i}\nerr {i}\n")).collect();
    assert_eq!((ended.exit_code, output), (0, format!("{expected}end")));
}

#[tokio::test]
async fn stdout_and_stderr_go_where_ours_go_byte_for_byte() {
    let (mut out, into_out) = std::io::pipe().expect("a pipe");
    let (mut err, into_err) = std::io::pipe().expect("a pipe");
    let outputs = Outputs { stdout: into_out.into(), stderr: into_err.into() };
    let spool = spool();
    let running = start(&shell(r"printf 'a\0\377b'; printf 'c\r\n' >&2"), Group::Own, outputs, &spool).expect("started");
    end(running, &Stop::default(), PATIENT).await;
    let (mut from_out, mut from_err) = (Vec::new(), Vec::new());
    out.read_to_end(&mut from_out).expect("read");
    err.read_to_end(&mut from_err).expect("read");
    assert_eq!((from_out, from_err), (b"a\0\xffb".to_vec(), b"c\r\n".to_vec()));
    assert_eq!(spool.unsent(), 7);
}

#[tokio::test]
async fn a_command_whose_reader_has_gone_learns_it_as_without_us() {
    let (reader, into) = std::io::pipe().expect("a pipe");
    drop(reader);
    let outputs = Outputs { stdout: into.into(), stderr: nowhere().stderr };
    // Without SIGPIPE it would go on for ever.
    let running = start(&["yes".into()], Group::Own, outputs, &spool()).expect("started");
    assert_eq!(end(running, &Stop::default(), PATIENT).await.exit_code, 128 + 13);
}

#[tokio::test]
async fn a_stop_asks_the_command_to_end_and_it_may_still_say_something() {
    let (spool, stop) = (spool(), Stop::default());
    let running = begin("trap 'echo tidied; exit 7' TERM; echo ready; while :; do sleep 0.01; done", Group::Own, &spool);
    hears(&spool, "ready").await;
    stop.ask();
    let ended = end(running, &stop, PATIENT).await;
    assert_eq!(ended, Ended { exit_code: 7, why: Why::Stopped });
    let output = written(&spool);
    assert!(output.starts_with("ready\n") && output.ends_with("tidied\n"), "{output}");
}

#[tokio::test]
async fn who_does_not_end_when_asked_is_ended() {
    for group in [Group::Own, Group::Shared] {
        let (spool, stop) = (spool(), Stop::default());
        let running = begin("trap '' TERM; echo ready; while :; do sleep 0.01; done", group, &spool);
        hears(&spool, "ready").await;
        stop.ask();
        assert_eq!(end(running, &stop, IMPATIENT).await, Ended { exit_code: 137, why: Why::Stopped });
    }
}

#[tokio::test]
async fn a_stop_leaves_nobody_behind_whoever_the_command_has_started() {
    for group in [Group::Own, Group::Shared] {
        let (spool, stop) = (spool(), Stop::default());
        // The child does not end when asked, holds no pipe, and outlives its parent.
        let script = "sh -c 'trap \"\" TERM; echo child $$; exec >/dev/null 2>&1; while :; do sleep 0.01; done' & wait";
        let running = begin(script, group, &spool);
        hears(&spool, "\n").await;
        let child = written(&spool).trim().trim_start_matches("child ").to_owned();
        stop.ask();
        let patience = Patience { timeout: None, grace: Duration::from_millis(50) };
        assert_eq!(end(running, &stop, patience).await, Ended { exit_code: 143, why: Why::Stopped });
        let state = std::fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        let is_alive = !state.is_empty() && !state.contains(") Z") && !state.contains(") X");
        assert!(!is_alive || cfg!(not(target_os = "linux")), "{group:?}: {state}");
    }
}

#[tokio::test]
async fn who_is_suspended_ends_as_well() {
    let (spool, stop) = (spool(), Stop::default());
    let running = begin("echo ready; kill -STOP $$", Group::Own, &spool);
    hears(&spool, "ready").await;
    stop.ask();
    assert_eq!(end(running, &stop, PATIENT).await, Ended { exit_code: 143, why: Why::Stopped });
}

#[tokio::test]
async fn a_command_has_so_much_time_and_no_more() {
    let patience = Patience { timeout: Some(Duration::from_millis(20)), ..PATIENT };
    let ended = end(begin("while :; do sleep 0.01; done", Group::Own, &spool()), &Stop::default(), patience).await;
    assert_eq!(ended, Ended { exit_code: 124, why: Why::TimedOut });
}

#[tokio::test]
async fn whoever_holds_the_pipes_when_the_command_has_ended_is_not_waited_for() {
    let spool = spool();
    let running = begin("(echo from behind; exec sleep 3600) & echo $!; exit 3", Group::Own, &spool);
    let ended = end(running, &Stop::default(), PATIENT).await;
    assert_eq!(ended, Ended { exit_code: 3, why: Why::ByItself });
    hears(&spool, "from behind").await;
    let pid = written(&spool).lines().find_map(|line| line.parse::<i32>().ok()).expect("its number");
    let pid = rustix::process::Pid::from_raw(pid).expect("a number");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it goes on in peace until now");
}
