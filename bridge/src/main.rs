//! `agentrq`: arguments in, a command out, an exit code back.

#[cfg(not(unix))]
compile_error!("agentrq needs Unix: it passes signals on and ends process groups. On Windows use WSL.");

use std::io::Write as _;
use std::process::ExitCode;

use agentrq_bridge::arguments::{self, Asked, Surroundings};
use agentrq_bridge::say::say;
use agentrq_bridge::{run, runner, secret, sync};

/// The exit code of a wrong call, as shells have it.
const WRONG_CALL: u8 = 2;

fn main() -> ExitCode {
    secret::keep();
    match arguments::read(std::env::args_os().skip(1), &Surroundings::of_this_process()) {
        Ok(Asked::Run(plan)) => ExitCode::from(run::run(*plan)),
        Ok(Asked::Runner(plan)) => ExitCode::from(runner::run(*plan)),
        Ok(Asked::Sync(plan)) => ExitCode::from(sync::run(*plan)),
        Ok(Asked::Text(text)) => {
            // Nobody reads it: that is no failure.
            let _ = std::io::stdout().write_all(text.as_bytes());
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            say(&wrong);
            ExitCode::from(WRONG_CALL)
        }
    }
}
