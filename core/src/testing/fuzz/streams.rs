//! Server-sent events: what is written is read back however it is cut, and no content gets out of its event.

use super::Choices;
use crate::sse::{Frame, KEEPALIVE, Parser, Received};

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Received> {
    let mut parser = Parser::default();
    pieces.into_iter().flat_map(|piece| parser.push(piece)).collect()
}

/// Events between comments and fields that nobody knows, with any of the three line endings, come back as they were.
pub(super) fn events_come_back_however_they_are_cut(choices: &mut Choices<'_>) {
    let (mut text, mut expected, mut last_id) = (String::new(), Vec::new(), None);
    for _ in 0..choices.below(6) {
        let (event, id, data) = (choices.text(4), choices.text(3), choices.text(12));
        let frame = Frame { event: choices.one_in(2).then_some(&event), id: choices.one_in(2).then_some(&id), data: &data };
        if choices.one_in(3) {
            text.push_str(choices.of(&[
                KEEPALIVE,
                "retry: 5\n\n",
                ": note\n",
                "unknown\n",
                "unknown: field\n",
                "\n",
                "event: dropped\n\n",
            ]));
        }
        text.push_str(&frame.encode());
        let breaks = ['\n', '\r'];
        if let Some(id) = frame.id.filter(|id| !id.contains(breaks) && !id.contains('\0')) {
            last_id = Some(id.to_owned()).filter(|id| !id.is_empty());
        }
        let named = frame.event.filter(|name| !name.contains(breaks) && !name.is_empty());
        expected.push(Received { event: named.unwrap_or("message").to_owned(), data: data.replace('\r', "\n"), id: last_id.clone() });
    }
    let ending = choices.of(&["\n", "\r", "\r\n"]);
    let mark = if choices.one_in(4) { "\u{feff}" } else { "" };
    let text = format!("{mark}{}", text.replace('\n', ending));
    assert_eq!(read(choices.pieces(text.as_bytes())), expected, "{text:?}");
}

/// Any bytes give the same events however they are cut, and those events, written again, are read as the same.
pub(super) fn any_stream_is_read_the_same_however_it_is_cut(choices: &mut Choices<'_>) {
    let frame = Frame { event: Some("task.created"), id: Some("e-1-t"), data: "{\"a\":1}\n{\"b\":2}" }.encode();
    let valid = frame.repeat(1 + choices.below(3));
    let bytes = if choices.one_in(4) { choices.bytes(80) } else { choices.changed_bytes(valid.as_bytes()) };
    let whole = read([bytes.as_slice()]);
    assert_eq!(read(choices.pieces(&bytes)), whole, "{:?}", String::from_utf8_lossy(&bytes));
    for event in whole {
        let again = Frame { event: Some(&event.event), id: event.id.as_deref(), data: &event.data }.encode();
        assert_eq!(read([again.as_bytes()]), [event], "{again:?}");
    }
}
