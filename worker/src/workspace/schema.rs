//! The tables of a workspace, as numbered migrations. Once shipped, one is never changed.
//!
//! Entities stand as JSON beside the few columns that are searched by, so that a store only puts and deletes. Each index costs a page to
//! write at every commit that touches it: tables that hold only what is under way (pings, answers, timers) have none.

use super::{blobs, import, runs, templates, tokens, works};

/// Every migration, in order.
pub const MIGRATIONS: &[&str] = &[
    ENTITIES,
    tokens::MIGRATION,
    blobs::MIGRATION,
    HISTORY,
    STREAMS,
    tokens::HEARS,
    SESSIONS,
    LARGE,
    COMMANDS,
    blobs::named::MIGRATION,
    FOR_PEOPLE,
    PINGED,
    blobs::named::BURIED,
    WITH_FILES,
    COPIES,
    works::MIGRATION,
    runs::MIGRATION,
    templates::MIGRATION,
    NUMBERED,
    import::rows::MIGRATION,
];

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
CREATE TABLE subscriptions (subscriber TEXT NOT NULL, topic TEXT NOT NULL, uri TEXT NOT NULL, PRIMARY KEY (subscriber, topic, uri)) WITHOUT ROWID;
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

const COMMANDS: &str = "
-- How each command of a replica ended, by its id, whatever client id and number it came under. place: the oldest go first.
CREATE TABLE commands (place INTEGER PRIMARY KEY, person TEXT NOT NULL, id TEXT NOT NULL, hash TEXT NOT NULL, rejection TEXT NOT NULL, UNIQUE (person, id))";

/// What waits for people is found however much waits for agents.
const FOR_PEOPLE: &str = "
CREATE INDEX tasks_for_people ON tasks (json_extract(json, '$.waitingSince'), id) WHERE json_extract(json, '$.turn') = 'human'";

/// A pong speaks for the session that was pinged, whoever listens on the connection when it comes.
const PINGED: &str = "
ALTER TABLE pings ADD COLUMN session TEXT NOT NULL DEFAULT '';
UPDATE pings SET session = coalesce((SELECT session FROM connections WHERE id = pings.connection), connection)";

/// A task says how many files its thread has.
const WITH_FILES: &str = "
UPDATE tasks SET json = json_set(json, '$.attachments', (SELECT sum(json_array_length(m.json, '$.attachments')) FROM messages m WHERE m.task = tasks.id))
WHERE id IN (SELECT task FROM messages WHERE json_array_length(json, '$.attachments') > 0)";

/// Word of a copy is word of no other: where deliveries were listed, copies are, each as its delivery, a dot and its number. What an answer
/// only tells of has none. What is under way as this comes is taken for the last copy there was.
const COPIES: &str = "
UPDATE pings SET deliveries = (
  SELECT coalesce(group_concat(word, ' '), '') FROM (
    SELECT CASE value WHEN '-' THEN value ELSE value || '.' || coalesce(json_extract(d.json, '$.copies'), 0) END AS word
    FROM json_each('[\"' || replace(pings.deliveries, ' ', '\",\"') || '\"]') LEFT JOIN deliveries d ON d.id = value ORDER BY key))
WHERE deliveries <> '';
UPDATE answers SET deliveries = (
  SELECT coalesce(group_concat(word, ' '), '') FROM (
    SELECT value || '.' || coalesce(json_extract(d.json, '$.copies'), 0) AS word
    FROM json_each('[\"' || replace(answers.deliveries, ' ', '\",\"') || '\"]') LEFT JOIN deliveries d ON d.id = value ORDER BY key))
WHERE deliveries <> '';
UPDATE calls SET deliveries = (
  SELECT coalesce(group_concat(word, ' '), '') FROM (
    SELECT value || '.' || coalesce(json_extract(d.json, '$.copies'), 0) AS word
    FROM json_each('[\"' || replace(calls.deliveries, ' ', '\",\"') || '\"]') LEFT JOIN deliveries d ON d.id = value ORDER BY key))
WHERE deliveries <> '';
-- What the stream has shown and is owed to another session since.
ALTER TABLE connections ADD COLUMN had TEXT NOT NULL DEFAULT ''";

/// Answers and calls are numbered by the head, which is written at nearly every commit as it is: SQLite's own count is a page more.
const NUMBERED: &str = "
ALTER TABLE head ADD COLUMN last_answer INTEGER NOT NULL DEFAULT 0;
ALTER TABLE head ADD COLUMN last_call INTEGER NOT NULL DEFAULT 0;
UPDATE head SET last_answer = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'answers'), 0),
  last_call = coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'calls'), 0);
ALTER TABLE answers RENAME TO answers_before;
CREATE TABLE answers (id INTEGER PRIMARY KEY, connection TEXT NOT NULL, at INTEGER NOT NULL, written_at INTEGER, deliveries TEXT NOT NULL, json TEXT NOT NULL);
INSERT INTO answers SELECT id, connection, at, written_at, deliveries, json FROM answers_before;
DROP TABLE answers_before;
CREATE TRIGGER answers_numbered AFTER INSERT ON answers BEGIN UPDATE head SET last_answer = new.id; END;
CREATE TRIGGER answers_end AFTER DELETE ON answers BEGIN DELETE FROM answer_parts WHERE answer = old.id; END;
ALTER TABLE calls RENAME TO calls_before;
CREATE TABLE calls (
  id INTEGER PRIMARY KEY,
  session TEXT NOT NULL,
  request TEXT NOT NULL,
  hash TEXT NOT NULL,
  at INTEGER NOT NULL,
  state TEXT NOT NULL,
  deliveries TEXT NOT NULL,
  json TEXT NOT NULL,
  UNIQUE (session, request)
);
INSERT INTO calls SELECT id, session, request, hash, at, state, deliveries, json FROM calls_before;
DROP TABLE calls_before;
CREATE TRIGGER calls_numbered AFTER INSERT ON calls BEGIN UPDATE head SET last_call = new.id; END";

#[cfg(test)]
mod tests {
    use super::{COPIES, MIGRATIONS, NUMBERED, WITH_FILES};
    use crate::migrations::migrate;
    use crate::sql::native::memory;
    use crate::sql::{Row, Sql, Value};

    #[test]
    fn every_earlier_version_is_brought_up_to_date() {
        crate::migrations::from_every_version_the_schema_is_the_same(MIGRATIONS);
    }

    #[test]
    fn tasks_of_before_are_told_how_many_files_their_threads_have() {
        let db = memory();
        let before = MIGRATIONS.iter().position(|one| *one == WITH_FILES).expect("it is one of them");
        migrate(&db, &MIGRATIONS[..before]).expect("up to the version before");
        for (task, number) in [("with", 1), ("without", 2)] {
            let row = [task.into(), Value::Integer(number)];
            db.exec("INSERT INTO tasks VALUES (?, ?, 'ongoing', 'human', NULL, 1, 'title', '{}')", &row).expect("a task");
        }
        for (id, task, files) in [("m1", "with", "[{},{}]"), ("m2", "with", "[]"), ("m3", "with", "[{}]"), ("m4", "without", "[]")] {
            let row = [id.into(), task.into(), id.into(), format!("{{\"attachments\":{files}}}").into()];
            db.exec("INSERT INTO messages VALUES (?, ?, ?, ?)", &row).expect("a message");
        }
        migrate(&db, MIGRATIONS).expect("from there on");
        let counted = db.exec("SELECT json_extract(json, '$.attachments') FROM tasks ORDER BY number", &[]).expect("tasks");
        assert_eq!(counted, [Row(vec![Value::Integer(3)]), Row(vec![Value::Null])]);
    }

    #[test]
    fn what_is_under_way_when_copies_get_their_numbers_is_the_last_copy_of_each() {
        let db = memory();
        let before = MIGRATIONS.iter().position(|migration| *migration == COPIES).expect("a migration");
        migrate(&db, &MIGRATIONS[..before]).expect("before there were numbers");
        let statements = [
            "INSERT INTO deliveries (id, task, state, queued_at, redelivered, revision, json) VALUES ('d1', 't', 'sent', 0, 0, 1, '{\"copies\":3}')",
            "INSERT INTO deliveries (id, task, state, queued_at, redelivered, revision, json) VALUES ('d2', 't', 'queued', 0, 0, 1, '{\"copies\":0}')",
            "INSERT INTO pings (id, connection, at, deliveries, answers) VALUES ('p1', 'c', 0, 'd2 - gone d1', 0), ('p2', 'c', 0, '', 0)",
            "INSERT INTO answers (connection, at, deliveries, json) VALUES ('c', 0, 'd1', '{}'), ('c', 0, '', '{}')",
            "INSERT INTO calls (session, request, hash, at, state, deliveries, json) VALUES ('s', '1', '', 0, 'under way', 'd1 d2', '{}')",
        ];
        for statement in statements {
            db.exec(statement, &[]).expect("written");
        }
        migrate(&db, MIGRATIONS).expect("brought up to date");
        let lists = |table: &str| {
            let rows = db.exec(&format!("SELECT deliveries FROM {table} ORDER BY id"), &[]).expect("read");
            rows.iter().map(|row| row.text(0).expect("a list").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(lists("pings"), ["d2.0 - gone.0 d1.3", ""]);
        assert_eq!(lists("answers"), ["d1.3", ""]);
        assert_eq!(lists("calls"), ["d1.3 d2.0"]);
    }

    #[test]
    fn answers_of_before_keep_their_numbers_and_no_number_is_given_again() {
        let db = memory();
        let before = MIGRATIONS.iter().position(|migration| *migration == NUMBERED).expect("a migration");
        migrate(&db, &MIGRATIONS[..before]).expect("before the head numbered them");
        let statements = [
            "INSERT INTO head (one, epoch, seq, tag, last_number) VALUES (1, 'e', 0, 't', 0)",
            "INSERT INTO answers (connection, at, deliveries, json) VALUES ('c', 0, '', '{}'), ('c', 0, '', '{}'), ('c', 0, '', '{}')",
            "INSERT INTO answer_parts (answer, part, json) VALUES (1, 0, ''), (2, 0, '')",
            "DELETE FROM answers WHERE id <> 2",
            "INSERT INTO calls (session, request, hash, at, state, deliveries, json) VALUES ('s', '1', '', 0, 'under way', '', '{}')",
        ];
        for statement in statements {
            db.exec(statement, &[]).expect("written");
        }
        migrate(&db, MIGRATIONS).expect("brought up to date");
        let first = |query: &str| db.first(query, &[]).expect("read").expect("a row");
        assert_eq!(first("SELECT last_answer, last_call FROM head"), Row(vec![Value::Integer(3), Value::Integer(1)]));
        assert_eq!(first("SELECT group_concat(id) FROM answers"), Row(vec!["2".into()]));
        db.exec("DELETE FROM answers", &[]).expect("with its parts");
        assert_eq!(first("SELECT count(*) FROM answer_parts"), Row(vec![Value::Integer(0)]));
    }
}
