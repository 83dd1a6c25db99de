//! The answers of this dialect's tools: the words of Claude Code's own first, the whole as structured values, and beside both what is more.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::waves::waves;
use crate::dialect::background;
use crate::id::TaskId;
use crate::lifecycle::Status;
use crate::mcp::tool::ToolAnswer;
use crate::model::{Task, Todo};

/// Bytes of metadata that stand in one list.
const LISTED_METADATA_BYTES: usize = 128 * 1024;

/// As many tasks are named on each side of one in a list.
pub const NAMED: usize = 50;

/// A task beside another, as that one names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    pub number: u64,
    pub status: Status,
}

/// A task with all that a reader is shown of it.
#[derive(Clone, Debug)]
pub struct Shown<'a> {
    pub task: &'a Task,
    /// Left out where it is not shown.
    pub description: Option<&'a str>,
    pub blocked_by: Vec<Neighbour>,
    pub blocks: Vec<Neighbour>,
}

/// A page of a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub tasks: Vec<Task>,
    /// What stands beside them, and they themselves.
    pub names: BTreeMap<TaskId, Neighbour>,
    /// What waits for each.
    pub blocks: BTreeMap<TaskId, Vec<TaskId>>,
    pub next_cursor: Option<u64>,
}

/// The answer of `TaskCreate`.
pub fn created(shown: &Shown<'_>, warnings: Vec<String>) -> ToolAnswer {
    let text = format!("Task #{} created successfully: {}", number(shown.task), shown.task.title);
    said(with_warnings(facts(shown), &warnings), text, warnings)
}

/// The same for a task that was there.
pub fn found(shown: &Shown<'_>) -> ToolAnswer {
    let text =
        format!("Task #{} exists already, by its task_uid: {} ({})", number(shown.task), shown.task.title, status(shown.task.status));
    let mut value = facts(shown);
    value["existed"] = json!(true);
    said(value, text, Vec::new())
}

/// The answer of `TaskGet`.
pub fn shown(shown: &Shown<'_>) -> ToolAnswer {
    said(facts(shown), lines(shown), Vec::new())
}

/// The answer of `TaskUpdate`, where the task is still there.
pub fn updated(was: &Shown<'_>, is: &Shown<'_>, unblocked: &[u64], warnings: Vec<String>) -> ToolAnswer {
    let (before, after) = (was.task, is.task);
    let fields = changed(was, is);
    let mut notes = Vec::new();
    if !unblocked.is_empty() {
        notes.push(format!("Free to begin now: {}", numbers(unblocked)));
    }
    let mut value = json!({
        "success": true,
        "taskId": number(after).to_string(),
        "updatedFields": fields,
        "task": facts(is),
        "unblocked": unblocked.iter().map(u64::to_string).collect::<Vec<_>>(),
    });
    if before.status != after.status {
        value["statusChange"] = json!({"from": status(before.status), "to": status(after.status)});
    }
    let text = format!("Updated task #{} {}", number(after), fields.join(", "));
    notes.extend(warnings.iter().map(warning));
    ToolAnswer::Said { value: with_warnings(value, &warnings), text: text.trim_end().to_owned(), notes }
}

/// The answer of `TaskUpdate`, where the task is gone.
pub fn deleted(before: &Task) -> ToolAnswer {
    let value = json!({
        "success": true,
        "taskId": number(before).to_string(),
        "updatedFields": ["deleted"],
        "statusChange": {"from": status(before.status), "to": "deleted"},
    });
    said(value, format!("Updated task #{} deleted", number(before)), Vec::new())
}

/// The answer of `TaskList`.
pub fn listed(page: &Listed) -> ToolAnswer {
    let is_shown = |task: &&Task| task.work.as_ref().is_some_and(|work| !work.metadata.is_internal());
    let tasks: Vec<&Task> = page.tasks.iter().filter(is_shown).collect();
    let waves = waves(&tasks);
    let name = |id: &TaskId| page.names.get(id);
    let mut room = LISTED_METADATA_BYTES;
    let (mut values, mut lines, mut ready) = (Vec::new(), Vec::new(), Vec::new());
    for &task in &tasks {
        let Some(work) = &task.work else { continue };
        let blockers: Vec<_> = work.blocked_by.iter().take(NAMED).filter_map(name).copied().collect();
        let more = work.blocked_by.len().saturating_sub(NAMED);
        let owner = work.owner.as_ref().map(|owner| format!(" ({owner})")).unwrap_or_default();
        lines.push(format!("#{} [{}] {}{owner}{}", number(task), status(task.status), task.title, waits_for(&blockers, more)));
        if task.is_up_for_grabs() {
            ready.push(number(task));
        }
        let blocks: Vec<_> = page.blocks.get(&task.id).into_iter().flatten().take(NAMED).filter_map(name).copied().collect();
        let shown = Shown { task, description: None, blocked_by: blockers, blocks };
        let mut value = facts(&shown);
        value["wave"] = json!(waves.get(&task.id));
        room = room.saturating_sub(work.metadata.bytes());
        if room == 0 {
            let kept = ["priority", "task_group"].into_iter().filter_map(|key| Some((key, Value::from(work.metadata.get(key)?))));
            value["metadata"] = kept.collect();
        }
        values.push(value);
    }
    let (mut by_wave, mut later) = (Vec::new(), waves.values().copied().collect::<Vec<_>>());
    later.sort_unstable();
    later.dedup();
    for wave in later {
        let of_wave = |task: &&Task| task.status.is_open() && waves.get(&task.id) == Some(&wave);
        let of_it: Vec<_> = tasks.iter().copied().filter(of_wave).map(number).collect();
        if !of_it.is_empty() {
            by_wave.push(of_it);
        }
    }
    let mut notes = Vec::new();
    if by_wave.len() > 1 {
        let waves: Vec<_> = by_wave.iter().map(|tasks| numbers(tasks)).collect();
        notes.push(format!("Waves: {}", waves.join(" → ")));
    }
    if !ready.is_empty() {
        notes.push(format!("Ready to claim: {}", numbers(&ready)));
    }
    if let Some(cursor) = page.next_cursor {
        notes.push(format!("There are more: TaskList({{\"cursor\": \"{cursor}\"}}), or ask by status, owner or task_group."));
    }
    let texts = |numbers: &[u64]| numbers.iter().map(u64::to_string).collect::<Vec<_>>();
    let value = json!({
        "tasks": values,
        "ready": texts(&ready),
        "waves": by_wave.iter().map(|tasks| texts(tasks)).collect::<Vec<_>>(),
        "nextCursor": page.next_cursor.map(|cursor| cursor.to_string()),
    });
    let text = if lines.is_empty() { "No tasks found".to_owned() } else { lines.join("\n") };
    ToolAnswer::Said { value, text, notes }
}

/// The answer of `TaskNext`.
pub fn next(shown: &Shown<'_>, warnings: Vec<String>) -> ToolAnswer {
    said(with_warnings(json!({"task": facts(shown)}), &warnings), lines(shown), warnings)
}

/// The same where nothing is to be had: how many tasks wait for others, and how many are under way.
pub fn nothing_next(waiting: u64, active: u64) -> ToolAnswer {
    let text = format!("No task is free: {waiting} wait for others, {active} are in progress");
    said(json!({"task": null, "waiting": waiting, "inProgress": active}), text, Vec::new())
}

/// The answer of `TodoWrite`.
pub fn todos_written(old: &[Todo], new: &[Todo]) -> ToolAnswer {
    let text = "Todos have been modified successfully. Ensure that you continue to use the todo list to track your progress. Please proceed \
                with the current tasks if applicable";
    said(json!({"oldTodos": old, "newTodos": new}), text.to_owned(), Vec::new())
}

/// A refusal, with its stable code. Of a task that is not there it says what Claude Code says; of one that the call only `named`, which one that is.
pub fn refused(problem: Value) -> ToolAnswer {
    let text = match problem["code"].as_str() {
        Some("task_not_found") if problem["named"].is_null() => "Task not found".to_owned(),
        _ => problem["detail"].as_str().unwrap_or_default().to_owned(),
    };
    ToolAnswer::Refused { problem, text }
}

fn said(value: Value, text: String, warnings: Vec<String>) -> ToolAnswer {
    ToolAnswer::Said { value, text, notes: warnings.iter().map(warning).collect() }
}

fn warning(text: &String) -> String {
    format!("Warning: {text}")
}

fn with_warnings(mut value: Value, warnings: &[String]) -> Value {
    if !warnings.is_empty() {
        value["warnings"] = json!(warnings);
    }
    value
}

/// A status in the words of this dialect, which knows three.
fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Active => "in_progress",
        Status::Completed | Status::Rejected | Status::Failed | Status::Killed => "completed",
    }
}

/// How a task ended, where that was not by being done.
fn outcome(status: Status) -> Option<&'static str> {
    matches!(status, Status::Rejected | Status::Failed | Status::Killed).then(|| status.word())
}

fn number(task: &Task) -> u64 {
    task.work.as_ref().and_then(|work| work.number).unwrap_or(0)
}

fn numbers(numbers: &[u64]) -> String {
    numbers.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ")
}

/// What a task still waits for. What is completed is left out; what ended otherwise is not done.
fn waits_for(blockers: &[Neighbour], more: usize) -> String {
    let mut open: Vec<_> = blockers.iter().filter(|it| it.status != Status::Completed).map(named).collect();
    if more > 0 {
        open.push(format!("{more} more that TaskGet names"));
    }
    if open.is_empty() { String::new() } else { format!(" [blocked by {}]", open.join(", ")) }
}

fn named(it: &Neighbour) -> String {
    outcome(it.status).map_or_else(|| format!("#{}", it.number), |how| format!("#{} ({how})", it.number))
}

/// A task in lines, as Claude Code's `TaskGet` has it; who has it and what is noted follows.
fn lines(shown: &Shown<'_>) -> String {
    let Shown { task, description, .. } = shown;
    let mut lines = vec![format!("Task #{}: {}", number(task), task.title), format!("Status: {}", status(task.status))];
    lines.push(format!("Description: {}", description.unwrap_or_default()));
    let list = |of: &[Neighbour]| of.iter().map(named).collect::<Vec<_>>().join(", ");
    if !shown.blocked_by.is_empty() {
        lines.push(format!("Blocked by: {}", list(&shown.blocked_by)));
    }
    if !shown.blocks.is_empty() {
        lines.push(format!("Blocks: {}", list(&shown.blocks)));
    }
    if let Some(work) = &task.work {
        lines.extend(outcome(task.status).map(|how| format!("Outcome: {how}")));
        lines.extend(work.owner.as_ref().map(|owner| format!("Owner: {owner}")));
        if !work.metadata.is_empty() {
            lines.push(format!("Metadata: {}", crate::json::to_string(&work.metadata)));
        }
    }
    lines.join("\n")
}

/// A task with all its members.
pub(super) fn facts(shown: &Shown<'_>) -> Value {
    let Shown { task, description, .. } = shown;
    let Some(work) = &task.work else { return json!({}) };
    let texts = |of: &[Neighbour]| of.iter().map(|it| it.number.to_string()).collect::<Vec<_>>();
    let mut value = json!({
        "id": number(task).to_string(),
        "taskId": task.id,
        "list": work.list,
        "subject": task.title,
        "activeForm": work.active_form.as_ref().unwrap_or(&task.title),
        "status": status(task.status),
        "owner": work.owner,
        "blocks": texts(&shown.blocks),
        "blockedBy": texts(&shown.blocked_by),
        "metadata": work.metadata,
        "priority": work.priority(),
        "wave": work.wave,
        "fence": work.fence,
        "revision": task.revision,
        "updatedAt": task.updated_at,
    });
    if let Some(description) = description {
        value["description"] = json!(description);
    }
    if let Some(holder) = work.holder.as_ref() {
        value["holder"] = json!(holder);
    }
    if let Some(run) = work.step_of {
        value["stepOf"] = json!(run);
    }
    if let Some(job) = &work.job {
        value["background"] = background::facts(task, job);
    }
    if let Some(how) = outcome(task.status) {
        value["outcome"] = json!(how);
        value["reason"] = json!(task.reason);
    }
    value
}

/// Which fields changed, by their names in this dialect and in the order in which Claude Code names them.
fn changed(was: &Shown<'_>, is: &Shown<'_>) -> Vec<&'static str> {
    let (before, after) = (was.task, is.task);
    let (Some(then), Some(now)) = (&before.work, &after.work) else { return Vec::new() };
    let numbers = |of: &[Neighbour]| of.iter().map(|it| it.number).collect::<Vec<_>>();
    let is_changed = [
        ("subject", before.title != after.title),
        ("description", was.description != is.description),
        ("activeForm", then.active_form != now.active_form),
        ("owner", then.owner != now.owner),
        ("metadata", then.metadata != now.metadata),
        ("status", before.status != after.status),
        ("blocks", numbers(&was.blocks) != numbers(&is.blocks)),
        ("blockedBy", then.blocked_by != now.blocked_by),
    ];
    is_changed.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, NewWork};
    use crate::json::from_str;
    use crate::model::{ListName, TodoStatus};
    use crate::testing::{World, agent};

    fn text(answer: &ToolAnswer) -> String {
        answer.to_json(&[])["content"][0]["text"].as_str().unwrap_or_default().to_owned()
    }

    fn notes(answer: &ToolAnswer) -> Vec<String> {
        let json = answer.to_json(&[]);
        let blocks = json["content"].as_array().cloned().unwrap_or_default();
        blocks.iter().skip(1).filter_map(|block| block["text"].as_str().map(str::to_owned)).collect()
    }

    fn puts(world: &mut World, title: &str, blocked_by: &[TaskId]) -> Task {
        let id = world.id();
        let metadata = from_str(r#"{"priority":"P1"}"#).expect("metadata");
        let work = NewWork { title: title.into(), metadata, blocked_by: blocked_by.to_vec(), ..NewWork::default() };
        world.run(&agent("claude"), Command::CreateWork { id, list: ListName::default(), work: Box::new(work) }).expect("put");
        world.task(TaskId(id))
    }

    fn page(world: &World) -> Listed {
        let tasks: Vec<_> = world.store.tasks().cloned().collect();
        let names = tasks.iter().map(|task| (task.id, Neighbour { number: number(task), status: task.status })).collect();
        let mut blocks: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
        for task in &tasks {
            for blocker in task.work.iter().flat_map(|work| &work.blocked_by) {
                blocks.entry(*blocker).or_default().push(task.id);
            }
        }
        Listed { tasks, names, blocks, next_cursor: None }
    }

    #[test]
    fn a_list_is_a_line_for_each_task_and_then_what_can_be_begun_in_which_order() {
        let mut world = World::new();
        assert_eq!(text(&listed(&page(&world))), "No tasks found");
        let claude = agent("claude");
        let first = puts(&mut world, "First task", &[]);
        let second = puts(&mut world, "Second task", &[first.id]);
        puts(&mut world, "Third task", &[first.id, second.id]);
        let given_up = puts(&mut world, "Fourth task", &[]);
        puts(&mut world, "Fifth task", &[given_up.id]);
        world.sets(&claude, given_up.id, Status::Rejected).expect("given up");
        let answer = listed(&page(&world));
        assert_eq!(
            text(&answer),
            "#1 [pending] First task\n#2 [pending] Second task [blocked by #1]\n#3 [pending] Third task [blocked by #1, #2]\n\
             #4 [completed] Fourth task\n#5 [pending] Fifth task [blocked by #4 (rejected)]"
        );
        assert_eq!(notes(&answer), ["Waves: #1 → #2, #5 → #3", "Ready to claim: #1"]);
        world.sets(&claude, first.id, Status::Active).expect("begun");
        assert!(text(&listed(&page(&world))).starts_with("#1 [in_progress] First task (claude)\n"));
        world.sets(&claude, first.id, Status::Completed).expect("done");
        let answer = listed(&page(&world));
        assert!(text(&answer).contains("#2 [pending] Second task\n#3 [pending] Third task [blocked by #2]"));
        assert_eq!(notes(&answer), ["Waves: #2, #5 → #3", "Ready to claim: #2"]);
        let value = answer.to_json(&[])["structuredContent"].clone();
        assert_eq!((&value["ready"], &value["waves"]), (&json!(["2"]), &json!([["2", "5"], ["3"]])));
        assert_eq!((&value["tasks"][0]["blocks"], &value["tasks"][2]["blockedBy"]), (&json!(["2", "3"]), &json!(["1", "2"])));
        assert_eq!(value["tasks"][3]["outcome"], "rejected");
    }

    #[test]
    fn a_task_is_told_in_the_words_of_claude_code_with_what_is_more_behind_them() {
        let mut world = World::new();
        let task = puts(&mut world, "Second task", &[]);
        let neighbour = |number, status| Neighbour { number, status };
        let whole = Shown {
            task: &task,
            description: Some("Do it"),
            blocked_by: vec![neighbour(7, Status::Active)],
            blocks: vec![neighbour(8, Status::Pending), neighbour(9, Status::Pending)],
        };
        assert_eq!(text(&created(&whole, Vec::new())), "Task #1 created successfully: Second task");
        assert_eq!(
            text(&shown(&whole)),
            "Task #1: Second task\nStatus: pending\nDescription: Do it\nBlocked by: #7\nBlocks: #8, #9\nMetadata: {\"priority\":\"P1\"}"
        );
        let warned = created(&whole, vec!["x".into()]);
        assert_eq!((notes(&warned), &warned.to_json(&[])["structuredContent"]["warnings"]), (vec!["Warning: x".to_owned()], &json!(["x"])));
    }

    #[test]
    fn an_update_names_what_changed_in_the_order_of_claude_code() {
        let mut world = World::new();
        let before = puts(&mut world, "x", &[]);
        world.sets(&agent("claude"), before.id, Status::Active).expect("begun");
        let mut after = world.task(before.id);
        if let Some(work) = &mut after.work {
            work.metadata = from_str(r#"{"a":1}"#).expect("metadata");
        }
        let plain = |task| Shown { task, description: None, blocked_by: Vec::new(), blocks: Vec::new() };
        let answer = updated(&plain(&before), &plain(&after), &[4, 5], Vec::new());
        assert_eq!(
            (text(&answer).as_str(), notes(&answer)),
            ("Updated task #1 owner, metadata, status", vec!["Free to begin now: #4, #5".to_owned()])
        );
        let value = answer.to_json(&[])["structuredContent"].clone();
        assert_eq!(value["statusChange"], json!({"from": "pending", "to": "in_progress"}));
        assert_eq!((&value["taskId"], &value["task"]["fence"], &value["unblocked"]), (&json!("1"), &json!(1), &json!(["4", "5"])));
        assert_eq!(text(&updated(&plain(&after), &plain(&after), &[], Vec::new())), "Updated task #1");
        assert_eq!(text(&deleted(&before)), "Updated task #1 deleted");
    }

    #[test]
    fn a_checklist_comes_back_as_it_was_and_as_it_is() {
        let todo = Todo { content: "Test".into(), status: TodoStatus::Completed, active_form: "Testing".into() };
        let answer = todos_written(&[], &[todo]).to_json(&[]);
        assert_eq!(
            answer["structuredContent"],
            json!({"oldTodos": [], "newTodos": [{"content": "Test", "status": "completed", "activeForm": "Testing"}]})
        );
        assert!(answer["content"][0]["text"].as_str().is_some_and(|text| text.starts_with("Todos have been modified successfully.")));
    }

    #[test]
    fn a_refusal_says_what_was_wrong_and_has_a_stable_code() {
        let refusal = refused(json!({"code": "task_not_found", "detail": "there is no task #9 on the list main"})).to_json(&[]);
        assert_eq!((&refusal["isError"], &refusal["content"][0]["text"]), (&json!(true), &json!("Task not found")));
        assert_eq!(refusal["structuredContent"]["code"], "task_not_found");
        let refusal = refused(json!({"code": "task_not_found", "named": "#9", "detail": "there is no task #9 on the list main"}));
        assert_eq!(refusal.to_json(&[])["content"][0]["text"], "there is no task #9 on the list main");
        let refusal = refused(json!({"code": "task_held", "detail": "#1 is held by claude"})).to_json(&[]);
        assert_eq!(refusal["content"][0]["text"], "#1 is held by claude");
    }
}
