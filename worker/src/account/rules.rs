//! What an account knows and decides: its person, the sessions, the workspaces. One call in, one answer out, over plain SQL.

use agentrq_core::model::{Person, WorkspaceId};
use agentrq_core::time::Timestamp;

use super::attempts;
use super::protocol::{Answer, Call, Membership, Shown, Want};
use crate::gate::key::Key;
use crate::gate::mac::{from_hex, same};
use crate::gate::session::LIFETIME_MS;
use crate::problem::{Code, Problem};
use crate::sql::{Row, Sql, SqlError, Value};

/// The account's database, version by version.
pub const MIGRATIONS: &[&str] = &["
CREATE TABLE person (id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE sessions (
  id TEXT PRIMARY KEY,
  secret_hash BLOB NOT NULL,
  -- A browser's session has a key of its own; a script's has none.
  key_hash BLOB,
  created_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);
CREATE TABLE workspaces (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  mission TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  leaving INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX workspaces_order ON workspaces (created_at, id);
CREATE TABLE attempts (
  place TEXT PRIMARY KEY,
  -- The moment at which all wrong keys of this place are forgotten.
  clear_at INTEGER NOT NULL
) WITHOUT ROWID"];

/// How often a session's use is written down at most; each write also moves its end.
const SEEN_EVERY_MS: u64 = 10 * 60 * 1000;
/// How many sessions a person may have; the one that was used least recently gives way.
const MAX_SESSIONS: u64 = 200;
/// How many workspaces.
const MAX_WORKSPACES: u64 = 200;
/// Workspaces on one page.
pub const PAGE: usize = 50;
/// What the one who makes a workspace is in it.
const OWNER: &str = "owner";

/// Answers a call.
pub fn answer(sql: &impl Sql, call: Call, now: Timestamp) -> Result<Answer, Problem> {
    match call {
        Call::SignIn { person, place, key, session } => sign_in(sql, person, &place, key, &session, now),
        Call::As { session, want } => {
            let person = person_of(sql, &session, now)?;
            wanted(sql, person, &session, want)
        }
    }
}

fn sign_in(sql: &impl Sql, person: Person, place: &str, key: Key, session: &Shown, now: Timestamp) -> Result<Answer, Problem> {
    if key != Key::Start
        && let Some(seconds) = attempts::wait(sql, place, now.ms())?
    {
        return Err(attempts::too_many(seconds));
    }
    if key == Key::Wrong {
        attempts::count(sql, place, now.ms())?;
        return Err(Problem::new(
            Code::SignInFailed,
            "this is neither the owner key nor the key that `npm start` printed last; each start prints a new one",
        ));
    }
    let (Some(secret_hash), Ok(key_hash)) = (from_hex(&session.secret_hash), optional_hash(session.key_hash.as_deref())) else {
        return Err(Problem::internal("a session without hashes"));
    };
    sql.exec("DELETE FROM sessions WHERE expires_at <= ?", &[now.ms().into()])?;
    sql.exec(
        "INSERT INTO person (id, name) VALUES (?, ?) ON CONFLICT (id) DO NOTHING",
        &[person.id.as_str().into(), person.name.as_str().into()],
    )?;
    sql.exec(
        "INSERT INTO sessions (id, secret_hash, key_hash, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        &[
            session.id.to_string().into(),
            secret_hash.as_slice().into(),
            key_hash.map(|hash| hash.to_vec()).into(),
            now.ms().into(),
            now.ms().into(),
            now.plus_ms(LIFETIME_MS).ms().into(),
        ],
    )?;
    sql.exec(
        "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions ORDER BY seen_at DESC, id DESC LIMIT -1 OFFSET ?)",
        &[MAX_SESSIONS.into()],
    )?;
    Ok(Answer::Person(the_person(sql)?))
}

fn optional_hash(text: Option<&str>) -> Result<Option<[u8; 32]>, ()> {
    text.map(|text| from_hex(text).ok_or(())).transpose()
}

fn the_person(sql: &impl Sql) -> Result<Person, Problem> {
    let row = sql.first("SELECT id, name FROM person", &[])?.ok_or_else(|| Problem::internal("an account without a person"))?;
    Ok(Person { id: row.text(0)?.to_owned(), name: row.text(1)?.to_owned() })
}

/// Whose session it is; a session that is used lives on.
fn person_of(sql: &impl Sql, session: &Shown, now: Timestamp) -> Result<Person, Problem> {
    let ended = || Problem::new(Code::SessionRequired, "this session has ended: sign in again with POST /api/session");
    let row =
        sql.first("SELECT secret_hash, key_hash, seen_at, expires_at FROM sessions WHERE id = ?", &[session.id.to_string().into()])?;
    let row = row.ok_or_else(ended)?;
    let right = from_hex(&session.secret_hash).is_some_and(|hash| same(row.blob(0).unwrap_or_default(), &hash));
    if !right || row.count(3)? <= now.ms() {
        return Err(ended());
    }
    if let Some(wanted) = row.optional_blob(1)? {
        let given = optional_hash(session.key_hash.as_deref()).ok().flatten();
        if !given.is_some_and(|given| same(wanted, &given)) {
            return Err(Problem::new(
                Code::SessionKeyRequired,
                "this session was made by a browser and belongs to its page: send the sessionKey of the sign-in as X-AgentRQ-Session-Key, or sign in again",
            ));
        }
    }
    if now.ms() >= row.count(2)?.saturating_add(SEEN_EVERY_MS) {
        let args: [Value; 3] = [now.ms().into(), now.plus_ms(LIFETIME_MS).ms().into(), session.id.to_string().into()];
        sql.exec("UPDATE sessions SET seen_at = ?, expires_at = ? WHERE id = ?", &args)?;
    }
    the_person(sql)
}

fn wanted(sql: &impl Sql, person: Person, session: &Shown, want: Want) -> Result<Answer, Problem> {
    match want {
        Want::Person => {}
        Want::Member(workspace) => member(sql, &workspace)?,
        Want::Members(workspaces) => workspaces.iter().try_for_each(|workspace| member(sql, workspace))?,
        Want::Workspaces { after } => return workspaces(sql, person, after.as_deref()),
        Want::Begin(membership) => begin(sql, &membership)?,
        Want::Leave(workspace) => leave(sql, &workspace)?,
        Want::Left(workspace) => {
            sql.exec("DELETE FROM workspaces WHERE id = ? AND leaving = 1", &[workspace.0.as_str().into()])?;
        }
        Want::SignOut => {
            sql.exec("DELETE FROM sessions WHERE id = ?", &[session.id.to_string().into()])?;
            let rows = sql.exec("SELECT id FROM workspaces", &[])?;
            let workspaces = rows.iter().map(|row| Ok(WorkspaceId(row.text(0)?.to_owned()))).collect::<Result<_, SqlError>>()?;
            return Ok(Answer::SignedOut { person, workspaces });
        }
    }
    Ok(Answer::Person(person))
}

fn member(sql: &impl Sql, workspace: &WorkspaceId) -> Result<(), Problem> {
    let row = sql.first("SELECT 1 FROM workspaces WHERE id = ? AND leaving = 0", &[workspace.0.as_str().into()])?;
    row.map(drop).ok_or_else(|| not_a_member(workspace))
}

fn not_a_member(workspace: &WorkspaceId) -> Problem {
    let detail = "you are not a member of this workspace; GET /api/workspaces lists yours";
    Problem::new(Code::NotAMember, detail).with("workspace", workspace.0.as_str())
}

fn begin(sql: &impl Sql, membership: &Membership) -> Result<(), Problem> {
    let count = sql.first("SELECT count(*) FROM workspaces", &[])?.map_or(Ok(0), |row| row.count(0))?;
    if count >= MAX_WORKSPACES {
        return Err(Problem::new(
            Code::Conflict,
            format!("you have {MAX_WORKSPACES} workspaces, which is the limit: delete one that is not needed"),
        )
        .with("limit", MAX_WORKSPACES));
    }
    sql.exec(
        "INSERT INTO workspaces (id, role, name, mission, created_at, leaving) VALUES (?, ?, ?, ?, ?, 0)",
        &[
            membership.workspace.0.as_str().into(),
            OWNER.into(),
            membership.name.as_str().into(),
            membership.mission.as_str().into(),
            membership.created_at.ms().into(),
        ],
    )?;
    Ok(())
}

fn leave(sql: &impl Sql, workspace: &WorkspaceId) -> Result<(), Problem> {
    let rows = sql.exec("UPDATE workspaces SET leaving = 1 WHERE id = ? RETURNING id", &[workspace.0.as_str().into()])?;
    if rows.is_empty() { Err(not_a_member(workspace)) } else { Ok(()) }
}

fn membership(row: &Row) -> Result<Membership, SqlError> {
    Ok(Membership {
        workspace: WorkspaceId(row.text(0)?.to_owned()),
        name: row.text(1)?.to_owned(),
        mission: row.text(2)?.to_owned(),
        created_at: Timestamp::from_ms(row.count(3)?),
        leaving: row.integer(4)? != 0,
    })
}

/// One page, oldest first. Those that are being deleted are on it, so that a deletion that broke off is seen and finished.
fn workspaces(sql: &impl Sql, person: Person, after: Option<&str>) -> Result<Answer, Problem> {
    let wrong = || Problem::new(Code::BadRequest, "cursor: take the nextCursor of the page before, unchanged").with("field", "cursor");
    let (at, id) = match after.filter(|text| !text.is_empty()) {
        None => (None, None),
        Some(place) => {
            let (at, id) = place.split_once('-').ok_or_else(wrong)?;
            (Some(at.parse::<u64>().map_err(|_| wrong())?), Some(id))
        }
    };
    let rows = sql.exec(
        "SELECT id, name, mission, created_at, leaving FROM workspaces
         WHERE ?1 IS NULL OR (created_at, id) > (?1, ?2)
         ORDER BY created_at, id LIMIT ?3",
        &[at.map_or(Value::Null, Value::from), id.into(), Value::from(PAGE as u64 + 1)],
    )?;
    let page = rows.iter().take(PAGE).map(membership).collect::<Result<_, _>>()?;
    Ok(Answer::Workspaces { person, page, more: rows.len() > PAGE })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::mac::for_tests;
    use crate::gate::session;
    use crate::migrations::{from_every_version_the_schema_is_the_same, migrate};
    use crate::sql::native::memory;
    use agentrq_core::id::Id;
    use rusqlite::Connection;

    const DAY_MS: u64 = 24 * 60 * 60 * 1000;

    fn start() -> Timestamp {
        Timestamp::from_ms(1_774_362_821_000)
    }

    fn db() -> Connection {
        let db = memory();
        migrate(&db, MIGRATIONS).expect("the tables");
        db
    }

    fn shown(random: u32, key: Option<&[u8; 32]>) -> Shown {
        let mac = for_tests();
        (&session::mint(&mac, mac.owner(), Id::new(start().ms(), random), &[random as u8; 32], key).proof).into()
    }

    fn sign_in_with(db: &Connection, key: Key, session: &Shown, at: Timestamp) -> Result<Answer, u16> {
        let person = Person { id: for_tests().owner().0, name: "Owner".to_owned() };
        let call = Call::SignIn { person, place: "here".to_owned(), key, session: session.clone() };
        answer(db, call, at).map_err(|problem| problem.status)
    }

    fn ask(db: &Connection, session: &Shown, want: Want, at: Timestamp) -> Result<Answer, String> {
        answer(db, Call::As { session: session.clone(), want }, at).map_err(|problem| problem.code.into_owned())
    }

    fn workspace(random: u64) -> WorkspaceId {
        for_tests().workspace(random)
    }

    fn made(random: u64) -> Want {
        Want::Begin(Membership {
            workspace: workspace(random),
            name: format!("w{random}"),
            mission: String::new(),
            created_at: start().plus_ms(random),
            leaving: false,
        })
    }

    fn names(answer: Result<Answer, String>) -> (Vec<String>, bool) {
        match answer {
            Ok(Answer::Workspaces { page, more, .. }) => (page.into_iter().map(|membership| membership.name).collect(), more),
            other => (vec![format!("{other:?}")], false),
        }
    }

    #[test]
    fn every_earlier_version_of_the_database_ends_in_the_same_schema() {
        from_every_version_the_schema_is_the_same(MIGRATIONS);
    }

    #[test]
    fn a_right_key_begins_a_session_that_lives_for_thirty_days_after_its_last_use() {
        let db = db();
        let session = shown(1, None);
        assert!(sign_in_with(&db, Key::Owner, &session, start()).is_ok());
        for days in [29, 58, 87] {
            assert!(ask(&db, &session, Want::Person, start().plus_ms(days * DAY_MS)).is_ok(), "day {days}");
        }
        assert_eq!(ask(&db, &session, Want::Person, start().plus_ms(117 * DAY_MS)), Err("session_required".to_owned()));
    }

    #[test]
    fn a_wrong_key_begins_nothing() {
        let db = db();
        let session = shown(1, None);
        assert_eq!(sign_in_with(&db, Key::Wrong, &session, start()), Err(401));
        assert_eq!(ask(&db, &session, Want::Person, start()), Err("session_required".to_owned()));
    }

    #[test]
    fn after_ten_wrong_keys_even_the_owners_key_waits_but_not_the_printed_one() {
        let db = db();
        for _ in 0..10 {
            assert_eq!(sign_in_with(&db, Key::Wrong, &shown(1, None), start()), Err(401));
        }
        assert_eq!(sign_in_with(&db, Key::Wrong, &shown(1, None), start()), Err(429));
        assert_eq!(sign_in_with(&db, Key::Owner, &shown(1, None), start()), Err(429));
        assert!(sign_in_with(&db, Key::Start, &shown(1, None), start()).is_ok());
        assert!(sign_in_with(&db, Key::Owner, &shown(2, None), start().plus_ms(30_000)).is_ok());
    }

    #[test]
    fn a_browsers_session_without_its_key_is_refused() {
        let db = db();
        let session = shown(1, Some(&[3; 32]));
        assert!(sign_in_with(&db, Key::Start, &session, start()).is_ok());
        assert!(ask(&db, &session, Want::Person, start()).is_ok());
        for key_hash in [None, shown(1, Some(&[4; 32])).key_hash, Some("nonsense".to_owned())] {
            let without = Shown { key_hash, ..session.clone() };
            assert_eq!(ask(&db, &without, Want::Person, start()), Err("session_key_required".to_owned()));
        }
    }

    #[test]
    fn a_scripts_session_needs_no_key_and_does_not_mind_one() {
        let db = db();
        let session = shown(1, None);
        assert!(sign_in_with(&db, Key::Start, &session, start()).is_ok());
        let with = Shown { key_hash: shown(1, Some(&[4; 32])).key_hash, ..session };
        assert!(ask(&db, &with, Want::Person, start()).is_ok());
    }

    #[test]
    fn a_right_id_with_another_secret_is_no_session() {
        let db = db();
        let session = shown(1, None);
        assert!(sign_in_with(&db, Key::Start, &session, start()).is_ok());
        let other = Shown { secret_hash: shown(2, None).secret_hash, ..session };
        assert_eq!(ask(&db, &other, Want::Person, start()), Err("session_required".to_owned()));
    }

    #[test]
    fn signing_out_ends_this_session_and_no_other_and_names_the_persons_workspaces() {
        let db = db();
        let (one, two) = (shown(1, None), shown(2, None));
        for session in [&one, &two] {
            assert!(sign_in_with(&db, Key::Start, session, start()).is_ok());
        }
        assert!(ask(&db, &one, made(1), start()).is_ok());
        let out = ask(&db, &one, Want::SignOut, start());
        assert!(matches!(out, Ok(Answer::SignedOut { workspaces, .. }) if workspaces == [workspace(1)]));
        assert_eq!(ask(&db, &one, Want::Person, start()), Err("session_required".to_owned()));
        assert!(ask(&db, &two, Want::Person, start()).is_ok());
    }

    #[test]
    fn the_session_that_was_used_least_recently_gives_way_to_the_two_hundred_and_first() {
        let db = db();
        for random in 0..=MAX_SESSIONS as u32 {
            assert!(sign_in_with(&db, Key::Start, &shown(random, None), start().plus_ms(u64::from(random))).is_ok());
        }
        let now = start().plus_ms(1000);
        assert_eq!(ask(&db, &shown(0, None), Want::Person, now), Err("session_required".to_owned()));
        assert!(ask(&db, &shown(1, None), Want::Person, now).is_ok());
    }

    #[test]
    fn one_is_a_member_of_what_one_made_until_one_leaves_it() {
        let db = db();
        let session = shown(1, None);
        assert!(sign_in_with(&db, Key::Start, &session, start()).is_ok());
        let member = || ask(&db, &session, Want::Member(workspace(1)), start()).map(|_| ());
        assert_eq!(member(), Err("not_a_member".to_owned()));
        assert!(ask(&db, &session, made(1), start()).is_ok());
        assert_eq!(member(), Ok(()));
        let members = |all: &[u64]| ask(&db, &session, Want::Members(all.iter().copied().map(workspace).collect()), start()).map(|_| ());
        assert_eq!([members(&[1]), members(&[1, 2])], [Ok(()), Err("not_a_member".to_owned())]);
        assert!(ask(&db, &session, Want::Leave(workspace(1)), start()).is_ok());
        assert_eq!(members(&[1]), Err("not_a_member".to_owned()));
        assert_eq!(member(), Err("not_a_member".to_owned()));
        assert_eq!(names(ask(&db, &session, Want::Workspaces { after: None }, start())).0, ["w1"]);
        assert!(ask(&db, &session, Want::Left(workspace(1)), start()).is_ok());
        assert!(names(ask(&db, &session, Want::Workspaces { after: None }, start())).0.is_empty());
        assert_eq!(ask(&db, &session, Want::Leave(workspace(1)), start()), Err("not_a_member".to_owned()));
    }

    #[test]
    fn workspaces_come_in_pages_oldest_first() {
        let db = db();
        let session = shown(1, None);
        assert!(sign_in_with(&db, Key::Start, &session, start()).is_ok());
        for random in 0..60 {
            assert!(ask(&db, &session, made(random), start()).is_ok());
        }
        let (first, more) = names(ask(&db, &session, Want::Workspaces { after: None }, start()));
        assert_eq!((first.len(), first[0].as_str(), more), (PAGE, "w0", true));
        // Also where the last of a page is gone before the next one is asked for.
        let after = Some(format!("{}-{}", start().plus_ms(49).ms(), workspace(49)));
        assert!(ask(&db, &session, Want::Leave(workspace(49)), start()).is_ok());
        assert!(ask(&db, &session, Want::Left(workspace(49)), start()).is_ok());
        let (second, more) = names(ask(&db, &session, Want::Workspaces { after }, start()));
        assert_eq!((second.len(), second[0].as_str(), more), (10, "w50", false));
        for nonsense in ["w49", "x-w49", "-"] {
            let asked = ask(&db, &session, Want::Workspaces { after: Some(nonsense.to_owned()) }, start());
            assert_eq!(asked, Err("bad_request".to_owned()), "{nonsense}");
        }
    }
}
