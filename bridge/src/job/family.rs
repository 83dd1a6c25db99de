//! Which processes belong together: a process with its descendants, and who is alive in a group. Read from /proc, where there is one.

use std::collections::BTreeSet;

use rustix::process::{Pid, getpgrp};

/// A process that is told from a later one with the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    pub(super) pid: Pid,
    began: u64,
}

impl Member {
    pub(super) fn is_there(&self) -> bool {
        Entry::read(self.pid).is_some_and(|entry| entry.member == *self && entry.is_alive)
    }
}

struct Entry {
    member: Member,
    parent: i32,
    group: i32,
    is_alive: bool,
}

impl Entry {
    /// Reads `/proc/PID/stat`. The name in it may hold anything; the fields are behind its last bracket.
    fn read(pid: Pid) -> Option<Self> {
        let text = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let text = String::from_utf8_lossy(&text);
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
        Some(Self {
            member: Member { pid, began: fields.get(19)?.parse().ok()? },
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            is_alive: !matches!(*fields.first()?, "Z" | "X"),
        })
    }
}

/// Who is alive in a group.
pub(super) fn in_group(group: Pid) -> Vec<Member> {
    entries(group).into_iter().map(|entry| entry.member).collect()
}

/// A process of our group and its descendants in it, as far as they can be seen.
pub(super) fn of(first: Pid) -> Vec<Member> {
    let entries = entries(getpgrp());
    if cfg!(not(target_os = "linux")) {
        return vec![Member { pid: first, began: 0 }];
    }
    let mut found = BTreeSet::from([first.as_raw_pid()]);
    // The listing has no order: it is gone through until nothing new is found.
    loop {
        let children = entries.iter().filter(|entry| found.contains(&entry.parent)).map(|entry| entry.member.pid.as_raw_pid());
        let children: Vec<i32> = children.filter(|child| !found.contains(child)).collect();
        if children.is_empty() {
            break;
        }
        found.extend(children);
    }
    entries.iter().map(|entry| entry.member).filter(|member| found.contains(&member.pid.as_raw_pid())).collect()
}

fn entries(group: Pid) -> Vec<Entry> {
    let listed = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = listed.filter_map(|entry| Pid::from_raw(entry.file_name().to_str()?.parse().ok()?));
    pids.filter_map(Entry::read).filter(|entry| entry.is_alive && entry.group == group.as_raw_pid()).collect()
}
