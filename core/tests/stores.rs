//! The suite for stores, run against the one in memory.

use agentrq_core::MemoryStore;
use agentrq_core::store::Extent;
use agentrq_core::testing::store_suite;

#[test]
fn memory_is_a_store() {
    store_suite(|| MemoryStore::new(Extent::Whole));
}
