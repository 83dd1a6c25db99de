//! What the Worker asks of an account, and what it answers: one call, one answer, as JSON.

use agentrq_core::id::Id;
use agentrq_core::model::{Person, WorkspaceId};
use agentrq_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::gate::key::Key;
use crate::gate::mac::hex;
use crate::gate::session::SessionProof;

/// A session as it is shown with each call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Shown {
    pub id: Id,
    /// SHA-256 of the cookie's secret, in hex.
    pub secret_hash: String,
    /// SHA-256 of the session key, in hex, if one came along.
    pub key_hash: Option<String>,
}

impl From<&SessionProof> for Shown {
    fn from(proof: &SessionProof) -> Self {
        Self { id: proof.id, secret_hash: hex(&proof.secret_hash), key_hash: proof.key_hash.map(|hash| hex(&hash)) }
    }
}

/// One call.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Call {
    /// Begins a session if the key was right and not too many wrong ones came from the same place.
    SignIn { person: Person, place: String, key: Key, session: Shown },
    /// Does something for the person whose session it is.
    As { session: Shown, want: Want },
}

/// What a person's request wants of the account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Want {
    /// Who am I?
    Person,
    /// Who am I, and am I a member of this workspace?
    Member(WorkspaceId),
    /// Who am I, and am I a member of all of these?
    Members(Vec<WorkspaceId>),
    /// The workspaces that I am a member of, from the one after this [place](Membership::place) on.
    Workspaces { after: Option<String> },
    /// I make this workspace. Written down before the workspace is made, so that it cannot be made and forgotten.
    Begin(Membership),
    /// I am about to delete this workspace. From here on nobody is let into it.
    Leave(WorkspaceId),
    /// It is deleted.
    Left(WorkspaceId),
    /// End this session. The answer names the workspaces in which it may have streams.
    SignOut,
}

/// A person's place in a workspace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    pub workspace: WorkspaceId,
    /// Name and mission as given when it was made; what they are now, the workspace knows.
    pub name: String,
    pub mission: String,
    pub created_at: Timestamp,
    /// Is it being deleted?
    pub leaving: bool,
}

impl Membership {
    /// Its place in the list, which outlives it: the next page begins after it.
    pub fn place(&self) -> String {
        format!("{}-{}", self.created_at.ms(), self.workspace)
    }
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    Person(Person),
    Workspaces { person: Person, page: Vec<Membership>, more: bool },
    SignedOut { person: Person, workspaces: Vec<WorkspaceId> },
    Refused(agentrq_core::rejection::Problem),
}
