//! The Worker's side of a stream: it holds the client's response open, so that the object can sleep.
//!
//! ```text
//! client ◀── SSE response ── Worker ◀── socket ── object (hibernates between lines)
//! ```
//!
//! When the socket breaks (the object was reset, a deploy, a crash) the Worker dials again and the client's stream goes
//! on. When the client goes away the response is dropped, which closes the socket, which tells the object.

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use agentrq_core::sse::KEEPALIVE;
use futures_util::future::{Either, FutureExt, Shared, pending, select};
use futures_util::{Stream, StreamExt, pin_mut, stream};
use worker::{Date, Delay, Response, WebSocket, WebsocketEvent};

use super::line::{Down, TICK, Up, is_ending};
use crate::problem::Problem;

/// How often an idle stream gets a byte; also how a closed client is noticed.
const KEEPALIVE_MS: u64 = 25_000;
/// Written keys that are remembered, to leave out what comes twice after a redial.
const REMEMBERED: usize = 256;
/// Bytes after which the object is told how far the client is.
const REPORT_BYTES: u64 = 64 * 1024;
/// Waits between attempts to dial again.
const REDIAL_MS: [u64; 8] = [20, 50, 100, 250, 500, 1_000, 2_000, 4_000];

/// Written before the last word on a stream: nothing, to a client that is there.
const PROBE: &str = ":\n\n";
/// How long a client that is gone takes to refuse it: as long as a packet takes there and back. One that is far away is not found out.
const PROBE_MS: u64 = 5;

/// How the socket behind a stream is dialled.
pub trait Dial: 'static {
    /// The first time.
    fn dial(&self) -> impl Future<Output = Result<Response, Problem>>;
    /// After a break; `cursor` is where the client's stream stands.
    fn redial(&self, cursor: Option<&str>) -> impl Future<Output = Result<Response, Problem>>;
    /// May the client still have the stream? Asked once a socket stands and before anything of it is written, so that what is
    /// withdrawn before the question is noticed here, and what is withdrawn after it finds the socket to cut.
    fn check(&self) -> impl Future<Output = Result<(), Problem>>;
    /// How often that is asked again.
    fn check_every(&self) -> Option<Duration>;
    /// Written first on the client's stream.
    fn greeting(&self) -> String;
}

/// Opens a stream. What the object refuses is the answer to the client, with its own status.
pub async fn hold(dial: impl Dial) -> Result<Response, Problem> {
    let response = dial.dial().await?;
    if response.status_code() != 101 {
        return Ok(response);
    }
    let Some(socket) = response.websocket() else {
        return Err(Problem::internal("the object answered a stream without a socket"));
    };
    let greeting = dial.greeting();
    respond(greeting, fed(dial, Some(Socket(socket))).map(|piece| piece.text))
}

/// The response that a client holds: what comes, and a byte now and then while nothing does.
pub(super) fn respond(greeting: String, texts: impl Stream<Item = String> + 'static) -> Result<Response, Problem> {
    let bytes = kept_alive(texts).map(|text| Ok::<_, worker::Error>(text.into_bytes()));
    let greeting = stream::iter([Ok(greeting.into_bytes())]);
    let mut response = Response::from_stream(greeting.chain(bytes))?;
    let headers = response.headers_mut();
    headers.set("content-type", "text/event-stream")?;
    // A proxy that buffered or compressed would hold events back.
    headers.set("cache-control", "no-cache, no-transform")?;
    headers.set("x-accel-buffering", "no")?;
    headers.set("x-content-type-options", "nosniff")?;
    Ok(response)
}

fn kept_alive(texts: impl Stream<Item = String>) -> impl Stream<Item = String> {
    async_stream::stream! {
        pin_mut!(texts);
        let mut silence = Timer::default();
        let mut due_ms = now_ms() + KEEPALIVE_MS;
        loop {
            let waiting = silence.until(due_ms);
            pin_mut!(waiting);
            match select(texts.next(), waiting).await {
                Either::Left((Some(text), _)) => yield text,
                Either::Left((None, _)) => return,
                Either::Right(_) => {
                    due_ms = now_ms() + KEEPALIVE_MS;
                    yield KEEPALIVE.to_owned();
                }
            }
        }
    }
}

/// A time to wait for while other things happen. The platform's timer is set anew only when the time changes.
#[derive(Default)]
struct Timer {
    due_ms: u64,
    delay: Option<Shared<Delay>>,
}

impl Timer {
    /// Waits until then; for ever, if that is `u64::MAX`.
    async fn until(&mut self, due_ms: u64) {
        if due_ms == u64::MAX {
            return pending().await;
        }
        if self.due_ms != due_ms {
            self.due_ms = due_ms;
            self.delay = None;
        }
        self.delay.get_or_insert_with(|| pause(due_ms.saturating_sub(now_ms()))).clone().await;
        self.delay = None;
    }
}

/// A bare delay wakes only whoever looked at it first; each look at a stream may come from another task.
fn pause(ms: u64) -> Shared<Delay> {
    Delay::from(Duration::from_millis(ms)).shared()
}

/// A socket that closes when the stream it feeds is dropped.
pub(super) struct Socket(WebSocket);

impl Drop for Socket {
    fn drop(&mut self) {
        // One that is closed already needs no more.
        self.0.close(Some(1000), Some("the client is gone")).ok();
    }
}

impl Socket {
    fn say(&self, up: &Up) {
        // A socket that is gone is dialled again, and the object starts from what it knows.
        self.0.send_with_str(up.encode()).ok();
    }
}

/// What is repeated until told to stop.
struct Repeat {
    key: String,
    every_ms: u64,
    due_ms: u64,
    text: String,
    ticks: u64,
}

/// Something for the client.
pub(super) struct Piece {
    pub text: String,
    /// Where the client stands after it, if that is somewhere else than before.
    pub cursor: Option<String>,
}

/// What the object says, as it comes, over one socket after the other; the first one may stand already.
pub(super) fn fed(dial: impl Dial, first: Option<Socket>) -> impl Stream<Item = Piece> {
    async_stream::stream! {
        let mut next_socket = first;
        let mut known: VecDeque<String> = VecDeque::new();
        let mut cursor: Option<String> = None;
        let mut repeats: Vec<Repeat> = Vec::new();
        let mut timer = Timer::default();
        // Only after a redial can something come that was written before.
        let mut is_mended = false;
        loop {
            let socket = match next_socket.take() {
                Some(first) => first,
                None => match redialled(&dial, cursor.as_deref()).await {
                    Some(again) => {
                        is_mended = true;
                        again
                    }
                    None => return,
                },
            };
            let Ok(mut lines) = socket.0.events() else { continue };
            if socket.0.accept().is_err() {
                continue;
            }
            let mut total = 0u64;
            let mut reported = 0u64;
            let mut check_ms = 0;
            loop {
                if check_ms <= now_ms() {
                    if !allowed(&dial).await {
                        return;
                    }
                    check_ms = dial.check_every().map_or(u64::MAX, |every| now_ms() + every.as_millis() as u64);
                }
                let due_ms = repeats.iter().map(|repeat| repeat.due_ms).fold(check_ms, u64::min);
                match next(&mut lines, &mut timer, due_ms).await {
                    Next::Line(line) => {
                        total += line.len() as u64;
                        match Down::decode(&line) {
                            Some(Down::Write { key, cursor: at, text }) => {
                                if !(is_mended && known.contains(&key)) {
                                    yield Piece { text, cursor: at.clone() };
                                    if known.len() == REMEMBERED {
                                        known.pop_front();
                                    }
                                    known.push_back(key.clone());
                                    cursor = at.or(cursor);
                                }
                                // Resumed here, the client has taken what was yielded.
                                if key.starts_with('a') {
                                    socket.say(&Up::Written { key });
                                }
                            }
                            Some(Down::Repeat { key, every_s, text }) => {
                                // After a redial it is said again: then the counter goes on.
                                if !repeats.iter().any(|repeat| repeat.key == key) {
                                    let every_ms = u64::from(every_s) * 1_000;
                                    repeats.push(Repeat { key, every_ms, due_ms: now_ms(), text, ticks: 0 });
                                }
                            }
                            Some(Down::Stop { key }) => repeats.retain(|repeat| repeat.key != key),
                            Some(Down::Last { key, text }) => {
                                if !(is_mended && known.contains(&key)) {
                                    // A client that is gone is noticed only when something is written to it after something was.
                                    yield Piece { text: PROBE.to_owned(), cursor: None };
                                    pause(PROBE_MS).await;
                                    yield Piece { text, cursor: None };
                                }
                                socket.say(&Up::Written { key });
                                return;
                            }
                            Some(Down::End) => return,
                            None => worker::console_error!("the object said something that is no line"),
                        }
                        if total - reported >= REPORT_BYTES {
                            reported = total;
                            socket.say(&Up::Bytes(total));
                        }
                    }
                    Next::Due => {
                        let now = now_ms();
                        for repeat in repeats.iter_mut().filter(|repeat| repeat.due_ms <= now) {
                            repeat.due_ms = now + repeat.every_ms;
                            repeat.ticks += 1;
                            yield Piece { text: repeat.text.replace(TICK, &repeat.ticks.to_string()), cursor: None };
                        }
                    }
                    Next::Ended => return,
                    Next::Broken => break,
                }
            }
        }
    }
}

enum Next {
    Line(String),
    /// Nothing came until it was time for something.
    Due,
    /// The object ended the stream.
    Ended,
    /// The socket is gone, nobody knows why.
    Broken,
}

async fn next(lines: &mut worker::EventStream<'_>, timer: &mut Timer, due_ms: u64) -> Next {
    let wait = timer.until(due_ms);
    pin_mut!(wait);
    loop {
        match select(lines.next(), &mut wait).await {
            Either::Left((Some(Ok(WebsocketEvent::Message(message))), _)) => {
                if let Some(line) = message.text() {
                    return Next::Line(line);
                }
            }
            Either::Left((Some(Ok(WebsocketEvent::Close(close))), _)) if is_ending(close.code()) => return Next::Ended,
            Either::Left(_) => return Next::Broken,
            Either::Right(_) => return Next::Due,
        }
    }
}

/// Asks until there is an answer. Without one the stream ends, and the client comes back through the gate.
async fn allowed(dial: &impl Dial) -> bool {
    for wait in REDIAL_MS {
        match dial.check().await {
            Ok(()) => return true,
            Err(refusal) if refusal.status < 500 => return false,
            Err(_) => pause(wait).await,
        }
    }
    false
}

/// Dials until the object answers. `None`: it refused, or stays away; the client's stream ends and the client comes back by itself.
async fn redialled(dial: &impl Dial, cursor: Option<&str>) -> Option<Socket> {
    for wait in REDIAL_MS {
        pause(wait).await;
        match dial.redial(cursor).await {
            Ok(response) if response.status_code() == 101 => return response.websocket().map(Socket),
            Ok(response) if response.status_code() < 500 => return None,
            Ok(_) | Err(_) => {}
        }
    }
    None
}

fn now_ms() -> u64 {
    Date::now().as_millis()
}
