//! The suite that every store is run against: whatever happens, it shows the same as maps in memory do.

use std::fmt::Debug;

use proptest::test_runner::{Config, TestRunner};

use super::deed::Deed;
use super::people::{ada, agent, name, session};
use super::steps::steps;
use super::world::World;
use crate::command::Command;
use crate::decision::{Change, Decision};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::model::{Assignee, Attachment, DeliveryCopy, Entity, ListName, Route};
use crate::rejection::Rejection;
use crate::report::Report;
use crate::view::{Store, UNSEEN_AT_ONCE, Unseen};

/// A store under test. Attachments come to a store by other ways than changes, so a test must be told how.
pub trait TestStore: Store {
    /// Makes the store know an uploaded file.
    fn attach(&mut self, attachment: Attachment);
}

impl TestStore for crate::MemoryStore {
    fn attach(&mut self, attachment: Attachment) {
        Self::attach(self, attachment);
    }
}

/// Runs every test of a store. `make` gives a new and empty one each time.
pub fn store_suite<S: TestStore>(make: impl Fn() -> S)
where
    S::Error: Debug,
{
    an_empty_store_begins_at_the_beginning(&make);
    numbers_are_never_given_twice(&make);
    tasks_are_claimed_in_order(&make);
    a_look_at_the_inbox_is_bounded_and_oldest_first(&make);
    what_is_written_again_is_replaced(&make);
    a_deleted_task_takes_its_thread_and_inbox_with_it(&make);
    after_any_history_a_store_shows_what_memory_shows(&make);
}

/// A store beside the reference; both see the same commands.
struct Pair<S> {
    world: World,
    store: S,
}

impl<S: TestStore> Pair<S>
where
    S::Error: Debug,
{
    fn new(make: &impl Fn() -> S) -> Self {
        let mut store = make();
        store.apply(&[Change::from(Entity::Workspace(World::workspace()))]).expect("the workspace is stored");
        World::files().for_each(|file| store.attach(file));
        Self { world: World::new(), store }
    }

    fn run(&mut self, who: &super::Who, command: Command) -> Result<Decision, Rejection> {
        self.does(&Deed::Asked(who.clone(), command))
    }

    /// Does it on the reference, and what the store itself decides on the store.
    fn does(&mut self, deed: &Deed) -> Result<Decision, Rejection> {
        let expected = self.world.does(deed);
        let decided = deed.decided(&self.store, self.world.now());
        assert_eq!(decided, expected, "both stores decide alike: {deed:?}");
        if let Ok(decision) = &decided
            && !decision.events.is_empty()
        {
            self.store.apply(decision.changes()).expect("applied");
            self.store.advance(self.store.head() + 1).expect("advanced");
        }
        decided
    }

    fn creates(&mut self, who: &super::Who, assignee: Assignee) -> TaskId {
        let id = self.world.id();
        let command = Command::CreateTask {
            id,
            title: "A task".to_owned(),
            body: "Its body".to_owned(),
            assignee,
            attachments: Vec::new(),
            options: None,
        };
        self.run(who, command).expect("created");
        TaskId(id)
    }

    fn report(&mut self, report: Report) {
        self.does(&Deed::Reported(super::system(), report)).expect("reported");
    }

    fn agree(&self) {
        let (memory, store) = (&self.world.store, &self.store);
        assert_eq!(store.head(), crate::View::head(memory), "the head");
        assert_eq!(store.next_number(), crate::View::next_number(memory), "the next number");
        assert_eq!(store.workspace(), crate::View::workspace(memory), "the workspace");
        let nowhere = Id::new(1, 1);
        for list in ["main", "other", "none"].map(|name| ListName::new(name).expect("a name")) {
            assert_eq!(store.next_in_list(&list), crate::View::next_in_list(memory, &list), "the next number of {list}");
            assert_eq!(store.up_for_grabs(&list), crate::View::up_for_grabs(memory, &list), "up for grabs in {list}");
            assert_eq!(store.waiting_for_work(&list), crate::View::waiting_for_work(memory, &list), "waiting for work on {list}");
            for uid in ["a:b", "nowhere"] {
                assert_eq!(store.with_uid(&list, uid), crate::View::with_uid(memory, &list, uid), "{uid} in {list}");
            }
        }
        let tasks: Vec<_> = memory.tasks().map(|task| task.id).collect();
        let ends = (tasks.get(..tasks.len() / 2).unwrap_or_default(), tasks.get(tasks.len() / 2..).unwrap_or_default());
        let around = TaskId(nowhere);
        assert_eq!(store.way(ends.0, ends.1, around), crate::View::way(memory, ends.0, ends.1, around), "a way");
        let listed: Vec<_> = memory.tasks().filter(|task| task.work.is_some()).map(|task| task.id).collect();
        assert_eq!(store.waits(&listed), crate::View::waits(memory, &listed), "what all of them have come to");
        for &id in self.world.seen.iter().chain([&nowhere]) {
            assert_eq!(store.task(TaskId(id)), crate::View::task(memory, TaskId(id)), "task {id}");
            assert_eq!(store.message(MessageId(id)), crate::View::message(memory, MessageId(id)), "message {id}");
            assert_eq!(store.delivery(DeliveryId(id)), crate::View::delivery(memory, DeliveryId(id)), "delivery {id}");
            assert_eq!(store.dependents(TaskId(id)), crate::View::dependents(memory, TaskId(id)), "what waits for {id}");
            let of_task = Unseen::OfTask(TaskId(id));
            assert_eq!(store.unseen(of_task), crate::View::unseen(memory, of_task), "unseen of task {id}");
        }
        for file in World::files().map(|file| file.id).chain([AttachmentId(nowhere)]) {
            assert_eq!(store.attachment(file), crate::View::attachment(memory, file), "attachment {file}");
        }
        for agent in ["claude", "codex", "stranger", "nobody"].map(name) {
            assert_eq!(store.agent(&agent), crate::View::agent(memory, &agent), "agent {agent}");
            assert_eq!(store.claimable(&agent), crate::View::claimable(memory, &agent), "claimable by {agent}");
            assert_eq!(store.held_by(&agent), crate::View::held_by(memory, &agent), "held by {agent}");
            let queued = Unseen::QueuedFor(&agent);
            assert_eq!(store.unseen(queued), crate::View::unseen(memory, queued), "queued for {agent}");
            for number in 1..4 {
                let owed = Unseen::OwedTo { agent: &agent, session: session(number) };
                assert_eq!(store.unseen(owed), crate::View::unseen(memory, owed), "owed to session {number} of {agent}");
            }
        }
    }
}

fn an_empty_store_begins_at_the_beginning<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let pair = Pair::new(make);
    assert_eq!((pair.store.head(), pair.store.next_number()), (0, Some(1)));
    pair.agree();
}

fn numbers_are_never_given_twice<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let mut pair = Pair::new(make);
    let first = pair.creates(&ada(), Assignee::Human);
    let second = pair.creates(&ada(), Assignee::Human);
    for (task, next) in [(second, 3), (first, 3)] {
        let id = pair.world.id();
        pair.run(&ada(), Command::DeleteTask { id, task }).expect("deleted");
        assert_eq!(pair.store.next_number(), Some(next));
        pair.agree();
    }
    pair.creates(&ada(), Assignee::Human);
    assert_eq!(pair.store.next_number(), Some(4));
    pair.agree();
}

fn tasks_are_claimed_in_order<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let mut pair = Pair::new(make);
    let (claude, codex) = (agent("claude"), agent("codex"));
    pair.creates(&codex, Assignee::Agent);
    pair.creates(&ada(), Assignee::Agent);
    pair.creates(&claude, Assignee::Agent);
    pair.creates(&ada(), Assignee::Human);
    for _ in 0..4 {
        pair.agree();
        let id = pair.world.id();
        pair.run(&claude, Command::ClaimNext { id }).expect("claimed");
    }
    pair.agree();
}

fn a_look_at_the_inbox_is_bounded_and_oldest_first<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let mut pair = Pair::new(make);
    let task = pair.creates(&agent("claude"), Assignee::Human);
    for _ in 0..=UNSEEN_AT_ONCE {
        let id = pair.world.id();
        let text = "A reply".to_owned();
        let reply = Command::PostMessage {
            id,
            task,
            text,
            attachments: Vec::new(),
            in_reply_to: None,
            asks: Default::default(),
            choices: Vec::new(),
            digest: None,
        };
        pair.run(&ada(), reply).expect("posted");
    }
    pair.agree();
}

fn what_is_written_again_is_replaced<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let mut pair = Pair::new(make);
    let task = pair.creates(&ada(), Assignee::Agent);
    for (number, route) in [(1, Route::Channel), (2, Route::Wait), (3, Route::Result)] {
        let copies = vec![DeliveryCopy { delivery: DeliveryId(task.0), number }];
        pair.report(Report::Sent { copies: copies.clone(), session: session(number), route });
        pair.agree();
        pair.report(Report::Lost { copies });
        pair.agree();
    }
    let id = pair.world.id();
    let (title, body) = (Some("Another title".to_owned()), Some("Another body \u{0} \u{1f600}".to_owned()));
    pair.run(&ada(), Command::EditTask { id, task, title, body, assignee: Some(Assignee::Human), options: None }).expect("edited");
    let id = pair.world.id();
    pair.run(&ada(), Command::EditWorkspace { id, name: Some("Another".to_owned()), mission: None, enforce_dependencies: None })
        .expect("edited");
    for agent in [name("claude"), name("codex")] {
        pair.report(Report::Connected { agent: agent.clone() });
        pair.report(Report::Disconnected { agent });
    }
    pair.agree();
}

fn a_deleted_task_takes_its_thread_and_inbox_with_it<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let mut pair = Pair::new(make);
    let kept = pair.creates(&ada(), Assignee::Agent);
    let task = pair.creates(&agent("claude"), Assignee::Agent);
    let id = pair.world.id();
    pair.run(&ada(), Command::DeleteTask { id, task }).expect("deleted");
    let found = |id: TaskId| (pair.store.task(id).known(""), pair.store.message(MessageId(id.0)).known(""));
    assert!(matches!(found(task), (Ok(None), Ok(None))));
    assert!(matches!(found(kept), (Ok(Some(_)), Ok(Some(_)))));
    assert_eq!(pair.store.delivery(DeliveryId(task.0)).known(""), Ok(None));
    // That it is gone is news of its own, which outlives it.
    assert!(matches!(pair.store.delivery(DeliveryId(id)).known(""), Ok(Some(_))));
    pair.agree();
}

fn after_any_history_a_store_shows_what_memory_shows<S: TestStore>(make: &impl Fn() -> S)
where
    S::Error: Debug,
{
    let config = Config { cases: 48, failure_persistence: None, ..Config::default() };
    let ran = TestRunner::new(config).run(&steps(40), |steps| {
        let mut pair = Pair::new(make);
        for step in &steps {
            let deed = pair.world.deed(step);
            let _ = pair.does(&deed);
        }
        pair.agree();
        Ok(())
    });
    ran.unwrap_or_else(|error| panic!("{error}"));
}
