//! Brings the two sides of one task together: what one has changed goes to the other, what is refused comes back, and whatever is not kept is told in its thread.
//!
//! A change there rests on the revision that was compared, a change here on the file as it was read, under the list's lock: if either has changed meanwhile, it is
//! compared anew. So nothing is overwritten that was not seen. What was decided is noted before it is done.

use std::collections::BTreeSet;
use std::time::UNIX_EPOCH;

use agentrq_core::interchange::claude_file::{ClaudeTask, FileStatus};
use serde_json::{Map, Value};

use super::merge::{Side, Sides, merge, settled};
use super::mirror::{Mirror, Since, Stopped, check};
use super::remote::{NotDone, Remote, is_hidden};
use super::state::{Pair, Phase};
use crate::files::Certainty;
use crate::files::fields::{Fields, Part, note, ours};
use crate::mcp::Refused;
use crate::say::{say, told};

/// So often both may change under our hands before it is left for the next look.
const TRIES: usize = 20;

/// Whether there is more to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Again,
    Done,
}

/// What is compared.
struct Compared {
    pair: Pair,
    file: ClaudeTask,
    here: Fields,
    task: Remote,
    there: Fields,
}

impl Mirror {
    /// Brings a task of this number together, if it is on both sides.
    pub(super) async fn settle_one(&mut self, number: u64) -> Result<(), Stopped> {
        for _ in 0..TRIES {
            let Some(pair) = self.pairs.get(&number).cloned() else { return Ok(()) };
            let task = self.there.get(&pair.there).cloned();
            let file = self.here.task(number).cloned();
            let next = match (file, task) {
                (None, _) if self.here.has_file(number) => self.unreadable(number),
                (Some(file), _) if is_hidden(&Fields::of_file(&file, BTreeSet::new()).metadata) => Next::Done,
                (None, None) => {
                    self.forget(&pair)?;
                    Next::Done
                }
                (None, Some(_)) if pair.phase == Phase::Both && !self.is_gone(number) => Next::Done,
                (None, Some(task)) => self.gone_here(pair, task).await?,
                (Some(file), None) => self.gone_there(pair, file).await?,
                (Some(file), Some(task)) => {
                    let here = Fields::of_file(&file, self.mapped(&self.here.waits_for(number)));
                    let there = self.in_numbers_here(&task);
                    self.compare(Compared { pair, file, here, task, there }).await?
                }
            };
            if next == Next::Done {
                return self.tell(number).await;
            }
        }
        say(format_args!("#{number} changes faster than it can be compared; it is looked at again"));
        self.look_again_at(BTreeSet::from([number]));
        Ok(())
    }

    /// One that is being written is looked at again anyway.
    pub(super) fn unreadable(&mut self, number: u64) -> Next {
        if self.here.reread(&self.directory, [number]).certainty == Certainty::Certain
            && let Some(why) = self.here.trouble(number)
            && self.left.insert(number, None) != Some(None)
        {
            say(format_args!("{number}.json is left as it is: {why}"));
        }
        if self.here.task(number).is_some() { Next::Again } else { Next::Done }
    }

    /// Of these tasks those that both sides have.
    fn mapped(&self, tasks: &BTreeSet<u64>) -> BTreeSet<u64> {
        let is_on_both =
            |number: &&u64| self.pairs.get(number).is_some_and(|pair| self.there.contains_key(&pair.there) && self.here.has_file(**number));
        tasks.iter().filter(is_on_both).copied().collect()
    }

    /// What a task there says, in the numbers of the directory.
    fn in_numbers_here(&self, task: &Remote) -> Fields {
        let waits_for = task.fields.waits_for.iter().filter_map(|number| self.here_of.get(number)).copied().collect();
        Fields { waits_for: self.mapped(&waits_for), ..task.fields.clone() }
    }

    async fn compare(&mut self, compared: Compared) -> Result<Next, Stopped> {
        let Compared { mut pair, file, here, task, there } = compared;
        if let Some(base) = &mut pair.base {
            base.waits_for = self.mapped(&base.waits_for);
            // A claim that has ended because nothing was heard of us, and that nobody has taken since, is made again.
            let was_ours = base.status == FileStatus::InProgress && (here.status, &here.owner) == (base.status, &base.owner);
            if self.since == Since::JustNow && was_ours && there.status == FileStatus::Pending && there.owner.is_none() {
                base.take(&Part::Claim, &there);
            }
        }
        let written = self.here.written(pair.here).and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
        let later = if written.as_millis() > u128::from(task.updated_ms) { Side::Here } else { Side::There };
        let sides = Sides { base: pair.base.as_ref(), here: &here, there: &there, later };
        let (merged, conflicts) = merge(sides);
        if pair.base.is_none() || !conflicts.is_empty() {
            let base = settled(pair.base.as_ref(), sides, &merged);
            pair.base = Some(base);
            pair.notes.extend(conflicts.iter().map(super::merge::Conflict::told));
            for conflict in &conflicts {
                let kept = if conflict.kept == Side::Here { "the file's" } else { "the workspace's" };
                say(format_args!(
                    "#{}: {} was changed on both sides; {kept} stands, the other is told in its thread",
                    pair.here, conflict.part
                ));
            }
            self.keep(pair)?;
            return Ok(Next::Again);
        }
        let up = there.parts_to(&merged);
        if !up.is_empty() {
            let sent = self.send(&mut pair, &task, &up, (&here, &there, &merged)).await;
            self.keep(pair)?;
            sent?;
            return Ok(Next::Again);
        }
        let down = here.parts_to(&merged);
        pair.base = Some(merged.clone());
        let noted = self.ours(&pair, &task);
        let is_noted = ours(&file) == noted.clone().into_iter().collect();
        if down.is_empty() && is_noted {
            self.keep(pair)?;
            return Ok(Next::Done);
        }
        if !self.write(&pair, &file, (&here, &merged), noted).await? {
            return Ok(Next::Again);
        }
        if !down.is_empty() {
            say(format_args!("#{} from the workspace: {}", pair.here, list(&down)));
        }
        self.keep(pair)?;
        Ok(Next::Again)
    }

    /// Sends what has changed here. What is refused is taken as it is there.
    async fn send(
        &mut self,
        pair: &mut Pair,
        task: &Remote,
        up: &[Part],
        (here, there, merged): (&Fields, &Fields, &Fields),
    ) -> Result<(), Stopped> {
        let numbers: Vec<_> = up.iter().filter_map(|part| if let Part::WaitsFor(other) = part { Some(*other) } else { None }).collect();
        let named: std::collections::BTreeMap<_, _> =
            numbers.into_iter().filter_map(|here| Some((here, self.pairs.get(&here)?.there))).collect();
        match self.list.update(task, up, merged, |here| named.get(&here).copied()).await {
            Ok(now) => {
                say(format_args!("#{} to the workspace: {}", pair.here, list(up)));
                if let Some(base) = &mut pair.base {
                    up.iter().for_each(|part| base.take(part, merged));
                }
                match now {
                    Some(now) => drop(self.there.insert(task.number, now)),
                    None => drop(self.there.remove(&task.number)),
                }
                return Ok(());
            }
            Err(NotDone::Changed | NotDone::Gone) => {}
            Err(NotDone::Refused(refused)) => {
                check(&refused)?;
                match up {
                    [part] => refuse(pair, part, (here, there), &refused),
                    // One of them is in the way; the others are not lost for that.
                    parts => {
                        for part in parts {
                            self.look_at(task.number).await?;
                            let Some(now) = self.there.get(&task.number).cloned() else { return Ok(()) };
                            // Somebody else has changed it meanwhile: that is compared first.
                            if self.in_numbers_here(&now).parts_to(there).contains(part) {
                                continue;
                            }
                            Box::pin(self.send(pair, &now, std::slice::from_ref(part), (here, there, merged))).await?;
                        }
                    }
                }
            }
        }
        self.look_at(task.number).await
    }

    /// Writes what is agreed on into the file, and what it waits for into the files of those too. `false`: it is not what it was.
    async fn write(
        &mut self,
        pair: &Pair,
        file: &ClaudeTask,
        (here, merged): (&Fields, &Fields),
        noted: Map<String, Value>,
    ) -> Result<bool, Stopped> {
        let arrows: Vec<_> = here.waits_for.symmetric_difference(&merged.waits_for).copied().collect();
        let touched: BTreeSet<_> = arrows.iter().copied().chain([pair.here]).collect();
        let directory = self.directory.clone();
        let mut held = directory.lock().await?;
        held.own(touched.clone()).await?;
        let is_as_it_was = matches!(held.read(pair.here), Ok(Some(now)) if now == *file);
        if is_as_it_was {
            let mut now = file.clone();
            merged.put(here, &mut now);
            let gone = ours(file).into_keys().filter(|name| !noted.contains_key(name)).map(|name| (name, Value::Null)).collect();
            note(&mut now, &gone);
            note(&mut now, &noted);
            for other in arrows {
                // One that cannot be read now says nothing of this.
                let Ok(Some(mut blocker)) = held.read(other) else { continue };
                blocker.blocks.retain(|waiting| *waiting != pair.here);
                if merged.waits_for.contains(&other) {
                    blocker.blocks.push(pair.here);
                }
                held.write(&blocker)?;
            }
            held.write(&now)?;
        }
        drop(held);
        let changes = self.here.reread(&self.directory, touched);
        self.look_again_at(changes.tasks.into_iter().filter(|number| *number != pair.here).collect());
        Ok(is_as_it_was)
    }

    /// Its file is gone: so is the task, unless it was changed there.
    async fn gone_here(&mut self, mut pair: Pair, task: Remote) -> Result<Next, Stopped> {
        let there = self.in_numbers_here(&task);
        let is_as_agreed = pair.base.as_ref().is_some_and(|base| Fields { waits_for: there.waits_for.clone(), ..base.clone() } == there);
        if pair.phase == Phase::Both && is_as_agreed {
            match self.list.delete(&task).await {
                Ok(()) => {
                    say(format_args!("#{} was deleted here, and is in the workspace", pair.here));
                    self.there.remove(&task.number);
                    self.forget(&pair)?;
                    return Ok(Next::Done);
                }
                Err(NotDone::Changed | NotDone::Gone) => {
                    self.look_at(task.number).await?;
                    return Ok(Next::Again);
                }
                Err(NotDone::Refused(refused)) => {
                    check(&refused)?;
                    pair.notes.push(format!("Its file was deleted, which is refused here: {refused}. It is there again."));
                    say(format_args!("#{} was deleted here, which the workspace refuses: {refused}. It is here again", pair.here));
                }
            }
        } else if pair.phase == Phase::Both {
            pair.notes.push("Its file was deleted while it was changed here. It is there again.".to_owned());
            say(format_args!("#{} was deleted here and changed in the workspace: it is here again", pair.here));
        }
        let directory = self.directory.clone();
        let held = directory.lock().await?;
        let is_there_again = !matches!(held.read(pair.here), Ok(None));
        if !is_there_again {
            self.keep(pair.clone())?;
            self.make_file(&held, pair.here, &task)?;
        }
        drop(held);
        self.here.reread(&self.directory, [pair.here]);
        // It may have been told that nothing waits for it; and it is compared anew with all that it waits for.
        let waiting = self
            .there
            .values()
            .filter(|other| other.fields.waits_for.contains(&task.number))
            .filter_map(|other| self.here_of.get(&other.number));
        self.look_again_at(waiting.copied().collect());
        Ok(Next::Again)
    }

    /// It is gone there: so is its file, unless that was changed.
    async fn gone_there(&mut self, pair: Pair, file: ClaudeTask) -> Result<Next, Stopped> {
        let here = Fields::of_file(&file, BTreeSet::new());
        let is_as_agreed = pair.base.as_ref().is_some_and(|base| Fields { waits_for: BTreeSet::new(), ..base.clone() } == here);
        if !is_as_agreed {
            self.forget(&pair)?;
            say(format_args!("#{} was deleted in the workspace and changed here: it is made there again", pair.here));
            self.make_there(pair.here).await?;
            return Ok(if self.pairs.contains_key(&pair.here) { Next::Again } else { Next::Done });
        }
        let naming: BTreeSet<_> = self.here.numbers().filter(|number| self.names(*number, pair.here)).collect();
        let directory = self.directory.clone();
        let mut held = directory.lock().await?;
        held.own(naming.iter().copied().chain([pair.here]).collect()).await?;
        let is_as_it_was = matches!(held.read(pair.here), Ok(Some(now)) if now == file);
        if is_as_it_was {
            for other in &naming {
                let Ok(Some(mut task)) = held.read(*other) else { continue };
                task.blocks.retain(|number| *number != pair.here);
                task.blocked_by.retain(|number| *number != pair.here);
                held.write(&task)?;
            }
            held.remove(pair.here)?;
        }
        drop(held);
        let changes = self.here.reread(&self.directory, naming.into_iter().chain([pair.here]));
        self.look_again_at(changes.tasks.into_iter().filter(|number| *number != pair.here).collect());
        if is_as_it_was {
            self.forget(&pair)?;
            say(format_args!("#{} was deleted in the workspace, and is here: {}", pair.here, told(&file.subject)));
        }
        Ok(if is_as_it_was { Next::Done } else { Next::Again })
    }

    /// Does the file of a task name another?
    fn names(&self, number: u64, other: u64) -> bool {
        self.here.task(number).is_some_and(|task| task.blocks.contains(&other) || task.blocked_by.contains(&other))
    }

    /// Tells in the thread of a task what was not kept.
    async fn tell(&mut self, number: u64) -> Result<(), Stopped> {
        let Some(mut pair) = self.pairs.get(&number).cloned() else { return Ok(()) };
        while let Some(text) = pair.notes.first() {
            if let Err(refused) = self.list.note(&pair.id, text).await {
                say(format_args!("#{number}: what was not kept cannot be told in its thread: {refused}. It was: {text}"));
            }
            pair.notes.remove(0);
            self.keep(pair.clone())?;
        }
        Ok(())
    }
}

/// What was changed here is refused there: what stands there is taken, as if it alone had changed.
fn refuse(pair: &mut Pair, part: &Part, (here, there): (&Fields, &Fields), refused: &Refused) {
    let (was, is) = (here.told(part), there.told(part));
    say(format_args!("#{}: {part} is refused by the workspace: {refused}. Its own stands: {}", pair.here, told(&is)));
    pair.notes.push(format!("Changed in the file ({part}), which is refused here: {refused}. Kept: {is}. In the file it was: {was}"));
    if let Some(base) = &mut pair.base {
        base.take(part, here);
    }
}

fn list(parts: &[Part]) -> String {
    parts.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
