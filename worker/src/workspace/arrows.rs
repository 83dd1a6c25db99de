//! What waits for what, in memory: read from the database when somebody first asks for a way, and kept up to date from then on.
//!
//! A way through a hundred thousand arrows is a matter of milliseconds here, and of seconds where each step is a statement.

use std::cell::RefCell;

use agentrq_core::graph::Graph;
use agentrq_core::id::TaskId;

use super::works;
use crate::sql::{Sql, SqlError};

/// The arrows of a workspace. Nothing is held until a way is sought. They go from one transaction to the next, and are lost with one that fails: what
/// it had changed never was.
#[derive(Debug, Default)]
pub struct Arrows(RefCell<Option<Graph>>);

impl Arrows {
    /// Takes them out, to be put where the next transaction finds them.
    pub fn take(&self) -> Self {
        Self(RefCell::new(self.0.borrow_mut().take()))
    }

    /// Says what a task waits for from now on.
    pub fn set(&self, task: TaskId, blockers: &[TaskId]) {
        if let Some(graph) = self.0.borrow_mut().as_mut() {
            graph.set(task, blockers);
        }
    }

    /// Looks at the arrows as they stand in the database.
    pub fn with<T>(&self, sql: &impl Sql, look: impl FnOnce(&Graph) -> T) -> Result<T, SqlError> {
        let mut held = self.0.borrow_mut();
        let graph = match held.take() {
            Some(graph) => graph,
            None => read(sql)?,
        };
        let found = look(&graph);
        *held = Some(graph);
        Ok(found)
    }
}

fn read(sql: &impl Sql) -> Result<Graph, SqlError> {
    let mut graph = Graph::default();
    let mut blockers = Vec::new();
    let mut arrows = works::all_arrows(sql)?.into_iter().peekable();
    while let Some((blocked, blocker)) = arrows.next() {
        blockers.push(blocker);
        if arrows.peek().is_none_or(|(next, _)| *next != blocked) {
            graph.set(blocked, &blockers);
            blockers.clear();
        }
    }
    Ok(graph)
}

#[cfg(test)]
mod tests {
    use agentrq_core::command::{Command, NewWork};
    use agentrq_core::id::Id;
    use agentrq_core::model::{Actor, ListName, Person};
    use agentrq_core::time::Timestamp;

    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::made_for_tests;
    use crate::workspace::transaction::Transaction;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    fn id(number: u32) -> TaskId {
        TaskId(Id::new(NOW.ms(), number))
    }

    /// Puts a task that waits for another between two that are there.
    fn puts(tx: &mut Transaction<&rusqlite::Connection>, number: u32, blocks: &[TaskId], blocked_by: &[TaskId]) -> bool {
        let ada = Actor::Person(Person { id: "p".into(), name: "Ada".into() });
        let work = NewWork { title: "x".into(), blocks: blocks.to_vec(), blocked_by: blocked_by.to_vec(), ..NewWork::default() };
        let command = Command::CreateWork { id: id(number).0, list: ListName::default(), work: Box::new(work) };
        tx.run(command, &ada, None).is_ok()
    }

    #[test]
    fn what_one_transaction_has_read_the_next_need_not_read_and_what_it_changed_the_next_knows() {
        let db = memory();
        made_for_tests(&db);
        let mut tx = Transaction::begin(&db, NOW).expect("begun");
        assert!(puts(&mut tx, 1, &[], &[]) && puts(&mut tx, 2, &[], &[id(1)]));
        assert!(!puts(&mut tx, 3, &[id(1)], &[id(2)]), "a circle over what is read");
        let kept = tx.arrows();
        tx.finish("a").expect("finished");
        // Were it read again, it would be empty now.
        db.exec("DELETE FROM arrows", &[]).expect("deleted");
        let mut tx = Transaction::begin(&db, NOW).expect("begun").knowing(kept);
        assert!(puts(&mut tx, 4, &[], &[id(2)]));
        assert!(!puts(&mut tx, 5, &[id(1)], &[id(4)]), "a circle over what is known, and what has come");
        tx.finish("b").expect("finished");
        let mut forgetful = Transaction::begin(&db, NOW).expect("begun");
        assert!(puts(&mut forgetful, 6, &[id(1)], &[id(2)]), "nobody knows any better");
    }
}
