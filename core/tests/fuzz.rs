//! The parsers under input that is made up: seeded, bounded, and close to what is right. CONTRIBUTING.md says how to run it longer.

use agentrq_core::testing::fuzz::{PROPERTIES, hold, named};

/// Cases a property: all of them together take some seconds in a build that is not optimised.
const CASES: u64 = 10_000;

macro_rules! hold_always {
    ($($(#[$doc:meta])* $name:ident: $($property:literal),+;)*) => {
        $($(#[$doc])* #[test] fn $name() { for property in [$($property),+] { hold(property, CASES, named(PROPERTIES, property)); } })*

        #[test]
        fn every_property_of_the_fuzz_targets_is_tried_here() {
            let mut tried: Vec<&str> = [$($($property),+),*].to_vec();
            let mut known: Vec<&str> = PROPERTIES.iter().map(|(name, _)| *name).collect();
            tried.sort_unstable();
            known.sort_unstable();
            assert_eq!(tried, known);
        }
    };
}

hold_always! {
    messages_are_read_as_written_or_refused_with_code_and_id: "messages_read", "messages_refused";
    streams_are_read_the_same_however_they_are_cut: "streams_read", "streams_cut";
    names_have_one_text_each: "ids", "cursors", "times", "tasks";
    calls_keep_their_limits_or_are_told_what_is_right: "calls_named", "calls_limited";
    headers_and_envelopes_agree_or_are_refused_with_the_prescribed_code: "header_values", "envelopes";
    names_of_the_protocol_have_one_meaning_each: "event_ids", "uris", "filters";
    files_survive_base64: "files";
}
