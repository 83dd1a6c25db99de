//! A task that is brought in is looked at by itself: it must hold what one here may hold, and what can be told from the rest is told anew.

use super::brought::{Whole, check_number, conflict};
use crate::command::{Context, NewJob};
use crate::decide::{check, job, options, task, turn, work};
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{Actor, MIRRORED_FROM, Message, Noted, Person, Run, Task, Turn, Verdict, Work};
use crate::rejection::Rejection;
use crate::table::Table;
use crate::time::Timestamp;
use crate::view::View;

/// What a task is looked at with.
pub(super) struct Settling<'a, V> {
    pub view: &'a V,
    pub cx: &'a Context,
}

impl<V: View> Settling<'_, V> {
    /// Checks a task by itself, and says anew what can be told from it.
    pub(super) fn settle(&self, whole: &mut Whole) -> Result<(), Rejection> {
        let Whole { task, thread, .. } = whole;
        task.title = check::line("title", &task.title, limits::TITLE_CHARS)?;
        task.options = task.options.take().map(options::check).transpose()?;
        task.reason = task.reason.take().map(|reason| check::words("reason", &reason, limits::REASON_CHARS)).transpose()?;
        (task.session, task.revision) = (None, 0);
        check_number(task.number)?;
        self.check_time("id", task.id.0.made_at_ms())?;
        check_actor(&task.created_by)?;
        if let Some(work) = &mut task.work {
            self.settle_work(work)?;
        }
        self.settle_job(task)?;
        let now = self.cx.now;
        task.created_at = task.created_at.min(now);
        task.updated_at = task.updated_at.clamp(task.created_at, now);
        task.waiting_since = task.waiting_since.clamp(task.created_at, task.updated_at);
        if task.status.is_open() == (task.turn == Turn::Nobody) {
            task.turn = if task.status.is_open() { turn::side(task.assignee) } else { Turn::Nobody };
        }
        self.settle_thread(task, thread)?;
        if !self.cx.actor.is_person() {
            self.of_agent(task, thread)?;
        }
        task::shows(task, &thread[0]);
        check_verdict(task, thread)
    }

    fn settle_work(&self, work: &mut Work) -> Result<(), Rejection> {
        (work.holder, work.fence) = (None, 0);
        check_number(work.number)?;
        work.active_form = work::active_form(work.active_form.take())?;
        work.metadata = work::noted(&Default::default(), Noted::Replaced(std::mem::take(&mut work.metadata)))?;
        let mut seen = Table::default();
        work.blocked_by.retain(|id| seen.insert(id.0, ()).is_none());
        let given = work.blocked_by.len();
        if given > limits::EDGES {
            return Err(Rejection::TooMany { what: "tasks that it waits for", limit: limits::EDGES, given });
        }
        Ok(())
    }

    /// What was running runs no more: who ran it does not know of this. It must not begin by itself once more, since half of it may be done.
    fn settle_job(&self, task: &mut Task) -> Result<(), Rejection> {
        let (status, updated_at) = (task.status, task.updated_at.min(self.cx.now));
        let run = Run::of(task);
        let Some(it) = task.work.as_mut().and_then(|work| work.job.as_mut()) else { return Ok(()) };
        let asked = NewJob { kind: it.kind, command: it.command.clone(), prompt: it.prompt.clone(), timeout_ms: it.timeout_ms };
        let bare = job::new(asked)?;
        let is_run = |run: &Run| run.workflow.len() <= limits::WORKFLOW_NAME_CHARS && run.parameters.bytes() <= limits::WORKFLOW_RUN_BYTES;
        if it.run.is_some() && !run.as_ref().is_some_and(is_run) {
            return Err(Rejection::Invalid { field: "run", problem: "not the run of a workflow".to_owned() });
        }
        it.lost_at = None;
        if let Some(by) = it.stop.as_ref().and_then(|stop| stop.by.as_ref()) {
            check_actor(by)?;
        }
        match status {
            Status::Pending => *it = bare,
            Status::Active => {
                (it.stop, it.exit_code, it.ended_at) = (None, None, Some(updated_at));
                task.status = Status::Failed;
                task.reason = Some("it was running when it was exported, and nobody runs it here".to_owned());
            }
            _ => it.ended_at = Some(it.ended_at.unwrap_or(updated_at)),
        }
        if it.exit_code.is_some_and(|code| code > limits::EXIT_CODE) {
            return Err(Rejection::Invalid { field: "exitCode", problem: format!("0 to {} are allowed", limits::EXIT_CODE) });
        }
        Ok(())
    }

    fn settle_thread(&self, task: &mut Task, thread: &mut [Message]) -> Result<(), Rejection> {
        let invalid = |problem: String| Rejection::Invalid { field: "thread", problem };
        if thread.first().is_none_or(|body| body.id.0 != task.id.0) {
            return Err(invalid(format!("its body is missing: the message of index 0, which has the id {}", task.id)));
        }
        for (index, message) in thread.iter_mut().enumerate() {
            if message.task != task.id || message.index as usize != index {
                return Err(invalid(format!("message {} is not number {index} of task {}: a thread has no gap", message.id, task.id)));
            }
            self.settle_message(message)?;
        }
        let files = thread.iter().map(|message| check::count(&message.attachments)).sum();
        (task.messages, task.attachments) = (u32::try_from(thread.len()).unwrap_or(u32::MAX), files);
        Ok(())
    }

    fn settle_message(&self, message: &mut Message) -> Result<(), Rejection> {
        message.revision = 0;
        message.choices = message.choices.take().filter(|chosen| !chosen.is_empty());
        check::text(if message.index == 0 { "body" } else { "text" }, &message.text, limits::TEXT_BYTES)?;
        self.check_time("id", message.id.0.made_at_ms())?;
        self.check_time("at", message.at.ms())?;
        check_actor(&message.author)?;
        let invalid = |problem: &str| Err(Rejection::Invalid { field: "message", problem: format!("{}: {problem}", message.id) });
        let decides = message.verdict.is_some() || message.choices.is_some() || message.edited.is_some();
        if decides && !message.author.is_person() {
            return invalid("only people decide, choose and change what they approve");
        }
        if message.edited.is_some() && message.verdict != Some(Verdict::Approved) {
            return invalid("only what is approved is changed");
        }
        if let Some(edited) = &message.edited {
            check::text("edited", &edited.text, limits::EDITED_BYTES)?;
            check::text("diff", edited.diff.as_deref().unwrap_or_default(), limits::DIFF_BYTES)?;
        }
        if message.choices.as_ref().is_some_and(|chosen| chosen.len() > limits::CHOICES) {
            return invalid("it chooses more than can be offered");
        }
        if message.index > 0 && message.text.trim().is_empty() && message.attachments.is_empty() && !decides {
            return invalid("it says nothing");
        }
        let ids: Vec<_> = message.attachments.iter().map(|file| file.id).collect();
        let here = check::attachments(self.view, &ids)?;
        for (file, here) in message.attachments.iter().zip(&here) {
            if file.sha256 != here.sha256 {
                let detail = format!("the attachment {} is another file here: its digest is {}, not {}", file.id, here.sha256, file.sha256);
                return Err(conflict("attachment_differs", detail));
            }
        }
        message.attachments = here;
        Ok(())
    }

    /// An agent brings what it says itself, and says it now: a yes is a person's, and nobody speaks for others.
    fn of_agent(&self, task: &mut Task, thread: &mut [Message]) -> Result<(), Rejection> {
        let others = thread.iter().skip(1).any(|message| message.author != self.cx.actor);
        let decides = |message: &Message| message.verdict.is_some() || message.choices.is_some() || message.edited.is_some();
        if others || task.verdict.is_some() || thread.iter().any(decides) {
            return Err(Rejection::Forbidden { what: "bring in what others have said or decided", who: "a person" });
        }
        if let Some(work) = &mut task.work {
            if work.step_of.is_some() || work.job.as_ref().is_some_and(|job| job.run.is_some()) {
                return Err(Rejection::Forbidden { what: "bring in runs of workflows and their steps", who: "a person" });
            }
            // Nor who stopped what, or that it lives elsewhere; and the workspace's own numbers are given here.
            if let Some(job) = &mut work.job {
                job.stop = None;
            }
            work.metadata = std::mem::take(&mut work.metadata).without(MIRRORED_FROM);
        }
        task.number = None;
        task.created_by = self.cx.actor.clone();
        task.agent = self.cx.actor.agent().cloned();
        thread[0].author = self.cx.actor.clone();
        thread.iter_mut().for_each(|message| message.at = self.cx.now);
        Ok(())
    }

    /// Refuses what is said to be of a time that has not come; clocks differ by less than a day.
    fn check_time(&self, field: &'static str, ms: u64) -> Result<(), Rejection> {
        const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
        if ms <= self.cx.now.ms() + DAY_MS {
            return Ok(());
        }
        Err(Rejection::Invalid { field, problem: format!("it is of {}, which has not come yet", Timestamp::from_ms(ms)) })
    }
}

/// Refuses people whose names are none.
fn check_actor(actor: &Actor) -> Result<(), Rejection> {
    let Actor::Person(Person { id, name }) = actor else { return Ok(()) };
    check::words("name", name, limits::NAME_CHARS).and_then(|_| check::words("id", id, limits::NAME_CHARS)).map(drop)
}

/// A verdict is a person's, stands in the thread, and on what is shown.
fn check_verdict(task: &Task, thread: &[Message]) -> Result<(), Rejection> {
    let Some(verdict) = &task.verdict else { return Ok(()) };
    let invalid = |problem: &str| Err(Rejection::Invalid { field: "verdict", problem: problem.to_owned() });
    if !matches!(verdict.by, Actor::Person(_)) {
        return invalid("only people decide");
    }
    let message = thread.iter().find(|message| message.id == verdict.message);
    let Some(message) = message.filter(|it| it.verdict == Some(verdict.kind) && it.author == verdict.by && it.at == verdict.at) else {
        return invalid("the message that gave it is not in the thread");
    };
    let stands = match &message.edited {
        None => verdict.digest == task.digest,
        Some(edited) => verdict.digest == edited.before && task.digest == edited.after && thread[0].text == edited.text,
    };
    if stands { Ok(()) } else { invalid("it stands on another text than this: what was shown has been changed since") }
}
