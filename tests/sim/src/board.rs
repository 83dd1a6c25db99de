//! A list of work that waits for other work, and agents that take it, die, come back late and think they still have it.
//!
//! Whatever happens: each task is done once, and never before what it waits for; no claim outlives its agent's lease; what is taken next is what
//! should be; and in the end everything is done.

use std::collections::BTreeMap;

use agentrq_core::Command;
use agentrq_core::command::{Arrows, NewWork, WorkChange};
use agentrq_core::decide::LEASE_MS;
use agentrq_core::decision::Outcome;
use agentrq_core::id::TaskId;
use agentrq_core::json;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Actor, AgentName, ListName, Metadata, Noted, Task, Work};
use agentrq_core::rejection::Rejection;
use agentrq_core::view::{Look, View};

use crate::desk::{Changed, Desk, Done, Timer, ada, holder, name};
use crate::rng::Rng;
use crate::world::Run;

/// How large a board is.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub tasks: u64,
    pub agents: u64,
    pub steps: u64,
}

impl Size {
    /// Mostly small, where most of what goes wrong is found; now and then large.
    pub fn of(seed: u64) -> Self {
        match seed % 1_000 {
            10 => Self { tasks: 1_000, agents: 10, steps: 3_000 },
            110 | 310 | 510 | 710 | 910 => Self { tasks: 150, agents: 10, steps: 400 },
            _ => Self { tasks: 4 + seed % 17, agents: 2 + seed % 4, steps: 60 },
        }
    }
}

struct Hand {
    name: AgentName,
    is_alive: bool,
    /// What it thinks it has, with the numbers of its claims.
    has: Vec<(TaskId, u64)>,
}

struct Board {
    desk: Desk,
    hands: Vec<Hand>,
    /// How often each task was completed.
    done: BTreeMap<TaskId, u32>,
}

/// Runs the board of a seed.
///
/// # Errors
/// The first promise that was broken, and what was done before it.
pub fn run(seed: u64, size: Size) -> Result<Run, String> {
    let hand = |number: u64| Hand { name: name(&format!("agent-{number}")), is_alive: true, has: Vec::new() };
    let hands = (0..size.agents).map(hand).collect();
    let mut board = Board { desk: Desk::new(Rng::new(seed ^ 0xb0a2_d000)), hands, done: BTreeMap::new() };
    let played = board.play(size);
    board.desk.ends(played, &format!("the board: {size:?}"))
}

impl Board {
    fn play(&mut self, size: Size) -> Result<(), String> {
        for _ in 0..size.tasks / 2 {
            self.puts()?;
        }
        let mut left = size.tasks - size.tasks / 2;
        for _ in 0..size.steps {
            let pause = self.desk.rng.below(90_000);
            self.wait(pause)?;
            match self.desk.rng.below(20) {
                0..=1 if left > 0 => {
                    left -= 1;
                    self.puts()?;
                }
                2 => self.joins()?,
                3 => self.edits()?,
                4 => self.kill(),
                5 => self.wake()?,
                _ => self.works()?,
            }
        }
        self.heals()
    }

    /// Everybody works, and nobody dies any more: everything is done in the end.
    fn heals(&mut self) -> Result<(), String> {
        let hands = self.hands.len();
        for hand in &mut self.hands {
            hand.is_alive = true;
        }
        for _ in 0..4 * self.desk.store.tasks().count() + 4 * hands + 20 {
            self.wait(LEASE_MS / 8)?;
            for hand in 0..hands {
                self.works_as(hand)?;
            }
            if self.desk.store.tasks().all(|task| task.status == Status::Completed) {
                return self.checks_the_end();
            }
        }
        let open: Vec<_> = self.desk.store.tasks().filter(|task| task.status.is_open()).map(|task| format!("{:?}", task.work)).collect();
        Err(format!("{} tasks are never done: {}", open.len(), open.join("; ")))
    }

    fn checks_the_end(&self) -> Result<(), String> {
        for task in self.desk.store.tasks() {
            let times = self.done.get(&task.id).copied().unwrap_or(0);
            if times != 1 {
                return Err(format!("{} was done {times} times", task.title));
            }
        }
        Ok(())
    }

    /// Time passes; leases that end are looked at on time.
    fn wait(&mut self, ms: u64) -> Result<(), String> {
        let until = self.desk.now.plus_ms(ms);
        while let Some(timer) = self.desk.rings(until) {
            // Nothing runs in the background here.
            let Timer::Lease(agent) = timer else { continue };
            let (done, has_lost) = self.desk.ends_lease(&agent)?;
            if has_lost {
                self.desk.stats.count("claims that ended with their agent");
            }
            self.steps(&done)?;
        }
        self.desk.checks_leases()
    }

    /// An agent asks, and is heard of by that.
    fn asks(&mut self, hand: usize, command: Command) -> Result<Result<Outcome, Rejection>, String> {
        let agent = self.hands[hand].name.clone();
        self.desk.hears(&agent)?;
        let done = self.does(Actor::Agent { name: agent.clone() }, command)?;
        self.desk.watch(&agent);
        Ok(done)
    }

    fn does(&mut self, actor: Actor, command: Command) -> Result<Result<Outcome, Rejection>, String> {
        match self.desk.does(actor, command) {
            Ok(done) => self.steps(&done).map(|()| Ok(done.outcome)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// Looks at each step that a task has made.
    fn steps(&mut self, done: &Done) -> Result<(), String> {
        for Changed { before, task, actor } in &done.changed {
            if before.as_ref().is_none_or(|before| before.status == task.status) {
                continue;
            }
            if task.status == Status::Completed {
                *self.done.entry(task.id).or_default() += 1;
            }
            // Agents take here only what is free; that a person or an agent may begin what waits is another promise.
            let waits = task.work.iter().flat_map(|work| &work.blocked_by).find(|id| !self.is_completed(**id));
            if let Some(blocker) = waits.filter(|_| task.status == Status::Active) {
                return Err(format!("{actor} began {} before {blocker} was done", task.title));
            }
        }
        Ok(())
    }

    fn is_completed(&self, id: TaskId) -> bool {
        matches!(self.desk.store.task(id), Look::Known(Some(task)) if task.status == Status::Completed)
    }

    /// Somebody puts a task on the list, which waits for some that are there.
    fn puts(&mut self) -> Result<(), String> {
        let id = self.desk.id();
        let mut blocked_by = Vec::new();
        for _ in 0..self.desk.rng.below(3) {
            blocked_by.extend(self.desk.any_task().map(|task| task.id));
        }
        let owner = (self.desk.rng.below(8) == 0).then(|| self.any_name());
        let work = NewWork { title: format!("Task {id}"), blocked_by, owner, metadata: self.urgency(), ..NewWork::default() };
        let hand = self.any_hand();
        let put = self.asks(hand, Command::CreateWork { id, list: ListName::default(), work: Box::new(work) })?;
        put.map(|_| ()).map_err(|why| format!("a task was refused: {why}"))
    }

    /// Two tasks are joined, or are not any more. What would make a circle is refused, and nothing else.
    fn joins(&mut self) -> Result<(), String> {
        let (Some(one), Some(other)) = (self.desk.any_task(), self.desk.any_task()) else { return Ok(()) };
        // What is under way or done is left as it is: it would have begun too early.
        if one.status != Status::Pending {
            return Ok(());
        }
        let circle = one.id == other.id || self.leads(one.id, other.id);
        let is_there = one.work.as_ref().is_some_and(|work| work.blocked_by.contains(&other.id));
        let arrows = match is_there {
            true => Arrows { remove_blocked_by: vec![other.id], ..Arrows::default() },
            false => Arrows { add_blocked_by: vec![other.id], ..Arrows::default() },
        };
        let (id, hand) = (self.desk.id(), self.any_hand());
        let change = Box::new(WorkChange { arrows, ..WorkChange::default() });
        match (self.asks(hand, Command::UpdateWork { id, task: one.id, change })?, circle && !is_there) {
            (Ok(_), false) => Ok(()),
            (Err(Rejection::Cycle { .. }), true) => {
                self.desk.stats.count("circles refused");
                Ok(())
            }
            (joined, _) => Err(format!("{} waits for {}: {joined:?}", one.title, other.title)),
        }
    }

    /// Whether `to` waits for `from`, however far, by the simplest search there is.
    fn leads(&self, from: TaskId, to: TaskId) -> bool {
        let mut reached = vec![from];
        let mut at = 0;
        while let Some(here) = reached.get(at).copied() {
            for task in self.desk.store.tasks() {
                let waits = task.work.as_ref().is_some_and(|work| work.blocked_by.contains(&here));
                if waits && !reached.contains(&task.id) {
                    reached.push(task.id);
                }
            }
            at += 1;
        }
        reached.contains(&to)
    }

    /// A person says that something is more urgent, is for somebody, or is not wanted any more.
    fn edits(&mut self) -> Result<(), String> {
        let Some(task) = self.desk.any_task() else { return Ok(()) };
        let id = self.desk.id();
        let command = match self.desk.rng.below(4) {
            0 if task.status.is_open() => Command::DeleteTask { id, task: task.id },
            1 if task.status.is_open() => {
                let owner = Some(Some(self.any_name()));
                Command::UpdateWork { id, task: task.id, change: Box::new(WorkChange { owner, ..WorkChange::default() }) }
            }
            _ => {
                let metadata = Some(Noted::Merged(self.urgency()));
                Command::UpdateWork { id, task: task.id, change: Box::new(WorkChange { metadata, ..WorkChange::default() }) }
            }
        };
        self.does(ada(), command)?.map(|_| ()).map_err(|why| format!("a person was refused: {why}"))
    }

    fn urgency(&mut self) -> Metadata {
        let word = ["P0", "high", "P2", "low", "unprioritized"][usize::try_from(self.desk.rng.below(5)).unwrap_or_default()];
        json::from_str(&format!("{{\"priority\":\"{word}\"}}")).unwrap_or_default()
    }

    fn any_hand(&mut self) -> usize {
        usize::try_from(self.desk.rng.below(self.hands.len() as u64)).unwrap_or_default()
    }

    fn any_name(&mut self) -> AgentName {
        let hand = self.any_hand();
        self.hands[hand].name.clone()
    }

    fn kill(&mut self) {
        let hand = self.any_hand();
        self.desk.log.push(format!("{} dies", self.hands[hand].name));
        self.hands[hand].is_alive = false;
    }

    /// One that was dead comes back, and ends first what it thinks it has.
    fn wake(&mut self) -> Result<(), String> {
        let hand = self.any_hand();
        self.hands[hand].is_alive = true;
        let has = std::mem::take(&mut self.hands[hand].has);
        for (task, fence) in has {
            self.completes(hand, task, Some(fence))?;
        }
        Ok(())
    }

    fn works(&mut self) -> Result<(), String> {
        let hand = self.any_hand();
        if self.hands[hand].is_alive { self.works_as(hand) } else { Ok(()) }
    }

    /// An agent ends something that it has, or gives it back, or takes what it finds.
    fn works_as(&mut self, hand: usize) -> Result<(), String> {
        match (self.hands[hand].has.first().copied(), self.desk.rng.below(6)) {
            (None, 0) => self.takes_any(hand),
            (None, _) => self.takes_next(hand),
            (Some((task, _)), 0) => {
                self.hands[hand].has.remove(0);
                let id = self.desk.id();
                let change = WorkChange { status: Some(Status::Pending), owner: Some(None), ..WorkChange::default() };
                // It may have lost it, and may not know.
                self.asks(hand, Command::UpdateWork { id, task, change: Box::new(change) }).map(drop)
            }
            (Some((task, fence)), chance) => {
                self.hands[hand].has.remove(0);
                self.completes(hand, task, (chance < 3).then_some(fence))
            }
        }
    }

    /// Whoever completes a task on a claim has that claim.
    fn completes(&mut self, hand: usize, task: TaskId, fence: Option<u64>) -> Result<(), String> {
        let Look::Known(Some(before)) = self.desk.store.task(task) else { return Ok(()) };
        let Some(work) = before.work.as_ref() else { return Ok(()) };
        let agent = self.hands[hand].name.clone();
        let id = self.desk.id();
        let change = WorkChange { status: Some(Status::Completed), fence, ..WorkChange::default() };
        let done = self.asks(hand, Command::UpdateWork { id, task, change: Box::new(change) })?;
        let held_by_another = before.status == Status::Active && holder(&before).is_some_and(|holder| *holder != agent);
        let owned = work.owner.as_ref() == Some(&agent);
        match done {
            Ok(Outcome::Done) if held_by_another && !owned => Err(format!("{agent} completed {} of another", before.title)),
            Ok(Outcome::Done) if fence.is_some_and(|fence| fence != work.fence) => {
                Err(format!("{agent} completed {} on a claim that is no more", before.title))
            }
            Err(Rejection::Held { .. }) => {
                self.desk.stats.count("late completions refused");
                Ok(())
            }
            // What waits again since a blocker was joined, or is over, cannot be completed.
            Ok(_) | Err(Rejection::Blocked { .. } | Rejection::IllegalTransition { .. }) => Ok(()),
            Err(why) => Err(format!("{agent} could not complete {}: {why}", before.title)),
        }
    }

    /// It takes the next: what should be taken, by the simplest look there is.
    fn takes_next(&mut self, hand: usize) -> Result<(), String> {
        let agent = self.hands[hand].name.clone();
        // What is meant for it comes first.
        let meant = self.desk.store.tasks().find(|task| self.is_free(task) && owner(task) == Some(&agent)).map(|task| task.id);
        if let Some(task) = meant {
            return self.claims(hand, task);
        }
        let free = self.desk.store.tasks().filter(|task| self.is_free(task) && owner(task).is_none());
        let best = free.min_by_key(|task| task.work.as_ref().map(|work| (work.priority(), work.wave, work.number))).map(|task| task.id);
        let id = self.desk.id();
        match self.asks(hand, Command::ClaimWork { id, list: ListName::default(), owner: None })? {
            Ok(Outcome::Claimed(taken)) if taken == best => {
                if let Some(task) = taken {
                    self.desk.stats.count("claims made");
                    self.has(hand, task)?;
                }
                Ok(())
            }
            other => Err(format!("{agent} should take {best:?}: {other:?}")),
        }
    }

    /// It tries to take anything that is free, or that another has.
    fn takes_any(&mut self, hand: usize) -> Result<(), String> {
        match self.desk.any_task() {
            Some(task) if self.is_free(&task) || holder(&task).is_some() => self.claims(hand, task.id),
            _ => Ok(()),
        }
    }

    fn claims(&mut self, hand: usize, task: TaskId) -> Result<(), String> {
        let agent = self.hands[hand].name.clone();
        let Look::Known(Some(before)) = self.desk.store.task(task) else { return Ok(()) };
        let id = self.desk.id();
        let change = WorkChange { status: Some(Status::Active), owner: Some(Some(agent.clone())), ..WorkChange::default() };
        let claimed = self.asks(hand, Command::UpdateWork { id, task, change: Box::new(change) })?;
        let is_anothers = owner(&before).is_some_and(|owner| *owner != agent);
        match claimed {
            Ok(_) if is_anothers => Err(format!("{agent} took {}, which another has", before.title)),
            Ok(Outcome::Done) => self.has(hand, task),
            Ok(_) => Ok(()),
            Err(Rejection::Held { .. }) if is_anothers => {
                self.desk.stats.count("claims refused");
                Ok(())
            }
            Err(why) => Err(format!("{agent} could not take {}: {why}", before.title)),
        }
    }

    fn has(&mut self, hand: usize, task: TaskId) -> Result<(), String> {
        let Look::Known(Some(claimed)) = self.desk.store.task(task) else { return Err("what was claimed is not there".to_owned()) };
        let agent = self.hands[hand].name.clone();
        if holder(&claimed) != Some(&agent) {
            return Err(format!("{agent} claimed {} and does not hold it", claimed.title));
        }
        self.hands[hand].has.push((task, claimed.work.as_ref().map_or(0, |work| work.fence)));
        Ok(())
    }

    fn is_free(&self, task: &Task) -> bool {
        let waits = |work: &Work| work.blocked_by.iter().any(|id| !self.is_completed(*id));
        task.status == Status::Pending && !task.work.as_ref().is_some_and(|work| waits(work))
    }
}

fn owner(task: &Task) -> Option<&AgentName> {
    task.work.as_ref()?.owner.as_ref()
}
