//! A server in the test's own process: HTTP over threads, as much of it as the bridge asks for, and what AgentRQ would answer.
#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

pub mod agentrq;
pub mod started;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread;

use serde_json::Value;

#[derive(Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn query(&self, name: &str) -> Option<String> {
        let pairs = self.query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.into_iter().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }
}

pub enum Reply {
    Json(u16, Value),
    /// With a header more.
    With(u16, (&'static str, String), Value),
    /// The connection is cut, as if the answer had been lost.
    Cut,
    /// Events for as long as there are any.
    Stream(Receiver<String>),
}

/// Answers every request with what `answer` says, until the test is over.
pub fn serve(answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            thread::spawn(move || converse(stream, &*answer));
        }
    });
    address
}

fn converse(stream: TcpStream, answer: &dyn Fn(Request) -> Reply) {
    let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let written = match answer(request) {
            Reply::Json(status, body) => respond(&mut writer, status, "", &body),
            Reply::With(status, (name, value), body) => respond(&mut writer, status, &format!("{name}: {value}\r\n"), &body),
            Reply::Cut => return,
            Reply::Stream(events) => {
                let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
                let mut written = writer.write_all(head.as_bytes());
                while let (Ok(()), Ok(event)) = (&written, events.recv()) {
                    written = writer.write_all(format!("data: {event}\n\n").as_bytes());
                }
                return;
            }
        };
        if written.is_err() {
            return;
        }
    }
}

fn respond(writer: &mut TcpStream, status: u16, headers: &str, body: &Value) -> std::io::Result<()> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
    writer.write_all(head.as_bytes())
}

fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next()?, words.next()?);
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (path, query) = target.split_once('?').map_or((target.clone(), String::new()), |(path, query)| (path.to_owned(), query.to_owned()));
    Some(Request { method, path, query, headers, body })
}
