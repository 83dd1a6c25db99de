//! What the workspace remembers of each replica, and how each replica's command ended.

use agentrq_core::id::Id;
use agentrq_core::json;
use agentrq_core::limits;
use agentrq_core::sync::authority::{ClientState, Ended};
use agentrq_core::time::Timestamp;

use crate::sql::{Sql, SqlError};

/// Commands whose end is remembered: weeks of a busy room, a few megabytes. One that comes again later is decided anew.
const KEPT_COMMANDS: u64 = 20_000;
/// How often the oldest are forgotten.
const CUT_EVERY: u64 = 64;

/// The state of a replica; a new one's, if nobody knows it.
pub fn load(sql: &impl Sql, person: &str, client: &str) -> Result<ClientState, SqlError> {
    let row = sql.first("SELECT json FROM clients WHERE person = ? AND client = ?", &[person.into(), client.into()])?;
    match row {
        Some(row) => json::from_str(row.text(0)?).map_err(|error| SqlError(error.to_string())),
        None => Ok(ClientState::default()),
    }
}

/// Remembers it. For a new replica the one that has been silent for longest is forgotten, if there are too many: it goes on under another name.
pub fn save(sql: &impl Sql, person: &str, client: &str, state: &ClientState, now: Timestamp) -> Result<(), SqlError> {
    let text = json::to_string(state);
    let args = [person.into(), client.into(), now.ms().into(), text.into()];
    let known = sql.exec("UPDATE clients SET at = ?3, json = ?4 WHERE person = ?1 AND client = ?2 RETURNING client", &args)?;
    if known.is_empty() {
        sql.exec("INSERT INTO clients (person, client, at, json) VALUES (?, ?, ?, ?)", &args)?;
        sql.exec(
            "DELETE FROM clients WHERE person = ?1 AND client IN (SELECT client FROM clients WHERE person = ?1 ORDER BY at DESC, client LIMIT -1 OFFSET ?2)",
            &[person.into(), limits::CLIENTS.into()],
        )?;
    }
    Ok(())
}

/// How a command of this person ended, if it has come before.
pub fn ended(sql: &impl Sql, person: &str, command: Id) -> Result<Option<Ended>, SqlError> {
    let row =
        sql.first("SELECT hash, rejection FROM commands WHERE person = ? AND id = ?", &[person.into(), command.to_string().into()])?;
    let Some(row) = row else { return Ok(None) };
    let rejection = json::from_str(row.text(1)?).map_err(|error| SqlError(error.to_string()))?;
    Ok(Some(Ended { hash: row.text(0)?.to_owned(), rejection }))
}

/// Remembers how a command ended, and now and then forgets the oldest.
pub fn remember(sql: &impl Sql, person: &str, command: Id, ended: &Ended) -> Result<(), SqlError> {
    let rejection = json::to_string(&ended.rejection);
    let rows = sql.exec(
        "INSERT INTO commands (person, id, hash, rejection) VALUES (?, ?, ?, ?) RETURNING place",
        &[person.into(), command.to_string().into(), ended.hash.as_str().into(), rejection.into()],
    )?;
    let place = rows.first().map_or(Ok(0), |row| row.count(0))?;
    if place.is_multiple_of(CUT_EVERY) {
        sql.exec("DELETE FROM commands WHERE place <= ?", &[place.saturating_sub(KEPT_COMMANDS).into()])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use agentrq_core::Rejection;

    use super::*;
    use crate::sql::native::memory;

    fn id(number: u64) -> Id {
        Id::new(1_800_000_000_000 + number, 1)
    }

    #[test]
    fn how_a_command_ended_is_remembered_for_its_person_only() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let accepted = Ended { hash: "h1".into(), rejection: None };
        let refused = Ended { hash: "h2".into(), rejection: Some(Rejection::IdTaken { id: id(2) }.problem()) };
        remember(&db, "ada", id(1), &accepted).expect("remembered");
        remember(&db, "ada", id(2), &refused).expect("remembered");
        assert_eq!(ended(&db, "ada", id(1)), Ok(Some(accepted)));
        assert_eq!(ended(&db, "ada", id(2)), Ok(Some(refused)));
        assert_eq!(ended(&db, "bob", id(1)), Ok(None));
        assert_eq!(ended(&db, "ada", id(3)), Ok(None));
    }

    #[test]
    fn the_oldest_are_forgotten_and_the_newest_stay() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let accepted = Ended { hash: "h".into(), rejection: None };
        let count = KEPT_COMMANDS + 2 * CUT_EVERY;
        (0..count).for_each(|number| remember(&db, "ada", id(number), &accepted).expect("remembered"));
        let row = db.first("SELECT count(*) FROM commands", &[]).expect("counted").expect("a row");
        assert!((KEPT_COMMANDS..KEPT_COMMANDS + CUT_EVERY).contains(&row.count(0).expect("a count")));
        assert_eq!(ended(&db, "ada", id(0)), Ok(None));
        assert_eq!(ended(&db, "ada", id(count - KEPT_COMMANDS)), Ok(Some(accepted)));
    }

    #[test]
    fn of_too_many_replicas_the_one_that_was_silent_for_longest_is_forgotten() {
        let db = memory();
        crate::migrations::migrate(&db, super::super::schema::MIGRATIONS).expect("migrated");
        let said = ClientState { last: 7 };
        let save_at = |person: &str, client: u64, at: u64| {
            save(&db, person, &format!("c{client}"), &said, Timestamp::from_ms(at)).expect("saved");
        };
        save_at("bob", 0, 0);
        (0..limits::CLIENTS).for_each(|client| save_at("ada", client, 1 + client));
        save_at("ada", 0, 1_000);
        save_at("ada", limits::CLIENTS, 1_001);
        let last = |person: &str, client: u64| load(&db, person, &format!("c{client}")).expect("loaded").last;
        assert_eq!([last("ada", 0), last("ada", 1), last("ada", 2), last("ada", limits::CLIENTS), last("bob", 0)], [7, 0, 7, 7, 7]);
    }

    #[test]
    fn what_an_earlier_build_remembered_of_a_replica_is_read() {
        let state: ClientState = json::from_str(r#"{"last":3,"hash":"h","refused":[]}"#).expect("read");
        assert_eq!(state.last, 3);
    }
}
