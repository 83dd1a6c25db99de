//! What a change costs a replica: only what it touches is decided, painted and searched again, and that is as if all of it were.

use std::collections::{BTreeMap, VecDeque};

use agentrq_core::command::{Asks, Command};
use agentrq_core::id::{Id, TaskId};
use agentrq_core::model::{Assignee, Delivery, Message, Route, Task};
use agentrq_core::rejection::Problem;
use agentrq_core::report::Report;
use agentrq_core::sync::delta::{Frame, ThreadPage};
use agentrq_core::sync::replica::{Changes, Proposed, Replica, Shown};
use agentrq_core::testing::{World, ada, bob, session, steps};
use proptest::prelude::*;

/// What a page shows of a task: itself, its messages in their order, its deliveries.
#[derive(Clone, Debug, PartialEq)]
struct Look {
    task: (Task, bool),
    thread: BTreeMap<(u32, Id), (String, bool)>,
    inbox: BTreeMap<Id, (String, bool)>,
}

/// What is pending has no revision of its own.
fn face(shown: &Shown<&Task>) -> (Task, bool) {
    let revision = if shown.pending { 0 } else { shown.value.revision };
    (Task { revision, ..shown.value.clone() }, shown.pending)
}

fn lines<'a>(messages: impl IntoIterator<Item = &'a Shown<&'a Message>>) -> impl Iterator<Item = ((u32, Id), (String, bool))> {
    messages.into_iter().map(|it| ((it.value.index, it.value.id.0), (it.value.text.clone(), it.pending)))
}

fn letters<'a>(deliveries: impl IntoIterator<Item = &'a Shown<&'a Delivery>>) -> impl Iterator<Item = (Id, (String, bool))> {
    deliveries.into_iter().map(|it| (it.value.id.0, (format!("{:?}", it.value.state), it.pending)))
}

fn look(replica: &Replica, shown: &Shown<&Task>) -> Look {
    let id = shown.value.id;
    Look { task: face(shown), thread: lines(&replica.thread(id)).collect(), inbox: letters(&replica.deliveries(id)).collect() }
}

fn around(replica: &Replica) -> String {
    let agents: Vec<_> =
        replica.agents().into_iter().map(|it| (it.value.name.clone(), it.value.display_name.clone(), it.pending)).collect();
    format!("{:?} {agents:?}", replica.workspace().map(|it| (it.name.clone(), it.mission.clone())))
}

/// A page that looks only at what it is told has changed.
#[derive(Default)]
struct Page {
    tasks: BTreeMap<TaskId, Look>,
    around: String,
}

impl Page {
    fn paint(&mut self, replica: &mut Replica) {
        let Changes { everything, around: is_around, touched, tasks, parts, messages, deliveries } = replica.changes();
        let here: BTreeMap<_, _> = tasks.iter().map(|shown| (shown.value.id, face(shown))).collect();
        touched.iter().filter(|id| !here.contains_key(id)).for_each(|id| drop(self.tasks.remove(id)));
        for (id, look) in self.tasks.iter_mut().filter(|(id, _)| here.contains_key(id)) {
            look.thread.retain(|(_, part), _| !parts.contains(part));
            look.thread.extend(lines(messages.iter().filter(|it| it.value.task == *id)));
            look.inbox.retain(|part, _| !parts.contains(part));
            look.inbox.extend(letters(deliveries.iter().filter(|it| it.value.task == *id)));
        }
        if everything {
            self.tasks = all(replica);
        }
        for (id, face) in here {
            // A thread that was not looked at yet is read as a whole.
            let unseen = || look(replica, &replica.task(id).expect("it is here"));
            self.tasks.entry(id).or_insert_with(unseen).task = face;
        }
        if everything || is_around {
            self.around = around(replica);
        }
    }
}

fn all(replica: &Replica) -> BTreeMap<TaskId, Look> {
    replica.tasks().iter().map(|shown| (shown.value.id, look(replica, shown))).collect()
}

/// A server's, for a reason that a browser does not know of.
fn refusal() -> Problem {
    Problem { code: "forbidden".into(), title: "Not allowed".into(), detail: String::new(), status: 403, extra: Vec::new() }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    /// Ada's browser holds a part and has a queue; the other one hears the same and has none, so that the queue can be decided on it from scratch.
    #[test]
    fn what_is_decided_again_is_as_if_all_were(steps in steps(50), from in 0..12usize, dice in any::<u64>()) {
        let mut world = World::new();
        let (early, rest) = steps.split_at(from.min(steps.len()));
        for step in early {
            let deed = world.deed(step);
            let _ = world.does(&deed);
        }
        let mut snapshot = world.snapshot(&ada());
        let mut later: VecDeque<_> = snapshot.tasks.split_off(snapshot.tasks.len() / 2).into();
        let [mut mine, mut plain] = [Replica::new(), Replica::new()];
        let mut page = Page::default();
        for replica in [&mut mine, &mut plain] {
            replica.load_snapshot(snapshot.clone());
            World::files().for_each(|file| replica.attach(file));
        }
        let mut queue: VecDeque<Command> = VecDeque::new();
        let mut mutation_id = 0;
        for (index, step) in rest.iter().enumerate() {
            let throw = dice.rotate_left(index as u32 * 5) % 32;
            let deed = world.deed(step);
            let commits = world.log.len();
            // An id that has been settled is no other command's.
            if let Some(command) = deed.command().filter(|_| *deed.who() == ada() && step.taken.is_none()).cloned() {
                if !matches!(mine.propose(command.clone(), world.now()), Proposed::Rejected(_)) {
                    queue.push_back(command);
                }
            } else {
                let _ = world.does(&deed);
            }
            let sent = if throw < 8 { usize::from(throw as u8) } else { 0 };
            for command in queue.drain(..sent.min(queue.len())) {
                mutation_id += 1;
                let _ = world.run_settling(&ada(), command, "ada", mutation_id);
            }
            if let Some(refused) = queue.pop_back_if(|_| throw > 26) {
                mine.settle(refused.id(), Some(&refusal()), None);
            }
            let frames: Vec<Frame> = world.log[commits..].iter().flatten().cloned().collect();
            for replica in [&mut mine, &mut plain] {
                for frame in &frames {
                    replica.apply(frame.clone());
                }
                if throw == 9 {
                    replica.load_tasks(later.front().cloned().into_iter().collect());
                }
                if let (10..14, Some(task)) = (throw, world.store.tasks().nth(index % 4)) {
                    let page = ThreadPage { messages: world.thread(task.id), deliveries: Vec::new(), next_cursor: None };
                    replica.load_thread(task.id, page);
                }
            }
            if throw == 9 {
                later.pop_front();
            }

            let mut anew = plain.clone();
            mine.pending().iter().for_each(|pending| anew.adopt(pending.command.clone(), pending.at));
            let painted = |replica: &Replica| replica.pending().iter().map(|it| it.painted).collect::<Vec<_>>();
            prop_assert_eq!(painted(&mine), painted(&anew));
            prop_assert_eq!(all(&mine), all(&anew));
            prop_assert_eq!(around(&mine), around(&anew));
            if throw % 3 > 0 {
                page.paint(&mut mine);
                prop_assert_eq!(&page.tasks, &all(&anew));
                prop_assert_eq!(&page.around, &around(&anew));
            }
            for question in ["t", "th", "thing", "word", "yes #1", "#1", "#12", "1"].iter().skip(index % 3) {
                prop_assert_eq!(mine.search(question), anew.clone().search(question), "{}", question);
            }
        }
    }
}

const TASKS: usize = 200;

/// A browser with so many tasks, and a reply of Ada's to each that waits.
fn with_a_reply_to_each() -> (World, Replica, Vec<TaskId>) {
    let mut world = World::new();
    let tasks: Vec<_> = (0..TASKS).map(|number| world.asks(&bob(), &format!("Task {number}"))).collect();
    let mut replica = Replica::new();
    replica.load_snapshot(world.snapshot(&ada()));
    for task in &tasks {
        let reply = reply(world.id(), *task);
        assert_eq!(replica.propose(reply, world.now()), Proposed::Accepted);
    }
    (world, replica, tasks)
}

fn reply(id: Id, task: TaskId) -> Command {
    let (attachments, choices) = (Vec::new(), Vec::new());
    Command::PostMessage { id, task, text: "Yes.".into(), attachments, in_reply_to: None, asks: Asks::Unsaid, choices, digest: None }
}

fn read(replica: &mut Replica, world: &World, from: usize) {
    for frame in world.log[from..].iter().flatten() {
        replica.apply(frame.clone());
    }
}

#[test]
fn a_commit_decides_again_only_what_it_touches() {
    let (mut world, mut replica, tasks) = with_a_reply_to_each();
    let (commits, before) = (world.log.len(), replica.decided());
    world.says(&bob(), tasks[7], "Mine.");
    world.asks(&bob(), "Another");
    read(&mut replica, &world, commits);
    assert_eq!(replica.decided() - before, 1, "the reply to that task");
    assert_eq!(replica.task(tasks[7]).map(|shown| shown.value.messages), Some(3));
}

#[test]
fn a_command_that_is_confirmed_leaves_the_others_as_they_are() {
    let (mut world, mut replica, _) = with_a_reply_to_each();
    let first = replica.pending()[0].command.clone();
    let (commits, before) = (world.log.len(), replica.decided());
    world.run_settling(&ada(), first, "ada", 1).expect("posted");
    read(&mut replica, &world, commits);
    assert_eq!((replica.pending().len(), replica.decided() - before), (TASKS - 1, 0));
}

#[test]
fn older_tasks_that_come_decide_nothing_again_that_does_not_touch_them() {
    let (mut world, mut replica, tasks) = with_a_reply_to_each();
    let before = replica.decided();
    let page: Vec<_> = (0..100).map(|number| world.asks(&bob(), &format!("Older {number}"))).collect();
    replica.load_tasks(page.iter().map(|task| world.task(*task)).collect());
    assert_eq!(replica.decided() - before, 0);
    replica.load_tasks(vec![world.task(tasks[3])]);
    assert_eq!(replica.decided() - before, 1);
}

#[test]
fn a_page_is_told_of_the_tasks_that_changed_and_of_no_others() {
    let (mut world, mut replica, tasks) = with_a_reply_to_each();
    assert!(replica.changes().everything, "at first all is new");
    assert_eq!(replica.changes(), agentrq_core::sync::replica::Changes::default(), "and then nothing");
    let commits = world.log.len();
    world.says(&bob(), tasks[7], "Mine.");
    let new = world.id();
    let create = Command::CreateTask {
        id: new,
        title: "New".into(),
        body: String::new(),
        assignee: Assignee::Human,
        attachments: Vec::new(),
        options: None,
    };
    replica.propose(create, world.now());
    read(&mut replica, &world, commits);
    assert_eq!(replica.changes().touched, [tasks[7], TaskId(new)]);
    world.deletes(&bob(), tasks[9]).expect("deleted");
    read(&mut replica, &world, commits + 1);
    let changes = replica.changes();
    assert_eq!((changes.touched, changes.tasks.len()), (vec![tasks[9]], 0), "what is gone is named, and not here");
}

#[test]
fn a_reply_that_was_refused_while_its_task_was_about_to_go_is_gone_when_the_task_stays() {
    let (mut world, mut replica, tasks) = with_a_reply_to_each();
    replica.changes();
    let (reply, task) = (replica.pending()[7].command.id(), tasks[7]);
    let delete = Command::DeleteTask { id: world.id(), task };
    assert_eq!(replica.propose(delete.clone(), world.now()), Proposed::Accepted);
    replica.settle(reply, Some(&refusal()), None);
    replica.settle(delete.id(), Some(&refusal()), None);
    let changes = replica.changes();
    assert!(changes.touched == [task] && changes.tasks.len() == 1 && changes.parts.contains(&reply));
    assert!(changes.messages.iter().all(|it| it.value.id.0 != reply));
}

#[test]
fn a_letter_more_looks_only_at_what_was_found_and_at_what_has_changed() {
    let (mut world, mut replica, tasks) = with_a_reply_to_each();
    assert_eq!(replica.search("task 1").len(), 120, "those with a 1, and the first");
    assert_eq!(replica.compared(), TASKS);
    assert_eq!(replica.search("task 19").len(), 13);
    assert_eq!(replica.compared(), 120);
    let commits = world.log.len();
    world.says(&bob(), tasks[7], "Mine.");
    read(&mut replica, &world, commits);
    assert_eq!(replica.search("task 19").len(), 13);
    assert_eq!(replica.compared(), 14);
    assert_eq!(replica.search("task").len(), TASKS, "a letter less begins anew");
}

#[test]
fn what_is_made_ready_for_the_search_is_made_ready_bit_by_bit() {
    let (_, mut replica, _) = with_a_reply_to_each();
    let slices = (1..).take_while(|_| replica.prepare_search(30)).count();
    assert_eq!(slices, TASKS / 30);
    assert_eq!(replica.search("task 199").len(), 2, "the one that is called so, and the one of that number");
}

#[test]
fn reports_of_streams_touch_the_task_that_they_are_about() {
    let (mut world, mut replica, _) = with_a_reply_to_each();
    let commits = world.log.len();
    let given = world.gives(&bob(), "Do it");
    read(&mut replica, &world, commits);
    replica.changes();
    let copies = world.deliveries().iter().map(Delivery::next_copy).collect();
    let commits = world.log.len();
    world.report(Report::Sent { copies, session: session(1), route: Route::Channel });
    read(&mut replica, &world, commits);
    assert_eq!(replica.changes().touched, [given]);
}
