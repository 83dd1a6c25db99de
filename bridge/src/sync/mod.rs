//! `agentrq sync`: a list that Claude Code keeps in a directory, and a list of a workspace, are kept the same, both ways and live.
//!
//! ```text
//!  directory ─▶ watch ─▶ look here ─┐                 ┌─▶ files, under the list's lock
//!                                   ├─▶ meet, merge ──┤
//!  workspace ─▶ news ──▶ look there ┘   (state: what   └─▶ TaskCreate, TaskUpdate, at the revision that was seen
//!                                       was agreed on)
//! ```

pub mod merge;
pub mod mirror;
pub mod remote;
mod settle;
pub mod state;
mod watch;

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use agentrq_core::model::ListName;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use crate::address::Address;
use crate::files::{Certainty, ListDirectory, Note};
use crate::http::{self, NoClient};
use crate::job::signals::Signals;
use crate::job::troubles::Troubles;
use crate::mcp::{Link, News, Told};
use crate::runtime;
use crate::say::{say, told, whole};

use mirror::{Mirror, Stopped};
use remote::List;
use state::{NoState, Pairing, State};
use watch::Watch;

/// What comes in one go is looked at in one go.
const GATHER: Duration = Duration::from_millis(30);
/// A file that was being written is looked at again after so long.
const SOON: Duration = Duration::from_millis(120);
/// What no watcher tells of, on a network's file system for one, is seen by then.
const LOOK_HERE: Duration = Duration::from_secs(5);
/// What no stream tells of is seen by then.
const LOOK_THERE: Duration = Duration::from_secs(300);
/// What did not work is tried again after so long.
const AGAIN: Duration = Duration::from_secs(1);
/// So many tasks are read sooner with all others than one by one.
const MANY: usize = 50;
const FAREWELL: Duration = Duration::from_secs(1);

/// For how long it is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Both sides are the same.
    Same,
    /// A signal says so.
    Signalled,
}

/// What shall be mirrored.
#[derive(Clone, Debug)]
pub struct Plan {
    pub address: Address,
    pub list: ListName,
    pub directory: PathBuf,
    /// Where it is kept what both sides agree on.
    pub state: PathBuf,
    pub until: Until,
}

#[derive(Debug, thiserror::Error)]
enum NotBegun {
    #[error("the list cannot be mirrored")]
    System(#[from] io::Error),
    #[error("nothing can be asked for")]
    Http(#[from] NoClient),
    #[error(transparent)]
    State(#[from] NoState),
    #[error("{0} cannot be made: {1}")]
    Directory(PathBuf, io::Error),
    #[error(
        "{0} is gone, and held a list that is mirrored. Nothing is deleted in the workspace: bring the directory back, or make an empty one to have all tasks in it again \
         after you have removed {1}"
    )]
    DirectoryGone(PathBuf, PathBuf),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// Mirrors a list until that is over. Answers with the exit code.
pub fn run(plan: Plan) -> u8 {
    match runtime::block_on(go(plan)) {
        Ok(()) => 0,
        Err(error) => {
            say(whole(&error));
            1
        }
    }
}

async fn go(plan: Plan) -> Result<(), NotBegun> {
    let mut signals = Signals::listen()?;
    let (mut mirror, news) = begin(&plan)?;
    say(plan.address.page_of_list(plan.list.as_str()));
    let done = tokio::select! {
        done = mirrored(&plan, &mut mirror, news) => done,
        _ = signals.next() => Ok(()),
    };
    // A farewell that does not arrive changes nothing for us.
    let _ = timeout(FAREWELL, mirror.list().close()).await;
    Ok(done?)
}

fn begin(plan: &Plan) -> Result<(Mirror, Told), NotBegun> {
    let Plan { address, list, .. } = plan;
    let was_there = plan.directory.is_dir();
    let directory = ListDirectory::open(&plan.directory).map_err(|why| NotBegun::Directory(plan.directory.clone(), why))?;
    let origin = address.origin();
    let pairing = Pairing { origin: &origin, workspace: address.workspace(), list: list.as_str(), directory: directory.path() };
    let state = State::open(&plan.state, &pairing)?;
    if !was_there && !state.pairs()?.is_empty() {
        return Err(NotBegun::DirectoryGone(plan.directory.clone(), plan.state.join(pairing.name())));
    }
    let name = pairing.name();
    let directory = directory.noting(Note::new(state.beside("held"))?);
    let (link, news) = Link::new(address, http::client(address)?);
    let troubles = Troubles::new(origin).meanwhile("what changes in the directory goes there then");
    let list = List::new(link, troubles, list.as_str(), address.agent());
    Ok((Mirror::new(directory, list, state, name)?, news))
}

/// What is to be looked at.
#[derive(Debug, Default)]
struct Stale {
    here: bool,
    there: There,
}

#[derive(Debug, Default)]
enum There {
    /// Nothing has been told.
    #[default]
    Fresh,
    /// These have changed.
    Tasks(std::collections::BTreeSet<u64>),
    /// Anything may have.
    Any,
}

impl There {
    fn hear(&mut self, changed: Option<u64>) {
        match (&mut *self, changed) {
            (Self::Any, _) => {}
            (_, None) => *self = Self::Any,
            (Self::Tasks(tasks), Some(number)) => {
                tasks.insert(number);
                if tasks.len() > MANY {
                    *self = Self::Any;
                }
            }
            (Self::Fresh, Some(number)) => *self = Self::Tasks([number].into()),
        }
    }
}

async fn mirrored(plan: &Plan, mirror: &mut Mirror, mut news: Told) -> Result<(), Stopped> {
    let watch = Watch::new(&plan.directory);
    let mut stale = Stale { here: true, there: There::Any };
    let mut next_there = Instant::now();
    let mut is_first = true;
    loop {
        let recent = match round(mirror, &mut stale).await {
            Ok(certainty) => {
                if std::mem::take(&mut is_first) {
                    say(format_args!("{} and {} hold the same {} tasks", plan.directory.display(), plan.list, mirror.count()));
                }
                if plan.until == Until::Same && certainty == Certainty::Certain {
                    return Ok(());
                }
                certainty == Certainty::Recent
            }
            Err(why) if why.passes() => {
                say(format_args!("{}; it is tried again", whole(&why)));
                sleep(AGAIN).await;
                stale.here = true;
                continue;
            }
            Err(why) => return Err(why),
        };
        let now = Instant::now();
        let next_here = now + if recent { SOON } else { LOOK_HERE };
        next_there = next_there.max(now);
        if matches!(stale.there, There::Fresh) && next_there == now {
            next_there = now + LOOK_THERE;
        }
        tokio::select! {
            () = watch.changed() => stale.here = true,
            () = sleep_until(next_here) => stale.here = true,
            () = sleep_until(next_there) => stale.there = There::Any,
            Some(one) = news.recv() => hear(mirror, &mut stale, one).await,
        }
        sleep(GATHER).await;
        while let Ok(one) = news.try_recv() {
            hear(mirror, &mut stale, one).await;
        }
    }
}

/// Looks at what may have changed, and brings it together.
async fn round(mirror: &mut Mirror, stale: &mut Stale) -> Result<Certainty, Stopped> {
    let mut certainty = Certainty::Certain;
    if stale.here {
        certainty = mirror.look_here()?;
        stale.here = false;
    }
    match std::mem::take(&mut stale.there) {
        There::Fresh => {}
        There::Tasks(tasks) => {
            for number in tasks {
                mirror.look_at(number).await?;
            }
        }
        There::Any => mirror.look_there().await?,
    }
    mirror.settle().await?;
    Ok(certainty)
}

async fn hear(mirror: &Mirror, stale: &mut Stale, news: News) {
    match news {
        News::Changed(uri) => {
            if let Some(changed) = mirror.list().changed(&uri) {
                stale.there.hear(changed);
            }
        }
        // What was told while nobody listened is not told again.
        News::StreamOpened => stale.there = There::Any,
        News::StreamRefused => {
            // The next call begins another session; not in a hurry.
            sleep(AGAIN).await;
            stale.there = There::Any;
        }
        News::Event(event) => {
            if let Some(number) = mirror.number_of(&event.meta.chat_id).filter(|_| event.meta.kind != "task") {
                say(format_args!("#{number}: {}", told(&event.content)));
            }
        }
    }
}
