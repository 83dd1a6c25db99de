//! A workspace in memory with a clock and a mint: what a shell brings to core.

use super::deed::Deed;
use super::invariants;
use super::people::{Who, file, system};
use crate::command::{Asks, Command, NewJob, NewWork, Then, WorkChange};
use crate::cursor::Cursor;
use crate::decide::{Arguments, Refused, Start, decide, start_workflow};
use crate::decision::{Change, Decision, Event};
use crate::id::{DeliveryId, Id, MessageId, TaskId};
use crate::lifecycle::Status;
use crate::model::{Assignee, Delivery, Entity, ListName, Message, Task, Verdict, Work, Workflow, Workspace, WorkspaceId};
use crate::rejection::Rejection;
use crate::report::Report;
use crate::store::{Extent, MemoryStore};
use crate::sync::delta::{CommitEnd, Frame, Settled, Snapshot, frames};
use crate::time::Timestamp;
use crate::view::{Look, Store, View};

/// Files known from the start: `file(0)` and on.
const FILES: u32 = 24;
const START_MS: u64 = 1_774_362_821_000;

/// A workspace in memory. Each command takes a millisecond, and [`invariants`] hold after each.
#[derive(Clone, Debug)]
pub struct World {
    pub store: MemoryStore,
    now: Timestamp,
    minted: u32,
    /// Every id that a task, a message or a delivery ever bore.
    pub seen: Vec<Id>,
    /// The frames of each commit.
    pub log: Vec<Vec<Frame>>,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    pub fn new() -> Self {
        let now = Timestamp::from_ms(START_MS);
        let mut store = MemoryStore::new(Extent::Whole);
        store.put(Entity::Workspace(Self::workspace()));
        (0..FILES).for_each(|number| store.attach(file(number)));
        Self { store, now, minted: 0, seen: Vec::new(), log: Vec::new() }
    }

    /// The workspace as it is made.
    pub fn workspace() -> Workspace {
        Workspace {
            id: WorkspaceId("W".repeat(22)),
            name: "my-api".to_owned(),
            mission: String::new(),
            enforce_dependencies: false,
            created_at: Timestamp::from_ms(START_MS),
            revision: 0,
        }
    }

    /// The files known from the start.
    pub fn files() -> impl Iterator<Item = crate::model::Attachment> {
        (0..FILES).map(file)
    }

    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub fn wait(&mut self, ms: u64) {
        self.now = self.now.plus_ms(ms);
    }

    /// A fresh id.
    pub fn id(&mut self) -> Id {
        self.minted += 1;
        Id::new(self.now.ms(), self.minted)
    }

    /// Decides a command and, if it is not refused, commits what was decided.
    pub fn run(&mut self, who: &Who, command: Command) -> Result<Decision, Rejection> {
        self.does(&Deed::Asked(who.clone(), command))
    }

    /// The same for a command of a replica, which is settled by the commit however it ends.
    pub fn run_settling(&mut self, who: &Who, command: Command, client_id: &str, mutation_id: u64) -> Result<Decision, Rejection> {
        let rejection = decide(&self.store, command.clone(), &who.at(self.now)).err().map(|why| why.problem());
        let settled = Settled { client_id: client_id.to_owned(), mutation_id, command: command.id(), rejection };
        self.take(&Deed::Asked(who.clone(), command), vec![settled])
    }

    /// Does what a step came to.
    pub fn does(&mut self, deed: &Deed) -> Result<Decision, Rejection> {
        self.take(deed, Vec::new())
    }

    fn take(&mut self, deed: &Deed, settled: Vec<Settled>) -> Result<Decision, Rejection> {
        self.wait(1);
        let decided = deed.decided(&self.store, self.now);
        assert_eq!(decided, deed.decided(&self.store, self.now), "the same inputs give the same decision");
        let events = decided.as_ref().map(|decision| decision.events.clone()).unwrap_or_default();
        if !events.is_empty() || !settled.is_empty() {
            self.commit(&events, settled);
        }
        decided
    }

    fn commit(&mut self, events: &[Event], mutations: Vec<Settled>) {
        let base = self.cursor();
        for change in events.iter().flat_map(|event| &event.changes) {
            let Ok(()) = self.store.apply([change]);
            self.remember(change);
        }
        let Ok(()) = self.store.advance(base.seq + 1);
        let end = CommitEnd { base, cursor: self.cursor(), mutations };
        self.log.push(frames(events, &end, self.now));
        invariants(&self.store);
    }

    fn remember(&mut self, change: &Change) {
        let Change::Put { entity } = change else { return };
        let id = match &**entity {
            Entity::Task(it) => it.id.0,
            Entity::Message(it) => it.id.0,
            Entity::Delivery(it) => it.id.0,
            Entity::Agent(_) | Entity::Workspace(_) => return,
        };
        if !self.seen.contains(&id) {
            self.seen.push(id);
        }
    }

    pub fn cursor(&self) -> Cursor {
        let seq = self.store.head();
        Cursor { epoch: "e".to_owned(), seq, tag: format!("t{seq}") }
    }

    /// What a replica of `who` begins from.
    pub fn snapshot(&self, who: &Who) -> Snapshot {
        let Look::Known(workspace) = self.store.workspace() else { panic!("every world has a workspace") };
        Snapshot {
            cursor: self.cursor(),
            workspace,
            tasks: self.store.tasks().cloned().collect(),
            next_cursor: None,
            agents: self.store.agents().cloned().collect(),
            deliveries: self.store.deliveries().cloned().collect(),
            me: who.actor.clone(),
        }
    }

    /// An agent asks a person.
    pub fn asks(&mut self, who: &Who, title: &str) -> TaskId {
        self.creates(who, title, Assignee::Human)
    }

    /// Somebody makes a task for an agent.
    pub fn gives(&mut self, who: &Who, title: &str) -> TaskId {
        self.creates(who, title, Assignee::Agent)
    }

    fn creates(&mut self, who: &Who, title: &str, assignee: Assignee) -> TaskId {
        let id = self.id();
        let body = format!("The body of {title}");
        let command = Command::CreateTask { id, title: title.to_owned(), body, assignee, attachments: Vec::new(), options: None };
        self.run(who, command).unwrap_or_else(|why| panic!("{title}: {why}"));
        TaskId(id)
    }

    /// Somebody puts a task on the main list, which waits for these.
    pub fn lists(&mut self, who: &Who, title: &str, blocked_by: &[TaskId]) -> TaskId {
        let id = self.id();
        let work = NewWork { title: title.to_owned(), blocked_by: blocked_by.to_vec(), ..NewWork::default() };
        let command = Command::CreateWork { id, list: ListName::default(), work: Box::new(work) };
        self.run(who, command).unwrap_or_else(|why| panic!("{title}: {why}"));
        TaskId(id)
    }

    /// Somebody puts what is to run in the background on the main list.
    pub fn runs_in_background(&mut self, who: &Who, job: NewJob) -> TaskId {
        let id = self.id();
        let work = NewWork { title: "Run it".to_owned(), job: Some(job), ..NewWork::default() };
        let command = Command::CreateWork { id, list: ListName::default(), work: Box::new(work) };
        self.run(who, command).unwrap_or_else(|why| panic!("run: {why}"));
        TaskId(id)
    }

    /// Starts a workflow on the main list; the task of its run.
    pub fn starts(&mut self, who: &Who, workflow: &Workflow, arguments: Arguments) -> Result<TaskId, Refused> {
        self.wait(1);
        let id = self.id();
        let start = Start { id, list: ListName::default(), workflow, revision: 1, arguments };
        let decision = start_workflow(&self.store, start, &who.at(self.now))?;
        self.commit(&decision.events, Vec::new());
        Ok(TaskId(id))
    }

    /// Changes a task of a list.
    pub fn updates(&mut self, who: &Who, task: TaskId, change: WorkChange) -> Result<Decision, Rejection> {
        let id = self.id();
        self.run(who, Command::UpdateWork { id, task, change: Box::new(change) })
    }

    /// A task's part in its list.
    pub fn work(&self, task: TaskId) -> Work {
        *self.task(task).work.unwrap_or_else(|| panic!("{task} is on no list"))
    }

    pub fn says(&mut self, who: &Who, task: TaskId, text: &str) -> MessageId {
        self.answers(who, task, text, None).unwrap_or_else(|why| panic!("{text}: {why}"))
    }

    /// Writes in a thread, in answer to a message.
    pub fn answers(&mut self, who: &Who, task: TaskId, text: &str, to: Option<Id>) -> Result<MessageId, Rejection> {
        let id = self.id();
        let command = Command::PostMessage {
            id,
            task,
            text: text.to_owned(),
            attachments: Vec::new(),
            in_reply_to: to.map(MessageId),
            asks: Asks::Unsaid,
            choices: Vec::new(),
            digest: None,
        };
        self.run(who, command).map(|_| MessageId(id))
    }

    pub fn sets(&mut self, who: &Who, task: TaskId, to: Status) -> Result<Decision, Rejection> {
        let id = self.id();
        self.run(who, Command::SetStatus { id, task, to, reason: None })
    }

    /// Somebody decides on what the task shows at this moment.
    pub fn rules(&mut self, who: &Who, task: TaskId, verdict: Verdict, then: Then) -> Result<MessageId, Rejection> {
        let digest = self.task(task).digest;
        self.rules_on(who, task, verdict, then, digest)
    }

    /// Somebody decides on what they were shown.
    pub fn rules_on(&mut self, who: &Who, task: TaskId, verdict: Verdict, then: Then, digest: String) -> Result<MessageId, Rejection> {
        let id = self.id();
        let command = Command::GiveVerdict { id, task, verdict, digest, text: String::new(), attachments: Vec::new(), then, edited: None };
        self.run(who, command).map(|_| MessageId(id))
    }

    pub fn reopens(&mut self, who: &Who, task: TaskId) -> Result<Decision, Rejection> {
        let id = self.id();
        self.run(who, Command::Reopen { id, task })
    }

    pub fn deletes(&mut self, who: &Who, task: TaskId) -> Result<Decision, Rejection> {
        let id = self.id();
        self.run(who, Command::DeleteTask { id, task })
    }

    /// An agent takes the next task.
    pub fn claims(&mut self, who: &Who) -> Option<TaskId> {
        let id = self.id();
        let decision = self.run(who, Command::ClaimNext { id }).unwrap_or_else(|why| panic!("{why}"));
        match decision.outcome {
            crate::decision::Outcome::Claimed(task) => task,
            other => panic!("a claim ends with {other:?}"),
        }
    }

    /// The streams report.
    pub fn report(&mut self, report: Report) -> Decision {
        self.report_of(&system(), report)
    }

    /// An agent says this of its own inbox.
    pub fn report_of(&mut self, who: &Who, report: Report) -> Decision {
        self.does(&Deed::Reported(who.clone(), report)).unwrap_or_else(|why| panic!("{why}"))
    }

    pub fn find(&self, id: TaskId) -> Option<Task> {
        self.store.tasks().find(|task| task.id == id).cloned()
    }

    pub fn task(&self, id: TaskId) -> Task {
        self.find(id).unwrap_or_else(|| panic!("no task {id}"))
    }

    pub fn thread(&self, task: TaskId) -> Vec<Message> {
        self.store.thread(task).into_iter().cloned().collect()
    }

    pub fn delivery(&self, id: Id) -> Option<Delivery> {
        match self.store.delivery(DeliveryId(id)) {
            Look::Known(found) => found,
            Look::Unknown => None,
        }
    }

    pub fn deliveries(&self) -> Vec<Delivery> {
        self.store.deliveries().cloned().collect()
    }
}
