//! What the tests and the fuzz targets need of the worker: properties of its parsers that hold whatever comes in.

mod credentials;
mod downloads;
mod paths;
mod uploads;

use agentrq_core::testing::fuzz::Property;

/// The properties of the worker's parsers, tried as core's are.
pub const PROPERTIES: &[(&str, Property)] = &[
    ("uploads_cut", uploads::a_form_is_stored_the_same_however_it_is_cut),
    ("uploads_broken", uploads::a_broken_form_ends_the_same_however_it_is_cut_and_leaves_nothing),
    ("filenames", downloads::a_file_name_survives_its_header_and_never_gets_out_of_it),
    ("types", downloads::a_type_that_goes_out_is_one_that_no_browser_runs),
    ("ranges", downloads::a_range_lies_within_its_file),
    ("tokens", credentials::a_token_opens_as_it_was_minted_and_in_no_other_form),
    ("cookies", credentials::a_cookie_opens_as_it_was_minted_and_in_no_other_form),
    ("callers", credentials::a_caller_survives_the_way_through_headers),
    ("paths", paths::a_path_leads_somewhere_or_is_refused_in_the_form_of_its_route),
];

#[cfg(test)]
mod tests {
    use super::PROPERTIES;
    use agentrq_core::testing::fuzz::{hold, named};

    /// Tries properties so many times each.
    fn all_hold(names: &[&str], cases: u64) {
        names.iter().for_each(|name| hold(name, cases, named(PROPERTIES, name)));
    }

    #[test]
    fn a_form_ends_the_same_however_it_is_cut() {
        all_hold(&["uploads_cut", "uploads_broken"], 2_000);
    }

    #[test]
    fn what_goes_out_with_a_file_is_safe_whatever_came_in() {
        all_hold(&["filenames", "types", "ranges"], 20_000);
    }

    #[test]
    fn credentials_open_in_no_other_form_than_they_were_minted() {
        all_hold(&["tokens", "cookies", "callers"], 5_000);
    }

    #[test]
    fn no_path_upsets_the_table_of_routes() {
        all_hold(&["paths"], 20_000);
    }
}
