//! What goes wrong on boards like these, seen as it happens: short words beside an answer, each with what would be right.

use crate::model::{Task, Work};

/// As many tiny tasks in a row, within a minute, are too many.
pub const BURST: usize = 10;
/// A description up to this many characters says little.
const LITTLE: usize = 40;

/// What is known of a task that has just been put on a list.
#[derive(Clone, Debug)]
pub struct Made<'a> {
    pub task: &'a Task,
    /// The latest tasks of the list, this one first, at most [`BURST`].
    pub latest: &'a [Task],
    /// Another open task of the list that is called the same.
    pub twin: Option<u64>,
}

/// Warnings beside `TaskCreate`.
pub fn on_create(made: &Made<'_>) -> Vec<String> {
    let Some(work) = &made.task.work else { return Vec::new() };
    let mut warnings = Vec::new();
    if is_burst(made) {
        warnings.push(format!("{BURST} tiny tasks within a minute: make fewer, each with a result that can be checked by itself"));
    }
    warnings.extend(without_active_form(made.task, work));
    if let Some(twin) = made.twin {
        warnings.push(format!("#{twin} is called the same: update that one instead, or give both a metadata.task_uid"));
    }
    if work.metadata.text("task_group").is_none() {
        warnings.push(
            "metadata.task_group is missing: give tasks that belong together the same one, so that they can be listed and run together"
                .to_owned(),
        );
    }
    warnings
}

fn is_burst(made: &Made<'_>) -> bool {
    let tiny = |task: &&Task| {
        let soon = made.task.created_at.ms().saturating_sub(task.created_at.ms()) <= 60_000;
        soon && task.created_by == made.task.created_by && task.excerpt.chars().count() <= LITTLE
    };
    made.latest.iter().filter(tiny).count() >= BURST
}

fn without_active_form(task: &Task, work: &Work) -> Option<String> {
    let missing = work.active_form.is_none();
    missing.then(|| format!("activeForm is missing: people see \"{}\" while it runs; give its present continuous form", task.title))
}

/// What is known of a task that has just been begun.
#[derive(Clone, Debug)]
pub struct Begun<'a> {
    pub task: &'a Task,
    /// Has its agent read it with `TaskGet`, or made it?
    pub read: Read,
    /// Other tasks of the list that its owner has under way.
    pub others: &'a [u64],
    /// What it waits for and is not completed.
    pub waits_for: &'a [u64],
}

/// Whether an agent knows what a task says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Read {
    Yes,
    No,
}

/// Warnings beside a `TaskUpdate` that begins a task.
pub fn on_begin(begun: &Begun<'_>) -> Vec<String> {
    let Some(work) = &begun.task.work else { return Vec::new() };
    let list = |numbers: &[u64]| numbers.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ");
    let mut warnings = Vec::new();
    if !begun.waits_for.is_empty() {
        warnings.push(format!("it waits for {}: complete that first, or take another with TaskNext", list(begun.waits_for)));
    }
    if !begun.others.is_empty() {
        let owner = work.owner.as_ref().map(ToString::to_string).unwrap_or_default();
        warnings
            .push(format!("{owner} has {} in progress too: one at a time, so that the board says what is being done", list(begun.others)));
    }
    if begun.read == Read::No {
        warnings.push("begun without TaskGet: read its description and metadata first".to_owned());
    }
    warnings.extend(without_active_form(begun.task, work));
    warnings
}
