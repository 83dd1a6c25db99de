//! A file on its way in over HTTP: the raw body, or the field `file` of a form, streamed into rows as it arrives.

use std::pin::Pin;

use agentrq_core::id::AttachmentId;
use agentrq_core::limits;
use agentrq_core::model::Attachment;
use agentrq_core::time::Timestamp;
use futures_util::{Stream, StreamExt, stream};
use multer::{Constraints, Multipart, SizeLimit};
use worker::Request;
use worker::send::SendWrapper;

use super::disposition::{filename_of, percent_decoded};
use super::{Upload, too_large};
use crate::problem::{Code, Problem};
use crate::sql::Sql;

/// What a form adds around its file.
const FORM_BYTES: u64 = 64 * 1024;

/// What is said of the file outside its bytes.
#[derive(Clone, Debug, Default)]
pub struct Said {
    pub content_type: Option<String>,
    pub content_length: Option<u64>,
    /// `?filename=`
    pub in_query: Option<String>,
    /// `X-Filename`
    pub in_header: Option<String>,
    pub content_disposition: Option<String>,
}

impl Said {
    fn of(request: &Request) -> Self {
        let header = |name: &str| request.headers().get(name).ok().flatten();
        let url = request.url().ok();
        Self {
            content_type: header("content-type"),
            content_length: header("content-length").and_then(|text| text.parse().ok()),
            in_query: url.and_then(|url| url.query_pairs().find(|(key, _)| key == "filename").map(|(_, value)| value.into_owned())),
            in_header: header("x-filename"),
            content_disposition: header("content-disposition"),
        }
    }

    fn filename(&self) -> String {
        let in_header = || self.in_header.as_deref().map(percent_decoded);
        let in_disposition = || self.content_disposition.as_deref().and_then(filename_of);
        self.in_query.clone().or_else(in_header).or_else(in_disposition).unwrap_or_default()
    }

    /// The boundary, if the body is a form.
    fn boundary(&self) -> Result<Option<String>, Problem> {
        let Some(content_type) = self.content_type.as_deref() else { return Ok(None) };
        if !content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
            return Ok(None);
        }
        multer::parse_boundary(content_type).map(Some).map_err(|_| {
            Problem::new(
                Code::UnsupportedMediaType,
                "a form must be multipart/form-data with a boundary; or send the file's bytes as the body",
            )
        })
    }
}

/// Answers `POST …/attachments`: stores the file and says what it is.
pub async fn receive<S: Sql>(sql: S, id: AttachmentId, request: &mut Request, now: Timestamp) -> Result<Attachment, Problem> {
    let said = Said::of(request);
    // A request without a body is an empty file.
    let body = if request.inner().body().is_some() { request.stream()?.boxed_local() } else { stream::empty().boxed_local() };
    take(sql, id, &said, body, now).await
}

/// The bytes of a body, as they arrive.
pub(crate) type Body = Pin<Box<dyn Stream<Item = Result<Vec<u8>, worker::Error>>>>;

/// Stores what comes in, in whatever pieces.
pub(crate) async fn take<S: Sql>(sql: S, id: AttachmentId, said: &Said, body: Body, now: Timestamp) -> Result<Attachment, Problem> {
    let boundary = said.boundary()?;
    let most = limits::ATTACHMENT_BYTES + if boundary.is_some() { FORM_BYTES } else { 0 };
    if said.content_length.is_some_and(|length| length > most) {
        return Err(too_large());
    }
    match boundary {
        None => raw(sql, id, said, body, now).await,
        Some(boundary) => form(sql, id, said, body, boundary, now).await,
    }
}

async fn raw<S: Sql>(sql: S, id: AttachmentId, said: &Said, mut body: Body, now: Timestamp) -> Result<Attachment, Problem> {
    let content_type = said.content_type.as_deref().unwrap_or_default();
    let mut upload = Upload::begin(sql, id, &said.filename(), content_type, now)?;
    while let Some(bytes) = body.next().await {
        upload.push(&bytes.map_err(|_| broken_off())?)?;
    }
    upload.finish()
}

async fn form<S: Sql>(sql: S, id: AttachmentId, said: &Said, body: Body, boundary: String, now: Timestamp) -> Result<Attachment, Problem> {
    let mut body = SendWrapper::new(body);
    // The wrapper as a whole moves into the closure: everything here runs on one thread.
    let body = stream::poll_fn(move |cx| {
        let body: &mut SendWrapper<Body> = &mut body;
        body.0.as_mut().poll_next(cx).map(|item| item.map(|bytes| bytes.map_err(|error| std::io::Error::other(error.to_string()))))
    });
    let size = SizeLimit::new().whole_stream(limits::ATTACHMENT_BYTES + FORM_BYTES);
    let mut form = Multipart::with_constraints(body, boundary, Constraints::new().size_limit(size));
    while let Some(mut field) = form.next_field().await.map_err(of_form)? {
        if field.name() != Some("file") {
            continue;
        }
        let filename = said.in_query.clone().or_else(|| disposition_of(&field)).unwrap_or_default();
        let content_type = field.content_type().map(ToString::to_string).unwrap_or_default();
        let mut upload = Upload::begin(sql, id, &filename, &content_type, now)?;
        while let Some(bytes) = field.chunk().await.map_err(of_form)? {
            upload.push(&bytes)?;
        }
        return upload.finish();
    }
    Err(Problem::new(Code::BadRequest, "the form has no field called \"file\"").with("field", "file"))
}

fn disposition_of(field: &multer::Field<'_>) -> Option<String> {
    let header = field.headers().get("content-disposition")?;
    filename_of(&String::from_utf8_lossy(header.as_bytes())).or_else(|| field.file_name().map(str::to_owned))
}

fn of_form(error: multer::Error) -> Problem {
    match error {
        multer::Error::StreamSizeExceeded { .. } | multer::Error::FieldSizeExceeded { .. } => too_large(),
        multer::Error::StreamReadFailed(_) => broken_off(),
        _ => Problem::new(
            Code::BadRequest,
            "the form cannot be read as multipart/form-data: send one field called \"file\", or the file's bytes as the body",
        ),
    }
}

fn broken_off() -> Problem {
    Problem::new(Code::BadRequest, "the body broke off before its end, and nothing was stored: send the file again")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{db, rows};
    use super::super::{bytes, find};
    use super::*;
    use agentrq_core::id::Id;
    use futures_util::FutureExt;
    use rusqlite::Connection;

    fn id() -> AttachmentId {
        AttachmentId(Id::new(0, 1))
    }

    fn said(content_type: &str) -> Said {
        Said { content_type: Some(content_type.to_owned()), ..Said::default() }
    }

    /// Sends a body in pieces of `piece` bytes.
    fn send(db: &Connection, said: &Said, body: &[u8], piece: usize) -> Result<Attachment, Problem> {
        let pieces: Vec<worker::Result<Vec<u8>>> = body.chunks(piece).map(|bytes| Ok(bytes.to_vec())).collect();
        take(db, id(), said, stream::iter(pieces).boxed_local(), Timestamp::from_ms(0)).now_or_never().expect("nothing to wait for")
    }

    const FORM: &str = "multipart/form-data; boundary=XX";

    fn form_of(content: &[u8]) -> Vec<u8> {
        let head = "--XX\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.png\"\r\nContent-Type: image/png\r\n\r\n";
        [head.as_bytes(), content, b"\r\n--XX--\r\n"].concat()
    }

    #[test]
    fn a_raw_body_is_stored_as_it_is() {
        let db = db();
        let said = Said { in_query: Some("x/report.bin".to_owned()), ..said("application/zip") };
        let stored = send(&db, &said, b"\0\xff--XX", 3).expect("stored");
        assert_eq!((stored.filename.as_str(), stored.mime_type.as_str(), stored.size), ("report.bin", "application/zip", 6));
        assert_eq!(bytes(&db, &stored).as_deref(), Ok(b"\0\xff--XX".as_slice()));
    }

    #[test]
    fn the_name_stands_in_the_query_or_a_header() {
        let name = |said: Said| said.filename();
        assert_eq!(name(Said { in_query: Some("q".to_owned()), in_header: Some("h".to_owned()), ..Said::default() }), "q");
        assert_eq!(name(Said { in_header: Some("n%C3%A9w".to_owned()), ..Said::default() }), "néw");
        assert_eq!(name(Said { content_disposition: Some("attachment; filename=d".to_owned()), ..Said::default() }), "d");
    }

    #[test]
    fn the_file_of_a_form_is_stored_however_the_network_cuts_it() {
        let content: Vec<u8> = (0..100_000u32).map(|index| (index % 256) as u8).collect();
        for piece in [1000, 4096, 65_536, 1_000_000] {
            let db = db();
            let stored = send(&db, &said(FORM), &form_of(&content), piece).expect("stored");
            assert_eq!((stored.filename.as_str(), stored.mime_type.as_str()), ("a b.png", "image/png"));
            assert_eq!(bytes(&db, &stored).as_deref(), Ok(content.as_slice()));
        }
    }

    #[test]
    fn what_is_too_large_is_refused_by_its_length_and_while_it_comes_in() {
        let db = db();
        let long = Said { content_length: Some(limits::ATTACHMENT_BYTES + 1), ..said("text/plain") };
        assert_eq!(send(&db, &long, b"", 1).map_err(|problem| problem.status), Err(413));
        let content = vec![0; limits::ATTACHMENT_BYTES as usize + 1];
        assert_eq!(send(&db, &said("text/plain"), &content, 1 << 20).map_err(|problem| problem.status), Err(413));
        assert_eq!(send(&db, &said(FORM), &form_of(&content), 1 << 20).map_err(|problem| problem.status), Err(413));
        assert_eq!(rows(&db), (0, 0));
    }

    #[test]
    fn what_cannot_be_read_is_refused_and_leaves_nothing() {
        let db = db();
        let cut = form_of(b"content");
        let other = String::from_utf8_lossy(&form_of(b"x")).replace("\"file\"", "\"other\"");
        for (said, body, status) in [
            (said("multipart/form-data"), form_of(b"x"), 415),
            (said("multipart/mixed; boundary=XX"), form_of(b"x"), 415),
            (said(FORM), b"no form at all".to_vec(), 400),
            (said(FORM), other.into_bytes(), 400),
            (said(FORM), cut[..cut.len() - 20].to_vec(), 400),
        ] {
            assert_eq!(send(&db, &said, &body, 7).map_err(|problem| problem.status), Err(status), "{said:?}");
        }
        assert_eq!(rows(&db), (0, 0));
        assert_eq!(find(&db, id()), Ok(None));
    }

    #[test]
    fn a_body_that_breaks_off_leaves_nothing() {
        let db = db();
        let pieces = vec![Ok(vec![1; 2 << 20]), Err(worker::Error::RustError("gone".to_owned()))];
        let result = take(&db, id(), &said("text/plain"), stream::iter(pieces).boxed_local(), Timestamp::from_ms(0)).now_or_never();
        assert_eq!(result.map(|result| result.map_err(|problem| problem.status)), Some(Err(400)));
        assert_eq!(rows(&db), (0, 0));
    }
}
