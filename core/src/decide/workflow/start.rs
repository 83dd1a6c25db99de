//! A workflow is started: in one decision, a task for the run and one for each of its steps, with what waits for what.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fill::{Form, fill};
use super::read::check_value;
use super::{Flaw, Refused};
use crate::command::{Context, NewJob};
use crate::decide::draft::Draft;
use crate::decide::task::{Beginning, begin};
use crate::decide::turn::due_to;
use crate::decide::{check, job, offer};
use crate::decision::{Decision, EventType};
use crate::id::{Id, TaskId};
use crate::json::Raw;
use crate::lifecycle::Status;
use crate::limits;
use crate::mcp::tool::clipped;
use crate::model::{Assignee, By, Entity, Job, JobKind, ListName, Message, Metadata, Run, Step, Task, Work, Workflow};
use crate::rejection::{Problem, Rejection};
use crate::view::{Look, View};

/// The values of a workflow's parameters, all of them, by name.
pub type Arguments = BTreeMap<String, String>;

/// What is started.
#[derive(Clone, Debug)]
pub struct Start<'a> {
    /// Names the task of the run.
    pub id: Id,
    pub list: ListName,
    pub workflow: &'a Workflow,
    pub revision: u64,
    pub arguments: Arguments,
}

/// The values for a workflow's parameters, from what was given; what was not given is its default. Numbers and truths are taken as they are written.
///
/// # Errors
/// Which one is missing, unknown or not allowed, and what is.
pub fn arguments(workflow: &Workflow, given: &Map<String, Value>) -> Result<Arguments, Flaw> {
    let flaw = |name: &str, problem: String| Flaw::new(format!("parameters.{name}"), problem);
    let mut values = Arguments::new();
    for (name, value) in given {
        let Some(parameter) = workflow.parameters.iter().find(|known| known.name == *name) else {
            let known: Vec<_> = workflow.parameters.iter().map(|known| known.told()).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(flaw(&clipped(name), format!("{} has no such parameter; it has {known}", workflow.name)));
        };
        let text = match value {
            Value::Null => continue,
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Array(_) | Value::Object(_) => return Err(flaw(name, "it must be a text".to_owned())),
        };
        // Left empty is as good as left out.
        if text.is_empty() {
            continue;
        }
        check_value(&text).map_err(|problem| flaw(name, problem))?;
        if !parameter.values.is_empty() && !parameter.values.contains(&text) {
            return Err(flaw(name, format!("{:?} is none of {}", clipped(&text), parameter.values.join(", "))));
        }
        values.insert(name.clone(), text);
    }
    for parameter in &workflow.parameters {
        if values.contains_key(&parameter.name) {
            continue;
        }
        let Some(default) = &parameter.default else { return Err(flaw(&parameter.name, format!("it is missing: {}", parameter.told()))) };
        values.insert(parameter.name.clone(), default.clone());
    }
    Ok(values)
}

/// Starts a workflow. The same under the same id is there already.
///
/// # Errors
/// What of the texts does not do with these values in them; or why not at all.
pub fn start(view: &impl View, start: Start<'_>, cx: &Context) -> Result<Decision, Refused> {
    let Start { id, list, workflow, revision, arguments } = start;
    let texts = Texts { values: &arguments, room: limits::WORKFLOW_RUN_BYTES };
    let run = Run { workflow: workflow.name.clone(), revision, parameters: noted(&arguments), steps: Vec::new(), completed: 0 };
    if let Look::Known(Some(there)) = view.task(TaskId(id)) {
        let same = |there: &Run| (&there.workflow, &there.parameters) == (&run.workflow, &run.parameters);
        let is_same = there.created_by == cx.actor && Run::of(&there).as_ref().is_some_and(same);
        return if is_same { Ok(Decision::already()) } else { Err(Rejection::IdTaken { id }.into()) };
    }
    let ids: Vec<Id> = std::iter::successors(Some(id), |id| Some(id.next())).take(workflow.steps.len() + 1).collect();
    ids.iter().try_for_each(|id| check::fresh(view, *id))?;
    let made = Made { view, cx, list: &list, first: (view.next_number(), view.next_in_list(&list)) };
    let (mut texts, steps) = (texts, ids.get(1..).unwrap_or_default());

    let title = texts.line("title", &workflow.title)?;
    let body = texts.words("description", &workflow.description, Form::AsIs)?;
    let (mut of_run, run_body) = made.task(0, id, Words { title, body, assignee: Assignee::Agent }, |work| {
        let new = NewJob { kind: JobKind::LocalWorkflow, command: None, prompt: None, timeout_ms: None };
        let run = Run { steps: steps.iter().copied().map(TaskId).collect(), ..run };
        work.job = Some(job::new(new)?);
        work.job = work.job.take().map(|job| Job { run: Some(Raw::of(&run)), ..job });
        Ok(())
    })?;
    of_run.status = Status::Active;
    job::moves(&mut of_run, Status::Active, cx);

    let mut draft = Draft::new(view, cx);
    draft.event(EventType::TaskCreated, Some(of_run.id)).put(Entity::Message(run_body)).put(Entity::Task(of_run));
    for (place, step) in workflow.steps.iter().enumerate() {
        let blockers = step.depends_on.iter().filter_map(|on| steps.get(*on)).copied().map(TaskId).collect();
        let at = |field: &str| format!("steps[{place}].{field}");
        let words = Words {
            title: texts.line(&at("subject"), &step.subject)?,
            body: texts.words(&at("description"), &step.description, Form::AsIs)?,
            assignee: if step.by == By::Person { Assignee::Human } else { Assignee::Agent },
        };
        let active_form = step.active_form.as_ref().map(|form| texts.line(&at("activeForm"), form)).transpose()?;
        let new = texts.job(&at, step)?;
        let Some(step_id) = steps.get(place) else { continue };
        let (task, body) = made.task(place + 1, *step_id, words, |work| {
            work.step_of = Some(TaskId(id));
            work.active_form = active_form;
            work.metadata = step.metadata.clone();
            work.job = new.map(job::new).transpose()?;
            work.wave = step.depends_on.is_empty().then_some(1);
            work.blocked_by = blockers;
            Ok(())
        })?;
        draft.event(EventType::TaskCreated, Some(task.id)).put(Entity::Message(body)).put(Entity::Task(task.clone()));
        offer::tell(view, &mut draft, id, None, &task);
    }
    Ok(draft.done())
}

/// What was given, as the run keeps it.
fn noted(arguments: &Arguments) -> Metadata {
    let map: Map<String, Value> = arguments.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Metadata::from(&map)
}

/// A workflow of the workspace that is to be started.
pub(in crate::decide) struct Named<'a> {
    pub id: Id,
    pub list: ListName,
    pub name: &'a str,
    pub parameters: &'a Metadata,
}

/// Starts a workflow of the workspace.
pub(in crate::decide) fn start_named(view: &impl View, cx: &Context, named: Named<'_>) -> Result<Decision, Rejection> {
    let Named { id, list, name, parameters } = named;
    let Some((workflow, revision)) = view.workflow(name).known("the workflows")? else {
        let (code, title) = ("workflow_not_found".to_owned(), "Not found".to_owned());
        let detail = format!("there is no workflow {:?} in this workspace", clipped(name));
        return Err(Rejection::Refused(Box::new(Problem { code, title, detail, status: 404, extra: Vec::new() })));
    };
    let given = parameters.iter().map(|(name, value)| (name.to_owned(), serde_json::from_str(value.as_str()).unwrap_or_default()));
    let arguments = arguments(&workflow, &given.collect())?;
    Ok(start(view, Start { id, list, workflow: &workflow, revision, arguments }, cx)?)
}

/// What a task shows.
struct Words {
    title: String,
    body: String,
    assignee: Assignee,
}

/// Where the tasks of a run are made.
struct Made<'a, V> {
    view: &'a V,
    cx: &'a Context,
    list: &'a ListName,
    /// The numbers that the first of them gets, where this view gives numbers.
    first: (Option<u64>, Option<u64>),
}

impl<V: View> Made<'_, V> {
    /// The task at a place among them.
    fn task(
        &self,
        place: usize,
        id: Id,
        words: Words,
        work: impl FnOnce(&mut Work) -> Result<(), Rejection>,
    ) -> Result<(Task, Message), Rejection> {
        let place = place as u64;
        let mut part = Work {
            list: self.list.clone(),
            number: self.first.1.map(|first| first + place),
            active_form: None,
            owner: None,
            holder: None,
            fence: 0,
            wave: Some(1),
            blocked_by: Vec::new(),
            metadata: Metadata::default(),
            job: None,
            step_of: None,
        };
        work(&mut part)?;
        let Words { title, body, assignee } = words;
        let beginning = Beginning { id, title, body, assignee, attachments: Vec::new(), options: None, work: Some(Box::new(part)) };
        let (mut task, body) = begin(self.view, self.cx, beginning);
        task.number = self.first.0.map(|first| first + place);
        task.turn = due_to(&task);
        Ok((task, body))
    }
}

/// Texts with the values in them: no more of all together than fits a run.
struct Texts<'a> {
    values: &'a Arguments,
    room: usize,
}

impl Texts<'_> {
    fn words(&mut self, path: &str, text: &str, form: Form) -> Result<String, Flaw> {
        let text = fill(text, self.values, form);
        let Some(left) = self.room.checked_sub(text.len()) else {
            let problem = format!("with these values its texts have more than {} bytes in all", limits::WORKFLOW_RUN_BYTES);
            return Err(Flaw::new(path, problem));
        };
        self.room = left;
        if text.len() > limits::TEXT_BYTES {
            return Err(Flaw::new(path, format!("with these values it has {} bytes; {} are allowed", text.len(), limits::TEXT_BYTES)));
        }
        Ok(text)
    }

    fn line(&mut self, path: &str, text: &str) -> Result<String, Flaw> {
        let text = self.words(path, text, Form::AsIs)?;
        check::line("text", &text, limits::TITLE_CHARS).map_err(|why| Flaw::new(path, format!("with these values: {why}")))
    }

    fn job(&mut self, at: &impl Fn(&str) -> String, step: &Step) -> Result<Option<NewJob>, Flaw> {
        let By::Runner(new) = &step.by else { return Ok(None) };
        let mut part = |field: &str, text: &Option<String>, form| {
            let text = text.as_ref().map(|text| self.words(&at(field), text, form)).transpose()?;
            match text.as_ref().map(String::len).filter(|bytes| *bytes > limits::COMMAND_BYTES) {
                None => Ok(text),
                Some(bytes) => {
                    let problem = format!("with these values it has {bytes} bytes; {} are allowed", limits::COMMAND_BYTES);
                    Err(Flaw::new(at(field), problem))
                }
            }
        };
        let command = part("command", &new.command, Form::ShellWord)?;
        let prompt = part("prompt", &new.prompt, Form::AsIs)?;
        Ok(Some(NewJob { command, prompt, ..new.clone() }))
    }
}
