//! The replica of one workspace, as the page holds it.

use std::collections::BTreeSet;

use agentrq_core::command::Command;
use agentrq_core::id::{Id, TaskId};
use agentrq_core::model::Task;
use agentrq_core::rejection::Problem;
use agentrq_core::sync::delta::{Frame, Snapshot};
use agentrq_core::sync::replica::{Applied, Proposed, Replica as Core};
use agentrq_core::time::Timestamp;
use agentrq_core::{reads, writes};
use js_sys::Array;
use wasm_bindgen::prelude::*;

use crate::wire::{millis, parse, read, read_text, write};

/// The wasm's memory only grows: what passes through it passes in pieces.
const TASKS_AT_ONCE: usize = 500;

/// A page of tasks, as far as the replica wants it.
struct TaskPage {
    tasks: Vec<Task>,
}

reads!(TaskPage { tasks });

/// What became of a frame.
struct AppliedView {
    /// It does not follow on what is here: load the snapshot again.
    reset: bool,
    /// A commit is complete: what is shown may have changed.
    committed: bool,
    /// It is of another version of the sync than this one.
    unreadable: bool,
}

writes!(AppliedView { reset, committed, unreadable });

/// What became of a proposal.
struct ProposedView {
    outcome: &'static str,
    rejection: Option<Problem>,
}

writes!(ProposedView { outcome, rejection });

/// A command that is not confirmed.
struct PendingView {
    id: Id,
}

writes!(PendingView { id });

/// How much of a thread is here.
struct ThreadView<'a> {
    next_cursor: Option<&'a str>,
}

writes!(ThreadView<'_> { next_cursor });

#[wasm_bindgen]
#[derive(Default)]
pub struct Replica(Core);

#[wasm_bindgen]
impl Replica {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Begins anew from the text of a snapshot.
    #[wasm_bindgen(js_name = loadSnapshot)]
    pub fn load_snapshot(&mut self, text: &str) -> Result<(), JsError> {
        self.0.load_snapshot(read_text::<Snapshot>(text)?);
        Ok(())
    }

    /// Adds a page of a task's thread: the text of `{messages, deliveries, nextCursor}`.
    #[wasm_bindgen(js_name = loadThread)]
    pub fn load_thread(&mut self, task: &str, text: &str) -> Result<(), JsError> {
        self.0.load_thread(parse(task)?, read_text(text)?);
        Ok(())
    }

    /// Adds tasks that a later page or a single look-up brought: the text of `{tasks}`.
    #[wasm_bindgen(js_name = loadTasks)]
    pub fn load_tasks(&mut self, text: &str) -> Result<(), JsError> {
        self.0.load_tasks(read_text::<TaskPage>(text)?.tasks);
        Ok(())
    }

    /// Makes an uploaded file known, so that a command may name it.
    pub fn attach(&mut self, attachment: &JsValue) -> Result<(), JsError> {
        self.0.attach(read(attachment)?);
        Ok(())
    }

    /// Takes the text of the next frame of the event stream. One that cannot be read changes nothing.
    #[wasm_bindgen(js_name = applyFrame)]
    pub fn apply_frame(&mut self, text: &str) -> Result<JsValue, JsError> {
        let applied = read_text::<Frame>(text).ok().map(|frame| self.0.apply(frame));
        write(&AppliedView {
            reset: applied == Some(Applied::Diverged),
            committed: applied == Some(Applied::Committed),
            unreadable: applied.is_none(),
        })
    }

    /// Decides a command on what is shown, as the person of the snapshot, and queues it unless it is refused.
    pub fn propose(&mut self, command: &JsValue, now_ms: f64) -> Result<JsValue, JsError> {
        write(&match self.0.propose(read::<Command>(command)?, at(now_ms)) {
            Proposed::Accepted => ProposedView { outcome: "accepted", rejection: None },
            Proposed::Sending => ProposedView { outcome: "sending", rejection: None },
            Proposed::Rejected(rejection) => ProposedView { outcome: "rejected", rejection: Some(rejection.problem()) },
        })
    }

    /// Why a command would be refused as things are shown here, or null; nothing is queued.
    pub fn refusal(&self, command: &JsValue, now_ms: f64) -> Result<JsValue, JsError> {
        write(&self.0.refusal(read::<Command>(command)?, at(now_ms)).map(|rejection| rejection.problem()))
    }

    /// Takes over a command that was queued before, on an earlier visit or in another tab. One that is here already stays as it is.
    pub fn adopt(&mut self, command: &JsValue, at_ms: f64) -> Result<(), JsError> {
        self.0.adopt(read::<Command>(command)?, at(at_ms));
        Ok(())
    }

    /// Notes the server's answer: a refusal takes the command back, a cursor says which commit will bring it.
    pub fn settle(&mut self, command: &str, rejection: &JsValue, cursor: Option<String>) -> Result<(), JsError> {
        let rejection: Option<Problem> = if rejection.is_null() || rejection.is_undefined() { None } else { Some(read(rejection)?) };
        let cursor = cursor.map(|cursor| parse(&cursor)).transpose()?;
        self.0.settle(parse(command)?, rejection.as_ref(), cursor);
        Ok(())
    }

    /// The commands that are not confirmed, in order: `{id}`.
    pub fn pending(&self) -> Result<JsValue, JsError> {
        let pending = self.0.pending().iter().map(|it| PendingView { id: it.command.id() });
        write(&pending.collect::<Vec<_>>())
    }

    /// Everything that is confirmed as a few texts, with the threads of these tasks only. None: nothing has been loaded.
    #[wasm_bindgen(js_name = checkpoint)]
    pub fn checkpoint(&self, keep_threads: Vec<String>) -> Array {
        // An id that is none names nothing.
        let keep: BTreeSet<TaskId> = keep_threads.iter().filter_map(|id| id.parse().ok()).collect();
        (0..).map_while(|at| self.0.checkpoint_piece(at, &keep)).map(JsValue::from).collect()
    }

    /// Begins where a checkpoint was made. Throws if another build wrote it: begin from a snapshot then.
    pub fn restore(&mut self, texts: &Array) -> Result<(), JsError> {
        let mut texts = texts.iter().filter_map(|text| text.as_string());
        self.0.restore(&texts.next().unwrap_or_default()).map_err(|why| JsError::new(&why.to_string()))?;
        texts.try_for_each(|text| self.load_tasks(&text))
    }

    pub fn workspace(&self) -> Result<JsValue, JsError> {
        write(&self.0.workspace())
    }

    /// Every task that is here, in no order, some hundreds in a list: no text is as long as all of them.
    pub fn tasks(&self) -> Result<Array, JsError> {
        self.0.tasks().chunks(TASKS_AT_ONCE).map(write).collect()
    }

    pub fn task(&self, id: &str) -> Result<JsValue, JsError> {
        // An id that is none names nothing.
        write(&id.parse().ok().and_then(|id| self.0.task(id)))
    }

    /// The messages of a task that are here; what is pending comes last.
    pub fn thread(&self, task: &str) -> Result<JsValue, JsError> {
        write(&self.0.thread(parse(task)?))
    }

    /// How much of a thread is here: `{nextCursor}`, or null if none of it was loaded.
    #[wasm_bindgen(js_name = threadState)]
    pub fn thread_state(&self, task: &str) -> Result<JsValue, JsError> {
        write(&self.0.thread_state(parse(task)?).map(|next_cursor| ThreadView { next_cursor }))
    }

    pub fn deliveries(&self, task: &str) -> Result<JsValue, JsError> {
        write(&self.0.deliveries(parse(task)?))
    }

    pub fn agents(&self) -> Result<JsValue, JsError> {
        write(&self.0.agents())
    }

    /// The ids of the tasks that these words are about, best first.
    pub fn search(&mut self, words: &str) -> Result<JsValue, JsError> {
        write(&self.0.search(words))
    }

    /// Makes so many more tasks ready for the search. Whether there are more.
    #[wasm_bindgen(js_name = prepareSearch)]
    pub fn prepare_search(&mut self, tasks: usize) -> bool {
        self.0.prepare_search(tasks)
    }

    /// What may look different since this was asked for last: `{everything, around, touched, tasks, parts, messages, deliveries}`.
    pub fn changes(&mut self) -> Result<JsValue, JsError> {
        write(&self.0.changes())
    }

    pub fn me(&self) -> Result<JsValue, JsError> {
        write(&self.0.me())
    }

    pub fn cursor(&self) -> Option<String> {
        self.0.cursor().map(ToString::to_string)
    }
}

fn at(ms: f64) -> Timestamp {
    Timestamp::from_ms(millis(ms))
}
