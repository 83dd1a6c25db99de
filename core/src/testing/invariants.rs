//! What holds in every workspace, whatever has happened in it.

use std::collections::BTreeSet;

use crate::id::TaskId;
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{
    Delivery, DeliveryKind, DeliveryState, Job, JobKind, Message, Run, Shown, Task, Turn, Verdict, VerdictGiven, Work, shown_digest,
};
use crate::risk;
use crate::store::MemoryStore;
use crate::view::{Look, View};

/// Panics with what is wrong if the whole workspace in `store` is in a state that no history may reach.
pub fn invariants(store: &MemoryStore) {
    let mut numbers = BTreeSet::new();
    let mut listed = BTreeSet::new();
    for task in store.tasks() {
        let number = task.number.unwrap_or_else(|| panic!("a task without a number: {task:?}"));
        assert!(numbers.insert(number), "two tasks with the number {number}");
        assert!(store.next_number().is_some_and(|next| number < next), "the next number is no later than #{number}");
        of_task(store, task);
        if let Some(work) = &task.work {
            of_work(store, task, work);
            assert!(listed.insert((&work.list, work.number)), "two tasks with the number {:?} in {}", work.number, work.list);
        }
    }
    no_circle(store);
    store.deliveries().for_each(|delivery| of_delivery(store, delivery));
    for agent in store.agents() {
        if let Some(list) = agent.waits_for_work.as_ref().filter(|_| !agent.is_program()) {
            assert!(matches!(store.up_for_grabs(list), Look::Known(None)), "it waits, and there is something to do on {list}: {agent:?}");
        }
        assert!((1..=limits::NAME_CHARS).contains(&agent.display_name.chars().count()), "{agent:?}");
        assert!(agent.revision <= store.head(), "{agent:?}");
    }
}

fn of_task(store: &MemoryStore, task: &Task) {
    let Task { id, title, messages, .. } = task;
    assert_eq!(task.status.is_open(), task.turn != Turn::Nobody, "the turn is nobody's exactly when a task is over: {task:?}");
    assert!((1..=limits::TITLE_CHARS).contains(&title.chars().count()), "the length of the title: {task:?}");
    assert!(task.reason.as_ref().is_none_or(|it| (1..=limits::REASON_CHARS).contains(&it.chars().count())), "{task:?}");
    assert!(task.created_at <= task.waiting_since && task.waiting_since <= task.updated_at, "times out of order: {task:?}");
    assert!(task.session.is_none() || task.agent.is_some(), "a session of nobody: {task:?}");
    assert!(task.revision <= store.head(), "a task of the future: {task:?}");

    let thread = store.thread(*id);
    assert_eq!(thread.len(), *messages as usize, "the thread is as long as the task says: {task:?}");
    let files: usize = thread.iter().map(|message| message.attachments.len()).sum();
    assert_eq!(files, task.attachments as usize, "the thread has as many files as the task says: {task:?}");
    for (index, message) in thread.iter().enumerate() {
        assert_eq!(message.index as usize, index, "a thread has no gap: {message:?}");
        of_message(store, message);
    }
    let body = thread[0];
    assert_eq!(body.id.0, id.0, "the first message is the body: {task:?}");
    let shown = Shown { title, body: &body.text, options: task.options.as_ref(), attachments: &body.attachments };
    assert_eq!(task.digest, shown_digest(shown), "the digest is of what is shown: {task:?}");
    let line = body.text.split_whitespace().collect::<Vec<_>>().join(" ");
    let begins = task.excerpt.strip_suffix('…').filter(|_| line != task.excerpt).unwrap_or(&task.excerpt);
    assert!(line.starts_with(begins) && task.excerpt.chars().count() <= 161, "the excerpt is the body's beginning: {task:?}");
    assert!(line == task.excerpt || task.excerpt.chars().count() == 161, "the excerpt is cut only where it must be: {task:?}");
    let risks: Vec<_> = risk::risks(&format!("{title}\n{}", body.text)).into_iter().map(|risk| risk.word.to_owned()).collect();
    assert_eq!(task.risks, Some(risks), "what is grave is what is grave in the whole of it: {task:?}");
    if let Some(verdict) = &task.verdict {
        of_verdict(task, verdict, &thread);
    }
}

fn of_work(store: &MemoryStore, task: &Task, work: &Work) {
    let number = work.number.unwrap_or_else(|| panic!("a task without a number in its list: {task:?}"));
    assert!(store.next_in_list(&work.list).is_some_and(|next| number < next), "the next number is no later than #{number}");
    assert!(work.metadata.bytes() <= limits::METADATA_BYTES, "{task:?}");
    assert!(work.metadata.iter().all(|(_, value)| value.as_str() != "null"), "what goes is not kept: {task:?}");
    if work.holder.is_some() {
        assert!(task.status == Status::Active && work.owner.is_some() && work.fence > 0, "a claim: {task:?}");
    }
    if let Some(job) = &work.job {
        of_job(task, job);
        if job.run.is_some() {
            let run = Run::of(task).unwrap_or_else(|| panic!("a run that cannot be read: {task:?}"));
            of_run(store, task, &run);
        }
    }
    let distinct: BTreeSet<_> = work.blocked_by.iter().collect();
    assert_eq!(distinct.len(), work.blocked_by.len(), "it waits twice for one: {task:?}");
    for blocker in &work.blocked_by {
        let Look::Known(Some(blocker)) = store.task(*blocker) else { panic!("it waits for what is not there: {task:?}") };
        assert_eq!(blocker.work.map(|work| work.list).as_ref(), Some(&work.list), "it waits for another list: {task:?}");
    }
    if task.status.is_open() {
        let Look::Known(waits) = store.waits(&work.blocked_by) else { panic!("the store holds everything") };
        assert_eq!(work.wave, waits.next_wave(), "the wave in which it may begin: {task:?}");
    }
}

fn of_job(task: &Task, job: &Job) {
    assert!(job.kind != JobKind::LocalBash || job.command.is_some(), "a shell without a command: {task:?}");
    let is_over = !task.status.is_open();
    assert_eq!(job.ended_at.is_some(), is_over, "it has ended exactly when its task is over: {task:?}");
    assert!(job.exit_code.is_none() || is_over, "an exit before the end: {task:?}");
    assert!(task.status != Status::Active || job.started_at.is_some(), "it runs, and never began: {task:?}");
    assert!(task.status != Status::Pending || job.started_at.is_none() && job.stop.is_none(), "it has yet to begin: {task:?}");
    assert!(job.lost_at.is_none() || task.status == Status::Active, "only who runs something gets lost: {task:?}");
}

/// A run under way has a step that is under way or may yet begin, and is as far as its steps are.
fn of_run(store: &MemoryStore, task: &Task, run: &Run) {
    assert_ne!(task.status, Status::Pending, "a run has begun: {task:?}");
    if !task.status.is_open() {
        return;
    }
    let steps: Vec<_> = store.tasks().filter(|step| run.steps.contains(&step.id)).collect();
    assert_eq!(steps.len(), run.steps.len(), "a step that is not there: {task:?}");
    assert_eq!(steps.iter().filter(|step| step.status == Status::Completed).count() as u64, run.completed, "how far it is: {task:?}");
    let waits_for = |step: &Task| step.work.iter().flat_map(|work| work.blocked_by.clone()).collect::<Vec<_>>();
    let goes_on = steps.iter().any(|step| {
        let (mut over, mut waited_for) = (true, vec![step.id]);
        while let Some(id) = waited_for.pop() {
            let Some(on) = steps.iter().find(|step| step.id == id) else { continue };
            over &= on.status.is_open() || on.status == Status::Completed;
            if on.status.is_open() {
                waited_for.extend(waits_for(on));
            }
        }
        step.status == Status::Active || step.status == Status::Pending && over
    });
    assert!(goes_on, "nothing of it can go on: {task:?}");
}

/// Tasks that wait for none, then those that wait for such alone, and so on, are all there are.
fn no_circle(store: &MemoryStore) {
    let mut left: Vec<(TaskId, &[TaskId])> =
        store.tasks().filter_map(|task| Some((task.id, task.work.as_ref()?.blocked_by.as_slice()))).collect();
    while !left.is_empty() {
        let waiting: BTreeSet<_> = left.iter().map(|(id, _)| *id).collect();
        let before = left.len();
        left.retain(|(_, blockers)| blockers.iter().any(|blocker| waiting.contains(blocker)));
        assert!(left.len() < before, "they wait for each other: {left:?}");
    }
}

fn of_verdict(task: &Task, verdict: &VerdictGiven, thread: &[&Message]) {
    assert!(verdict.by.is_person(), "only people decide: {task:?}");
    let message = thread.iter().find(|message| message.id == verdict.message);
    let message = message.unwrap_or_else(|| panic!("a verdict without its message: {task:?}"));
    assert_eq!((message.verdict, &message.author, message.at), (Some(verdict.kind), &verdict.by, verdict.at), "{task:?}");
    match &message.edited {
        None => assert_eq!(verdict.digest, task.digest, "a verdict stands on what is shown: {task:?}"),
        Some(edited) => {
            assert_eq!(verdict.kind, Verdict::Approved, "only what is approved is changed: {task:?}");
            assert_eq!(verdict.digest, edited.before, "a verdict is bound to what was shown: {task:?}");
            assert_eq!(task.digest, edited.after, "what was approved is what stands: {task:?}");
            assert_eq!(thread[0].text, edited.text, "what was approved is what stands: {task:?}");
        }
    }
}

fn of_message(store: &MemoryStore, message: &Message) {
    assert!(message.verdict.is_none() || message.author.is_person(), "only people decide: {message:?}");
    assert!(message.text.len() <= limits::TEXT_BYTES && message.attachments.len() <= limits::ATTACHMENTS, "{:?}", message.id);
    let chose = message.choices.as_ref().is_some_and(|chosen| !chosen.is_empty());
    assert_eq!(chose, message.choices.is_some(), "a choice of nothing: {message:?}");
    assert!(message.author.is_person() || (!chose && message.edited.is_none()), "only people choose and change: {message:?}");
    assert!(message.edited.is_none() || message.verdict == Some(Verdict::Approved), "{message:?}");
    let says_something = !message.text.trim().is_empty() || !message.attachments.is_empty() || message.verdict.is_some() || chose;
    assert!(message.index == 0 || says_something, "an empty message: {message:?}");
    assert!(message.revision <= store.head(), "a message of the future: {message:?}");
}

fn of_delivery(store: &MemoryStore, delivery: &Delivery) {
    use DeliveryState::{Queued, Received, Seen, Sent};

    let Delivery { state, queued_at, sent_at, received_at, seen_at, .. } = delivery;
    assert_eq!(sent_at.is_some(), *state >= Sent, "sent: {delivery:?}");
    assert_eq!(received_at.is_some(), *state >= Received, "received: {delivery:?}");
    assert_eq!(seen_at.is_some(), *state == Seen, "seen: {delivery:?}");
    assert_eq!(delivery.route.is_some(), *state >= Sent, "a route: {delivery:?}");
    if matches!(state, Sent | Received) {
        assert!(delivery.session.is_some() && delivery.copies > 0, "sent, but to whom: {delivery:?}");
    }
    assert!(*state != Queued || delivery.session.is_none(), "queued, yet given to a session: {delivery:?}");
    assert!(!delivery.redelivered || delivery.copies > 0, "redelivered, but never delivered: {delivery:?}");
    let times = [Some(*queued_at), *sent_at, *received_at, *seen_at];
    assert!(times.iter().flatten().is_sorted(), "times out of order: {delivery:?}");
    assert!(delivery.revision <= store.head(), "a delivery of the future: {delivery:?}");

    let Look::Known(task) = store.task(delivery.task) else { panic!("the store holds everything") };
    assert!(task.is_some() || delivery.kind == DeliveryKind::Status, "news of a task that is gone: {delivery:?}");
    if matches!(delivery.kind, DeliveryKind::Reply | DeliveryKind::Verdict) {
        let Look::Known(Some(message)) = store.message(crate::id::MessageId(delivery.id.0)) else {
            panic!("an answer without its message: {delivery:?}")
        };
        assert_eq!(message.task, delivery.task, "an answer in another thread: {delivery:?}");
        assert_eq!(message.verdict.is_some(), delivery.kind == DeliveryKind::Verdict, "{delivery:?}");
        assert!(message.author.is_person(), "an agent's message is not delivered: {delivery:?}");
    }
}
