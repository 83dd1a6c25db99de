//! What is mirrored of a task: the same for a file and for the workspace, so that the two can be compared and merged.

use std::collections::{BTreeMap, BTreeSet};

use agentrq_core::interchange::claude_file::{ClaudeTask, FileStatus};
use agentrq_core::json::Raw;
use agentrq_core::model::Metadata;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Names in a file's metadata under which the workspace's own facts stand: they go down and never up.
pub const OURS: &str = "agentrq_";

/// What both sides say of a task. Tasks are named by the numbers of the directory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fields {
    pub subject: String,
    pub description: String,
    pub active_form: Option<String>,
    pub owner: Option<String>,
    pub status: FileStatus,
    pub waits_for: BTreeSet<u64>,
    pub metadata: BTreeMap<String, Value>,
}

/// One thing that is to change about a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Subject,
    Description,
    ActiveForm,
    /// What stands under this name in its metadata.
    Noted(String),
    /// Whether it waits for this task.
    WaitsFor(u64),
    /// Status and owner go together: both make a claim.
    Claim,
}

impl Fields {
    /// What a file says. `waits_for`: what it and other files say that it waits for.
    pub fn of_file(task: &ClaudeTask, waits_for: BTreeSet<u64>) -> Self {
        let metadata = task.metadata.iter().filter(|(name, _)| !name.starts_with(OURS));
        Self {
            subject: task.subject.clone(),
            description: task.description.clone(),
            active_form: task.active_form.clone(),
            owner: task.owner.clone(),
            status: task.status,
            waits_for,
            metadata: metadata.map(|(name, raw)| (name.to_owned(), value(raw))).collect(),
        }
    }

    /// What is to change for this to become `other`. Claims come last: what else is said of a task may be refused once it is over.
    pub fn parts_to(&self, other: &Self) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut differs = |is_other: bool, part: Part| {
            if is_other {
                parts.push(part);
            }
        };
        differs(self.subject != other.subject, Part::Subject);
        differs(self.description != other.description, Part::Description);
        differs(self.active_form != other.active_form, Part::ActiveForm);
        let names: BTreeSet<_> = self.metadata.keys().chain(other.metadata.keys()).collect();
        for name in names {
            differs(self.metadata.get(name) != other.metadata.get(name), Part::Noted(name.clone()));
        }
        for task in self.waits_for.symmetric_difference(&other.waits_for) {
            differs(true, Part::WaitsFor(*task));
        }
        differs((self.status, &self.owner) != (other.status, &other.owner), Part::Claim);
        parts
    }

    /// Takes a part over from another.
    pub fn take(&mut self, part: &Part, from: &Self) {
        match part {
            Part::Subject => self.subject.clone_from(&from.subject),
            Part::Description => self.description.clone_from(&from.description),
            Part::ActiveForm => self.active_form.clone_from(&from.active_form),
            Part::Noted(name) => match from.metadata.get(name) {
                Some(value) => drop(self.metadata.insert(name.clone(), value.clone())),
                None => drop(self.metadata.remove(name)),
            },
            Part::WaitsFor(task) if from.waits_for.contains(task) => drop(self.waits_for.insert(*task)),
            Part::WaitsFor(task) => drop(self.waits_for.remove(task)),
            Part::Claim => {
                self.status = from.status;
                self.owner.clone_from(&from.owner);
            }
        }
    }

    /// A part in words.
    pub fn told(&self, part: &Part) -> String {
        let quoted = |text: &Option<String>| text.as_ref().map_or_else(|| "nothing".to_owned(), |text| format!("{text:?}"));
        match part {
            Part::Subject => format!("{:?}", self.subject),
            Part::Description => format!("{:?}", self.description),
            Part::ActiveForm => quoted(&self.active_form),
            Part::Noted(name) => self.metadata.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string),
            Part::WaitsFor(task) if self.waits_for.contains(task) => "yes".to_owned(),
            Part::WaitsFor(_) => "no".to_owned(),
            Part::Claim => {
                let owner = self.owner.as_ref().map(|owner| format!(" by {owner}")).unwrap_or_default();
                format!("{}{owner}", agentrq_core::json::Word::on_the_wire(self.status))
            }
        }
    }

    /// Writes what differs between `before` and this into a file's task. Dependencies stand in two files; here is this one's part of them.
    pub fn put(&self, before: &Self, file: &mut ClaudeTask) {
        let mut noted = Map::new();
        for part in before.parts_to(self) {
            match part {
                Part::Subject => file.subject.clone_from(&self.subject),
                Part::Description => file.description.clone_from(&self.description),
                Part::ActiveForm => file.active_form.clone_from(&self.active_form),
                Part::Noted(name) => drop(noted.insert(name.clone(), self.metadata.get(&name).cloned().unwrap_or_default())),
                Part::WaitsFor(task) if !self.waits_for.contains(&task) => file.blocked_by.retain(|other| *other != task),
                Part::WaitsFor(task) if !file.blocked_by.contains(&task) => file.blocked_by.push(task),
                Part::WaitsFor(_) => {}
                Part::Claim => {
                    file.status = self.status;
                    file.owner.clone_from(&self.owner);
                }
            }
        }
        note(file, &noted);
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Subject => f.write_str("subject"),
            Self::Description => f.write_str("description"),
            Self::ActiveForm => f.write_str("activeForm"),
            Self::Noted(name) => write!(f, "metadata.{name}"),
            Self::WaitsFor(task) => write!(f, "waits for #{task}"),
            Self::Claim => f.write_str("status and owner"),
        }
    }
}

/// Notes these things about a task; what is null goes.
pub fn note(file: &mut ClaudeTask, noted: &Map<String, Value>) {
    if !noted.is_empty() {
        file.metadata = std::mem::take(&mut file.metadata).merged(Metadata::from(noted));
    }
}

/// What the workspace itself has noted in a file.
pub fn ours(file: &ClaudeTask) -> BTreeMap<String, Value> {
    file.metadata.iter().filter(|(name, _)| name.starts_with(OURS)).map(|(name, raw)| (name.to_owned(), value(raw))).collect()
}

/// Numbers that no program here can hold stay texts.
fn value(raw: &Raw) -> Value {
    serde_json::from_str(raw.as_str()).unwrap_or_else(|_| Value::from(raw.as_str()))
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn fields(subject: &str) -> Fields {
        Fields::of_file(&ClaudeTask::new(1, subject), BTreeSet::new())
    }

    #[test]
    fn the_parts_in_which_two_differ_make_one_of_the_other() {
        let one = fields("a");
        let mut other = fields("b");
        other.metadata.insert("priority".into(), json!("P1"));
        other.waits_for.insert(7);
        other.owner = Some("me".into());
        let parts = one.parts_to(&other);
        assert_eq!(parts, [Part::Subject, Part::Noted("priority".into()), Part::WaitsFor(7), Part::Claim]);
        let mut made = one.clone();
        parts.iter().for_each(|part| made.take(part, &other));
        assert_eq!(made, other);
    }

    #[test]
    fn a_file_keeps_what_does_not_change() {
        let text = r#"{"id":"1","subject":"a","status":"pending","metadata":{"z":1.50,"agentrq_outcome":"x","a":2},"mine":true,"blockedBy":["9"]}"#;
        let mut file = ClaudeTask::parse(text).expect("a task");
        let before = Fields::of_file(&file, BTreeSet::from([9]));
        assert!(!before.metadata.contains_key("agentrq_outcome"));
        let mut after = before.clone();
        after.metadata.remove("a");
        after.metadata.insert("b".into(), json!([1]));
        after.waits_for = BTreeSet::from([4]);
        after.put(&before, &mut file);
        assert_eq!(agentrq_core::json::to_string(&file.metadata), r#"{"z":1.50,"agentrq_outcome":"x","b":[1]}"#);
        assert_eq!((file.blocked_by.as_slice(), file.rest.len()), (&[4][..], 1));
    }
}
