//! What people and agents do: a choice of a command, and of what it is about.

use agentrq_core::Command;
use agentrq_core::command::{Asks, NewJob, NewWork, Then, WorkChange};
use agentrq_core::id::{AttachmentId, Id, MessageId, TaskId};
use agentrq_core::json;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{AgentName, Assignee, Attachment, Choice, JobKind, ListName, Noted, Options, Task, Verdict};
use agentrq_core::rejection::Rejection;

use crate::agent::Answers;
use crate::net::{Asked, Packet};
use crate::op::Pick;
use crate::world::{START_MS, World, index, of};

fn status(which: Pick) -> Status {
    [Status::Pending, Status::Active, Status::Completed, Status::Rejected][index(which, 4)]
}

/// What a question offers, if it does.
fn options(which: Pick) -> Option<Options> {
    let choice = |id: &str| Choice { id: id.to_owned(), label: format!("Option {id}"), description: None, recommended: id == "a" };
    let choices = ["a", "b", "c"].map(choice).into_iter().take(2 + index(which / 3, 2)).collect();
    let (multiple, free_text) = ((which / 6).is_multiple_of(2), (which / 12).is_multiple_of(2));
    which.is_multiple_of(3).then_some(Options { choices, multiple, free_text })
}

/// What a person answers to what is shown: a choice, and mostly that it holds for this alone.
fn answer(shown: Option<&Task>, which: Pick) -> (Vec<String>, Option<String>) {
    let offered = shown.and_then(|task| task.options.as_ref()).map(|options| &options.choices[..]).unwrap_or_default();
    let choices = match (offered, which % 4) {
        ([], _) | (_, 0) => Vec::new(),
        (offered, 1) => offered.iter().take(2).map(|choice| choice.id.clone()).collect(),
        (offered, _) => vec![offered[index(which / 4, offered.len())].id.clone()],
    };
    let binds = !(which / 16).is_multiple_of(3);
    (choices, shown.filter(|_| binds).map(|task| task.digest.clone()))
}

/// A task is put on a list, and waits for one that is there; now and then it is a command that is to run.
fn listed_anew(id: Id, title: String, before: Option<TaskId>, which: Pick) -> Command {
    let blocked_by = before.into_iter().filter(|_| which.is_multiple_of(2)).collect();
    let job = NewJob { kind: JobKind::LocalBash, command: Some("npm test".to_owned()), prompt: None, timeout_ms: None };
    let job = Some(job).filter(|_| which.is_multiple_of(3));
    Command::CreateWork { id, list: ListName::default(), work: Box::new(NewWork { title, blocked_by, job, ..NewWork::default() }) }
}

/// A task of a list is moved, given to somebody, said more of, stopped, or joined to another.
fn changed(id: Id, task: TaskId, other: Option<TaskId>, which: Pick) -> Command {
    let mut change = WorkChange::default();
    match which % 6 {
        0 | 1 => change.status = Some(status(which / 6)),
        2 => change.owner = Some((which / 6).is_multiple_of(2).then(|| AgentName::new("agent-0").ok()).flatten()),
        3 => change.metadata = json::from_str(r#"{"priority":"P0","a_b":[1,null]}"#).ok().map(Noted::Merged),
        4 => return Command::StopWork { id, task },
        _ if (which / 6).is_multiple_of(3) => change.arrows.remove_blocked_by.extend(other),
        _ => change.arrows.add_blocked_by.extend(other),
    }
    Command::UpdateWork { id, task, change: Box::new(change) }
}

impl World {
    /// A person does something with what a tab shows, or with a task that the tab knows by its address only.
    pub(crate) fn propose(&mut self, browser: usize, tab: usize, act: Pick, on: Pick) -> Result<(), String> {
        let skew_ms = self.browsers[browser].skew_ms;
        let id = self.id(skew_ms);
        let tasks: Vec<_> = self.browsers[browser].tabs[tab].tasks().into_iter().cloned().collect();
        let pending = self.browsers[browser].tabs[tab].replica.pending();
        let deletes = |id: TaskId| pending.iter().any(|it| matches!(it.command, Command::DeleteTask { task, .. } if task == id));
        let is_elsewhere = |id: &TaskId| tasks.iter().all(|it| it.id != *id) && !deletes(*id);
        let elsewhere: Vec<_> = self.server.durable.store.tasks().map(|task| task.id).filter(is_elsewhere).collect();
        let by_address = of(on / 8, &elsewhere).filter(|_| (act / 1024).is_multiple_of(6));
        // What is being given to a tab just now is deleted as often as not: that is when it matters in which order the two arrive.
        let paged: Vec<_> = self.net.paged().into_iter().filter(|id| elsewhere.contains(id)).collect();
        let is_paged = act % 16 == 14 && (act / 16).is_multiple_of(2);
        let by_address = of(on / 8, &paged).filter(|_| is_paged).or(by_address);
        let chosen = tasks.get(index(on, tasks.len())).filter(|_| by_address.is_none());
        let nowhere = TaskId(Id::new(START_MS, 0x003f_ffff));
        let task = by_address.or(chosen.map(|task| task.id)).unwrap_or(nowhere);
        let attachments = self.choose(browser, tab, act / 4096);
        let text = format!("said {}", id);
        let listed: Vec<_> = tasks.iter().filter(|task| task.work.is_some()).map(|task| task.id).collect();
        let command = match act % 16 {
            0..=2 if (act / 512).is_multiple_of(3) => listed_anew(id, text, of(act / 64, &listed), on),
            12 | 15 if (act / 512).is_multiple_of(2) && !listed.is_empty() => {
                changed(id, of(on, &listed).unwrap_or(task), of(on / 16, &listed), act / 32)
            }
            0..=2 => {
                let assignee = if (act / 16).is_multiple_of(2) { Assignee::Agent } else { Assignee::Human };
                Command::CreateTask { id, title: text, body: "the body".to_owned(), assignee, attachments, options: options(act / 32) }
            }
            3..=6 => {
                let (choices, digest) = answer(chosen, act / 16);
                if !choices.is_empty() {
                    self.stats.count("questions answered by choice");
                }
                Command::PostMessage { id, task, text, attachments, in_reply_to: None, asks: Asks::Unsaid, choices, digest }
            }
            7..=8 => Command::SetStatus { id, task, to: status(act / 16), reason: None },
            9..=11 => Command::GiveVerdict {
                id,
                task,
                verdict: if (act / 16).is_multiple_of(3) { Verdict::Rejected } else { Verdict::Approved },
                digest: chosen.map(|task| task.digest.clone()).unwrap_or_default(),
                text: String::new(),
                attachments,
                then: if (act / 48).is_multiple_of(2) { Then::Complete } else { Then::HandBack },
                edited: None,
            },
            12 => {
                let options = (act / 16).is_multiple_of(2).then(|| options(act / 32));
                Command::EditTask { id, task, title: Some(text), body: None, assignee: None, options }
            }
            13 => Command::Reopen { id, task },
            14 => Command::DeleteTask { id, task },
            _ if (act / 16).is_multiple_of(2) => Command::EditWorkspace { id, name: Some(text), mission: None, enforce_dependencies: None },
            _ => Command::NameAgent { id, agent: self.agents[index(on, self.agents.len())].name.clone(), display_name: text },
        };
        let at = self.now.ms().saturating_add_signed(skew_ms);
        let refused = self.with(browser, |browser, around| browser.propose(tab, command, at, around))?;
        if by_address.is_none() {
            return Ok(());
        }
        self.stats.count("commands on what is not here");
        match refused {
            // What a tab was told of and is gone is a tombstone; of the rest it knows nothing.
            Some(Rejection::TaskNotFound { .. }) if self.browsers[browser].tabs[tab].replica.cursor().is_some() && !self.restored => {
                Err(format!("{id} was refused for a task that is there, and that this tab does not hold"))
            }
            _ => Ok(()),
        }
    }

    /// A person chooses a file to go with the words, now and then.
    fn choose(&mut self, browser: usize, tab: usize, which: Pick) -> Vec<AttachmentId> {
        if !which.is_multiple_of(5) {
            return Vec::new();
        }
        let id = AttachmentId(self.id(0));
        let file = Attachment { id, filename: "a.txt".to_owned(), mime_type: "text/plain".to_owned(), size: 1, sha256: "0".repeat(64) };
        self.browsers[browser].choose(tab, file);
        vec![id]
    }

    /// An agent calls a tool.
    pub(crate) fn call(&mut self, agent: usize, act: Option<(Pick, Pick)>) {
        let on = self.agents[agent].channel.filter(|_| self.agents[agent].answers == Answers::OnStream);
        let is_mute = on.is_none() && self.agents[agent].answers == Answers::OnStream;
        if self.agents[agent].call.is_some() || is_mute {
            return;
        }
        let id = self.id(0);
        let tasks: Vec<_> = self.server.durable.store.tasks().map(|task| task.id).collect();
        let asked = act.and_then(|(act, on)| Some(self.tool(id, act, of(on, &tasks)?, on))).unwrap_or(Asked::News);
        let call = self.server.name();
        self.agents[agent].call = Some(call);
        let session = self.agents[agent].session;
        self.net.send(Packet::Call { agent, session, call, asked, on });
    }

    fn tool(&self, id: Id, act: Pick, task: TaskId, on: Pick) -> Asked {
        let text = format!("the agent says {id}");
        let post = |in_reply_to: Option<MessageId>, asks: Asks| Command::PostMessage {
            id,
            task,
            text: text.clone(),
            attachments: Vec::new(),
            in_reply_to,
            asks,
            choices: Vec::new(),
            digest: None,
        };
        let thread: Vec<_> = self.server.durable.store.thread(task).iter().map(|message| message.id).collect();
        let listed: Vec<_> = self.server.durable.store.tasks().filter(|task| task.work.is_some()).map(|task| task.id).collect();
        Asked::Does(match act % 9 {
            0 | 1 => Command::CreateTask {
                id,
                title: text,
                body: "shall I?".to_owned(),
                assignee: Assignee::Human,
                attachments: Vec::new(),
                options: options(on / 8),
            },
            2 => post(of(on / 7, &thread), Asks::Unsaid),
            3 => post(None, Asks::Answer),
            4 => Command::SetStatus { id, task, to: status(on), reason: None },
            5 => Command::ClaimNext { id },
            6 => return Asked::Reads(task),
            7 if on.is_multiple_of(3) => listed_anew(id, text, of(on / 4, &listed), on / 8),
            7 if on % 3 == 1 => Command::ClaimWork { id, list: ListName::default(), owner: None },
            7 => changed(id, of(on / 4, &listed).unwrap_or(task), of(on / 16, &listed), on / 64),
            _ => return Asked::News,
        })
    }
}
