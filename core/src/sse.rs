//! Server-sent events, written and read (WHATWG HTML, section 9.2).

use std::fmt::Write;

/// One event to write. A line break inside `data` becomes a `data:` line of its own, so no content can end the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// The event's name. One with a line break is left out.
    pub event: Option<&'a str>,
    pub id: Option<&'a str>,
    pub data: &'a str,
}

impl Frame<'_> {
    /// The bytes of the event, its ending blank line included.
    pub fn encode(&self) -> String {
        let mut text = String::with_capacity(self.data.len() + 48);
        if let Some(event) = self.event.filter(|event| !event.contains(['\n', '\r'])) {
            let _ = writeln!(text, "event: {event}");
        }
        if let Some(id) = self.id.filter(|id| !id.contains(['\n', '\r', '\0'])) {
            let _ = writeln!(text, "id: {id}");
        }
        for line in self.data.split(['\n', '\r']) {
            let _ = writeln!(text, "data: {line}");
        }
        text.push('\n');
        text
    }
}

/// A comment: keeps the connection busy, reaches no client code.
pub const KEEPALIVE: &str = ": keepalive\n\n";

/// An event that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Received {
    /// `message` where the stream named none.
    pub event: String,
    pub data: String,
    /// The last id seen on the stream up to here.
    pub id: Option<String>,
}

/// Reads a stream of events out of chunks that may end anywhere.
#[derive(Clone, Debug, Default)]
pub struct Parser {
    /// Bytes of a line whose end has not come yet.
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed right after it belongs to it.
    after_cr: bool,
    started: bool,
    event: String,
    data: String,
    has_data: bool,
    id: Option<String>,
}

impl Parser {
    /// Takes the next chunk and returns the events it completed.
    pub fn push(&mut self, chunk: &[u8]) -> Vec<Received> {
        let mut events = Vec::new();
        for &byte in chunk {
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\n' | b'\r' => {
                    self.after_cr = byte == b'\r';
                    let line = std::mem::take(&mut self.line);
                    events.extend(self.end_line(&line));
                }
                _ => {
                    self.after_cr = false;
                    self.line.push(byte);
                }
            }
        }
        events
    }

    fn end_line(&mut self, line: &[u8]) -> Option<Received> {
        let text = String::from_utf8_lossy(line);
        let mut text = text.as_ref();
        if !std::mem::replace(&mut self.started, true) {
            text = text.strip_prefix('\u{feff}').unwrap_or(text);
        }
        if text.is_empty() {
            return self.dispatch();
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut self.event),
            "data" => {
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()).filter(|id| !id.is_empty()),
            _ => {}
        }
        None
    }

    fn dispatch(&mut self) -> Option<Received> {
        let event = std::mem::take(&mut self.event);
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then(|| Received {
            event: if event.is_empty() { "message".to_owned() } else { event },
            data,
            id: self.id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Received> {
        Parser::default().push(text.as_bytes())
    }

    #[test]
    fn what_is_written_is_read_back_however_it_is_cut() {
        let frame = Frame { event: Some("task.created"), id: Some("e-1-t"), data: "{\"a\":\n\"b\"}" }.encode();
        let whole = read(&frame);
        assert_eq!(whole, [Received { event: "task.created".into(), data: "{\"a\":\n\"b\"}".into(), id: Some("e-1-t".into()) }]);
        let mut parser = Parser::default();
        let piecewise: Vec<_> = frame.bytes().flat_map(|byte| parser.push(&[byte])).collect();
        assert_eq!(piecewise, whole);
    }

    #[test]
    fn no_content_can_break_out_of_its_event() {
        let evil = "a\n\nevent: forged\ndata: b\r\rid: 7\r\n\r\nc";
        let events = read(&Frame { event: Some("message"), id: None, data: evil }.encode());
        assert_eq!(events.len(), 1);
        assert_eq!(events[0].event, "message");
        assert_eq!(events[0].id, None);
    }

    #[test]
    fn neither_can_a_name_or_an_id() {
        let frame = Frame { event: Some("a\ndata: forged\n"), id: Some("7\rdata: forged"), data: "x" };
        assert_eq!(read(&frame.encode()), [Received { event: "message".into(), data: "x".into(), id: None }]);
    }

    #[test]
    fn comments_and_unknown_fields_reach_nobody() {
        assert_eq!(read(&format!("{KEEPALIVE}retry: 5\n\nfoo: bar\n\n")), []);
    }

    #[test]
    fn all_three_line_endings_end_lines() {
        for end in ["\n", "\r", "\r\n"] {
            let events = read(&format!("data: a{end}data: b{end}{end}data: c{end}{end}"));
            let data: Vec<_> = events.iter().map(|event| event.data.as_str()).collect();
            assert_eq!(data, ["a\nb", "c"], "{end:?}");
        }
    }
}
