//! Values by id, in the order of their ids.
//!
//! The tree holds ids and places only: one tree serves values of every kind. A tree for each kind is a sixth of the wasm that a first visit
//! waits for.

use std::collections::BTreeMap;

use crate::id::Id;

#[derive(Clone, Debug)]
pub(crate) struct Table<V> {
    places: BTreeMap<Id, usize>,
    /// A value that was removed leaves its place to its id: what takes an id out of a tree is most of a tree's code, and little is removed.
    values: Vec<Option<Box<V>>>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { places: BTreeMap::new(), values: Vec::new() }
    }
}

/// Tables are equal that hold the same values under the same ids, whatever they held before.
impl<V: PartialEq> PartialEq for Table<V> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<V: Eq> Eq for Table<V> {}

impl<V> Table<V> {
    pub(crate) fn get(&self, id: Id) -> Option<&V> {
        self.values[*self.places.get(&id)?].as_deref()
    }

    pub(crate) fn get_mut(&mut self, id: Id) -> Option<&mut V> {
        self.values[*self.places.get(&id)?].as_deref_mut()
    }

    /// Puts a value, and gives back the one that stood there.
    pub(crate) fn insert(&mut self, id: Id, value: V) -> Option<V> {
        self.value_at(id).replace(Box::new(value)).map(|before| *before)
    }

    /// The value, made now if there is none.
    pub(crate) fn or_insert_with(&mut self, id: Id, make: impl FnOnce() -> V) -> &mut V {
        self.value_at(id).get_or_insert_with(|| Box::new(make()))
    }

    pub(crate) fn remove(&mut self, id: Id) -> Option<V> {
        self.values[*self.places.get(&id)?].take().map(|value| *value)
    }

    /// The values with their ids, in the order of these.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Id, &V)> {
        self.places.iter().filter_map(|(id, place)| Some((*id, self.values[*place].as_deref()?)))
    }

    /// The values, in the order of their ids.
    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.iter().map(|(_, value)| value)
    }

    /// Where the value of an id stands, empty at first.
    fn value_at(&mut self, id: Id) -> &mut Option<Box<V>> {
        let place = match self.places.get(&id) {
            Some(place) => *place,
            None => {
                self.values.push(None);
                self.places.insert(id, self.values.len() - 1);
                self.values.len() - 1
            }
        };
        &mut self.values[place]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Insert(Id, u8),
        OrInsert(Id, u8),
        Remove(Id),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        let id = (0..20u64).prop_map(|ms| Id::new(1_600_000_000_000 + ms, 0));
        prop_oneof![
            (id.clone(), any::<u8>()).prop_map(|(id, value)| Step::Insert(id, value)),
            (id.clone(), any::<u8>()).prop_map(|(id, value)| Step::OrInsert(id, value)),
            id.prop_map(Step::Remove),
        ]
    }

    proptest! {
        #[test]
        fn a_table_does_what_a_map_does(steps in prop::collection::vec(any_step(), 0..200)) {
            let mut table = Table::default();
            let mut map = BTreeMap::new();
            for step in steps {
                match step {
                    Step::Insert(id, value) => prop_assert_eq!(table.insert(id, value), map.insert(id, value)),
                    Step::OrInsert(id, value) => prop_assert_eq!(table.or_insert_with(id, || value), map.entry(id).or_insert(value)),
                    Step::Remove(id) => prop_assert_eq!(table.remove(id), map.remove(&id)),
                }
                prop_assert!(table.iter().eq(map.iter().map(|(id, value)| (*id, value))));
                prop_assert!(map.iter().all(|(id, value)| table.get(*id) == Some(value)));
                // A place for each id, however often it is removed and put again.
                prop_assert!(table.values.len() <= 20);
            }
            let mut anew = Table::default();
            map.into_iter().for_each(|(id, value)| { anew.insert(id, value); });
            prop_assert_eq!(anew, table);
        }
    }
}
