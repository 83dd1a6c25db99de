//! What the tasks that are brought in wait for: found among them or here, without circles, and noted as the wave in which each may begin.

use super::brought::{Source, Wrong, all_wrong};
use super::sketch::{Sketch, Sketches};
use crate::decide::check;
use crate::id::TaskId;
use crate::json::Raw;
use crate::limits;
use crate::model::{ListName, Run, Task};
use crate::rejection::Rejection;
use crate::table::Table;
use crate::view::{Look, View, Waits};

/// As many tasks are named at each end of a circle.
const NAMED: usize = 5;

/// What became of the tasks that were brought, by the ids that they were brought under.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// Those that are here already, under which id; and those that are new.
    pub tasks: Table<Option<TaskId>>,
    /// Those that were deleted.
    pub gone: Table<()>,
}

impl Known {
    /// The id under which a task is known here.
    fn here(&self, id: TaskId) -> TaskId {
        self.tasks.get(id.0).copied().flatten().unwrap_or(id)
    }

    fn is_new(&self, id: TaskId) -> bool {
        self.tasks.get(id.0).is_some_and(Option::is_none)
    }

    /// What is waited for, by the ids here.
    fn blockers(&self, blocked_by: &mut Vec<TaskId>) {
        blocked_by.retain(|id| self.gone.get(id.0).is_none());
        // Two that were brought may be one here.
        let mut seen = Table::default();
        blocked_by.iter_mut().for_each(|id| *id = self.here(*id));
        blocked_by.retain(|id| seen.insert(id.0, ()).is_none());
    }

    /// Has a task name the others by the ids under which they are known here.
    pub(super) fn name(&self, task: &mut Task) {
        let run = Run::of(task);
        let Some(work) = &mut task.work else { return };
        // A run of a workflow and its steps know each other, where both come in.
        work.step_of = work.step_of.filter(|id| self.is_new(*id));
        if let (Some(job), Some(run)) = (&mut work.job, run) {
            let steps = run.steps.iter().copied().filter(|id| self.is_new(*id)).collect();
            job.run = Some(Raw::of(&Run { steps, ..run }));
        }
        self.blockers(&mut work.blocked_by);
    }
}

/// What is known of the tasks around those that are new.
pub(super) struct Joining<'a, V> {
    pub view: &'a V,
    pub source: &'a dyn Source,
    pub known: &'a Known,
}

impl<V: View> Joining<'_, V> {
    /// Finds what each task waits for, refuses circles, and notes in which wave each may begin.
    pub(super) fn join(&self, sketches: &mut Sketches) -> Result<(), Wrong> {
        let Sketches { tasks: new, lists, .. } = sketches;
        let mut places = Table::default();
        for (at, sketch) in new.iter().enumerate() {
            places.insert(sketch.id.0, at);
        }
        let mut waiting: Table<Vec<usize>> = Table::default();
        let mut waits = vec![Waits::default(); new.len()];
        let mut left = vec![0_usize; new.len()];
        for (at, sketch) in new.iter_mut().enumerate() {
            let Some(listed) = &mut sketch.listed else { continue };
            self.known.blockers(&mut listed.blocked_by);
            for blocker in &listed.blocked_by {
                waiting.or_insert_with(blocker.0, Vec::new).push(at);
                if places.get(blocker.0).is_some() {
                    left[at] += 1;
                    continue;
                }
                let wrong = |why| Wrong { place: self.source.place(sketch.at), why };
                let there = check::task(self.view, *blocker).map_err(wrong)?;
                let list = there.work.as_ref().map(|work| &work.list);
                check_list(&lists[listed.list], *blocker, list).map_err(wrong)?;
                waits[at].add(&there);
            }
        }
        for (blocker, waiting) in waiting.iter() {
            let before = if places.get(blocker).is_some() { 0 } else { self.before(TaskId(blocker))? };
            let given = before + waiting.len();
            if given > limits::EDGES {
                let why = Rejection::TooMany { what: "tasks that wait for one", limit: limits::EDGES, given };
                return Err(new[waiting[0]].wrong(self.source, why));
            }
        }
        let mut free: Vec<usize> = (0..new.len()).filter(|at| left[*at] == 0).collect();
        while let Some(at) = free.pop() {
            let (id, status) = (new[at].id, new[at].status);
            let list = new[at].listed.as_mut().map(|listed| {
                if status.is_open() {
                    listed.wave = waits[at].next_wave();
                }
                (&lists[listed.list], listed.wave)
            });
            for next in waiting.get(id.0).into_iter().flatten().copied() {
                if let Some(listed) = &new[next].listed {
                    let blockers = list.map(|(list, _)| list);
                    check_list(&lists[listed.list], id, blockers).map_err(|why| new[next].wrong(self.source, why))?;
                }
                waits[next].add_one(status, list.and_then(|(_, wave)| wave));
                left[next] -= 1;
                if left[next] == 0 {
                    free.push(next);
                }
            }
        }
        match left.iter().position(|left| *left > 0) {
            Some(at) => Err(new[at].wrong(self.source, Rejection::Cycle { tasks: circle(new, &places, &left, at) })),
            None => Ok(()),
        }
    }

    fn before(&self, blocker: TaskId) -> Result<usize, Wrong> {
        match self.view.dependents(blocker) {
            Look::Known(dependents) => Ok(dependents.len()),
            Look::Unknown => Err(all_wrong(Rejection::NotLoaded { what: "what waits for the tasks" })),
        }
    }
}

/// The circle that is met on the way back from a task that would wait for ever, by the numbers of its tasks.
fn circle(new: &[Sketch], places: &Table<usize>, left: &[usize], from: usize) -> Vec<String> {
    let mut way = vec![from];
    // Where each of them stands on it.
    let mut met_at = vec![None; new.len()];
    met_at[from] = Some(0);
    loop {
        let at = way[way.len() - 1];
        let blockers = new[at].listed.iter().flat_map(|listed| &listed.blocked_by);
        let Some(next) = blockers.filter_map(|id| places.get(id.0)).copied().find(|at| left[*at] > 0) else { break };
        way.push(next);
        if let Some(met) = met_at[next].replace(way.len() - 1) {
            way.drain(..met);
            break;
        }
    }
    let number = |at: &usize| new[*at].listed.as_ref().and_then(|listed| listed.number).unwrap_or_default();
    let called = |way: &[usize]| way.iter().rev().map(|at| format!("#{}", number(at))).collect::<Vec<_>>();
    match (way.get(way.len().saturating_sub(NAMED)..), way.get(..NAMED)) {
        (Some(first), Some(last)) if way.len() > 2 * NAMED => {
            [called(first), vec![format!("({} more)", way.len() - 2 * NAMED)], called(last)].concat()
        }
        _ => called(&way),
    }
}

/// A task waits for tasks of its own list.
fn check_list(list: &ListName, blocker: TaskId, its: Option<&ListName>) -> Result<(), Rejection> {
    if its == Some(list) {
        return Ok(());
    }
    let problem = format!("task {blocker} is not of the list {list}: a task waits for tasks of its own list");
    Err(Rejection::Invalid { field: "blockedBy", problem })
}
