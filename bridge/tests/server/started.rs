//! The command as tests start it: without what stands in their own environment, and with all that it says to be read.

use std::process::{Child, Command, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};

pub fn agentrq<'a>(words: impl IntoIterator<Item = &'a str>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentrq"));
    command.args(words).env_remove("AGENTRQ_URL").env_remove("AGENTRQ_TOKEN");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a number")).expect("a number")
}

pub fn signal(child: &Child, signal: Signal) {
    kill_process(pid(child), signal).expect("sent");
}
