//! Arbitrary histories: several people and agents, who also do what is wrong.

use proptest::prelude::*;

use super::people::{Who, ada, agent_in, bob, file, name, session, system};
use super::world::World;
use crate::command::{Asks, Command, Inbox, Then};
use crate::id::{AttachmentId, DeliveryId, Id, MessageId, TaskId};
use crate::lifecycle::{STATUSES, Status};
use crate::model::{Assignee, Client, Route, Verdict};

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
    Create { title: String, body: String, assignee: Assignee, files: Vec<u32> },
    Edit { task: Pick, title: Option<String>, body: Option<String>, assignee: Option<Assignee> },
    Set { task: Pick, to: Status, reason: Option<String> },
    Reopen { task: Pick },
    Post { task: Pick, text: String, files: Vec<u32>, answers: Option<Pick>, asks: Asks },
    Rule { task: Pick, verdict: Verdict, sees_the_present: bool, text: String, then: Then },
    Delete { task: Pick },
    Claim,
    EditWorkspace { name: Option<String>, mission: Option<String> },
    NameAgent { agent: &'static str, display_name: String },
    Connected { agent: &'static str },
    Disconnected { agent: &'static str },
    Heard { agent: &'static str, client: Option<String> },
    SessionStarted { agent: &'static str, session: u32 },
    Sent { which: Vec<Pick>, session: u32, route: Route },
    Received { which: Vec<Pick> },
    Lost { which: Vec<Pick> },
    Seen { which: Vec<Pick>, route: Option<Route> },
}

/// Histories that begin with a few tasks and go on for up to `length` steps.
pub fn steps(length: usize) -> impl Strategy<Value = Vec<Step>> {
    let create = (text(), assignee()).prop_map(|(body, assignee)| Act::Create {
        title: "Approve: a thing".to_owned(),
        body,
        assignee,
        files: Vec::new(),
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

fn assignee() -> impl Strategy<Value = Assignee> {
    prop_oneof![Just(Assignee::Human), Just(Assignee::Agent)]
}

fn route() -> impl Strategy<Value = Route> {
    prop_oneof![Just(Route::Channel), Just(Route::Hook), Just(Route::Wait), Just(Route::Result)]
}

fn which() -> impl Strategy<Value = Vec<Pick>> {
    proptest::collection::vec(pick(), 0..4)
}

fn act() -> impl Strategy<Value = Act> {
    let asks = || prop_oneof![Just(Asks::Unsaid), Just(Asks::Answer), Just(Asks::Nothing)];
    let verdict = || prop_oneof![2 => Just(Verdict::Approved), 1 => Just(Verdict::Rejected)];
    let then = || prop_oneof![2 => Just(Then::HandBack), 1 => Just(Then::Complete)];
    let work = prop_oneof![
        4 => (text(), text(), assignee(), files())
            .prop_map(|(title, body, assignee, files)| Act::Create { title: format!("T{title}"), body, assignee, files }),
        1 => (text(), assignee()).prop_map(|(title, assignee)| Act::Create { title, body: String::new(), assignee, files: Vec::new() }),
        2 => (pick(), proptest::option::of(text()), proptest::option::of(text()), proptest::option::of(assignee()))
            .prop_map(|(task, title, body, assignee)| Act::Edit { task, title, body, assignee }),
        4 => (pick(), proptest::sample::select(STATUSES.to_vec()), proptest::option::of(text()))
            .prop_map(|(task, to, reason)| Act::Set { task, to, reason }),
        2 => pick().prop_map(|task| Act::Reopen { task }),
        6 => (pick(), text(), files(), proptest::option::of(pick()), asks())
            .prop_map(|(task, text, files, answers, asks)| Act::Post { task, text, files, answers, asks }),
        4 => (pick(), verdict(), prop::bool::weighted(0.85), text(), then())
            .prop_map(|(task, verdict, sees_the_present, text, then)| Act::Rule { task, verdict, sees_the_present, text, then }),
        1 => pick().prop_map(|task| Act::Delete { task }),
        2 => Just(Act::Claim),
        1 => (proptest::option::of(text()), proptest::option::of(text())).prop_map(|(name, mission)| Act::EditWorkspace { name, mission }),
        1 => (agent_name(), text()).prop_map(|(agent, display_name)| Act::NameAgent { agent, display_name }),
    ];
    let streams = prop_oneof![
        1 => agent_name().prop_map(|agent| Act::Connected { agent }),
        1 => agent_name().prop_map(|agent| Act::Disconnected { agent }),
        1 => (agent_name(), proptest::option::of(text())).prop_map(|(agent, client)| Act::Heard { agent, client }),
        4 => (agent_name(), 1..4u32).prop_map(|(agent, session)| Act::SessionStarted { agent, session }),
        8 => (which(), 1..4u32, route()).prop_map(|(which, session, route)| Act::Sent { which, session, route }),
        5 => which().prop_map(|which| Act::Received { which }),
        2 => which().prop_map(|which| Act::Lost { which }),
        2 => (which(), proptest::option::of(route())).prop_map(|(which, route)| Act::Seen { which, route }),
    ];
    prop_oneof![3 => work, 1 => streams]
}

impl World {
    /// What a step comes to in the present state: a command, and who gives it.
    pub fn command(&mut self, step: &Step) -> (Who, Command) {
        self.wait(u64::from(step.wait_ms));
        let fresh = self.id();
        let id = step.taken.and_then(|pick| pick.of(&self.seen)).unwrap_or(fresh);
        let nowhere = Id::new(1, 1);
        let tasks: Vec<_> = self.store.tasks().map(|task| task.id).collect();
        let task = |pick: Pick| pick.of(&tasks).unwrap_or(TaskId(nowhere));
        let anything = |pick: Pick| pick.of(&self.seen).unwrap_or(nowhere);
        let queue: Vec<_> = self.store.deliveries().map(|delivery| delivery.id).collect();
        let which = |picks: &[Pick]| picks.iter().map(|pick| pick.of(&queue).unwrap_or(DeliveryId(nowhere))).collect();
        let attachments = |files: &[u32]| -> Vec<AttachmentId> { files.iter().map(|&number| file(number).id).collect() };
        let report = |report: Inbox| (system(), Command::Inbox(report));
        let command = match step.act.clone() {
            Act::Create { title, body, assignee, files } => {
                Command::CreateTask { id, title, body, assignee, attachments: attachments(&files) }
            }
            Act::Edit { task: at, title, body, assignee } => Command::EditTask { id, task: task(at), title, body, assignee },
            Act::Set { task: at, to, reason } => Command::SetStatus { id, task: task(at), to, reason },
            Act::Reopen { task: at } => Command::Reopen { id, task: task(at) },
            Act::Post { task: at, text, files, answers, asks } => Command::PostMessage {
                id,
                task: task(at),
                text,
                attachments: attachments(&files),
                in_reply_to: answers.map(|pick| MessageId(anything(pick))),
                asks,
            },
            Act::Rule { task: at, verdict, sees_the_present, text, then } => {
                let task = task(at);
                let digest = self.find(task).filter(|_| sees_the_present).map(|task| task.digest).unwrap_or_default();
                Command::GiveVerdict { id, task, verdict, digest, text, attachments: Vec::new(), then }
            }
            Act::Delete { task: at } => Command::DeleteTask { id, task: task(at) },
            Act::Claim => Command::ClaimNext { id },
            Act::EditWorkspace { name, mission } => Command::EditWorkspace { id, name, mission },
            Act::NameAgent { agent, display_name } => Command::NameAgent { id, agent: name(agent), display_name },
            Act::Connected { agent } => return report(Inbox::Connected { agent: name(agent) }),
            Act::Disconnected { agent } => return report(Inbox::Disconnected { agent: name(agent) }),
            Act::Heard { agent, client } => {
                let client = client.map(|name| Client { version: "1".to_owned(), name });
                return report(Inbox::Heard { agent: name(agent), client });
            }
            Act::SessionStarted { agent, session: number } => {
                return report(Inbox::SessionStarted { agent: name(agent), session: session(number) });
            }
            Act::Sent { which: picks, session: number, route } => {
                return report(Inbox::Sent { deliveries: which(&picks), session: session(number), route });
            }
            Act::Received { which: picks } => return report(Inbox::Received { deliveries: which(&picks) }),
            Act::Lost { which: picks } => return report(Inbox::Lost { deliveries: which(&picks) }),
            Act::Seen { which: picks, route } => return report(Inbox::Seen { deliveries: which(&picks), route }),
        };
        (step.who.clone(), command)
    }
}
