//! The tokens of a workspace, in its own database: made, listed, changed, revoked, and checked on each of an agent's requests.
//!
//! Only the SHA-256 of a token's secret is stored. A revoked token keeps its row, so that its agent is told what happened.

use std::fmt;

use agentrq_core::dialect;
use agentrq_core::id::Id;
use agentrq_core::model::{AgentName, InvalidScopes, SCOPES, Scope, Scopes, WorkspaceId};
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

/// Whether the scopes open what people answer ([`Scopes::hear`]), so that a query can ask. Every token from before did.
pub const HEARS: &str = "ALTER TABLE tokens ADD COLUMN hears INTEGER NOT NULL DEFAULT 1";

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

/// What a person says of a new token.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewToken {
    pub label: String,
    pub expires_in_days: Option<u64>,
    pub scopes: Option<Vec<String>>,
}

/// What a person changes of one: at least one of these.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenChange {
    /// How long it is good for from now on.
    pub expires_in_days: Option<u64>,
    pub scopes: Option<Vec<String>>,
}

/// What a change came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    pub info: TokenInfo,
    pub tools_changed: ToolsChanged,
}

/// Do the token's agents see other tools than before?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolsChanged {
    Yes,
    No,
}

/// What a person is told once: the only time that the token itself is shown.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreatedToken {
    pub id: Id,
    pub token: String,
    pub mcp_url: String,
    pub label: String,
    pub scopes: Scopes,
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
    pub scopes: Scopes,
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
    /// What it opens, as of this request.
    pub scopes: Scopes,
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
    let scopes = wanted(new.scopes.as_deref())?.unwrap_or_default();
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
        "INSERT INTO tokens (id, label, scopes, hears, secret_hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        &[
            making.id.to_string().into(),
            label.as_str().into(),
            scopes.to_string().into(),
            u64::from(scopes.hear()).into(),
            proof.secret_hash.as_slice().into(),
            making.now.ms().into(),
            expires_at.ms().into(),
        ],
    )?;
    let mcp_url = format!("{}/mcp/{}?token={token}", making.base, making.workspace);
    Ok(CreatedToken { id: making.id, token, mcp_url, label: label.into(), scopes, expires_at })
}

fn invalid(field: &'static str, detail: impl Into<String>) -> Problem {
    Problem::new(Code::BadRequest, format!("{field}: {}", detail.into())).with("field", field)
}

/// The scopes that a request names, if it names any.
fn wanted(words: Option<&[String]>) -> Result<Option<Scopes>, Problem> {
    let read = words.map(|words| Scopes::read(words.iter().map(String::as_str))).transpose();
    read.map_err(|why| invalid("scopes", why.to_string()).with("allowed", SCOPES.map(Scope::word).to_vec()))
}

/// The scopes as the database holds them.
fn stored(words: &str) -> Result<Scopes, SqlError> {
    words.parse().map_err(|why: InvalidScopes| SqlError(format!("a token's scopes are {words:?}: {why}")))
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
        scopes: stored(row.text(3)?)?,
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

/// Extends a token from now on, also an expired one, or gives it other scopes, or both; never a revoked one. All of it, or nothing.
/// Other scopes count from the next request on; the caller tells the token's streams where the tools are others now.
pub fn change(sql: &impl Sql, id: Id, change: &TokenChange, now: Timestamp) -> Result<Changed, Problem> {
    let wanted = wanted(change.scopes.as_deref())?;
    let expires_at = change.expires_in_days.map(|days| expiry(Some(days), now)).transpose()?;
    if wanted.is_none() && expires_at.is_none() {
        let detail = "a change of a token names expiresInDays, or scopes, or both";
        return Err(Problem::new(Code::BadRequest, detail).with("allowed", vec!["expiresInDays", "scopes"]));
    }
    let before = scopes(sql, id).map_err(|problem| if problem.status < 500 { not_found(id) } else { problem })?;
    let after = wanted.unwrap_or_else(|| before.clone());
    let rows = sql.exec(
        &format!("UPDATE tokens SET scopes = ?, hears = ?, expires_at = coalesce(?, expires_at) WHERE id = ? RETURNING {COLUMNS}"),
        &[after.to_string().into(), u64::from(after.hear()).into(), expires_at.map(Timestamp::ms).into(), id.to_string().into()],
    )?;
    let info = rows.first().map_or_else(|| Err(not_found(id)), |row| Ok(info(row, now)?))?;
    let tools_changed = if dialect::same_tools(&before, &after) { ToolsChanged::No } else { ToolsChanged::Yes };
    Ok(Changed { info, tools_changed })
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
        "SELECT label, secret_hash, expires_at, revoked_at, last_used_at, agent, scopes FROM tokens WHERE id = ?",
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
    Ok(Ok(Holder { token: proof.id, label: row.text(0)?.to_owned(), scopes: stored(row.text(6)?)?, last_used }))
}

/// What a token opens at this moment. Asked in the very commit that depends on it: a change counts for what is under way, too.
pub fn scopes(sql: &impl Sql, id: Id) -> Result<Scopes, Problem> {
    let row = sql.first("SELECT scopes FROM tokens WHERE id = ? AND revoked_at IS NULL", &[id.to_string().into()])?;
    row.map_or_else(|| Err(Refused::Unknown.into()), |row| Ok(stored(row.text(0)?)?))
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

/// A good token with a given id, for tests of what its holder may do.
#[cfg(test)]
pub(crate) fn made_for_tests(sql: &impl Sql, id: Id, scope: Scope) {
    let scopes = Scopes::read([scope.word()]).expect("a scope");
    let row = "INSERT OR REPLACE INTO tokens (id, label, scopes, hears, secret_hash, created_at, expires_at)
               VALUES (?, 'test', ?, ?, x'00', 0, 9000000000000)";
    sql.exec(row, &[id.to_string().into(), scopes.to_string().into(), u64::from(scopes.hear()).into()]).expect("inserted");
}

#[cfg(test)]
mod tests;
