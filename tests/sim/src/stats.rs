//! What has happened in runs, so that a simulation in which nothing goes wrong is noticed.

/// Counts, by what they count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    counts: std::collections::BTreeMap<&'static str, u64>,
}

/// What must have happened in a simulation that proves anything.
const NEEDED: [&str; 42] = [
    "commands accepted",
    "commands rejected by the server",
    "commands repeated",
    "conflicting verdicts",
    "requests dropped",
    "requests doubled",
    "streams cut",
    "crashes before persisting",
    "crashes before publishing",
    "resets",
    "clients started anew",
    "storage lost",
    "storage rolled back",
    "leaders changed",
    "checkpoints restored",
    "deliveries lost and queued again",
    "deliveries owed to a new session",
    "commits missed in sleep",
    "gaps noticed by a tab that follows",
    "databases restored",
    "pages of earlier tasks",
    "pages that hold what was deleted since",
    "commands on what is not here",
    "files sent",
    "files sent again",
    "questions answered by choice",
    "calls given up",
    "answers sent again",
    "answers that nobody waited for",
    "claims made",
    "claims refused",
    "claims that ended with their agent",
    "late completions refused",
    "circles refused",
    "runs ended by their runner",
    "runs given up with their runner",
    "runs heard of again",
    "runs taken over",
    "late ends of runs refused",
    "stops confirmed",
    "stops not confirmed",
    "runs out of time",
];

impl Stats {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (what, count) in &other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.counts.iter().map(|(what, count)| (*what, *count))
    }

    /// What never happened and should have.
    pub fn missing(&self) -> Vec<&'static str> {
        NEEDED.into_iter().filter(|what| !self.counts.contains_key(what)).collect()
    }
}
