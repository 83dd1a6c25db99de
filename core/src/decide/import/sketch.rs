//! What the numbering and the order need to know of each task that is brought in, while its words are elsewhere: a hundred thousand of them fit into
//! the memory of an object, which the tasks themselves would not.

use std::collections::BTreeMap;

use super::brought::{Source, Whole, Wrong, all_wrong, check_number};
use crate::id::{Id, TaskId};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::ListName;
use crate::rejection::Rejection;
use crate::table::Table;

/// A task in outline.
#[derive(Clone, Debug)]
pub(super) struct Sketch {
    /// Where it stands in the source.
    pub at: usize,
    pub id: TaskId,
    /// Its number in the workspace.
    pub number: Option<u64>,
    pub status: Status,
    pub listed: Option<Listed>,
}

/// The part of it that is of a list.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    /// Which of the lists.
    pub list: usize,
    pub number: Option<u64>,
    pub wave: Option<u32>,
    pub blocked_by: Vec<TaskId>,
}

/// What there is to know of all of them together.
#[derive(Debug, Default)]
pub(super) struct Sketches {
    pub tasks: Vec<Sketch>,
    /// The lists that they are of.
    pub lists: Vec<ListName>,
    by_name: BTreeMap<ListName, usize>,
    /// How much waits for what.
    arrows: usize,
    /// What stands there, so that nothing does twice: messages by their ids, and places in the numberings.
    ids: Table<()>,
    numbers: Table<()>,
}

impl Sketches {
    /// Which of the lists it is; one that is new is noted.
    pub(super) fn list(&mut self, name: &ListName) -> usize {
        if let Some(list) = self.by_name.get(name) {
            return *list;
        }
        self.lists.push(name.clone());
        self.by_name.insert(name.clone(), self.lists.len() - 1);
        self.lists.len() - 1
    }

    /// Refuses a task of which something stands there already.
    pub(super) fn once(&mut self, whole: &Whole) -> Result<(), Wrong> {
        let twice = |field, what: String| whole.wrong(Rejection::Invalid { field, problem: format!("{what} stands there twice") });
        if let Some(message) = whole.thread.iter().find(|message| self.ids.insert(message.id.0, ()).is_some()) {
            return Err(twice("id", message.id.to_string()));
        }
        if let Some(number) = whole.task.number {
            let place = place(0, number).map_err(|why| whole.wrong(why))?;
            if self.numbers.insert(place, ()).is_some() {
                return Err(twice("number", format!("a #{number} of the workspace")));
            }
        }
        if let Some((work, number)) = whole.task.work.as_ref().and_then(|work| Some((work, work.number?))) {
            let place = place(self.list(&work.list) + 1, number).map_err(|why| whole.wrong(why))?;
            if self.numbers.insert(place, ()).is_some() {
                return Err(twice("number", format!("a #{number} of the list {}", work.list)));
            }
        }
        Ok(())
    }

    /// Notes a task that is new here.
    pub(super) fn add(&mut self, at: usize, whole: &Whole) -> Result<(), Wrong> {
        let task = &whole.task;
        self.arrows += task.work.as_ref().map_or(0, |work| work.blocked_by.len());
        if self.arrows > limits::IMPORT_ARROWS {
            return Err(all_wrong(Rejection::TooMany { what: "dependencies", limit: limits::IMPORT_ARROWS, given: self.arrows }));
        }
        let listed = task.work.as_ref().map(|work| Listed {
            list: self.list(&work.list),
            number: work.number,
            wave: work.wave,
            blocked_by: work.blocked_by.clone(),
        });
        self.tasks.push(Sketch { at, id: task.id, number: task.number, status: task.status, listed });
        Ok(())
    }

    /// Puts them in the order of their numbers: first those that have one in the workspace, then by lists, then the others as they came.
    pub(super) fn order(&mut self) {
        self.tasks.sort_by_key(|sketch| {
            let of_list = || sketch.listed.as_ref().and_then(|listed| Some((listed.list + 1, listed.number?)));
            let number = sketch.number.map(|number| (0, number)).or_else(of_list);
            number.and_then(|(numbering, number)| place(numbering, number).ok()).unwrap_or(Id::MAX)
        });
    }
}

impl Sketch {
    pub(super) fn wrong(&self, of: &dyn Source, why: Rejection) -> Wrong {
        Wrong { place: of.place(self.at), why }
    }
}

/// A place in one of the numberings, the workspace's own first.
fn place(numbering: usize, number: u64) -> Result<Id, Rejection> {
    check_number(Some(number))?;
    Ok(Id::pair(u32::try_from(numbering).unwrap_or(u32::MAX), u32::try_from(number).unwrap_or(u32::MAX)))
}
