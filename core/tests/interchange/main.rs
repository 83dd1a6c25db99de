//! What leaves a workspace and comes back is what it was: as JSON Lines, and as the files of Claude Code with lines beside them.

mod wrong;

use agentrq_core::command::{Command, Context, NewJob, NewWork};
use agentrq_core::decide::{Beside, Brought, Manner, Plan, Source, Taken, Whole, Wrong, import, read_workflow};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::interchange::archive;
use agentrq_core::interchange::claude_file::{ClaudeTask, FileStatus};
use agentrq_core::interchange::index::{Entry as Kept, Index, Took};
use agentrq_core::interchange::lines::{End, Head, Line, ListEnd, VERSION, leaving};
use agentrq_core::interchange::taking::Lines;
use agentrq_core::interchange::tar::Entry;
use agentrq_core::interchange::unpack::Archive;
use agentrq_core::json::{Raw, from_str};
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::{Job, JobKind, ListName, Message, Run, Task, Turn};
use agentrq_core::store::{Extent, MemoryStore};
use agentrq_core::testing::{Who, World, ada, agent, invariants, steps};
use agentrq_core::time::Timestamp;
use agentrq_core::view::{Look, Store, View};
use proptest::prelude::*;
use serde_json::json;

fn list(name: &str) -> ListName {
    ListName::new(name).expect("a name")
}

/// All that stands in a workspace, as lines.
fn exported(store: &MemoryStore) -> Vec<Line> {
    let Look::Known(workspace) = store.workspace() else { panic!("a workspace") };
    let at = Timestamp::from_ms(1);
    let mut lines = vec![Line::Head(Head { version: VERSION, cursor: "e-1-t".into(), at, list: None }), Line::Workspace(workspace)];
    let mut lists = Vec::<ListName>::new();
    for task in store.tasks() {
        lines.push(Line::Task(Box::new(leaving(task.clone()))));
        for message in store.thread(task.id) {
            lines.push(Line::Message(Box::new(Message { revision: 0, ..message.clone() })));
        }
        lists.extend(task.work.as_ref().map(|work| work.list.clone()));
    }
    lists.sort();
    lists.dedup();
    for name in lists {
        let last_number = store.next_in_list(&name).expect("it is whole") - 1;
        lines.push(Line::List(ListEnd { name, last_number }));
    }
    lines.push(Line::End(End::default()));
    lines
}

fn read(lines: &[Line]) -> Result<Brought, Wrong> {
    let mut read = Lines::default();
    for (at, line) in lines.iter().enumerate() {
        read.take(line.to_text().trim_end(), &format!("line {}", at + 1))?;
    }
    read.brought()
}

/// Lines that are kept elsewhere, as a server does.
struct Rows {
    entries: Vec<Kept>,
    text: String,
}

impl Source for Rows {
    fn many(&self) -> usize {
        self.entries.len()
    }

    fn place(&self, at: usize) -> String {
        self.entries[at].place()
    }

    fn whole(&self, at: usize) -> Result<Whole, Wrong> {
        let entry = &self.entries[at];
        let kept: String = entry.spans.iter().map(|span| &self.text[span.from as usize..span.to as usize]).collect();
        entry.read(&kept)
    }
}

fn rows(lines: &[Line]) -> Result<(Rows, Beside), Wrong> {
    let (mut index, mut text) = (Index::default(), String::new());
    for (at, line) in (1..).zip(lines) {
        let line = line.to_text();
        if index.take(line.trim_end(), at)? == Took::Kept {
            text.push_str(&line);
        }
    }
    let (entries, beside) = index.whole()?;
    Ok((Rows { entries, text }, beside))
}

/// What is to be put of what is in memory.
fn planned(view: &impl View, brought: &Brought, manner: Manner<'_>, cx: &Context) -> Result<Plan, Wrong> {
    import(view, &brought.tasks, brought.beside.clone(), manner, cx)
}

/// The files of every list, and the lines beside them.
fn packed(store: &MemoryStore) -> Vec<(String, String)> {
    let lines: String = exported(store).iter().map(Line::to_text).collect();
    let mut files = vec![(archive::part(None, 1), lines)];
    files.extend(claude_files(store));
    files
}

fn claude_files(store: &MemoryStore) -> Vec<(String, String)> {
    let number = |id: TaskId| store.tasks().find(|task| task.id == id).and_then(|task| task.work.as_ref()?.number);
    let mut files = Vec::new();
    for task in store.tasks() {
        let Some(work) = &task.work else { continue };
        let Look::Known(blocks) = store.dependents(task.id) else { panic!("it is whole") };
        let blocks = blocks.into_iter().filter_map(number).collect();
        let file = archive::file(task, work, &store.thread(task.id)[0].text, blocks, number);
        files.push((format!("{}/{}", work.list, file.file_name()), file.to_text()));
        let mark = format!("{}/.highwatermark", work.list);
        if files.iter().all(|(path, _)| *path != mark) {
            files.push((mark, (store.next_in_list(&work.list).expect("it is whole") - 1).to_string()));
        }
    }
    files
}

fn unpacked(files: &[(String, String)], cx: &Context) -> Result<Brought, Wrong> {
    let mut read = Archive::default();
    for (path, text) in files {
        let entry = Entry { path: path.clone(), size: text.len() as u64, modified_s: 1_700_000_000 };
        match read.begins(&entry)? {
            archive::Kind::Lines => {
                for line in text.lines() {
                    read.line(line, path)?;
                }
            }
            kind => read.file(&entry, kind, text)?,
        }
    }
    read.brought(None, cx)
}

fn at(who: &Who, now: Timestamp) -> Context {
    Context { session: None, ..who.at(now) }
}

/// Puts all of it, one commit after the other, each of which leaves a workspace as it must be.
fn put(store: &mut MemoryStore, source: &dyn Source, mut plan: Plan, cx: &Context) -> usize {
    let mut commits = 0;
    while let Some(decision) = plan.next(store, source, cx).expect("as it was looked at") {
        let Ok(()) = store.apply(decision.changes());
        let Ok(()) = store.advance(store.head() + 1);
        commits += 1;
    }
    invariants(store);
    commits
}

fn empty() -> MemoryStore {
    World::new().store
}

/// What a task is wherever it is: nobody's claim comes along, and what was running has failed.
fn expected(task: &Task) -> Task {
    let mut task = leaving(task.clone());
    task.session = None;
    let (status, updated_at) = (task.status, task.updated_at);
    if let Some(job) = task.work.as_mut().and_then(|work| work.job.as_mut())
        && status == Status::Active
    {
        *job = Job { stop: None, exit_code: None, ended_at: Some(updated_at), ..job.clone() };
        task.status = Status::Failed;
        task.turn = Turn::Nobody;
        task.reason = Some("it was running when it was exported, and nobody runs it here".into());
    }
    task
}

fn same(before: &MemoryStore, after: &MemoryStore) {
    let expected: Vec<_> = before.tasks().map(expected).collect();
    let found: Vec<_> = after.tasks().map(|task| Task { revision: 0, ..task.clone() }).collect();
    assert_eq!(found, expected);
    for task in before.tasks() {
        let thread =
            |store: &MemoryStore| store.thread(task.id).into_iter().map(|it| Message { revision: 0, ..it.clone() }).collect::<Vec<_>>();
        assert_eq!(thread(after), thread(before));
        if let Some(work) = &task.work {
            assert!(after.next_in_list(&work.list) <= before.next_in_list(&work.list));
        }
    }
}

fn refused(store: &MemoryStore, brought: Brought, manner: Manner<'_>, who: &Who) -> (String, String, String) {
    let wrong = planned(store, &brought, manner, &at(who, Timestamp::from_ms(1_900_000_000_000))).expect_err("refused");
    (wrong.place, wrong.why.code().to_owned(), wrong.why.to_string())
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn whatever_stands_in_a_workspace_comes_back_as_lines_and_as_files(steps in steps(60)) {
        let mut world = World::new();
        for step in &steps {
            let deed = world.deed(step);
            let _ = world.does(&deed);
        }
        world.wait(1_000);
        let cx = at(&ada(), world.now());
        let by_lines = read(&exported(&world.store)).expect("lines");
        let by_files = unpacked(&packed(&world.store), &cx).expect("an archive");
        let (by_rows, beside) = rows(&exported(&world.store)).expect("lines");
        let sources: [(&dyn Source, Beside); 3] = [(&by_lines.tasks, by_lines.beside), (&by_files.tasks, by_files.beside), (&by_rows, beside)];
        for (source, beside) in sources {
            let mut store = empty();
            let plan = import(&store, source, beside.clone(), Manner::default(), &cx).expect("taken");
            prop_assert!(plan.renumbered.is_empty() && plan.already.is_empty());
            put(&mut store, source, plan, &cx);
            same(&world.store, &store);

            let again = import(&store, source, beside, Manner::default(), &cx).expect("taken");
            prop_assert_eq!(again.already.len(), world.store.tasks().count(), "the same once more is there already");
            prop_assert_eq!(put(&mut store, source, again, &cx), 0);
        }
    }

    #[test]
    fn files_alone_bring_what_claude_code_knows(steps in steps(60)) {
        let mut world = World::new();
        for step in &steps {
            let deed = world.deed(step);
            let _ = world.does(&deed);
        }
        let cx = at(&ada(), world.now());
        let files = claude_files(&world.store);
        if files.is_empty() {
            return Ok(());
        }
        let mut store = empty();
        let brought = unpacked(&files, &cx).expect("files");
        let plan = planned(&store, &brought, Manner::default(), &cx).expect("taken");
        put(&mut store, &brought.tasks, plan, &cx);
        let parsed = |files: &[(String, String)]| files.iter().filter(|(path, _)| !path.ends_with(".highwatermark")).map(|(path, text)| {
            let mut task = ClaudeTask::parse(text).expect("a task");
            task.blocks.sort_unstable();
            task.blocked_by.sort_unstable();
            (path.clone(), task)
        }).collect::<std::collections::BTreeMap<_, _>>();
        prop_assert_eq!(parsed(&claude_files(&store)), parsed(&files));
    }
}

/// A list in which three things wait for each other in a row.
fn row() -> World {
    let mut world = World::new();
    let claude = agent("claude");
    let first = world.lists(&claude, "first", &[]);
    let second = world.lists(&claude, "second", &[first]);
    world.lists(&claude, "third", &[second]);
    world.wait(10);
    world
}

#[test]
fn what_is_there_already_stays_as_it_is() {
    let mut world = row();
    let cx = at(&ada(), world.now());
    let brought = read(&exported(&world.store)).expect("lines");
    let gone = brought.tasks[1].task.id;
    world.deletes(&ada(), gone).expect("deleted");
    let before = world.store.clone();
    let plan = planned(&world.store, &brought, Manner { taken: Taken::Renumbered, into: None }, &cx).expect("taken");
    assert_eq!((plan.new.as_slice(), plan.already.len(), plan.renumbered.len()), (&[gone][..], 2, 1));
    let mut store = world.store.clone();
    put(&mut store, &brought.tasks, plan, &cx);
    let kept = |store: &MemoryStore| store.tasks().filter(|task| task.id != gone).cloned().collect::<Vec<_>>();
    assert_eq!(kept(&store), kept(&before));
    let other = list("other");
    let (_, code, why) = refused(&before, brought, Manner { into: Some(&other), taken: Taken::Refused }, &ada());
    assert!(code == "task_elsewhere" && why.contains("on the list main"), "{code}: {why}");
}

#[test]
fn a_task_with_the_same_uid_is_the_same_task() {
    let puts = |world: &mut World| {
        let id = world.id();
        let metadata = from_str(r#"{"task_uid":"auth:schema"}"#).expect("metadata");
        let work = NewWork { title: "x".into(), metadata, ..NewWork::default() };
        world.run(&agent("claude"), Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }).expect("put");
        TaskId(id)
    };
    let mut world = World::new();
    world.wait(5);
    let there = puts(&mut world);
    world.lists(&agent("claude"), "behind it", &[there]);
    let mut here = World::new();
    let known = puts(&mut here);
    here.wait(100);
    let cx = at(&ada(), here.now());
    let mut brought = read(&exported(&world.store)).expect("lines");
    // It may have been put there twice, elsewhere, before the same `task_uid` meant the same.
    let (mut twin, other) = (brought.tasks[0].clone(), TaskId(Id::new(1_600_000_000_000, 7)));
    (twin.task.id, twin.task.number, twin.thread[0].id, twin.thread[0].task) = (other, None, other.0.into(), other);
    twin.task.work.as_mut().expect("listed").number = None;
    brought.tasks[1].task.work.as_mut().expect("listed").blocked_by.push(other);
    brought.tasks.push(twin);
    let plan = planned(&here.store, &brought, Manner::default(), &cx).expect("taken");
    assert_eq!((plan.already.as_slice(), plan.new.len()), (&[there, other][..], 1));
    let new = plan.new[0];
    put(&mut here.store, &brought.tasks, plan, &cx);
    assert_eq!(here.work(new).blocked_by, [known], "what waits for both waits for the one that is here, once");
}

#[test]
fn what_claude_code_has_changed_meanwhile_is_taken_over_and_the_rest_is_as_it_was() {
    let mut world = row();
    let claude = agent("claude");
    let ids: Vec<_> = world.store.tasks().map(|task| task.id).collect();
    world.sets(&claude, ids[0], Status::Rejected).expect("rejected");
    world.says(&ada(), ids[1], "Why?");
    world.wait(10);
    let cx = at(&ada(), world.now());
    let mut files = packed(&world.store);
    let edit = |files: &mut Vec<(String, String)>, number: u64, change: &dyn Fn(&mut ClaudeTask)| {
        let (_, text) = files.iter_mut().find(|(path, _)| *path == format!("main/{number}.json")).expect("a file");
        let mut task = ClaudeTask::parse(text).expect("a task");
        change(&mut task);
        *text = task.to_text();
    };
    edit(&mut files, 2, &|task| {
        task.subject = "second, done".into();
        task.status = FileStatus::Completed;
        task.owner = Some("backend".into());
    });
    files.retain(|(path, _)| path != "main/3.json");
    files.push(("main/4.json".into(), ClaudeTask::new(4, "fourth").to_text()));
    edit(&mut files, 4, &|task| task.blocked_by = vec![2, 3]);
    let mut store = empty();
    let brought = unpacked(&files, &cx).expect("an archive");
    let plan = planned(&store, &brought, Manner::default(), &cx).expect("taken");
    put(&mut store, &brought.tasks, plan, &cx);
    let found: Vec<_> = store.tasks().map(|task| (task.title.as_str(), task.status)).collect();
    assert_eq!(found.len(), 3);
    let of = |title: &str| store.tasks().find(|task| task.title == title).unwrap_or_else(|| panic!("{title}: {found:?}"));
    assert_eq!(of("first").status, Status::Rejected, "completed, as its file has it, is how Claude Code says it");
    let second = of("second, done");
    assert_eq!((second.id, second.status, store.thread(second.id).len()), (ids[1], Status::Completed, 2));
    let fourth = of("fourth").work.clone().expect("listed");
    assert_eq!((fourth.blocked_by.as_slice(), fourth.wave), (&[ids[1]][..], Some(1)), "what it waited for beside was deleted");
}

#[test]
fn a_thread_that_is_long_is_put_in_pieces_with_its_task_last() {
    let mut world = World::new();
    let asked = world.asks(&agent("claude"), "Question: long");
    for _ in 0..4 {
        world.says(&ada(), asked, &"x".repeat(200 * 1024));
    }
    world.wait(10);
    let cx = at(&ada(), world.now());
    let mut store = MemoryStore::new(Extent::Whole);
    store.put(agentrq_core::model::Entity::Workspace(World::workspace()));
    World::files().for_each(|file| store.attach(file));
    let brought = read(&exported(&world.store)).expect("lines");
    let plan = planned(&store, &brought, Manner::default(), &cx).expect("taken");
    assert!(put(&mut store, &brought.tasks, plan, &cx) > 2);
    same(&world.store, &store);
}

#[test]
fn commands_count_in_what_one_commit_puts() {
    let mut world = World::new();
    let command = "x".repeat(limits::COMMAND_BYTES);
    let job = NewJob { kind: JobKind::LocalBash, command: Some(command.clone()), prompt: Some(command), timeout_ms: None };
    for _ in 0..40 {
        world.runs_in_background(&agent("claude"), job.clone());
    }
    world.wait(10);
    let cx = at(&ada(), world.now());
    let brought = read(&exported(&world.store)).expect("lines");
    let mut store = empty();
    let plan = planned(&store, &brought, Manner::default(), &cx).expect("taken");
    // 640 KiB of them, and a quarter of a megabyte in a commit.
    assert!(put(&mut store, &brought.tasks, plan, &cx) > 2);
    same(&world.store, &store);
}

#[test]
fn a_run_of_a_workflow_and_its_steps_know_each_other_and_what_is_no_run_is_refused() {
    let mut world = World::new();
    let steps =
        json!([{"key": "test", "subject": "Test", "command": "npm test"}, {"key": "ship", "subject": "Ship", "dependsOn": ["test"]}]);
    let template = read_workflow(&json!({"name": "release", "steps": steps})).expect("a workflow");
    let run = world.starts(&agent("claude"), &template, Default::default()).expect("started");
    world.wait(1_000);
    let cx = at(&ada(), world.now());
    let brought = read(&exported(&world.store)).expect("lines");
    let mut store = empty();
    let plan = planned(&store, &brought, Manner::default(), &cx).expect("taken");
    put(&mut store, &brought.tasks, plan, &cx);
    same(&world.store, &store);
    let task = |id: TaskId| store.tasks().find(|task| task.id == id).expect("it came back");
    let known = Run::of(task(run)).expect("a run");
    assert_eq!(known.steps.len(), 2);
    assert!(known.steps.iter().all(|step| task(*step).work.as_ref().is_some_and(|work| work.step_of == Some(run))));

    let mut forged = brought;
    let job = |task: &mut Task| {
        task.work.as_mut().and_then(|work| work.job.as_mut()).filter(|job| job.run.is_some()).map(|job| job.run = Some(Raw::of(&7_u64)))
    };
    assert!(forged.tasks.iter_mut().any(|whole| job(&mut whole.task).is_some()));
    let (_, code, why) = refused(&empty(), forged, Manner::default(), &ada());
    assert!(code == "invalid" && why.contains("not the run of a workflow"), "{code}: {why}");
}
