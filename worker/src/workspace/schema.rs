//! The tables of a workspace, as numbered migrations. Once shipped, one is never changed.
//!
//! Entities stand as JSON beside the few columns that are searched by, so that a store only puts and deletes. Each index costs a page to
//! write at every commit that touches it: tables that hold only what is under way (pings, answers, timers) have none.

use super::{blobs, tokens};

/// Every migration, in order.
pub const MIGRATIONS: &[&str] = &[ENTITIES, tokens::MIGRATION, blobs::MIGRATION, HISTORY, STREAMS, tokens::HEARS, SESSIONS, LARGE];

const ENTITIES: &str = "
CREATE TABLE workspace (id TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE tasks (
  id TEXT PRIMARY KEY,
  number INTEGER NOT NULL UNIQUE,
  status TEXT NOT NULL,
  assignee TEXT NOT NULL,
  agent TEXT,
  is_open INTEGER NOT NULL,
  title TEXT NOT NULL,
  json TEXT NOT NULL
);
CREATE INDEX tasks_listed ON tasks (is_open, id);
CREATE INDEX tasks_claimable ON tasks (agent, number) WHERE status = 'notstarted' AND assignee = 'agent';
-- A task that is gone, for people's undo and audit.
CREATE TABLE tombstones (task TEXT PRIMARY KEY, revision INTEGER NOT NULL, json TEXT NOT NULL);

CREATE TABLE messages (id TEXT PRIMARY KEY, task TEXT NOT NULL, place INTEGER NOT NULL, json TEXT NOT NULL);
CREATE UNIQUE INDEX messages_of_task ON messages (task, place);

CREATE TABLE deliveries (
  id TEXT PRIMARY KEY,
  task TEXT NOT NULL,
  agent TEXT,
  session TEXT,
  state TEXT NOT NULL,
  queued_at INTEGER NOT NULL,
  redelivered INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  json TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX deliveries_queued ON deliveries (agent, queued_at, id) WHERE state = 'queued';
CREATE INDEX deliveries_unseen ON deliveries (agent, queued_at, id) WHERE state <> 'seen';
CREATE INDEX deliveries_of_task ON deliveries (task);

CREATE TABLE agents (name TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID";

const HISTORY: &str = "
-- One row: where the history stands.
CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), epoch TEXT NOT NULL, seq INTEGER NOT NULL, tag TEXT NOT NULL, last_number INTEGER NOT NULL);
-- What dashboards were told, to tell those that were away.
CREATE TABLE commits (seq INTEGER PRIMARY KEY, tag TEXT NOT NULL, at INTEGER NOT NULL, bytes INTEGER NOT NULL, frames TEXT NOT NULL);
-- What is remembered of each replica, by person and client id.
CREATE TABLE clients (person TEXT NOT NULL, client TEXT NOT NULL, at INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (person, client)) WITHOUT ROWID;
-- Which ids were made for which Idempotency-Key.
CREATE TABLE idempotency (caller TEXT NOT NULL, key TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (caller, key)) WITHOUT ROWID;
CREATE INDEX idempotency_age ON idempotency (at);
-- Sessions whose person has signed out, for as long as a Worker may remember that they were good.
CREATE TABLE ended_sessions (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID";

const STREAMS: &str = "
-- One row for each stream an agent opened; it outlives the stream, so that a reconnect finds what was left.
CREATE TABLE connections (
  id TEXT PRIMARY KEY,
  session TEXT NOT NULL,
  token TEXT NOT NULL,
  agent TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  heard_at INTEGER NOT NULL,
  -- Held by a Worker right now.
  is_live INTEGER NOT NULL,
  -- opened: nobody has spoken on it; initializing: a new model is being set up; ready: somebody listens.
  phase TEXT NOT NULL,
  closed_at INTEGER,
  -- Somebody listens on it who never said `initialize`, and it has gone on from no other connection yet.
  is_orphan INTEGER NOT NULL DEFAULT 0,
  -- The connection that goes on from this one.
  heir TEXT
) WITHOUT ROWID;
CREATE INDEX connections_live ON connections (is_live, phase);
CREATE INDEX connections_of_token ON connections (token, agent, closed_at);
-- Answers that may not have reached the client. One that was written may still have been written to a client that was gone.
CREATE TABLE answers (id INTEGER PRIMARY KEY AUTOINCREMENT, connection TEXT NOT NULL, at INTEGER NOT NULL, written_at INTEGER, deliveries TEXT NOT NULL, json TEXT NOT NULL);
-- What of an answer is too long for one row: it follows on the row of the answer, and goes with it.
CREATE TABLE answer_parts (answer INTEGER NOT NULL, part INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (answer, part)) WITHOUT ROWID;
CREATE TRIGGER answers_end AFTER DELETE ON answers BEGIN DELETE FROM answer_parts WHERE answer = old.id; END;
-- Calls that wait for a person.
CREATE TABLE waits (connection TEXT NOT NULL, request TEXT NOT NULL, agent TEXT NOT NULL, progress TEXT, deadline INTEGER NOT NULL, PRIMARY KEY (connection, request)) WITHOUT ROWID;
CREATE INDEX waits_of_agent ON waits (agent);
-- Pings that wait for their pong, with what the pong will prove to have arrived: deliveries, and answers up to an id.
CREATE TABLE pings (id TEXT PRIMARY KEY, connection TEXT NOT NULL, at INTEGER NOT NULL, deliveries TEXT NOT NULL, answers INTEGER NOT NULL) WITHOUT ROWID;
-- Items that stood in a result of the session: its next call shows that the model has read them.
CREATE TABLE shown (session TEXT NOT NULL, delivery TEXT NOT NULL, PRIMARY KEY (session, delivery)) WITHOUT ROWID;
-- Tasks whose createTask may not have been answered, by content.
CREATE TABLE creations (agent TEXT NOT NULL, hash TEXT NOT NULL, task TEXT NOT NULL, connection TEXT NOT NULL, answer INTEGER, at INTEGER NOT NULL, PRIMARY KEY (agent, hash)) WITHOUT ROWID;
-- What the one alarm is set for.
CREATE TABLE timers (kind TEXT NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (kind, key)) WITHOUT ROWID";

const SESSIONS: &str = "
-- What the client of a Streamable HTTP session is, and how far it has come: one row each; it outlives every stream.
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  token TEXT NOT NULL,
  agent TEXT NOT NULL,
  opened_at INTEGER NOT NULL,
  heard_at INTEGER NOT NULL,
  -- shared: of all requests of a token's agent that name no session; initializing; initialized; ready: there is a way to its model;
  -- ended: by the client.
  phase TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_of_token ON sessions (token, agent, phase);
-- Calls that were answered over HTTP, so that one that comes again is not done again.
CREATE TABLE calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  session TEXT NOT NULL,
  -- The request's id as JSON, and the hash of what it asks.
  request TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  -- under way: nobody knows yet; written: given to a client that was there; lost: the client was gone.
  state TEXT NOT NULL,
  deliveries TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (session, request)
);
-- sse: HTTP+SSE; get: the stream of a session; call: the answer to one request; listen: what a client asked to be told of.
ALTER TABLE connections ADD COLUMN kind TEXT NOT NULL DEFAULT 'sse';
-- Of a stream that answers one request: that request's id, as JSON.
ALTER TABLE connections ADD COLUMN request TEXT;
-- Of a stream that answers one request: the client's going ends the request too.
ALTER TABLE connections ADD COLUMN ends_with_client INTEGER NOT NULL DEFAULT 0;
CREATE INDEX connections_of_session ON connections (session, is_live);
-- Grows along each stream: the place of what the ping follows.
ALTER TABLE pings ADD COLUMN seq INTEGER NOT NULL DEFAULT 0;
-- What clients want to be told of: by their session, or by the stream that they listen on.
-- uri: what a client called a resource, which it is told of by that name.
CREATE TABLE subscriptions (subscriber TEXT NOT NULL, topic TEXT NOT NULL, uri TEXT NOT NULL, PRIMARY KEY (subscriber, topic)) WITHOUT ROWID;
CREATE INDEX subscriptions_by_topic ON subscriptions (topic);
-- The least grave messages that a session wants to hear of.
CREATE TABLE log_levels (session TEXT PRIMARY KEY, level TEXT NOT NULL) WITHOUT ROWID";

/// What keeps a workspace of a hundred thousand tasks, and a thread of ten thousand messages, as quick as an empty one.
const LARGE: &str = "
-- A list by status or assignee is read off the index.
DROP INDEX tasks_listed;
CREATE INDEX tasks_listed ON tasks (is_open, id, status, assignee);
-- What a task still owes is found without a look at what has been seen.
DROP INDEX deliveries_of_task;
CREATE INDEX deliveries_of_task ON deliveries (task, state);
-- Bytes of the history up to and with this commit, so that cutting it back need not add them up.
ALTER TABLE commits ADD COLUMN upto INTEGER NOT NULL DEFAULT 0";

#[cfg(test)]
mod tests {
    use super::MIGRATIONS;

    #[test]
    fn every_earlier_version_is_brought_up_to_date() {
        crate::migrations::from_every_version_the_schema_is_the_same(MIGRATIONS);
    }
}
