//! The answers of this dialect's tools, in words and as structured values.

use serde_json::{Value, json};

use crate::mcp::tool::ToolAnswer;
use crate::model::{Actor, By, Parameter, Task, Workflow};
use crate::time::Timestamp;

/// A workflow as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    pub workflow: Workflow,
    /// How often it was saved.
    pub revision: u64,
    pub saved_at: Timestamp,
    pub saved_by: Actor,
}

impl Kept {
    /// All of it.
    pub fn to_json(&self) -> Value {
        let mut value = self.workflow.to_json();
        value["revision"] = json!(self.revision);
        value["savedAt"] = json!(self.saved_at);
        value["savedBy"] = json!(self.saved_by);
        value
    }

    /// What whoever starts it must know.
    fn summary(&self) -> Value {
        let Workflow { name, title, description, parameters, steps } = &self.workflow;
        let parameters: Vec<_> = parameters.iter().map(Parameter::to_json).collect();
        json!({"name": name, "title": title, "description": description, "parameters": parameters, "steps": steps.len(), "revision": self.revision})
    }

    fn line(&self) -> String {
        let Workflow { name, title, description, parameters, steps } = &self.workflow;
        let takes: Vec<_> = parameters.iter().map(Parameter::told).collect();
        let takes = if takes.is_empty() { String::new() } else { format!("; takes {}", takes.join(", ")) };
        let what =
            [title, description].into_iter().find(|text| !text.is_empty() && *text != name).map(|text| format!(": {}", first_line(text)));
        format!("{name}{} ({} steps{takes})", what.unwrap_or_default(), steps.len())
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// A run that has been started, or was before: its task and those of its steps, in the order of the template.
#[derive(Clone, Debug)]
pub struct Begun<'a> {
    pub run: &'a Task,
    pub steps: &'a [Task],
    pub workflow: &'a Workflow,
    pub revision: u64,
}

/// The answer of `WorkflowStart`.
pub fn started(begun: &Begun<'_>) -> ToolAnswer {
    let Begun { run, steps, workflow, revision } = begun;
    let mut lines = vec![format!("Workflow {} started as task #{}: {}", workflow.name, number(run), run.title)];
    let mut values = Vec::new();
    for (template, task) in workflow.steps.iter().zip(*steps) {
        let on: Vec<_> = template.depends_on.iter().filter_map(|at| steps.get(*at)).map(number).collect();
        let waits = on.iter().map(|number| format!("#{number}")).collect::<Vec<_>>().join(", ");
        let waits = if waits.is_empty() { String::new() } else { format!(" [blocked by {waits}]") };
        let by = match &template.by {
            By::Agent => "agent",
            By::Person => "human",
            By::Runner(new) => crate::json::Word::on_the_wire(new.kind),
        };
        lines.push(format!("#{} [{by}] {}{waits}", number(task), task.title));
        let on: Vec<_> = on.iter().map(u64::to_string).collect();
        values.push(json!({"key": template.key, "id": number(task).to_string(), "taskId": task.id, "subject": task.title, "by": by, "blockedBy": on}));
    }
    let value = json!({
        "workflow": workflow.name,
        "revision": revision,
        "id": number(run).to_string(),
        "taskId": run.id,
        "subject": run.title,
        "steps": values,
    });
    let note = "Steps for agents are taken with TaskNext or TaskUpdate, commands by runners, the others by people. You are told when the run has ended.";
    ToolAnswer::Said { value, text: lines.join("\n"), notes: vec![note.to_owned()] }
}

/// The answer of `WorkflowList`.
pub fn listed(kept: &[Kept]) -> ToolAnswer {
    let lines: Vec<_> = kept.iter().map(Kept::line).collect();
    let text = if lines.is_empty() { "No workflows found. WorkflowSave saves one.".to_owned() } else { lines.join("\n") };
    let summaries: Vec<_> = kept.iter().map(Kept::summary).collect();
    ToolAnswer::Said { value: json!({"workflows": summaries}), text, notes: Vec::new() }
}

/// The answer of `WorkflowSave`.
pub fn saved(kept: &Kept) -> ToolAnswer {
    let (name, revision) = (&kept.workflow.name, kept.revision);
    let text = format!("Workflow {name} saved (revision {revision}). WorkflowStart starts it, and so does the slash command {name}.");
    ToolAnswer::Said { value: kept.summary(), text, notes: Vec::new() }
}

/// The answer of `WorkflowSave` where it deletes.
pub fn deleted(name: &str) -> ToolAnswer {
    let text = format!("Workflow {name} deleted. Runs that are under way go on.");
    ToolAnswer::Said { value: json!({"name": name, "deleted": true}), text, notes: Vec::new() }
}

/// A refusal, with its stable code.
pub fn refused(problem: Value) -> ToolAnswer {
    let text = problem["detail"].as_str().unwrap_or_default().to_owned();
    ToolAnswer::Refused { problem, text }
}

fn number(task: &Task) -> u64 {
    task.work.as_ref().and_then(|work| work.number).unwrap_or(0)
}
