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
const inbox = "core/src/decide/inbox.rs";
const routing = "core/src/decide/routing.rs";
const server = "tests/sim/src/server.rs";
const object = "tests/sim/src/inbox.rs";
const answers = "tests/sim/src/answers.rs";
const browser = "tests/sim/src/browser.rs";

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
    file: inbox,
    at: "|delivery, copy| «is_on_its_way(&delivery, copy).then(|| requeued(delivery))»",
    to: "None::<Delivery>",
  },
  {
    name: "what has been received is taken back as well",
    file: inbox,
    at: "|delivery, copy| «is_on_its_way(&delivery, copy).then(|| requeued(delivery))»",
    to: "(delivery.state <= DeliveryState::Received && delivery.last_copy() == copy).then(|| requeued(delivery))",
  },
  {
    name: "word of a copy counts for another",
    file: inbox,
    at: "delivery.state == DeliveryState::Sent && «delivery.last_copy() == copy»",
    to: "delivery.id == copy.delivery",
  },
  {
    name: "copies are not counted",
    file: inbox,
    at: "copies: «delivery.copies + 1»,",
    to: "delivery.copies",
  },
  {
    name: "nothing is owed to a new session",
    file: inbox,
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
    file: inbox,
    at: "if «delivery.session.is_some_and(|with| elsewhere.contains(&with))» {",
    to: "false",
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
    file: browser,
    at: "let waiting =\n        |command: &Command| «named_by(command).iter().filter_map(|id| files.get(id)).find(|kept| kept.waits).map(|kept| kept.file.clone())»;",
    to: "None::<Attachment>",
  },
  {
    name: "a tab that comes to lead forgets what was asked of the one before",
    file: browser,
    at: "«for pending in tab.replica.pending() {\n            outbox.add(pending.command.clone(), pending.at.ms());\n        }»",
    to: "",
  },
];
