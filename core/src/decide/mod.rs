//! The rules. One function decides every command, natively, in the object and in the browser alike:
//! the same view, command and context give the same decision.

mod agent;
mod check;
mod inbox;
mod routing;
mod scope;
mod task;
mod thread;
mod workspace;

pub use check::{check_attachment, check_filename};
pub use routing::{Holder, Push, route};
pub use scope::{check_scope, needed_to_create};
pub use workspace::check_workspace;

use crate::command::{Command, Context};
use crate::decision::{Decision, Effect, Event, EventType, Outcome};
use crate::id::TaskId;
use crate::model::{Entity, Task};
use crate::rejection::Rejection;
use crate::view::View;

/// Decides one command. Nothing changes until a store applies the decision; a refusal changes nothing at all.
///
/// # Errors
/// A [`Rejection`] says what was wrong and what would be right. [`Rejection::NotLoaded`] comes only from views that hold a part.
pub fn decide(view: &impl View, command: Command, cx: &Context) -> Result<Decision, Rejection> {
    match command {
        Command::CreateTask { id, title, body, assignee, attachments } => {
            task::create(view, cx, task::New { id, title, body, assignee, attachments })
        }
        Command::EditTask { id, task, title, body, assignee } => task::edit(view, cx, task::Edit { id, task, title, body, assignee }),
        Command::SetStatus { id, task, to, reason } => task::set_status(view, cx, id, task, to, reason),
        Command::Reopen { id, task } => task::reopen(view, cx, id, task),
        Command::DeleteTask { id, task } => task::delete(view, cx, id, task),
        Command::ClaimNext { id: _ } => task::claim_next(view, cx),
        Command::PostMessage { id, task, text, attachments, in_reply_to, asks } => {
            thread::post(view, cx, thread::New { id, task, text, attachments, in_reply_to, asks })
        }
        Command::GiveVerdict { id, task, verdict, digest, text, attachments, then } => {
            thread::give_verdict(view, cx, thread::Ruling { id, task, verdict, digest, text, attachments, then })
        }
        Command::EditWorkspace { id: _, name, mission } => workspace::edit(view, cx, name, mission),
        Command::NameAgent { id: _, agent, display_name } => agent::name(view, cx, &agent, &display_name),
        Command::Inbox(report) => inbox::report(view, cx, report),
    }
}

/// Collects what a decision writes, and stamps each entity with the revision of the commit under way.
struct Draft<'a> {
    revision: u64,
    cx: &'a Context,
    events: Vec<Event>,
    effects: Vec<Effect>,
}

impl<'a> Draft<'a> {
    fn new(view: &impl View, cx: &'a Context) -> Self {
        Self { revision: view.head() + 1, cx, events: Vec::new(), effects: Vec::new() }
    }

    /// Opens an event; later puts belong to it.
    fn event(&mut self, kind: EventType, task_id: Option<TaskId>) -> &mut Self {
        let event = Event { kind, task_id, actor: self.cx.actor.clone(), at: self.cx.now, changes: Vec::new() };
        self.events.push(event);
        self
    }

    fn put(&mut self, entity: Entity) -> &mut Self {
        let entity = match entity {
            Entity::Workspace(it) => Entity::Workspace(crate::model::Workspace { revision: self.revision, ..it }),
            Entity::Task(it) => Entity::Task(Task { revision: self.revision, ..it }),
            Entity::Message(it) => Entity::Message(crate::model::Message { revision: self.revision, ..it }),
            Entity::Delivery(it) => Entity::Delivery(crate::model::Delivery { revision: self.revision, ..it }),
            Entity::Agent(it) => Entity::Agent(crate::model::Agent { revision: self.revision, ..it }),
        };
        self.change(entity.into())
    }

    fn change(&mut self, change: crate::decision::Change) -> &mut Self {
        if let Some(event) = self.events.last_mut() {
            event.changes.push(change);
        }
        self
    }

    fn effect(&mut self, effect: Effect) -> &mut Self {
        if !self.effects.contains(&effect) {
            self.effects.push(effect);
        }
        self
    }

    fn done(self) -> Decision {
        self.ends(Outcome::Done)
    }

    fn ends(self, outcome: Outcome) -> Decision {
        Decision { outcome, events: self.events, effects: self.effects }
    }
}
