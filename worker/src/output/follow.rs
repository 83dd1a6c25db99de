//! Who follows an output: each socket is told as much as its reader takes, from where it stands.
//!
//! What is sent and not yet read is bounded, and what is not sent waits in the database: memory stays flat however much is printed and
//! however slow a reader is.

use agentrq_core::sse;
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{State as Platform, WebSocket};

use super::pieces::{Rest, beheaded, text};
use super::store;
use crate::problem::Problem;
use crate::sql::Sql;
use crate::stream::line::{Down, Ending};

/// Bytes that may be under way to a reader.
const WINDOW: u64 = 512 * 1024;
/// Bytes of output in one event.
const PIECE_BYTES: usize = 32 * 1024;

/// How far a reader is. It stays with the socket while the object sleeps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The next byte of the output.
    at: u64,
    sent: u64,
    written: u64,
}

impl Place {
    /// At a byte of the output.
    pub fn at(at: u64) -> Self {
        Self { at, ..Self::default() }
    }
}

/// What comes next for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Next {
    Line(Down),
    /// It has everything, or enough for now.
    Nothing,
}

/// The next line for whoever stands there, and where it stands then.
fn next(sql: &impl Sql, place: &mut Place) -> Result<Next, Problem> {
    if place.sent.saturating_sub(place.written) >= WINDOW {
        return Ok(Next::Nothing);
    }
    let state = store::state(sql)?;
    let line = |event: &str, at: u64, data: serde_json::Value| {
        let id = at.to_string();
        let text = sse::Frame { event: Some(event), id: Some(&id), data: &data.to_string() }.encode();
        Down::Write { key: format!("o{event}{at}"), cursor: Some(id), text }
    };
    if place.at < state.start {
        let from = std::mem::replace(&mut place.at, state.start);
        return Ok(Next::Line(line("cut", place.at, json!({"from": from, "to": place.at}))));
    }
    let read = store::read(sql, place.at, PIECE_BYTES)?;
    let rest = if state.is_over && read.at + read.bytes.len() as u64 == state.length { Rest::Nothing } else { Rest::MayCome };
    let (said, used) = text(&read.bytes, rest);
    if used > 0 {
        let offset = std::mem::replace(&mut place.at, read.at + used as u64);
        return Ok(Next::Line(line("output", place.at, json!({"offset": offset, "text": said}))));
    }
    // Of a character that lies over the end of a row the rest is in the next.
    if read.bytes.len() < PIECE_BYTES && !read.bytes.is_empty() && read.at + (read.bytes.len() as u64) < state.length {
        let more = store::read(sql, read.at + read.bytes.len() as u64, 4)?;
        let joined = [read.bytes, more.bytes].concat();
        let rest = if state.is_over && read.at + joined.len() as u64 == state.length { Rest::Nothing } else { Rest::MayCome };
        let (said, used) = text(&joined, rest);
        if used == 0 {
            return Ok(Next::Nothing);
        }
        let offset = std::mem::replace(&mut place.at, read.at + used as u64);
        return Ok(Next::Line(line("output", place.at, json!({"offset": offset, "text": said}))));
    }
    Ok(Next::Nothing)
}

/// Where a reader begins: at a byte, or so many before the end, at a character.
pub fn place(sql: &impl Sql, offset: Option<u64>, tail: Option<u64>) -> Result<Place, Problem> {
    let state = store::state(sql)?;
    let at = match (offset, tail) {
        (Some(offset), _) => offset.min(state.length),
        (None, Some(tail)) => {
            let at = state.length.saturating_sub(tail).max(state.start);
            if at == state.start { at } else { at + beheaded(&store::read(sql, at, 4)?.bytes) as u64 }
        }
        (None, None) => 0,
    };
    Ok(Place::at(at))
}

/// Tells every reader what there is for it.
pub fn tell_all(platform: &Platform, sql: &impl Sql) -> Result<(), Problem> {
    platform.get_websockets().iter().try_for_each(|socket| tell(socket, sql))
}

/// Tells one reader what there is for it; if that is all there ever will be, its stream ends.
pub fn tell(socket: &WebSocket, sql: &impl Sql) -> Result<(), Problem> {
    let mut place: Place = socket.deserialize_attachment().ok().flatten().unwrap_or_default();
    while let Next::Line(line) = next(sql, &mut place)? {
        let message = line.encode();
        place.sent += message.len() as u64;
        // A socket that is gone reports so by itself.
        if socket.send_with_str(&message).is_err() {
            return Ok(());
        }
    }
    socket.serialize_attachment(place).ok();
    let state = store::state(sql)?;
    if state.is_over && place.at == state.length {
        let data = json!({"length": state.length}).to_string();
        let text = sse::Frame { event: Some("end"), id: Some(&state.length.to_string()), data: &data }.encode();
        let end = Down::Write { key: "oend".to_owned(), cursor: None, text }.encode() + &Down::End.encode();
        socket.send_with_str(&end).ok();
    }
    Ok(())
}

/// The Worker has written this much in all to a reader: the next may come.
pub fn written(socket: &WebSocket, total: u64, sql: &impl Sql) -> Result<(), Problem> {
    let place: Place = socket.deserialize_attachment().ok().flatten().unwrap_or_default();
    socket.serialize_attachment(Place { written: total.min(place.sent), ..place }).ok();
    tell(socket, sql)
}

/// The task is gone, and with it what it printed.
pub fn close_all(platform: &Platform) {
    for socket in platform.get_websockets() {
        socket.close(Some(Ending::Deleted.code()), Some("")).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrations::migrate;
    use crate::sql::native::memory;

    /// All that a reader is told who takes everything, as event and data.
    fn told(db: &rusqlite::Connection, place: &mut Place) -> Vec<(String, serde_json::Value)> {
        let mut all = Vec::new();
        while let Next::Line(line) = next(db, place).expect("no fault") {
            let Down::Write { text, .. } = line else { panic!("a line to write") };
            let member = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
            all.push((member("event: "), serde_json::from_str(&member("data: ")).expect("JSON")));
        }
        all
    }

    fn output(chunks: &[&[u8]], most: u64) -> rusqlite::Connection {
        let db = memory();
        migrate(&db, store::MIGRATIONS).expect("migrated");
        let mut at = 0;
        for chunk in chunks {
            store::append(&db, at, chunk, most).expect("kept");
            at += chunk.len() as u64;
        }
        db
    }

    #[test]
    fn a_reader_is_told_the_text_in_whole_characters_from_where_it_stands() {
        let db = output(&["aé".as_bytes(), &"😀".as_bytes()[..2]], u64::MAX);
        let mut place = Place::at(1);
        assert_eq!(told(&db, &mut place), [("output".to_owned(), json!({"offset": 1, "text": "é"}))]);
        store::append(&db, 5, &"😀".as_bytes()[2..], u64::MAX).expect("kept");
        assert_eq!(told(&db, &mut place), [("output".to_owned(), json!({"offset": 3, "text": "😀"}))]);
        assert_eq!(told(&db, &mut place), []);
    }

    #[test]
    fn a_character_that_ends_in_the_next_row_and_one_that_never_ends_are_told() {
        let row = 1024 * 1024;
        let long = [vec![b'x'; row - 1], "é".as_bytes().to_vec(), vec![0xE2]].concat();
        let db = output(&[&long], u64::MAX);
        let mut place = Place::at(row as u64 - 1);
        assert_eq!(told(&db, &mut place)[0].1["text"], "é");
        assert_eq!(told(&db, &mut place), []);
        store::end(&db).expect("ended");
        assert_eq!(told(&db, &mut place)[0].1["text"], "\u{fffd}");
    }

    #[test]
    fn a_character_that_never_ends_over_two_rows_is_told_at_the_end() {
        let long = [vec![b'x'; PIECE_BYTES - 1], vec![0xE2]].concat();
        let db = output(&[&long, &[0x82]], u64::MAX);
        store::end(&db).expect("ended");
        let mut place = Place::at(0);
        let told = told(&db, &mut place);
        assert_eq!((told[1].1["text"].as_str(), place.at), (Some("\u{fffd}"), PIECE_BYTES as u64 + 1));
    }

    #[test]
    fn who_reads_slowly_is_told_no_more_than_a_window_until_it_has_read() {
        let db = output(&[&vec![b'x'; 1024 * 1024]], u64::MAX);
        let mut place = Place::at(0);
        let mut sent = 0;
        while let Next::Line(line) = next(&db, &mut place).expect("no fault") {
            place.sent += line.encode().len() as u64;
            sent = place.sent;
        }
        assert!((WINDOW..WINDOW + 2 * PIECE_BYTES as u64).contains(&sent), "{sent}");
        place.written = sent;
        assert!(matches!(next(&db, &mut place), Ok(Next::Line(_))));
    }

    #[test]
    fn what_is_no_longer_kept_is_said_to_be_cut() {
        let chunk = vec![b'x'; 64 * 1024];
        let db = output(&[&chunk, &chunk, b"end"], 64 * 1024);
        let mut place = Place::at(0);
        let told = told(&db, &mut place);
        assert_eq!((told[0].0.as_str(), &told[0].1["from"]), ("cut", &json!(0)));
        assert_eq!((told[1].0.as_str(), &told[1].1["offset"]), ("output", &told[0].1["to"]));
    }

    #[test]
    fn a_reader_of_the_end_begins_at_a_character() {
        let db = output(&["aé😀b".as_bytes()], u64::MAX);
        let at = |tail| place(&db, None, Some(tail)).expect("a place").at;
        assert_eq!([1, 2, 4, 5, 6, 7, 100].map(at), [7, 7, 7, 3, 3, 1, 0]);
        assert_eq!(place(&db, Some(100), None), Ok(Place::at(8)));
        assert_eq!(place(&db, None, None), Ok(Place::at(0)));
    }
}
