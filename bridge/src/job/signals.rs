//! The signals that ask a program to end, and where they come from.

use std::io;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::exfiltrator::WithOrigin;
use signal_hook::iterator::{Handle, SignalsInfo};
use signal_hook::low_level::siginfo::{Cause, Origin};
use tokio::sync::mpsc;

/// Ctrl-C goes to the command and to us at once, but we may hear of it only when the command is already gone.
const LATE: Duration = Duration::from_millis(300);

const PASSED_ON: [i32; 4] = [SIGHUP, SIGINT, SIGQUIT, SIGTERM];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sender {
    /// A key, or the terminal's end: every process of the group in front has it.
    Terminal,
    /// Another process, which means this one.
    Process,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    pub signal: Signal,
    pub sender: Sender,
    pub at: Instant,
}

/// Hears them. From when this is made, they end nothing by themselves; the command gets them as this process had them before.
#[derive(Debug)]
pub struct Signals {
    heard: mpsc::UnboundedReceiver<Heard>,
    handle: Option<Handle>,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// The system allows no handler.
    pub fn listen() -> io::Result<Self> {
        // Under nohup, or in the background of a script, some are ignored; so they stay, for us and for the command.
        let wanted = PASSED_ON.into_iter().filter(|signal| !is_ignored(*signal));
        let mut signals = SignalsInfo::<WithOrigin>::new(wanted)?;
        let handle = signals.handle();
        let (say, heard) = mpsc::unbounded_channel();
        thread::Builder::new().name("signals".into()).spawn(move || {
            for origin in signals.forever() {
                let Some(signal) = Signal::from_named_raw(origin.signal) else { continue };
                if say.send(Heard { signal, sender: sender(&origin), at: Instant::now() }).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { heard, handle: Some(handle) })
    }

    /// None, for a command whose signals are heard elsewhere.
    pub fn none() -> Self {
        Self { heard: mpsc::unbounded_channel().1, handle: None }
    }

    /// The next signal.
    pub async fn next(&mut self) -> Heard {
        match self.heard.recv().await {
            Some(heard) => heard,
            // Nothing will come any more.
            None => std::future::pending().await,
        }
    }

    /// Returns once somebody does not want to wait any longer for us, after the command has ended.
    pub async fn impatience(&mut self, ended: Instant) {
        while self.next().await.at < ended + LATE {}
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(handle) = &self.handle {
            handle.close();
        }
    }
}

fn sender(origin: &Origin) -> Sender {
    let from_terminal = match origin.cause {
        Cause::Kernel => true,
        // Apple's kernel gives no reason; for a key, it names no process either.
        Cause::Unknown => origin.process.is_none(),
        _ => false,
    };
    if from_terminal { Sender::Terminal } else { Sender::Process }
}

fn is_ignored(signal: i32) -> bool {
    let mut now = std::mem::MaybeUninit::<libc::sigaction>::uninit();
    // SAFETY: with no new action given, sigaction only writes the present one to the place that it is given, which is large enough; it is
    // read only if that has been done.
    unsafe { libc::sigaction(signal, std::ptr::null(), now.as_mut_ptr()) == 0 && now.assume_init().sa_sigaction == libc::SIG_IGN }
}
