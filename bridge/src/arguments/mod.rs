//! Reads the command line: what is asked for, or what is wrong with it and what would be right.

mod runner;
mod sync;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use crate::address::{Address, Beside, Role, TOKEN, URL, WrongAddress};
use crate::duration::{self, WrongDuration};
use crate::run::{PageLink, Plan};
use crate::task::TIMEOUT;

const GRACE: Duration = Duration::from_secs(10);
const LINGER: Duration = Duration::from_secs(60);

const USAGE: &str = "\
agentrq: AgentRQ beside the work

agentrq run [OPTION...] -- COMMAND [ARGUMENT...]
    Runs a command as a task that people watch as it goes and may stop. The exit code is the command's.

    --url URL       the workspace's MCP address, as the dashboard gives it; or AGENTRQ_URL.
                    The token may stand in AGENTRQ_TOKEN instead
    --list NAME     the list that the task is put on
    --title TEXT    what the task is called, if not as the command line
    --timeout TIME  ends the command after that time, 1s to 168h; the exit code is 124 then
    --grace TIME    from asking the command to end to ending it: 10s if not said
    --linger TIME   how long to go on sending after the command's end: 60s if not said
    --quiet         the link to the task's page is not printed

agentrq runner --allow FILE | --allow-command 'COMMAND' [OPTION...]
    Runs commands that others ask for as tasks of a list, if they are on the list of what you allow; never through a shell.

    --allow FILE    what is allowed, a command a line; may be given more than once
    --allow-command 'COMMAND'
                    allows one command, as a shell would read it; may be given more than once.
                    A last word * allows any further words, and so every option that it has
    --url URL, --list NAME
                    as above
    --dir FOLDER    where they run, unless FILE says otherwise: here if not said
    --timeout TIME  ends each after that time, unless FILE says otherwise: 30m if not said
    --at-once N     how many run at the same time: 1 if not said, at most 64
    --grace TIME    from asking a command to end to ending it: 10s if not said

    A FILE looks like this:

        # what stands indented below a command is said of that command alone
        npm test
        npm run build
            folder /srv/web
            timeout 10m

agentrq sync [OPTION...]
    Keeps a list of the workspace and one that Claude Code keeps on this machine the same, both ways, until it is stopped.

    --list NAME     the list; if not said, that of CLAUDE_CODE_TASK_LIST_ID, of the address, or main
    --dir FOLDER    where it is here, if not where Claude Code keeps the list of that name
    --once          makes both the same, and ends
    --url URL       as above

agentrq --help, agentrq --version
";

/// What is asked for.
#[derive(Debug)]
pub enum Asked {
    Run(Box<Plan>),
    Runner(Box<crate::runner::Plan>),
    Sync(Box<crate::sync::Plan>),
    /// A text that is printed.
    Text(&'static str),
}

#[derive(Debug, thiserror::Error)]
pub enum WrongArguments {
    #[error("which command? There are: run, runner, sync. agentrq --help says more")]
    NoCommand,
    #[error("there is no command {0:?}. There are: run, runner, sync. agentrq --help says more")]
    UnknownCommand(String),
    #[error("what shall run? agentrq run [OPTION...] -- COMMAND [ARGUMENT...]")]
    NothingToRun,
    #[error("{0}. agentrq --help says what there is")]
    Option(#[from] lexopt::Error),
    #[error("--{option}: {why}")]
    Duration { option: &'static str, why: WrongDuration },
    #[error("--timeout: a command may have 1s to 168h")]
    Timeout,
    #[error("--at-once: {0:?} is no number from 1 to 64")]
    AtOnce(String),
    #[error("--dir: {0}: no such folder")]
    Folder(String),
    #[error("--list: {0}")]
    List(agentrq_core::model::InvalidListName),
    #[error("there is no HOME: say with --dir where the list is, and with XDG_STATE_HOME where it may be kept what was agreed on")]
    NoHome,
    #[error(
        "nothing is allowed, so nothing would run: say what may, with --allow-command 'npm test', or with --allow FILE, a command a line, \
         e.g.\n    npm test\n    npm run build"
    )]
    NothingAllowed,
    #[error(transparent)]
    Allow(#[from] crate::runner::allow::WrongAllow),
    #[error("{0}: {1}")]
    AllowFile(String, crate::runner::allow::WrongAllow),
    #[error(transparent)]
    Address(#[from] WrongAddress),
}

/// What the process finds around it.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    pub url: Option<String>,
    pub token: Option<String>,
    pub host: String,
    /// The list that Claude Code is told to share.
    pub claude_list: Option<String>,
    /// Where Claude Code keeps what is its own, if somebody said so.
    pub claude_config: Option<PathBuf>,
    pub home: Option<PathBuf>,
    /// Where programs keep what they must not forget, if somebody said so.
    pub state: Option<PathBuf>,
}

impl Surroundings {
    pub fn of_this_process() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
        let folder = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        Self {
            url: variable(URL),
            token: variable(TOKEN),
            host,
            claude_list: variable("CLAUDE_CODE_TASK_LIST_ID"),
            claude_config: folder("CLAUDE_CONFIG_DIR"),
            home: folder("HOME"),
            state: folder("XDG_STATE_HOME").filter(|folder| folder.is_absolute()),
        }
    }
}

/// Reads a command line, without the program's own name.
///
/// # Errors
/// What is wrong, and what is allowed.
pub fn read(arguments: impl IntoIterator<Item = OsString>, around: &Surroundings) -> Result<Asked, WrongArguments> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut parser = Parser::from_args(arguments);
    match parser.next()? {
        Some(Arg::Long("help") | Arg::Short('h')) => Ok(Asked::Text(USAGE)),
        Some(Arg::Long("version") | Arg::Short('V')) => Ok(Asked::Text(concat!("agentrq ", env!("CARGO_PKG_VERSION"), "\n"))),
        Some(Arg::Value(name)) if name == "run" => run(&mut parser, around),
        Some(Arg::Value(name)) if name == "runner" => runner::read(&mut parser, around),
        Some(Arg::Value(name)) if name == "sync" => sync::read(&mut parser, around),
        Some(Arg::Value(name)) => Err(WrongArguments::UnknownCommand(name.to_string_lossy().into_owned())),
        Some(other) => Err(other.unexpected().into()),
        None => Err(WrongArguments::NoCommand),
    }
}

fn run(parser: &mut Parser, around: &Surroundings) -> Result<Asked, WrongArguments> {
    let (mut url, mut list, mut title) = (None, None, None);
    let (mut timeout, mut grace, mut linger) = (None, GRACE, LINGER);
    let mut link = PageLink::Printed;
    let mut command = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("url") => url = Some(parser.value()?.string()?),
            Arg::Long("list") => list = Some(parser.value()?.string()?),
            Arg::Long("title") => title = Some(parser.value()?.string()?),
            Arg::Long("timeout") => timeout = Some(time_limit(parser)?),
            Arg::Long("grace") => grace = length(parser, "grace")?,
            Arg::Long("linger") => linger = length(parser, "linger")?,
            Arg::Long("quiet") | Arg::Short('q') => link = PageLink::NotPrinted,
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Text(USAGE)),
            // The command begins: from here on nothing is ours.
            Arg::Value(program) => {
                command.push(program);
                command.extend(parser.raw_args()?);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    if command.is_empty() {
        return Err(WrongArguments::NothingToRun);
    }
    let address = address(url, list.as_deref(), Role::Run, around)?;
    Ok(Asked::Run(Box::new(Plan { address, command, title, timeout, grace, linger, link })))
}

fn address(url: Option<String>, list: Option<&str>, role: Role, around: &Surroundings) -> Result<Address, WrongAddress> {
    let url = url.or_else(|| around.url.clone()).ok_or(WrongAddress::Missing)?;
    Address::parse(&url, &Beside { token: around.token.as_deref(), list, host: &around.host, role })
}

fn time_limit(parser: &mut Parser) -> Result<Duration, WrongArguments> {
    Some(length(parser, "timeout")?).filter(|given| TIMEOUT.contains(given)).ok_or(WrongArguments::Timeout)
}

fn length(parser: &mut Parser, option: &'static str) -> Result<Duration, WrongArguments> {
    let text = parser.value()?.string()?;
    duration::parse(&text).map_err(|why| WrongArguments::Duration { option, why })
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "http://127.0.0.1:8787/mcp/ABC?token=t&agent=a";

    fn around() -> Surroundings {
        Surroundings { url: Some(URL.into()), host: "box".into(), ..Surroundings::default() }
    }

    fn asked(line: &[&str], around: &Surroundings) -> Result<Asked, WrongArguments> {
        read(line.iter().map(OsString::from), around)
    }

    fn plan(line: &[&str]) -> Plan {
        match asked(line, &around()) {
            Ok(Asked::Run(plan)) => *plan,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn what_stands_behind_the_dashes_is_the_commands_own() {
        let plan = plan(&["run", "--title", "Tests", "--timeout", "10m", "--grace=2s", "--quiet", "--", "npm", "test", "--", "--quiet"]);
        assert_eq!(plan.command, ["npm", "test", "--", "--quiet"]);
        assert_eq!((plan.title.as_deref(), plan.timeout), (Some("Tests"), Some(Duration::from_secs(600))));
        assert_eq!((plan.grace, plan.linger, plan.link), (Duration::from_secs(2), LINGER, PageLink::NotPrinted));
    }

    #[test]
    fn the_dashes_may_be_left_out_where_the_command_is_no_option() {
        let plan = plan(&["run", "cargo", "test", "--quiet"]);
        assert_eq!((plan.command.len(), plan.link), (3, PageLink::Printed));
    }

    #[test]
    fn the_address_on_the_line_is_nearer_than_the_one_around() {
        let plan = plan(&["run", "--url", "http://localhost:1/mcp/XYZ?token=t&agent=b", "--list", "night", "--", "true"]);
        assert_eq!(plan.address.mcp().as_str(), "http://localhost:1/mcp/XYZ?agent=b-run&list=night");
    }

    #[test]
    fn a_token_may_come_from_around() {
        let around = Surroundings {
            url: Some("http://127.0.0.1/mcp/ABC".into()),
            token: Some("t".into()),
            host: "box".into(),
            ..Surroundings::default()
        };
        let Ok(Asked::Run(plan)) = asked(&["run", "true"], &around) else { panic!("it is right") };
        assert_eq!((plan.address.token().reveal(), plan.address.agent()), ("t", "box-run"));
    }

    #[test]
    fn help_and_version_are_texts() {
        for line in [&["--help"] as &[&str], &["-h"], &["run", "--help"]] {
            assert!(matches!(asked(line, &around()), Ok(Asked::Text(text)) if text.contains("--timeout TIME")));
        }
        assert!(matches!(asked(&["--version"], &around()), Ok(Asked::Text(text)) if text.starts_with("agentrq 0.")));
    }

    #[test]
    fn a_wrong_line_is_refused_with_what_is_wrong_and_what_is_allowed() {
        for (line, expected) in [
            (&[] as &[&str], "There are: run, runner, sync"),
            (&["walk"], "no command \"walk\""),
            (&["--fast"], "--fast"),
            (&["run"], "COMMAND"),
            (&["run", "--quiet", "--"], "COMMAND"),
            (&["run", "--fast", "--", "true"], "--fast"),
            (&["run", "--title"], "--title"),
            (&["run", "--timeout", "soon", "--", "true"], "--timeout: \"soon\" is no length of time; write e.g. 500ms"),
            (&["run", "--timeout", "10ms", "--", "true"], "1s to 168h"),
            (&["run", "--timeout", "169h", "--", "true"], "1s to 168h"),
            (&["run", "--url", "nowhere", "--", "true"], "no URL"),
        ] {
            let wrong = asked(line, &around()).expect_err(expected).to_string();
            assert!(wrong.contains(expected), "{line:?}: {wrong}");
        }
        let wrong = asked(&["run", "true"], &Surroundings::default()).expect_err("no address").to_string();
        assert!(wrong.contains("--url") && wrong.contains("AGENTRQ_URL"), "{wrong}");
    }
}
