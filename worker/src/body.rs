//! Bodies and how large they may be: refused by their stated length before anything is read, and by their real one while reading.

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use worker::Request;

use crate::problem::{Code, Problem};
use crate::routes::Route;

/// Bytes of a JSON body over HTTP.
pub const JSON_BYTES: u64 = 1024 * 1024;
/// Bytes of an MCP message: 4 MiB of files as base64, and the text around them.
pub const MCP_BYTES: u64 = 6 * 1024 * 1024;

/// How large the body of a route may be, where one number says it; attachments and imports watch their own.
pub fn limit(route: &Route) -> Option<u64> {
    match route {
        Route::Attachments(_) | Route::Import(_) => None,
        Route::Mcp(..) => Some(MCP_BYTES),
        _ => Some(JSON_BYTES),
    }
}

/// Refuses a body by its stated length.
pub fn check_length(route: &Route, content_length: Option<u64>) -> Result<(), Problem> {
    match (limit(route), content_length) {
        (Some(limit), Some(length)) if length > limit => Err(too_large(limit)),
        _ => Ok(()),
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(Code::TooLarge, format!("the body may have {limit} bytes here; larger files go to POST …/attachments, output in chunks"))
        .with("limit", limit)
}

/// Reads a whole body of at most `limit` bytes.
pub async fn read(request: &mut Request, limit: u64) -> Result<Vec<u8>, Problem> {
    let length = request.headers().get("content-length")?.and_then(|text| text.parse().ok());
    // A body that says how long it is comes in one piece, which costs less than a stream of them.
    if length.is_some_and(|length: u64| length <= limit) {
        let body = request.bytes().await.map_err(|_| broke_off())?;
        return if body.len() as u64 > limit { Err(too_large(limit)) } else { Ok(body) };
    }
    if request.inner().body().is_none() {
        return Ok(Vec::new());
    }
    collect(request.stream()?, limit).await
}

fn broke_off() -> Problem {
    Problem::new(Code::BadRequest, "the body broke off before its end: send it again")
}

async fn collect(mut stream: impl Stream<Item = worker::Result<Vec<u8>>> + Unpin, limit: u64) -> Result<Vec<u8>, Problem> {
    let mut body = Vec::new();
    while let Some(bytes) = stream.next().await {
        let bytes = bytes.map_err(|_| broke_off())?;
        if (body.len() + bytes.len()) as u64 > limit {
            return Err(too_large(limit));
        }
        body.extend(bytes);
    }
    Ok(body)
}

/// Reads a JSON body of the form that a route wants.
pub async fn read_json<T: DeserializeOwned>(request: &mut Request, limit: u64) -> Result<T, Problem> {
    parse(&read(request, limit).await?)
}

/// Reads JSON and says where it is not what is wanted.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Looked at first: what the reader passes over, it does not look into.
    let text = std::str::from_utf8(body).map_err(|error| Problem::new(Code::InvalidJson, format!("the body is no UTF-8: {error}")))?;
    serde_json::from_str(text).map_err(|error| Problem::new(Code::InvalidJson, clipped(&error.to_string())))
}

/// The beginning and the end of what the reader says: it repeats what it was given, however long, and names the place last.
fn clipped(said: &str) -> String {
    const BEGINNING: usize = 200;
    const END: usize = 200;
    let length = said.chars().count();
    if length <= BEGINNING + END {
        return said.to_owned();
    }
    said.chars().take(BEGINNING).chain(['…']).chain(said.chars().skip(length - END)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use agentrq_core::model::WorkspaceId;

    use crate::routes::Endpoint;
    use futures_util::{FutureExt, stream};
    use serde::Deserialize;

    fn collected(pieces: Vec<worker::Result<Vec<u8>>>) -> Result<usize, u16> {
        collect(stream::iter(pieces), 10)
            .now_or_never()
            .expect("nothing to wait for")
            .map(|body| body.len())
            .map_err(|problem| problem.status)
    }

    #[test]
    fn a_body_is_refused_by_its_stated_length_and_while_it_is_read() {
        let mcp = Route::Mcp(WorkspaceId(String::new()), Endpoint::Mcp);
        assert!(check_length(&Route::Workspaces, Some(JSON_BYTES)).is_ok());
        assert_eq!(check_length(&Route::Workspaces, Some(JSON_BYTES + 1)).map_err(|problem| problem.status), Err(413));
        assert!(check_length(&mcp, Some(MCP_BYTES)).is_ok());
        assert_eq!(check_length(&mcp, Some(MCP_BYTES + 1)).map_err(|problem| problem.status), Err(413));
        assert_eq!(collected(vec![Ok(vec![0; 5]), Ok(vec![0; 5])]), Ok(10));
        assert_eq!(collected(vec![Ok(vec![0; 5]), Ok(vec![0; 6])]), Err(413));
        assert_eq!(collected(vec![Ok(vec![0; 5]), Err(worker::Error::RustError("cut".to_owned()))]), Err(400));
    }

    #[test]
    fn json_of_another_form_is_told_what_is_missing() {
        #[derive(Debug, Deserialize)]
        struct Wanted {
            #[allow(dead_code)]
            key: String,
        }
        for wrong in ["", "{", "[]", "{}", "{\"key\":1}", "\u{0}"] {
            let problem = parse::<Wanted>(wrong.as_bytes()).expect_err(wrong);
            assert_eq!(problem.status, 400, "{wrong}");
        }
        assert!(parse::<Wanted>(b"{}").expect_err("no key").detail.contains("key"));
        let passed_over = parse::<Wanted>(b"{\"key\":\"x\",\"other\":\"\xff\"}").expect_err("no UTF-8");
        assert!(passed_over.detail.contains("UTF-8"), "{}", passed_over.detail);
        let long = format!("\"{}\"", "é".repeat(100_000));
        let detail = parse::<Wanted>(long.as_bytes()).expect_err("a text").detail;
        assert!(detail.len() < 1_000 && detail.ends_with("at line 1 column 200002"), "{detail}");
    }
}
