//! Properties of the parsers that hold whatever comes in. Seeded tests try each of them some thousand times; the targets in `fuzz/` go on for
//! as long as somebody lets them, with a fuzzer that learns. Both call the same functions.

mod calls;
mod choices;
mod headers;
mod json;
mod messages;
mod names;
mod repeat;
mod streams;

pub use choices::Choices;
pub use repeat::{Property, hold, named};

/// The properties of core's parsers.
pub const PROPERTIES: &[(&str, Property)] = &[
    ("messages_read", messages::a_message_is_read_as_it_was_written),
    ("messages_refused", messages::what_is_no_message_is_refused_with_its_code_and_its_id),
    ("streams_read", streams::events_come_back_however_they_are_cut),
    ("streams_cut", streams::any_stream_is_read_the_same_however_it_is_cut),
    ("ids", names::an_id_has_one_text),
    ("cursors", names::a_cursor_has_one_text),
    ("times", names::a_time_that_is_read_stays_the_same_moment),
    ("tasks", names::a_task_is_named_by_an_id_or_a_number),
    ("calls_named", calls::a_call_is_the_same_however_its_arguments_are_named),
    ("calls_limited", calls::a_call_keeps_its_limits_or_is_told_what_is_right),
    ("header_values", headers::a_value_survives_its_header),
    ("event_ids", headers::an_id_of_an_event_has_one_text),
    ("envelopes", headers::an_envelope_agrees_with_its_headers_or_is_refused),
    ("uris", headers::a_resource_is_found_by_its_uri),
    ("filters", headers::a_filter_survives_storage_or_is_refused),
    ("files", calls::a_file_survives_base64),
];
