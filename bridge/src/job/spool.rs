//! The spool between the command and the network: threads put output in, the uploader takes it out.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::buffer::{Buffer, Limits, Unfit};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Filling,
    /// The command has ended.
    Closed,
    /// Nobody will send it any more.
    Abandoned,
}

/// What there is to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Output,
    /// All of it is sent, and there will be no more.
    End,
}

#[derive(Debug)]
pub struct Spool {
    inner: Mutex<(Buffer, State)>,
    changed: Notify,
}

impl Spool {
    pub fn new(limits: Limits) -> Self {
        Self { inner: Mutex::new((Buffer::new(limits), State::Filling)), changed: Notify::new() }
    }

    /// Takes output as it was read.
    pub fn append(&self, bytes: &[u8]) {
        let mut inner = self.lock();
        if inner.1 == State::Filling {
            inner.0.append(bytes);
            drop(inner);
            self.changed.notify_one();
        }
    }

    /// There will be no more output.
    pub fn close(&self) {
        let mut inner = self.lock();
        if inner.1 == State::Filling {
            inner.0.finish();
            inner.1 = State::Closed;
            drop(inner);
            self.changed.notify_one();
        }
    }

    /// Nothing will be sent any more: nothing is kept.
    pub fn abandon(&self) {
        let mut inner = self.lock();
        *inner = (Buffer::new(Limits { memory: 0, disk: 0 }), State::Abandoned);
        drop(inner);
        self.changed.notify_one();
    }

    /// Waits until there is something to send, or nothing ever will be. One task waits at a time.
    pub async fn next(&self) -> Next {
        loop {
            {
                let inner = self.lock();
                if inner.0.end() > inner.0.start() {
                    return Next::Output;
                }
                if inner.1 != State::Filling {
                    return Next::End;
                }
            }
            self.changed.notified().await;
        }
    }

    /// Waits until there is so much to send that it should not wait any longer, or no more will come.
    pub async fn pressing(&self, much: usize) {
        loop {
            {
                let inner = self.lock();
                if inner.1 != State::Filling || inner.0.end() - inner.0.start() >= much as u64 {
                    return;
                }
            }
            self.changed.notified().await;
        }
    }

    /// The first bytes that are not acknowledged, and their place.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn chunk(&self, most: usize) -> io::Result<(u64, Vec<u8>)> {
        let inner = self.lock();
        Ok((inner.0.start(), inner.0.read(inner.0.start(), most)?))
    }

    /// The server has so many bytes in all.
    ///
    /// # Errors
    /// That cannot be.
    pub fn acknowledge(&self, has: u64) -> Result<(), Unfit> {
        self.lock().0.acknowledge(has)
    }

    /// How many bytes the server has.
    pub fn acknowledged(&self) -> u64 {
        self.lock().0.start()
    }

    /// How many bytes the server does not have.
    pub fn unsent(&self) -> u64 {
        let inner = self.lock();
        inner.0.end() - inner.0.start()
    }

    /// How many bytes had no room.
    pub fn missing(&self) -> u64 {
        self.lock().0.missing_in_all()
    }

    fn lock(&self) -> MutexGuard<'_, (Buffer, State)> {
        // Whoever panicked with it has changed nothing by halves that matters more than the output that is left.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[tokio::test]
    async fn who_waits_is_woken_by_output_and_by_the_end() {
        let spool = Arc::new(Spool::new(Limits::default()));
        let other = spool.clone();
        let thread = std::thread::spawn(move || other.append(b"abc"));
        assert_eq!(spool.next().await, Next::Output);
        thread.join().expect("joined");
        assert_eq!(spool.chunk(2).expect("read"), (0, b"ab".to_vec()));
        spool.acknowledge(2).expect("fits");
        assert_eq!(spool.chunk(2).expect("read"), (2, b"c".to_vec()));
        spool.acknowledge(3).expect("fits");
        let other = spool.clone();
        let thread = std::thread::spawn(move || other.close());
        assert_eq!(spool.next().await, Next::End);
        thread.join().expect("joined");
    }

    #[tokio::test]
    async fn an_abandoned_spool_keeps_nothing() {
        let spool = Spool::new(Limits::default());
        spool.append(b"abc");
        spool.abandon();
        spool.append(b"def");
        assert_eq!((spool.next().await, spool.unsent()), (Next::End, 0));
    }
}
