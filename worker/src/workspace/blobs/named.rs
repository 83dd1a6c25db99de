//! Files under ids that their senders have minted: one that is sent again, because its answer was lost, is the same file.
//!
//! A file comes in under an id of the server's own, and is given the sender's id once it is there whole. So nothing half-way ever stands
//! under that id, and of two that are sent at once, each is whole when it is compared.
//!
//! An id that a message has used means those bytes for good: people decide on what they were shown under it. So it is remembered when the
//! file goes, and given to no others.

use agentrq_core::id::AttachmentId;
use agentrq_core::model::Attachment;

use super::is_known;
use super::{find, remove};
use crate::problem::{Code, Problem};
use crate::sql::{Sql, SqlError, Value};

/// What the tables need for it, for the workspace's list of migrations.
pub const MIGRATION: &str = "
-- Who named the file; none, if the server did.
ALTER TABLE attachments ADD COLUMN named_by TEXT;
-- The id under which its bytes came in and stand, if it was another.
ALTER TABLE attachments ADD COLUMN came_as TEXT";

/// The same, for ids whose files are gone.
pub const BURIED: &str = "
-- What an id meant that messages used: whose it was, and the file's digest. It is given to no other file.
CREATE TABLE buried_attachments (id TEXT PRIMARY KEY, named_by TEXT, sha256 TEXT NOT NULL) WITHOUT ROWID";

/// The id that a sender has minted for a file.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub id: AttachmentId,
    /// Names the sender.
    pub by: &'a str,
}

/// A file under its sender's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    Now(Attachment),
    /// It was there: this very file, of this very sender.
    Before(Attachment),
}

/// Refuses an id that is another's already, before a file comes in.
pub fn check(sql: &impl Sql, wanted: Wanted<'_>) -> Result<(), Problem> {
    let row = sql.first(
        "SELECT named_by FROM attachments WHERE id = ?1 UNION ALL SELECT named_by FROM buried_attachments WHERE id = ?1",
        &[wanted.id.to_string().into()],
    )?;
    match row {
        Some(row) if row.optional_text(0)? != Some(wanted.by) => Err(taken(wanted.id)),
        Some(_) | None => Ok(()),
    }
}

/// Gives a file that has come in whole the id that its sender wants for it. One that cannot have it is gone.
pub fn name(sql: &impl Sql, file: Attachment, wanted: Wanted<'_>) -> Result<Named, Problem> {
    let Some(there) = find(sql, wanted.id)? else {
        let refused = check(sql, wanted).and_then(|()| check_meaning(sql, &file, wanted.id));
        if refused.is_err() {
            remove(sql, file.id)?;
        }
        refused?;
        return rename(sql, file, wanted);
    };
    remove(sql, file.id)?;
    check(sql, wanted)?;
    if (Attachment { id: wanted.id, ..file }) == there { Ok(Named::Before(there)) } else { Err(taken(wanted.id)) }
}

/// The same for a file that is brought back with what it was attached to: an id that is no more is for whoever has the bytes that it meant.
pub fn bring(sql: &impl Sql, file: Attachment, wanted: Wanted<'_>) -> Result<Named, Problem> {
    let buried = sql.first("SELECT sha256 FROM buried_attachments WHERE id = ?", &[wanted.id.to_string().into()])?;
    let is_the_one = buried.map_or(Ok(false), |row| Ok::<_, SqlError>(row.text(0)? == file.sha256))?;
    if is_the_one && !is_known(sql, wanted.id)? { rename(sql, file, wanted) } else { name(sql, file, wanted) }
}

fn rename(sql: &impl Sql, file: Attachment, wanted: Wanted<'_>) -> Result<Named, Problem> {
    sql.exec(
        "UPDATE attachments SET id = ?1, named_by = ?2, came_as = ?3 WHERE id = ?3",
        &[wanted.id.to_string().into(), wanted.by.into(), file.id.to_string().into()],
    )?;
    Ok(Named::Now(Attachment { id: wanted.id, ..file }))
}

/// Refuses a file under an id that meant another one.
fn check_meaning(sql: &impl Sql, file: &Attachment, id: AttachmentId) -> Result<(), Problem> {
    let row = sql.first("SELECT sha256 FROM buried_attachments WHERE id = ?", &[id.to_string().into()])?;
    match row {
        Some(row) if row.text(0)? != file.sha256 => Err(taken(id)),
        Some(_) | None => Ok(()),
    }
}

/// The last message that used the file is gone, and the file goes with it: its id keeps its meaning.
pub(super) fn bury(sql: &impl Sql, id: &Value) -> Result<(), SqlError> {
    sql.exec(
        "INSERT INTO buried_attachments (id, named_by, sha256) SELECT id, named_by, sha256 FROM attachments WHERE id = ? ON CONFLICT DO NOTHING",
        std::slice::from_ref(id),
    )?;
    Ok(())
}

/// The id under which the bytes of a file stand.
pub(super) fn bytes_of(sql: &impl Sql, id: AttachmentId) -> Result<Value, SqlError> {
    let id: Value = id.to_string().into();
    let row = sql.first("SELECT coalesce(came_as, id) FROM attachments WHERE id = ?", std::slice::from_ref(&id))?;
    row.map_or(Ok(id), |row| Ok(row.text(0)?.into()))
}

fn taken(id: AttachmentId) -> Problem {
    let detail = format!("the id {id} names another attachment, now or before: mint a fresh id for this file");
    Problem::new(Code::Conflict, detail).with("field", "id")
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::{Id, TaskId};
    use agentrq_core::time::Timestamp;
    use rusqlite::Connection;

    use super::super::tests::{db, rows};
    use super::super::{CHUNK, UNUSED_MS, Upload, bytes, released, store, sweep, used};
    use super::*;

    fn id(random: u32) -> AttachmentId {
        AttachmentId(Id::new(1_800_000_000_000, random))
    }

    fn start() -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000)
    }

    /// Sends a file, as `by` sends it, under an id of its own.
    fn sent(db: &Connection, came_as: u32, by: &str, filename: &str, bytes: &[u8]) -> Result<Named, Problem> {
        let wanted = Wanted { id: id(1), by };
        check(db, wanted)?;
        name(db, store(db, id(came_as), filename, "text/plain", bytes, start())?, wanted)
    }

    #[test]
    fn a_file_is_found_under_its_senders_id_alone_and_goes_whole() {
        let db = db();
        let long = vec![7; CHUNK + 1];
        let Ok(Named::Now(file)) = sent(&db, 2, "p:1", "a", &long) else { panic!("named") };
        assert_eq!((file.id, find(&db, id(1))), (id(1), Ok(Some(file.clone()))));
        assert_eq!((bytes(&db, &file), find(&db, id(2))), (Ok(long), Ok(None)));
        assert_eq!(rows(&db), (1, 2));
        sweep(&db, start().plus_ms(UNUSED_MS)).expect("swept");
        assert_eq!(rows(&db), (0, 0));
        assert!(matches!(sent(&db, 3, "p:1", "a", b"x"), Ok(Named::Now(_))), "the id is free again");
    }

    #[test]
    fn the_same_file_of_the_same_sender_is_there_already_and_stands_once() {
        let db = db();
        let Ok(Named::Now(file)) = sent(&db, 2, "p:1", "a", b"x") else { panic!("named") };
        assert_eq!(sent(&db, 3, "p:1", "a", b"x"), Ok(Named::Before(file)));
        assert_eq!(rows(&db), (1, 1));
    }

    #[test]
    fn another_file_and_another_sender_are_refused_and_leave_what_was_there() {
        let db = db();
        let Ok(Named::Now(file)) = sent(&db, 2, "p:1", "a", b"x") else { panic!("named") };
        for (by, filename, content) in [("p:1", "a", b"y".as_slice()), ("p:1", "b", b"x"), ("p:1", "a", b"xx"), ("p:2", "a", b"x")] {
            assert_eq!(sent(&db, 3, by, filename, content).map_err(|problem| problem.status), Err(409), "{by} {filename}");
        }
        assert_eq!((find(&db, id(1)), rows(&db)), (Ok(Some(file)), (1, 1)));
    }

    #[test]
    fn an_id_that_a_message_has_used_is_never_given_to_other_bytes() {
        let db = db();
        let task = TaskId(Id::new(start().ms(), 9));
        let Ok(Named::Now(file)) = sent(&db, 2, "t:1", "a", b"harmless") else { panic!("named") };
        let ours = store(&db, id(4), "b", "text/plain", b"ours", start()).expect("stored");
        used(&db, task, &[file.clone(), ours.clone()]).expect("used");
        released(&db, task).expect("released");
        sweep(&db, start()).expect("swept");
        assert_eq!(rows(&db), (0, 0));
        let status = |answer: Result<Named, Problem>| answer.map_err(|problem| problem.status);
        assert_eq!(status(sent(&db, 3, "t:1", "a", b"dreadful")), Err(409));
        assert_eq!(status(sent(&db, 3, "t:2", "a", b"harmless")), Err(409));
        let servers = Wanted { id: ours.id, by: "t:1" };
        assert_eq!(check(&db, servers).map_err(|problem| problem.status), Err(409));
        assert_eq!(rows(&db), (0, 0));
        for _ in 0..2 {
            assert_eq!(sent(&db, 3, "t:1", "a", b"harmless"), Ok(Named::Now(file.clone())));
            assert_eq!(sent(&db, 5, "t:1", "a", b"harmless"), Ok(Named::Before(file.clone())));
            sweep(&db, start().plus_ms(UNUSED_MS)).expect("swept");
        }
    }

    #[test]
    fn an_id_of_the_servers_own_is_nobodys_even_half_way() {
        let db = db();
        let mut half = Upload::begin(&db, id(1), "a", "text/plain", start()).expect("begun");
        half.push(b"x").expect("taken");
        assert_eq!(sent(&db, 3, "p:1", "a", b"x").map_err(|problem| problem.status), Err(409));
        let whole = half.finish().expect("whole");
        assert_eq!(sent(&db, 3, "p:1", "a", b"x").map_err(|problem| problem.status), Err(409));
        assert_eq!((find(&db, id(1)), rows(&db)), (Ok(Some(whole)), (1, 1)));
    }

    #[test]
    fn of_two_that_are_sent_at_once_the_second_finds_the_first() {
        let db = db();
        let [one, two] = [2, 3].map(|came_as| store(&db, id(came_as), "a", "text/plain", b"x", start()).expect("stored"));
        let wanted = Wanted { id: id(1), by: "p:1" };
        let Ok(Named::Now(file)) = name(&db, one, wanted) else { panic!("named") };
        assert_eq!(name(&db, two, wanted), Ok(Named::Before(file)));
        assert_eq!(rows(&db), (1, 1));
    }
}
