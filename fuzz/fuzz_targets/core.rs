//! The properties of core's parsers: the first byte says which, the rest makes its choices.
#![no_main]

use agentrq_core::testing::fuzz::{Choices, PROPERTIES};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some((which, choices)) = bytes.split_first() {
        let (_, property) = PROPERTIES[usize::from(*which) % PROPERTIES.len()];
        property(&mut Choices::of_bytes(choices));
    }
});
