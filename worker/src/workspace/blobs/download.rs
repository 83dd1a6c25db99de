//! An attachment on its way out: streamed row by row, whole or one range of it.

use agentrq_core::id::AttachmentId;
use agentrq_core::model::Attachment;
use futures_util::stream;
use worker::worker_sys::types::FixedLengthStream as RawFixedLength;
use worker::{FixedLengthStream, Headers, Request, Response, ResponseBody, SqlStorage};

use super::{CHUNK, chunk, disposition, find};
use crate::problem::{Code, Problem};
use crate::sql::SqlError;

/// The bytes from `start` to before `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub start: u64,
    pub end: u64,
}

/// What a `Range` header asks of a file of `size` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// All of it: no range, or one of a form that servers may ignore.
    Whole,
    Part(Span),
    Outside,
}

/// Reads `bytes=a-b`, `bytes=a-` and `bytes=-n`; several ranges at once are answered with the whole.
pub fn range(header: Option<&str>, size: u64) -> Asked {
    let Some((first, last)) = header.and_then(|text| text.trim().strip_prefix("bytes=")).and_then(|range| range.split_once('-')) else {
        return Asked::Whole;
    };
    let number = |text: &str| if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse::<u64>().ok() } else { None };
    let span = match (number(first.trim()), number(last.trim())) {
        (Some(start), Some(last)) if start <= last => Span { start, end: last.saturating_add(1).min(size) },
        (Some(start), None) if last.trim().is_empty() => Span { start, end: size },
        (None, Some(length)) if first.trim().is_empty() => Span { start: size.saturating_sub(length), end: size },
        _ => return Asked::Whole,
    };
    if span.start < span.end { Asked::Part(span) } else { Asked::Outside }
}

/// The rows that hold a span, and what of each is wanted.
fn pieces(span: Span) -> impl Iterator<Item = (u64, std::ops::Range<usize>)> {
    let row = CHUNK as u64;
    (span.start / row..span.end.div_ceil(row)).map(move |position| {
        let begin = position * row;
        let from = span.start.saturating_sub(begin).min(row) as usize;
        let to = (span.end - begin).min(row) as usize;
        (position, from..to)
    })
}

/// Answers `GET …/attachments/{id}`.
pub fn answer(sql: &SqlStorage, id: AttachmentId, request: &Request) -> Result<Response, Problem> {
    let Some(attachment) = find(sql, id)? else {
        return Err(Problem::new(Code::AttachmentNotFound, format!("there is no attachment {id} in this workspace")));
    };
    let header = |name: &str| request.headers().get(name).ok().flatten();
    let headers = Headers::new();
    for (name, value) in disposition::headers(&attachment) {
        headers.set(name, &value)?;
    }
    let etag = format!("\"{}\"", attachment.sha256);
    if header("if-none-match").is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag)) {
        return Ok(Response::empty()?.with_status(304).with_headers(headers));
    }
    // A range of another file than the one asked for is no use.
    let wanted = header("range").filter(|_| header("if-range").is_none_or(|tag| tag == etag));
    let (status, span) = match range(wanted.as_deref(), attachment.size) {
        Asked::Whole => (200, Span { start: 0, end: attachment.size }),
        Asked::Part(span) => (206, span),
        Asked::Outside => {
            return Err(
                Problem::new(Code::RangeNotSatisfiable, format!("the file has {} bytes", attachment.size)).with("limit", attachment.size)
            );
        }
    };
    if status == 206 {
        headers.set("content-range", &format!("bytes {}-{}/{}", span.start, span.end - 1, attachment.size))?;
    }
    Ok(body(sql, &attachment, span)?.with_status(status).with_headers(headers))
}

/// Each row is read when the reader is ready for it, so one row is in memory at a time.
fn body(sql: &SqlStorage, attachment: &Attachment, span: Span) -> Result<Response, Problem> {
    let (sql, id) = (sql.clone(), attachment.id);
    let rows = stream::iter(pieces(span).map(move |(position, part)| {
        let data = chunk(&sql, id, position).map_err(|SqlError(error)| worker::Error::RustError(error))?;
        let part = data.get(part).ok_or_else(|| worker::Error::RustError(format!("row {position} of {id} is short")))?;
        Ok(part.to_vec())
    }));
    // A stream of known length lets the runtime say Content-Length.
    let raw: RawFixedLength = FixedLengthStream::wrap(rows, span.end - span.start).into();
    Ok(Response::from_body(ResponseBody::Stream(raw.readable()))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_as_the_standard_says() {
        let part = |start, end| Asked::Part(Span { start, end });
        for (header, expected) in [
            (None, Asked::Whole),
            (Some("bytes=0-0"), part(0, 1)),
            (Some("bytes=10-19"), part(10, 20)),
            (Some("bytes=90-"), part(90, 100)),
            (Some("bytes=90-1000"), part(90, 100)),
            (Some("bytes=-10"), part(90, 100)),
            (Some("bytes=-1000"), part(0, 100)),
            (Some("bytes=100-"), Asked::Outside),
            (Some("bytes=-0"), Asked::Outside),
            (Some("bytes=5-4"), Asked::Whole),
            (Some("bytes=0-1,5-6"), Asked::Whole),
            (Some("bytes=a-b"), Asked::Whole),
            (Some("bytes=-"), Asked::Whole),
            (Some("bytes=+1-2"), Asked::Whole),
            (Some("lines=1-2"), Asked::Whole),
        ] {
            assert_eq!(range(header, 100), expected, "{header:?}");
        }
        assert_eq!(range(Some("bytes=0-18446744073709551615"), 100), part(0, 100));
    }

    #[test]
    fn the_pieces_of_a_span_are_the_span() {
        let row = CHUNK as u64;
        for (start, end) in [(0, 0), (0, 1), (0, row), (0, row + 1), (row - 1, row + 1), (row, 2 * row), (5, 3 * row - 5)] {
            let total: usize = pieces(Span { start, end }).map(|(_, part)| part.len()).sum();
            assert_eq!(total as u64, end - start, "{start}..{end}");
            assert!(pieces(Span { start, end }).all(|(_, part)| !part.is_empty() && part.end <= CHUNK), "{start}..{end}");
        }
    }
}
