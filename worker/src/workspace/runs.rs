//! Background tasks and their time: what they print stands elsewhere, one output for each run; here stands which there are, when whoever runs one
//! was last heard of, and what is due.

use agentrq_core::decide;
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::{AgentName, Task, WorkspaceId};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;

use super::inbox::looked;
use super::timers::{self, Timer};
use super::transaction::Transaction;
use crate::output::Run;
use crate::problem::{Code, Problem};
use crate::random;
use crate::sql::{Sql, SqlError};

pub const MIGRATION: &str = "
-- Runs of background tasks of which there is an output. heard_at: when whoever runs it last reported some; 0: not yet. bytes: how many are kept.
CREATE TABLE runs (
  task TEXT NOT NULL, run INTEGER NOT NULL, heard_at INTEGER NOT NULL, bytes INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (task, run)
) WITHOUT ROWID;
-- A call may wait for the end of a task, and then wants some of its output.
ALTER TABLE waits ADD COLUMN task TEXT;
ALTER TABLE waits ADD COLUMN output TEXT;
CREATE INDEX waits_of_task ON waits (task) WHERE task IS NOT NULL";

/// Who reports output is taken for lost after so long without a word. A report of nothing is a word.
pub const SILENT_MS: u64 = 60_000;
/// Being heard again within this time is not noted.
const NOTED_MS: u64 = 10_000;
/// So many more bytes are noted at once; fewer wait for the next time, and count for all that is kept from the first on.
const NOTED_BYTES: u64 = 1024 * 1024;

/// Time may have decided something about a task.
pub fn due<S: Sql>(tx: &mut Transaction<S>, task: TaskId) -> Result<(), Problem> {
    let (id, lease_ms) = (random::id(tx.now)?, tx.lease_ms());
    tx.report(agentrq_core::Report::Due { id, task, lease_ms }).map(drop)
}

/// Which run of a task is read: the one under way, or the last; of one that has yet to begin, the next.
fn number(task: &Task) -> u64 {
    let fence = task.work.as_ref().map_or(0, |work| work.fence);
    if task.status == Status::Pending { fence + 1 } else { fence }
}

/// The run whose output is read; none, where nothing was printed and nothing will be. One that may yet be printed is noted, so that whoever
/// reads it already is told when it comes, and that it goes when its task goes.
pub fn read(sql: &impl Sql, workspace: &WorkspaceId, task: &Task) -> Result<Option<Run>, Problem> {
    check_background(task)?;
    let number = number(task);
    if task.status.is_open() {
        note(sql, task.id, number)?;
    } else if !is_noted(sql, task.id, number)? {
        return Ok(None);
    }
    Ok(Some(Run { workspace: workspace.clone(), task: task.id, number }))
}

/// The run whose output there may be, where nobody is to wait for it.
pub fn printed(sql: &impl Sql, workspace: &WorkspaceId, task: &Task) -> Result<Option<Run>, SqlError> {
    let number = task.work.as_ref().map_or(0, |work| work.fence);
    let run = Run { workspace: workspace.clone(), task: task.id, number };
    Ok(is_noted(sql, task.id, number)?.then_some(run))
}

/// The run whose output an agent reports, if it is the one that runs it; noted as heard of.
pub fn heard<S: Sql>(
    tx: &mut Transaction<S>,
    workspace: &WorkspaceId,
    task: &Task,
    agent: &AgentName,
    report: &Report,
) -> Result<Run, Problem> {
    decide::check_runs(task, agent, report.fence)?;
    let number = number(task);
    let run = Run { workspace: workspace.clone(), task: task.id, number };
    let key = [task.id.to_string().into(), number.into()];
    let row = tx.sql().first("SELECT heard_at, bytes FROM runs WHERE task = ? AND run = ?", &key)?;
    let (heard_at, bytes) = row.as_ref().map_or(Ok((0, 0)), |row| Ok::<_, SqlError>((row.count(0)?, row.count(1)?)))?;
    if row.is_none() {
        // What ran before this is not read any more.
        if tx.sql().first("SELECT 1 FROM runs WHERE task = ? LIMIT 1", &key[..1])?.is_some() {
            timers::set(tx.sql(), Timer::Closing, &key_of(task), tx.now)?;
        }
        note(tx.sql(), task.id, number)?;
    }
    let mut now_kept = bytes;
    let ends_at = report.ends_at.min(limits::OUTPUT_BYTES);
    if ends_at > bytes {
        // What is not here yet cannot be noted: a chunk that leaves a gap is refused by the output.
        now_kept = ends_at.min(bytes + NOTED_BYTES + limits::CHUNK_BYTES);
        check_room(tx.sql(), now_kept - bytes)?;
    }
    let is_news = tx.now.ms().saturating_sub(heard_at) >= NOTED_MS;
    if !is_news && now_kept - bytes < NOTED_BYTES {
        return Ok(run);
    }
    let [task_key, number] = key;
    let noted = [tx.now.ms().into(), now_kept.into(), task_key, number];
    tx.sql().exec("UPDATE runs SET heard_at = ?, bytes = ? WHERE task = ? AND run = ?", &noted)?;
    if is_news {
        timers::set(tx.sql(), Timer::Silent, &key_of(task), tx.now.plus_ms(SILENT_MS))?;
        tx.report(agentrq_core::Report::Resumed { task: task.id })?;
    }
    Ok(run)
}

/// What an agent says with a report of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The claim on which it reports.
    pub fence: Option<u64>,
    /// The byte behind what it reports.
    pub ends_at: u64,
}

/// Refuses what is beyond all that a workspace keeps of outputs.
fn check_room(sql: &impl Sql, grows: u64) -> Result<(), Problem> {
    let kept = sql.first("SELECT coalesce(sum(bytes), 0) FROM runs", &[])?.map_or(Ok(0), |row| row.count(0))?;
    if kept + grows <= limits::OUTPUTS_BYTES {
        return Ok(());
    }
    let detail = format!(
        "this workspace keeps {kept} bytes of what background tasks print, and may keep {}: a person must delete tasks that are not needed",
        limits::OUTPUTS_BYTES
    );
    Err(Problem::new(Code::QuotaExceeded, detail).with("limit", limits::OUTPUTS_BYTES).with("given", kept + grows))
}

fn key_of(task: &Task) -> String {
    task.id.to_string()
}

/// Whoever reports a task's output may have been silent for long.
pub fn silent<S: Sql>(tx: &mut Transaction<S>, task: TaskId) -> Result<(), Problem> {
    let Some(found) = looked(tx, tx.store().task(task))?.filter(|task| task.status == Status::Active) else { return Ok(()) };
    let key = [task.to_string().into(), number(&found).into()];
    let heard_at = tx.sql().first("SELECT heard_at FROM runs WHERE task = ? AND run = ?", &key)?.map_or(Ok(0), |row| row.count(0))?;
    let ends = Timestamp::from_ms(heard_at).plus_ms(SILENT_MS);
    if heard_at == 0 {
        return Ok(());
    }
    if tx.now < ends {
        return Ok(timers::set(tx.sql(), Timer::Silent, &task.to_string(), ends)?);
    }
    tx.report(agentrq_core::Report::Silent { task }).map(drop)
}

/// What is to be done with the outputs of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closing {
    /// Nothing comes any more.
    pub end: Option<Run>,
    /// Nobody reads it any more: the task is gone, or has run again since.
    pub forget: Vec<Run>,
}

/// What is to be done with the outputs of a task, by what has become of it.
pub fn closing<S: Sql>(tx: &Transaction<S>, workspace: &WorkspaceId, task: TaskId) -> Result<Closing, Problem> {
    let found = looked(tx, tx.store().task(task))?;
    let last = found.as_ref().map(number);
    let rows = tx.sql().exec("SELECT run FROM runs WHERE task = ? ORDER BY run", &[task.to_string().into()])?;
    let mut closing = Closing::default();
    for row in rows {
        let run = Run { workspace: workspace.clone(), task, number: row.count(0)? };
        match last {
            // What may yet be printed; if it never was, nobody follows it for long.
            Some(last) if run.number > last && found.as_ref().is_some_and(|task| task.status.is_open()) => {}
            Some(last) if run.number == last => {
                closing.end = Some(run).filter(|_| found.as_ref().is_some_and(|task| !task.status.is_open()));
            }
            _ => closing.forget.push(run),
        }
    }
    Ok(closing)
}

/// The outputs of a task know how it stood. Asking them again, which was set for `again`, is not needed; what has come to be told meanwhile has
/// set the timer anew.
pub fn closed<S: Sql>(tx: &Transaction<S>, task: TaskId, again: Timestamp) -> Result<(), Problem> {
    timers::clear_set_for(tx.sql(), Timer::Closing, &task.to_string(), again)?;
    let left = closing(tx, &WorkspaceId(String::new()), task)?;
    if left.forget.is_empty() {
        return Ok(());
    }
    Ok(timers::set(tx.sql(), Timer::Closing, &task.to_string(), tx.now)?)
}

/// An output is gone.
pub fn forgotten(sql: &impl Sql, run: &Run) -> Result<(), SqlError> {
    sql.exec("DELETE FROM runs WHERE task = ? AND run = ?", &[run.task.to_string().into(), run.number.into()])?;
    Ok(())
}

/// One of the outputs that there are.
pub fn any(sql: &impl Sql, workspace: &WorkspaceId) -> Result<Option<Run>, Problem> {
    let Some(row) = sql.first("SELECT task, run FROM runs LIMIT 1", &[])? else { return Ok(None) };
    let task = row.text(0)?.parse().map_err(|_| Problem::internal("a run of no task"))?;
    Ok(Some(Run { workspace: workspace.clone(), task, number: row.count(1)? }))
}

fn note(sql: &impl Sql, task: TaskId, number: u64) -> Result<(), SqlError> {
    sql.exec("INSERT OR IGNORE INTO runs (task, run, heard_at) VALUES (?, ?, 0)", &[task.to_string().into(), number.into()])?;
    Ok(())
}

fn is_noted(sql: &impl Sql, task: TaskId, number: u64) -> Result<bool, SqlError> {
    let noted = sql.first("SELECT 1 FROM runs WHERE task = ? AND run = ?", &[task.to_string().into(), number.into()])?;
    Ok(noted.is_some())
}

fn check_background(task: &Task) -> Result<(), Problem> {
    match task.work.as_ref().and_then(|work| work.job.as_ref()) {
        Some(_) => Ok(()),
        None => Err(agentrq_core::Rejection::NotBackground { task: task.id }.into()),
    }
}

#[cfg(test)]
mod tests {
    use agentrq_core::command::{Command, NewJob, NewWork, WorkChange};
    use agentrq_core::decide::STOP_GRACE_MS;
    use agentrq_core::id::Id;
    use agentrq_core::model::{Actor, JobKind, ListName, Person};

    use super::super::due;
    use super::*;
    use crate::sql::native::memory;
    use crate::workspace::made_for_tests;

    const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

    /// A workspace in which `laptop` runs a command.
    struct Place {
        db: rusqlite::Connection,
        task: TaskId,
        made: std::cell::Cell<u32>,
    }

    impl Place {
        fn new() -> Self {
            let db = memory();
            made_for_tests(&db);
            let place = Self { db, task: TaskId(Id::new(NOW.ms(), 1)), made: std::cell::Cell::new(1) };
            let job = NewJob { kind: JobKind::LocalBash, command: Some("npm test".into()), prompt: None, timeout_ms: None };
            let work = NewWork { title: "Run it".into(), job: Some(job), ..NewWork::default() };
            place.asks(0, &laptop(), Command::CreateWork { id: place.task.0, list: ListName::default(), work: Box::new(work) });
            place.moves(0, Status::Active);
            place
        }

        fn at<T>(&self, ms: u64, work: impl FnOnce(&mut Transaction<&rusqlite::Connection>) -> T) -> T {
            let mut tx = Transaction::begin(&self.db, NOW.plus_ms(ms)).expect("begun");
            let done = work(&mut tx);
            self.made.set(self.made.get() + 1);
            tx.finish(&self.made.get().to_string()).expect("finished");
            done
        }

        fn id(&self) -> Id {
            self.made.set(self.made.get() + 1);
            Id::new(NOW.ms(), self.made.get())
        }

        fn asks(&self, ms: u64, who: &Actor, command: Command) {
            self.at(ms, |tx| tx.run(command, who, None)).expect("decided");
        }

        fn moves(&self, ms: u64, to: Status) {
            let change = WorkChange { status: Some(to), ..WorkChange::default() };
            self.asks(ms, &laptop(), Command::UpdateWork { id: self.id(), task: self.task, change: Box::new(change) });
        }

        fn task(&self) -> Option<Task> {
            self.at(0, |tx| looked(tx, tx.store().task(self.task))).expect("looked")
        }

        fn reports(&self, ms: u64) -> Result<Run, Problem> {
            let task = self.task().expect("there");
            self.at(ms, |tx| heard(tx, &workspace(), &task, &name("laptop"), &Report { fence: None, ends_at: 0 }))
        }

        fn is_lost(&self) -> bool {
            let job = self.task().and_then(|task| task.work?.job);
            job.is_some_and(|job| job.lost_at.is_some())
        }

        /// What is due until then, by its name.
        fn rings(&self, ms: u64) -> Vec<Timer> {
            let due = timers::take_due(&self.db, NOW.plus_ms(ms)).expect("timers");
            due.into_iter().map(|(timer, _)| timer).filter(|timer| matches!(timer, Timer::Due | Timer::Silent | Timer::Closing)).collect()
        }

        fn closes(&self) -> Closing {
            self.at(0, |tx| closing(tx, &workspace(), self.task)).expect("looked")
        }
    }

    fn name(text: &str) -> AgentName {
        AgentName::new(text).expect("a name")
    }

    fn laptop() -> Actor {
        Actor::Agent { name: name("laptop") }
    }

    fn ada() -> Actor {
        Actor::Person(Person { id: "p".into(), name: "Ada".into() })
    }

    fn workspace() -> WorkspaceId {
        WorkspaceId("w".into())
    }

    #[test]
    fn whoever_reports_and_then_is_silent_is_out_of_touch_until_it_is_heard_of_again() {
        let place = Place::new();
        place.reports(0).expect("taken");
        place.reports(30_000).expect("taken");
        assert_eq!(place.rings(SILENT_MS), [], "it was heard of since");
        assert_eq!(place.rings(30_000 + SILENT_MS), [Timer::Silent]);
        place.at(30_000 + SILENT_MS, |tx| silent(tx, place.task)).expect("decided");
        assert!(place.is_lost());
        place.reports(200_000).expect("it is back");
        assert!(!place.is_lost());
        place.at(200_001, |tx| silent(tx, place.task)).expect("looked");
        assert!(!place.is_lost(), "a timer that is late says nothing");
        assert_eq!(place.rings(200_000 + SILENT_MS), [Timer::Silent]);
    }

    #[test]
    fn whoever_never_reported_anything_is_not_missed() {
        let place = Place::new();
        place.at(0, |tx| read(tx.sql(), &workspace(), &looked(tx, tx.store().task(place.task))?.expect("there"))).expect("read");
        place.at(10 * SILENT_MS, |tx| silent(tx, place.task)).expect("looked");
        assert!(!place.is_lost());
    }

    #[test]
    fn what_time_decides_is_looked_at_when_it_is_due() {
        let place = Place::new();
        place.asks(0, &ada(), Command::StopWork { id: place.id(), task: place.task });
        assert_eq!(place.rings(STOP_GRACE_MS - 1), []);
        assert_eq!(place.rings(STOP_GRACE_MS), [Timer::Due]);
        place.at(STOP_GRACE_MS, |tx| due(tx, place.task)).expect("decided");
        let stop = place.task().and_then(|task| task.work?.job?.stop).expect("asked");
        assert!(stop.unconfirmed);
    }

    #[test]
    fn an_output_ends_with_its_run_and_goes_with_the_next_or_with_its_task() {
        let place = Place::new();
        let first = place.reports(0).expect("taken");
        assert_eq!((first.number, place.closes()), (1, Closing::default()));
        place.moves(1, Status::Failed);
        assert_eq!(place.rings(1), [Timer::Closing]);
        assert_eq!(place.closes(), Closing { end: Some(first.clone()), forget: Vec::new() });
        place
            .at(1, |tx| {
                let again = tx.now.plus_ms(10_000);
                timers::set(tx.sql(), Timer::Closing, &place.task.to_string(), again)?;
                due::over(tx.sql(), tx.now, place.task)?;
                closed(tx, place.task, again)
            })
            .expect("told");
        assert_eq!(place.rings(1), [Timer::Closing], "what came to be told meanwhile is told next");
        assert!(place.reports(2).is_err_and(|problem| problem.code == "task_closed"));
        place.asks(3, &ada(), Command::Reopen { id: place.id(), task: place.task });
        let waiting = place.task().expect("there");
        let next = place.at(3, |tx| read(tx.sql(), &workspace(), &waiting)).expect("read").expect("it may come");
        place.moves(4, Status::Active);
        let second = place.reports(5).expect("taken");
        assert_eq!((second.number, &next), (2, &second), "who waits for it is told what comes");
        assert_eq!(place.closes(), Closing { end: None, forget: vec![first.clone()] });
        place.at(6, |tx| forgotten(tx.sql(), &first)).expect("forgotten");
        place.asks(7, &ada(), Command::DeleteTask { id: place.id(), task: place.task });
        assert_eq!(place.closes(), Closing { end: None, forget: vec![second] });
    }

    #[test]
    fn a_workspace_keeps_so_much_output_and_no_more() {
        let place = Place::new();
        let report = |ends_at| {
            let task = place.task().expect("there");
            place.at(0, |tx| heard(tx, &workspace(), &task, &name("laptop"), &Report { fence: None, ends_at }))
        };
        report(u64::MAX >> 12).expect("a chunk that leaves a gap, which the output refuses");
        let kept = |db: &rusqlite::Connection| db.first("SELECT sum(bytes) FROM runs", &[]).expect("looked").expect("a row").count(0);
        assert_eq!(kept(&place.db), Ok(NOTED_BYTES + limits::CHUNK_BYTES), "no more is noted than may have come");
        place.db.exec("UPDATE runs SET bytes = ?", &[limits::OUTPUT_BYTES.into()]).expect("a whole output");
        report(u64::MAX >> 12).expect("of a longer one the oldest goes");
        assert_eq!(kept(&place.db), Ok(limits::OUTPUT_BYTES));
        let others = limits::OUTPUTS_BYTES - limits::OUTPUT_BYTES;
        place.db.exec("INSERT INTO runs VALUES ('another', 1, 0, ?)", &[others.into()]).expect("another output");
        report(limits::OUTPUT_BYTES).expect("it is full, and this is no more");
        place.db.exec("UPDATE runs SET bytes = bytes - 1 WHERE task <> 'another'", &[]).expect("written");
        report(limits::OUTPUT_BYTES).expect("the last byte");
        place.db.exec("UPDATE runs SET bytes = bytes + 1 WHERE task = 'another'", &[]).expect("written");
        place.db.exec("UPDATE runs SET bytes = bytes - 1 WHERE task <> 'another'", &[]).expect("written");
        let refused = report(limits::OUTPUT_BYTES).expect_err("one byte too many");
        assert_eq!((refused.status, &*refused.code, refused.extra["limit"].as_u64()), (413, "quota_exceeded", Some(limits::OUTPUTS_BYTES)));
    }

    #[test]
    fn a_run_that_was_read_before_it_began_and_never_did_leaves_nothing_behind() {
        let place = Place::new();
        place.moves(1, Status::Pending);
        let waiting = place.task().expect("there");
        let next = place.at(1, |tx| read(tx.sql(), &workspace(), &waiting)).expect("read").expect("it may come");
        place.asks(2, &ada(), Command::StopWork { id: place.id(), task: place.task });
        assert_eq!(place.closes(), Closing { end: None, forget: vec![next] });
    }

    #[test]
    fn what_was_never_printed_makes_no_output() {
        let place = Place::new();
        place.moves(1, Status::Completed);
        let task = place.task().expect("there");
        assert_eq!(place.at(1, |tx| read(tx.sql(), &workspace(), &task)), Ok(None));
        assert_eq!(any(&place.db, &workspace()), Ok(None));
    }
}
