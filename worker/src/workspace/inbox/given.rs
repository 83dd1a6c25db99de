//! What an answer gives to its reader, as it is noted beside the answer until word of it comes.

use agentrq_core::id::DeliveryId;
use agentrq_core::model::DeliveryCopy;

use crate::sql::SqlError;

/// What stands in an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Handed over with the answer: it is lost or received with it.
    pub copies: Vec<DeliveryCopy>,
    /// Told of, and handed over on another way: word of the answer says nothing of that.
    pub told: Vec<DeliveryId>,
}

impl Given {
    pub fn is_empty(&self) -> bool {
        self.copies.is_empty() && self.told.is_empty()
    }

    /// Everything that the answer tells of.
    pub fn ids(&self) -> Vec<DeliveryId> {
        self.copies.iter().map(|copy| copy.delivery).chain(self.told.iter().copied()).collect()
    }

    pub fn and(mut self, other: Self) -> Self {
        self.copies.extend(other.copies);
        self.told.extend(other.told);
        self
    }

    /// As the tables hold it: copies, then what has no number.
    pub(crate) fn write(&self) -> String {
        let told = self.told.iter().map(DeliveryId::to_string);
        words(self.copies.iter().map(DeliveryCopy::to_string).chain(told))
    }

    pub(crate) fn read(list: &str) -> Result<Self, SqlError> {
        let mut given = Self::default();
        for word in list.split(' ').filter(|word| !word.is_empty()) {
            if word.contains('.') {
                given.copies.push(read_copy(word)?);
            } else {
                given.told.push(word.parse().map_err(|error| SqlError(format!("{error}")))?);
            }
        }
        Ok(given)
    }
}

pub(super) fn words(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" ")
}

pub(super) fn read_copy(word: &str) -> Result<DeliveryCopy, SqlError> {
    word.parse().map_err(|error| SqlError(format!("{word:?}: {error}")))
}

#[cfg(test)]
mod tests {
    use agentrq_core::id::Id;

    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let id = |number| DeliveryId(Id::new(1_800_000_000_000, number));
        let copy = |number| DeliveryCopy { delivery: id(number), number };
        for (copies, told) in
            [(vec![], vec![]), (vec![copy(1), copy(2)], vec![]), (vec![], vec![id(3)]), (vec![copy(1)], vec![id(3), id(4)])]
        {
            let given = Given { copies, told };
            assert_eq!(Given::read(&given.write()), Ok(given.clone()));
            assert_eq!(given.write().is_empty(), given.is_empty());
        }
    }
}
