//! One stream for several workspaces: each is fed through a socket of its own, with a place of its own; the client has one response.
//!
//! The data of every event begins with its workspace. An event that moves the client on bears an `id` that names its place in all of
//! them, so that `Last-Event-ID` resumes each. A workspace's `hello` does so too unless the client said where it stands there: what was
//! before is in the snapshot. The stream ends when one of its parts does, and the client opens it again; where that is because a workspace
//! was deleted, or is this person's no more, a last event names it. The client also opens it again after making a workspace, since the
//! stream serves those that it named, or else those there were when it was opened, the oldest fifty.

use std::collections::{BTreeMap, HashSet};

use agentrq_core::cursor::Cursor;
use agentrq_core::limits::WATCHED;
use agentrq_core::model::WorkspaceId;
use agentrq_core::sse;
use futures_util::stream::{self, select_all};
use futures_util::{Stream, StreamExt};
use serde_json::json;
use worker::Response;

use super::dial::{CONNECTED, DashboardStream};
use super::held::{Came, Why, fed, respond};
use crate::gate::mac::Mac;
use crate::problem::{Code, Problem};
use crate::routes::no_workspace;

/// Opens the stream of all of these.
pub fn hold_all(parts: Vec<DashboardStream>) -> Result<Response, Problem> {
    let places = Places::of(parts.iter().map(|part| (part.workspace().0.as_str(), part.cursor.as_deref())));
    let parts = parts.into_iter().map(|part| {
        let workspace = part.workspace().0.clone();
        fed(part, None).map(move |came| (workspace.clone(), came)).boxed_local()
    });
    // Without any workspace there is nothing to say, and no end.
    let none = stream::pending().boxed_local();
    respond(CONNECTED.to_owned(), merged(select_all(parts.chain([none])), places))
}

fn merged(mut parts: impl Stream<Item = (String, Came)> + Unpin, mut places: Places) -> impl Stream<Item = String> {
    async_stream::stream! {
        while let Some((workspace, came)) = parts.next().await {
            match came {
                Came::Piece(piece) => {
                    let id = piece.cursor.map(|cursor| places.moved(&workspace, cursor));
                    yield labelled(&piece.text, &workspace, id.as_deref());
                }
                Came::End(Why::Gone) => {
                    let data = json!({"workspace": workspace}).to_string();
                    yield sse::Frame { event: Some("gone"), id: None, data: &data }.encode();
                    return;
                }
                Came::End(Why::Over) => return,
            }
        }
    }
}

/// The workspaces that a client names, in its order. What was never made here is not found, and touches nothing.
pub fn named(names: &str, mac: &Mac) -> Result<Vec<WorkspaceId>, Problem> {
    let wrong = |detail: String| Err(Problem::new(Code::BadRequest, detail).with("field", "workspaces").with("limit", WATCHED));
    let workspaces: Vec<WorkspaceId> = names.split(',').map(|name| WorkspaceId(name.to_owned())).collect();
    if names.is_empty() || workspaces.len() > WATCHED {
        return wrong(format!("workspaces: the ids of 1 to {WATCHED} workspaces, with commas between them; open a stream for the rest"));
    }
    if workspaces.iter().any(|workspace| !mac.is_workspace(workspace)) {
        return Err(no_workspace());
    }
    match workspaces.iter().collect::<HashSet<_>>().len() {
        all if all == workspaces.len() => Ok(workspaces),
        _ => wrong("workspaces: each is named once".to_owned()),
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
    use crate::gate::mac::for_tests;
    use crate::stream::told::Piece;
    use futures_util::FutureExt;

    fn commit(cursor: &str) -> Came {
        let text = format!("event: a\ndata: {{\"n\":1}}\n\nevent: b\nid: {cursor}\ndata: {{\"n\":{{}}}}\n\n");
        Came::Piece(Piece { text, cursor: Some(cursor.to_owned()) })
    }

    fn written(all: Vec<(&str, Came)>, places: Places) -> Vec<String> {
        let all = all.into_iter().map(|(workspace, came)| (workspace.to_owned(), came));
        merged(stream::iter(all), places).boxed_local().collect().now_or_never().expect("at once")
    }

    #[test]
    fn every_event_names_its_workspace_and_the_last_of_a_commit_the_place_in_all() {
        let places = Places::of([("one", Some("e-1-a")), ("two", None), ("three", Some("x\ny"))].into_iter());
        let texts = written(vec![("two", commit("f-7-b")), ("one", commit("e-2-c"))], places);
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
    fn named_are_up_to_fifty_of_this_server_each_once_in_the_order_of_the_client() {
        let mac = for_tests();
        let read = |ids: &[u64]| {
            let names: Vec<String> = ids.iter().map(|id| mac.workspace(*id).0).collect();
            named(&names.join(","), &mac).map_err(|problem| problem.status)
        };
        assert_eq!(read(&[2, 1]), Ok(vec![mac.workspace(2), mac.workspace(1)]));
        let many: Vec<u64> = (0..=WATCHED as u64).collect();
        assert_eq!(read(&many[..WATCHED]).map(|all| all.len()), Ok(WATCHED));
        assert_eq!([read(&many), read(&[]), read(&[1, 2, 1])], [Err(400), Err(400), Err(400)]);
        let forged = format!("{},{}", mac.workspace(1), "0".repeat(22));
        for names in [forged, format!("{},", mac.workspace(1)), "x".to_owned()] {
            assert_eq!(named(&names, &mac).map_err(|problem| problem.code.into_owned()), Err("workspace_not_found".to_owned()));
        }
    }

    #[test]
    fn what_does_not_move_the_client_bears_no_id() {
        let hello = Piece::aside("event: hello\ndata: {\"cursor\":\"e-1-a\"}\n\n".to_owned());
        let texts = written(vec![("one", Came::Piece(hello))], Places::of([].into_iter()));
        assert_eq!(texts, ["event: hello\ndata: {\"workspace\":\"one\",\"cursor\":\"e-1-a\"}\n\n"]);
    }

    #[test]
    fn the_stream_ends_with_the_first_part_that_does_and_says_which_workspace_is_gone() {
        let texts = |why| {
            let all = vec![("one", commit("e-1-a")), ("two", Came::End(why)), ("one", commit("e-2-a"))];
            written(all, Places::of([].into_iter())).split_off(1)
        };
        assert_eq!(texts(Why::Over), [] as [&str; 0]);
        assert_eq!(texts(Why::Gone), ["event: gone\ndata: {\"workspace\":\"two\"}\n\n"]);
    }
}
