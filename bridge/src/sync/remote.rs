//! The workspace's side: its list, read and changed over MCP.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::interchange::claude_file::FileStatus;
use agentrq_core::json::Word as _;
use agentrq_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::files::fields::{Fields, OURS, Part};
use crate::job::troubles::Troubles;
use crate::mcp::{Link, Refused};
use crate::task::object;

/// How the `task_uid` begins that we give a task: by it, one that was made and not noted is found again.
const UID: &str = "sync-";
/// What one message of a thread may hold; the server takes a little more.
const NOTE_BYTES: usize = 200 * 1024;

/// A task of the workspace's list.
#[derive(Clone, Debug, PartialEq)]
pub struct Remote {
    pub number: u64,
    pub id: String,
    /// What it says; what it waits for, by numbers of the workspace's list.
    pub fields: Fields,
    pub revision: u64,
    /// Milliseconds since 1970.
    pub updated_ms: u64,
    /// What goes down into the file and never up.
    pub ours: BTreeMap<String, Value>,
    /// Its `task_uid`, whoever gave it.
    pub uid: Option<String>,
}

/// Why a change came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDone {
    #[error("it has changed meanwhile")]
    Changed,
    #[error("it is not there any more")]
    Gone,
    #[error(transparent)]
    Refused(Refused),
}

impl From<Refused> for NotDone {
    fn from(refused: Refused) -> Self {
        match refused.code.as_deref() {
            Some("task_changed") => Self::Changed,
            Some("task_not_found") => Self::Gone,
            _ => Self::Refused(refused),
        }
    }
}

/// What has come of making a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    Made(Box<Remote>),
    /// It was there, under this number.
    Found(u64),
    /// It was there, and is none that is mirrored.
    NotMirrored,
}

/// A task as the list's resource has it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Whole {
    id: String,
    task_id: String,
    subject: String,
    #[serde(default)]
    description: String,
    active_form: Option<String>,
    status: String,
    owner: Option<String>,
    #[serde(default)]
    blocked_by: Vec<String>,
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
    revision: u64,
    updated_at: String,
    outcome: Option<String>,
    reason: Option<String>,
    background: Option<Value>,
}

/// The list of a workspace.
#[derive(Debug)]
pub struct List {
    link: Link,
    troubles: Troubles,
    uri: String,
    me: String,
}

/// What a page of the list holds.
#[derive(Deserialize)]
struct Page {
    tasks: Vec<Value>,
    next: Option<String>,
}

impl List {
    /// `me`: the name under which this is done.
    pub fn new(link: Link, troubles: Troubles, name: &str, me: &str) -> Self {
        let uri = uri(name);
        Self { link: link.following(uri.clone()), troubles, uri, me: me.to_owned() }
    }

    /// Which task a change of this URI is about: `Some(None)`, any of them.
    pub fn changed(&self, uri: &str) -> Option<Option<u64>> {
        let rest = uri.strip_prefix(&self.uri)?;
        if rest.is_empty() { Some(None) } else { rest.strip_prefix("/tasks/")?.parse().ok().map(Some) }
    }

    /// All tasks that are mirrored, by number.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn all(&self) -> Result<BTreeMap<u64, Remote>, Refused> {
        let mut all = BTreeMap::new();
        let mut next = Some(self.uri.clone());
        while let Some(uri) = next {
            let page = self.read(&uri).await?.unwrap_or_else(|| json!({"tasks": []}));
            let page: Page = serde_json::from_value(page).map_err(|why| Refused::new(format!("{uri} is no list: {why}")))?;
            all.extend(page.tasks.into_iter().filter_map(|task| self.remote(task)).map(|task| (task.number, task)));
            next = page.next;
        }
        self.troubles.over();
        Ok(all)
    }

    /// One task, if it is there and mirrored.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn one(&self, number: u64) -> Result<Option<Remote>, Refused> {
        let found = self.read(&format!("{}/tasks/{number}", self.uri)).await?;
        self.troubles.over();
        Ok(found.and_then(|task| self.remote(task)))
    }

    /// Makes a task, or finds the one that bears its `task_uid`.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn create(&self, fields: &Fields, uid: &str) -> Result<Created, Refused> {
        let mut metadata: Map<String, Value> = fields.metadata.clone().into_iter().collect();
        metadata.entry("task_uid").or_insert_with(|| json!(uid));
        let mut asked = object(json!({"subject": fields.subject, "description": fields.description, "metadata": metadata}));
        asked.extend(fields.active_form.iter().map(|form| ("activeForm".to_owned(), json!(form))));
        let made = self.call("TaskCreate", &asked).await?;
        let existed = made.get("existed") == Some(&Value::Bool(true));
        let Some(task) = self.remote(made) else { return Ok(Created::NotMirrored) };
        Ok(if existed { Created::Found(task.number) } else { Created::Made(Box::new(saying(task, fields.active_form.clone()))) })
    }

    /// Changes these parts of a task to what `to` says, if it is still at that revision. `named`: what a task of the directory is called there.
    /// Returns what it is then, unless it is not mirrored any more.
    ///
    /// # Errors
    /// Nothing has changed.
    pub async fn update(
        &self,
        task: &Remote,
        parts: &[Part],
        to: &Fields,
        named: impl Fn(u64) -> Option<u64>,
    ) -> Result<Option<Remote>, NotDone> {
        let mut asked = object(json!({"taskId": task.id, "revision": task.revision}));
        let (mut noted, mut add, mut remove) = (Map::new(), Vec::new(), Vec::new());
        for part in parts {
            match part {
                Part::Subject => drop(asked.insert("subject".to_owned(), json!(to.subject))),
                Part::Description => drop(asked.insert("description".to_owned(), json!(to.description))),
                Part::ActiveForm => drop(asked.insert("activeForm".to_owned(), json!(to.active_form.as_deref().unwrap_or_default()))),
                Part::Noted(name) => drop(noted.insert(name.clone(), to.metadata.get(name).cloned().unwrap_or_default())),
                Part::WaitsFor(other) => {
                    let into = if to.waits_for.contains(other) { &mut add } else { &mut remove };
                    into.extend(named(*other).map(|number| number.to_string()));
                }
                Part::Claim => self.claim(&mut asked, task, to),
            }
        }
        let given = [
            ("metadata", json!(noted), noted.is_empty()),
            ("addBlockedBy", json!(add), add.is_empty()),
            ("removeBlockedBy", json!(remove), remove.is_empty()),
        ];
        asked.extend(given.into_iter().filter(|(_, _, is_empty)| !is_empty).map(|(name, value, _)| (name.to_owned(), value)));
        let mut answer = self.call("TaskUpdate", &asked).await?;
        let form = if parts.contains(&Part::ActiveForm) { &to.active_form } else { &task.fields.active_form };
        Ok(self.remote(answer["task"].take()).map(|task| saying(task, form.clone())))
    }

    /// Status and owner. What is under way and nobody's in the directory is ours there: somebody has to have it.
    fn claim(&self, asked: &mut Map<String, Value>, task: &Remote, to: &Fields) {
        if to.status != task.fields.status {
            asked.insert("status".to_owned(), json!(to.status.on_the_wire()));
        }
        if to.owner != task.fields.owner {
            let nobody = if to.status == FileStatus::InProgress { &*self.me } else { "" };
            asked.insert("owner".to_owned(), json!(to.owner.as_deref().unwrap_or(nobody)));
        }
    }

    /// Deletes a task, if it is still at that revision.
    ///
    /// # Errors
    /// It is still there.
    pub async fn delete(&self, task: &Remote) -> Result<(), NotDone> {
        let asked = object(json!({"taskId": task.id, "status": "deleted", "revision": task.revision}));
        match self.call("TaskUpdate", &asked).await.map_err(NotDone::from) {
            Err(NotDone::Gone) | Ok(_) => Ok(()),
            Err(other) => Err(other),
        }
    }

    /// Says something in the thread of a task.
    ///
    /// # Errors
    /// The answer is no.
    pub async fn note(&self, task: &str, text: &str) -> Result<(), Refused> {
        let mut rest = text;
        while !rest.is_empty() {
            let (part, more) = rest.split_at(rest.floor_char_boundary(NOTE_BYTES));
            self.call("reply", &object(json!({"chat_id": task, "text": part, "needs_answer": false}))).await?;
            rest = more;
        }
        Ok(())
    }

    /// Ends the session.
    pub async fn close(&self) {
        self.link.close().await;
    }

    async fn read(&self, uri: &str) -> Result<Option<Value>, Refused> {
        self.link.read(uri, |why| self.troubles.heard(why)).await
    }

    async fn call(&self, tool: &'static str, asked: &Map<String, Value>) -> Result<Value, Refused> {
        let answer = self.link.call(tool, asked, |why| self.troubles.heard(why)).await;
        self.troubles.over();
        answer
    }

    /// Reads a task. `None`: it is none that is mirrored. What runs in the background is for machines, what is hidden is hidden, and what lives elsewhere is
    /// mirrored from there.
    fn remote(&self, task: Value) -> Option<Remote> {
        let whole: Whole = serde_json::from_value(task).ok()?;
        let uid = whole.metadata.get("task_uid").and_then(Value::as_str).map(str::to_owned);
        let is_left_out = whole.background.is_some() || is_hidden(&whole.metadata) || whole.metadata.contains_key("mirrored_from");
        if is_left_out {
            return None;
        }
        let is_not_mirrored =
            |name: &str, value: &Value| name.starts_with(OURS) || (name == "task_uid" && value.as_str().is_some_and(is_ours));
        let ended = whole.outcome.map(|how| whole.reason.map_or(how.clone(), |why| format!("{how}: {why}")));
        Some(Remote {
            number: whole.id.parse().ok()?,
            id: whole.task_id,
            fields: Fields {
                subject: whole.subject,
                description: whole.description,
                active_form: whole.active_form,
                owner: whole.owner.filter(|owner| *owner != self.me),
                status: FileStatus::of_wire(&whole.status).ok()?,
                waits_for: whole.blocked_by.iter().filter_map(|number| number.parse().ok()).collect::<BTreeSet<_>>(),
                metadata: whole.metadata.into_iter().filter(|(name, value)| !is_not_mirrored(name, value)).collect(),
            },
            revision: whole.revision,
            updated_ms: whole.updated_at.parse::<Timestamp>().ok()?.ms(),
            ours: ended.map(|ended| (format!("{OURS}outcome"), json!(ended))).into_iter().collect(),
            uid,
        })
    }
}

/// A task of a tool's answer, which says the subject where nobody said an active form: this is what was said.
fn saying(task: Remote, active_form: Option<String>) -> Remote {
    Remote { fields: Fields { active_form, ..task.fields }, ..task }
}

/// The resource of a list.
fn uri(list: &str) -> String {
    format!("agentrq://lists/{list}")
}

/// Is a task one that its list does not show?
pub fn is_hidden(metadata: &BTreeMap<String, Value>) -> bool {
    metadata.get("_internal") == Some(&Value::Bool(true))
}

/// The `task_uid` of a task of the directory, where it has none of its own. `pairing`: the name of the pairing.
pub fn own_uid(pairing: &str, number: u64) -> String {
    format!("{UID}{pairing}-{number}")
}

/// Of which task of the directory this is the `task_uid`.
pub fn of_own_uid(pairing: &str, uid: &str) -> Option<u64> {
    uid.strip_prefix(UID)?.strip_prefix(pairing)?.strip_prefix('-')?.parse().ok()
}

fn is_ours(uid: &str) -> bool {
    uid.starts_with(UID)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_again_by_the_uid_that_we_gave_it() {
        assert_eq!(of_own_uid("ab12", &own_uid("ab12", 7)), Some(7));
        for other in [own_uid("ab13", 7), "sync-ab12-x".into(), "mine".into()] {
            assert_eq!(of_own_uid("ab12", &other), None, "{other}");
        }
    }
}
