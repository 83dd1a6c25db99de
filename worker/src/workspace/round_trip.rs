//! What leaves a workspace page by page, in either form, comes in elsewhere as it was, and what is wrong with it leaves nothing behind.

use agentrq_core::command::{Arrows, Asks, Command, Context, NewWork, WorkChange};
use agentrq_core::decide::{Manner, Plan, Taken};
use agentrq_core::id::{AttachmentId, Id, TaskId};
use agentrq_core::interchange::Form;
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::{Actor, AgentName, Assignee, ListName, Person, WorkspaceId};
use agentrq_core::time::Timestamp;
use rusqlite::Connection;

use super::export::{self, Page, Place, What};
use super::import::{Arrived, Intake, rows};
use super::transaction::Transaction;
use super::{blobs, made_for_tests, works};
use crate::problem::Problem;
use crate::sql::Sql;
use crate::sql::native::memory;

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

struct Room {
    db: Connection,
    made: std::cell::Cell<u32>,
}

fn ada() -> Actor {
    Actor::Person(Person { id: "p".into(), name: "Ada".into() })
}

fn laptop() -> Actor {
    Actor::Agent { name: AgentName::new("laptop").expect("a name") }
}

fn list(name: &str) -> ListName {
    ListName::new(name).expect("a name")
}

fn everything(form: Form) -> What {
    What { list: None, form }
}

impl Room {
    fn new(first: u32) -> Self {
        let db = memory();
        made_for_tests(&db);
        Self { db, made: std::cell::Cell::new(first) }
    }

    fn at<T>(&self, work: impl FnOnce(&mut Transaction<&Connection>) -> T) -> T {
        let id = self.id();
        let mut tx = Transaction::begin(&self.db, NOW).expect("begun");
        let done = work(&mut tx);
        tx.finish(&id.to_string()).expect("finished");
        done
    }

    fn id(&self) -> Id {
        self.made.set(self.made.get() + 1);
        Id::new(NOW.ms(), self.made.get())
    }

    fn asks(&self, who: &Actor, command: Command) {
        self.at(|tx| tx.run(command, who, None)).expect("decided");
    }

    fn puts(&self, list: &ListName, title: &str, blocked_by: &[TaskId]) -> TaskId {
        let id = self.id();
        let work = NewWork {
            title: title.into(),
            body: format!("All of {title}: \"é\"\n"),
            blocked_by: blocked_by.to_vec(),
            ..NewWork::default()
        };
        self.asks(&laptop(), Command::CreateWork { id, list: list.clone(), work: Box::new(work) });
        TaskId(id)
    }

    fn says(&self, task: TaskId, text: &str, files: &[AttachmentId]) {
        let (id, attachments) = (self.id(), files.to_vec());
        let (in_reply_to, asks, choices, digest) = (None, Asks::Unsaid, Vec::new(), None);
        self.asks(&ada(), Command::PostMessage { id, task, text: text.into(), attachments, in_reply_to, asks, choices, digest });
    }

    fn file(&self, bytes: usize) -> AttachmentId {
        let id = AttachmentId(self.id());
        let bytes: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        blobs::store(&self.db, id, "a file.bin", "application/octet-stream", &bytes, NOW).expect("stored").id
    }

    fn question(&self, title: &str) -> TaskId {
        let id = self.id();
        let (title, body) = (title.to_owned(), "Which?".to_owned());
        self.asks(&laptop(), Command::CreateTask { id, title, body, assignee: Assignee::Human, attachments: Vec::new(), options: None });
        TaskId(id)
    }

    fn page(&self, what: &What, place: Option<Place>) -> Page {
        let place = place.map(|place| place.to_string().parse().expect("a place"));
        self.at(|tx| export::page(tx, &WorkspaceId("w".into()), what, place)).expect("a page")
    }

    /// All pages, and what happens between them.
    fn exported_while(&self, what: &What, mut between: impl FnMut(usize)) -> Vec<u8> {
        let (mut all, mut place, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = self.page(what, place);
            assert!(page.bytes.len() < 4 * 1024 * 1024, "a page of {} bytes", page.bytes.len());
            all.extend(page.bytes);
            pages += 1;
            between(pages);
            match page.next {
                Some(next) => place = Some(next),
                None => return all,
            }
        }
    }

    fn exported(&self, what: &What) -> Vec<u8> {
        self.exported_while(what, |_| {})
    }

    fn brings(&self, who: &Actor, form: Form, bytes: &[u8], into: Option<&ListName>) -> Result<Plan, Problem> {
        self.takes(who, form, bytes, Manner { into, taken: Taken::Refused }).map(|(plan, _)| plan)
    }

    /// What was put, and how many files stay.
    fn takes(&self, who: &Actor, form: Form, bytes: &[u8], manner: Manner<'_>) -> Result<(Plan, usize), Problem> {
        let cx = Context { now: NOW, actor: who.clone(), session: None };
        let mut intake = Intake::new(&self.db, form, NOW)?;
        bytes.chunks(100_000).try_for_each(|piece| intake.push(piece))?;
        let Arrived { tasks, beside, files, .. } = intake.whole(manner.into, "p:p", &cx)?;
        let mut plan = self.at(|tx| tx.plan(&tasks, beside, manner, who))?;
        while self.at(|tx| tx.put(&mut plan, &tasks, who))? {}
        for (list, number) in &plan.lists {
            works::given(&self.db, list, *number).expect("noted");
        }
        Ok((plan, files.stay()))
    }

    fn count(&self, table: &str) -> u64 {
        let row = self.db.first(&format!("SELECT count(*) FROM {table}"), &[]).expect("counted").expect("a row");
        row.count(0).expect("a number")
    }
}

/// Two lists, what people were asked, files of several sizes.
fn room() -> Room {
    let room = Room::new(0);
    let (main, other) = (ListName::default(), list("other_list"));
    let first = room.puts(&main, "first", &[]);
    let second = room.puts(&main, "second", &[first]);
    room.puts(&other, "elsewhere", &[]);
    let last = room.puts(&main, "last", &[first, second]);
    let asked = room.question("Question: which?");
    room.says(asked, "This one.", &[room.file(10), room.file(0), room.file(3 * blobs::CHUNK + 5)]);
    room.says(second, "Mind the gap.", &[room.file(700)]);
    let begun = WorkChange { status: Some(Status::Active), owner: Some(AgentName::new("backend").ok()), ..WorkChange::default() };
    room.asks(&laptop(), Command::UpdateWork { id: room.id(), task: first, change: Box::new(begun) });
    room.asks(&ada(), Command::DeleteTask { id: room.id(), task: last });
    room
}

/// What is the same wherever it is: not where the history stands, nor under which id a workspace is known.
fn told(lines: &[u8]) -> Vec<String> {
    let text = String::from_utf8(lines.to_vec()).expect("UTF-8");
    let of_one = |line: &&str| ["agentrq", "workspace", "end"].iter().all(|kind| !line.starts_with(&format!("{{\"type\":\"{kind}\"")));
    text.lines().filter(of_one).map(str::to_owned).collect()
}

#[test]
fn a_workspace_that_comes_in_elsewhere_is_what_it_was_with_its_files() {
    let before = room();
    let lines = before.exported(&everything(Form::Lines));
    for form in [Form::Lines, Form::Claude] {
        let after = Room::new(0);
        let plan = after.brings(&ada(), form, &before.exported(&everything(form)), None).expect("taken");
        assert_eq!((plan.new.len(), plan.already.len(), plan.renumbered.len()), (4, 0, 0));
        assert!(plan.workspace.is_some());
        assert_eq!(told(&after.exported(&everything(Form::Lines))), told(&lines), "{form:?}");
        let again = after.brings(&ada(), form, &before.exported(&everything(form)), None).expect("taken");
        assert_eq!((again.new.len(), again.already.len()), (0, 4));
        assert_eq!((after.count("tasks"), after.count("attachments")), (4, 4), "the same once more doubles nothing");
    }
}

#[test]
fn a_list_goes_to_another_list_with_what_was_said_of_it() {
    let before = room();
    let main = ListName::default();
    for form in [Form::Lines, Form::Claude] {
        let after = Room::new(1_000);
        let mine = list("mine");
        let all = before.exported(&What { list: Some(main.clone()), form });
        let plan = after.brings(&ada(), form, &all, Some(&mine)).expect("taken");
        assert_eq!(plan.new.len(), 2);
        assert_eq!(works::next_number(&after.db, &mine), Ok(4), "the number of what was deleted is given to nobody else");
        let renamed = String::from_utf8(after.exported(&What { list: Some(mine), form: Form::Lines }))
            .expect("UTF-8")
            .replace("\"mine\"", "\"main\"");
        let told_before = told(&before.exported(&What { list: Some(main.clone()), form: Form::Lines }));
        assert_eq!(told(renamed.as_bytes()), told_before, "{form:?}");
    }
    let refused = before.at(|tx| export::page(tx, &WorkspaceId("w".into()), &What { list: Some(list("none")), form: Form::Lines }, None));
    assert_eq!(refused.expect_err("no list").status, 404);
}

#[test]
fn a_task_that_was_deleted_comes_back_with_its_file() {
    let room = Room::new(0);
    let asked = room.question("Question: which?");
    let file = room.file(700);
    room.says(asked, "This one.", &[file]);
    let left = room.exported(&everything(Form::Lines));
    room.asks(&ada(), Command::DeleteTask { id: room.id(), task: asked });
    blobs::sweep(&room.db, NOW.plus_ms(24 * 60 * 60 * 1_000)).expect("swept");
    assert_eq!((blobs::find(&room.db, file), room.count("buried_attachments")), (Ok(None), 1));
    let again = |lines: &[u8]| {
        let taken = room.takes(&ada(), Form::Lines, lines, Manner { into: None, taken: Taken::Renumbered });
        taken.map(|(_, files)| files)
    };
    // What is refused in the end has changed nothing of what the id means.
    let mut broken = left.clone();
    broken.extend(b"{\"type\":\"message\"}");
    assert!(again(&broken).is_err());
    assert_eq!(room.count("buried_attachments"), 1);
    assert_eq!(again(&left), Ok(1));
    assert!(blobs::find(&room.db, file).expect("looked").is_some_and(|found| found.size == 700));
}

#[test]
fn very_many_files_come_in_at_once() {
    let from = Room::new(0);
    let asked = from.question("Question: which?");
    for _ in 0..30 {
        let files: Vec<_> = (0..20).map(|_| from.file(1)).collect();
        from.says(asked, "These.", &files);
    }
    let to = Room::new(1);
    to.brings(&ada(), Form::Lines, &from.exported(&everything(Form::Lines)), None).expect("taken");
    assert_eq!(to.count("attachments"), 600);
}

#[test]
fn what_happens_while_it_leaves_is_left_out_or_named() {
    let before = Room::new(0);
    let main = ListName::default();
    let tasks: Vec<_> = (0..60).map(|at| before.puts(&main, &format!("task {at}"), &[])).collect();
    let waits = |task: TaskId, blockers: &[TaskId]| {
        let arrows = Arrows { add_blocked_by: blockers.to_vec(), ..Arrows::default() };
        let change = WorkChange { arrows, ..WorkChange::default() };
        before.asks(&laptop(), Command::UpdateWork { id: before.id(), task, change: Box::new(change) });
    };
    waits(tasks[1], &[tasks[50]]);
    let lines = before.exported_while(&everything(Form::Lines), |page| {
        if page == 1 {
            let new = before.puts(&main, "made meanwhile", &[]);
            waits(tasks[40], &[new]);
            before.asks(&ada(), Command::DeleteTask { id: before.id(), task: tasks[0] });
            before.asks(&ada(), Command::DeleteTask { id: before.id(), task: tasks[50] });
        }
    });
    let text = String::from_utf8(lines.clone()).expect("UTF-8");
    assert!(!text.contains("made meanwhile"));
    let end = text.lines().last().expect("an end");
    assert!(end.contains(&format!("\"gone\":[\"{}\"", tasks[0])) && end.contains(&tasks[50].to_string()), "{end}");
    let after = Room::new(1_000);
    let plan = after.brings(&ada(), Form::Lines, &lines, None).expect("whole in itself");
    assert_eq!(plan.new.len(), 58);
}

#[test]
fn a_long_thread_and_a_large_file_leave_in_pages() {
    let before = Room::new(0);
    let asked = before.question("Question: long");
    for _ in 0..8 {
        before.says(asked, &"x".repeat(200 * 1024), &[]);
    }
    before.says(asked, "", &[before.file(6 * blobs::CHUNK)]);
    let mut pages = 0;
    let lines = before.exported_while(&everything(Form::Lines), |page| pages = page);
    assert!(pages > 8, "{pages}");
    let after = Room::new(1_000);
    after.brings(&ada(), Form::Lines, &lines, None).expect("taken");
    assert_eq!(told(&after.exported(&everything(Form::Lines))), told(&lines));
}

#[test]
fn wherever_a_page_ends_each_task_is_there_once() {
    let before = Room::new(0);
    for at in 0..40 {
        let (id, body) = (before.id(), "x".repeat(30_000 + at * 997));
        let work = Box::new(NewWork { title: format!("task {at}"), body, ..NewWork::default() });
        before.asks(&laptop(), Command::CreateWork { id, list: ListName::default(), work });
        before.says(TaskId(id), &format!("!{}", "y".repeat(at * 5_000)), &[]);
    }
    for form in [Form::Lines, Form::Claude] {
        let after = Room::new(1_000);
        let plan = after.brings(&ada(), form, &before.exported(&everything(form)), None).expect("taken");
        assert_eq!((plan.new.len(), after.count("messages")), (40, 80));
    }
}

#[test]
fn the_lines_of_an_import_go_with_it_and_what_a_crash_left_with_the_next_start() {
    let lines = room().exported(&everything(Form::Lines));
    let after = Room::new(1_000);
    let begun = || {
        let mut intake = Intake::new(&after.db, Form::Lines, NOW).expect("begun");
        lines.chunks(100_000).try_for_each(|piece| intake.push(piece)).expect("taken");
        let cx = Context { now: NOW, actor: ada(), session: None };
        intake.whole(None, "p:p", &cx).unwrap_or_else(|why| panic!("{}", why.detail))
    };
    drop(begun());
    assert_eq!(after.count("import_lines"), 0);
    std::mem::forget(begun());
    assert_eq!(after.count("import_lines"), 1);
    rows::sweep(&after.db).expect("swept");
    assert_eq!(after.count("import_lines"), 0);
}

#[test]
fn what_is_wrong_leaves_nothing_behind() {
    let before = room();
    let lines = String::from_utf8(before.exported(&everything(Form::Lines))).expect("UTF-8");
    let refused = |lines: &str, who: &Actor| {
        let after = Room::new(1_000);
        let refused = after.brings(who, Form::Lines, lines.as_bytes(), None).expect_err("refused");
        assert_eq!(["tasks", "messages", "attachments", "import_lines"].map(|table| after.count(table)), [0; 4], "{}", refused.detail);
        (refused.status, refused.code.into_owned(), refused.detail)
    };
    let without = |kind: &str| {
        lines
            .lines()
            .filter(|line| !line.starts_with(&format!("{{\"type\":\"{kind}\"")))
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    assert_eq!(refused(&lines, &laptop()).1, "forbidden");
    assert_eq!(refused(&without("end"), &ada()).0, 400);
    let (status, code, detail) =
        refused(&without("file").replace("\"type\":\"bytes\"", "\"type\":\"list\",\"name\":\"x\",\"lastNumber\":1"), &ada());
    assert_eq!((status, &*code), (404, "attachment_not_found"), "{detail}");
    assert!(refused(&without("file"), &ada()).2.contains("has not begun"));
    assert!(refused(&without("bytes"), &ada()).2.contains("has not come whole"));
    assert!(refused(&lines.replacen("\"base64\":\"AAEC", "\"base64\":\"BBEC", 1), &ada()).2.contains("its digest is"));
    assert!(refused(&lines.replacen("\"base64\":\"", "\"base64\":\"!", 1), &ada()).2.contains("base64"));
    let long = format!("{lines}{}", "x".repeat(limits::IMPORT_LINE_BYTES + 1));
    assert_eq!(refused(&long, &ada()).0, 413);
    let broken = Room::new(1_000).brings(&ada(), Form::Claude, &before.exported(&everything(Form::Claude))[..40_000], None);
    assert!(broken.expect_err("refused").detail.contains("breaks off"));
}
