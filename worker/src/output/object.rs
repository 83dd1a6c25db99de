//! The Durable Object of one run's output. It trusts whoever reaches it: only the Worker and the workspace can, and only once the workspace has
//! said that they may.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

use worker::{
    DurableObject, Env, Error, Request, Response, ResponseBuilder, State, WebSocket, WebSocketIncomingMessage, WebSocketPair,
    durable_object,
};

use agentrq_core::limits;
use serde_json::json;

use super::{follow, store};
use crate::atomic::atomically;
use crate::body;
use crate::frame::framed;
use crate::migrations::migrate;
use crate::problem::{Code, Problem};
use crate::routes::Method;
use crate::stream::dial::wants_socket;
use crate::stream::line::Up;

/// Bytes of one answer to a reader, who asks again for more.
const READ_BYTES: usize = 1024 * 1024;

/// Readers that may follow one output at once.
const READERS: usize = 64;

/// The header that says which bytes an answer holds: `first behind start length over`.
pub const PLACE: &str = "x-agentrq-place";

/// What one run printed.
#[durable_object]
pub struct OutputObject {
    state: State,
    /// Why the database could not be brought up to date, if it could not: then nothing is answered.
    broken: Option<String>,
    /// Everything has been deleted, the tables too: whoever asks after that, late, finds an empty output.
    is_bare: AssertUnwindSafe<Cell<bool>>,
}

impl DurableObject for OutputObject {
    fn new(state: State, _env: Env) -> Self {
        let storage = state.storage();
        let migrated = atomically(&storage, || Ok(migrate(&storage.sql(), store::MIGRATIONS)?));
        let broken = migrated.err().map(|problem| format!("{problem:?}"));
        Self { state, broken, is_bare: AssertUnwindSafe(Cell::new(false)) }
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        framed(self.answer(&mut request)).await
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> worker::Result<()> {
        let WebSocketIncomingMessage::String(line) = message else { return Ok(()) };
        if let Some(Up::Bytes(total)) = Up::decode(&line)
            && let Err(problem) = follow::written(&socket, total, &self.state.storage().sql())
        {
            worker::console_error!("{problem:?}");
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _: String, _: bool) -> worker::Result<()> {
        let code = u16::try_from(code).unwrap_or(1006);
        // The other half of the handshake.
        socket.close(Some(if code == 1005 || code == 1006 { 1000 } else { code }), Some("")).ok();
        Ok(())
    }

    async fn websocket_error(&self, _: WebSocket, _: Error) -> worker::Result<()> {
        Ok(())
    }

    async fn alarm(&self) -> worker::Result<Response> {
        Response::empty()
    }
}

impl OutputObject {
    async fn answer(&self, request: &mut Request) -> Result<Response, Problem> {
        if let Some(broken) = &self.broken {
            return Err(Problem::internal(broken));
        }
        let url = request.url()?;
        let number = |name: &str| url.query_pairs().find(|(key, _)| key == name).and_then(|(_, value)| value.parse::<u64>().ok());
        if self.is_bare.get() {
            self.is_bare.set(false);
            let storage = self.state.storage();
            atomically(&storage, || Ok(migrate(&storage.sql(), store::MIGRATIONS)?)).inspect_err(|_| self.is_bare.set(true))?;
        }
        match Method::parse(request.method().as_ref()) {
            Method::Post => self.append(request, number("offset").unwrap_or_default()).await,
            Method::Put => self.end(),
            Method::Delete => self.forget().await,
            _ if wants_socket(request) => self.follow(number("offset"), number("tail")),
            _ => self.read(number("offset").unwrap_or_default(), number("limit")),
        }
    }

    async fn append(&self, request: &mut Request, offset: u64) -> Result<Response, Problem> {
        let bytes = body::read(request, limits::CHUNK_BYTES).await?;
        let storage = self.state.storage();
        let sql = storage.sql();
        let appended = atomically(&storage, || Ok(store::append(&sql, offset, &bytes, limits::OUTPUT_BYTES)?))?;
        match appended {
            store::Appended::Kept { length } => {
                follow::tell_all(&self.state, &sql)?;
                Ok(Response::from_json(&json!({"length": length}))?)
            }
            store::Appended::Over => Err(Problem::new(Code::Conflict, "this run is over: nothing more is taken of what it prints")),
            store::Appended::Gap { length } => {
                let detail = format!("the chunk begins at byte {offset} and {length} are here: send from byte {length} on");
                Err(Problem::new(Code::OutputGap, detail).with("length", length))
            }
        }
    }

    fn end(&self) -> Result<Response, Problem> {
        let sql = self.state.storage().sql();
        store::end(&sql)?;
        follow::tell_all(&self.state, &sql)?;
        Ok(Response::empty()?.with_status(204))
    }

    async fn forget(&self) -> Result<Response, Problem> {
        follow::close_all(&self.state);
        self.is_bare.set(true);
        self.state.storage().delete_all().await?;
        Ok(Response::empty()?.with_status(204))
    }

    fn read(&self, offset: u64, limit: Option<u64>) -> Result<Response, Problem> {
        let sql = self.state.storage().sql();
        let most = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(READ_BYTES).min(READ_BYTES);
        let (mut read, state) = (store::read(&sql, offset, most)?, store::state(&sql)?);
        // Several rows are one answer: each costs a call.
        while read.bytes.len() < most {
            let more = store::read(&sql, read.at + read.bytes.len() as u64, most - read.bytes.len())?;
            if more.bytes.is_empty() {
                break;
            }
            read.bytes.extend(more.bytes);
        }
        let behind = read.at + read.bytes.len() as u64;
        let place = format!("{} {behind} {} {} {}", read.at, state.start, state.length, u8::from(state.is_over));
        Ok(ResponseBuilder::new().with_header(PLACE, &place)?.fixed(read.bytes))
    }

    fn follow(&self, offset: Option<u64>, tail: Option<u64>) -> Result<Response, Problem> {
        let readers = self.state.get_websockets().len();
        if readers >= READERS {
            let detail = format!("{readers} readers follow this output already, and {READERS} may");
            return Err(Problem::new(Code::TooManyRequests, detail).retry_after(5).with("limit", READERS));
        }
        let sql = self.state.storage().sql();
        let WebSocketPair { client, server } = WebSocketPair::new()?;
        self.state.accept_web_socket(&server);
        server.serialize_attachment(follow::place(&sql, offset, tail)?)?;
        follow::tell(&server, &sql)?;
        Ok(Response::from_websocket(client)?)
    }
}
