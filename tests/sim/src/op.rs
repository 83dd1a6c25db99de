//! The operations of a run. Each brings the random numbers it needs, so that a run stays meaningful when some are left out.

use crate::rng::Rng;

/// Which of several, by a number of any size.
pub(crate) type Pick = u64;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// A person does something in a tab.
    Propose {
        browser: Pick,
        tab: Pick,
        act: Pick,
        on: Pick,
    },
    /// A tab opens a thread.
    Look {
        browser: Pick,
        tab: Pick,
        on: Pick,
    },
    /// A leader connects, sends, or asks for what it lacks.
    Go {
        browser: Pick,
    },
    /// A leader waits for an answer no longer.
    Timeout {
        browser: Pick,
    },
    /// A leader keeps what it has for the next visit.
    Save {
        browser: Pick,
    },
    Reload {
        browser: Pick,
        tab: Pick,
    },
    OpenTab {
        browser: Pick,
    },
    CloseTab {
        browser: Pick,
        tab: Pick,
    },
    LoseStorage {
        browser: Pick,
    },
    /// The storage is as it was at an earlier save, and the browser starts with that.
    RollBack {
        browser: Pick,
    },
    /// An agent calls a tool.
    Call {
        agent: Pick,
        act: Pick,
        on: Pick,
    },
    /// A tab that lacks earlier tasks asks for some.
    Older {
        which: Pick,
    },
    /// A tab that follows sleeps, and misses commits.
    Sleep {
        browser: Pick,
        tab: Pick,
    },
    /// An agent waits for the answer to its call no longer, and says so.
    GiveUp {
        agent: Pick,
    },
    /// An agent opens its stream again, as the same session or as a new one.
    Connect {
        agent: Pick,
        fresh: bool,
    },
    /// One thing that is under way arrives.
    Arrive {
        which: Pick,
    },
    Drop {
        which: Pick,
    },
    Double {
        which: Pick,
    },
    CutBrowser {
        browser: Pick,
    },
    CutAgent {
        agent: Pick,
    },
    /// The server dies in its next commit.
    Crash {
        published: bool,
    },
    /// The server's database is kept as it stands.
    BackUp,
    /// It is set back to what was kept, under another name of its history or under the same.
    Restore {
        renamed: bool,
    },
    /// Time passes.
    Wait {
        ms: u64,
    },
}

/// The operations of a seed.
pub fn operations(seed: u64) -> Vec<Op> {
    let mut rng = Rng::new(seed);
    let length = 60 + rng.below(140);
    (0..length).map(|_| operation(&mut rng)).collect()
}

fn operation(rng: &mut Rng) -> Op {
    let kind = rng.below(1000);
    let (a, b, c, d) = (rng.next(), rng.next(), rng.next(), rng.next());
    match kind {
        0..135 => Op::Propose { browser: a, tab: b, act: c, on: d },
        135..155 => Op::Look { browser: a, tab: b, on: c },
        155..285 => Op::Go { browser: a },
        285..300 => Op::Timeout { browser: a },
        300..320 => Op::Save { browser: a },
        320..335 => Op::Reload { browser: a, tab: b },
        335..355 => Op::OpenTab { browser: a },
        355..365 => Op::CloseTab { browser: a, tab: b },
        365..371 => Op::LoseStorage { browser: a },
        371..381 => Op::RollBack { browser: a },
        381..401 => Op::Older { which: a },
        401..416 => Op::Sleep { browser: a, tab: b },
        416..516 => Op::Call { agent: a, act: b, on: c },
        516..526 => Op::GiveUp { agent: a },
        526..570 => Op::Connect { agent: a, fresh: b.is_multiple_of(3) },
        570..870 => Op::Arrive { which: a },
        870..890 => Op::Drop { which: a },
        890..910 => Op::Double { which: a },
        910..925 => Op::CutBrowser { browser: a },
        925..945 => Op::CutAgent { agent: a },
        945..957 => Op::Crash { published: a.is_multiple_of(2) },
        957..963 => Op::BackUp,
        963..967 => Op::Restore { renamed: a.is_multiple_of(3) },
        _ => Op::Wait { ms: 1 + a % 20_000 },
    }
}
