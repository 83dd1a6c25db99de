//! A task as Claude Code keeps it on disk: a list is a directory `{list}`, each of its tasks a file `{number}.json` in it.
//!
//! Seen with Claude Code 2.1: JSON with two spaces, `{id, subject, description, activeForm?, owner?, status, blocks[], blockedBy[], metadata?}`, where ids
//! are decimal numbers as texts. What else stands in a file is kept: it is somebody's.

use crate::json::{Error, Raw, Read, Reader, Slot, Write, from_str, needed, object, to_string, words};
use crate::lifecycle::Status;
use crate::model::Metadata;

/// The file that holds the last number that was given, as a decimal number.
pub const HIGH_WATER_MARK: &str = ".highwatermark";

/// The file that a list is locked by. The lock itself is a directory beside it, see [`LOCK_DIRECTORY`].
pub const LOCK_FILE: &str = ".lock";

/// The directory that is the lock of a list: whoever makes it has it (npm's `proper-lockfile`, which appends `.lock`).
pub const LOCK_DIRECTORY: &str = ".lock.lock";

/// A task as it stands in its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaudeTask {
    /// Its number in the list, from 1.
    pub id: u64,
    pub subject: String,
    pub description: String,
    pub active_form: Option<String>,
    /// Whom it is for, or who has it; never an empty text.
    pub owner: Option<String>,
    pub status: FileStatus,
    /// What waits for it.
    pub blocks: Vec<u64>,
    /// What it waits for. Claude Code writes a dependency into both files, and readers believe either.
    pub blocked_by: Vec<u64>,
    pub metadata: Metadata,
    /// Members that are none of these, by their names, in their order and as they were written.
    pub rest: Vec<(String, Raw)>,
}

/// The statuses that such a file knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FileStatus {
    Pending,
    InProgress,
    Completed,
}

words!(FileStatus { "pending" => Pending, "in_progress" => InProgress, "completed" => Completed });

impl From<Status> for FileStatus {
    /// However a task ended, here it is completed.
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Active => Self::InProgress,
            Status::Completed | Status::Rejected | Status::Failed | Status::Killed => Self::Completed,
        }
    }
}

impl From<FileStatus> for Status {
    fn from(status: FileStatus) -> Self {
        match status {
            FileStatus::Pending => Self::Pending,
            FileStatus::InProgress => Self::Active,
            FileStatus::Completed => Self::Completed,
        }
    }
}

impl ClaudeTask {
    /// A pending task that says nothing but what it is called.
    pub fn new(id: u64, subject: impl Into<String>) -> Self {
        Self {
            id,
            subject: subject.into(),
            description: String::new(),
            active_form: None,
            owner: None,
            status: FileStatus::Pending,
            blocks: Vec::new(),
            blocked_by: Vec::new(),
            metadata: Metadata::default(),
            rest: Vec::new(),
        }
    }

    /// Reads the text of a file. What Claude Code writes is taken, and numbers where it writes them as texts.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = from_str::<Raw>(text)?;
        // Without white space values are the same where they say the same, however deep the file had them indented.
        from_str(&compact(text.as_str()))
    }

    /// The text of its file, as Claude Code would write it.
    pub fn to_text(&self) -> String {
        indented(&to_string(self))
    }

    /// The name of its file.
    pub fn file_name(&self) -> String {
        file_name(self.id)
    }
}

/// The name of the file of a task.
pub fn file_name(id: u64) -> String {
    format!("{id}.json")
}

/// Of which task a file of this name is; `None`: of none.
pub fn number_of_file(name: &str) -> Option<u64> {
    number(name.strip_suffix(".json")?)
}

/// The number that a text stands for: decimal, from 1, without zeros before it.
pub fn number(text: &str) -> Option<u64> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

/// A number that travels as a text.
struct Number(u64);

impl Read for Number {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let given = reader.raw()?;
        let wrong = || Error::new(format!("`{}` is no number from 1 on", given.chars().take(40).collect::<String>()));
        number(given.trim_matches('"')).map(Self).ok_or_else(wrong)
    }
}

impl Write for Number {
    fn write(&self, to: &mut String) {
        self.0.to_string().write(to);
    }
}

/// Numbers that travel as texts: none where nothing stands.
#[derive(Default)]
struct Numbers(Vec<u64>);

impl Read for Numbers {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let numbers = Option::<Vec<Number>>::read(reader)?.unwrap_or_default();
        Ok(Self(numbers.into_iter().map(|number| number.0).collect()))
    }
}

/// A text that says nothing where it is empty.
fn text(said: Option<Option<String>>) -> Option<String> {
    said.flatten().filter(|text| !text.is_empty())
}

impl Read for ClaudeTask {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let (mut id, mut subject, mut status) = (None::<Number>, None::<String>, None::<FileStatus>);
        let (mut description, mut active_form, mut owner) = (None::<Option<String>>, None::<Option<String>>, None::<Option<String>>);
        let (mut blocks, mut blocked_by, mut metadata) = (None::<Numbers>, None::<Numbers>, None::<Option<Metadata>>);
        let mut rest = Vec::new();
        reader.members(&mut |reader, name| match name {
            "id" => id.fill(reader),
            "subject" => subject.fill(reader),
            "description" => description.fill(reader),
            "activeForm" => active_form.fill(reader),
            "owner" => owner.fill(reader),
            "status" => status.fill(reader),
            "blocks" => blocks.fill(reader),
            "blockedBy" => blocked_by.fill(reader),
            "metadata" => metadata.fill(reader),
            _ => {
                rest.push((name.to_owned(), Raw::read(reader)?));
                Ok(())
            }
        })?;
        Ok(Self {
            id: needed(id, "id")?.0,
            subject: needed(subject, "subject")?,
            description: description.flatten().unwrap_or_default(),
            active_form: text(active_form),
            owner: text(owner),
            status: needed(status, "status")?,
            blocks: blocks.unwrap_or_default().0,
            blocked_by: blocked_by.unwrap_or_default().0,
            // What is null there says nothing.
            metadata: Metadata::default().merged(metadata.flatten().unwrap_or_default()),
            rest,
        })
    }
}

impl Write for ClaudeTask {
    fn write(&self, to: &mut String) {
        let numbers = |of: &[u64]| of.iter().copied().map(Number).collect::<Vec<_>>();
        let (blocks, blocked_by) = (numbers(&self.blocks), numbers(&self.blocked_by));
        object(
            to,
            &[
                ("id", Some(&Number(self.id))),
                ("subject", Some(&self.subject)),
                ("description", Some(&self.description)),
                ("active_form", self.active_form.as_ref().map(|form| form as &dyn Write)),
                ("owner", self.owner.as_ref().map(|owner| owner as &dyn Write)),
                ("status", Some(&self.status)),
                ("blocks", Some(&blocks)),
                ("blocked_by", Some(&blocked_by)),
                ("metadata", self.metadata.is_any().then_some(&self.metadata as &dyn Write)),
            ],
        );
        to.pop();
        for (name, value) in &self.rest {
            to.push(',');
            name.write(to);
            to.push(':');
            value.write(to);
        }
        to.push('}');
    }
}

/// What stands in a JSON text, in parts: whole texts, and single characters outside of them that are no white space.
fn parts(json: &str) -> impl Iterator<Item = &str> {
    let mut rest = json;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let length = match rest.chars().next()? {
            '"' => {
                let mut escaped = false;
                let end = rest.bytes().skip(1).position(|byte| {
                    let ends = byte == b'"' && !escaped;
                    escaped = byte == b'\\' && !escaped;
                    ends
                });
                end.map_or(rest.len(), |end| end + 2)
            }
            character => character.len_utf8(),
        };
        let (part, behind) = rest.split_at(length);
        rest = behind;
        Some(part)
    })
}

fn compact(json: &str) -> String {
    parts(json).collect()
}

/// The same JSON with two spaces a level, as `JSON.stringify(value, null, 2)` has it.
pub(super) fn indented(json: &str) -> String {
    let mut text = String::with_capacity(json.len() * 2);
    let mut depth = 0;
    let line = |text: &mut String, depth: usize| {
        text.push('\n');
        text.push_str(&"  ".repeat(depth));
    };
    let mut parts = parts(json).peekable();
    while let Some(part) = parts.next() {
        match part {
            "{" | "[" if matches!(parts.peek(), Some(&("}" | "]"))) => {
                text.push_str(part);
                text.extend(parts.next());
            }
            "{" | "[" => {
                depth += 1;
                text.push_str(part);
                line(&mut text, depth);
            }
            "}" | "]" => {
                depth -= 1;
                line(&mut text, depth);
                text.push_str(part);
            }
            "," => {
                text.push(',');
                line(&mut text, depth);
            }
            ":" => text.push_str(": "),
            _ => text.push_str(part),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const FILE: &str = r#"{
  "id": "3",
  "subject": "Fix the login",
  "description": "Sessions end: \"now\" {[,:]}\nOr later.",
  "activeForm": "Fixing the login",
  "owner": "backend",
  "status": "in_progress",
  "blocks": [],
  "blockedBy": [
    "1",
    "2"
  ],
  "metadata": {
    "priority": "P1",
    "deep": {
      "list": [
        1.50,
        null,
        {}
      ],
      "none": []
    }
  },
  "somebodys": {
    "own": [
      true
    ]
  }
}"#;

    #[test]
    fn a_file_is_read_and_written_again_as_it_was_with_what_is_somebody_elses() {
        let task = ClaudeTask::parse(FILE).expect("a task");
        assert_eq!((task.id, task.blocked_by.as_slice(), task.status), (3, &[1, 2][..], FileStatus::InProgress));
        assert_eq!((task.owner.as_deref(), task.metadata.text("priority").as_deref()), (Some("backend"), Some("P1")));
        assert_eq!(task.rest.len(), 1);
        assert_eq!(task.to_text(), FILE);
        assert_eq!(task.file_name(), "3.json");
    }

    #[test]
    fn what_says_nothing_is_not_there() {
        let said = r#"{"id":7,"subject":"x","status":"pending","owner":"","activeForm":null,"metadata":{"gone":null},"blocks":null}"#;
        let task = ClaudeTask::parse(said).expect("a task");
        assert_eq!(task, ClaudeTask::new(7, "x"));
        let written: Value = serde_json::from_str(&task.to_text()).expect("JSON");
        assert_eq!(written, json!({"id": "7", "subject": "x", "description": "", "status": "pending", "blocks": [], "blockedBy": []}));
    }

    #[test]
    fn values_are_the_same_however_they_are_indented() {
        let of = |metadata: &str| {
            ClaudeTask::parse(&format!(r#"{{"id":"1","subject":"x","status":"pending","metadata":{metadata}}}"#)).expect("a task")
        };
        assert_eq!(of("{\"a\" : [ 1 ,\n 2 ] , \"b\":\"x  y\"}"), of("{\"a\":[1,2],\"b\":\"x  y\"}"));
    }

    #[test]
    fn a_file_that_is_wrong_says_what_is() {
        for (text, why) in [
            ("", "expected"),
            (r#"{"id":"1","subject":"x","status":"pending""#, "expected"),
            (r#"{"subject":"x","status":"pending"}"#, "`id` is missing"),
            (r#"{"id":"0","subject":"x","status":"pending"}"#, "id: `\"0\"` is no number from 1 on"),
            (r#"{"id":"1","status":"pending"}"#, "`subject` is missing"),
            (r#"{"id":"1","subject":"x","status":"done"}"#, "`done` is none of `pending`, `in_progress`, `completed`"),
            (r#"{"id":"1","subject":"x","status":"pending","blocks":["one"]}"#, "blocks: `\"one\"` is no number"),
            (r#"{"id":"1","id":"2","subject":"x","status":"pending"}"#, "id: it is there twice"),
            (r#"{"id":"1 2","subject":"x","status":"pending"}"#, "is no number"),
            (r#"{"id":1 2,"subject":"x","status":"pending"}"#, "expected"),
        ] {
            let said = ClaudeTask::parse(text).expect_err(why).to_string();
            assert!(said.contains(why), "{said}");
        }
    }

    #[test]
    fn a_file_names_its_task() {
        assert_eq!(file_name(12), "12.json");
        assert_eq!(number_of_file("12.json"), Some(12));
        for other in ["012.json", "0.json", "12.json.tmp", "x.json", ".json", "+1.json", ".highwatermark", "99999999999999999999.json"] {
            assert_eq!(number_of_file(other), None, "{other}");
        }
    }

    fn raw() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![Just(json!(true)), any::<i64>().prop_map(Value::from), ".*".prop_map(Value::from)];
        leaf.prop_recursive(3, 12, 3, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                proptest::collection::btree_map(".*", inner, 0..3).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_stands_in_a_file_comes_back(subject in ".*", description in ".*", noted in raw(), own in raw(), name in "[a-z_]{10,12}") {
            let mut task = ClaudeTask::new(1, subject);
            task.description = description;
            let noted = serde_json::Map::from_iter([("noted".to_owned(), noted)]);
            task.metadata = Metadata::from(&noted);
            task.rest = vec![(name, Raw::from(&own))];
            prop_assert_eq!(ClaudeTask::parse(&task.to_text()), Ok(task.clone()));
            prop_assert!(serde_json::from_str::<Value>(&task.to_text()).is_ok());
        }
    }
}
