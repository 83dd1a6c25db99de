//! `agentrq runner`: runs here what others ask for as tasks of a list, if this machine's owner has allowed it. Nothing runs without that,
//! nothing through a shell, and nothing is polled: it looks when it is told that there is something, and when it has its hands free.
//!
//! ```text
//! news ─▶ look (TaskNext, TaskList) ─▶ judge (words, allow) ─▶ hands ─▶ work: claim ─▶ job
//! ```

pub mod allow;
pub mod claim;
pub mod hands;
pub mod look;
pub mod words;
pub mod work;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::address::Address;
use crate::http::{self, NoClient};
use crate::job::signals::Signals;
use crate::job::troubles::Troubles;
use crate::mcp::{Link, News, Refused, Told};
use crate::runtime;
use crate::say::{say, told, whole};

use allow::Allowed;
use hands::Hands;
use look::{Candidate, Named, Terms, Waiting, judge, look};
use work::Came;

/// So long it is tried to tell the server how everything ended, once nothing may run any more.
const LINGER: Duration = Duration::from_secs(10);
/// What is ended at once needs a moment for it.
const DEATH: Duration = Duration::from_millis(300);
const FAREWELL: Duration = Duration::from_secs(1);

/// What may run, and how.
#[derive(Clone, Debug)]
pub struct Plan {
    pub address: Address,
    pub allowed: Allowed,
    pub folder: PathBuf,
    pub timeout: Duration,
    pub grace: Duration,
    pub at_once: usize,
}

/// What all of the runner's work is done with.
#[derive(Debug)]
pub struct Desk {
    plan: Plan,
    http: reqwest::Client,
    link: Link,
    troubles: Troubles,
}

#[derive(Debug, thiserror::Error)]
enum NotBegun {
    #[error("the runner cannot be set up")]
    System(#[from] io::Error),
    #[error("nothing can be asked for")]
    Http(#[from] NoClient),
}

/// Why no more is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closed {
    Signalled,
    Refused,
}

/// Runs what others ask for, until it is told to end. Answers with the exit code.
pub fn run(plan: Plan) -> u8 {
    match runtime::block_on(go(plan)) {
        Ok(Closed::Signalled) => 0,
        Ok(Closed::Refused) => 1,
        Err(error) => {
            say(whole(&error));
            1
        }
    }
}

async fn go(plan: Plan) -> Result<Closed, NotBegun> {
    let mut signals = Signals::listen()?;
    let http = http::client(&plan.address)?;
    let (link, news) = Link::new(&plan.address, http.clone());
    say(format_args!("{} runs here what is allowed: {}", plan.address.agent(), plan.allowed));
    let hands_there_are = plan.at_once;
    let desk = Arc::new(Desk { troubles: Troubles::new(plan.address.origin()), plan, http, link });
    let hands = Hands::new(desk.clone(), hands_there_are);
    let mut runner = Runner { desk: desk.clone(), news, hands, named: Named::default(), view: View::Stale };
    let closed = runner.until_closed(&mut signals).await;
    if closed == Closed::Signalled {
        runner.end(&mut signals).await;
    }
    // A farewell that does not arrive changes nothing for us.
    let _ = timeout(FAREWELL, desk.link.close()).await;
    Ok(closed)
}

/// What is known of the list.
#[derive(Debug)]
enum View {
    /// There may be something.
    Stale,
    Looking(JoinHandle<Result<Vec<Waiting>, Refused>>),
    /// It was looked, and something has been told since then.
    LookingInVain(JoinHandle<Result<Vec<Waiting>, Refused>>),
    /// We would be told of more.
    Fresh,
    /// We are not let look any more.
    Closed,
}

struct Runner {
    desk: Arc<Desk>,
    news: Told,
    hands: Hands,
    named: Named,
    view: View,
}

impl Runner {
    /// Works until a signal comes, or until nothing more is to be had and all that was begun has ended.
    async fn until_closed(&mut self, signals: &mut Signals) -> Closed {
        loop {
            if matches!(self.view, View::Stale) && !self.hands.are_all_busy() {
                let desk = self.desk.clone();
                self.view = View::Looking(tokio::spawn(async move { look(&desk).await }));
            }
            if matches!(self.view, View::Closed) && !self.hands.are_at_work() {
                return Closed::Refused;
            }
            tokio::select! {
                _ = signals.next() => return Closed::Signalled,
                news = self.news.recv() => self.hear(news),
                found = self.view.found() => self.see(found),
                came = self.hands.done() => if came == Came::Ran {
                    self.view.is_outdated();
                },
            }
        }
    }

    fn hear(&mut self, news: Option<News>) {
        match news {
            Some(News::Event(event)) if event.is_stop() => self.hands.stop(&event.meta.chat_id),
            // Whatever it is about, the list may be another; and what was told while nobody listened is not told again.
            Some(News::Event(_) | News::StreamOpened | News::StreamRefused) => self.view.is_outdated(),
            Some(News::Changed(_)) | None => {}
        }
    }

    fn see(&mut self, found: Result<Vec<Waiting>, Refused>) {
        let is_outdated = matches!(self.view, View::LookingInVain(_));
        match found {
            Ok(waiting) => {
                self.view = if is_outdated { View::Stale } else { View::Fresh };
                let candidates = self.choose(&waiting);
                self.hands.take(candidates);
            }
            Err(refused) => {
                say(format_args!("no more is taken: {refused}"));
                self.view = View::Closed;
            }
        }
    }

    /// Those that are allowed. Each of the others is named once.
    fn choose(&mut self, waiting: &[Waiting]) -> Vec<Candidate> {
        let plan = &self.desk.plan;
        let terms = Terms { allowed: &plan.allowed, folder: &plan.folder, timeout: plan.timeout };
        let mut candidates = Vec::new();
        self.named.keep(waiting);
        for one in waiting {
            match judge(one, terms) {
                Ok(candidate) => candidates.push(candidate),
                Err(why) if self.named.is_new(&one.id) => {
                    say(format_args!(
                        "#{} is left to others: {} ({why}). Allowed: {}",
                        told(&one.number),
                        told(&one.command),
                        plan.allowed
                    ));
                }
                Err(_) => {}
            }
        }
        candidates
    }

    /// Takes no more and ends what runs. Who sends another signal does not want to wait.
    async fn end(&mut self, signals: &mut Signals) {
        self.hands.stop_all();
        let rest = self.desk.plan.grace + LINGER;
        let is_over = tokio::select! {
            is_over = timeout(rest, self.last_ones()) => is_over.is_ok(),
            _ = signals.next() => false,
        };
        if !is_over {
            self.hands.insist();
            let _ = timeout(DEATH, self.last_ones()).await;
        }
        if self.hands.are_at_work() {
            say("not all of what ended was delivered");
        }
    }

    async fn last_ones(&mut self) {
        while self.hands.are_at_work() {
            self.hands.done().await;
        }
    }
}

impl View {
    fn is_outdated(&mut self) {
        *self = match std::mem::replace(self, Self::Stale) {
            Self::Stale | Self::Fresh => Self::Stale,
            Self::Looking(handle) | Self::LookingInVain(handle) => Self::LookingInVain(handle),
            Self::Closed => Self::Closed,
        };
    }

    /// What was found, once it was looked.
    async fn found(&mut self) -> Result<Vec<Waiting>, Refused> {
        match self {
            Self::Looking(handle) | Self::LookingInVain(handle) => {
                handle.await.unwrap_or_else(|error| Err(Refused::new(format!("the look has failed: {error}"))))
            }
            Self::Stale | Self::Fresh | Self::Closed => std::future::pending().await,
        }
    }
}
