//! A list or a workspace on its way out: a page at a time, each as large as memory likes, however much there is.
//!
//! All pages together are as of the first one: what was made since is left out, and what was deleted since is named at the end. A task and what was
//! said of it may be later than the first page, as its own page has found it.

use std::fmt;
use std::str::FromStr;

use agentrq_core::dialect::hitl::Order;
use agentrq_core::id::{AttachmentId, MessageId, TaskId};
use agentrq_core::interchange::lines::{self, Bytes, End, Head, Line, ListEnd};
use agentrq_core::interchange::{Form, archive, claude_file, tar};
use agentrq_core::model::{Attachment, ListName, Message, Task, WorkspaceId};
use agentrq_core::view::View;
use agentrq_core::{json, limits};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::inbox::looked;
use super::transaction::Transaction;
use super::{blobs, runs, threads, works};
use crate::output::Run;
use crate::problem::{Code, Problem};
use crate::sql::{Sql, Value};

/// What leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// One list; everything, where there is none.
    pub list: Option<ListName>,
    pub form: Form,
}

/// Bytes of text after which a page ends, and tasks.
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_TASKS: u64 = 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Tasks,
    Files,
    Ends,
    Outputs,
}

/// How far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    step: Step,
    /// Where the history stood as it began, and the last number there was.
    seq: u64,
    upto: u64,
    /// Parts of lines so far.
    part: u64,
    /// The number of the last task that is done with.
    after: u64,
    /// What is under way: a task or a file, how far it is written, and how many messages it has.
    within: String,
    from: u64,
    count: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { step, seq, upto, part, after, within, from, count } = self;
        write!(f, "{}.{seq}.{upto}.{part}.{after}.{within}.{from}.{count}", *step as u8)
    }
}

impl FromStr for Place {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let wrong = || Problem::internal(format!("no place of an export: {text}"));
        let parts: Vec<_> = text.split('.').collect();
        let &[step, seq, upto, part, after, within, from, count] = parts.as_slice() else { return Err(wrong()) };
        let number = |text: &str| text.parse::<u64>().map_err(|_| wrong());
        let step = [Step::Tasks, Step::Files, Step::Ends, Step::Outputs].into_iter().find(|it| (*it as u8).to_string() == step);
        Ok(Self {
            step: step.ok_or_else(wrong)?,
            seq: number(seq)?,
            upto: number(upto)?,
            part: number(part)?,
            after: number(after)?,
            within: within.to_owned(),
            from: number(from)?,
            count: number(count)?,
        })
    }
}

impl Place {
    /// Goes on with the next step.
    fn then(&mut self, step: Step) {
        (self.step, self.after, self.from, self.count) = (step, 0, 0, 0);
        self.within.clear();
    }

    fn is_within(&self, id: impl ToString) -> bool {
        self.from > 0 && self.within == id.to_string()
    }
}

/// A page of it.
#[derive(Debug)]
pub struct Page {
    pub bytes: Vec<u8>,
    /// Where the next one begins; none: this was the last.
    pub next: Option<Place>,
    /// What a background task has printed, which follows on the page.
    pub output: Option<Run>,
}

/// The next page.
///
/// # Errors
/// When there is no such list.
pub fn page<S: Sql>(tx: &Transaction<S>, workspace: &WorkspaceId, what: &What, place: Option<Place>) -> Result<Page, Problem> {
    let mut lines = String::new();
    let cursor = tx.store().cursor();
    let is_first = place.is_none();
    let mut place = match place {
        Some(place) => place,
        None => begin(tx, what, cursor.seq)?,
    };
    if is_first && what.list.is_none() {
        lines.push_str(&Line::Workspace(looked(tx, tx.store().workspace())?).to_text());
    }
    let export = Export { tx, what, workspace };
    let (mut files, mut is_last, mut output) = (Vec::new(), false, None);
    match place.step {
        Step::Tasks => export.tasks(&mut place, &mut lines, &mut files)?,
        Step::Files => export.files(&mut place, &mut lines)?,
        Step::Ends => {
            export.ends(&mut place, &mut lines, &mut files)?;
            is_last = what.form == Form::Lines;
        }
        Step::Outputs => {
            output = export.output(&mut place)?;
            is_last = output.is_none();
        }
    }
    let mut bytes = Vec::new();
    if !lines.is_empty() && (is_first || what.form == Form::Claude) {
        let head = Head { version: lines::VERSION, cursor: cursor.to_string(), at: tx.now, list: what.list.clone() };
        lines.insert_str(0, &Line::Head(head).to_text());
    }
    match what.form {
        Form::Lines => bytes = lines.into_bytes(),
        Form::Claude => {
            let now_s = tx.now.ms() / 1_000;
            if !lines.is_empty() {
                place.part += 1;
                tar::append(&mut bytes, &archive::part(what.list.as_ref(), place.part), now_s, lines.as_bytes());
            }
            for (path, text) in files {
                tar::append(&mut bytes, &path, now_s, text.as_bytes());
            }
            if is_last {
                bytes.extend(tar::END);
            }
        }
    }
    Ok(Page { bytes, next: Some(place).filter(|_| !is_last), output })
}

fn begin<S: Sql>(tx: &Transaction<S>, what: &What, seq: u64) -> Result<Place, Problem> {
    let upto = match &what.list {
        None => tx.store().next_number().unwrap_or(1) - 1,
        Some(list) => works::next_number(tx.sql(), list)? - 1,
    };
    if let Some(list) = what.list.as_ref().filter(|_| upto == 0) {
        return Err(Problem::new(Code::NotFound, format!("there is no list {list} in this workspace: nothing was ever put on it")));
    }
    Ok(Place { step: Step::Tasks, seq, upto, part: 0, after: 0, within: String::new(), from: 0, count: 0 })
}

const TASKS: &str = "SELECT number, json FROM tasks WHERE number > ? AND number <= ? ORDER BY number LIMIT ?";
const LISTED: &str = "SELECT w.number, t.json FROM work w JOIN tasks t ON t.id = w.task WHERE w.number > ? AND w.number <= ? AND w.list = ? ORDER BY w.number LIMIT ?";
const FILES: &str =
    "SELECT 0, id FROM attachments WHERE sha256 IS NOT NULL AND kept_until IS NULL AND id > ?1 AND ?2 >= 0 ORDER BY id LIMIT 1";
const FILES_OF_LIST: &str = "SELECT w.number, u.attachment FROM work w JOIN attachment_uses u ON u.task = w.task
     WHERE w.list = ?3 AND w.number >= ?2 AND (w.number > ?2 OR u.attachment > ?1) ORDER BY w.number, u.attachment LIMIT 1";

struct Export<'a, S: Sql> {
    tx: &'a Transaction<S>,
    what: &'a What,
    workspace: &'a WorkspaceId,
}

impl<S: Sql> Export<'_, S> {
    fn tasks(&self, place: &mut Place, text: &mut String, files: &mut Vec<(String, String)>) -> Result<(), Problem> {
        let sql = self.tx.sql();
        let mut args: Vec<Value> = vec![place.after.into(), place.upto.into()];
        args.extend(self.what.list.as_ref().map(|list| list.as_str().into()));
        args.push(PAGE_TASKS.into());
        let rows = sql.exec(if self.what.list.is_some() { LISTED } else { TASKS }, &args)?;
        if rows.is_empty() {
            place.then(Step::Files);
        }
        for row in rows {
            if text.len() + files.iter().map(|(_, file)| file.len()).sum::<usize>() > PAGE_BYTES {
                break;
            }
            let number = row.count(0)?;
            let task: Task = json::from_str(row.text(1)?).map_err(|why| Problem::internal(why.to_string()))?;
            if !place.is_within(task.id) {
                (place.within, place.from, place.count) = (task.id.to_string(), 0, u64::from(task.messages));
                let task = self.as_of(place, lines::leaving(task.clone()))?;
                files.extend(self.claude_files(&task)?);
                text.push_str(&Line::Task(Box::new(task)).to_text());
            }
            while place.from < place.count {
                // What is begun is known by its first messages.
                if place.from > 0 && text.len() > PAGE_BYTES {
                    return Ok(());
                }
                let cursor = place.from.to_string();
                let most = usize::try_from(place.count - place.from).unwrap_or(limits::PAGE).min(limits::PAGE);
                let page = threads::page(sql, task.id, Some(&cursor), most, Order::OldestFirst)?;
                if page.messages.is_empty() {
                    break;
                }
                for message in page.messages {
                    place.from += 1;
                    text.push_str(&Line::Message(Box::new(Message { revision: 0, ..message })).to_text());
                }
            }
            (place.after, place.from) = (number, 0);
        }
        Ok(())
    }

    /// A task without what it waits for since the export began: that is not in it.
    fn as_of(&self, place: &Place, mut task: Task) -> Result<Task, Problem> {
        let Some(work) = task.work.as_mut().filter(|work| !work.blocked_by.is_empty()) else { return Ok(task) };
        if self.tx.store().cursor().seq > place.seq {
            let later = match &self.what.list {
                Some(_) => "SELECT task FROM work WHERE task IN (SELECT value FROM json_each(?)) AND number > ?",
                None => "SELECT id FROM tasks WHERE id IN (SELECT value FROM json_each(?)) AND number > ?",
            };
            let rows = self.tx.sql().exec(later, &[works::ids(&work.blocked_by), place.upto.into()])?;
            let later = rows.iter().map(|row| works::id(row, 0)).collect::<Result<Vec<_>, _>>()?;
            work.blocked_by.retain(|id| !later.contains(id));
        }
        Ok(task)
    }

    /// The files that Claude Code would have of it.
    fn claude_files(&self, task: &Task) -> Result<Vec<(String, String)>, Problem> {
        let Some(work) = task.work.as_ref().filter(|_| self.what.form == Form::Claude) else { return Ok(Vec::new()) };
        let sql = self.tx.sql();
        let names = works::names(sql, &work.blocked_by)?;
        let blocks = works::blocks(sql, &[task.id])?.remove(&task.id).unwrap_or_default();
        let blocks = works::names(sql, &blocks)?.into_values().map(|it| it.number).collect();
        let body = looked(self.tx, self.tx.store().message(MessageId(task.id.0)))?.map(|body| body.text).unwrap_or_default();
        let file = archive::file(task, work, &body, blocks, |id| names.get(&id).map(|it| it.number));
        let mut files = vec![(format!("{}/{}", work.list, file.file_name()), file.to_text())];
        files.extend(archive::background_file(task).map(|text| (format!("{}.json", task.id), text)));
        Ok(files)
    }

    /// The attached files, piece by piece.
    fn files(&self, place: &mut Place, text: &mut String) -> Result<(), Problem> {
        let sql = self.tx.sql();
        while text.len() <= PAGE_BYTES {
            let file = match place.from {
                0 => self.next_file(place)?,
                // It may be gone since: then it ends here, and so does its task.
                _ => place.within.parse().ok().map_or(Ok(None), |id| blobs::find(sql, id))?,
            };
            let Some(file) = file else {
                if place.from > 0 {
                    place.from = 0;
                    continue;
                }
                place.then(Step::Ends);
                return Ok(());
            };
            if place.from == 0 {
                text.push_str(&Line::File(file.clone()).to_text());
            }
            let at = place.from * blobs::CHUNK as u64;
            if at < file.size {
                let base64 = STANDARD.encode(blobs::chunk(sql, file.id, place.from)?);
                text.push_str(&Line::Bytes(Bytes { file: file.id, at, base64 }).to_text());
            }
            place.from = if at + (blobs::CHUNK as u64) < file.size { place.from + 1 } else { 0 };
        }
        Ok(())
    }

    fn next_file(&self, place: &mut Place) -> Result<Option<Attachment>, Problem> {
        let mut args: Vec<Value> = vec![place.within.as_str().into(), place.after.into()];
        args.extend(self.what.list.as_ref().map(|list| list.as_str().into()));
        let Some(row) = self.tx.sql().first(if self.what.list.is_some() { FILES_OF_LIST } else { FILES }, &args)? else { return Ok(None) };
        place.after = row.count(0)?;
        row.text(1)?.clone_into(&mut place.within);
        let id: AttachmentId = place.within.parse().map_err(|_| Problem::internal("a file of no id"))?;
        Ok(blobs::find(self.tx.sql(), id)?)
    }

    fn ends(&self, place: &mut Place, text: &mut String, files: &mut Vec<(String, String)>) -> Result<(), Problem> {
        let sql = self.tx.sql();
        for row in sql.exec("SELECT name, last_number FROM lists ORDER BY name", &[])? {
            let name = ListName::new(row.text(0)?).map_err(|why| Problem::internal(why.to_string()))?;
            if self.what.list.as_ref().is_none_or(|list| *list == name) {
                let last_number = row.count(1)?;
                files.push((format!("{name}/{}", claude_file::HIGH_WATER_MARK), last_number.to_string()));
                text.push_str(&Line::List(ListEnd { name, last_number }).to_text());
            }
        }
        let gone = sql.exec("SELECT task FROM tombstones WHERE revision > ?", &[place.seq.into()])?;
        let gone = gone.iter().map(|row| works::id(row, 0)).collect::<Result<Vec<TaskId>, _>>()?;
        text.push_str(&Line::End(End { cursor: self.tx.store().cursor().to_string(), gone }).to_text());
        place.then(Step::Outputs);
        Ok(())
    }

    /// The next output that there is.
    fn output(&self, place: &mut Place) -> Result<Option<Run>, Problem> {
        let next = "SELECT task FROM runs WHERE task > ? ORDER BY task LIMIT 1";
        while let Some(row) = self.tx.sql().first(next, &[place.within.as_str().into()])? {
            row.text(0)?.clone_into(&mut place.within);
            let Some(task) = looked(self.tx, self.tx.store().task(works::id(&row, 0)?))? else { continue };
            let is_wanted = self.what.list.is_none() || task.work.as_ref().map(|work| &work.list) == self.what.list.as_ref();
            if let Some(run) = runs::printed(self.tx.sql(), self.workspace, &task)?.filter(|_| is_wanted) {
                return Ok(Some(run));
            }
        }
        Ok(None)
    }
}
