//! Each task that is brought in gets its numbers: those it had, where nobody has had them here.

use super::brought::{Renumbered, Source, Taken, Wrong, all_wrong, check_number, conflict};
use super::sketch::{Sketch, Sketches};
use crate::model::ListName;
use crate::rejection::Rejection;
use crate::view::View;

/// Of a numbering: the first number that nobody has had, and the last that is spoken for.
#[derive(Clone, Copy)]
struct End {
    first: u64,
    spoken: u64,
}

impl End {
    fn at(next: Option<u64>) -> Result<Self, Wrong> {
        let first = next.ok_or_else(|| all_wrong(Rejection::NotLoaded { what: "the numbering" }))?;
        Ok(Self { first, spoken: first - 1 })
    }

    /// Notes a number that is not to be given to another.
    fn speaks_for(&mut self, number: u64) -> Result<(), Rejection> {
        check_ahead(self.first, number)?;
        self.spoken = self.spoken.max(number);
        Ok(())
    }
}

/// So far ahead of the last may a number be: whoever brings in one must not use up those that are left.
const MOST_AHEAD: u64 = 10_000_000;

fn check_ahead(first: u64, number: u64) -> Result<(), Rejection> {
    if number <= first + MOST_AHEAD {
        return Ok(());
    }
    let problem = format!("{number} is too far ahead: here {first} comes next, and a number may be {MOST_AHEAD} beyond that");
    Err(Rejection::Invalid { field: "number", problem })
}

/// The numberings of the workspace and its lists.
pub(super) struct Numbering<'a, V> {
    pub view: &'a V,
    pub source: &'a dyn Source,
    pub taken: Taken,
    /// What became another number.
    pub renumbered: Vec<Renumbered>,
}

impl<V: View> Numbering<'_, V> {
    /// Gives each task its numbers: those it had, where nobody has had them here.
    pub(super) fn number(&mut self, sketches: &mut Sketches, lists: &[(ListName, u64)]) -> Result<(), Wrong> {
        let given: Vec<_> = lists.iter().map(|(list, number)| (sketches.list(list), *number)).collect();
        let Sketches { tasks, lists: names, .. } = sketches;
        let ends = names.iter().map(|list| End::at(self.view.next_in_list(list)));
        let mut ends = ends.collect::<Result<Vec<_>, _>>()?;
        for (list, number) in given {
            let wrong = |why| Wrong { place: format!("the list {}", names[list]), why };
            check_number(Some(number).filter(|number| *number > 0)).map_err(wrong)?;
            ends[list].speaks_for(number).map_err(wrong)?;
        }
        for sketch in tasks.iter() {
            let Some(listed) = &sketch.listed else { continue };
            ends[listed.list].speaks_for(listed.number.unwrap_or(0)).map_err(|why| sketch.wrong(self.source, why))?;
        }
        let mut last = End::at(self.view.next_number())?.spoken;
        for sketch in tasks {
            check_ahead(last, sketch.number.unwrap_or(0)).map_err(|why| sketch.wrong(self.source, why))?;
            let had = sketch.number;
            last = had.filter(|number| *number > last).unwrap_or(last + 1);
            sketch.number = Some(last);
            let Some(listed) = &mut sketch.listed else {
                if let Some(from) = had.filter(|had| *had != last) {
                    self.renumbers(sketch, None, from, last)?;
                }
                continue;
            };
            let end = &mut ends[listed.list];
            if listed.number.is_some_and(|number| number >= end.first) {
                continue;
            }
            end.spoken += 1;
            let list = &names[listed.list];
            if let Some(from) = listed.number.replace(end.spoken) {
                self.renumbers(sketch, Some(list), from, end.spoken)?;
            }
        }
        Ok(())
    }

    fn renumbers(&mut self, sketch: &Sketch, list: Option<&ListName>, from: u64, to: u64) -> Result<(), Wrong> {
        if self.taken == Taken::Refused {
            let of = list.map_or("the workspace".to_owned(), |list| format!("the list {list}"));
            let detail =
                format!("#{from} of {of} was given before: ?numbers=new gives such tasks the next ones, and says which became which");
            return Err(sketch.wrong(self.source, conflict("number_taken", detail)));
        }
        self.renumbered.push(Renumbered { task: sketch.id, list: list.cloned(), from, to });
        Ok(())
    }
}
