//! Names, types and ranges of files, from header to header.

use agentrq_core::limits;
use agentrq_core::testing::fuzz::Choices;

use crate::workspace::blobs::disposition::{clean_filename, clean_type, content_disposition, filename_of, percent_decoded, safe_type};
use crate::workspace::blobs::download::{Asked, Span, range};

pub(super) fn a_file_name_survives_its_header_and_never_gets_out_of_it(choices: &mut Choices<'_>) {
    let given = choices.text(12);
    let name = clean_filename(&given);
    assert!(!name.is_empty() && name.chars().count() <= limits::FILENAME_CHARS, "{given:?}");
    assert!(!name.contains(['/', '\\']) && !name.chars().any(char::is_control), "{given:?} became {name:?}");
    assert_eq!(clean_filename(&name), name, "{given:?}");

    let header = content_disposition(&given);
    assert!(header.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{header:?}");
    assert_eq!(header.matches('"').count(), 2, "{header:?}");
    assert_eq!(filename_of(&header), Some(given.clone()), "{header:?}");

    let quoted = format!("form-data; name=\"file\"; filename=\"{}\"", given.replace('\\', "\\\\").replace('"', "\\\""));
    assert_eq!(filename_of(&quoted), Some(given), "{quoted:?}");
    // Whatever a client writes there, it is read without a panic, and cleaned.
    let read = filename_of(&choices.changed(&header)).unwrap_or_default();
    assert!(!clean_filename(&read).contains(['/', '\\', '\0', '\n']));
    let text = choices.text(6);
    let encoded: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
    assert_eq!(percent_decoded(&encoded), text);
}

pub(super) fn a_type_that_goes_out_is_one_that_no_browser_runs(choices: &mut Choices<'_>) {
    let known = choices.of(&["text/html", "image/svg+xml", "text/plain; charset=utf-8", "application/pdf", "Image/PNG", "text/javascript"]);
    let given = choices.changed(known);
    let stored = clean_type(&given);
    assert_eq!(clean_type(&stored), stored, "{given:?}");
    let out = safe_type(&stored);
    assert!(out.len() <= 150 && out.bytes().all(|byte| (b' '..=b'~').contains(&byte)), "{given:?} became {out:?}");
    for runs in ["html", "svg", "script", "xml", "css", "wasm"] {
        assert!(!out.contains(runs), "{given:?} became {out:?}");
    }
}

pub(super) fn a_range_lies_within_its_file(choices: &mut Choices<'_>) {
    let size = choices.of(&[0, 1, 2, 1_000, 26_214_400]);
    let (first, last) = (choices.number() % (size + 2), choices.number() % (size + 2));
    let within = |start: u64, end: u64| if start < end { Asked::Part(Span { start, end }) } else { Asked::Outside };
    let expected = [
        (format!("bytes={first}-{last}"), if first > last { Asked::Whole } else { within(first, (last + 1).min(size)) }),
        (format!("bytes={first}-"), within(first, size)),
        (format!("bytes=-{last}"), within(size.saturating_sub(last), size)),
    ];
    for (header, asked) in expected {
        assert_eq!(range(Some(&header), size), asked, "{header} of {size}");
        let close = choices.changed(&header);
        if let Asked::Part(Span { start, end }) = range(Some(&close), size) {
            assert!(start < end && end <= size, "{close:?} of {size}");
            assert!(close.trim().starts_with("bytes="), "{close:?}");
        }
    }
}
