//! `agentrq run`: runs a command here as a task there. The command comes first: it starts at once, is never slowed down by the network, and
//! its exit code is ours.

pub mod relay;

use std::ffi::OsString;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::address::Address;
use crate::http;
use crate::job::buffer::Limits;
use crate::job::reach::Group;
use crate::job::signals::Signals;
use crate::job::spool::Spool;
use crate::job::start::{self, NotStarted, Outputs, Running};
use crate::job::stop::Stop;
use crate::job::supervise::{self, Patience, supervise};
use crate::runtime;
use crate::say::{say, whole};

use relay::Relay;

/// Is the link to the task's page printed?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageLink {
    Printed,
    NotPrinted,
}

/// What shall be run, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    pub address: Address,
    pub command: Vec<OsString>,
    pub title: Option<String>,
    pub timeout: Option<Duration>,
    pub grace: Duration,
    /// How long it is tried to deliver what is left after the command's end.
    pub linger: Duration,
    pub link: PageLink,
}

/// Runs a command to its end, and answers with the exit code.
pub fn run(plan: Plan) -> u8 {
    // Where nothing ran, there is nothing to tell the server of.
    runtime::block_on(go(plan)).unwrap_or_else(|error| {
        say(&error);
        error.exit_code()
    })
}

async fn go(plan: Plan) -> Result<u8, NotStarted> {
    let spool = Arc::new(Spool::new(Limits::default()));
    let stop = Arc::new(Stop::default());
    let mut signals = Signals::listen()?;
    let running = start::start(&plan.command, Group::fitting(), Outputs::of_this_process()?, &spool)?;
    let (say_ended, ended) = watch::channel(None);
    let relay = tokio::spawn(relay(plan.clone(), spool.clone(), stop.clone(), ended));
    let end = to_its_end(running, &mut signals, &stop, &plan, &spool).await?;
    say_ended.send_replace(Some(end));
    deliver(relay, &mut signals, &plan, &spool).await;
    Ok(end.exit_code)
}

async fn to_its_end(running: Running, signals: &mut Signals, stop: &Stop, plan: &Plan, spool: &Spool) -> io::Result<supervise::Ended> {
    let end = supervise(running, signals, stop, Patience { timeout: plan.timeout, grace: plan.grace }).await;
    spool.close();
    end
}

async fn relay(plan: Plan, spool: Arc<Spool>, stop: Arc<Stop>, ended: watch::Receiver<Option<supervise::Ended>>) {
    match http::client(&plan.address) {
        Ok(http) => Relay { plan: &plan, http, spool: &spool, stop: &stop, ended }.run().await,
        Err(error) => {
            spool.abandon();
            say(format_args!("nothing can be sent: {}", whole(&error)));
        }
    }
}

/// The command has ended. What is left goes up, for as long as that is waited for.
async fn deliver(mut relay: tokio::task::JoinHandle<()>, signals: &mut Signals, plan: &Plan, spool: &Spool) {
    let ended = Instant::now();
    let mut sent = spool.acknowledged();
    loop {
        tokio::select! {
            _ = &mut relay => break,
            () = tokio::time::sleep(plan.linger) => {
                // Much output over a slow line takes its time; it is time without any progress that counts.
                if spool.acknowledged() == sent {
                    say(relay::undelivered(spool));
                    break;
                }
                sent = spool.acknowledged();
            }
            () = signals.impatience(ended) => {
                say(relay::undelivered(spool));
                break;
            }
        }
    }
    if spool.missing() > 0 {
        say(format_args!("{} bytes of the command's output had no room while the server could not be reached", spool.missing()));
    }
}
