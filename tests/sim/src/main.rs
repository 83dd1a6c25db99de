//! `agentrq-sim`: runs seeds, first those that have failed before, and shows the operations of one that fails, shrunk.
//!
//! ```text
//! agentrq-sim [--seeds N] [--from S] [--kept FILE] [--first | --hashes]
//! ```
//!
//! With `--first` it says which seed fails and why if one does, and nothing else. With `--hashes` it prints each seed and the hash of its run,
//! to be compared with another host's.

use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use agentrq_sim::{Stats, operations, run, run_seed, shrink};

struct Options {
    seeds: u64,
    from: u64,
    kept: Vec<u64>,
    first: bool,
    hashes: bool,
}

fn options() -> Result<Options, String> {
    let mut options = Options { seeds: 10_000, from: 1, kept: Vec::new(), first: false, hashes: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} wants a value"));
        match word.as_str() {
            "--seeds" => options.seeds = value()?.parse().map_err(|_| "--seeds wants a number")?,
            "--from" => options.from = value()?.parse().map_err(|_| "--from wants a number")?,
            "--kept" => options.kept = kept(&value()?)?,
            "--first" => options.first = true,
            "--hashes" => options.hashes = true,
            other => return Err(format!("{other}: use --seeds N, --from S, --kept FILE, --first or --hashes")),
        }
    }
    Ok(options)
}

/// Seeds of a file, one a line; what follows a `#` says why.
fn kept(file: &str) -> Result<Vec<u64>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{file}: {error}"))?;
    let lines = text.lines().filter_map(|line| line.split('#').next()).map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.parse().map_err(|_| format!("{file}: {line} is no seed"))).collect()
}

/// A panic of the code under test is a failure like any other.
fn outcome(seed: u64) -> Result<agentrq_sim::Run, String> {
    std::panic::catch_unwind(|| run_seed(seed)).unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<String>().cloned().or(panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Err(format!("it panicked: {}", words.unwrap_or_default()))
    })
}

/// The failure of a seed, with the fewest operations that show it.
fn report(seed: u64, why: &str) -> String {
    let mut text = format!("seed {seed} fails: {why}\n");
    if run(&operations(seed)).is_ok() {
        // The board and the jobs say themselves what was done.
        return text;
    }
    let smallest = shrink(&operations(seed));
    let again = run(&smallest).err().unwrap_or_else(|| "(the shrunk run panics)".to_owned());
    let _ = writeln!(text, "in {} of {} operations it still fails: {again}", smallest.len(), operations(seed).len());
    for operation in smallest {
        let _ = writeln!(text, "  {operation:?}");
    }
    text
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(why) => {
            eprintln!("{why}");
            return ExitCode::FAILURE;
        }
    };
    let seeds: Vec<u64> = options.kept.iter().copied().chain(options.from..options.from + options.seeds).collect();
    if options.hashes {
        for seed in seeds {
            println!("{seed} {}", run_seed(seed).map_or(0, |run| run.hash));
        }
        return ExitCode::SUCCESS;
    }
    let next = AtomicU64::new(0);
    let failed = AtomicU64::new(u64::MAX);
    let work = || {
        let mut stats = Stats::default();
        let mut failure = None;
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            // Seeds before one that failed are still tried: the first failure is the one that is shown.
            let Some(&seed) = usize::try_from(at).ok().and_then(|at| seeds.get(at)) else { break };
            if at > failed.load(Ordering::Relaxed) {
                break;
            }
            match outcome(seed) {
                Ok(run) => stats.add(&run.stats),
                Err(why) => {
                    failed.fetch_min(at, Ordering::Relaxed);
                    failure = Some((at, seed, why));
                    break;
                }
            }
        }
        (stats, failure)
    };
    let threads = thread::available_parallelism().map_or(2, usize::from);
    let results: Vec<_> = thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        running.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    let mut stats = Stats::default();
    results.iter().for_each(|(part, _)| stats.add(part));
    let failures = results.into_iter().filter_map(|(_, failure)| failure);
    if let Some((at, seed, why)) = failures.min_by_key(|(at, ..)| *at) {
        if options.first {
            eprintln!("seed {seed} fails: {why}");
            return ExitCode::FAILURE;
        }
        eprint!("{}", report(seed, &why));
        eprintln!("after {at} seeds. Keep it: write {seed} into tests/sim/seeds.txt, with the reason.");
        return ExitCode::FAILURE;
    }
    if options.first {
        return ExitCode::SUCCESS;
    }
    println!("{} seeds, every promise kept. What happened:", seeds.len());
    stats.all().for_each(|(what, count)| println!("  {count:>9} {what}"));
    let missing = stats.missing();
    if !missing.is_empty() {
        eprintln!("This proves nothing: there were no {}.", missing.join(", no "));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
