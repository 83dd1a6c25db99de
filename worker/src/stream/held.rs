//! The Worker's side of a stream: it holds the client's response open, so that the object can sleep.
//!
//! ```text
//! client ◀── SSE response ── Worker ◀── socket ── object (hibernates between lines)
//! ```
//!
//! When the socket breaks (the object was reset, a deploy, a crash) the Worker dials again and the client's stream goes
//! on. When the client goes away the response is dropped, which closes the socket, which tells the object.

use std::future::Future;
use std::time::Duration;

use agentrq_core::sse::KEEPALIVE;
use futures_util::future::{Either, FutureExt, Shared, pending, select};
use futures_util::{Stream, StreamExt, pin_mut, stream};
use worker::{Date, Delay, Response, WebSocket, WebsocketEvent};

use super::line::{Down, Ending, Up, is_ending};
use super::told::{LastWord, Piece, Told};
use crate::problem::Problem;

/// How often an idle stream gets a byte; also how a closed client is noticed.
const KEEPALIVE_MS: u64 = 25_000;
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
    let texts = fed(dial, Some(Socket(socket))).filter_map(async |came| match came {
        Came::Piece(piece) => Some(piece.text),
        Came::End(_) => None,
    });
    respond(greeting, texts)
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

/// So long a process is given turns to write what it was told to; an answer is not held up for longer.
const TURNS_MS: u64 = 100;

/// Waits until a client that is gone has refused what was written to it: so many milliseconds. That it has is told like all that comes in, and a
/// timer that is due may come before it: so there are two, one after the other. Where they took much longer, this process had no turn
/// meanwhile, and what it was to write may not have gone out: then it is given another.
pub(super) async fn refused_by_now(ms: u64) {
    let first = now_ms();
    while now_ms().saturating_sub(first) < TURNS_MS {
        let begun = now_ms();
        pause(ms.saturating_sub(1)).await;
        pause(1).await;
        if now_ms().saturating_sub(begun) <= 2 * ms {
            return;
        }
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

/// What comes of feeding a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Came {
    Piece(Piece),
    /// Nothing comes after it.
    End(Why),
}

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// All has been said, or the client is to open it again.
    Over,
    /// What it is a stream of is there no more, or not for this client.
    Gone,
}

impl Why {
    /// The reason behind a refusal.
    fn refused(status: u16) -> Self {
        if matches!(status, 403 | 404) { Self::Gone } else { Self::Over }
    }
}

/// What the object says, as it comes, over one socket after the other; the first one may stand already.
pub(super) fn fed(dial: impl Dial, first: Option<Socket>) -> impl Stream<Item = Came> {
    async_stream::stream! {
        let mut next_socket = first;
        let mut told = Told::default();
        let mut cursor: Option<String> = None;
        let mut timer = Timer::default();
        loop {
            let socket = match next_socket.take() {
                Some(first) => first,
                None => match redialled(&dial, cursor.as_deref()).await {
                    Ok(again) => {
                        told.mended();
                        again
                    }
                    Err(why) => {
                        yield Came::End(why);
                        return;
                    }
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
                    if let Err(why) = allowed(&dial).await {
                        yield Came::End(why);
                        return;
                    }
                    check_ms = dial.check_every().map_or(u64::MAX, |every| now_ms() + every.as_millis() as u64);
                }
                match next(&mut lines, &mut timer, told.due_ms().min(check_ms)).await {
                    Next::Message(message) => {
                        total += message.len() as u64;
                        let Some(lines) = Down::decode(&message) else {
                            worker::console_error!("the object said something that is no line");
                            continue;
                        };
                        let taken = told.take(lines, now_ms());
                        for piece in taken.pieces {
                            cursor = piece.cursor.clone().or(cursor);
                            yield Came::Piece(piece);
                        }
                        // Resumed here, the client has taken what was yielded.
                        for key in taken.answers {
                            socket.say(&Up::Written { key });
                        }
                        match taken.ending {
                            Some(LastWord::Answer { key, text }) => {
                                if let Some(text) = text {
                                    // A client that is gone is noticed only when something is written to it after something was.
                                    yield Came::Piece(Piece::aside(PROBE.to_owned()));
                                    refused_by_now(PROBE_MS).await;
                                    yield Came::Piece(Piece::aside(text));
                                }
                                socket.say(&Up::Written { key });
                                yield Came::End(Why::Over);
                                return;
                            }
                            Some(LastWord::Nothing) => {
                                yield Came::End(Why::Over);
                                return;
                            }
                            None => {}
                        }
                        if total - reported >= REPORT_BYTES {
                            reported = total;
                            socket.say(&Up::Bytes(total));
                        }
                    }
                    Next::Due => {
                        for piece in told.repeated(now_ms()) {
                            yield Came::Piece(piece);
                        }
                    }
                    Next::Ended(why) => {
                        yield Came::End(why);
                        return;
                    }
                    Next::Broken => break,
                }
            }
        }
    }
}

enum Next {
    /// Lines of the object.
    Message(String),
    /// Nothing came until it was time for something.
    Due,
    /// The object ended the stream.
    Ended(Why),
    /// The socket is gone, nobody knows why.
    Broken,
}

async fn next(lines: &mut worker::EventStream<'_>, timer: &mut Timer, due_ms: u64) -> Next {
    let wait = timer.until(due_ms);
    pin_mut!(wait);
    loop {
        match select(lines.next(), &mut wait).await {
            Either::Left((Some(Ok(WebsocketEvent::Message(message))), _)) => {
                if let Some(message) = message.text() {
                    return Next::Message(message);
                }
            }
            Either::Left((Some(Ok(WebsocketEvent::Close(close))), _)) if is_ending(close.code()) => {
                return Next::Ended(if close.code() == Ending::Deleted.code() { Why::Gone } else { Why::Over });
            }
            Either::Left(_) => return Next::Broken,
            Either::Right(_) => return Next::Due,
        }
    }
}

/// Asks until there is an answer. Without one the stream ends, and the client comes back through the gate.
async fn allowed(dial: &impl Dial) -> Result<(), Why> {
    for wait in REDIAL_MS {
        match dial.check().await {
            Ok(()) => return Ok(()),
            Err(refusal) if refusal.status < 500 => return Err(Why::refused(refusal.status)),
            Err(_) => pause(wait).await,
        }
    }
    Err(Why::Over)
}

/// Dials until the object answers. Where it refuses, or stays away, the client's stream ends and the client comes back by itself.
async fn redialled(dial: &impl Dial, cursor: Option<&str>) -> Result<Socket, Why> {
    for wait in REDIAL_MS {
        pause(wait).await;
        match dial.redial(cursor).await {
            Ok(response) if response.status_code() == 101 => return response.websocket().map(Socket).ok_or(Why::Over),
            Ok(response) if response.status_code() < 500 => return Err(Why::refused(response.status_code())),
            Ok(_) | Err(_) => {}
        }
    }
    Err(Why::Over)
}

fn now_ms() -> u64 {
    Date::now().as_millis()
}
