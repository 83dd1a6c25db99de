//! An archive of lists on its way in: entry by entry, and at the end what its files and the lines beside them come to.

use sha2::{Digest, Sha256};

use super::archive::{Kind, OUTCOME, kind};
use super::claude_file::{self, ClaudeTask, FileStatus};
use super::taking::{IN_MEMORY, Lines, OfFile, invalid};
use super::tar::Entry;
use crate::command::Context;
use crate::decide::{Brought, Whole, Wrong};
use crate::id::{Id, MessageId, TaskId};
use crate::json::from_str;
use crate::lifecycle::Status;
use crate::limits;
use crate::model::{AgentName, Assignee, ListName, Message, Task, Turn, Work};
use crate::rejection::Rejection;
use crate::table::Table;
use crate::time::Timestamp;

/// Takes in an archive, entry by entry, and has all that it brings at the end.
#[derive(Clone, Debug, Default)]
pub struct Archive {
    /// The folders, and by a folder's place here and the number the files in them.
    folders: Vec<Option<ListName>>,
    files: Table<File>,
    many: usize,
    marks: Vec<(Option<ListName>, u64)>,
    lines: Lines,
    has_lines: bool,
    bytes: u64,
    /// Names that were passed over, the first of them.
    pub passed: Vec<String>,
}

/// A file of a task, and when it was written.
#[derive(Clone, Debug)]
struct File {
    folder: usize,
    task: ClaudeTask,
    modified_s: u64,
}

/// A place in one of the lists, as one key.
fn key(list: usize, number: u64) -> Id {
    Id::pair(u32::try_from(list).unwrap_or(u32::MAX), u32::try_from(number).unwrap_or(u32::MAX))
}

/// Where a list stands among others; it is added where it does not.
fn place_of<T: PartialEq + Clone>(lists: &mut Vec<T>, list: &T) -> usize {
    lists.iter().position(|known| known == list).unwrap_or_else(|| {
        lists.push(list.clone());
        lists.len() - 1
    })
}

/// So many names are noted that were passed over.
const NOTED: usize = 20;
/// And so much of each.
const NOTED_CHARS: usize = 200;

impl Archive {
    /// An entry begins: how its bytes are wanted.
    ///
    /// # Errors
    /// When it is too large, or there are too many.
    pub fn begins(&mut self, entry: &Entry) -> Result<Kind, Wrong> {
        let wrong = |why: Rejection| Wrong { place: entry.path.clone(), why };
        let kind = kind(&entry.path);
        match &kind {
            Kind::Task { .. } | Kind::Mark { .. } => {
                let (given, limit) = (usize::try_from(entry.size).unwrap_or(usize::MAX), limits::IMPORT_LINE_BYTES);
                if given > limit {
                    return Err(wrong(Rejection::TooLong { field: "the file", limit, unit: "bytes", given }));
                }
                self.bytes += entry.size;
                IN_MEMORY.check_bytes(self.bytes).map_err(wrong)?;
                let (what, many) = if matches!(kind, Kind::Task { .. }) { ("tasks", self.many) } else { ("lists", self.marks.len()) };
                IN_MEMORY.check_many(what, many).map_err(wrong)?;
            }
            Kind::Lines => self.has_lines = true,
            Kind::Passed if self.passed.len() < NOTED && !is_background(&entry.path) => {
                self.passed.push(entry.path.chars().take(NOTED_CHARS).collect());
            }
            Kind::Passed => {}
        }
        Ok(kind)
    }

    /// A line of those beside the files.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn line(&mut self, text: &str, place: &str) -> Result<Option<OfFile>, Wrong> {
        self.lines.take(text, place)
    }

    /// A file has come whole.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn file(&mut self, entry: &Entry, kind: Kind, text: &str) -> Result<(), Wrong> {
        let wrong = |problem: String| Wrong { place: entry.path.clone(), why: invalid("the file", problem) };
        match kind {
            Kind::Task { list, number } => {
                let task = ClaudeTask::parse(text).map_err(|why| wrong(why.to_string()))?;
                if task.id != number {
                    return Err(wrong(format!("it holds task {}, and is named as task {number}", task.id)));
                }
                let given = task.blocks.len().max(task.blocked_by.len());
                if given > limits::EDGES {
                    let why = Rejection::TooMany { what: "tasks in blocks or blockedBy", limit: limits::EDGES, given };
                    return Err(Wrong { place: entry.path.clone(), why });
                }
                let folder = place_of(&mut self.folders, &list);
                if self.files.insert(key(folder, number), File { folder, task, modified_s: entry.modified_s }).is_some() {
                    return Err(wrong("it is there twice".to_owned()));
                }
                self.many += 1;
            }
            Kind::Mark { list } => {
                let number = text.trim();
                let number = if number == "0" { Some(0) } else { claude_file::number(number) };
                self.marks.push((list, number.ok_or_else(|| wrong("it holds the last number that was given, such as 12".to_owned()))?));
            }
            Kind::Lines | Kind::Passed => {}
        }
        Ok(())
    }

    /// All that was brought. What stands in no folder is of the list `into`, to which all of it goes if there is one.
    ///
    /// # Errors
    /// What is wrong, and in which file.
    pub fn brought(self, into: Option<&ListName>, cx: &Context) -> Result<Brought, Wrong> {
        let home = self.lines.list().or(into).cloned().unwrap_or_default();
        let Brought { tasks: of_lines, mut beside } = if self.has_lines { self.lines.brought()? } else { Brought::default() };
        let of = |list: Option<ListName>| list.unwrap_or_else(|| home.clone());
        let (mut names, mut aside) = (Vec::new(), Table::default());
        let mut tasks = Vec::new();
        for whole in of_lines {
            let listed = whole.task.work.as_ref().map(|work| (work.list.clone(), work.number.unwrap_or_default()));
            match listed {
                Some((list, number)) => drop(aside.insert(key(place_of(&mut names, &list), number), whole)),
                None => tasks.push(whole),
            }
        }
        for (list, number) in self.marks {
            beside.lists.push((of(list), number));
        }
        let mut made = Table::default();
        let mut wholes: Vec<Filed> = Vec::new();
        for file in self.files.values() {
            let folder = &self.folders[file.folder];
            let (list, place) = (of(folder.clone()), place(folder.as_ref(), file.task.id));
            let wrong = |why: Rejection| Wrong { place: place.clone(), why };
            let at = place_of(&mut names, &list);
            let whole = match aside.remove(key(at, file.task.id)) {
                Some(whole) => changed(Whole { place: place.clone(), ..whole }, &file.task),
                None => plain((&list, into.unwrap_or(&list)), file, place.clone(), &made, cx),
            };
            let whole = whole.map_err(wrong)?;
            made.insert(whole.task.id.0, ());
            wholes.push(Filed { list: at, file: &file.task, whole });
        }
        // What has a line and no file was deleted meanwhile.
        beside.gone.extend(aside.values().map(|whole| whole.task.id));
        join(&mut wholes, &mut names, &beside.lists)?;
        tasks.extend(wholes.into_iter().map(|filed| filed.whole));
        if tasks.is_empty() && beside.lists.is_empty() && beside.workspace.is_none() {
            let problem = "there is no list in it: a list is a folder with files such as my-project/1.json".to_owned();
            return Err(Wrong { place: "the archive".to_owned(), why: invalid("files", problem) });
        }
        Ok(Brought { tasks, beside })
    }
}

fn place(list: Option<&ListName>, number: u64) -> String {
    let name = claude_file::file_name(number);
    list.map_or_else(|| name.clone(), |list| format!("{list}/{name}"))
}

/// Is it what a background task is exported as? Its task stands in its list.
fn is_background(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".output").or_else(|| name.strip_suffix(".json")).is_some_and(|id| id.parse::<TaskId>().is_ok())
}

fn owner(file: &ClaudeTask) -> Result<Option<AgentName>, Rejection> {
    let owner = file.owner.as_deref().map(AgentName::new).transpose();
    owner.map_err(|why| invalid("owner", why.to_string()))
}

/// What the file says, where it says another thing than the lines beside it.
fn changed(mut whole: Whole, file: &ClaudeTask) -> Result<Whole, Rejection> {
    let task = &mut whole.task;
    let mut is_reworded = task.title != file.subject;
    task.title.clone_from(&file.subject);
    if let Some(body) = whole.thread.iter_mut().find(|message| message.index == 0) {
        is_reworded |= body.text != file.description;
        body.text.clone_from(&file.description);
    }
    if is_reworded {
        // It stood on other words.
        task.verdict = None;
    }
    if FileStatus::from(task.status) != file.status {
        (task.status, task.reason) = (file.status.into(), None);
    }
    if let Some(work) = &mut task.work {
        work.active_form.clone_from(&file.active_form);
        work.owner = owner(file)?;
        // A file has its values written another way.
        let written = ClaudeTask { metadata: work.metadata.clone(), ..ClaudeTask::new(1, "") };
        if ClaudeTask::parse(&written.to_text()).is_ok_and(|written| written.metadata != file.metadata) {
            work.metadata = file.metadata.clone();
        }
    }
    Ok(whole)
}

/// A task of which nothing is known but its file. Its id comes from what it is and where it
/// goes, so that the same file is the same task whenever it comes.
fn plain(
    (list, into): (&ListName, &ListName),
    File { task: file, modified_s, .. }: &File,
    place: String,
    made: &Table<()>,
    cx: &Context,
) -> Result<Whole, Rejection> {
    let modified_s = *modified_s;
    let hash = Sha256::digest(format!("{into}\0{}\0{}", file.id, file.subject));
    let random = u32::from_be_bytes([hash[0], hash[1], hash[2], hash[3]]);
    let ms = u64::from(u16::from_be_bytes([hash[4], hash[5]])) % 1_000;
    let written = Timestamp::from_ms(modified_s.saturating_mul(1_000).min(cx.now.ms()));
    let mut id = Id::new(modified_s.min(cx.now.ms() / 1_000).saturating_mul(1_000).saturating_add(ms), random);
    while made.get(id).is_some() {
        id = id.next();
    }
    let at = if modified_s == 0 { cx.now } else { written };
    let outcome = file.rest.iter().find(|(name, _)| name == OUTCOME).and_then(|(_, raw)| from_str::<Status>(raw.as_str()).ok());
    let status = match (file.status, outcome) {
        (FileStatus::Completed, Some(outcome)) if !outcome.is_open() => outcome,
        (status, _) => status.into(),
    };
    let work = Work {
        list: list.clone(),
        number: Some(file.id),
        active_form: file.active_form.clone(),
        owner: owner(file)?,
        holder: None,
        fence: 0,
        wave: None,
        blocked_by: Vec::new(),
        metadata: file.metadata.clone(),
        job: None,
        step_of: None,
    };
    let body = Message {
        id: MessageId(id),
        task: TaskId(id),
        index: 0,
        author: cx.actor.clone(),
        text: file.description.clone(),
        attachments: Vec::new(),
        verdict: None,
        choices: None,
        edited: None,
        in_reply_to: None,
        at,
        revision: 0,
    };
    let task = Task {
        id: TaskId(id),
        number: None,
        title: file.subject.clone(),
        excerpt: String::new(),
        risks: None,
        assignee: Assignee::Agent,
        options: None,
        status,
        reason: None,
        turn: if status.is_open() { Turn::Agent } else { Turn::Nobody },
        waiting_since: at,
        created_by: cx.actor.clone(),
        agent: None,
        session: None,
        digest: String::new(),
        verdict: None,
        messages: 1,
        attachments: 0,
        work: Some(Box::new(work)),
        created_at: at,
        updated_at: at,
        revision: 0,
    };
    Ok(Whole { task, thread: vec![body], place })
}

/// A task with its file, and the place of its list among all.
struct Filed<'f> {
    list: usize,
    file: &'f ClaudeTask,
    whole: Whole,
}

/// What each task waits for, by the numbers in the files. Claude Code writes a dependency into both, and readers believe either.
fn join(wholes: &mut [Filed<'_>], names: &mut Vec<ListName>, marks: &[(ListName, u64)]) -> Result<(), Wrong> {
    let (mut ids, mut last) = (Table::default(), Table::<u64>::default());
    let mut given = |list: usize, number: u64| {
        let last = last.or_insert_with(key(list, 0), || 0);
        *last = (*last).max(number);
    };
    for (list, number) in marks {
        given(place_of(names, list), *number);
    }
    for Filed { list, file, whole } in wholes.iter() {
        given(*list, file.id);
        ids.insert(key(*list, file.id), whole.task.id);
    }
    // A number that was given and has no file is that of a deleted task.
    let find = |list: usize, number: u64, place: &str| match ids.get(key(list, number)) {
        Some(id) => Ok(Some(*id)),
        None if last.get(key(list, 0)).is_some_and(|last| number <= *last) => Ok(None),
        None => {
            Err(Wrong { place: place.to_owned(), why: Rejection::TaskNotFound { task: format!("#{number} of the list {}", names[list]) } })
        }
    };
    let mut waits = Table::<Vec<TaskId>>::default();
    for Filed { list, file, whole } in wholes.iter() {
        for number in &file.blocked_by {
            waits.or_insert_with(whole.task.id.0, Vec::new).extend(find(*list, *number, &whole.place)?);
        }
        for number in &file.blocks {
            if let Some(blocked) = find(*list, *number, &whole.place)? {
                waits.or_insert_with(blocked.0, Vec::new).push(whole.task.id);
            }
        }
    }
    for Filed { whole, .. } in wholes {
        let Some(work) = &mut whole.task.work else { continue };
        let now = waits.remove(whole.task.id.0).unwrap_or_default();
        // Those that it waited for before stay in their order.
        work.blocked_by.retain(|id| now.contains(id));
        for id in now {
            if !work.blocked_by.contains(&id) {
                work.blocked_by.push(id);
            }
        }
    }
    Ok(())
}
