//! What waits for what: the dependencies between tasks as arrows from each to those that wait for it, without circles.
//!
//! New arrows at a task make a circle exactly if there is a way from one that comes after it to one that comes before it. It is sought from both ends at once, each step on the side that has
//! less to look at: mostly one of the two ends soon, however large the rest is.

use std::collections::BTreeMap;

use crate::id::{Id, TaskId};

/// Arrows between tasks.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    places: BTreeMap<Id, u32>,
    nodes: Vec<Node>,
}

/// One task, with the places of its neighbours in the order of their ids: two graphs of the same arrows find the same ways.
#[derive(Clone, Debug)]
struct Node {
    id: Id,
    before: Vec<u32>,
    after: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// What is before a task: what it waits for.
    Before,
    /// What comes after it.
    After,
}

impl Node {
    fn side(&self, side: Side) -> &Vec<u32> {
        match side {
            Side::Before => &self.before,
            Side::After => &self.after,
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Vec<u32> {
        match side {
            Side::Before => &mut self.before,
            Side::After => &mut self.after,
        }
    }
}

/// Graphs are equal that have the same arrows, whatever they had before.
impl PartialEq for Graph {
    fn eq(&self, other: &Self) -> bool {
        self.arrows().eq(other.arrows())
    }
}

impl Eq for Graph {}

impl Graph {
    /// Says what a task waits for, instead of what was said before.
    pub fn set(&mut self, task: TaskId, blockers: &[TaskId]) {
        if blockers.is_empty() && !self.places.contains_key(&task.0) {
            return;
        }
        let here = self.place(task.0);
        for before in std::mem::take(&mut self.nodes[here as usize].before) {
            self.nodes[before as usize].after.retain(|after| *after != here);
        }
        for blocker in blockers {
            let before = self.place(blocker.0);
            self.join(before, Side::After, here);
            self.join(here, Side::Before, before);
        }
    }

    /// The tasks that wait for this one, in the order of their ids.
    pub fn after(&self, task: TaskId) -> Vec<TaskId> {
        let Some(place) = self.places.get(&task.0) else { return Vec::new() };
        self.nodes[*place as usize].after.iter().map(|after| TaskId(self.nodes[*after as usize].id)).collect()
    }

    /// Arrows, from what must come first, in the order of the ids.
    fn arrows(&self) -> impl Iterator<Item = (Id, Id)> {
        let nodes = self.places.values().map(|place| &self.nodes[*place as usize]);
        nodes.flat_map(|node| node.after.iter().map(|after| (node.id, self.nodes[*after as usize].id)))
    }

    /// One of the shortest ways along the arrows from one of `from` to one of `to`, both ends included, and not over `around`.
    pub fn way(&self, from: &[TaskId], to: &[TaskId], around: TaskId) -> Option<Vec<TaskId>> {
        // One that has no arrows yet is not here.
        if let Some(both) = from.iter().find(|id| **id != around && to.contains(id)) {
            return Some(vec![*both]);
        }
        let mut ahead = Search::from(self, from, Side::After, around);
        let mut back = Search::from(self, to, Side::Before, around);
        let mut met = None;
        while met.is_none() && !ahead.front.is_empty() && !back.front.is_empty() {
            met = if ahead.work <= back.work { ahead.step(self, &back) } else { back.step(self, &ahead) };
        }
        let met = met?;
        let mut way: Vec<u32> = ahead.trail(met);
        way.reverse();
        way.extend(back.trail(met).into_iter().skip(1));
        Some(way.into_iter().map(|place| TaskId(self.nodes[place as usize].id)).collect())
    }

    fn join(&mut self, place: u32, side: Side, neighbour: u32) {
        let id = self.nodes[neighbour as usize].id;
        let neighbours = self.nodes[place as usize].side(side);
        if let Err(at) = neighbours.binary_search_by_key(&id, |other| self.nodes[*other as usize].id) {
            self.nodes[place as usize].side_mut(side).insert(at, neighbour);
        }
    }

    fn place(&mut self, id: Id) -> u32 {
        let next = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        let place = *self.places.entry(id).or_insert(next);
        if place == next {
            self.nodes.push(Node { id, before: Vec::new(), after: Vec::new() });
        }
        place
    }
}

/// A search from one end, ring by ring.
struct Search {
    side: Side,
    /// The last ring.
    front: Vec<u32>,
    /// The one before, whose room the next one takes.
    spare: Vec<u32>,
    /// How many arrows lead on from it.
    work: usize,
    /// For each place, whence it was reached.
    reached: Vec<Whence>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whence {
    Never,
    /// It is not gone over.
    Shut,
    Start,
    From(u32),
}

impl Search {
    fn from(graph: &Graph, ends: &[TaskId], side: Side, around: TaskId) -> Self {
        let mut search = Self { side, front: Vec::new(), spare: Vec::new(), work: 0, reached: vec![Whence::Never; graph.nodes.len()] };
        if let Some(shut) = graph.places.get(&around.0) {
            search.reached[*shut as usize] = Whence::Shut;
        }
        for place in ends.iter().filter_map(|end| graph.places.get(&end.0)) {
            if search.is_new(*place) {
                search.reached[*place as usize] = Whence::Start;
                search.ahead(graph, *place);
            }
        }
        search
    }

    fn knows(&self, place: u32) -> bool {
        matches!(self.reached[place as usize], Whence::Start | Whence::From(_))
    }

    fn is_new(&self, place: u32) -> bool {
        self.reached[place as usize] == Whence::Never
    }

    fn ahead(&mut self, graph: &Graph, place: u32) {
        self.work += graph.nodes[place as usize].side(self.side).len();
        self.front.push(place);
    }

    /// Takes the next ring; where it meets the other search, that place.
    fn step(&mut self, graph: &Graph, other: &Self) -> Option<u32> {
        self.work = 0;
        std::mem::swap(&mut self.front, &mut self.spare);
        self.front.clear();
        for at in 0..self.spare.len() {
            let place = self.spare[at];
            for next in graph.nodes[place as usize].side(self.side) {
                if !self.is_new(*next) {
                    continue;
                }
                self.reached[*next as usize] = Whence::From(place);
                if other.knows(*next) {
                    return Some(*next);
                }
                self.ahead(graph, *next);
            }
        }
        None
    }

    /// The way back to where the search began.
    fn trail(&self, mut place: u32) -> Vec<u32> {
        let mut trail = vec![place];
        while let Whence::From(before) = self.reached[place as usize] {
            place = before;
            trail.push(place);
        }
        trail
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn task(number: u32) -> TaskId {
        TaskId(Id::new(1_774_362_821_000, number))
    }

    /// Each pair: the second waits for the first.
    fn graph(arrows: &[(u32, u32)]) -> Graph {
        let mut graph = Graph::default();
        for (_, after) in arrows {
            let blockers: Vec<_> = arrows.iter().filter(|(_, other)| other == after).map(|(before, _)| task(*before)).collect();
            graph.set(task(*after), &blockers);
        }
        graph
    }

    #[test]
    fn the_shortest_way_is_found_and_none_where_there_is_none() {
        let graph = graph(&[(1, 2), (2, 3), (3, 4), (1, 3), (5, 4)]);
        let way = |from: &[u32], to: &[u32]| {
            let tasks = |numbers: &[u32]| numbers.iter().map(|number| task(*number)).collect::<Vec<_>>();
            graph.way(&tasks(from), &tasks(to), task(100))
        };
        assert_eq!(way(&[1], &[4]), Some(vec![task(1), task(3), task(4)]));
        assert_eq!(way(&[5, 2], &[3]), Some(vec![task(2), task(3)]));
        assert_eq!(way(&[3], &[3]), Some(vec![task(3)]), "it is there already");
        for (from, to) in [([4], [1]), ([5], [3]), ([9], [1]), ([1], [9])] {
            assert_eq!(way(&from, &to), None, "{from:?} {to:?}");
        }
        assert_eq!(graph.after(task(1)), [task(2), task(3)]);
        assert_eq!(graph.way(&[task(2)], &[task(4)], task(3)), None, "not around the only one between");
        assert_eq!(graph.way(&[task(3)], &[task(3)], task(3)), None, "not even where it begins");
    }

    #[test]
    fn what_is_said_anew_takes_the_place_of_what_was_said_before() {
        let mut graph = graph(&[(1, 3), (2, 3)]);
        graph.set(task(3), &[task(2), task(4)]);
        assert_eq!((graph.after(task(1)), graph.after(task(4))), (vec![], vec![task(3)]));
        graph.set(task(3), &[]);
        assert_eq!(graph, Graph::default());
    }

    proptest! {
        /// Against the simplest search there is.
        #[test]
        fn whatever_the_arrows_a_way_is_found_exactly_where_there_is_one(
            arrows in proptest::collection::vec((0..12u32, 0..12u32), 0..30), from in 0..12u32, to in 0..12u32,
        ) {
            let graph = graph(&arrows);
            let mut reached = vec![from];
            let mut next = 0;
            while let Some(here) = reached.get(next).copied() {
                let more = arrows.iter().filter(|(before, _)| *before == here).map(|(_, after)| *after);
                for after in more { if !reached.contains(&after) { reached.push(after); } }
                next += 1;
            }
            let way = graph.way(&[task(from)], &[task(to)], task(100));
            prop_assert_eq!(way.is_some(), reached.contains(&to));
            for step in way.iter().flat_map(|way| way.windows(2)) {
                prop_assert!(graph.after(step[0]).contains(&step[1]));
            }
        }
    }
}
