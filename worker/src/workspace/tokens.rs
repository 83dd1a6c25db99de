//! The tokens of a workspace, in its own database: made, listed, extended, revoked, and checked on each of an agent's requests.
//!
//! Only the SHA-256 of a token's secret is stored. A revoked token keeps its row, so that its agent is told what happened.

use std::fmt;

use agentrq_core::id::Id;
use agentrq_core::model::{AgentName, WorkspaceId};
use agentrq_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::mac::{Mac, same};
use crate::gate::token::{self, TokenProof};
use crate::problem::{Code, Problem};
use crate::sql::{Row, Sql, SqlError};

/// The table, for the workspace's list of migrations.
pub const MIGRATION: &str = "
CREATE TABLE tokens (
  id TEXT PRIMARY KEY,
  label TEXT NOT NULL,
  -- The name under which an agent last used it; none, until one did.
  agent TEXT,
  scopes TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  last_used_at INTEGER,
  revoked_at INTEGER
) WITHOUT ROWID";

const DAY_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a token is good for unless its maker says otherwise.
const DEFAULT_DAYS: u64 = 30;
/// The longest that one may be good for.
const MAX_DAYS: u64 = 366;
/// From how near its end on a token is said to expire soon.
const SOON_MS: u64 = 7 * DAY_MS;
/// How often the last use is written down at most: it is for people, and each write costs.
const USE_EVERY_MS: u64 = 60 * 1000;
/// How many tokens may be good at once.
const MAX_TOKENS: u64 = 100;
/// What a token may open. There is one scope as yet: everything that agents may do.
const SCOPES: &[&str] = &["agent"];

/// What a person says of a new token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    pub label: String,
    pub expires_in_days: Option<u64>,
    pub scopes: Option<Vec<String>>,
}

/// How a person extends one.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension {
    pub expires_in_days: Option<u64>,
}

/// What a person is told once: the only time that the token itself is shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    pub id: Id,
    pub token: String,
    pub mcp_url: String,
    pub label: String,
    pub expires_at: Timestamp,
}

/// A token in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    pub id: Id,
    pub label: String,
    /// The name of the agent that last used it, or the name that one will have which does not give its own.
    pub agent: String,
    pub scopes: Vec<String>,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub expires_soon: bool,
}

/// What a good token says of its holder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    pub token: Id,
    pub label: String,
    /// When it was last noted that the token is used, and under which name.
    pub last_used: Option<(Timestamp, String)>,
}

impl Holder {
    /// The agent's name: the one it gives itself, else its token's label.
    pub fn agent(&self, given: Option<&str>) -> Result<AgentName, Problem> {
        let name = given.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(&self.label);
        AgentName::new(name)
            .map_err(|why| Problem::new(Code::BadRequest, format!("?agent= does not hold a name: {why}")).with("field", "agent"))
    }
}

/// Why a token does not open the workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    Unknown,
    Expired(Timestamp),
    Revoked(Timestamp),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown => write!(f, "this workspace knows no such token: make one on the workspace's connect page"),
            Self::Expired(at) => write!(f, "the token expired at {at}: extend it, or make a new one, on the workspace's connect page"),
            Self::Revoked(at) => write!(f, "the token was revoked at {at}: make a new one on the workspace's connect page"),
        }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::Unknown => Code::TokenInvalid,
            Refused::Expired(_) => Code::TokenExpired,
            Refused::Revoked(_) => Code::TokenRevoked,
        };
        Self::new(code, refused.to_string())
    }
}

/// What the shell brings for a new token.
pub struct Making<'a> {
    pub mac: &'a Mac,
    pub workspace: &'a WorkspaceId,
    /// Scheme and host under which agents reach the server.
    pub base: &'a str,
    pub id: Id,
    pub secret: &'a [u8; 32],
    pub now: Timestamp,
}

/// Makes a token.
pub fn create(sql: &impl Sql, new: &NewToken, making: &Making<'_>) -> Result<CreatedToken, Problem> {
    let label = AgentName::new(&new.label).map_err(|why| invalid("label", format!("a label becomes the agent's name, and {why}")))?;
    let scopes = new.scopes.clone().unwrap_or_else(|| SCOPES.iter().map(|&scope| scope.to_owned()).collect());
    if scopes.is_empty() || scopes.iter().any(|scope| !SCOPES.contains(&scope.as_str())) {
        return Err(invalid("scopes", "the scopes that there are: agent").with("allowed", SCOPES));
    }
    let expires_at = expiry(new.expires_in_days, making.now)?;
    let good = sql.first("SELECT count(*) FROM tokens WHERE revoked_at IS NULL AND expires_at > ?", &[making.now.ms().into()])?;
    if good.map_or(Ok(0), |row| row.count(0))? >= MAX_TOKENS {
        return Err(Problem::new(
            Code::Conflict,
            format!("this workspace has {MAX_TOKENS} tokens, which is the limit: revoke one that is not used"),
        )
        .with("limit", MAX_TOKENS));
    }
    let (token, proof) = token::mint(making.mac, making.workspace, making.id, making.secret);
    sql.exec(
        "INSERT INTO tokens (id, label, scopes, secret_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?)",
        &[
            making.id.to_string().into(),
            label.as_str().into(),
            scopes.join(" ").into(),
            proof.secret_hash.as_slice().into(),
            making.now.ms().into(),
            expires_at.ms().into(),
        ],
    )?;
    let mcp_url = format!("{}/mcp/{}?token={token}", making.base, making.workspace);
    Ok(CreatedToken { id: making.id, token, mcp_url, label: label.into(), expires_at })
}

fn invalid(field: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::BadRequest, format!("{field}: {}", detail.into())).with("field", field)
}

fn expiry(days: Option<u64>, now: Timestamp) -> Result<Timestamp, Problem> {
    let days = days.unwrap_or(DEFAULT_DAYS);
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(invalid("expiresInDays", format!("a token is good for 1 to {MAX_DAYS} days")).with("limit", MAX_DAYS));
    }
    Ok(now.plus_ms(days * DAY_MS))
}

const COLUMNS: &str = "id, label, agent, scopes, created_at, expires_at, last_used_at";

fn info(row: &Row, now: Timestamp) -> Result<TokenInfo, SqlError> {
    let label = row.text(1)?.to_owned();
    let expires_at = Timestamp::from_ms(row.count(5)?);
    Ok(TokenInfo {
        id: row.text(0)?.parse().map_err(|error| SqlError(format!("{error}")))?,
        agent: row.optional_text(2)?.map_or_else(|| label.clone(), str::to_owned),
        label,
        scopes: row.text(3)?.split(' ').map(str::to_owned).collect(),
        created_at: Timestamp::from_ms(row.count(4)?),
        expires_at,
        last_used_at: row.optional_count(6)?.map(Timestamp::from_ms),
        expires_soon: expires_at.ms() <= now.ms() + SOON_MS,
    })
}

/// The tokens that are not revoked, newest first. One that has expired can still be extended.
pub fn list(sql: &impl Sql, now: Timestamp) -> Result<Vec<TokenInfo>, SqlError> {
    let rows = sql.exec(&format!("SELECT {COLUMNS} FROM tokens WHERE revoked_at IS NULL ORDER BY id DESC"), &[])?;
    rows.iter().map(|row| info(row, now)).collect()
}

/// Extends a token from now on, also an expired one; never a revoked one.
pub fn extend(sql: &impl Sql, id: Id, extension: &Extension, now: Timestamp) -> Result<TokenInfo, Problem> {
    let expires_at = expiry(extension.expires_in_days, now)?;
    let rows = sql.exec(
        &format!("UPDATE tokens SET expires_at = ? WHERE id = ? AND revoked_at IS NULL RETURNING {COLUMNS}"),
        &[expires_at.ms().into(), id.to_string().into()],
    )?;
    rows.first().map_or_else(|| Err(not_found(id)), |row| Ok(info(row, now)?))
}

/// Revokes a token. The caller closes its streams. Revoking once more changes nothing.
pub fn revoke(sql: &impl Sql, id: Id, now: Timestamp) -> Result<(), Problem> {
    let rows = sql.exec(
        "UPDATE tokens SET revoked_at = coalesce(revoked_at, ?) WHERE id = ? RETURNING id",
        &[now.ms().into(), id.to_string().into()],
    )?;
    if rows.is_empty() { Err(not_found(id)) } else { Ok(()) }
}

fn not_found(id: Id) -> Problem {
    Problem::new(Code::TokenNotFound, format!("this workspace has no token {id}; GET …/tokens lists those it has"))
}

/// How many names agents may have given themselves in one workspace: each is a row that people see.
const MAX_AGENTS: u64 = 500;

/// Is there room for an agent of this name? One that is known, or bears its token's own label, always finds it.
pub fn check_room(sql: &impl Sql, holder: &Holder, agent: &AgentName) -> Result<(), Problem> {
    let is_noted = holder.last_used.as_ref().is_some_and(|(_, name)| name == agent.as_str());
    if is_noted || holder.label == agent.as_str() {
        return Ok(());
    }
    let row = sql.first("SELECT count(*), coalesce(max(name = ?), 0) FROM agents", &[agent.as_str().into()])?;
    let row = row.ok_or_else(|| Problem::internal("a count returned no row"))?;
    if row.count(0)? >= MAX_AGENTS && row.count(1)? == 0 {
        let detail = format!("this workspace has {MAX_AGENTS} agents, which is the limit: use a name that is known, or leave ?agent= out");
        return Err(Problem::new(Code::Conflict, detail).with("limit", MAX_AGENTS).with("field", "agent"));
    }
    Ok(())
}

/// Who holds the token, if it is good now.
pub fn verify(sql: &impl Sql, proof: &TokenProof, now: Timestamp) -> Result<Result<Holder, Refused>, SqlError> {
    let row = sql.first(
        "SELECT label, secret_hash, expires_at, revoked_at, last_used_at, agent FROM tokens WHERE id = ?",
        &[proof.id.to_string().into()],
    )?;
    let Some(row) = row else { return Ok(Err(Refused::Unknown)) };
    if !same(row.blob(1)?, &proof.secret_hash) {
        return Ok(Err(Refused::Unknown));
    }
    if let Some(at) = row.optional_count(3)? {
        return Ok(Err(Refused::Revoked(Timestamp::from_ms(at))));
    }
    let expires_at = Timestamp::from_ms(row.count(2)?);
    if expires_at <= now {
        return Ok(Err(Refused::Expired(expires_at)));
    }
    let last_used = row.optional_count(4)?.map(Timestamp::from_ms).zip(row.optional_text(5)?.map(str::to_owned));
    Ok(Ok(Holder { token: proof.id, label: row.text(0)?.to_owned(), last_used }))
}

/// Is a token good now? For streams that were opened with it a while ago.
pub fn is_good(sql: &impl Sql, id: Id, now: Timestamp) -> Result<bool, SqlError> {
    let row = sql
        .first("SELECT 1 FROM tokens WHERE id = ? AND revoked_at IS NULL AND expires_at > ?", &[id.to_string().into(), now.ms().into()])?;
    Ok(row.is_some())
}

/// Writes down that an agent used its token, once a minute at most.
pub fn used(sql: &impl Sql, holder: &Holder, agent: &AgentName, now: Timestamp) -> Result<(), SqlError> {
    let is_noted = |(at, name): &(Timestamp, String)| now.ms().saturating_sub(at.ms()) < USE_EVERY_MS && name == agent.as_str();
    if !holder.last_used.as_ref().is_some_and(is_noted) {
        let args = [now.ms().into(), agent.as_str().into(), holder.token.to_string().into()];
        sql.exec("UPDATE tokens SET last_used_at = ?, agent = ? WHERE id = ?", &args)?;
    }
    Ok(())
}

/// The moment at which the next good token expires: a stream opened with it must close then.
pub fn next_expiry(sql: &impl Sql, now: Timestamp) -> Result<Option<Timestamp>, SqlError> {
    let row = sql.first("SELECT min(expires_at) FROM tokens WHERE revoked_at IS NULL AND expires_at > ?", &[now.ms().into()])?;
    Ok(row.map_or(Ok(None), |row| row.optional_count(0))?.map(Timestamp::from_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::mac::for_tests;
    use crate::migrations::migrate;
    use crate::sql::native::memory;
    use rusqlite::Connection;

    fn start() -> Timestamp {
        Timestamp::from_ms(1_774_362_821_000)
    }

    fn days(days: u64) -> Timestamp {
        start().plus_ms(days * DAY_MS)
    }

    fn db() -> Connection {
        let db = memory();
        migrate(&db, &[MIGRATION]).expect("the table");
        db
    }

    fn new(label: &str) -> NewToken {
        NewToken { label: label.to_owned(), expires_in_days: None, scopes: None }
    }

    fn make(db: &Connection, random: u32, new: &NewToken) -> Result<(CreatedToken, TokenProof), Problem> {
        let mac = for_tests();
        let workspace = mac.workspace(1);
        let making = Making {
            mac: &mac,
            workspace: &workspace,
            base: "https://a.example",
            id: Id::new(start().ms(), random),
            secret: &[random as u8; 32],
            now: start(),
        };
        let created = create(db, new, &making)?;
        let proof = token::read(&mac, &workspace, &created.token).expect("a token of this workspace");
        Ok((created, proof))
    }

    #[test]
    fn a_token_is_good_for_thirty_days_and_says_its_holder() {
        let db = db();
        let (created, proof) = make(&db, 1, &new(" laptop ")).expect("a token");
        assert_eq!(created.expires_at, days(30));
        assert!(created.mcp_url.ends_with(&format!("?token={}", created.token)), "{}", created.mcp_url);
        assert_eq!(verify(&db, &proof, start()), Ok(Ok(Holder { token: created.id, label: "laptop".to_owned(), last_used: None })));
        assert_eq!(verify(&db, &proof, days(30)), Ok(Err(Refused::Expired(days(30)))));
    }

    #[test]
    fn the_token_itself_stands_nowhere_in_the_database() {
        let db = db();
        let (_, proof) = make(&db, 1, &new("a")).expect("a token");
        let row = db.first("SELECT secret_hash FROM tokens", &[]).expect("rows").expect("one");
        assert_eq!(row.blob(0), Ok(proof.secret_hash.as_slice()));
        assert_ne!(row.blob(0), Ok([1u8; 32].as_slice()));
    }

    #[test]
    fn a_right_id_with_another_secret_is_unknown() {
        let db = db();
        let (_, proof) = make(&db, 1, &new("a")).expect("a token");
        assert_eq!(verify(&db, &TokenProof { secret_hash: [0; 32], ..proof }, start()), Ok(Err(Refused::Unknown)));
        assert_eq!(verify(&db, &TokenProof { id: Id::new(0, 0), ..proof }, start()), Ok(Err(Refused::Unknown)));
    }

    #[test]
    fn a_revoked_token_opens_nothing_at_once_and_for_good() {
        let db = db();
        let (created, proof) = make(&db, 1, &new("a")).expect("a token");
        assert_eq!(revoke(&db, created.id, days(1)), Ok(()));
        assert_eq!(revoke(&db, created.id, days(2)), Ok(()));
        assert_eq!(verify(&db, &proof, days(1)), Ok(Err(Refused::Revoked(days(1)))));
        assert_eq!(is_good(&db, created.id, days(1)), Ok(false));
        assert_eq!(extend(&db, created.id, &Extension { expires_in_days: None }, days(1)).map_err(|problem| problem.status), Err(404));
        assert_eq!(list(&db, days(1)), Ok(vec![]));
        assert_eq!(revoke(&db, Id::new(0, 0), start()).map_err(|problem| problem.status), Err(404));
    }

    #[test]
    fn a_week_before_its_end_a_token_expires_soon_and_one_tap_extends_it() {
        let db = db();
        let (created, proof) = make(&db, 1, &new("a")).expect("a token");
        let soon = |now| list(&db, now).expect("a list").first().map(|token| token.expires_soon);
        assert_eq!([soon(days(22)), soon(days(23)), soon(days(40))], [Some(false), Some(true), Some(true)]);
        let extended = extend(&db, created.id, &Extension { expires_in_days: None }, days(40)).expect("extended");
        assert_eq!((extended.expires_at, extended.expires_soon), (days(70), false));
        assert!(matches!(verify(&db, &proof, days(69)), Ok(Ok(_))));
        assert_eq!(next_expiry(&db, days(40)), Ok(Some(days(70))));
    }

    #[test]
    fn the_last_use_is_written_once_a_minute_and_at_once_for_another_name() {
        let db = db();
        let (_, proof) = make(&db, 1, &new("label")).expect("a token");
        let (one, two) = (AgentName::new("one").expect("a name"), AgentName::new("two").expect("a name"));
        let seen = || {
            list(&db, start())
                .expect("a list")
                .first()
                .map(|token| (token.agent.clone(), token.last_used_at.map(|at| at.ms() - start().ms())))
        };
        assert_eq!(seen(), Some(("label".to_owned(), None)));
        for (agent, after, expected) in [(&one, 0, 0), (&one, 59_999, 0), (&one, 60_000, 60_000), (&two, 60_001, 60_001)] {
            let now = start().plus_ms(after);
            let holder = verify(&db, &proof, now).expect("read").expect("good");
            used(&db, &holder, agent, now).expect("written");
            assert_eq!(seen(), Some((agent.to_string(), Some(expected))));
        }
    }

    #[test]
    fn what_a_token_cannot_be_is_refused_and_nothing_is_stored() {
        let db = db();
        for (wrong, field) in [
            (new(""), "label"),
            (new(&"x".repeat(65)), "label"),
            (NewToken { expires_in_days: Some(0), ..new("a") }, "expiresInDays"),
            (NewToken { expires_in_days: Some(367), ..new("a") }, "expiresInDays"),
            (NewToken { scopes: Some(vec!["everything".to_owned()]), ..new("a") }, "scopes"),
            (NewToken { scopes: Some(vec![]), ..new("a") }, "scopes"),
        ] {
            let problem = make(&db, 1, &wrong).map(|_| ()).expect_err(field);
            assert_eq!((problem.status, problem.extra["field"].as_str()), (400, Some(field)));
        }
        assert_eq!(list(&db, start()), Ok(vec![]));
    }

    #[test]
    fn an_agent_is_named_by_itself_or_by_its_token() {
        let holder = Holder { token: Id::new(0, 0), label: "laptop".to_owned(), last_used: None };
        assert_eq!(holder.agent(None).map(String::from), Ok("laptop".to_owned()));
        assert_eq!(holder.agent(Some(" ")).map(String::from), Ok("laptop".to_owned()));
        assert_eq!(holder.agent(Some("two")).map(String::from), Ok("two".to_owned()));
        assert_eq!(holder.agent(Some("a\nb")).map_err(|problem| problem.status), Err(400));
    }

    #[test]
    fn five_hundred_agents_have_a_name_and_one_more_finds_no_room_but_under_its_tokens_label() {
        let db = memory();
        migrate(&db, crate::workspace::schema::MIGRATIONS).expect("migrated");
        let holder = Holder { token: Id::new(0, 1), label: "laptop".to_owned(), last_used: None };
        let room = |name: &str| check_room(&db, &holder, &AgentName::new(name).expect("a name")).map_err(|problem| problem.status);
        for number in 0..MAX_AGENTS {
            assert_eq!(room("new"), Ok(()));
            db.exec("INSERT INTO agents (name, json) VALUES (?, '{}')", &[format!("agent {number}").into()]).expect("inserted");
        }
        assert_eq!([room("new"), room("agent 7"), room("laptop")], [Err(409), Ok(()), Ok(())]);
    }
}
