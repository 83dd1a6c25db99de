//! Arbitrary histories: several people and agents, who also do what is wrong.

use proptest::option::of;
use proptest::prelude::*;

use super::deed::Deed;
use super::people::{Who, ada, agent_in, bob, file, name, session, system};
use super::world::World;
use crate::command::{Arrows, Asks, Command, FirstStatus, NewJob, NewWork, Then, WorkChange};
use crate::decide::{LEASE_MS, due_at};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::json::{Word, from_str};
use crate::lifecycle::{STATUSES, Status};
use crate::model::{Assignee, Choice, Client, DeliveryCopy, JobKind, ListName, Metadata, Noted, Options, Route, Todo, TodoStatus, Verdict};
use crate::report::Report;

/// A choice among what there is when the step is taken; now and then what there is not.
#[derive(Clone, Copy, Debug)]
pub struct Pick(u16);

impl Pick {
    fn of<T: Copy>(self, known: &[T]) -> Option<T> {
        (!known.is_empty() && self.0 % 16 != 15).then(|| known[usize::from(self.0 / 16) % known.len()])
    }
}

/// One step of a history, before it is known what there will be to act on.
#[derive(Clone, Debug)]
pub struct Step {
    pub who: Who,
    pub wait_ms: u16,
    /// Takes an id that is in use instead of a fresh one.
    pub taken: Option<Pick>,
    pub act: Act,
}

#[derive(Clone, Debug)]
pub enum Act {
    Create {
        title: String,
        body: String,
        assignee: Assignee,
        files: Vec<u32>,
        options: Option<Options>,
    },
    Edit {
        task: Pick,
        title: Option<String>,
        body: Option<String>,
        assignee: Option<Assignee>,
        options: Option<Option<Options>>,
    },
    Set {
        task: Pick,
        to: Status,
        reason: Option<String>,
    },
    Reopen {
        task: Pick,
    },
    Post {
        task: Pick,
        text: String,
        files: Vec<u32>,
        answers: Option<Pick>,
        asks: Asks,
        choices: Vec<String>,
        sees_the_past: bool,
    },
    Rule {
        task: Pick,
        verdict: Verdict,
        sees_the_present: bool,
        text: String,
        then: Then,
        edited: Option<String>,
    },
    Delete {
        task: Pick,
    },
    Claim,
    CreateWork {
        list: &'static str,
        title: String,
        owner: Option<&'static str>,
        metadata: Metadata,
        blocks: Vec<Pick>,
        blocked_by: Vec<Pick>,
        job: Option<NewJob>,
        status: FirstStatus,
    },
    UpdateWork {
        task: Pick,
        change: Box<WorkChange>,
        arrows: [Vec<Pick>; 4],
        fence: Option<Nth>,
    },
    ClaimWork {
        list: &'static str,
    },
    StopWork {
        task: Pick,
    },
    WriteTodos {
        todos: Vec<Todo>,
    },
    Gone {
        agent: &'static str,
    },
    Due {
        task: Pick,
    },
    Silent {
        task: Pick,
    },
    Resumed {
        task: Pick,
    },
    EditWorkspace {
        name: Option<String>,
        mission: Option<String>,
        enforce_dependencies: Option<bool>,
    },
    NameAgent {
        agent: &'static str,
        display_name: String,
    },
    Connected {
        agent: &'static str,
    },
    Disconnected {
        agent: &'static str,
    },
    Heard {
        agent: &'static str,
        client: Option<String>,
    },
    SessionStarted {
        agent: &'static str,
        session: u32,
    },
    Sent {
        which: Vec<Pick>,
        copy: Nth,
        session: u32,
        route: Route,
    },
    Received {
        which: Vec<Pick>,
        copy: Nth,
    },
    Lost {
        which: Vec<Pick>,
        copy: Nth,
    },
    Seen {
        which: Vec<Pick>,
        route: Option<Route>,
    },
}

/// Histories that begin with a few tasks and go on for up to `length` steps.
pub fn steps(length: usize) -> impl Strategy<Value = Vec<Step>> {
    let create = (text(), assignee(), options()).prop_map(|(body, assignee, options)| Act::Create {
        title: "Approve: a thing".to_owned(),
        body,
        assignee,
        files: Vec::new(),
        options,
    });
    let first = (who(), create).prop_map(|(who, act)| Step { who, wait_ms: 0, taken: None, act });
    let begin = proptest::collection::vec(first, 1..4);
    (begin, proptest::collection::vec(step(), 1..=length)).prop_map(|(begin, steps)| begin.into_iter().chain(steps).collect())
}

fn step() -> impl Strategy<Value = Step> {
    let taken = prop_oneof![19 => Just(None), 1 => pick().prop_map(Some)];
    (who(), 0..2_000u16, taken, act()).prop_map(|(who, wait_ms, taken, act)| Step { who, wait_ms, taken, act })
}

fn who() -> impl Strategy<Value = Who> {
    prop_oneof![
        3 => Just(ada()),
        2 => Just(bob()),
        3 => Just(agent_in("claude", 1)),
        2 => Just(agent_in("claude", 2)),
        2 => Just(agent_in("codex", 1)),
        1 => Just(system()),
    ]
}

fn pick() -> impl Strategy<Value = Pick> {
    any::<u16>().prop_map(Pick)
}

fn agent_name() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("claude"), Just("codex"), Just("stranger")]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("  ".to_owned()),
        Just("Yes.".to_owned()),
        Just("Shall I?".to_owned()),
        Just("a\n\nb\r\n</channel>\u{0}\u{1f600}".to_owned()),
        Just("word ".repeat(60)),
        "\\PC{0,12}",
    ]
}

fn files() -> impl Strategy<Value = Vec<u32>> {
    prop_oneof![3 => Just(Vec::new()), 2 => proptest::collection::vec(0..5u32, 1..4), 1 => Just(vec![9_999])]
}

/// What a question may offer; now and then what it may not.
fn options() -> impl Strategy<Value = Option<Options>> {
    let choice = |id: &str| Choice { id: id.to_owned(), label: format!("The label of {id}"), description: None, recommended: id == "a" };
    let all = ["a", "b", "c", "a"].map(choice).to_vec();
    let offered = (prop_oneof![Just(2..4), Just(0..3), Just(0..1), Just(0..4), Just(0..0)], any::<bool>(), any::<bool>());
    let offered = offered.prop_map(move |(which, multiple, free_text)| Options { choices: all[which].to_vec(), multiple, free_text });
    prop_oneof![2 => Just(None), 1 => offered.prop_map(Some)]
}

fn choices() -> impl Strategy<Value = Vec<String>> {
    let ids = |ids: &[&str]| ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>();
    prop_oneof![
        4 => Just(Vec::new()),
        3 => Just(ids(&["b"])),
        2 => Just(ids(&["c", "a"])),
        1 => Just(ids(&["b", "b", "nowhere"])),
    ]
}

fn assignee() -> impl Strategy<Value = Assignee> {
    prop_oneof![Just(Assignee::Human), Just(Assignee::Agent)]
}

fn route() -> impl Strategy<Value = Route> {
    prop_oneof![Just(Route::Channel), Just(Route::Hook), Just(Route::Wait), Just(Route::Result)]
}

fn list() -> impl Strategy<Value = &'static str> {
    prop_oneof![4 => Just("main"), 1 => Just("other")]
}

/// What is noted of a task: two that mean the same task, and whatever else.
fn metadata() -> impl Strategy<Value = Metadata> {
    let noted = |json: &str| from_str(json).unwrap_or_else(|why| panic!("{json}: {why}"));
    prop_oneof![
        4 => Just(Metadata::default()),
        2 => Just(noted(r#"{"priority": "P0", "task_group": "a"}"#)),
        1 => Just(noted(r#"{"task_uid": "a:b", "tags": ["x"]}"#)),
        1 => Just(noted(r#"{"priority": null, "deep": {"a": [1, null]}}"#)),
        1 => Just(noted(r#"{"blocked_reason": "the key is missing"}"#)),
    ]
}

/// What is to run in the background; now and then nothing that can.
fn job() -> impl Strategy<Value = Option<NewJob>> {
    let kinds = proptest::sample::select(JobKind::WORDS.iter().map(|(_, kind)| *kind).collect::<Vec<_>>());
    let job = (kinds, prop::option::weighted(0.8, text()), of(500..9_000u64));
    prop_oneof![3 => Just(None), 2 => job.prop_map(|(kind, command, timeout_ms)| Some(NewJob { kind, command, prompt: None, timeout_ms }))]
}

fn first_status() -> impl Strategy<Value = FirstStatus> {
    prop_oneof![4 => Just(FirstStatus::Pending), 1 => Just(FirstStatus::Active)]
}

fn change() -> impl Strategy<Value = WorkChange> {
    let noted = (metadata(), any::<bool>()).prop_map(|(said, merged)| if merged { Noted::Merged(said) } else { Noted::Replaced(said) });
    let seldom = |value| prop::option::weighted(0.2, value);
    (
        seldom(text().boxed()),
        seldom(text().boxed()),
        prop::option::weighted(0.2, of(text())),
        prop::option::weighted(0.6, proptest::sample::select(STATUSES.to_vec())),
        prop::option::weighted(0.3, of(agent_name())),
        prop::option::weighted(0.2, noted),
        prop::option::weighted(0.1, 0..300u64),
    )
        .prop_map(|(title, body, active_form, status, owner, metadata, exit_code)| {
            let owner = owner.map(|owner| owner.map(name));
            WorkChange { title, body, active_form, status, owner, metadata, exit_code, ..WorkChange::default() }
        })
}

/// Which of the copies of a delivery.
#[derive(Clone, Copy, Debug)]
pub enum Nth {
    Next,
    Last,
    Before,
}

impl Nth {
    fn of(self, last: DeliveryCopy) -> DeliveryCopy {
        let number = match self {
            Self::Next => last.number + 1,
            Self::Last => last.number,
            Self::Before => last.number.saturating_sub(1),
        };
        DeliveryCopy { number, ..last }
    }
}

/// Mostly the one that is right, now and then another.
fn nth(right: Nth) -> impl Strategy<Value = Nth> {
    prop_oneof![8 => Just(right), 1 => Just(Nth::Next), 1 => Just(Nth::Last), 1 => Just(Nth::Before)]
}

fn which() -> impl Strategy<Value = Vec<Pick>> {
    proptest::collection::vec(pick(), 0..4)
}

fn act() -> impl Strategy<Value = Act> {
    let asks = || prop_oneof![Just(Asks::Unsaid), Just(Asks::Answer), Just(Asks::Nothing)];
    let verdict = || prop_oneof![2 => Just(Verdict::Approved), 1 => Just(Verdict::Rejected)];
    let then = || prop_oneof![2 => Just(Then::HandBack), 1 => Just(Then::Complete)];
    let work = prop_oneof![
        4 => (text(), text(), assignee(), files(), options())
            .prop_map(|(title, body, assignee, files, options)| Act::Create { title: format!("T{title}"), body, assignee, files, options }),
        1 => (text(), assignee())
            .prop_map(|(title, assignee)| Act::Create { title, body: String::new(), assignee, files: Vec::new(), options: None }),
        2 => (pick(), of(text()), of(text()), of(assignee()), prop_oneof![3 => Just(None), 1 => options().prop_map(Some)])
            .prop_map(|(task, title, body, assignee, options)| Act::Edit { task, title, body, assignee, options }),
        4 => (pick(), proptest::sample::select(STATUSES.to_vec()), of(text()))
            .prop_map(|(task, to, reason)| Act::Set { task, to, reason }),
        2 => pick().prop_map(|task| Act::Reopen { task }),
        6 => (pick(), text(), files(), of(pick()), asks(), choices(), prop::bool::weighted(0.1)).prop_map(
            |(task, text, files, answers, asks, choices, sees_the_past)| Act::Post { task, text, files, answers, asks, choices, sees_the_past }
        ),
        4 => (pick(), verdict(), prop::bool::weighted(0.85), text(), then(), prop_oneof![2 => Just(None), 1 => text().prop_map(Some)]).prop_map(
            |(task, verdict, sees_the_present, text, then, edited)| Act::Rule { task, verdict, sees_the_present, text, then, edited }
        ),
        1 => pick().prop_map(|task| Act::Delete { task }),
        2 => Just(Act::Claim),
        5 => (list(), text(), of(agent_name()), metadata(), which(), which(), job(), first_status()).prop_map(
            |(list, title, owner, metadata, blocks, blocked_by, job, status)| Act::CreateWork { list, title: format!("W{title}"), owner, metadata, blocks, blocked_by, job, status }
        ),
        9 => (pick(), change(), [which(), which(), which(), which()], prop_oneof![5 => Just(None), 1 => nth(Nth::Last).prop_map(Some)])
            .prop_map(|(task, change, arrows, fence)| Act::UpdateWork { task, change: Box::new(change), arrows, fence }),
        3 => list().prop_map(|list| Act::ClaimWork { list }),
        2 => pick().prop_map(|task| Act::StopWork { task }),
        1 => (text(), text()).prop_map(|(content, active_form)| Act::WriteTodos { todos: vec![Todo { content, active_form, status: TodoStatus::InProgress }] }),
        1 => (of(text()), of(text()), of(any::<bool>()))
            .prop_map(|(name, mission, enforce_dependencies)| Act::EditWorkspace { name, mission, enforce_dependencies }),
        1 => (agent_name(), text()).prop_map(|(agent, display_name)| Act::NameAgent { agent, display_name }),
    ];
    let streams = prop_oneof![
        1 => agent_name().prop_map(|agent| Act::Connected { agent }),
        1 => agent_name().prop_map(|agent| Act::Disconnected { agent }),
        2 => agent_name().prop_map(|agent| Act::Gone { agent }),
        2 => pick().prop_map(|task| Act::Due { task }),
        1 => pick().prop_map(|task| Act::Silent { task }),
        1 => pick().prop_map(|task| Act::Resumed { task }),
        1 => (agent_name(), of(text())).prop_map(|(agent, client)| Act::Heard { agent, client }),
        4 => (agent_name(), 1..4u32).prop_map(|(agent, session)| Act::SessionStarted { agent, session }),
        8 => (which(), nth(Nth::Next), 1..4u32, route()).prop_map(|(which, copy, session, route)| Act::Sent { which, copy, session, route }),
        10 => (which(), nth(Nth::Last)).prop_map(|(which, copy)| Act::Received { which, copy }),
        4 => (which(), nth(Nth::Last)).prop_map(|(which, copy)| Act::Lost { which, copy }),
        2 => (which(), of(route())).prop_map(|(which, route)| Act::Seen { which, route }),
    ];
    prop_oneof![3 => work, 1 => streams]
}

impl World {
    /// What a step comes to in the present state.
    pub fn deed(&mut self, step: &Step) -> Deed {
        self.wait(u64::from(step.wait_ms));
        let fresh = self.id();
        let id = step.taken.and_then(|pick| pick.of(&self.seen)).unwrap_or(fresh);
        let nowhere = Id::new(1, 1);
        let tasks: Vec<_> = self.store.tasks().map(|task| task.id).collect();
        let task = |pick: Pick| pick.of(&tasks).unwrap_or(TaskId(nowhere));
        let listed: Vec<_> = self.store.tasks().filter(|task| task.work.is_some()).map(|task| task.id).collect();
        let work = |pick: Pick| pick.of(&listed).unwrap_or_else(|| task(pick));
        let works = |picks: &[Pick]| -> Vec<TaskId> { picks.iter().map(|pick| work(*pick)).collect() };
        let list_name = |name: &str| ListName::new(name).unwrap_or_else(|why| panic!("{name}: {why}"));
        let anything = |pick: Pick| pick.of(&self.seen).unwrap_or(nowhere);
        let queue: Vec<_> = self.store.deliveries().map(|delivery| delivery.id).collect();
        let which =
            |picks: &[Pick]| -> Vec<DeliveryId> { picks.iter().map(|pick| pick.of(&queue).unwrap_or(DeliveryId(nowhere))).collect() };
        let last = |id: DeliveryId| self.delivery(id.0).map_or(DeliveryCopy { delivery: id, number: 0 }, |it| it.last_copy());
        let copies = |picks: &[Pick], nth: Nth| -> Vec<DeliveryCopy> { which(picks).into_iter().map(|id| nth.of(last(id))).collect() };
        let attachments = |files: &[u32]| -> Vec<AttachmentId> { files.iter().map(|&number| file(number).id).collect() };
        let report = |report: Report| Deed::Reported(system(), report);
        let command = match step.act.clone() {
            Act::Create { title, body, assignee, files, options } => {
                Command::CreateTask { id, title, body, assignee, attachments: attachments(&files), options }
            }
            Act::Edit { task: at, title, body, assignee, options } => {
                Command::EditTask { id, task: task(at), title, body, assignee, options }
            }
            Act::Set { task: at, to, reason } => Command::SetStatus { id, task: task(at), to, reason },
            Act::Reopen { task: at } => Command::Reopen { id, task: task(at) },
            Act::Post { task: at, text, files, answers, asks, choices, sees_the_past } => Command::PostMessage {
                id,
                task: task(at),
                text,
                attachments: attachments(&files),
                in_reply_to: answers.map(|pick| MessageId(anything(pick))),
                asks,
                choices,
                digest: sees_the_past.then(|| "of the past".to_owned()),
            },
            Act::Rule { task: at, verdict, sees_the_present, text, then, edited } => {
                let task = task(at);
                let digest = self.find(task).filter(|_| sees_the_present).map(|task| task.digest).unwrap_or_default();
                Command::GiveVerdict { id, task, verdict, digest, text, attachments: Vec::new(), then, edited }
            }
            Act::Delete { task: at } => Command::DeleteTask { id, task: task(at) },
            Act::Claim => Command::ClaimNext { id },
            Act::CreateWork { list, title, owner, metadata, blocks, blocked_by, job, status } => {
                let (blocks, blocked_by) = (works(&blocks), works(&blocked_by));
                let work = NewWork { title, owner: owner.map(name), metadata, blocks, blocked_by, job, status, ..NewWork::default() };
                Command::CreateWork { id, list: list_name(list), work: Box::new(work) }
            }
            Act::UpdateWork { task: at, mut change, arrows: [add_blocks, add_blocked_by, remove_blocks, remove_blocked_by], fence } => {
                let task = work(at);
                change.arrows = Arrows {
                    add_blocks: works(&add_blocks),
                    add_blocked_by: works(&add_blocked_by),
                    remove_blocks: works(&remove_blocks),
                    remove_blocked_by: works(&remove_blocked_by),
                };
                let last = self.find(task).and_then(|task| task.work).map_or(0, |work| work.fence);
                change.fence = fence.map(|nth| match nth {
                    Nth::Last => last,
                    Nth::Next | Nth::Before => last + 1,
                });
                Command::UpdateWork { id, task, change }
            }
            Act::ClaimWork { list } => Command::ClaimWork { id, list: list_name(list), owner: None },
            Act::StopWork { task: at } => Command::StopWork { id, task: work(at) },
            Act::WriteTodos { todos } => Command::WriteTodos { id, todos },
            Act::Gone { agent } => {
                self.wait(LEASE_MS);
                return report(Report::Gone { id, agent: name(agent), lease_ms: LEASE_MS });
            }
            Act::Due { task: at } => {
                let task = work(at);
                let at = self.find(task).and_then(|task| due_at(&task, LEASE_MS));
                self.wait(at.map_or(0, |at| at.ms().saturating_sub(self.now().ms())));
                return report(Report::Due { id, task, lease_ms: LEASE_MS });
            }
            Act::Silent { task: at } => return report(Report::Silent { task: work(at) }),
            Act::Resumed { task: at } => return report(Report::Resumed { task: work(at) }),
            Act::EditWorkspace { name, mission, enforce_dependencies } => {
                Command::EditWorkspace { id, name, mission, enforce_dependencies }
            }
            Act::NameAgent { agent, display_name } => Command::NameAgent { id, agent: name(agent), display_name },
            Act::Connected { agent } => return report(Report::Connected { agent: name(agent) }),
            Act::Disconnected { agent } => return report(Report::Disconnected { agent: name(agent) }),
            Act::Heard { agent, client } => {
                let client = client.map(|name| Client { version: "1".to_owned(), name });
                return report(Report::Heard { agent: name(agent), client });
            }
            Act::SessionStarted { agent, session: number } => {
                return report(Report::SessionStarted {
                    agent: name(agent),
                    session: session(number),
                    elsewhere: Vec::new(),
                    in_answers: Vec::new(),
                });
            }
            Act::Sent { which: picks, copy, session: number, route } => {
                return report(Report::Sent { copies: copies(&picks, copy), session: session(number), route });
            }
            Act::Received { which: picks, copy } => {
                return report(Report::Received { copies: copies(&picks, copy) });
            }
            Act::Lost { which: picks, copy } => {
                return report(Report::Lost { copies: copies(&picks, copy) });
            }
            Act::Seen { which: picks, route } => return report(Report::Seen { deliveries: which(&picks), route }),
        };
        Deed::Asked(step.who.clone(), command)
    }
}
