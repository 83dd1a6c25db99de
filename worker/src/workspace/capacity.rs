//! How full a workspace may be: agents add nothing beyond a size that leaves room for people, who can then still answer, and delete.

use agentrq_core::command::Command;
use agentrq_core::model::Actor;

use crate::problem::{Code, Problem};
use crate::sql::Sql;

/// Does the command add what stays? What moves, claims or deletes a task, or tells of a delivery, does not.
fn adds(command: &Command) -> bool {
    match command {
        Command::CreateTask { .. }
        | Command::EditTask { .. }
        | Command::PostMessage { .. }
        | Command::GiveVerdict { .. }
        | Command::CreateWork { .. }
        | Command::StartWorkflow { .. } => true,
        Command::UpdateWork { change, .. } => {
            let said = change.title.is_some() || change.body.is_some() || change.active_form.is_some() || change.metadata.is_some();
            said || !change.arrows.add_blocks.is_empty() || !change.arrows.add_blocked_by.is_empty()
        }
        _ => false,
    }
}

/// Refuses what an agent would add to a database that has `most` bytes or more.
pub fn check_command(sql: &impl Sql, command: &Command, actor: &Actor, most: u64) -> Result<(), Problem> {
    if actor.agent().is_some() && adds(command) { check(sql, most) } else { Ok(()) }
}

/// The same for a file that an agent sends.
pub fn check(sql: &impl Sql, most: u64) -> Result<(), Problem> {
    let size = sql.size()?;
    if size < most {
        return Ok(());
    }
    let detail = format!(
        "this workspace holds {size} bytes, and agents may fill it up to {most}: a person must delete tasks that are not needed. Until then agents can read, move and delete tasks, and people can answer"
    );
    Err(Problem::new(Code::QuotaExceeded, detail).with("limit", most).with("given", size))
}

#[cfg(test)]
mod tests {
    use agentrq_core::command::Asks;
    use agentrq_core::id::{Id, TaskId};
    use agentrq_core::lifecycle::Status;
    use agentrq_core::model::{AgentName, Assignee, Person};
    use agentrq_core::time::Timestamp;
    use rusqlite::Connection;

    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::made_for_tests;
    use crate::workspace::transaction::Transaction;

    fn id(random: u32) -> Id {
        Id::new(1_800_000_000_000, random)
    }

    fn agent() -> Actor {
        Actor::Agent { name: AgentName::new("claude").expect("a name") }
    }

    fn ada() -> Actor {
        Actor::Person(Person { id: "p".into(), name: "Ada".into() })
    }

    fn create(random: u32, bytes: usize) -> Command {
        Command::CreateTask {
            id: id(random),
            title: "x".into(),
            body: "x".repeat(bytes),
            assignee: Assignee::Human,
            attachments: Vec::new(),
            options: None,
        }
    }

    fn post(random: u32, task: u32) -> Command {
        Command::PostMessage {
            id: id(random),
            task: TaskId(id(task)),
            text: "words".into(),
            attachments: Vec::new(),
            in_reply_to: None,
            asks: Asks::Unsaid,
            choices: Vec::new(),
            digest: None,
        }
    }

    /// One commit of one command, in a workspace that agents may fill up to `most`; how it was refused.
    fn run(db: &Connection, most: u64, actor: &Actor, command: Command) -> Result<(), String> {
        let mut tx = Transaction::begin(db, Timestamp::from_ms(1_800_000_000_000)).expect("begun").within(most);
        tx.run(command, actor, None).map_err(|problem| problem.code.into_owned())?;
        tx.finish("t").expect("finished");
        Ok(())
    }

    #[test]
    fn in_a_full_workspace_agents_add_nothing_and_everything_else_goes_on() {
        let db = memory();
        made_for_tests(&db);
        assert_eq!(run(&db, u64::MAX, &agent(), create(1, 10)), Ok(()));
        assert_eq!(run(&db, u64::MAX, &ada(), create(2, 10)), Ok(()));
        let full = db.size().expect("a size");
        let edit =
            Command::EditTask { id: id(4), task: TaskId(id(1)), title: None, body: Some("longer".into()), assignee: None, options: None };
        for added in [create(3, 0), post(3, 1), edit] {
            assert_eq!(run(&db, full, &agent(), added.clone()), Err("quota_exceeded".to_owned()), "{added:?}");
        }
        assert_eq!(run(&db, full, &ada(), post(5, 1)), Ok(()));
        let move_it = Command::SetStatus { id: id(6), task: TaskId(id(1)), to: Status::Active, reason: None };
        assert_eq!(run(&db, full, &agent(), move_it), Ok(()));
        assert_eq!(run(&db, full, &agent(), Command::DeleteTask { id: id(7), task: TaskId(id(1)) }), Ok(()));
    }

    #[test]
    fn what_people_delete_is_room_for_agents_again() {
        let db = memory();
        made_for_tests(&db);
        // The history remembers what was said for a while longer.
        let most = db.size().expect("a size") + 150 * 1024;
        assert_eq!(run(&db, most, &agent(), create(1, 100 * 1024)), Ok(()));
        assert_eq!(run(&db, most, &agent(), create(2, 10)), Err("quota_exceeded".to_owned()));
        assert_eq!(run(&db, most, &ada(), Command::DeleteTask { id: id(3), task: TaskId(id(1)) }), Ok(()));
        assert_eq!(run(&db, most, &agent(), create(4, 10)), Ok(()));
    }
}
