//! The wish to stop: whoever hears of it says so here, once or more often; whoever looks after the command waits for it.

use tokio::sync::watch;

/// The later, the more urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Wish {
    GoOn,
    Stop,
    StopNow,
}

#[derive(Debug)]
pub struct Stop(watch::Sender<Wish>);

impl Default for Stop {
    fn default() -> Self {
        Self(watch::Sender::new(Wish::GoOn))
    }
}

impl Stop {
    pub fn ask(&self) {
        self.wish(Wish::Stop);
    }

    /// Asks for an end without any grace.
    pub fn insist(&self) {
        self.wish(Wish::StopNow);
    }

    /// Is a stop asked for?
    pub fn is_asked(&self) -> bool {
        *self.0.borrow() >= Wish::Stop
    }

    /// Returns once a stop is asked for.
    pub async fn asked(&self) {
        self.at_least(Wish::Stop).await;
    }

    /// Returns once nobody wants to wait for the end any longer.
    pub async fn insisted(&self) {
        self.at_least(Wish::StopNow).await;
    }

    fn wish(&self, wish: Wish) {
        self.0.send_if_modified(|now| {
            let is_more = wish > *now;
            *now = wish.max(*now);
            is_more
        });
    }

    async fn at_least(&self, wish: Wish) {
        // The sender is ours: it cannot be gone.
        let _ = self.0.subscribe().wait_for(|now| *now >= wish).await;
    }
}
