//! Whom a signal reaches: the command with all that it has started.
//!
//! Without a terminal, the command gets a process group of its own, and a signal goes to that group. With one, it stays in ours, since only
//! one group is in front of a terminal: so Ctrl-C reaches it from the terminal itself, exactly once, as do Ctrl-\ and Ctrl-Z; it may read
//! from the terminal; and what stands beside us in a pipeline is in front with it. We do not pass those on then. What a process sends to
//! us is always passed on. There, a stop must not go to the group, which also holds us and the rest of the pipeline: it goes to the
//! command's descendants in it, which on Linux /proc names. Elsewhere only the command itself is reached then.

use std::fs::File;
use std::io::IsTerminal as _;

use rustix::process::{Pid, Signal, getpgrp, kill_process, kill_process_group, test_kill_process_group};
use rustix::termios::tcgetpgrp;

use super::family;
use super::signals::{Heard, Sender};

/// Where a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Own,
    /// Ours, which is in front of a terminal, or will be when the shell's user brings it there.
    Shared,
}

impl Group {
    /// What keeps the terminal working, if there is one.
    pub fn fitting() -> Self {
        let is_in_front = || File::open("/dev/tty").ok().and_then(|tty| tcgetpgrp(tty).ok()) == Some(getpgrp());
        if std::io::stdin().is_terminal() || is_in_front() { Self::Shared } else { Self::Own }
    }
}

/// A command that was started.
#[derive(Debug)]
pub struct Reach {
    command: Pid,
    group: Group,
    /// In a shared group: who has been asked to end. When the command itself is gone, nothing else tells what was its.
    asked: Vec<family::Member>,
}

impl Reach {
    pub fn new(command: Pid, group: Group) -> Self {
        Self { command, group, asked: Vec::new() }
    }

    /// Passes on what we were sent, unless the terminal has sent it to the command as well.
    pub fn pass_on(&self, heard: Heard) {
        if (self.group, heard.sender) != (Group::Shared, Sender::Terminal) {
            self.send(heard.signal);
        }
    }

    /// Asks it to end.
    pub fn end(&mut self) {
        if self.group == Group::Shared {
            self.asked = family::of(self.command);
        }
        self.send(Signal::TERM);
        // What is suspended would not hear it.
        self.send(Signal::CONT);
    }

    /// Ends it.
    pub fn kill(&self) {
        self.send(Signal::KILL);
    }

    /// Is nobody left?
    pub fn is_empty(&self) -> bool {
        match self.group {
            // The system counts the dead that nobody has buried, as in a container without an init.
            Group::Own if cfg!(target_os = "linux") => family::in_group(self.command).is_empty(),
            Group::Own => test_kill_process_group(self.command).is_err(),
            Group::Shared => !self.asked.iter().any(family::Member::is_there),
        }
    }

    fn send(&self, signal: Signal) {
        // Whoever has gone meanwhile needs no signal any more.
        match self.group {
            Group::Own => {
                let _ = kill_process_group(self.command, signal);
            }
            Group::Shared => {
                let mut members = family::of(self.command);
                // Whoever has lost its parent meanwhile is no descendant any more.
                let lost: Vec<_> = self.asked.iter().filter(|member| member.is_there() && !members.contains(member)).collect();
                members.extend(lost);
                for member in members {
                    let _ = kill_process(member.pid, signal);
                }
            }
        }
    }
}
