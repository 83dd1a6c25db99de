//! What a template may hold: read from JSON, and refused with the way to what is wrong.

use serde_json::{Map, Value};

use super::Flaw;
use super::fill::{Piece, check_command, is_name, pieces};
use crate::command::NewJob;
use crate::json::Word;
use crate::limits;
use crate::mcp::tool::clipped;
use crate::model::{By, JobKind, MIRRORED_FROM, Metadata, Parameter, Step, Workflow};
use crate::text::hides_in_a_line;

/// Reads a template.
///
/// # Errors
/// What is wrong, and where.
pub fn read(value: &Value) -> Result<Workflow, Flaw> {
    let whole = At { path: String::new(), value };
    let bytes = value.to_string().len();
    if bytes > limits::WORKFLOW_BYTES {
        return Err(whole.flaw(format!("it has {bytes} bytes; {} are allowed", limits::WORKFLOW_BYTES)));
    }
    let fields = whole.fields(&["name", "title", "description", "parameters", "steps"])?;
    let name = fields.line("name", limits::WORKFLOW_NAME_CHARS)?.ok_or_else(|| fields.missing("name"))?;
    check_name(&name)?;
    let parameters = parameters(&fields)?;
    let text = Texts(&parameters);
    let title = text.of(&fields, "title", Kind::Line)?.unwrap_or_else(|| name.clone());
    let description = text.of(&fields, "description", Kind::Words)?.unwrap_or_default();
    let steps = steps(&fields, &text)?;
    Ok(Workflow { name, title, description, parameters, steps })
}

/// Takes a name: lower-case letters, digits, `-` and `_`, as those of slash commands are.
///
/// # Errors
/// What a name is.
pub fn check_name(name: &str) -> Result<(), Flaw> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
    if name.starts_with(|c: char| c.is_ascii_lowercase()) && name.chars().all(plain) && name.len() <= limits::WORKFLOW_NAME_CHARS {
        return Ok(());
    }
    let problem = format!(
        "{:?} is no name; a name is a letter and then letters, digits, - and _, all lower case, {} at most, e.g. \"release\"",
        clipped(name),
        limits::WORKFLOW_NAME_CHARS
    );
    Err(Flaw::new("name", problem))
}

fn parameters(fields: &Fields<'_>) -> Result<Vec<Parameter>, Flaw> {
    let mut found: Vec<Parameter> = Vec::new();
    for at in fields.list("parameters", limits::WORKFLOW_PARAMETERS)? {
        let of = at.fields(&["name", "description", "required", "default", "values"])?;
        let name = of.line("name", limits::WORKFLOW_NAME_CHARS)?.ok_or_else(|| of.missing("name"))?;
        if !is_name(&name) {
            return Err(of.flaw("name", "a letter or _, then letters, digits, _ and -, e.g. \"version\""));
        }
        if found.iter().any(|other| other.name == name) {
            return Err(of.flaw("name", format!("there is another parameter `{name}`")));
        }
        let mut values = Vec::new();
        for at in of.list("values", limits::WORKFLOW_VALUES)? {
            let value = at.text()?;
            if value.is_empty() {
                return Err(at.flaw("it is empty"));
            }
            values.push(check_value(&value).map_err(|problem| at.flaw(problem))?.to_owned());
        }
        let is_required = match of.get("required").map(|at| (at.value, at)) {
            None => false,
            Some((Value::Bool(required), _)) => *required,
            Some((_, at)) => return Err(at.flaw("true or false")),
        };
        // An empty one is none.
        let default = of.get("default").map(|at| at.text().map(|text| (text, at))).transpose()?.filter(|(text, _)| !text.is_empty());
        let default = match default {
            Some((_, at)) if is_required => return Err(at.flaw("a parameter that is required has no default: leave one of the two out")),
            Some((text, at)) if !values.is_empty() && !values.contains(&text) => {
                return Err(at.flaw(format!("{:?} is none of `values`: {}", clipped(&text), values.join(", "))));
            }
            Some((text, at)) => Some(check_value(&text).map_err(|problem| at.flaw(problem))?.to_owned()),
            None => Some(String::new()).filter(|_| !is_required),
        };
        let description = of.line("description", limits::DESCRIPTION_CHARS)?.unwrap_or_default();
        found.push(Parameter { name, description, default, values });
    }
    Ok(found)
}

/// A value that may be put in for a parameter.
pub(super) fn check_value(value: &str) -> Result<&str, String> {
    if value.len() > limits::WORKFLOW_VALUE_BYTES {
        return Err(format!("it has {} bytes; {} are allowed", value.len(), limits::WORKFLOW_VALUE_BYTES));
    }
    // No command line can hold it.
    if value.contains('\0') { Err("it holds U+0000: leave it out".to_owned()) } else { Ok(value) }
}

fn steps(fields: &Fields<'_>, text: &Texts<'_>) -> Result<Vec<Step>, Flaw> {
    let list = fields.list("steps", limits::WORKFLOW_STEPS)?;
    if list.is_empty() {
        return Err(fields.flaw("steps", "a workflow has at least one step, e.g. [{\"key\": \"test\", \"subject\": \"Run the tests\"}]"));
    }
    let mut read = Vec::with_capacity(list.len());
    for at in list {
        let of = at.fields(&[
            "key",
            "subject",
            "description",
            "activeForm",
            "dependsOn",
            "type",
            "command",
            "prompt",
            "timeout",
            "assignee",
            "metadata",
        ])?;
        let key = of.line("key", limits::WORKFLOW_NAME_CHARS)?.ok_or_else(|| of.missing("key"))?;
        if !is_name(&key) {
            return Err(of.flaw("key", "a letter or _, then letters, digits, _ and -, e.g. \"test\""));
        }
        if read.iter().any(|(step, _): &(Step, Fields<'_>)| step.key == key) {
            return Err(of.flaw("key", format!("there is another step `{key}`")));
        }
        let step = Step {
            key,
            subject: text.of(&of, "subject", Kind::Line)?.ok_or_else(|| of.missing("subject"))?,
            description: text.of(&of, "description", Kind::Words)?.unwrap_or_default(),
            active_form: text.of(&of, "activeForm", Kind::Line)?,
            depends_on: Vec::new(),
            by: by(&of, text)?,
            metadata: metadata(&of)?,
        };
        read.push((step, of));
    }
    let mut depends = Vec::with_capacity(read.len());
    for (step, of) in &read {
        let mut on = Vec::new();
        for at in of.list("dependsOn", limits::WORKFLOW_STEPS)? {
            let key = at.text()?;
            let Some(place) = read.iter().position(|(other, _)| other.key == key) else {
                let known: Vec<_> = read.iter().map(|(other, _)| other.key.as_str()).filter(|other| *other != step.key).collect();
                return Err(at.flaw(format!("there is no step `{}`; the others are {}", clipped(&key), known.join(", "))));
            };
            if !on.contains(&place) {
                on.push(place);
            }
        }
        depends.push(on);
    }
    if let Some(circle) = circle(&depends) {
        let at = circle.first().copied().unwrap_or_default();
        let keys: Vec<_> = circle.iter().filter_map(|place| read.get(*place)).map(|(step, _)| step.key.as_str()).collect();
        return Err(Flaw::new(
            format!("steps[{at}].dependsOn"),
            format!("the steps would wait for each other in a circle: {}", keys.join(" → ")),
        ));
    }
    Ok(read.into_iter().zip(depends).map(|((step, _), depends_on)| Step { depends_on, ..step }).collect())
}

/// Steps that wait for each other, each for the one before it, from one back to itself.
fn circle(depends: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut is_left = vec![true; depends.len()];
    loop {
        let free = |step: &usize| is_left[*step] && depends[*step].iter().all(|on| !is_left[*on]);
        let Some(free) = (0..depends.len()).find(free) else { break };
        is_left[free] = false;
    }
    // Whatever is left waits for something that is left: who goes on and on comes back.
    let mut way = vec![is_left.iter().position(|left| *left)?];
    loop {
        let last = *way.last()?;
        let next = *depends[last].iter().find(|on| is_left[**on])?;
        if let Some(from) = way.iter().position(|step| *step == next) {
            let mut circle = way.split_off(from);
            circle.push(next);
            // As time would go: what is waited for comes first.
            circle.reverse();
            return Some(circle);
        }
        way.push(next);
    }
}

/// Who does a step.
fn by(of: &Fields<'_>, text: &Texts<'_>) -> Result<By, Flaw> {
    let command = text.of(of, "command", Kind::Command)?;
    let prompt = text.of(of, "prompt", Kind::Words)?;
    let kind = match of.get("type") {
        None => command.is_some().then_some(JobKind::LocalBash),
        Some(at) => {
            let kinds = || JobKind::WORDS.iter().filter(|(_, kind)| *kind != JobKind::LocalWorkflow);
            let word = at.text()?;
            let found = kinds().find(|(known, _)| *known == word).map(|(_, kind)| *kind);
            let known = || kinds().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            Some(found.ok_or_else(|| at.flaw(format!("{:?} is no type of a step; there are {}", clipped(&word), known())))?)
        }
    };
    let assignee = of.get("assignee").map(|at| at.text().map(|word| (word, at))).transpose()?;
    let timeout_ms = match of.get("timeout") {
        None => None,
        Some(at) => {
            let (least, most) = limits::RUN_MS;
            let given = at.value.as_u64().filter(|ms| (least..=most).contains(ms));
            Some(given.ok_or_else(|| at.flaw(format!("a whole number of milliseconds, {least} to {most}")))?)
        }
    };
    match (assignee, kind) {
        (Some((word, at)), _) if word != "human" && word != "agent" => {
            Err(at.flaw("\"human\", or \"agent\", which it is where nothing is said"))
        }
        (Some((word, at)), Some(_)) if word == "human" => {
            Err(at.flaw("what a person does has no `type`, `command` or `prompt`: leave those out"))
        }
        (Some((word, _)), None) if word == "human" && prompt.is_none() && timeout_ms.is_none() => Ok(By::Person),
        (_, Some(JobKind::LocalBash)) if command.is_none() => Err(of.missing("command")),
        (_, Some(kind)) => Ok(By::Runner(NewJob { kind, command, prompt, timeout_ms })),
        (_, None) => match ["prompt", "timeout"].iter().find(|name| of.get(name).is_some()) {
            Some(name) => Err(of.flaw(name, "it is for what runs in the background: give a `type` or a `command` as well")),
            None => Ok(By::Agent),
        },
    }
}

fn metadata(of: &Fields<'_>) -> Result<Metadata, Flaw> {
    let Some(at) = of.get("metadata") else { return Ok(Metadata::default()) };
    let Value::Object(map) = at.value else { return Err(at.flaw("an object, e.g. {\"priority\": \"P1\"}")) };
    let metadata = Metadata::from(map);
    if metadata.bytes() > limits::METADATA_BYTES {
        return Err(at.flaw(format!("it has {} bytes; {} are allowed", metadata.bytes(), limits::METADATA_BYTES)));
    }
    if metadata.text("task_uid").is_some() {
        return Err(at.flaw("each run has tasks of its own: leave `task_uid` out"));
    }
    if metadata.get(MIRRORED_FROM).is_some() {
        return Err(at.flaw(format!("a step lives in its list: leave `{MIRRORED_FROM}` out")));
    }
    Ok(metadata)
}

/// Texts in which parameters may stand.
struct Texts<'a>(&'a [Parameter]);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Line,
    Words,
    Command,
}

impl Texts<'_> {
    fn of(&self, fields: &Fields<'_>, name: &'static str, kind: Kind) -> Result<Option<String>, Flaw> {
        let text = match kind {
            Kind::Line => fields.line(name, limits::TITLE_CHARS)?,
            Kind::Words | Kind::Command => fields.get(name).map(|at| at.text()).transpose()?.filter(|text| !text.trim().is_empty()),
        };
        let Some(text) = text else { return Ok(None) };
        for piece in pieces(&text) {
            let Piece::Value(placeholder) = piece else { continue };
            if self.0.iter().all(|parameter| parameter.name != placeholder) {
                let known: Vec<_> = self.0.iter().map(|parameter| parameter.name.as_str()).collect();
                let known = if known.is_empty() { "no parameters".to_owned() } else { known.join(", ") };
                return Err(fields.flaw(name, format!("{{{{{placeholder}}}}} is no parameter; there are {known}")));
            }
        }
        if kind == Kind::Command {
            if text.len() > limits::COMMAND_BYTES {
                return Err(fields.flaw(name, format!("it has {} bytes; {} are allowed", text.len(), limits::COMMAND_BYTES)));
            }
            check_command(&text).map_err(|problem| fields.flaw(name, problem))?;
        }
        Ok(Some(text))
    }
}

/// A value, and the way to it.
#[derive(Clone)]
struct At<'a> {
    path: String,
    value: &'a Value,
}

impl<'a> At<'a> {
    fn flaw(&self, problem: impl Into<String>) -> Flaw {
        Flaw::new(if self.path.is_empty() { "workflow" } else { &self.path }, problem)
    }

    fn text(&self) -> Result<String, Flaw> {
        match self.value {
            Value::String(text) => Ok(text.clone()),
            other => Err(self.flaw(format!("it must be a text, not {}", clipped(&other.to_string())))),
        }
    }

    /// The members of an object, which has no others than these.
    fn fields(self, known: &[&'static str]) -> Result<Fields<'a>, Flaw> {
        let Value::Object(map) = self.value else { return Err(self.flaw(format!("it must be an object with {}", known.join(", ")))) };
        let fields = Fields { path: self.path, map };
        match map.keys().find(|name| !known.contains(&name.as_str())) {
            Some(name) => Err(fields.flaw(&clipped(name), format!("there is no such member; there are {}", known.join(", ")))),
            None => Ok(fields),
        }
    }
}

struct Fields<'a> {
    path: String,
    map: &'a Map<String, Value>,
}

impl<'a> Fields<'a> {
    fn path(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn flaw(&self, name: &str, problem: impl Into<String>) -> Flaw {
        Flaw::new(self.path(name), problem)
    }

    fn missing(&self, name: &str) -> Flaw {
        self.flaw(name, "it is missing")
    }

    /// A member that is there; null is as good as none.
    fn get(&self, name: &str) -> Option<At<'a>> {
        self.map.get(name).filter(|value| !value.is_null()).map(|value| At { path: self.path(name), value })
    }

    /// A line of text, if it says anything.
    fn line(&self, name: &str, limit: usize) -> Result<Option<String>, Flaw> {
        let Some(at) = self.get(name) else { return Ok(None) };
        let text = at.text()?.trim().to_owned();
        let given = text.chars().count();
        if given > limit {
            return Err(at.flaw(format!("it has {given} characters; {limit} are allowed")));
        }
        match text.chars().find(|c| c.is_control() || hides_in_a_line(*c)) {
            Some(hidden) => Err(at.flaw(format!("it is one line, and holds U+{:04X}: leave it out", u32::from(hidden)))),
            None => Ok(Some(text).filter(|text| !text.is_empty())),
        }
    }

    fn list(&self, name: &str, limit: usize) -> Result<Vec<At<'a>>, Flaw> {
        let Some(at) = self.get(name) else { return Ok(Vec::new()) };
        let Value::Array(items) = at.value else { return Err(at.flaw("it must be a list")) };
        if items.len() > limit {
            return Err(at.flaw(format!("there are {}; {limit} are allowed", items.len())));
        }
        Ok(items.iter().enumerate().map(|(place, value)| At { path: format!("{}[{place}]", at.path), value }).collect())
    }
}
