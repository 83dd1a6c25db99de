//! What is brought in and is wrong, too much, taken or not whole: it is told with its place, and nothing of it is stored.

use agentrq_core::command::Then;
use agentrq_core::decide::{Beside, Brought, Manner, Source, Taken, Whole, Wrong, import};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::interchange::claude_file::ClaudeTask;
use agentrq_core::interchange::index::Index;
use agentrq_core::interchange::lines::{Line, ListEnd};
use agentrq_core::interchange::taking::{IN_ROWS, Lines, Room};
use agentrq_core::json::from_str;
use agentrq_core::limits;
use agentrq_core::model::{ListName, Verdict};
use agentrq_core::testing::{World, ada, agent};
use agentrq_core::time::Timestamp;
use agentrq_core::view::View;

use crate::{at, empty, exported, list, planned, put, read, refused, row, rows, unpacked};

#[test]
fn a_circle_is_refused_and_named() {
    let world = row();
    let mut brought = read(&exported(&world.store)).expect("lines");
    let last = brought.tasks[2].task.id;
    brought.tasks[0].task.work.as_mut().expect("listed").blocked_by.push(last);
    let (place, code, why) = refused(&empty(), brought, Manner::default(), &ada());
    assert_eq!((&*code, &*why), ("dependency_cycle", "the dependencies would go in a circle: #1 → #2 → #3 → #1"));
    assert!(place.starts_with("line "), "{place}");
}

#[test]
fn of_a_long_circle_the_ends_are_named_and_of_very_many_dependencies_none_is_stored() {
    let mut world = World::new();
    let claude = agent("claude");
    let mut before = Vec::new();
    for at in 0..30 {
        before = vec![world.lists(&claude, &format!("task {at}"), &before)];
    }
    let mut brought = read(&exported(&world.store)).expect("lines");
    brought.tasks[0].task.work.as_mut().expect("listed").blocked_by.push(before[0]);
    let (_, code, why) = refused(&empty(), brought.clone(), Manner::default(), &ada());
    assert!(code == "dependency_cycle" && why.contains("#5 → (21 more) → #27"), "{why}");
    // Those that there are do not matter: how many there may be is looked at first.
    let many: Vec<_> = (0..1_000).map(|at| TaskId(Id::new(1_600_000_000_000, at))).collect();
    let whole = brought.tasks[0].clone();
    brought.tasks.clear();
    for at in 0..=limits::IMPORT_ARROWS / many.len() {
        let id = Id::new(1_700_000_000_000, at as u32);
        let mut one = whole.clone();
        (one.task.id, one.thread[0].task, one.thread[0].id, one.task.number) = (id.into(), id.into(), id.into(), None);
        let work = one.task.work.as_mut().expect("listed");
        (work.number, work.blocked_by) = (None, many.clone());
        brought.tasks.push(one);
    }
    assert_eq!(refused(&empty(), brought, Manner::default(), &ada()).1, "too_many");
}

#[test]
fn numbers_that_were_given_are_refused_or_become_others_with_word_of_it() {
    let world = row();
    let mut other = World::new();
    other.wait(1_000);
    other.lists(&agent("claude"), "here before", &[]);
    let brought = || read(&exported(&world.store)).expect("lines");
    let (_, code, why) = refused(&other.store, brought(), Manner::default(), &ada());
    assert!(code == "number_taken" && why.contains("#1 of the list main") && why.contains("?numbers=new"), "{code}: {why}");
    let cx = at(&ada(), Timestamp::from_ms(1_900_000_000_000));
    let plan = planned(&other.store, &brought(), Manner { taken: Taken::Renumbered, into: None }, &cx).expect("taken");
    let became: Vec<_> = plan.renumbered.iter().map(|it| (it.from, it.to)).collect();
    assert_eq!(became, [(1, 4)], "only the one that is taken gets another, behind those that keep theirs");
    let mut store = other.store.clone();
    put(&mut store, &brought().tasks, plan, &cx);
    assert_eq!(store.next_in_list(&ListName::default()), Some(5));
    let elsewhere = list("elsewhere");
    let plan =
        planned(&other.store, &brought(), Manner { into: Some(&elsewhere), taken: Taken::Refused }, &cx).expect("another list has its own");
    assert!(plan.renumbered.is_empty());
    assert_eq!(plan.lists, [(elsewhere, 3)]);
}

#[test]
fn agents_bring_their_own_words_and_nobody_elses() {
    let mut world = row();
    let claude = agent("claude");
    let cx = at(&agent("other"), world.now());
    let brought = read(&exported(&world.store)).expect("lines");
    let plan = planned(&empty(), &brought, Manner::default(), &cx).expect("taken");
    let mut store = empty();
    put(&mut store, &brought.tasks, plan, &cx);
    assert!(store.tasks().all(|task| task.created_by == cx.actor), "whoever brings it says it");

    // Nor what people are said to have done: that they chose, stopped or began something, or when; and no number but the list's.
    let mut brought = read(&exported(&world.store)).expect("lines");
    brought.tasks[0].thread[0].choices = from_str(r#"[{"id":"yes","label":"Yes"}]"#).expect("choices");
    brought.tasks[0].thread[0].author = ada().actor;
    assert_eq!(refused(&empty(), brought, Manner::default(), &agent("other")).1, "forbidden");
    let mut brought = read(&exported(&world.store)).expect("lines");
    let work = brought.tasks[0].task.work.as_mut().expect("listed");
    work.step_of = Some(TaskId(Id::new(1_600_000_000_000, 1)));
    assert_eq!(refused(&empty(), brought, Manner::default(), &agent("other")).1, "forbidden");
    let mut brought = read(&exported(&world.store)).expect("lines");
    brought.tasks[0].task.number = Some(9_000_000);
    brought.tasks[0].task.work.as_mut().expect("listed").metadata = from_str(r#"{"mirrored_from":"x","a":1}"#).expect("metadata");
    let plan = planned(&empty(), &brought, Manner::default(), &cx).expect("taken");
    let mut store = empty();
    put(&mut store, &brought.tasks, plan, &cx);
    let first = store.tasks().next().expect("a task");
    assert!(first.number.is_some_and(|number| number <= 3), "{:?}", first.number);
    assert_eq!(store.thread(first.id)[0].at, cx.now);
    assert_eq!(agentrq_core::json::to_string(&first.work.as_ref().expect("listed").metadata), r#"{"a":1}"#);

    let asked = world.asks(&claude, "Approve: drop the table");
    world.rules(&ada(), asked, Verdict::Approved, Then::HandBack).expect("approved");
    let brought = read(&exported(&world.store)).expect("lines");
    let (_, code, why) = refused(&empty(), brought, Manner::default(), &agent("other"));
    assert!(code == "forbidden" && why.contains("only a person"), "{code}: {why}");
}

#[test]
fn a_verdict_stands_on_what_was_shown_or_is_refused() {
    let mut world = World::new();
    let asked = world.asks(&agent("claude"), "Approve: drop the table");
    world.rules(&ada(), asked, Verdict::Approved, Then::HandBack).expect("approved");
    let brought = read(&exported(&world.store)).expect("lines");
    let mut forged = brought.clone();
    forged.tasks[0].thread[0].text = "Drop all tables.".into();
    assert_eq!(refused(&empty(), forged, Manner::default(), &ada()).1, "invalid");
    let mut forged = brought.clone();
    forged.tasks[0].thread[1].author = agent("claude").actor;
    assert_eq!(refused(&empty(), forged, Manner::default(), &ada()).1, "invalid");
    let mut forged = brought;
    forged.tasks[0].thread.truncate(1);
    assert!(refused(&empty(), forged, Manner::default(), &ada()).2.contains("not in the thread"));
}

#[test]
fn what_is_too_much_or_no_task_is_refused_with_its_place() {
    let world = row();
    let brought = read(&exported(&world.store)).expect("lines");
    let with = |change: &dyn Fn(&mut Brought)| {
        let mut brought = brought.clone();
        change(&mut brought);
        refused(&empty(), brought, Manner::default(), &ada())
    };
    let one = brought.tasks[0].clone();
    assert_eq!(with(&|it| it.tasks.push(one.clone())).1, "invalid");
    assert_eq!(with(&|it| it.tasks[0].task.title = "x".repeat(limits::TITLE_CHARS + 1)).1, "too_long");
    assert_eq!(with(&|it| it.tasks[0].thread[0].text = "x".repeat(limits::TEXT_BYTES + 1)).1, "too_long");
    assert_eq!(with(&|it| it.tasks[0].thread.clear()).1, "invalid");
    assert_eq!(with(&|it| it.tasks[0].task.number = Some(u64::MAX)).1, "invalid");
    assert_eq!(with(&|it| it.beside.lists[0].1 = u64::MAX).1, "invalid");
    assert_eq!(with(&|it| it.tasks[0].task.work.as_mut().expect("listed").number = Some(0)).1, "invalid");
    let long = format!(r#"{{"x":"{}"}}"#, "y".repeat(limits::METADATA_BYTES));
    assert_eq!(with(&|it| it.tasks[0].task.work.as_mut().expect("listed").metadata = from_str(&long).expect("metadata")).1, "too_long");
    // What comes later must not be refused for what came before.
    assert_eq!(with(&|it| it.tasks[0].task.number = Some(20_000_000)).1, "invalid");
    assert_eq!(with(&|it| it.beside.lists[0].1 = 20_000_000).1, "invalid");
    let (place, code, _) =
        with(&|it| it.beside.workspace.as_mut().expect("a workspace").name = "x".repeat(limits::WORKSPACE_NAME_CHARS + 1));
    assert_eq!((&*place, &*code), ("the workspace", "too_long"));
    let called = |name: String| agentrq_core::model::Actor::Person(agentrq_core::model::Person { id: "p".into(), name });
    assert_eq!(with(&|it| it.tasks[0].task.created_by = called("x".repeat(limits::NAME_CHARS + 1))).1, "too_long");
    assert_eq!(with(&|it| it.tasks[0].thread[0].author = called(String::new())).1, "empty");
    let later = Timestamp::from_ms(1_900_000_000_000 + 2 * 24 * 60 * 60 * 1_000);
    assert!(with(&|it| it.tasks[0].thread[0].at = later).2.contains("has not come yet"));
    let of_then = Id::new(later.ms(), 1);
    let renamed = |it: &mut Brought| {
        let mut one = one.clone();
        (one.task.id, one.thread[0].task, one.thread[0].id) = (of_then.into(), of_then.into(), of_then.into());
        one.task.work.as_mut().expect("listed").number = None;
        it.tasks = vec![one];
    };
    assert!(with(&renamed).2.contains("has not come yet"));
    let unknown = TaskId(Id::new(1_600_000_000_000, 1));
    let waits = |it: &mut Brought| it.tasks[0].task.work.as_mut().expect("listed").blocked_by.push(unknown);
    let (place, code, _) = with(&waits);
    assert_eq!((&*place, &*code), (&*brought.tasks[0].place, "task_not_found"));
    let plan = |it: Brought| planned(&empty(), &it, Manner::default(), &at(&ada(), Timestamp::from_ms(1_900_000_000_000)));
    let mut known = brought.clone();
    waits(&mut known);
    known.beside.gone.push(unknown);
    assert!(plan(known).is_ok(), "what was deleted while it was exported is waited for no more");
}

#[test]
fn lines_that_are_wrong_or_missing_are_told() {
    let lines = exported(&row().store);
    let broken = |lines: &[Line]| {
        let wrong = read(lines).expect_err("refused");
        format!("{}: {}", wrong.place, wrong.why)
    };
    assert!(broken(&lines[1..]).starts_with("line 1: line: the first line says"));
    assert!(broken(&lines[..lines.len() - 1]).contains("broken off"));
    let mut without_task = lines.clone();
    without_task.remove(2);
    assert!(broken(&without_task).contains("no such task"));
    let mut read = Lines::default();
    let said = |wrong: Wrong| format!("{}: {}", wrong.place, wrong.why);
    assert!(
        said(read.take(r#"{"type":"agentrq","version":2,"cursor":"","at":"2026-01-01T00:00:00Z"}"#, "line 1").expect_err("later"))
            .contains("version 1")
    );
    read.take(&lines[0].to_text(), "line 1").expect("the first");
    assert!(said(read.take("{", "line 7").expect_err("no JSON")).starts_with("line 7: line: "));
    assert!(said(read.take(r#"{"type":"tusk"}"#, "line 8").expect_err("no type")).contains("`tusk` is none of `agentrq`, `workspace`"));
    let list = |at: usize| Line::List(ListEnd { name: ListName::new(&format!("l{at}")).expect("a name"), last_number: 1 }).to_text();
    let mut many = Lines::default();
    many.take(&lines[0].to_text(), "line 1").expect("the first");
    (0..limits::ARCHIVE_TASKS).for_each(|at| drop(many.take(&list(at), "a list").expect("taken")));
    assert!(many.take(&list(0), "one more").is_err_and(|wrong| wrong.why.code() == "too_many"));
    let long = format!(r#"{{"type":"end","cursor":"{}"}}"#, "x".repeat(usize::try_from(limits::ARCHIVE_BYTES).expect("a size")));
    assert!(read.take(&long, "line 9").is_err_and(|wrong| wrong.why.code() == "too_long"));
}

#[test]
fn lines_that_are_kept_elsewhere_come_in_any_order_and_what_is_wrong_with_them_is_told() {
    let mut lines = exported(&row().store);
    let (first, rest) = lines.split_first().expect("a head");
    let told = |lines: &[Line]| match rows(lines) {
        Ok((rows, _)) => (0..rows.many()).map(|at| rows.whole(at).expect("kept").task.title).collect::<Vec<_>>().join(" "),
        Err(wrong) => format!("{}: {}", wrong.place, wrong.why),
    };
    let backwards: Vec<_> = [first.clone()].into_iter().chain(rest.iter().rev().cloned()).collect();
    assert_eq!((told(&lines), told(&backwards)), ("first second third".into(), "third second first".into()));
    assert!(told(&lines[..lines.len() - 1]).contains("broken off"));
    let task = lines.iter().position(|line| matches!(line, Line::Task(_))).expect("a task");
    assert!(told(&[&lines[..], &[lines[task].clone()]].concat()).contains("stands there twice"));
    lines.remove(task);
    assert!(told(&lines).contains("and no such task"));

    let mut index = Index::default();
    index.take(&first_line(), 1).expect("the first");
    let long = |at: usize| {
        let mut message =
            lines.iter().find_map(|line| if let Line::Message(it) = line { Some(it.clone()) } else { None }).expect("a message");
        message.text = "x".repeat(limits::TEXT_BYTES);
        (Line::Message(message).to_text(), at as u64)
    };
    let most = limits::IMPORT_THREAD_BYTES as usize / limits::TEXT_BYTES;
    let wrong = (2..=most + 2).map(long).find_map(|(line, at)| index.take(line.trim_end(), at).err()).expect("too much");
    assert_eq!((wrong.why.code(), &*wrong.place), ("too_long", &*format!("line {}", most + 1)));
}

#[test]
fn lines_may_stand_apart_from_their_tasks_in_so_many_places() {
    let lines = exported(&row().store);
    let messages: Vec<_> = lines.iter().filter(|line| matches!(line, Line::Message(_))).map(Line::to_text).collect();
    let mut index = Index::of(Room { places: 3, ..IN_ROWS });
    index.take(&first_line(), 1).expect("the first");
    for (at, message) in (2..).zip([0, 0, 1, 1, 0]) {
        index.take(messages[message].trim_end(), at).expect("three places");
    }
    let wrong = index.take(messages[1].trim_end(), 7).expect_err("a fourth");
    assert_eq!(
        (&*wrong.place, &*wrong.why.to_string()),
        ("line 7", "4 places in which tasks and what was said of them stand apart; 3 are allowed")
    );
}

#[test]
fn more_tasks_than_may_come_at_once_are_refused_before_they_are_looked_at() {
    struct Many;
    impl Source for Many {
        fn many(&self) -> usize {
            limits::IMPORT_TASKS + 1
        }
        fn place(&self, _: usize) -> String {
            unreachable!("nothing is wrong with one of them")
        }
        fn whole(&self, _: usize) -> Result<Whole, Wrong> {
            unreachable!("none is looked at")
        }
    }
    let wrong = import(&empty(), &Many, Beside::default(), Manner::default(), &at(&ada(), World::new().now())).expect_err("refused");
    assert_eq!(wrong.why.code(), "too_many");
    let mut index = Index::of(Room { tasks: 2, ..IN_ROWS });
    index.take(&first_line(), 1).expect("the first");
    let list = Line::List(ListEnd { name: ListName::default(), last_number: 1 }).to_text();
    (0..2).for_each(|at| drop(index.take(list.trim_end(), at + 2).expect("taken")));
    assert!(index.take(list.trim_end(), 9).is_err_and(|wrong| wrong.why.code() == "too_many"));
}

fn first_line() -> String {
    exported(&empty())[0].to_text().trim_end().to_owned()
}

#[test]
fn an_archive_of_other_things_is_told() {
    let cx = at(&ada(), Timestamp::from_ms(1_900_000_000_000));
    let told = |files: &[(&str, &str)]| {
        let files: Vec<_> = files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect();
        unpacked(&files, &cx).map(|brought| brought.tasks.len()).map_err(|wrong| format!("{}: {}", wrong.place, wrong.why))
    };
    let task = |number: u64| ClaudeTask::new(number, "x").to_text();
    assert!(told(&[("README.md", "x")]).is_err_and(|why| why.contains("no list in it")));
    assert!(told(&[("a/1.json", "{}")]).is_err_and(|why| why.starts_with("a/1.json: the file: `id` is missing")));
    assert!(told(&[("a/2.json", &task(1))]).is_err_and(|why| why.contains("named as task 2")));
    assert!(told(&[("a/.highwatermark", "x")]).is_err_and(|why| why.starts_with("a/.highwatermark")));
    let waits = r#"{"id":"1","subject":"x","status":"pending","blockedBy":["9"]}"#;
    assert!(told(&[("a/1.json", waits)]).is_err_and(|why| why.starts_with("a/1.json: there is no task #9 of the list a")));
    assert_eq!(told(&[("a/1.json", waits), ("a/.highwatermark", "9")]), Ok(1));
    assert_eq!(
        told(&[("./a/1.json", &task(1)), ("a/._1.json", "x"), ("a/.lock", ""), ("0ZRgCquBZ7R.output", "x"), ("2.json", &task(2))]),
        Ok(2)
    );
    let many = ClaudeTask { blocks: (2..limits::EDGES as u64 + 3).collect(), ..ClaudeTask::new(1, "x") }.to_text();
    assert!(told(&[("a/1.json", &many)]).is_err_and(|why| why.contains("1001 tasks in blocks or blockedBy; 1000 are allowed")));
    // As many tasks as may be, and the mark of their list behind them.
    let tasks = (1..=limits::ARCHIVE_TASKS as u64).map(|number| (format!("a/{number}.json"), task(number)));
    let mut all: Vec<_> = tasks.chain([("a/.highwatermark".to_owned(), limits::ARCHIVE_TASKS.to_string())]).collect();
    assert_eq!(unpacked(&all, &cx).map(|brought| brought.tasks.len()), Ok(limits::ARCHIVE_TASKS));
    all.push(("a/10001.json".into(), task(10_001)));
    assert!(unpacked(&all, &cx).is_err_and(|wrong| wrong.why.code() == "too_many"));
    let large = "x".repeat(limits::IMPORT_LINE_BYTES + 1);
    assert!(told(&[("a/1.json", &large)]).is_err_and(|why| why.contains("bytes")));
}
