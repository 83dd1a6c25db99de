//! The search of a replica: over numbers, titles, the beginnings of bodies, and the messages that are here.
//!
//! What is searched is folded once and kept until it changes. A question that goes on from the last one looks only at what was found then,
//! and at what has changed since: a letter more is a little work, however many tasks there are.

use super::touched::Ids;
use crate::fold::{fold, words};
use crate::id::{Id, TaskId};
use crate::model::{Message, Task};
use crate::store::MemoryStore;
use crate::table::Table;

/// What is searched: what is confirmed, and over it what pending commands write.
#[derive(Clone, Copy)]
pub(super) struct Shelves<'a> {
    pub confirmed: &'a MemoryStore,
    pub overlay: &'a MemoryStore,
}

impl<'a> Shelves<'a> {
    fn task(self, id: TaskId) -> Option<&'a Task> {
        self.overlay.holds_task(id).or_else(|| self.confirmed.holds_task(id))?.as_ref()
    }

    fn tasks(self) -> impl Iterator<Item = &'a Task> {
        let untouched = self.confirmed.tasks().filter(move |task| self.overlay.holds_task(task.id).is_none());
        untouched.chain(self.overlay.tasks())
    }

    fn untouched_messages(self, task: TaskId) -> impl Iterator<Item = &'a Message> {
        self.confirmed.thread(task).into_iter().filter(move |message| self.overlay.holds_message(message.id).is_none())
    }
}

#[derive(Clone, Debug)]
pub(super) struct Index {
    tasks: Table<Folded>,
    messages: Table<(u64, String)>,
    /// Tasks up to here have been made ready ahead.
    prepared: Id,
    last: Option<Last>,
    compared: usize,
}

/// The last question, and what came of it.
#[derive(Clone, Debug)]
struct Last {
    words: Vec<Word>,
    found: Vec<(Fit, TaskId)>,
    /// What has changed since.
    stale: Ids,
}

#[derive(Clone, Debug)]
struct Folded {
    number: Option<u64>,
    /// The title, a line break, the excerpt.
    text: String,
    title: usize,
}

impl Folded {
    fn of(task: &Task) -> Self {
        let mut text = fold(&task.title);
        let title = text.len();
        text.push('\n');
        text.push_str(&fold(&task.excerpt));
        Self { number: task.number, text, title }
    }

    fn is_number(&self, word: &Word) -> bool {
        word.number.is_some() && word.number == self.number
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Word {
    text: String,
    /// The number that it is, written as people write one: `12` or `#12`.
    number: Option<u64>,
}

impl Word {
    fn new(text: String) -> Self {
        let digits = text.strip_prefix('#').unwrap_or(&text);
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        Self { number: digits.parse().ok().filter(|_| is_number), text }
    }
}

/// How well a task fits; the best comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// It is the number that was asked for.
    Number,
    /// Every word stands in the title.
    Title,
    /// Every word stands somewhere.
    Text,
}

impl Default for Index {
    fn default() -> Self {
        Self { tasks: Table::default(), messages: Table::default(), prepared: Id::MIN, last: None, compared: 0 }
    }
}

impl Index {
    /// These tasks have changed: they are read again when they are asked for.
    pub(super) fn forget(&mut self, tasks: &Ids) {
        for id in tasks.iter() {
            self.tasks.remove(id);
            if let Some(last) = &mut self.last {
                last.stale.add(id);
            }
        }
    }

    /// How many tasks the last search compared with its words.
    pub(super) fn compared(&self) -> usize {
        self.compared
    }

    /// Reads so many more tasks ahead. Whether there are more.
    pub(super) fn prepare(&mut self, shelves: Shelves<'_>, tasks: usize) -> bool {
        let from = self.prepared;
        let mut ahead = shelves.confirmed.tasks().filter(|task| task.id.0 > from);
        for task in ahead.by_ref().take(tasks) {
            let shown = shelves.task(task.id).unwrap_or(task);
            self.tasks.or_insert_with(task.id.0, || Folded::of(shown));
            self.prepared = task.id.0;
        }
        ahead.next().is_some()
    }

    /// The tasks in which every one of the words stands: the one of that number first, then by title, then all others,
    /// the newest first among equals. No words, no tasks.
    pub(super) fn search(&mut self, shelves: Shelves<'_>, question: &str) -> Vec<TaskId> {
        let words: Vec<_> = words(question).into_iter().map(Word::new).collect();
        self.compared = 0;
        if words.is_empty() {
            return Vec::new();
        }
        let mut found = match self.last.take().filter(|last| goes_on(&last.words, &words)) {
            Some(last) => {
                let mut again = last.stale;
                last.found.iter().for_each(|(_, task)| again.add(task.0));
                // A longer number is another task's.
                let is_asked = |task: &&Task| task.number.is_some() && words.iter().any(|word| word.number == task.number);
                if words.iter().any(|word| word.number.is_some()) {
                    shelves.tasks().filter(is_asked).for_each(|task| again.add(task.id.0));
                }
                self.compare(shelves, again.iter().filter_map(|id| shelves.task(TaskId(id))), &words)
            }
            None => self.compare(shelves, shelves.tasks(), &words),
        };
        found.sort_by_key(|(fit, task)| (*fit, std::cmp::Reverse(*task)));
        let tasks = found.iter().map(|(_, task)| *task).collect();
        self.last = Some(Last { words, found, stale: Ids::default() });
        tasks
    }

    fn compare<'a>(&mut self, shelves: Shelves<'_>, tasks: impl Iterator<Item = &'a Task>, words: &[Word]) -> Vec<(Fit, TaskId)> {
        let mut found = Vec::new();
        for task in tasks {
            self.compared += 1;
            let folded = self.tasks.or_insert_with(task.id.0, || Folded::of(task));
            let fit = fit(folded, words, |word| in_thread(&mut self.messages, shelves, task.id, word));
            found.extend(fit.map(|fit| (fit, task.id)));
        }
        found
    }
}

/// Whether all that fits the new words fits the old ones too, but for numbers: each of the old ones stands in a new one.
fn goes_on(old: &[Word], new: &[Word]) -> bool {
    old.iter().all(|old| new.iter().any(|new| stands(&new.text, &old.text)))
}

fn fit(folded: &Folded, words: &[Word], mut in_thread: impl FnMut(&str) -> bool) -> Option<Fit> {
    let (title, rest) = folded.text.split_at(folded.title);
    match words {
        [word] if folded.is_number(word) => Some(Fit::Number),
        words if words.iter().all(|word| stands(title, &word.text)) => Some(Fit::Title),
        words => {
            let by_itself = |word: &Word| folded.is_number(word) || stands(title, &word.text) || stands(rest, &word.text);
            words.iter().all(|word| by_itself(word) || in_thread(&word.text)).then_some(Fit::Text)
        }
    }
}

/// Whether a word stands in a text. Words are short and texts are many: getting ready for a quicker search takes longer than this.
fn stands(text: &str, word: &str) -> bool {
    let (text, [first, rest @ ..]) = (text.as_bytes(), word.as_bytes()) else { return true };
    text.iter().enumerate().any(|(at, byte)| byte == first && text[at + 1..].starts_with(rest))
}

/// Whether a message of the task that is here holds the word.
fn in_thread(known: &mut Table<(u64, String)>, shelves: Shelves<'_>, task: TaskId, word: &str) -> bool {
    let in_untouched = shelves.untouched_messages(task).fold(false, |found, message| {
        let (revision, text) = known.or_insert_with(message.id.0, || (message.revision, fold(&message.text)));
        if *revision != message.revision {
            (*revision, *text) = (message.revision, fold(&message.text));
        }
        found || stands(text, word)
    });
    in_untouched || shelves.overlay.thread(task).into_iter().any(|message| stands(&fold(&message.text), word))
}
