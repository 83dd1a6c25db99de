//! The Durable Object of a workspace: every request and every line of a stream comes in here, is decided in one
//! transaction, and goes out to the streams once that transaction stands.

pub mod http;
mod outputs;
pub mod rate;
pub mod sockets;
pub mod streams;

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::rc::Rc;
use std::time::Duration;

use agentrq_core::Report;
use agentrq_core::id::{Id, SessionId};
use agentrq_core::model::AgentName;
use worker::{Delay, DurableObject, Env, Request, Response, SqlStorage, State, WebSocket, WebSocketIncomingMessage, durable_object};

use self::http::Imports;
use self::outputs::Ask;
use self::rate::Rate;
use self::sockets::Sockets;
use crate::atomic::atomically;
use crate::frame::framed;
use crate::mcp::{sse, tell};
use crate::migrations::migrate;
use crate::problem::Problem;
use crate::random;
use crate::setup;
use crate::sql::Sql;
use crate::stream::line::{Ending, Up, is_ending};
use crate::workspace::arrows::Arrows;
use crate::workspace::sql_store::SqlStore;
use crate::workspace::timers::{self, Timer};
use crate::workspace::transaction::Transaction;
use crate::workspace::{blobs, calls, connections, ended, import, inbox, leases, presence, runs, schema, sessions, tokens, workflows};

/// How long a broken socket may take to be dialled again before its stream counts as lost.
const REDIAL_MS: u64 = 5_000;
/// Long enough for an answer and its pushes to be on their way.
const AFTER_THE_ANSWER: Duration = Duration::from_millis(2);

/// One workspace.
#[durable_object]
pub struct WorkspaceObject {
    state: State,
    env: Env,
    /// The workspace has been made and not deleted; nobody knows until the first look.
    made: AssertUnwindSafe<Cell<Option<bool>>>,
    /// The workspace is being deleted: nothing is answered any more, so that nothing comes to be meanwhile.
    is_leaving: AssertUnwindSafe<Cell<bool>>,
    /// Sessions that have ended: see [`ended`].
    ended: AssertUnwindSafe<RefCell<HashSet<Id>>>,
    /// When the alarm is set for, in milliseconds; 0 if nobody knows.
    alarm_at: AssertUnwindSafe<Rc<Cell<u64>>>,
    rate: AssertUnwindSafe<RefCell<Rate>>,
    /// How long a claim stands without a word from its agent.
    lease_ms: u64,
    /// What waits for what. Gone while a commit is under way: one that fails or panics leaves nothing that never was.
    arrows: AssertUnwindSafe<RefCell<Arrows>>,
    imports: AssertUnwindSafe<Imports>,
    /// Names this instance: another one after an eviction.
    #[cfg_attr(not(feature = "faults"), allow(dead_code))]
    instance: String,
}

impl DurableObject for WorkspaceObject {
    fn new(state: State, env: Env) -> Self {
        let instance = random::id(random::now()).map(|id| id.to_string()).unwrap_or_default();
        let lease_ms = setup::lease_ms(&env);
        let object = Self {
            state,
            env,
            lease_ms,
            arrows: AssertUnwindSafe(RefCell::default()),
            made: AssertUnwindSafe(Cell::new(None)),
            is_leaving: AssertUnwindSafe(Cell::new(false)),
            ended: AssertUnwindSafe(RefCell::default()),
            alarm_at: AssertUnwindSafe(Rc::default()),
            rate: AssertUnwindSafe(RefCell::default()),
            imports: AssertUnwindSafe(Imports::default()),
            instance,
        };
        if let Err(problem) = object.start() {
            worker::console_error!("the workspace could not start: {problem:?}");
        }
        object
    }

    async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let answered = framed(self.answer(&mut request)).await;
        self.arm_soon();
        answered
    }

    async fn websocket_message(&self, socket: WebSocket, message: WebSocketIncomingMessage) -> worker::Result<()> {
        let WebSocketIncomingMessage::String(line) = message else { return Ok(()) };
        match Up::decode(&line) {
            Some(Up::Bytes(total)) => sockets::written(&socket, total),
            Some(Up::Written { key }) => {
                if let Some(answer) = inbox::answer_of(&key) {
                    sockets::answer_written(&socket, answer, random::now());
                }
            }
            None => worker::console_error!("a Worker said something that is no line"),
        }
        Ok(())
    }

    async fn websocket_close(&self, socket: WebSocket, code: usize, _reason: String, _was_clean: bool) -> worker::Result<()> {
        let code = u16::try_from(code).unwrap_or(1006);
        // The other half of the handshake; on a socket that is closed wholly it has nothing left to do.
        socket.close(Some(if code == 1005 || code == 1006 { 1000 } else { code }), Some("")).ok();
        self.socket_ended(&socket, code);
        self.arm().await;
        Ok(())
    }

    async fn websocket_error(&self, socket: WebSocket, _error: worker::Error) -> worker::Result<()> {
        self.socket_ended(&socket, 1006);
        self.arm().await;
        Ok(())
    }

    /// Never fails: workerd gives an alarm up after seven failures.
    async fn alarm(&self) -> worker::Result<Response> {
        self.alarm_at.set(0);
        match self.due() {
            Ok(asks) => self.ask_outputs(asks).await,
            failed => report(failed.map(drop)),
        }
        self.arm().await;
        Response::empty()
    }
}

/// Faults where nobody waits for an answer go to the log.
fn report(done: Result<(), Problem>) {
    if let Err(problem) = done {
        worker::console_error!("{problem:?}");
    }
}

impl WorkspaceObject {
    fn sql(&self) -> SqlStorage {
        self.state.storage().sql()
    }

    /// Has the workspace been made? Looking makes no file.
    fn is_made(&self) -> Result<bool, Problem> {
        if let Some(made) = self.made.get() {
            return Ok(made);
        }
        let sql = self.sql();
        let has_tables = sql.first("SELECT 1 FROM sqlite_schema WHERE name = 'head'", &[])?.is_some();
        let made = has_tables && SqlStore::exists(&sql)?;
        self.made.set(Some(made));
        Ok(made)
    }

    /// Has it been made, and is it not being deleted?
    fn is_here(&self) -> Result<bool, Problem> {
        Ok(self.is_made()? && !self.is_leaving.get())
    }

    /// The workspace has just been made or deleted.
    fn forget_whether_made(&self) {
        self.made.set(None);
        self.arrows.take();
    }

    /// Brings the tables up to date.
    fn migrate(&self) -> Result<(), Problem> {
        atomically(&self.state.storage(), || Ok(migrate(&self.sql(), schema::MIGRATIONS)?))
    }

    /// What an instance does first: up-to-date tables, and a look at which streams are still held.
    fn start(&self) -> Result<(), Problem> {
        if !self.is_made()? {
            return Ok(());
        }
        self.migrate()?;
        self.ended.replace(ended::all(&self.sql())?);
        let held = Sockets(&self.state);
        self.commit(|tx| {
            blobs::arm(tx.sql())?;
            import::rows::sweep(tx.sql())?;
            for connection in connections::live(tx.sql())?.into_iter().filter(|it| !held.is_held(it.id)) {
                connections::closed(tx.sql(), connection.id, tx.now)?;
                timers::set(tx.sql(), Timer::Lost, &connection.id.to_string(), tx.now.plus_ms(REDIAL_MS))?;
            }
            Ok(())
        })
    }

    /// A person has signed out: the session opens nothing here any more, and its streams end.
    fn end_session(&self, session: Id) -> Result<(), Problem> {
        ended::add(&self.sql(), session, random::now())?;
        self.ended.borrow_mut().insert(session);
        Sockets(&self.state).close_session(session, Ending::Revoked);
        Ok(())
    }

    /// Runs `work` as one commit, gives what is queued to whoever listens, and tells the streams once all of it stands.
    fn commit<T>(&self, work: impl FnOnce(&mut Transaction<&SqlStorage>) -> Result<T, Problem>) -> Result<T, Problem> {
        let (mut work, mut value) = (Some(work), None);
        self.commits(&mut |tx| {
            if let Some(work) = work.take() {
                value = Some(work(tx)?);
            }
            Ok(())
        })?;
        value.ok_or_else(|| Problem::internal("a commit without its work"))
    }

    /// The same, compiled once for all that is done in commits: they are many, and the Worker's upload is small.
    fn commits(&self, work: &mut dyn FnMut(&mut Transaction<&SqlStorage>) -> Result<(), Problem>) -> Result<(), Problem> {
        let storage = self.state.storage();
        let sql = storage.sql();
        let tag = format!("{:x}", random::bits()?);
        let known = self.arrows.take();
        let (entry, outgoing, delivers, arrows) = atomically(&storage, || {
            let mut tx = Transaction::begin(&sql, random::now())?.leasing(self.lease_ms).knowing(known);
            work(&mut tx)?;
            if tx.deliver {
                inbox::deliver(&mut tx)?;
            }
            if workflows::changed(tx.events()) {
                tell::of_prompts(&mut tx)?;
            }
            if tx.store().has_subscribers() {
                tell::of_resources(&mut tx)?;
            }
            let (outgoing, delivers, arrows) = (std::mem::take(&mut tx.outgoing), tx.deliver, tx.arrows());
            Ok((tx.finish(&tag)?, outgoing, delivers, arrows))
        })?;
        self.arrows.replace(arrows);
        // The platform holds every message back until what was written before it is on disk.
        let sockets = Sockets(&self.state);
        // Whoever waits hears first: an agent that is given something, else those who look on.
        let (first, then) = if delivers { (outgoing, Vec::new()) } else { (Vec::new(), outgoing) };
        sockets.say(&first);
        if let Some(entry) = entry {
            sockets.publish(&entry);
        }
        sockets.say(&then);
        Ok(())
    }

    /// A socket is gone. If the Worker closed it, so did its client; if it broke, the Worker dials again.
    fn socket_ended(&self, socket: &WebSocket, code: u16) {
        let Some(connection) = Sockets(&self.state).connection(socket) else { return };
        // The end of a socket that was replaced may come late: the stream goes on over its successor.
        let replaced = code == Ending::TakenOver.code() || Sockets(&self.state).is_held_by_another(connection, socket);
        if replaced || !self.is_made().unwrap_or(false) {
            return;
        }
        let answered = sockets::answered(socket);
        report(self.commit(|tx| {
            if let Some(answered) = answered {
                inbox::written(tx.sql(), connection, answered.upto, answered.at)?;
            }
            if code == 1000 {
                return inbox::left(tx, connection);
            }
            if is_ending(code) {
                return inbox::lose(tx, connection);
            }
            connections::closed(tx.sql(), connection, tx.now)?;
            Ok(timers::set(tx.sql(), Timer::Lost, &connection.to_string(), tx.now.plus_ms(REDIAL_MS))?)
        }));
    }

    /// Sets the alarm for the next timer, if it is not set for then or earlier.
    async fn arm(&self) {
        if let Some(arming) = self.arming() {
            arming.await;
        }
    }

    /// The same, but what was just committed goes out first: the platform writes an alarm to disk before anything else, and
    /// whoever waits for a reply would wait for that too. An object that is gone before arms when it starts.
    fn arm_soon(&self) {
        if let Some(arming) = self.arming() {
            self.state.wait_until(async move {
                Delay::from(AFTER_THE_ANSWER).await;
                arming.await;
            });
        }
    }

    /// What sets the alarm, if it must be set.
    fn arming(&self) -> Option<impl Future<Output = ()> + use<>> {
        let next = match self.is_here() {
            Ok(true) => timers::next(&self.sql()).ok().flatten(),
            _ => None,
        }?;
        let set_for = self.alarm_at.get();
        if set_for != 0 && set_for <= next.ms() {
            return None;
        }
        self.alarm_at.set(next.ms());
        let (storage, alarm_at) = (self.state.storage(), Rc::clone(&self.alarm_at));
        Some(async move {
            let offset = i64::try_from(next.ms().saturating_sub(random::now().ms())).unwrap_or(i64::MAX);
            if let Err(error) = storage.set_alarm(offset).await {
                alarm_at.set(0);
                worker::console_error!("the alarm could not be set: {error}");
            }
        })
    }

    /// Does what is due, each in a commit of its own, so that one fault cannot hold up the rest.
    /// What is left is to be asked of outputs.
    fn due(&self) -> Result<Vec<Ask>, Problem> {
        if !self.is_here()? {
            return Ok(Vec::new());
        }
        let now = random::now();
        let mut asks = Vec::new();
        for (timer, key) in atomically(&self.state.storage(), || Ok(timers::take_due(&self.sql(), now)?))? {
            match self.ring(timer, &key) {
                Ok(ask) => asks.extend(ask),
                failed => report(failed.map(drop)),
            }
        }
        Ok(asks)
    }

    fn ring(&self, timer: Timer, key: &str) -> Result<Option<Ask>, Problem> {
        match timer {
            Timer::Pong => self.commit(|tx| inbox::unanswered(tx, key)),
            Timer::Quiet => self.commit(|tx| sse::quiet(tx, key)),
            Timer::Wait => {
                if let Some(wanted) = self.commit(|tx| inbox::wanted(tx, key))? {
                    return Ok(Some(Ask::Part { key: key.to_owned(), wanted }));
                }
                self.commit(|tx| inbox::wait_over(tx, key))
            }
            Timer::Due => self.commit(|tx| key.parse().map_or(Ok(()), |task| runs::due(tx, task))),
            Timer::Silent => self.commit(|tx| key.parse().map_or(Ok(()), |task| runs::silent(tx, task))),
            Timer::Closing => return Ok(key.parse().ok().map(|task| Ask::Close { task })),
            Timer::Lost => self.commit(|tx| match key.parse::<SessionId>() {
                Ok(connection) => inbox::lose(tx, connection),
                Err(_) => Ok(()),
            }),
            Timer::Away => self.commit(|tx| match AgentName::new(key) {
                Ok(agent) => presence::gone(tx, &agent),
                Err(_) => Ok(()),
            }),
            Timer::Lease => self.commit(|tx| match AgentName::new(key) {
                Ok(agent) => leases::ended(tx, &agent),
                Err(_) => Ok(()),
            }),
            Timer::TokenExpiry => self.expire_tokens(),
            Timer::Sweep => self.commit(|tx| {
                sessions::sweep(tx.sql(), tx.now)?;
                calls::sweep(tx.sql())?;
                connections::sweep(tx.sql(), tx.now)?;
                Ok(blobs::sweep(tx.sql(), tx.now)?)
            }),
        }?;
        Ok(None)
    }

    /// Ends the streams of tokens that have run out, and looks again when the next one does.
    fn expire_tokens(&self) -> Result<(), Problem> {
        let now = random::now();
        let mut ended = Vec::new();
        for connection in connections::live(&self.sql())? {
            if !tokens::is_good(&self.sql(), connection.token, now)? {
                ended.push(connection);
            }
        }
        let told = ended.iter().try_for_each(|connection| {
            self.commit(|tx| {
                tx.outgoing.extend(tell::ends(connection));
                inbox::lose(tx, connection.id)
            })
        });
        // Whatever became of the last words.
        for connection in &ended {
            Sockets(&self.state).close_token(connection.token, Ending::Revoked);
        }
        told?;
        if let Some(at) = tokens::next_expiry(&self.sql(), now)? {
            timers::set(&self.sql(), Timer::TokenExpiry, "", at)?;
        }
        Ok(())
    }

    /// Notes that an agent spoke over plain HTTP.
    fn heard(&self, agent: agentrq_core::model::AgentName) -> Result<(), Problem> {
        self.commit(|tx| tx.report(Report::Heard { agent, client: None }).map(|_| ()))
    }
}
