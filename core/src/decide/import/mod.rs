//! The rules of bringing in: tasks with their threads, as they left this workspace or another one, are looked at as a whole, and then put as they were.
//!
//! What can be told from the rest is not believed but told anew: excerpts, risks, digests, counts, waves. Nobody's claim comes along, since whoever
//! made it does not know of it, and what was running runs no more. What people said, a person brings; what they decided stands on what they were shown.

mod brought;
mod join;
mod number;
mod settle;
mod sketch;

use super::draft::Draft;
use super::offer;
use super::workspace::check_workspace;
use crate::command::Context;
use crate::decision::{Decision, EventType};
use crate::id::TaskId;
use crate::limits;
use crate::model::{Entity, ListName, Message, Task, Workspace};
use crate::rejection::Rejection;
use crate::view::View;

use brought::{all_wrong, conflict};
use join::{Joining, Known};
use number::Numbering;
use settle::Settling;
use sketch::{Sketch, Sketches};

pub use brought::{Beside, Brought, MOST_NUMBER, Manner, Renumbered, Source, Taken, Whole, Wrong};

/// What is to be put, once all of it has been looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Tasks that are new here.
    pub new: Vec<TaskId>,
    /// Tasks that are here already and stay as they are: under the ids that were brought.
    pub already: Vec<TaskId>,
    pub renumbered: Vec<Renumbered>,
    /// Lists that have given numbers up to here.
    pub lists: Vec<(ListName, u64)>,
    /// What the workspace is called from now on.
    pub workspace: Option<Workspace>,
    into: Option<ListName>,
    known: Known,
    /// The first of them last.
    left: Vec<Placed>,
    /// Of the task that comes next, the first of them last.
    pieces: Vec<Piece>,
}

/// The place that a task gets, and where it stands in the source.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Placed {
    at: usize,
    number: Option<u64>,
    in_list: Option<u64>,
    wave: Option<u32>,
}

/// A task with its thread, or, where that is long, some of its messages: the task comes with the last of them.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    of: TaskId,
    task: Option<Task>,
    messages: Vec<Message>,
    bytes: usize,
}

/// Bytes of text that are put in one commit, if they are more than one piece: a commit is one row of the history.
const PIECE_BYTES: usize = 256 * 1024;

impl Plan {
    /// What the next commit puts, from the same source; `None`: all of it is put. Between two of them nothing else may be decided.
    ///
    /// # Errors
    /// Only where the source is not the same any more.
    pub fn next(&mut self, view: &impl View, source: &dyn Source, cx: &Context) -> Result<Option<Decision>, Wrong> {
        let mut draft = Draft::new(view, cx);
        let mut bytes = 0;
        while let Some(piece) = self.piece(view, source, cx)? {
            if bytes > 0 && bytes + piece.bytes > PIECE_BYTES {
                self.pieces.push(piece);
                break;
            }
            bytes += piece.bytes;
            let kind = if piece.task.is_some() { EventType::TaskCreated } else { EventType::TaskUpdated };
            draft.event(kind, Some(piece.of));
            for message in piece.messages {
                draft.put(Entity::Message(message));
            }
            if let Some(task) = piece.task {
                draft.put(Entity::Task(task.clone()));
                offer::tell(view, &mut draft, task.id.0, None, &task);
            }
        }
        Ok((bytes > 0).then(|| draft.done()))
    }

    fn piece(&mut self, view: &impl View, source: &dyn Source, cx: &Context) -> Result<Option<Piece>, Wrong> {
        if self.pieces.is_empty()
            && let Some(placed) = self.left.pop()
        {
            self.pieces = pieces(self.whole(view, source, &placed, cx)?);
        }
        Ok(self.pieces.pop())
    }

    /// A task as it is put.
    fn whole(&self, view: &impl View, source: &dyn Source, placed: &Placed, cx: &Context) -> Result<Whole, Wrong> {
        let mut whole = source.whole(placed.at)?;
        if let (Some(work), Some(into)) = (&mut whole.task.work, &self.into) {
            work.list = into.clone();
        }
        Settling { view, cx }.settle(&mut whole).map_err(|why| whole.wrong(why))?;
        self.known.name(&mut whole.task);
        whole.task.number = placed.number;
        if let Some(work) = &mut whole.task.work {
            (work.number, work.wave) = (placed.in_list, placed.wave);
        }
        Ok(whole)
    }
}

/// Looks at all that is brought, and says what is to be put. Nothing is to be put where anything is wrong.
///
/// # Errors
/// What is wrong, and where. The first of it: what stands first, before what is wrong with all of them together.
pub fn import(view: &impl View, source: &dyn Source, beside: Beside, manner: Manner<'_>, cx: &Context) -> Result<Plan, Wrong> {
    if source.many() > limits::IMPORT_TASKS {
        return Err(all_wrong(Rejection::TooMany { what: "tasks", limit: limits::IMPORT_TASKS, given: source.many() }));
    }
    let Beside { mut lists, workspace, gone } = beside;
    let mut plan = Plan { into: manner.into.cloned(), ..Plan::default() };
    for task in gone {
        plan.known.gone.insert(task.0, ());
    }
    let mut sketches = Sketches::default();
    let mut goes = manner.into.map(|into| Goes { into, from: lists.first().map(|(list, _)| list.clone()) });
    let settling = Settling { view, cx };
    for at in 0..source.many() {
        let mut whole = source.whole(at)?;
        let id = whole.task.id;
        if plan.known.gone.get(id.0).is_some() {
            continue;
        }
        goes.as_mut().map_or(Ok(()), |goes| goes.goes(&mut whole))?;
        sketches.once(&whole)?;
        let here = is_here(view, &whole.task).map_err(|why| whole.wrong(why))?;
        plan.known.tasks.insert(id.0, here);
        if here.is_some() {
            plan.already.push(id);
            continue;
        }
        settling.settle(&mut whole).and_then(|()| check_ids(view, &whole)).map_err(|why| whole.wrong(why))?;
        sketches.add(at, &whole)?;
    }
    if let Some(goes) = goes {
        goes.all_go(&mut lists)?;
    }
    sketches.order();
    let mut numbering = Numbering { view, source, taken: manner.taken, renumbered: Vec::new() };
    numbering.number(&mut sketches, &lists)?;
    plan.renumbered = numbering.renumbered;
    Joining { view, source, known: &plan.known }.join(&mut sketches)?;
    let is_empty = view.next_number() == Some(1);
    plan.workspace = workspace.filter(|_| is_empty && cx.actor.is_person() && manner.into.is_none());
    // Nothing may be wrong once the first task is put.
    if let Some(Workspace { name, mission, .. }) = &plan.workspace {
        check_workspace(name, mission).map_err(|why| Wrong { place: "the workspace".to_owned(), why })?;
    }
    plan.lists = lists;
    plan.new = sketches.tasks.iter().map(|sketch| sketch.id).collect();
    plan.left = sketches.tasks.iter().rev().map(placed).collect();
    Ok(plan)
}

fn placed(sketch: &Sketch) -> Placed {
    let listed = sketch.listed.as_ref();
    Placed { at: sketch.at, number: sketch.number, in_list: listed.and_then(|it| it.number), wave: listed.and_then(|it| it.wave) }
}

/// All tasks, which must be of one list, go to another.
struct Goes<'a> {
    into: &'a ListName,
    from: Option<ListName>,
}

impl Goes<'_> {
    fn goes(&mut self, whole: &mut Whole) -> Result<(), Wrong> {
        let into = self.into;
        let Some(work) = &mut whole.task.work else {
            let problem =
                format!("this task is of no list, so it cannot go to the list {into}: leave the list out to bring in a whole workspace");
            return Err(whole.wrong(Rejection::Invalid { field: "list", problem }));
        };
        let first = self.from.get_or_insert_with(|| work.list.clone());
        if *first != work.list {
            let problem = format!("tasks of {first} and of {}: only one list goes to the list {into}", work.list);
            return Err(whole.wrong(Rejection::Invalid { field: "list", problem }));
        }
        work.list = into.clone();
        Ok(())
    }

    /// So does what the lists have counted.
    fn all_go(&self, lists: &mut [(ListName, u64)]) -> Result<(), Wrong> {
        if let Some((other, _)) = lists.iter().find(|(list, _)| self.from.as_ref() != Some(list)) {
            let problem = format!("there is a list {other} besides: only one list goes to the list {}", self.into);
            return Err(all_wrong(Rejection::Invalid { field: "list", problem }));
        }
        lists.iter_mut().for_each(|(list, _)| *list = self.into.clone());
        Ok(())
    }
}

/// The task that is here already: it has the id, or is known on its list by the same `task_uid`.
fn is_here(view: &impl View, task: &Task) -> Result<Option<TaskId>, Rejection> {
    let list = |task: &Task| task.work.as_ref().map(|work| work.list.clone());
    if let Some(there) = view.task(task.id).known("task")? {
        if list(&there) == list(task) {
            return Ok(Some(there.id));
        }
        let at = list(&there).map_or("among the tasks of people".to_owned(), |list| format!("on the list {list}"));
        let detail = format!("task {} is in this workspace already, {at}: a task is in one place only", task.id);
        return Err(conflict("task_elsewhere", detail));
    }
    let Some((work, uid)) = task.work.as_ref().and_then(|work| Some((work, work.metadata.text("task_uid")?))) else { return Ok(None) };
    Ok(view.with_uid(&work.list, &uid).known("the tasks of the list")?.map(|there| there.id))
}

/// About as many bytes is a task beside its messages.
fn bytes_of(task: &Task) -> usize {
    let text = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let offered = task.options.iter().flat_map(|options| &options.choices);
    let offered: usize = offered.map(|choice| choice.label.len() + text(&choice.description)).sum();
    let of_list = task.work.as_ref().map_or(0, |work| {
        let job = work
            .job
            .as_ref()
            .map_or(0, |job| text(&job.command) + text(&job.prompt) + job.run.as_ref().map_or(0, |run| run.as_str().len()));
        text(&work.active_form) + work.metadata.bytes() + 14 * work.blocked_by.len() + job
    });
    task.title.len() + task.excerpt.len() + text(&task.reason) + offered + of_list
}

/// Refuses a thread of which a message bears the id of another's.
fn check_ids(view: &impl View, whole: &Whole) -> Result<(), Rejection> {
    for message in &whole.thread {
        let others = |there: Message| there.task != whole.task.id;
        if view.message(message.id).known("message")?.is_some_and(others) {
            return Err(Rejection::IdTaken { id: message.id.0 });
        }
    }
    Ok(())
}

/// A task with its thread in pieces that are not too large for a commit, the first of them last.
fn pieces(whole: Whole) -> Vec<Piece> {
    let Whole { task, thread, .. } = whole;
    let of = task.id;
    let empty = || Piece { of, task: None, messages: Vec::new(), bytes: 1_000 };
    let mut pieces = vec![empty()];
    for message in thread {
        let bytes = 500
            + message.text.len()
            + message.edited.as_ref().map_or(0, |edited| edited.text.len() + edited.diff.as_ref().map_or(0, String::len));
        if pieces.last().is_some_and(|last| last.bytes + bytes > PIECE_BYTES && !last.messages.is_empty()) {
            pieces.push(empty());
        }
        if let Some(last) = pieces.last_mut() {
            last.bytes += bytes;
            last.messages.push(message);
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.bytes += bytes_of(&task);
        last.task = Some(task);
    }
    pieces.reverse();
    pieces
}
