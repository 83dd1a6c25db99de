//! One stream for several workspaces: each is fed through a socket of its own, with a place of its own; the client has one response.
//!
//! The data of every event begins with its workspace. An event that moves the client on bears an `id` that names its place in all of
//! them, so that `Last-Event-ID` resumes each. A workspace's `hello` does so too unless the client said where it stands there: what was
//! before is in the snapshot. The stream ends when one of its parts does, such as that of a deleted workspace, and the client opens it
//! again; it also does so after making a workspace, since the stream serves those there were when it was opened, the oldest fifty.

use std::collections::BTreeMap;

use agentrq_core::cursor::Cursor;
use agentrq_core::sse;
use futures_util::stream::{self, select_all};
use futures_util::{Stream, StreamExt};
use worker::Response;

use super::dial::{CONNECTED, DashboardStream};
use super::held::{Piece, fed, respond};
use crate::problem::Problem;

/// Opens the stream of all of these.
pub fn hold_all(parts: Vec<DashboardStream>) -> Result<Response, Problem> {
    let places = Places::of(parts.iter().map(|part| (part.workspace().0.as_str(), part.cursor.as_deref())));
    let parts = parts.into_iter().map(|part| {
        let workspace = part.workspace().0.clone();
        let pieces = fed(part, None).map(Some).chain(stream::iter([None]));
        pieces.map(move |piece| (workspace.clone(), piece)).boxed_local()
    });
    // Without any workspace there is nothing to say, and no end.
    let none = stream::pending().boxed_local();
    respond(CONNECTED.to_owned(), merged(select_all(parts.chain([none])), places))
}

fn merged(mut parts: impl Stream<Item = (String, Option<Piece>)> + Unpin, mut places: Places) -> impl Stream<Item = String> {
    async_stream::stream! {
        while let Some((workspace, Some(piece))) = parts.next().await {
            let id = piece.cursor.map(|cursor| places.moved(&workspace, cursor));
            yield labelled(&piece.text, &workspace, id.as_deref());
        }
    }
}

/// Where a client stands in each workspace.
struct Places(BTreeMap<String, String>);

impl Places {
    fn of<'a>(given: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Self {
        let is_cursor = |text: &&str| text.parse::<Cursor>().is_ok();
        Self(given.filter_map(|(workspace, cursor)| Some((workspace.to_owned(), cursor.filter(is_cursor)?.to_owned()))).collect())
    }

    /// It has moved on in one of them. Returns its place in all.
    fn moved(&mut self, workspace: &str, cursor: String) -> String {
        self.0.insert(workspace.to_owned(), cursor);
        let places: Vec<String> = self.0.iter().map(|(workspace, cursor)| format!("{workspace}={cursor}")).collect();
        places.join(",")
    }
}

/// Where a place in all of them is in one. What is no such place is one in none of them, and each says so.
pub fn place_in<'a>(places: &'a str, workspace: &str) -> Option<&'a str> {
    if !places.contains('=') {
        return Some(places);
    }
    places.split(',').filter_map(|place| place.split_once('=')).find(|(name, _)| *name == workspace).map(|(_, cursor)| cursor)
}

/// A workspace's frames as they stand in the stream of all: the workspace first in each one's data, and `id` on the last of them.
fn labelled(frames: &str, workspace: &str, id: Option<&str>) -> String {
    let mut events = sse::Parser::default().push(frames.as_bytes());
    let last = events.pop();
    let frame = |event: &sse::Received, id| {
        // Every event's data is an object with a member at least.
        let data = event.data.replacen('{', &format!("{{\"workspace\":\"{workspace}\","), 1);
        sse::Frame { event: Some(&event.event), id, data: &data }.encode()
    };
    events.iter().map(|event| frame(event, None)).chain(last.iter().map(|event| frame(event, id))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    fn commit(cursor: &str) -> Piece {
        let text = format!("event: a\ndata: {{\"n\":1}}\n\nevent: b\nid: {cursor}\ndata: {{\"n\":{{}}}}\n\n");
        Piece { text, cursor: Some(cursor.to_owned()) }
    }

    fn written(pieces: Vec<(&str, Option<Piece>)>, places: Places) -> Vec<String> {
        let pieces = pieces.into_iter().map(|(workspace, piece)| (workspace.to_owned(), piece));
        merged(stream::iter(pieces), places).boxed_local().collect().now_or_never().expect("at once")
    }

    #[test]
    fn every_event_names_its_workspace_and_the_last_of_a_commit_the_place_in_all() {
        let places = Places::of([("one", Some("e-1-a")), ("two", None), ("three", Some("x\ny"))].into_iter());
        let texts = written(vec![("two", Some(commit("f-7-b"))), ("one", Some(commit("e-2-c")))], places);
        assert_eq!(
            texts[0],
            "event: a\ndata: {\"workspace\":\"two\",\"n\":1}\n\nevent: b\nid: one=e-1-a,two=f-7-b\ndata: {\"workspace\":\"two\",\"n\":{}}\n\n"
        );
        assert!(texts[1].contains("\nid: one=e-2-c,two=f-7-b\n"));
        let ids = "one=e-2-c,two=f-7-b";
        assert_eq!(["one", "two", "three"].map(|workspace| place_in(ids, workspace)), [Some("e-2-c"), Some("f-7-b"), None]);
        assert_eq!(place_in("nonsense", "one"), Some("nonsense"));
    }

    #[test]
    fn what_does_not_move_the_client_bears_no_id() {
        let hello = Piece { text: "event: hello\ndata: {\"cursor\":\"e-1-a\"}\n\n".to_owned(), cursor: None };
        let texts = written(vec![("one", Some(hello))], Places::of([].into_iter()));
        assert_eq!(texts, ["event: hello\ndata: {\"workspace\":\"one\",\"cursor\":\"e-1-a\"}\n\n"]);
    }

    #[test]
    fn the_stream_ends_with_the_first_part_that_does() {
        let pieces = vec![("one", Some(commit("e-1-a"))), ("two", None), ("one", Some(commit("e-2-a")))];
        assert_eq!(written(pieces, Places::of([].into_iter())).len(), 1);
    }
}
