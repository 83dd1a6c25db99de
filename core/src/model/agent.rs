//! An agent as people see it: a name, a display name, and whether it is there.

use super::{AgentName, ListName, Todo};
use crate::json::{through_json, words};
use crate::record;
use crate::time::Timestamp;

/// Whether an agent is there. It rests on requests and answered pings, never on a socket that merely looks open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Presence {
    Connected,
    Disconnected,
    /// It has spoken, but never held a stream.
    Unknown,
}

words!(Presence { "connected" => Connected, "disconnected" => Disconnected, "unknown" => Unknown });

/// The program an agent speaks through, as it named itself at `initialize`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub name: String,
    pub version: String,
}

record!(Client { name, version });

/// The program that runs commands for agents and people, as it calls itself.
pub const RUNNER: &str = "agentrq";

impl Client {
    /// What a client says of itself (MCP, `Implementation`), cut to what people can read.
    pub fn read(info: &serde_json::Value) -> Self {
        let text = |key: &str| {
            let said = info.get(key).and_then(serde_json::Value::as_str).unwrap_or_default();
            said.chars().filter(|c| !c.is_control()).take(64).collect()
        };
        Self { name: text("name"), version: text("version") }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agent {
    /// The agent's key: `?agent=` of its URL, else the label of its token.
    pub name: AgentName,
    /// What people call it.
    pub display_name: String,
    pub presence: Presence,
    /// Since when it has been so.
    pub since: Timestamp,
    pub last_heard_at: Option<Timestamp>,
    pub client: Option<Client>,
    /// Its checklist.
    pub todos: Vec<Todo>,
    /// The list on which it found nothing to do last: it waits to be told.
    pub waits_for_work: Option<ListName>,
    pub revision: u64,
}

impl Agent {
    /// Does no model read what it is told? Then it is told only what concerns it by name: what is for anybody would be lost on it.
    pub fn is_program(&self) -> bool {
        self.client.as_ref().is_some_and(|client| client.name == RUNNER)
    }
}

record!(Agent { name, display_name, presence, since, last_heard_at, client, todos if any, waits_for_work if any, revision });
through_json!(Client Agent);
