//! Who acts in tests.

use crate::command::Context;
use crate::id::{AttachmentId, Id, SessionId};
use crate::model::{Actor, AgentName, Attachment, Person};
use crate::time::Timestamp;

/// Somebody who acts, and on which session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Who {
    pub actor: Actor,
    pub session: Option<SessionId>,
}

impl Who {
    pub fn at(&self, now: Timestamp) -> Context {
        Context { now, actor: self.actor.clone(), session: self.session }
    }
}

fn person(id: &str, name: &str) -> Who {
    Who { actor: Actor::Person(Person { id: id.to_owned(), name: name.to_owned() }), session: None }
}

pub fn ada() -> Who {
    person("p-ada", "Ada")
}

pub fn bob() -> Who {
    person("p-bob", "Bob")
}

pub fn system() -> Who {
    Who { actor: Actor::System, session: None }
}

pub fn name(text: &str) -> AgentName {
    AgentName::new(text).expect("a name of an agent")
}

/// A session, by a number of the test's choice.
pub fn session(number: u32) -> SessionId {
    SessionId(Id::new(0, 0x0020_0000 + number))
}

/// An agent on its first session.
pub fn agent(text: &str) -> Who {
    agent_in(text, 1)
}

/// An agent on one of its sessions; two agents never share one.
pub fn agent_in(text: &str, number: u32) -> Who {
    let of_agent = text.bytes().fold(0, |sum: u32, byte| (sum * 31 + u32::from(byte)) % 997);
    Who { actor: Actor::Agent { name: name(text) }, session: Some(session(of_agent * 1000 + number)) }
}

/// A file that a [`super::World`] knows.
pub fn file(number: u32) -> Attachment {
    Attachment {
        id: AttachmentId(Id::new(0, 0x0010_0000 + number)),
        filename: format!("file {number}.txt"),
        mime_type: "text/plain".to_owned(),
        size: u64::from(number),
        sha256: format!("{number:064x}"),
    }
}
