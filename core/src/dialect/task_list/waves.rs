//! In which order a list can be worked off: wave after wave, each of what waits for earlier ones alone.

use std::collections::BTreeMap;

use crate::id::TaskId;
use crate::model::Task;

/// The wave of each of these tasks, from 1: the one it began in, or will be free in if all that it waits for here is completed. What it waits for and
/// is not here counts for nothing.
pub(super) fn waves(tasks: &[&Task]) -> BTreeMap<TaskId, u32> {
    let mut known: BTreeMap<TaskId, u32> = BTreeMap::new();
    // How many of those that wait themselves each still waits for, and who waits for each.
    let mut left: BTreeMap<TaskId, (usize, &[TaskId])> = BTreeMap::new();
    for task in tasks {
        let Some(work) = &task.work else { continue };
        match work.wave {
            Some(wave) => drop(known.insert(task.id, wave)),
            None => drop(left.insert(task.id, (0, &work.blocked_by))),
        }
    }
    let mut after: BTreeMap<TaskId, Vec<TaskId>> = BTreeMap::new();
    for (id, blockers) in left.iter().map(|(id, (_, blockers))| (*id, *blockers)).collect::<Vec<_>>() {
        let waiting: Vec<_> = blockers.iter().copied().filter(|blocker| left.contains_key(blocker)).collect();
        if let Some((count, _)) = left.get_mut(&id) {
            *count = waiting.len();
        }
        waiting.into_iter().for_each(|blocker| after.entry(blocker).or_default().push(id));
    }
    let mut settled: Vec<TaskId> = left.iter().filter(|(_, (count, _))| *count == 0).map(|(id, _)| *id).collect();
    while let Some(id) = settled.pop() {
        let Some((_, blockers)) = left.get(&id) else { continue };
        let latest = blockers.iter().filter_map(|blocker| known.get(blocker)).max().copied().unwrap_or(0);
        known.insert(id, latest + 1);
        for next in after.remove(&id).unwrap_or_default() {
            if let Some((count, _)) = left.get_mut(&next) {
                *count -= 1;
                if *count == 0 {
                    settled.push(next);
                }
            }
        }
    }
    known
}
