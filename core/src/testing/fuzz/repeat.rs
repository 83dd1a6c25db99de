//! Tries a property many times, and says with which seed it failed.

use std::hash::{BuildHasher, RandomState};

use super::Choices;

/// Something that holds for every input: it panics where it does not.
pub type Property = fn(&mut Choices<'_>);

/// Tries `property` with `cases` seeds that are new each time. `AGENTRQ_SEED` tries one seed only, `AGENTRQ_CASES` another number.
pub fn hold(name: &str, cases: u64, property: Property) {
    let given =
        |variable: &str| std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number")));
    let (first, cases) = match given("AGENTRQ_SEED") {
        Some(seed) => (seed, 1),
        None => (RandomState::new().hash_one(name), given("AGENTRQ_CASES").unwrap_or(cases)),
    };
    for case in 0..cases {
        let seed = first.wrapping_add(case);
        let told = Told { name, seed };
        property(&mut Choices::seeded(seed));
        std::mem::forget(told);
    }
}

/// The property of this name.
pub fn named(properties: &[(&str, Property)], name: &str) -> Property {
    properties
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, property)| *property)
        .unwrap_or_else(|| panic!("there is no property {name}"))
}

/// Is dropped only when a property panics.
struct Told<'a> {
    name: &'a str,
    seed: u64,
}

impl Drop for Told<'_> {
    fn drop(&mut self) {
        eprintln!("{} does not hold; to repeat it: AGENTRQ_SEED={}", self.name, self.seed);
    }
}
