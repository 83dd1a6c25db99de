//! Carries the command's output on: into the spool, and to our own stdout and stderr, byte for byte.
//!
//! A thread for each pipe: our stdout may block, as a terminal does after Ctrl-S, and stderr must go on then. Where our two are one and the
//! same file, so are the command's: there is one pipe then, and the order is exactly the one in which it wrote.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, ioctl_fionbio, read, write};
use tokio::sync::mpsc;

use super::spool::Spool;

const AT_ONCE: usize = 64 * 1024;
/// What is still read when nobody waits any longer: a full pipe, and not what somebody goes on writing for ever.
const LAST: usize = 1 << 20;

/// A pipe of the command, and where its output goes.
#[derive(Debug)]
pub struct Way {
    pub from: OwnedFd,
    pub to: OwnedFd,
}

/// The threads that carry output.
#[derive(Debug)]
pub struct Pumps {
    /// Open as long as we wait for whoever holds the pipes.
    patience: Option<io::PipeWriter>,
    finished: mpsc::Receiver<()>,
}

impl Pumps {
    /// Carries from now on.
    ///
    /// # Errors
    /// The system has no pipe or thread left.
    pub fn start(ways: Vec<Way>, spool: &Arc<Spool>) -> io::Result<Self> {
        let (watched, patience) = io::pipe()?;
        let (holds, finished) = mpsc::channel(1);
        for way in ways {
            ioctl_fionbio(&way.from, true)?;
            let (watched, spool, holds) = (watched.try_clone()?, spool.clone(), holds.clone());
            thread::Builder::new().name("output".into()).spawn(move || {
                carry(&way, &watched, &spool);
                drop(holds);
            })?;
        }
        Ok(Self { patience: Some(patience), finished })
    }

    /// Returns when all of the output has gone where it goes.
    pub async fn finished(&mut self) {
        // Nobody sends: it ends when the last thread has let go.
        let _ = self.finished.recv().await;
    }

    /// Waits no longer for others that hold the pipes: what is in them is the end.
    pub fn hurry(&mut self) {
        self.patience = None;
    }
}

fn carry(way: &Way, watched: &io::PipeReader, spool: &Spool) {
    let mut buffer = vec![0; AT_ONCE];
    // How much is still read, once nobody waits any longer.
    let mut left = None;
    while left != Some(0) {
        match read(&way.from, &mut buffer) {
            Ok(0) => return,
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                // First what cannot block.
                spool.append(bytes);
                if write_all(way.to.as_fd(), bytes).is_err() {
                    // Nobody reads us any more. The pipe closes, and the command learns it as it would without us.
                    return;
                }
                left = left.map(|left: usize| left.saturating_sub(count));
                // Also where the pipe is never empty.
                if left.is_none() && !waits(watched) {
                    left = Some(LAST);
                }
            }
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) if left.is_none() => {
                let mut both = [PollFd::new(&way.from, PollFlags::IN), PollFd::new(watched, PollFlags::IN)];
                match poll(&mut both, None) {
                    Ok(_) | Err(Errno::INTR) => {}
                    Err(_) => return,
                }
                if !both[1].revents().is_empty() {
                    left = Some(LAST);
                }
            }
            Err(_) => return,
        }
    }
}

/// Does anybody still wait for whoever holds the pipes?
fn waits(watched: &io::PipeReader) -> bool {
    let mut look = [PollFd::new(watched, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut look, Some(&at_once)).is_err() || look.iter().all(|look| look.revents().is_empty())
}

/// Writes all of it, also to what another has set to refuse rather than to block.
fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match write(to, bytes) {
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => match poll(&mut [PollFd::from_borrowed_fd(to, PollFlags::OUT)], None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
