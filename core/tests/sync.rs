//! Commands up, deltas down: what a browser shows while it waits for the server, and after.

use std::collections::BTreeMap;

use agentrq_core::Rejection;
use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::cursor::Cursor;
use agentrq_core::id::{Id, TaskId};
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Actor, Assignee, Turn, Verdict};
use agentrq_core::rejection::Problem;
use agentrq_core::sync::authority::{Admission, ClientState, Ended, hash};
use agentrq_core::sync::delta::{Frame, Settled, ThreadPage};
use agentrq_core::sync::replica::{Applied, Proposed, Replica};
use agentrq_core::testing::{Who, World, ada, agent, bob, file};

/// Ada's browser beside the server.
struct Browser {
    world: World,
    replica: Replica,
    mutation_id: u64,
    /// The command that was proposed last.
    last: Option<Id>,
    /// Commits whose frames have not been read yet.
    unread: usize,
}

impl Browser {
    fn new(world: World) -> Self {
        let mut replica = Replica::new();
        replica.load_snapshot(world.snapshot(&ada()));
        World::files().for_each(|file| replica.attach(file));
        Self { unread: world.log.len(), world, replica, mutation_id: 0, last: None }
    }

    /// With one question of claude's, and its thread open.
    fn with_a_question() -> (Self, TaskId) {
        let mut world = World::new();
        let task = world.asks(&agent("claude"), "Approve: x");
        let mut browser = Self::new(world);
        browser.open(task);
        (browser, task)
    }

    fn open(&mut self, task: TaskId) {
        let page = ThreadPage { messages: self.world.thread(task), deliveries: Vec::new(), next_cursor: None };
        self.replica.load_thread(task, page);
    }

    fn propose(&mut self, command: Command) -> Proposed {
        self.mutation_id += 1;
        self.last = Some(command.id());
        self.replica.propose(command, self.world.now())
    }

    /// The server's answer to what was proposed last comes in.
    fn hears(&mut self, rejection: Option<&Problem>) {
        let cursor = rejection.is_none().then(|| self.world.cursor());
        self.replica.settle(self.last.expect("something was proposed"), rejection, cursor);
    }

    /// The server runs what was proposed last.
    fn run(&mut self, command: Command) -> Result<(), Rejection> {
        let mutation_id = self.mutation_id;
        self.world.run_settling(&ada(), command, "ada", mutation_id).map(|_| ())
    }

    fn frames(&self) -> Vec<Frame> {
        self.world.log[self.unread..].iter().flatten().cloned().collect()
    }

    /// Reads the event stream up to its present end.
    fn read(&mut self) {
        for frame in self.frames() {
            assert!(matches!(self.replica.apply(frame), Applied::Buffered | Applied::Committed));
        }
        self.unread = self.world.log.len();
    }

    fn id(&mut self) -> Id {
        self.world.wait(1);
        self.world.id()
    }

    fn post(&mut self, task: TaskId, text: &str) -> Command {
        let (id, text) = (self.id(), text.to_owned());
        Command::PostMessage {
            id,
            task,
            text,
            attachments: Vec::new(),
            in_reply_to: None,
            asks: Asks::Unsaid,
            choices: Vec::new(),
            digest: None,
        }
    }

    fn texts(&self, task: TaskId) -> Vec<(String, bool)> {
        self.replica.thread(task).into_iter().map(|shown| (shown.value.text.clone(), shown.pending)).collect()
    }
}

fn create(id: Id, title: &str) -> Command {
    Command::CreateTask { id, title: title.to_owned(), body: "b".into(), assignee: Assignee::Agent, attachments: Vec::new(), options: None }
}

#[test]
fn a_new_task_is_there_at_once_marked_pending_and_gets_its_number_from_the_server() {
    let mut browser = Browser::new(World::new());
    let id = browser.id();
    assert_eq!(browser.propose(create(id, "Do x")), Proposed::Accepted);
    let shown = browser.replica.task(TaskId(id)).expect("painted");
    assert_eq!((shown.pending, shown.value.number), (true, None));
    assert_eq!(browser.replica.tasks().len(), 1);

    browser.run(create(id, "Do x")).expect("created");
    browser.read();
    let shown = browser.replica.task(TaskId(id)).expect("confirmed");
    assert_eq!((shown.pending, shown.value.number, browser.replica.pending().len()), (false, Some(1), 0));
}

#[test]
fn a_reply_is_in_its_place_at_once_and_stays_there() {
    let (mut browser, task) = Browser::with_a_question();
    let reply = browser.post(task, "Both.");
    assert_eq!(browser.propose(reply.clone()), Proposed::Accepted);
    assert_eq!(browser.texts(task)[1], ("Both.".to_owned(), true));
    assert_eq!(browser.replica.task(task).map(|shown| (shown.value.turn, shown.pending)), Some((Turn::Agent, true)));
    assert!(browser.replica.deliveries(task)[0].pending, "that it is on its way is as pending as itself");

    browser.run(reply).expect("posted");
    browser.read();
    assert_eq!(browser.texts(task)[1], ("Both.".to_owned(), false));
    assert_eq!(browser.replica.task(task).map(|shown| shown.value.clone()), browser.world.find(task));
}

#[test]
fn what_others_did_meanwhile_goes_under_what_is_pending() {
    let (mut browser, task) = Browser::with_a_question();
    let mine = browser.post(task, "Mine.");
    browser.propose(mine.clone());
    browser.world.says(&bob(), task, "Bob's.");
    browser.read();
    let texts: Vec<_> = browser.texts(task).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts[1..], ["Bob's.", "Mine."], "as the server will order it");
    assert_eq!(browser.replica.task(task).map(|shown| shown.value.messages), Some(3));
    browser.run(mine).expect("posted");
    browser.read();
    let texts: Vec<_> = browser.texts(task).into_iter().map(|(text, _)| text).collect();
    assert_eq!(texts[1..], ["Bob's.", "Mine."]);
}

#[test]
fn a_refusal_takes_back_what_was_painted_and_nothing_else() {
    let (mut browser, task) = Browser::with_a_question();
    let (first, second) = (browser.post(task, "First."), browser.post(task, "Second."));
    browser.propose(first);
    let refused = browser.last.expect("proposed");
    browser.propose(second);
    let why = Rejection::TaskNotFound { task: task.to_string() }.problem();
    browser.replica.settle(refused, Some(&why), None);
    assert_eq!(browser.texts(task)[1..], [("Second.".to_owned(), true)]);
    assert_eq!(browser.replica.pending().iter().map(|pending| pending.command.id()).collect::<Vec<_>>(), [browser.last.expect("proposed")]);
}

#[test]
fn a_refusal_that_comes_with_the_stream_does_the_same() {
    let (mut browser, task) = Browser::with_a_question();
    browser.world.sets(&bob(), task, Status::Completed).expect("completed by another");
    let id = browser.id();
    let mine = Command::SetStatus { id, task, to: Status::Active, reason: None };
    assert_eq!(browser.propose(mine.clone()), Proposed::Accepted, "this browser has not heard of it");
    assert!(matches!(browser.run(mine), Err(Rejection::IllegalTransition { .. })));
    browser.read();
    assert_eq!(browser.replica.task(task).map(|shown| (shown.value.status, shown.pending)), Some((Status::Completed, false)));
    assert_eq!(browser.replica.pending(), []);
}

#[test]
fn what_cannot_be_is_refused_here_and_never_queued() {
    let (mut browser, task) = Browser::with_a_question();
    let id = browser.id();
    let refused = browser.propose(Command::SetStatus { id, task, to: Status::Failed, reason: None });
    assert!(matches!(refused, Proposed::Rejected(Rejection::IllegalTransition { .. })));
    let empty = browser.post(task, " ");
    assert_eq!(browser.propose(empty), Proposed::Rejected(Rejection::Empty { field: "text" }));
    assert_eq!(browser.replica.pending(), []);
}

#[test]
fn whether_something_could_be_is_asked_without_doing_it() {
    let (mut browser, task) = Browser::with_a_question();
    let now = browser.world.now();
    let (id, other) = (browser.id(), browser.id());
    let set = |to| Command::SetStatus { id, task, to, reason: None };
    assert_eq!(browser.replica.refusal(set(Status::Active), now), None);
    let refused = browser.replica.refusal(set(Status::Killed), now);
    assert!(matches!(refused, Some(Rejection::IllegalTransition { to: Status::Killed, .. })), "{refused:?}");
    assert_eq!(browser.replica.pending(), []);
    assert_eq!(browser.replica.task(task).expect("it is here").value.status, Status::Pending);

    browser.replica.load_snapshot(browser.world.snapshot(&ada()));
    let edit = Command::EditTask { id: other, task, title: Some("y".to_owned()), body: None, assignee: None, options: None };
    assert_eq!(browser.replica.refusal(edit, now), None, "its body is not here: only the server can tell");
}

#[test]
fn a_verdict_is_not_painted_before_the_server_says_so() {
    let (mut browser, task) = Browser::with_a_question();
    let (id, digest) = (browser.id(), browser.world.task(task).digest);
    let (verdict, then) = (Verdict::Approved, Then::HandBack);
    let ruling = Command::GiveVerdict { id, task, verdict, digest, text: String::new(), attachments: Vec::new(), then, edited: None };
    assert_eq!(browser.propose(ruling.clone()), Proposed::Sending);
    let unpainted = |browser: &Browser| {
        let shown = browser.replica.task(task).expect("there");
        assert_eq!((shown.value.verdict.clone(), shown.pending, browser.replica.thread(task).len()), (None, false, 1));
    };
    unpainted(&browser);
    browser.run(ruling).expect("approved");
    browser.hears(None);
    unpainted(&browser);
    assert_eq!(browser.replica.pending().len(), 1, "the answer alone shows nothing: its delta does");
    browser.read();
    assert!(browser.replica.task(task).is_some_and(|shown| shown.value.verdict.is_some()));
    assert_eq!(browser.replica.pending(), []);
}

#[test]
fn of_two_verdicts_the_first_is_shown_and_the_second_is_told_who_was_first() {
    let (mut browser, task) = Browser::with_a_question();
    let (id, digest) = (browser.id(), browser.world.task(task).digest);
    let (verdict, then) = (Verdict::Rejected, Then::HandBack);
    let mine = Command::GiveVerdict { id, task, verdict, digest, text: String::new(), attachments: Vec::new(), then, edited: None };
    browser.propose(mine.clone());
    browser.world.rules(&bob(), task, Verdict::Approved, Then::HandBack).expect("Bob was first");
    assert!(matches!(browser.run(mine), Err(Rejection::VerdictStands { by, .. }) if by == bob().actor));
    let settled: Vec<Settled> = browser.frames().into_iter().filter_map(|frame| frame.end).flat_map(|end| end.mutations).collect();
    assert_eq!(settled[0].rejection.as_ref().map(|problem| problem.code.as_str()), Some("verdict_stands"));
    browser.read();
    let shown = browser.replica.task(task).expect("there").value.clone();
    assert_eq!(shown.verdict.map(|verdict| (verdict.kind, verdict.by)), Some((Verdict::Approved, bob().actor)));
}

#[test]
fn what_needs_a_part_that_is_not_here_is_sent_and_not_painted() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Approve: x");
    let mut browser = Browser::new(world);
    let edit = Command::EditTask { id: browser.id(), task, title: Some("Approve: y".into()), body: None, assignee: None, options: None };
    assert_eq!(browser.propose(edit.clone()), Proposed::Sending, "the body is part of what is shown");
    assert!(browser.replica.task(task).is_some_and(|shown| !shown.pending && shown.value.title == "Approve: x"));

    let unheard = Command::Reopen { id: browser.id(), task: TaskId(Id::new(1, 1)) };
    assert_eq!(browser.propose(unheard), Proposed::Sending, "the task may exist elsewhere");

    browser.open(task);
    assert!(browser.replica.task(task).is_some_and(|shown| shown.pending && shown.value.title == "Approve: y"), "now it can be decided");
}

#[test]
fn a_deleted_task_stays_gone_for_pages_that_are_older() {
    let (mut browser, task) = Browser::with_a_question();
    let before = browser.world.task(task);
    browser.world.deletes(&bob(), task).expect("deleted");
    browser.read();
    browser.replica.load_tasks(vec![before]);
    assert_eq!(browser.replica.task(task), None);
    let late = browser.post(task, "Too late.");
    assert!(matches!(browser.propose(late), Proposed::Rejected(Rejection::TaskNotFound { .. })));
}

#[test]
fn an_older_page_does_not_undo_a_newer_delta() {
    let (mut browser, task) = Browser::with_a_question();
    let (old_task, old_thread) = (browser.world.task(task), browser.world.thread(task));
    let edit = Command::EditTask { id: browser.id(), task, title: None, body: Some("New body".into()), assignee: None, options: None };
    browser.world.run(&bob(), edit).expect("edited");
    browser.read();
    browser.replica.load_tasks(vec![old_task]);
    browser.replica.load_thread(task, ThreadPage { messages: old_thread, deliveries: Vec::new(), next_cursor: None });
    assert_eq!(browser.texts(task)[0].0, "New body");
    assert_eq!(browser.replica.task(task).map(|shown| shown.value.excerpt.clone()), Some("New body".to_owned()));
}

#[test]
fn an_acceptance_may_come_before_its_delta_or_after() {
    for answer_first in [true, false] {
        let (mut browser, task) = Browser::with_a_question();
        let reply = browser.post(task, "Both.");
        browser.propose(reply.clone());
        browser.run(reply).expect("posted");
        if answer_first {
            browser.hears(None);
            assert_eq!(browser.texts(task)[1], ("Both.".to_owned(), true), "it does not flicker");
            browser.read();
        } else {
            browser.read();
            browser.hears(None);
        }
        assert_eq!(browser.texts(task)[1], ("Both.".to_owned(), false));
        assert_eq!(browser.replica.pending(), []);
    }
}

#[test]
fn a_commit_takes_effect_as_a_whole() {
    let (mut browser, task) = Browser::with_a_question();
    browser.world.rules(&bob(), task, Verdict::Approved, Then::Complete).expect("two events");
    let frames = browser.frames();
    assert_eq!(browser.replica.apply(frames[0].clone()), Applied::Buffered);
    assert_eq!(browser.replica.thread(task).len(), 1);
    // The stream is cut here, and begins again with the whole commit.
    assert_eq!(browser.replica.apply(frames[0].clone()), Applied::Buffered);
    assert_eq!(browser.replica.apply(frames[1].clone()), Applied::Committed);
    assert_eq!(browser.replica.thread(task).len(), 2);
    assert_eq!(browser.replica.task(task).map(|shown| shown.value.clone()), browser.world.find(task));
}

#[test]
fn what_is_known_is_repeated_without_effect_and_what_does_not_follow_diverges() {
    let (mut browser, task) = Browser::with_a_question();
    browser.world.says(&bob(), task, "One.");
    let first = browser.frames();
    browser.read();
    assert_eq!(browser.replica.apply(first[0].clone()), Applied::Repeated);

    browser.world.says(&bob(), task, "Two.");
    browser.world.says(&bob(), task, "Three.");
    let frames = browser.frames();
    assert_eq!(browser.replica.apply(frames[1].clone()), Applied::Diverged, "one is missing");
    assert_eq!(browser.replica.thread(task).len(), 2);

    let with = |cursor: Cursor| {
        let mut frame = frames[0].clone();
        if let Some(end) = &mut frame.end {
            end.cursor = cursor;
        }
        frame
    };
    let cursor = browser.replica.cursor().expect("loaded").clone();
    let other_tag = with(Cursor { tag: "other".into(), ..cursor.clone() });
    assert_eq!(browser.replica.apply(other_tag), Applied::Diverged, "a restored database that went on differently");
    let mut other_epoch = with(Cursor { epoch: "other".into(), ..cursor.clone() });
    if let Some(end) = &mut other_epoch.end {
        end.base = Cursor { epoch: "other".into(), ..cursor };
    }
    assert_eq!(browser.replica.apply(other_epoch), Applied::Diverged);
    browser.read();
    assert_eq!(browser.replica.thread(task).len(), 4);
}

#[test]
fn before_the_first_snapshot_nothing_is_applied() {
    let (browser, _) = Browser::with_a_question();
    let frame = browser.world.log[0][0].clone();
    assert_eq!(Replica::new().apply(frame), Applied::Diverged);
}

#[test]
fn pending_commands_survive_a_new_snapshot_with_the_files_they_name() {
    let (mut browser, task) = Browser::with_a_question();
    let (id, text) = (browser.id(), "See.".to_owned());
    let attachments = vec![file(1).id];
    let reply =
        Command::PostMessage { id, task, text, attachments, in_reply_to: None, asks: Asks::Unsaid, choices: Vec::new(), digest: None };
    assert_eq!(browser.propose(reply), Proposed::Accepted);
    browser.world.says(&bob(), task, "Meanwhile.");
    let snapshot = browser.world.snapshot(&ada());
    browser.replica.load_snapshot(snapshot);
    assert!(browser.replica.pending()[0].painted, "it is still shown");
    assert_eq!(browser.replica.thread(task).last().map(|shown| shown.value.attachments.clone()), Some(vec![file(1)]));
}

#[test]
fn what_a_snapshot_holds_already_is_not_pending_any_more() {
    let (mut browser, task) = Browser::with_a_question();
    let reply = browser.post(task, "Both.");
    browser.propose(reply.clone());
    browser.run(reply).expect("posted");
    browser.hears(None);
    let snapshot = browser.world.snapshot(&ada());
    browser.replica.load_snapshot(snapshot);
    assert_eq!(browser.replica.pending(), []);
    assert_eq!(
        browser.replica.task(task).map(|shown| (shown.value.clone(), shown.pending)),
        browser.world.find(task).map(|it| (it, false))
    );
}

#[test]
fn a_deletion_is_shown_at_once_and_comes_back_if_it_is_refused() {
    let (mut browser, task) = Browser::with_a_question();
    let id = browser.id();
    assert_eq!(browser.propose(Command::DeleteTask { id, task }), Proposed::Accepted);
    assert_eq!((browser.replica.task(task), browser.replica.tasks().len()), (None, 0));
    let why = Rejection::Forbidden { what: "x", who: "y" }.problem();
    browser.hears(Some(&why));
    assert!(browser.replica.task(task).is_some());
}

#[test]
fn only_its_own_commands_are_settled_by_the_ids_on_the_stream() {
    let (mut browser, task) = Browser::with_a_question();
    let reply = browser.post(task, "Mine.");
    browser.propose(reply);
    let theirs = browser.post(task, "Theirs.");
    browser.world.run_settling(&bob(), theirs, "bob", 1).expect("posted");
    browser.read();
    assert_eq!(browser.replica.pending().len(), 1, "number 1 of another browser");
}

#[test]
fn a_batch_that_is_sent_twice_runs_once() {
    let mut world = World::new();
    let task = world.asks(&agent("claude"), "Question: x");
    let mut state = ClientState::default();
    let mut ended: BTreeMap<Id, Ended> = BTreeMap::new();
    let commands: Vec<_> = (1..=3)
        .map(|number| {
            let (id, text) = (world.id(), format!("Reply {number}"));
            Command::PostMessage {
                id,
                task,
                text,
                attachments: Vec::new(),
                in_reply_to: None,
                asks: Asks::Unsaid,
                choices: Vec::new(),
                digest: None,
            }
        })
        .collect();
    let mut send = |world: &mut World, who: &Who| {
        for (mutation_id, command) in (1..).zip(&commands) {
            let (id, hash) = (command.id(), hash(command));
            if state.admit(mutation_id, id, &hash, ended.get(&id)) == Ok(Admission::Run) {
                let rejection = world.run(who, command.clone()).err().map(|why| why.problem());
                state.count(mutation_id);
                ended.insert(id, Ended { hash, rejection });
            }
        }
    };
    send(&mut world, &ada());
    send(&mut world, &ada());
    assert_eq!(world.task(task).messages, 4);
    assert_eq!(world.deliveries().len(), 3);
    assert_ne!(hash(&commands[0]), hash(&commands[1]));
}

#[test]
fn who_looks_is_told_by_the_snapshot() {
    let (browser, _) = Browser::with_a_question();
    assert_eq!(browser.replica.me(), Some(&ada().actor));
    assert!(matches!(browser.replica.me(), Some(Actor::Person(_))));
    assert_eq!(browser.replica.workspace().map(|workspace| workspace.name.clone()), Some("my-api".to_owned()));
}
