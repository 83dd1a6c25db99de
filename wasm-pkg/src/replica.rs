//! The replica of one workspace, as the page holds it.

use agentrq_core::command::{Command, Context};
use agentrq_core::id::TaskId;
use agentrq_core::model::Task;
use agentrq_core::rejection::Problem;
use agentrq_core::sync::delta::{Frame, Snapshot};
use agentrq_core::sync::replica::{Applied, Proposed, Replica as Core};
use agentrq_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use wasm_bindgen::prelude::*;

use crate::wire::{millis, parse, read, write};

/// A page of tasks, as far as the replica wants it.
#[derive(Deserialize)]
struct TaskPage {
    tasks: Vec<Task>,
}

/// What became of a frame.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AppliedView {
    /// It does not follow on what is here: load the snapshot again.
    reset: bool,
    /// A commit is complete: what is shown may have changed.
    committed: bool,
}

/// What became of a proposal.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ProposedView {
    outcome: &'static str,
    rejection: Option<Problem>,
}

#[wasm_bindgen]
pub struct Replica(Core);

#[wasm_bindgen]
impl Replica {
    /// `client_id`: the name under which this page numbers its commands.
    #[wasm_bindgen(constructor)]
    pub fn new(client_id: String) -> Self {
        Self(Core::new(client_id))
    }

    #[wasm_bindgen(js_name = loadSnapshot)]
    pub fn load_snapshot(&mut self, snapshot: JsValue) -> Result<(), JsError> {
        self.0.load_snapshot(read::<Snapshot>(snapshot)?);
        Ok(())
    }

    /// Adds a page of a thread: `{messages, deliveries}`.
    #[wasm_bindgen(js_name = loadThread)]
    pub fn load_thread(&mut self, page: JsValue) -> Result<(), JsError> {
        self.0.load_thread(read(page)?);
        Ok(())
    }

    /// Adds tasks that a later page or a single look-up brought: `{tasks}`.
    #[wasm_bindgen(js_name = loadTasks)]
    pub fn load_tasks(&mut self, page: JsValue) -> Result<(), JsError> {
        self.0.load_tasks(read::<TaskPage>(page)?.tasks);
        Ok(())
    }

    /// Makes an uploaded file known, so that a command may name it.
    pub fn attach(&mut self, attachment: JsValue) -> Result<(), JsError> {
        self.0.attach(read(attachment)?);
        Ok(())
    }

    /// Takes the next frame of the event stream.
    #[wasm_bindgen(js_name = applyFrame)]
    pub fn apply_frame(&mut self, frame: JsValue) -> Result<JsValue, JsError> {
        let applied = self.0.apply(read::<Frame>(frame)?);
        write(&AppliedView { reset: applied == Applied::Diverged, committed: applied == Applied::Committed })
    }

    /// Decides a command on what is shown, as the person of the snapshot, and queues it unless it is refused.
    pub fn propose(&mut self, mutation_id: f64, command: JsValue, now_ms: f64) -> Result<JsValue, JsError> {
        let command: Command = read(command)?;
        let actor = self.0.me().cloned().ok_or_else(|| JsError::new("no snapshot has been loaded"))?;
        let context = Context { now: Timestamp::from_ms(millis(now_ms)), actor, session: None };
        write(&match self.0.propose(mutation_id as u64, command, context) {
            Proposed::Accepted => ProposedView { outcome: "accepted", rejection: None },
            Proposed::Sending => ProposedView { outcome: "sending", rejection: None },
            Proposed::Rejected(rejection) => ProposedView { outcome: "rejected", rejection: Some(rejection.problem()) },
        })
    }

    /// Notes the server's answer: a refusal takes the command back, a cursor says which commit will bring it.
    pub fn settle(&mut self, mutation_id: f64, rejection: JsValue, cursor: Option<String>) -> Result<(), JsError> {
        let rejection: Option<Problem> = if rejection.is_null() { None } else { Some(read(rejection)?) };
        let cursor = cursor.map(|cursor| parse(&cursor)).transpose()?;
        self.0.settle(mutation_id as u64, rejection.as_ref(), cursor);
        Ok(())
    }

    pub fn workspace(&self) -> Result<JsValue, JsError> {
        write(&self.0.workspace())
    }

    /// Every task that is here, newest first.
    pub fn tasks(&self) -> Result<JsValue, JsError> {
        write(&self.0.tasks())
    }

    pub fn task(&self, id: &str) -> Result<JsValue, JsError> {
        // An id that is none names nothing.
        write(&parse(id).ok().and_then(|id| self.0.task(TaskId(id))))
    }

    /// The messages of a task that are here, in order.
    pub fn thread(&self, task: &str) -> Result<JsValue, JsError> {
        write(&self.0.thread(TaskId(parse(task)?)))
    }

    pub fn deliveries(&self, task: &str) -> Result<JsValue, JsError> {
        write(&self.0.deliveries(TaskId(parse(task)?)))
    }

    pub fn agents(&self) -> Result<JsValue, JsError> {
        write(&self.0.agents())
    }

    pub fn me(&self) -> Result<JsValue, JsError> {
        write(&self.0.me())
    }

    pub fn cursor(&self) -> Option<String> {
        self.0.cursor().map(ToString::to_string)
    }
}
