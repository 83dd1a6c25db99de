//! Commands that run in the background, and those that run them, who die, fall silent, come back late and think they still run them.
//!
//! Whatever happens: one run of a task ends once, by whoever runs it or by time; a wish to end it reaches whoever runs it, and is not outstanding when the
//! run is over; each end is told once to those who wait for it, and to nobody else; no time is overdue; and in the end nothing is left open.

use agentrq_core::Command;
use agentrq_core::command::{NewJob, NewWork, WorkChange};
use agentrq_core::decide::{LEASE_MS, STOP_GRACE_MS, check_runs};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Actor, AgentName, DeliveryKind, DeliveryState, Job, JobKind, ListName, Task};
use agentrq_core::rejection::Rejection;
use agentrq_core::report::Report;

use crate::desk::{Changed, Desk, Done, Timer, ada, holder, name};
use crate::rng::Rng;
use crate::world::Run;

/// Who reports output is out of touch after so long without a word, as in the Worker.
const SILENT_MS: u64 = 60_000;
const STEPS: u64 = 60;

/// One that runs commands.
struct Runner {
    name: AgentName,
    is_alive: bool,
    /// What it thinks it runs, on which claims.
    runs: Vec<(TaskId, u64)>,
}

struct Jobs {
    desk: Desk,
    runners: Vec<Runner>,
    /// Those that ask for commands; some run them themselves.
    asking: Vec<AgentName>,
    most: u64,
}

/// Runs the commands of a seed.
///
/// # Errors
/// The first promise that was broken, and what was done before it.
pub fn run(seed: u64) -> Result<Run, String> {
    let runner = |number: u64| Runner { name: name(&format!("runner-{number}")), is_alive: true, runs: Vec::new() };
    let runners: Vec<_> = (0..2 + seed % 2).map(runner).collect();
    let asking = [name("asks"), name("asks-too"), runners[0].name.clone()].into();
    let mut jobs = Jobs { desk: Desk::new(Rng::new(seed ^ 0x70b5_d000)), runners, asking, most: 3 + seed % 5 };
    let played = jobs.play();
    jobs.desk.ends(played, "what runs in the background")
}

impl Jobs {
    fn play(&mut self) -> Result<(), String> {
        for _ in 0..STEPS {
            let pause = match self.desk.rng.below(12) {
                0 => LEASE_MS,
                _ => self.desk.rng.below(40_000),
            };
            self.wait(pause)?;
            match self.desk.rng.below(16) {
                0..=2 => self.asks_for_one()?,
                3..=4 => self.stops()?,
                5 => self.reopens()?,
                6 => self.kills(),
                7 => self.wakes()?,
                8 => self.takes_over()?,
                _ => self.works()?,
            }
        }
        self.heals()
    }

    /// Everybody is there again: everything comes to an end.
    fn heals(&mut self) -> Result<(), String> {
        self.runners.iter_mut().for_each(|runner| runner.is_alive = true);
        for _ in 0..200 {
            if self.desk.store.tasks().all(|task| !task.status.is_open()) {
                return Ok(());
            }
            self.wait(LEASE_MS / 20)?;
            for at in 0..self.runners.len() {
                self.works_as(at)?;
            }
        }
        Err("something runs without end".to_owned())
    }

    /// Time passes, and what is due is decided on time.
    fn wait(&mut self, ms: u64) -> Result<(), String> {
        let until = self.desk.now.plus_ms(ms);
        while let Some(timer) = self.desk.rings(until) {
            match timer {
                Timer::Lease(agent) => {
                    let (done, has_lost) = self.desk.ends_lease(&agent)?;
                    if has_lost {
                        self.desk.stats.count("runs given up with their runner");
                    }
                    self.looks_at(&done)?;
                }
                Timer::Due(task) => {
                    let id = self.desk.id();
                    let done = self.desk.reports(Report::Due { id, task, lease_ms: LEASE_MS })?;
                    if done.changed.is_empty() || self.desk.timers.get(&Timer::Due(task)).is_some_and(|at| *at <= self.desk.now) {
                        return Err(format!("what is due of {task} is not decided"));
                    }
                    self.looks_at(&done)?;
                }
                Timer::Silent(task, fence) => {
                    let is_it = |task: &Task| task.status == Status::Active && fence_of(task) == fence;
                    if self.desk.task(task).is_some_and(|task| is_it(&task)) {
                        let done = self.desk.reports(Report::Silent { task })?;
                        self.looks_at(&done)?;
                        self.is_lost(task, true)?;
                    }
                }
            }
        }
        self.desk.checks_leases()?;
        self.checks_times()
    }

    fn is_lost(&self, task: TaskId, lost: bool) -> Result<(), String> {
        let job = self.desk.task(task).and_then(|task| task.work?.job);
        match job {
            Some(job) if job.lost_at.is_some() != lost => Err(format!("{task} should be out of touch: {lost}, and is not so")),
            _ => Ok(()),
        }
    }

    /// Nothing that runs is beyond its time.
    fn checks_times(&self) -> Result<(), String> {
        let now = self.desk.now;
        for task in self.desk.store.tasks().filter(|task| task.status == Status::Active) {
            let Some(job) = job(task) else { continue };
            let out_of_time = job.timeout_ms.zip(job.started_at).is_some_and(|(ms, began)| began.plus_ms(ms) <= now);
            let unheard = job.stop.as_ref().is_some_and(|stop| !stop.unconfirmed && stop.at.plus_ms(STOP_GRACE_MS) <= now);
            let too_early = job.stop.as_ref().is_some_and(|stop| stop.unconfirmed && now < stop.at.plus_ms(STOP_GRACE_MS));
            let given_up = job.lost_at.is_some_and(|at| at.plus_ms(LEASE_MS) <= now);
            if (out_of_time && job.stop.is_none()) || unheard || too_early || given_up {
                return Err(format!("{} stands as {job:?} at {now}", task.title));
            }
        }
        Ok(())
    }

    fn agent_does(&mut self, agent: &AgentName, command: Command) -> Result<Result<Done, Rejection>, String> {
        self.desk.hears(agent)?;
        let done = self.does(Actor::Agent { name: agent.clone() }, command)?;
        self.desk.watch(agent);
        Ok(done)
    }

    fn does(&mut self, actor: Actor, command: Command) -> Result<Result<Done, Rejection>, String> {
        match self.desk.does(actor, command) {
            Ok(done) => self.looks_at(&done).map(|()| Ok(done)),
            Err(why) => Ok(Err(why)),
        }
    }

    /// What a step did to each task, and who is told of it.
    fn looks_at(&mut self, done: &Done) -> Result<(), String> {
        for Changed { before, task, actor } in &done.changed {
            let Some(now) = job(task) else { continue };
            stands_right(task, now)?;
            let was = before.as_ref().and_then(job);
            let has_ended = before.as_ref().is_some_and(|before| before.status.is_open()) && !task.status.is_open();
            let mut wait: Vec<&AgentName> = Vec::new();
            if has_ended {
                let stopped_by = was.and_then(|was| was.stop.as_ref()).and_then(|stop| stop.by.as_ref());
                wait.extend([Some(&task.created_by), stopped_by].into_iter().flatten().filter_map(Actor::agent));
                wait.retain(|agent| actor.agent() != Some(agent));
                wait.dedup();
            }
            self.are_told(done, task, DeliveryKind::Ended, &wait)?;
            let is_moved = before.as_ref().is_some_and(|before| before.status != task.status);
            if is_moved && *actor == Actor::System {
                by_itself(task, was)?;
            }
            let is_to_stop = now.stop.is_some() && was.is_some_and(|was| was.stop.is_none());
            let who_runs: Vec<_> = holder(task).filter(|_| is_to_stop).into_iter().collect();
            self.are_told(done, task, DeliveryKind::Stop, &who_runs)?;
            self.hears_no_more_of_stops(task)?;
            if let Some(stop) = now.stop.as_ref().filter(|stop| is_to_stop && stop.by.is_none()) {
                let is_time = now.timeout_ms.zip(now.started_at).is_some_and(|(ms, began)| began.plus_ms(ms) <= stop.at);
                if !is_time {
                    return Err(format!("{} was to end before its time: {now:?}", task.title));
                }
                self.desk.stats.count("runs out of time");
            }
            if now.stop.as_ref().is_some_and(|stop| stop.unconfirmed) && was.is_some_and(|was| was.stop != now.stop) {
                self.desk.stats.count("stops not confirmed");
            }
        }
        Ok(())
    }

    fn are_told(&self, done: &Done, task: &Task, kind: DeliveryKind, who: &[&AgentName]) -> Result<(), String> {
        let news = done.queued.iter().filter(|news| news.task == task.id && news.kind == kind);
        let told: Vec<_> = news.filter_map(|news| news.agent.as_ref()).collect();
        if told == who { Ok(()) } else { Err(format!("of {} ({kind:?}) {who:?} are to hear, and {told:?} do", task.title)) }
    }

    /// What no longer runs is stopped by nobody.
    fn hears_no_more_of_stops(&self, task: &Task) -> Result<(), String> {
        let is_asked = task.status == Status::Active && job(task).is_some_and(|job| job.stop.is_some());
        let asked = self.stops_of(task.id).next();
        match asked {
            Some(agent) if !is_asked => Err(format!("{agent} is still asked to end {}, which is over", task.title)),
            _ => Ok(()),
        }
    }

    /// Who is asked to end it, and has not acted on that.
    fn stops_of(&self, task: TaskId) -> impl Iterator<Item = &AgentName> {
        let outstanding = self
            .desk
            .store
            .deliveries()
            .filter(move |news| news.task == task && news.kind == DeliveryKind::Stop && news.state != DeliveryState::Seen);
        outstanding.filter_map(|news| news.agent.as_ref())
    }

    fn asks_for_one(&mut self) -> Result<(), String> {
        if self.desk.store.tasks().count() as u64 >= self.most {
            return Ok(());
        }
        let id = self.desk.id();
        let timeout_ms = (self.desk.rng.below(2) == 0).then(|| 30_000 * (1 + self.desk.rng.below(10)));
        let job = NewJob { kind: JobKind::LocalBash, command: Some("make".to_owned()), prompt: None, timeout_ms };
        let work = NewWork { title: format!("Run {id}"), job: Some(job), ..NewWork::default() };
        let command = Command::CreateWork { id, list: ListName::default(), work: Box::new(work) };
        let asked = match self.desk.rng.below(4) {
            0 => self.does(ada(), command)?,
            at => {
                let agent = self.asking[usize::try_from(at - 1).unwrap_or_default()].clone();
                self.agent_does(&agent, command)?
            }
        };
        asked.map(drop).map_err(|why| format!("a command was refused: {why}"))
    }

    /// Somebody wants something to end.
    fn stops(&mut self) -> Result<(), String> {
        let Some(task) = self.desk.any_task() else { return Ok(()) };
        let (id, was_open) = (self.desk.id(), task.status);
        let command = Command::StopWork { id, task: task.id };
        let stopped = match self.desk.rng.below(3) {
            0 => self.does(ada(), command)?,
            at => {
                let agent = self.asking[usize::try_from(at - 1).unwrap_or_default()].clone();
                self.agent_does(&agent, command)?
            }
        };
        stopped.map_err(|why| format!("a stop was refused: {why}"))?;
        let now = self.desk.task(task.id).map(|task| (task.status, job(&task).is_some_and(|job| job.stop.is_some())));
        match (was_open, now) {
            (Status::Pending, Some((Status::Killed, _))) | (Status::Active, Some((_, true))) => Ok(()),
            (before, Some((after, _))) if !before.is_open() && before == after => Ok(()),
            (before, after) => Err(format!("{} was {before:?} when it was stopped, and is {after:?}", task.title)),
        }
    }

    /// A person wants what has ended to run once more.
    fn reopens(&mut self) -> Result<(), String> {
        let Some(task) = self.desk.any_task().filter(|task| !task.status.is_open()) else { return Ok(()) };
        let id = self.desk.id();
        self.does(ada(), Command::Reopen { id, task: task.id })?.map(drop).map_err(|why| format!("could not be reopened: {why}"))
    }

    fn any_runner(&mut self) -> usize {
        usize::try_from(self.desk.rng.below(self.runners.len() as u64)).unwrap_or_default()
    }

    fn kills(&mut self) {
        let at = self.any_runner();
        self.desk.log.push(format!("{} dies", self.runners[at].name));
        self.runners[at].is_alive = false;
    }

    /// One that was dead comes back, and says first how what it ran has ended.
    fn wakes(&mut self) -> Result<(), String> {
        let at = self.any_runner();
        if std::mem::replace(&mut self.runners[at].is_alive, true) {
            return Ok(());
        }
        for run in std::mem::take(&mut self.runners[at].runs) {
            self.ends(at, run, Status::Completed)?;
        }
        Ok(())
    }

    /// The same program, started anew under another name, takes its claim over by its number.
    fn takes_over(&mut self) -> Result<(), String> {
        let at = self.any_runner();
        let Some(task) = self.desk.any_task().filter(|task| task.status == Status::Active) else { return Ok(()) };
        self.claims(at, &task, Some(fence_of(&task)))
    }

    fn works(&mut self) -> Result<(), String> {
        let at = self.any_runner();
        if self.runners[at].is_alive { self.works_as(at) } else { Ok(()) }
    }

    /// A runner reports, obeys, ends something, or begins what waits.
    fn works_as(&mut self, at: usize) -> Result<(), String> {
        let Some(run) = self.runners[at].runs.first().copied() else {
            let waits = self.desk.store.tasks().find(|task| task.status == Status::Pending).cloned();
            return waits.map_or(Ok(()), |task| self.claims(at, &task, None));
        };
        let is_asked = self.stops_of(run.0).any(|agent| *agent == self.runners[at].name);
        match self.desk.rng.below(4) {
            // It may not have heard of it yet.
            1 | 2 if is_asked => {
                self.runners[at].runs.remove(0);
                self.desk.stats.count("stops confirmed");
                self.ends(at, run, Status::Killed)
            }
            0 | 1 => self.reports(at, run),
            chance => {
                self.runners[at].runs.remove(0);
                self.ends(at, run, if chance == 2 { Status::Completed } else { Status::Failed })
            }
        }
    }

    /// Whoever begins something runs it, on a claim of its own; and nobody begins what another runs, unless it names that claim.
    fn claims(&mut self, at: usize, task: &Task, fence: Option<u64>) -> Result<(), String> {
        let (id, agent) = (self.desk.id(), self.runners[at].name.clone());
        let change = WorkChange { status: Some(Status::Active), owner: Some(Some(agent.clone())), fence, ..WorkChange::default() };
        let claimed = self.agent_does(&agent, Command::UpdateWork { id, task: task.id, change: Box::new(change) })?;
        let Some(after) = self.desk.task(task.id) else { return Ok(()) };
        match claimed {
            Ok(_) if holder(&after) != Some(&agent) => Err(format!("{agent} begins {} and does not hold it", task.title)),
            Ok(_) => {
                if fence.is_some() && holder(task) != Some(&agent) {
                    self.desk.stats.count("runs taken over");
                }
                let run = (task.id, fence_of(&after));
                let runs = &mut self.runners[at].runs;
                if !runs.contains(&run) {
                    runs.push(run);
                }
                Ok(())
            }
            Err(Rejection::Held { .. }) if task.work.as_ref().is_some_and(|work| work.owner.is_some()) => Ok(()),
            Err(why) => Err(format!("{agent} could not begin {}: {why}", task.title)),
        }
    }

    /// A runner reports output, and is heard of by that; what it may not report it no longer runs.
    fn reports(&mut self, at: usize, (task, fence): (TaskId, u64)) -> Result<(), String> {
        let agent = self.runners[at].name.clone();
        let Some(found) = self.desk.task(task) else { return Ok(()) };
        self.desk.hears(&agent)?;
        let may = check_runs(&found, &agent, Some(fence));
        let runs = found.status == Status::Active && fence_of(&found) == fence;
        if may.is_ok() != runs {
            return Err(format!("{agent} reports {} on claim {fence}: {may:?}", found.title));
        }
        if may.is_err() {
            self.runners[at].runs.retain(|run| *run != (task, fence));
            return Ok(());
        }
        let was_lost = job(&found).is_some_and(|job| job.lost_at.is_some());
        self.desk.timers.insert(Timer::Silent(task, fence), self.desk.now.plus_ms(SILENT_MS));
        let done = self.desk.reports(Report::Resumed { task })?;
        if was_lost {
            self.desk.stats.count("runs heard of again");
        }
        self.looks_at(&done)?;
        self.is_lost(task, false)
    }

    /// A runner says how a run has ended. Only the run that is under way ends by that.
    fn ends(&mut self, at: usize, (task, fence): (TaskId, u64), to: Status) -> Result<(), String> {
        let agent = self.runners[at].name.clone();
        let Some(before) = self.desk.task(task) else { return Ok(()) };
        let code = if to == Status::Completed { 0 } else { 1 };
        let change = WorkChange { status: Some(to), fence: Some(fence), exit_code: Some(code), ..WorkChange::default() };
        let id = self.desk.id();
        let ended = self.agent_does(&agent, Command::UpdateWork { id, task, change: Box::new(change) })?;
        let runs = before.status == Status::Active && fence_of(&before) == fence;
        let after = self.desk.task(task);
        match ended {
            Ok(_) if runs => {
                let is_noted = after.as_ref().and_then(job).is_some_and(|job| job.exit_code == Some(code));
                if !is_noted || after.is_none_or(|after| after.status != to) {
                    return Err(format!("{agent} ended {}, and that does not stand", before.title));
                }
                self.desk.stats.count("runs ended by their runner");
                Ok(())
            }
            // Said once more, or what time had decided the same way.
            Ok(_) if after.as_ref().is_some_and(|after| after.status == before.status && !after.status.is_open()) => Ok(()),
            Err(_) if !runs => {
                self.desk.stats.count("late ends of runs refused");
                if after.is_some_and(|after| after == before) { Ok(()) } else { Err(format!("what was refused changed {}", before.title)) }
            }
            other => Err(format!("{agent} ended {} as {to:?} on claim {fence}: {other:?}", before.title)),
        }
    }
}

/// What nobody ends has failed, or is killed if it was to end; nothing runs a second time by itself.
fn by_itself(task: &Task, was: Option<&Job>) -> Result<(), String> {
    let to = if was.is_some_and(|was| was.stop.is_some()) { Status::Killed } else { Status::Failed };
    if task.status == to { Ok(()) } else { Err(format!("{} became {:?} by itself, from {was:?}", task.title, task.status)) }
}

/// The times of a job say what its task's status says.
fn stands_right(task: &Task, job: &Job) -> Result<(), String> {
    let right = match task.status {
        Status::Pending => job.started_at.is_none() && job.ended_at.is_none() && job.stop.is_none() && job.lost_at.is_none(),
        Status::Active => job.started_at.is_some() && job.ended_at.is_none() && job.exit_code.is_none(),
        _ => job.ended_at.is_some() && job.lost_at.is_none() && job.started_at.is_none_or(|began| Some(began) <= job.ended_at),
    };
    if right { Ok(()) } else { Err(format!("{} is {:?}: {job:?}", task.title, task.status)) }
}

fn job(task: &Task) -> Option<&Job> {
    task.work.as_ref()?.job.as_ref()
}

fn fence_of(task: &Task) -> u64 {
    task.work.as_ref().map_or(0, |work| work.fence)
}
