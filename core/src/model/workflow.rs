//! A workflow: a template of tasks that wait for each other, with parameters whose values are filled in when it is started.

use serde_json::{Map, Value, json};

use super::Metadata;
use crate::command::NewJob;
use crate::json::Word;

/// A template. It is made by [`crate::decide::read_workflow`] alone, which checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workflow {
    /// What it is started by, also as a slash command.
    pub name: String,
    /// What a run is called; parameters may stand in it.
    pub title: String,
    /// What it is for.
    pub description: String,
    pub parameters: Vec<Parameter>,
    pub steps: Vec<Step>,
}

/// A value that whoever starts it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub name: String,
    pub description: String,
    /// What it is where nothing is given; absent: something must be.
    pub default: Option<String>,
    /// What it may be, where it may not be anything.
    pub values: Vec<String>,
}

/// A task as a run will have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What the other steps call it.
    pub key: String,
    pub subject: String,
    pub description: String,
    pub active_form: Option<String>,
    /// The steps that must be completed before it, by their places among all.
    pub depends_on: Vec<usize>,
    pub by: By,
    pub metadata: Metadata,
}

/// Who does a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// An agent that looks for work.
    Agent,
    /// A person, who is asked once it may begin.
    Person,
    /// Whoever runs such things.
    Runner(NewJob),
}

impl Workflow {
    /// The template as people and agents write it.
    pub fn to_json(&self) -> Value {
        let steps: Vec<_> = self.steps.iter().map(|step| self.step(step)).collect();
        let mut value = object([("name", json!(self.name)), ("title", json!(self.title)), ("description", json!(self.description))]);
        value.insert("parameters".to_owned(), self.parameters.iter().map(Parameter::to_json).collect());
        value.insert("steps".to_owned(), json!(steps));
        Value::Object(value)
    }

    fn step(&self, step: &Step) -> Value {
        let keys: Vec<_> = step.depends_on.iter().filter_map(|at| self.steps.get(*at)).map(|step| &step.key).collect();
        let mut value = object([
            ("key", json!(step.key)),
            ("subject", json!(step.subject)),
            ("description", json!(step.description)),
            ("activeForm", json!(step.active_form)),
            ("dependsOn", json!(keys)),
            ("metadata", json!(step.metadata)),
        ]);
        match &step.by {
            By::Agent => {}
            By::Person => value.extend(object([("assignee", json!("human"))])),
            By::Runner(NewJob { kind, command, prompt, timeout_ms }) => value.extend(object([
                ("type", json!(kind.on_the_wire())),
                ("command", json!(command)),
                ("prompt", json!(prompt)),
                ("timeout", json!(timeout_ms)),
            ])),
        }
        Value::Object(value)
    }
}

impl Parameter {
    /// The parameter as people and agents write it.
    pub fn to_json(&self) -> Value {
        let mut value = object([("name", json!(self.name)), ("description", json!(self.description)), ("values", json!(self.values))]);
        value.extend(match &self.default {
            None => object([("required", json!(true))]),
            Some(default) => object([("default", json!(default))]),
        });
        Value::Object(value)
    }

    /// In words, for whoever gave none or a wrong one.
    pub fn told(&self) -> String {
        let allowed = if self.values.is_empty() { String::new() } else { format!(": one of {}", self.values.join(", ")) };
        let need = if self.default.is_none() { "required" } else { "optional" };
        format!("`{}` ({need}{allowed})", self.name)
    }
}

/// An object of those members that say something.
fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    let says = |value: &Value| match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    };
    members.into_iter().filter(|(_, value)| says(value)).map(|(name, value)| (name.to_owned(), value)).collect()
}
