//! Whom the account has let in a moment ago, so that a busy person's every request need not ask it again.
//!
//! What is remembered is only that this very session, with this very secret and key, may enter this workspace. It is forgotten
//! after half a minute. Signing out does not wait for that: the workspace itself is told, and refuses the session from then on,
//! whichever Worker it comes through; so a withdrawn session opens nothing, however fresh the memory.

use std::cell::RefCell;
use std::collections::HashMap;

use agentrq_core::id::Id;
use agentrq_core::model::{Person, WorkspaceId};
use agentrq_core::time::Timestamp;

use crate::gate::session::SessionProof;

/// How long it is remembered. A session that expires is noticed this much later at most.
const REMEMBERED_MS: u64 = 30_000;
/// Entries that are remembered; beyond, all are forgotten.
const ENTRIES: usize = 1_000;

struct Entry {
    proof: SessionProof,
    person: Person,
    until: Timestamp,
}

/// What one instance of the Worker remembers.
#[derive(Default)]
struct Recent(HashMap<(Id, WorkspaceId), Entry>);

impl Recent {
    fn known(&self, proof: &SessionProof, workspace: &WorkspaceId, now: Timestamp) -> Option<Person> {
        let entry = self.0.get(&(proof.id, workspace.clone()))?;
        (entry.until > now && entry.proof == *proof).then(|| entry.person.clone())
    }

    fn remember(&mut self, proof: &SessionProof, workspace: &WorkspaceId, person: &Person, now: Timestamp) {
        if self.0.len() >= ENTRIES {
            self.0.clear();
        }
        let entry = Entry { proof: proof.clone(), person: person.clone(), until: now.plus_ms(REMEMBERED_MS) };
        self.0.insert((proof.id, workspace.clone()), entry);
    }

    fn forget(&mut self, session: Id) {
        self.0.retain(|(known, _), _| *known != session);
    }
}

thread_local! {
    static RECENT: RefCell<Recent> = RefCell::default();
}

/// The person whose session the account let into this workspace a moment ago.
pub fn known(proof: &SessionProof, workspace: &WorkspaceId, now: Timestamp) -> Option<Person> {
    RECENT.with_borrow(|recent| recent.known(proof, workspace, now))
}

/// The account has just let the session into the workspace.
pub fn remember(proof: &SessionProof, workspace: &WorkspaceId, person: &Person, now: Timestamp) {
    RECENT.with_borrow_mut(|recent| recent.remember(proof, workspace, person, now));
}

/// The session ends.
pub fn forget(session: Id) {
    RECENT.with_borrow_mut(|recent| recent.forget(session));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::mac::for_tests;
    use crate::gate::session;

    #[test]
    fn only_the_very_session_is_known_for_half_a_minute_in_its_workspace() {
        let mac = for_tests();
        let make = |secret: u8| session::mint(&mac, mac.owner(), Id::new(0, 1), &[secret; 32], Some(&[3; 32])).proof;
        let (proof, ws, other) = (make(1), mac.workspace(1), mac.workspace(2));
        let ada = Person { id: "a".into(), name: "Ada".into() };
        let now = Timestamp::from_ms(1_000_000);
        let mut recent = Recent::default();
        recent.remember(&proof, &ws, &ada, now);
        assert_eq!(recent.known(&proof, &ws, now.plus_ms(REMEMBERED_MS - 1)), Some(ada));
        assert_eq!(recent.known(&proof, &ws, now.plus_ms(REMEMBERED_MS)), None);
        assert_eq!(recent.known(&proof, &other, now), None);
        assert_eq!(recent.known(&make(2), &ws, now), None);
        assert_eq!(recent.known(&SessionProof { key_hash: None, ..proof.clone() }, &ws, now), None);
        recent.forget(proof.id);
        assert_eq!(recent.known(&proof, &ws, now), None);
    }
}
