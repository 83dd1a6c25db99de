//! What a task's head says of its card: how grave the whole of it is, and a title that hides nothing.

use agentrq_core::command::Command;
use agentrq_core::id::TaskId;
use agentrq_core::model::{Assignee, Task};
use agentrq_core::testing::{World, ada, agent};
use agentrq_core::{Decision, Rejection};
use serde_json::json;

fn files(world: &mut World, title: &str, body: &str) -> Result<TaskId, Rejection> {
    let id = world.id();
    let (title, body) = (title.to_owned(), body.to_owned());
    let create = Command::CreateTask { id, title, body, assignee: Assignee::Human, attachments: Vec::new(), options: None };
    world.run(&agent("claude"), create).map(|_| TaskId(id))
}

fn edits(world: &mut World, task: TaskId, title: Option<&str>, body: Option<&str>) -> Result<Decision, Rejection> {
    let id = world.id();
    let (title, body) = (title.map(str::to_owned), body.map(str::to_owned));
    world.run(&ada(), Command::EditTask { id, task, title, body, assignee: None, options: None })
}

#[test]
fn what_is_grave_far_behind_the_excerpt_stands_on_the_task() {
    let mut world = World::new();
    let body = format!("{}\n\nDROP TABLE users", "A calm preamble that says nothing of it. ".repeat(40));
    let task = files(&mut world, "Approve: the migration", &body).expect("filed");
    assert!(!world.task(task).excerpt.contains("DROP"));
    assert_eq!(world.task(task).risks, Some(vec!["deletes data".to_owned()]));
}

#[test]
fn an_edit_is_judged_anew() {
    let mut world = World::new();
    let task = files(&mut world, "Approve: x", "rm -rf build").expect("filed");
    edits(&mut world, task, None, Some("ls build")).expect("edited");
    assert_eq!(world.task(task).risks, Some(Vec::new()));
    edits(&mut world, task, Some("Approve: sudo reboot"), None).expect("edited");
    assert_eq!(world.task(task).risks, Some(vec!["as root".to_owned()]));
}

#[test]
fn a_task_that_was_written_before_it_was_judged_is_read() {
    let mut world = World::new();
    let task = files(&mut world, "Approve: x", "rm -rf build").expect("filed");
    let mut row = serde_json::to_value(world.task(task)).expect("written");
    assert_eq!(row["risks"], json!(["deletes files"]));
    row.as_object_mut().expect("an object").remove("risks");
    let read: Task = serde_json::from_value(row.clone()).expect("read");
    assert_eq!(read.risks, None);
    assert_eq!(serde_json::to_value(&read).expect("written"), row);
}

#[test]
fn a_title_hides_nothing_and_is_not_empty_to_the_eye() {
    for (title, why) in [
        ("Approve: x\u{200b}", "title: it holds U+200B, which cannot be seen: leave it out"),
        ("Approve: \u{202e}gpj.exe", "title: it holds U+202E, which cannot be seen: leave it out"),
        ("Approve: x\u{e0041}", "title: it holds U+E0041, which cannot be seen: leave it out"),
        ("\u{2800}\u{3164}", "title must not be empty"),
        ("\u{200d}", "title must not be empty"),
    ] {
        let mut world = World::new();
        assert_eq!(files(&mut world, title, "").expect_err(title).to_string(), why);
        let task = files(&mut world, "Approve: x", "").expect("filed");
        assert_eq!(edits(&mut world, task, Some(title), None).expect_err(title).to_string(), why);
    }
    for title in ["Zoë 日本 🦀 👩‍💻 ❤️ می‌خواهم", "\u{200f}اعتماد: حذف", "a\tb"] {
        files(&mut World::new(), title, "").expect(title);
    }
}
