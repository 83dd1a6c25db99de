//! Starts the command: its pipes, its process group, and what a shell would say if it cannot be started.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;

use rustix::fs::{Access, access, fstat};
use rustix::process::Pid;
use tokio::process::{Child, Command};

use super::pump::{Pumps, Way};
use super::reach::{Group, Reach};
use super::spool::Spool;
use crate::address::{TOKEN, URL};

/// Why there is no command running.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("{0}: command not found")]
    NotFound(String),
    #[error("{program}: cannot be executed: {why}")]
    NotExecutable { program: String, why: io::Error },
    #[error("there is no folder {0}")]
    NoFolder(String),
    #[error("the command cannot be started: {0}")]
    System(#[from] io::Error),
}

impl NotStarted {
    /// The exit code that a shell would have.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NotFound(_) => 127,
            Self::NotExecutable { .. } | Self::NoFolder(_) | Self::System(_) => 126,
        }
    }
}

/// Our own stdout and stderr, or what stands for them.
#[derive(Debug)]
pub struct Outputs {
    pub stdout: OwnedFd,
    pub stderr: OwnedFd,
}

impl Outputs {
    /// Those of this process.
    ///
    /// # Errors
    /// There are no more file descriptors.
    pub fn of_this_process() -> io::Result<Self> {
        // Closed ones are none that the command could write to either.
        let open = |fd: io::Result<OwnedFd>| fd.or_else(|_| File::options().write(true).open("/dev/null").map(OwnedFd::from));
        Ok(Self { stdout: open(io::stdout().as_fd().try_clone_to_owned())?, stderr: open(io::stderr().as_fd().try_clone_to_owned())? })
    }

    /// None: what the command writes goes to its task alone.
    ///
    /// # Errors
    /// There are no more file descriptors.
    pub fn nowhere() -> io::Result<Self> {
        let null = File::options().write(true).open("/dev/null")?;
        Ok(Self { stdout: null.try_clone()?.into(), stderr: null.into() })
    }

    fn are_one(&self) -> bool {
        match (fstat(&self.stdout), fstat(&self.stderr)) {
            (Ok(out), Ok(err)) => (out.st_dev, out.st_ino) == (err.st_dev, err.st_ino),
            _ => false,
        }
    }
}

/// A command that runs.
#[derive(Debug)]
pub struct Running {
    pub child: Child,
    pub reach: Reach,
    pub pumps: Pumps,
}

/// Starts a command. Its stdin is ours.
///
/// # Errors
/// It cannot be started.
pub fn start(command: &[OsString], group: Group, outputs: Outputs, spool: &Arc<Spool>) -> Result<Running, NotStarted> {
    let Some((program, arguments)) = command.split_first() else { return Err(NotStarted::NotFound(String::new())) };
    let mut spawned = Command::new(program);
    spawned.args(arguments);
    spawn(spawned, program, group, outputs, spool)
}

/// Starts a command that others have asked for: in a folder, with nothing to read, nowhere but its task to write to, in a group of its own,
/// and without our token.
///
/// # Errors
/// It cannot be started.
pub fn start_for_others(command: &[OsString], folder: &Path, spool: &Arc<Spool>) -> Result<Running, NotStarted> {
    let Some((program, arguments)) = command.split_first() else { return Err(NotStarted::NotFound(String::new())) };
    if !folder.is_dir() {
        return Err(NotStarted::NoFolder(folder.to_string_lossy().into_owned()));
    }
    // A path is meant from the folder; whether the system takes it so is not certain. A bare name is looked for in PATH.
    let is_path = program.as_encoded_bytes().contains(&b'/');
    let found = if is_path { Some(folder.join(program)) } else { in_path(program, &std::env::var_os("PATH").unwrap_or_default(), folder) };
    let mut spawned = std::process::Command::new(found.ok_or_else(|| NotStarted::NotFound(program.to_string_lossy().into_owned()))?);
    spawned.arg0(program).args(arguments).current_dir(folder).stdin(Stdio::null()).env_remove(TOKEN).env_remove(URL);
    spawn(spawned.into(), program, Group::Own, Outputs::nowhere()?, spool)
}

/// The program that a bare name means: never a file in the folder where it runs, which whoever asks for it may have written. That is allowed as `./name`.
fn in_path(program: &OsStr, path: &OsStr, folder: &Path) -> Option<PathBuf> {
    let folder = std::fs::canonicalize(folder).ok();
    let is_elsewhere =
        |place: &PathBuf| place.is_absolute() && std::fs::canonicalize(place).ok().is_some_and(|place| Some(place) != folder);
    let may_run = |file: &PathBuf| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    std::env::split_paths(path).filter(is_elsewhere).map(|place| place.join(program)).find(may_run)
}

fn spawn(mut spawned: Command, program: &OsStr, group: Group, outputs: Outputs, spool: &Arc<Spool>) -> Result<Running, NotStarted> {
    if group == Group::Own {
        spawned.process_group(0);
    }
    let (from, into) = io::pipe()?;
    let mut ways = Vec::new();
    if outputs.are_one() {
        spawned.stdout(Stdio::from(into.try_clone()?)).stderr(Stdio::from(into));
        ways.push(Way { from: from.into(), to: outputs.stdout });
    } else {
        let (from_stderr, into_stderr) = io::pipe()?;
        spawned.stdout(Stdio::from(into)).stderr(Stdio::from(into_stderr));
        ways.push(Way { from: from.into(), to: outputs.stdout });
        ways.push(Way { from: from_stderr.into(), to: outputs.stderr });
    }
    let child = spawned.spawn().map_err(|why| {
        let program = program.to_string_lossy().into_owned();
        match why.kind() {
            io::ErrorKind::NotFound => NotStarted::NotFound(program),
            _ => NotStarted::NotExecutable { program, why },
        }
    })?;
    // It holds the ends that are written to; without them, the pipes end with the command.
    drop(spawned);
    let pid = child.id().and_then(|pid| Pid::from_raw(i32::try_from(pid).ok()?));
    let pid = pid.ok_or_else(|| io::Error::other("it has no process number"))?;
    Ok(Running { child, reach: Reach::new(pid, group), pumps: Pumps::start(ways, spool)? })
}
