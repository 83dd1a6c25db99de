// Bugs to plant in the sync and the delivery: in a file, a text that stands there once, the marked part of which is replaced. The part is a
// whole expression or whole statements, and so is what takes its place. The simulation must find each.
//
// What cannot happen in its model is not here: that word of a command comes after its commit, since a tab hears all others in one order. The
// page's own tests hold that (web/tests/tabs.test.ts). Nor what it comes to too seldom: that what stands in an answer which is sent again to a
// client that has given it up counts as read at once (worker/src/workspace/inbox/tests.rs).

const authority = "core/src/sync/authority.rs";
const outbox = "core/src/sync/outbox.rs";
const replica = "core/src/sync/replica.rs";
const pending = "core/src/sync/replica/pending.rs";
const store = "core/src/store.rs";
const thread = "core/src/decide/thread.rs";
const verdict = "core/src/decide/verdict.rs";
const routing = "core/src/decide/routing.rs";
const claim = "core/src/decide/claim.rs";
const arrows = "core/src/decide/arrows.rs";
const work = "core/src/decide/work.rs";
const job = "core/src/decide/job.rs";
const notice = "core/src/decide/notice.rs";
const background = "core/src/decide/background.rs";
const gone = "core/src/decide/gone.rs";
const report = "core/src/decide/report.rs";
const server = "tests/sim/src/server.rs";
const object = "tests/sim/src/inbox.rs";
const answers = "tests/sim/src/answers.rs";
const browser = "tests/sim/src/browser/mod.rs";
const sends = "tests/sim/src/browser/sends.rs";

export const mutants = [
  {
    name: "how a command ended is not looked up by its id",
    file: authority,
    at: "match «before» {",
    to: "None::<&Ended>",
  },
  {
    name: "a command that has run runs again under another number",
    file: authority,
    at: "Some(ended) if ended.hash == hash => «Ok(Admission::Repeat(ended.rejection.clone()))»,",
    to: "if mutation_id < expected { Ok(Admission::Repeat(ended.rejection.clone())) } else { Ok(Admission::Run) }",
  },
  {
    name: "another command under a used number is taken for done",
    file: authority,
    at: "None => «Err(Broken::Conflict { mutation_id })»,",
    to: "Ok(Admission::Repeat(None))",
  },
  {
    name: "a refusal is forgotten",
    file: authority,
    at: "Some(ended) if ended.hash == hash => «Ok(Admission::Repeat(ended.rejection.clone()))»,",
    to: "Ok(Admission::Repeat(None))",
  },
  {
    name: "starting anew keeps the numbers",
    file: outbox,
    at: "«self.rows.iter_mut().zip(1..).for_each(|(row, number)| row.mutation_id = number);»",
    to: "",
  },
  {
    name: "starting anew drops what waits",
    file: outbox,
    at: "self.client_id = client_id;\n        «self.ask_again();»",
    to: "self.rows.clear();",
  },
  {
    name: "an acknowledgement is not remembered",
    file: outbox,
    at: "«row.acknowledged = Some(answer.cursor.clone());»",
    to: "",
  },
  {
    name: "what a server acknowledged before it was restored is not asked again",
    file: outbox,
    at: "«self.rows.iter_mut().for_each(|row| row.acknowledged = None);»",
    to: "",
  },
  {
    name: "a command that a delta settles stays pending",
    file: replica,
    at: "«self.pending.retain(|pending| pending.command.id() != settled.command);»",
    to: "",
  },
  {
    name: "a refusal does not take back what was painted",
    file: pending,
    at: "«self.pending.remove(index);»",
    to: "",
  },
  {
    name: "what an acknowledgement promises is not dropped when its commit is here",
    file: pending,
    at: "let is_in = |pending: &Pending| «pending.acknowledged.as_ref().is_some_and(|at| at.is_by(cursor))»;",
    to: "pending.acknowledged.as_ref().is_some_and(|at| at.is_by(cursor) && at.seq == 0)",
  },
  {
    name: "a verdict is painted before the server has it",
    file: pending,
    at: "if «matches!(pending.command, Command::GiveVerdict { .. })» {\n            return Proposed::Sending;",
    to: "false",
  },
  {
    name: "a commit that does not follow is applied",
    file: replica,
    at: "if «end.base != *cursor» {",
    to: "end.base.epoch != cursor.epoch",
  },
  {
    name: "a frame takes effect before its commit ends",
    file: replica,
    at: "let events = «std::mem::take(&mut self.buffer)»;",
    to: "std::mem::take(&mut self.buffer).into_iter().rev().take(1).collect()",
  },
  {
    name: "a page that is older than a delta undoes it",
    file: replica,
    at: "if «known.is_none_or(|known| given >= known)» {",
    to: "known.is_none_or(|known| given != known)",
  },
  {
    name: "a page brings back what a delta deleted",
    file: replica,
    at: "if «self.confirmed.holds_task(task.id) != Some(&None)» {",
    to: "true",
  },
  {
    name: "what a part does not hold is taken not to exist",
    file: store,
    at: "(None, Extent::Part) => «Look::Unknown»,",
    to: "Look::Known(None)",
  },
  {
    name: "a second verdict overrules the first",
    file: verdict,
    at: "if let Some(standing) = «&task.verdict» {",
    to: "&None",
  },
  {
    name: "a verdict counts for what was not shown",
    file: verdict,
    at: "if «ruling.digest != task.digest» {",
    to: "false",
  },
  {
    name: "an answer counts for what was not shown",
    file: thread,
    at: "if «new.digest.is_some_and(|shown| shown != task.digest)» {",
    to: "false",
  },
  {
    name: "what is lost on the way does not wait again",
    file: report,
    at: "|delivery, copy| «is_on_its_way(&delivery, copy).then(|| requeued(delivery))»",
    to: "None::<Delivery>",
  },
  {
    name: "what has been received is taken back as well",
    file: report,
    at: "|delivery, copy| «is_on_its_way(&delivery, copy).then(|| requeued(delivery))»",
    to: "(delivery.state <= DeliveryState::Received && delivery.last_copy() == copy).then(|| requeued(delivery))",
  },
  {
    name: "word of a copy counts for another",
    file: report,
    at: "delivery.state == DeliveryState::Sent && «delivery.last_copy() == copy»",
    to: "delivery.id == copy.delivery",
  },
  {
    name: "copies are not counted",
    file: report,
    at: "copies: «delivery.copies + 1»,",
    to: "delivery.copies",
  },
  {
    name: "nothing is owed to a new session",
    file: report,
    at: "let owed = «Delivery { redelivered: true, ..requeued(delivery) }»;",
    to: "Delivery { redelivered: true, ..delivery }",
  },
  {
    name: "what is owed to a new session is not marked",
    file: object,
    at: "is_marked: «delivery.redelivered || copy.number > 1» };",
    to: "false",
  },
  {
    name: "a new session takes what another agent's stream is showing",
    file: report,
    at: "«delivery.session.is_some_and(|with| elsewhere.contains(&with)) || in_answers.contains(&delivery.last_copy())»",
    to: "in_answers.contains(&delivery.last_copy())",
  },
  {
    name: "a stream shows again what was owed to another session",
    file: routing,
    at: "|(_, holder)| «!holder.had.contains(&delivery.id)»",
    to: "true",
  },
  {
    name: "it is told before it is persisted",
    file: server,
    at: "tx.finish(self.tags);«»",
    to: "self.news.append(&mut tx.news);",
  },
  {
    name: "it is acknowledged before it is persisted",
    file: server,
    at: 'stats.count("crashes before persisting");\n            self.die();\n            «return Err(Fault::Crashed);»',
    to: "return Ok(result);",
  },
  {
    name: "a resumed stream begins in the middle of a commit",
    file: server,
    at: "«missed.iter().flat_map(|frames| frames.iter()).cloned().collect()»",
    to: "missed.iter().flat_map(|frames| frames.iter()).filter(|frame| frame.end.is_some()).cloned().collect()",
  },
  {
    name: "a restored database is not noticed",
    file: server,
    at: "let is_known = from.seq == 0 || «self.durable.log.get(at.checked_sub(1)?)?.last()?.end.as_ref()?.cursor.tag == from.tag»;",
    to: "true",
  },
  {
    name: "a ping that is not answered loses nothing",
    file: object,
    at: "copies: «lost.into_values().flat_map(|ping| ping.copies).collect()»,",
    to: "Vec::new()",
  },
  {
    name: "an answer counts as read before it is known to have arrived",
    file: object,
    at: "if «self.words_are_here(session)» {",
    to: "self.words_are_here(session) || true",
  },
  {
    name: "a call that comes again is done again",
    file: object,
    at: "if let Some(call) = «self.to.agents.calls.get(&call)» {",
    to: "None::<&Call>",
  },
  {
    name: "an answer that is sent again hands over what it only named",
    file: answers,
    at: "let ids = «before.copies.iter().map(|copy| copy.delivery).collect()»;",
    to: "before.ids().collect()",
  },
  {
    name: "words go before the files that they name",
    file: sends,
    at: "let waiting =\n        |command: &Command| «named_by(command).iter().filter_map(|id| files.get(id)).find(|kept| kept.waits).map(|kept| kept.file.clone())»;",
    to: "None::<Attachment>",
  },
  {
    name: "a tab that comes to lead forgets what was asked of the one before",
    file: browser,
    at: "«for pending in tab.replica.pending() {\n            outbox.add(pending.command.clone(), pending.at.ms());\n        }»",
    to: "",
  },
  {
    name: "what another agent holds anybody may end",
    file: claim,
    at: "if «holder == name || work.owner.as_ref() == Some(name) || fence == Some(work.fence)» {",
    to: "true",
  },
  {
    name: "a claim has the number of the one before",
    file: claim,
    at: "«work.fence += 1;»",
    to: "",
  },
  {
    name: "a claim that is no more is as good as one that stands",
    file: claim,
    at: "if «fence != work.fence» {",
    to: "false",
  },
  {
    name: "what is meant for one is taken by another",
    file: claim,
    at: "if «anothers && fence.is_none()» {",
    to: "false",
  },
  {
    name: "a claim outlives its agent",
    file: gone,
    at: "if «stands» {",
    to: "true",
  },
  {
    name: "whoever begins a task does not hold it",
    file: claim,
    at: "«work.holder = Some(name.clone()).filter(|_| work.job.is_some() || !work.metadata.is_mirrored());»",
    to: "",
  },
  {
    name: "completing a task frees nothing",
    file: arrows,
    at: "«write(view, draft, id, task, Changed { now: other.clone(), before: other })?;»",
    to: "drop(other);",
  },
  {
    name: "a circle is not looked for",
    file: arrows,
    at: "«check_circle(view, task, &after, &before)?;»",
    to: "",
  },
  {
    name: "what is gone is still waited for",
    file: arrows,
    at: "if let Some(work) = &mut now.work {\n            «work.blocked_by.retain(|blocker| *blocker != task.id);»",
    to: "let _ = work;",
  },
  {
    name: "the first of a list is taken, however urgent another is",
    file: store,
    at: "(«work.priority()», work.wave.unwrap_or(u32::MAX)",
    to: "Priority::Low",
  },
  {
    name: "what was joined to others is free all the same",
    file: work,
    at: "if !change.arrows.is_empty() {\n        «arrows::note_wave(view, &mut task)?;»",
    to: "",
  },
  {
    name: "a claim on which something ran ends what is to run anew",
    file: claim,
    at: "if «work.job.is_some() && task.status == Status::Pending» {",
    to: "false",
  },
  {
    name: "a run is reported on any claim",
    file: claim,
    at: "«check_fence(task, work, fence)?;»",
    to: "",
  },
  {
    name: "what ran with an agent that is gone runs again by itself",
    file: gone,
    at: "if «task.work.as_ref().is_some_and(|work| work.job.is_some())» {\n            background::lost",
    to: "false",
  },
  {
    name: "whoever runs it is not told to stop",
    file: notice,
    at: '«tell_to_stop(view, draft, id, &task, holder, format!("{} wants it", draft.cx.actor));»',
    to: "",
  },
  {
    name: "a wish to end it outlives the run",
    file: notice,
    at: "«inbox::stops_settled(view, draft, task.id)?;»",
    to: "",
  },
  {
    name: "who asked and stopped it hears of its end twice",
    file: notice,
    at: "«told.dedup();»",
    to: "",
  },
  {
    name: "who ended it is told that it has ended",
    file: notice,
    at: "«told.retain(|agent| !knows(agent));»",
    to: "",
  },
  {
    name: "who stopped it is not told of its end",
    file: notice,
    at: "[Some(&task.created_by).filter(|_| run.is_none()), «stopped_by.filter(|_| !is_with_run())»]",
    to: "None",
  },
  {
    name: "of two times that decide, the later is waited for",
    file: job,
    at: "«given_up.into_iter().chain(stop).min()»",
    to: "given_up.into_iter().chain(stop).max()",
  },
  {
    name: "a run that was to end and is lost has failed",
    file: background,
    at: "if «of(&mut task).is_some_and(|job| job.stop.is_some())» { Status::Killed }",
    to: "false",
  },
  {
    name: "what is heard of again stays out of touch",
    file: background,
    at: "touch(view, draft, task, «None»)",
    to: "Some(draft.cx.now)",
  },
  {
    name: "a run that begins anew has the end of the last",
    file: job,
    at: "*job = Job { started_at, ended_at: «None», exit_code: None,",
    to: "job.ended_at",
  },
];
