//! Arbitrary histories: several people and agents, who also do what is wrong.

use proptest::option::of;
use proptest::prelude::*;

use super::deed::Deed;
use super::people::{Who, ada, agent_in, bob, file, name, session, system};
use super::world::World;
use crate::command::{Asks, Command, Then};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::lifecycle::{STATUSES, Status};
use crate::model::{Assignee, Choice, Client, DeliveryCopy, Options, Route, Verdict};
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
    Create { title: String, body: String, assignee: Assignee, files: Vec<u32>, options: Option<Options> },
    Edit { task: Pick, title: Option<String>, body: Option<String>, assignee: Option<Assignee>, options: Option<Option<Options>> },
    Set { task: Pick, to: Status, reason: Option<String> },
    Reopen { task: Pick },
    Post { task: Pick, text: String, files: Vec<u32>, answers: Option<Pick>, asks: Asks, choices: Vec<String>, sees_the_past: bool },
    Rule { task: Pick, verdict: Verdict, sees_the_present: bool, text: String, then: Then, edited: Option<String> },
    Delete { task: Pick },
    Claim,
    EditWorkspace { name: Option<String>, mission: Option<String> },
    NameAgent { agent: &'static str, display_name: String },
    Connected { agent: &'static str },
    Disconnected { agent: &'static str },
    Heard { agent: &'static str, client: Option<String> },
    SessionStarted { agent: &'static str, session: u32 },
    Sent { which: Vec<Pick>, copy: Nth, session: u32, route: Route },
    Received { which: Vec<Pick>, copy: Nth },
    Lost { which: Vec<Pick>, copy: Nth },
    Seen { which: Vec<Pick>, route: Option<Route> },
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
        1 => (of(text()), of(text())).prop_map(|(name, mission)| Act::EditWorkspace { name, mission }),
        1 => (agent_name(), text()).prop_map(|(agent, display_name)| Act::NameAgent { agent, display_name }),
    ];
    let streams = prop_oneof![
        1 => agent_name().prop_map(|agent| Act::Connected { agent }),
        1 => agent_name().prop_map(|agent| Act::Disconnected { agent }),
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
            Act::EditWorkspace { name, mission } => Command::EditWorkspace { id, name, mission },
            Act::NameAgent { agent, display_name } => Command::NameAgent { id, agent: name(agent), display_name },
            Act::Connected { agent } => return report(Report::Connected { agent: name(agent) }),
            Act::Disconnected { agent } => return report(Report::Disconnected { agent: name(agent) }),
            Act::Heard { agent, client } => {
                let client = client.map(|name| Client { version: "1".to_owned(), name });
                return report(Report::Heard { agent: name(agent), client });
            }
            Act::SessionStarted { agent, session: number } => {
                return report(Report::SessionStarted { agent: name(agent), session: session(number), elsewhere: Vec::new() });
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
