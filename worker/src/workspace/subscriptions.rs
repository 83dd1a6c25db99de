//! What clients want to be told of: a session of 2025 by `resources/subscribe`, a stream of 2026 by `subscriptions/listen`.

use agentrq_core::dialect::hitl::resources::ResourceUri;
use agentrq_core::dialect::task_list::resources::ListUri;
use agentrq_core::id::SessionId;
use agentrq_core::mcp::listen::RESOURCES;

use super::connections;
use crate::problem::{Code, Problem};
use crate::sql::{Sql, SqlError, Value};

/// Something that changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    Resource(ResourceUri),
    /// A list, or one of its tasks by its number there.
    List(ListUri),
    /// Which tools there are, for a listening stream; a session is told without asking.
    Tools,
    /// Which resources there are.
    Resources,
    /// Which prompts there are, for a listening stream; a session is told without asking.
    Prompts,
}

impl Topic {
    fn name(&self) -> String {
        match self {
            Self::Resource(uri) => uri.to_string(),
            Self::List(uri) => uri.to_string(),
            Self::Tools => "list:tools".to_owned(),
            Self::Resources => "list:resources".to_owned(),
            Self::Prompts => "list:prompts".to_owned(),
        }
    }
}

/// Who wants to be told of something, and what they call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    pub subscriber: SessionId,
    pub uri: String,
}

/// Adds a subscription; `uri` is what the client calls it. Twice is once.
pub fn add(sql: &impl Sql, session: SessionId, topic: Topic, uri: &str) -> Result<(), Problem> {
    let subscriber: Value = session.to_string().into();
    let row = sql.first("SELECT count(*) FROM subscriptions WHERE subscriber = ?", std::slice::from_ref(&subscriber))?;
    if row.map_or(Ok(0), |row| row.count(0))? >= RESOURCES as u64 {
        let detail = format!("this session follows {RESOURCES} resources, which is the limit: unsubscribe from one first");
        return Err(Problem::new(Code::QuotaExceeded, detail));
    }
    Ok(put(sql, session, topic, uri)?)
}

/// Adds one of those that were counted before.
pub fn put(sql: &impl Sql, subscriber: SessionId, topic: Topic, uri: &str) -> Result<(), SqlError> {
    sql.exec(
        "INSERT OR REPLACE INTO subscriptions (subscriber, topic, uri) VALUES (?, ?, ?)",
        &[subscriber.to_string().into(), topic.name().into(), uri.into()],
    )?;
    Ok(())
}

pub fn remove(sql: &impl Sql, subscriber: SessionId, topic: Topic) -> Result<(), SqlError> {
    sql.exec("DELETE FROM subscriptions WHERE subscriber = ? AND topic = ?", &[subscriber.to_string().into(), topic.name().into()])?;
    Ok(())
}

/// Forgets all that one wanted.
pub fn clear(sql: &impl Sql, subscriber: SessionId) -> Result<(), SqlError> {
    sql.exec("DELETE FROM subscriptions WHERE subscriber = ?", &[subscriber.to_string().into()])?;
    Ok(())
}

/// Who wants to be told of this.
pub fn to(sql: &impl Sql, topic: Topic) -> Result<Vec<Subscription>, SqlError> {
    let rows = sql.exec("SELECT subscriber, uri FROM subscriptions WHERE topic = ?", &[topic.name().into()])?;
    rows.iter().map(|row| Ok(Subscription { subscriber: connections::id(row, 0)?, uri: row.text(1)?.to_owned() })).collect()
}

/// Does one want to be told of this?
pub fn wants(sql: &impl Sql, subscriber: SessionId, topic: &Topic) -> Result<bool, SqlError> {
    let args = [subscriber.to_string().into(), topic.name().into()];
    Ok(sql.first("SELECT 1 FROM subscriptions WHERE subscriber = ? AND topic = ?", &args)?.is_some())
}

/// The resources that one wants to be told of, as it calls them.
pub fn resources_of(sql: &impl Sql, subscriber: SessionId) -> Result<Vec<String>, SqlError> {
    let rows = sql.exec(
        "SELECT uri FROM subscriptions WHERE subscriber = ? AND topic NOT LIKE 'list:%' ORDER BY topic",
        &[subscriber.to_string().into()],
    )?;
    rows.iter().map(|row| Ok(row.text(0)?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;

    use super::*;
    use crate::sql::native::memory;

    #[test]
    fn a_session_follows_only_so_many_resources() {
        let db = memory();
        crate::workspace::made_for_tests(&db);
        let session = SessionId(Id::new(1_800_000_000_000, 1));
        let task = |n: usize| Topic::Resource(ResourceUri::Task(agentrq_core::id::TaskId(Id::new(1_800_000_000_000 + n as u64, 1))));
        for n in 0..RESOURCES {
            add(&db, session, task(n), "agentrq://tasks/1").expect("added");
        }
        let refused = add(&db, session, task(RESOURCES), "agentrq://tasks/1").expect_err("one too many");
        assert_eq!(refused.status, 413);
        remove(&db, session, task(0)).expect("removed");
        assert_eq!(add(&db, session, task(RESOURCES), "agentrq://tasks/1"), Ok(()));
    }
}
