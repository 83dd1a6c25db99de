//! In a terminal: Ctrl-C reaches the command exactly once, from the terminal itself; and what another process sends to us, from us.

mod server;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use server::agentrq::World;

/// A terminal, and everything that came out of it.
struct Terminal {
    master: File,
    seen: String,
}

impl Terminal {
    /// Starts a command as a terminal's foremost process.
    fn start(mut command: Command) -> (Self, Child) {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("granted");
        unlockpt(&master).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
        let slave: OwnedFd = File::options().read(true).write(true).open(name).expect("its other side").into();
        command.stdin(slave.try_clone().expect("a handle")).stdout(slave.try_clone().expect("a handle")).stderr(slave);
        // SAFETY: between fork and exec only two system calls are made.
        unsafe {
            command.pre_exec(|| {
                rustix::process::setsid()?;
                rustix::process::ioctl_tiocsctty(rustix::stdio::stdin())?;
                Ok(())
            });
        }
        let child = command.spawn().expect("started");
        (Self { master: master.into(), seen: String::new() }, child)
    }

    /// Reads on until these words have come.
    fn until(&mut self, words: &str) {
        let mut bytes = [0; 1024];
        while !self.seen.contains(words) {
            let count = self.master.read(&mut bytes).expect("read");
            self.seen.push_str(&String::from_utf8_lossy(&bytes[..count]));
        }
    }
}

#[test]
fn ctrl_c_reaches_the_command_exactly_once() {
    let world = World::begin([]);
    let script = "trap 'echo int' INT; trap 'echo hup' HUP; trap 'echo term; exit 5' TERM; echo ready; while :; do sleep 0.01; done";
    let mut command = Command::new(env!("CARGO_BIN_EXE_agentrq"));
    command.args(["run", "--quiet", "--url", &world.url(), "--", "sh", "-c", script]);
    let (mut terminal, mut child) = Terminal::start(command);
    terminal.until("ready");
    terminal.master.write_all(b"\x03").expect("pressed");
    terminal.until("int\r\n");
    let pid = Pid::from_raw(i32::try_from(child.id()).expect("a number")).expect("a number");
    // We take signals one after the other: when this one has come through, so has whatever we made of the first.
    kill_process(pid, Signal::HUP).expect("sent");
    terminal.until("hup\r\n");
    kill_process(pid, Signal::TERM).expect("sent");
    terminal.until("term\r\n");
    assert_eq!(child.wait().expect("ended").code(), Some(5));
    assert_eq!(terminal.seen.matches("int\r\n").count(), 1, "{}", terminal.seen);
    world.until(|state| state.ended);
    let output = world.with(|state| String::from_utf8_lossy(&state.output).into_owned());
    assert_eq!(output.matches("int\n").count(), 1, "{output}");
}
