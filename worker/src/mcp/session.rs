//! Which session a request over Streamable HTTP is of.

use agentrq_core::id::SessionId;
use agentrq_core::mcp::header::is_session_id;

use super::post::Poster;
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::Sql;
use crate::workspace::sessions::{self, Session, State};
use crate::workspace::transaction::Transaction;

/// The session that a client names, or the one that it shares with others that name none.
///
/// # Errors
/// It was ended by its client, or it is no session id at all.
pub fn find<S: Sql>(tx: &Transaction<S>, poster: Poster<'_>, given: Option<&str>) -> Result<Session, Problem> {
    let (token, agent) = (poster.holder.token, poster.agent);
    if let Some(given) = given {
        if !is_session_id(given) {
            let detail = "Mcp-Session-Id holds visible ASCII characters, 256 at most: send it as `initialize` returned it";
            return Err(Problem::new(Code::BadRequest, detail).with("header", "mcp-session-id"));
        }
        if let Ok(id) = given.parse::<SessionId>() {
            match sessions::find(tx.sql(), id)? {
                // Somebody else's session: the token says who asks, and nobody can speak in another's.
                Some(known) if known.token != token || known.agent != *agent => {}
                Some(known) if known.state == State::Ended => {
                    return Err(Problem::new(Code::SessionEnded, "this session was ended with DELETE: begin another with `initialize`"));
                }
                Some(known) => return Ok(known),
                None => {
                    let session = Session::new(id, token, agent.clone(), State::Ready, tx.now);
                    sessions::insert(tx.sql(), &session)?;
                    return Ok(session);
                }
            }
        }
    }
    shared(tx, poster)
}

/// The session of all requests of this agent that name none.
pub fn shared<S: Sql>(tx: &Transaction<S>, poster: Poster<'_>) -> Result<Session, Problem> {
    if let Some(session) = sessions::shared(tx.sql(), poster.holder.token, poster.agent)? {
        return Ok(session);
    }
    let session = Session::new(SessionId(random::id(tx.now)?), poster.holder.token, poster.agent.clone(), State::Shared, tx.now);
    sessions::insert(tx.sql(), &session)?;
    Ok(session)
}
