//! Forms with a file in them: stored the same however the network cuts them, and never by halves.

use agentrq_core::id::{AttachmentId, Id};
use agentrq_core::model::Attachment;
use agentrq_core::testing::fuzz::Choices;
use agentrq_core::time::Timestamp;
use futures_util::{FutureExt, StreamExt, stream};
use rusqlite::Connection;

use crate::migrations::migrate;
use crate::sql::Sql;
use crate::sql::native::memory;
use crate::workspace::blobs::receive::{Said, take};
use crate::workspace::blobs::{bytes, disposition, remove};
use crate::workspace::schema::MIGRATIONS;

thread_local! {
    /// One for all cases: making the tables takes longer than a case.
    static DB: Connection = {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("the tables");
        db
    };
}

/// A form, and what is stored of it.
struct Form {
    boundary: String,
    body: Vec<u8>,
    filename: String,
    content: Vec<u8>,
}

/// Fields before and after the file, names of any kind, and contents that come close to the boundary.
fn form(choices: &mut Choices<'_>) -> Form {
    let boundary = choices.word(20);
    let end = format!("--{boundary}");
    let content = |choices: &mut Choices<'_>| {
        let mut content = choices.bytes(40);
        for _ in 0..choices.below(4) {
            let close = choices.of(&["\r\n", "\r\n-", "\r\n--", "--", "\r", "\n", "\0"]);
            content.extend(close.bytes().chain(end.bytes().take(choices.below(end.len()))));
        }
        if choices.one_in(40) {
            content.resize(20_000, b'x');
        }
        // The one thing that a part cannot hold.
        while let Some(at) = content.windows(end.len()).position(|window| window == end.as_bytes()) {
            content[at] = b'_';
        }
        content
    };
    let filename = choices.text(8);
    let file = content(choices);
    let mut body = Vec::new();
    let mut part = |head: String, content: &[u8]| {
        body.extend_from_slice(format!("{end}\r\n{head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for _ in 0..choices.below(3) {
        part("Content-Disposition: form-data; name=\"note\"".to_owned(), &content(choices));
    }
    let disposition = disposition::content_disposition(&filename).replacen("attachment", "form-data; name=\"file\"", 1);
    let name = choices.of(&["Content-Disposition", "content-disposition"]);
    part(format!("{name}: {disposition}\r\nContent-Type: image/png"), &file);
    for _ in 0..choices.below(2) {
        part("Content-Disposition: form-data; name=\"later\"".to_owned(), &content(choices));
    }
    body.extend_from_slice(format!("{end}--\r\n").as_bytes());
    Form { boundary, body, filename, content: file }
}

/// What came of a body that arrived in pieces: the file and its bytes, or the status of the refusal.
fn sent(boundary: &str, pieces: Vec<&[u8]>) -> Result<(Attachment, Vec<u8>), u16> {
    DB.with(|db| {
        let id = AttachmentId(Id::new(0, 1));
        let said = Said { content_type: Some(format!("multipart/form-data; boundary={boundary}")), ..Said::default() };
        let pieces: Vec<worker::Result<Vec<u8>>> = pieces.into_iter().map(|piece| Ok(piece.to_vec())).collect();
        let taken = take(db, id, &said, stream::iter(pieces).boxed_local(), Timestamp::from_ms(0));
        let taken = taken.now_or_never().expect("nothing to wait for").map_err(|problem| problem.status);
        let stored = taken.map(|stored| (bytes(db, &stored).expect("all of its rows"), stored));
        if stored.is_ok() {
            remove(db, id).expect("removed");
        }
        assert_eq!(rows(db), 0, "a refused upload left something");
        stored.map(|(bytes, stored)| (stored, bytes))
    })
}

fn rows(db: &Connection) -> u64 {
    let row = db.first("SELECT (SELECT count(*) FROM attachments) + (SELECT count(*) FROM attachment_chunks)", &[]);
    row.expect("counted").and_then(|row| row.count(0).ok()).expect("a count")
}

pub(super) fn a_form_is_stored_the_same_however_it_is_cut(choices: &mut Choices<'_>) {
    let form = form(choices);
    let shown = String::from_utf8_lossy(&form.body).into_owned();
    let (stored, bytes) = sent(&form.boundary, choices.pieces(&form.body)).unwrap_or_else(|status| panic!("{status}: {shown:?}"));
    assert_eq!(bytes, form.content, "{shown:?}");
    assert_eq!(stored.filename, disposition::clean_filename(&form.filename), "{shown:?}");
    assert_eq!((stored.mime_type.as_str(), stored.size), ("image/png", form.content.len() as u64));
}

pub(super) fn a_broken_form_ends_the_same_however_it_is_cut_and_leaves_nothing(choices: &mut Choices<'_>) {
    let form = form(choices);
    let body = choices.changed_bytes(&form.body);
    let whole = sent(&form.boundary, vec![&body]);
    assert!(!matches!(whole, Err(status) if status >= 500), "{whole:?}");
    assert_eq!(sent(&form.boundary, choices.pieces(&body)), whole, "{:?}", String::from_utf8_lossy(&body));
}
