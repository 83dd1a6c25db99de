//! Reads the command line of `agentrq runner`: what is allowed first of all, since nothing runs without that.

use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt as _};

use super::{Asked, GRACE, Surroundings, USAGE, WrongArguments, address, length, time_limit};
use crate::address::Role;
use crate::runner::Plan;
use crate::runner::allow::Allowed;

/// Nothing that others have asked for runs for ever.
const TIMEOUT: Duration = Duration::from_secs(30 * 60);
const AT_ONCE: std::ops::RangeInclusive<usize> = 1..=64;

pub(super) fn read(parser: &mut Parser, around: &Surroundings) -> Result<Asked, WrongArguments> {
    let (mut url, mut list, mut folder) = (None, None, PathBuf::from("."));
    let (mut timeout, mut grace, mut at_once) = (TIMEOUT, GRACE, 1);
    let mut allowed = Allowed::default();
    let mut files = Vec::new();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("url") => url = Some(parser.value()?.string()?),
            Arg::Long("list") => list = Some(parser.value()?.string()?),
            Arg::Long("allow") => files.push(PathBuf::from(parser.value()?)),
            Arg::Long("allow-command") => allowed.add_command(&parser.value()?.string()?)?,
            Arg::Long("dir") => folder = parser.value()?.into(),
            Arg::Long("timeout") => timeout = time_limit(parser)?,
            Arg::Long("grace") => grace = length(parser, "grace")?,
            Arg::Long("at-once") => {
                let given = parser.value()?.string()?;
                let number = given.parse().ok().filter(|number| AT_ONCE.contains(number));
                at_once = number.ok_or(WrongArguments::AtOnce(given))?;
            }
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Text(USAGE)),
            other => return Err(other.unexpected().into()),
        }
    }
    // From here on it is the same folder, wherever a command may go.
    let whole = std::path::absolute(&folder).ok().filter(|folder| folder.is_dir());
    let folder = whole.ok_or_else(|| WrongArguments::Folder(folder.display().to_string()))?;
    for file in files {
        allowed.add_file(&file, &folder).map_err(|why| WrongArguments::AllowFile(file.display().to_string(), why))?;
    }
    if allowed.is_empty() {
        return Err(WrongArguments::NothingAllowed);
    }
    let address = address(url, list.as_deref(), Role::Runner, around)?;
    Ok(Asked::Runner(Box::new(Plan { address, allowed, folder, timeout, grace, at_once })))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::super::read;
    use super::*;

    fn asked(line: &[&str]) -> Result<Asked, WrongArguments> {
        let url = "http://127.0.0.1:8787/mcp/ABC?token=t&agent=a";
        let around = Surroundings { url: Some(url.into()), host: "box".into(), ..Surroundings::default() };
        read(std::iter::once("runner").chain(line.iter().copied()).map(Into::into), &around)
    }

    fn plan(line: &[&str]) -> Plan {
        match asked(line) {
            Ok(Asked::Runner(plan)) => *plan,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn without_an_allow_list_nothing_runs_and_it_is_said_how_to_write_one() {
        let wrong = asked(&["--list", "night"]).expect_err("nothing is allowed").to_string();
        assert!(
            wrong.contains("--allow FILE") && wrong.contains("--allow-command 'npm test'") && wrong.contains("npm run build"),
            "{wrong}"
        );
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "# nothing\n").expect("written");
        let wrong = asked(&["--allow", file.path().to_str().expect("a path")]).expect_err("nothing is allowed").to_string();
        assert!(wrong.contains("nothing is allowed"), "{wrong}");
    }

    #[test]
    fn every_command_has_a_folder_and_a_timeout_and_one_runs_at_a_time_unless_it_is_said_otherwise() {
        let said = plan(&["--allow-command", "npm test", "--dir", "/", "--timeout", "5m", "--grace", "1s", "--at-once", "3"]);
        assert_eq!((said.folder.as_path(), said.timeout), (std::path::Path::new("/"), Duration::from_secs(300)));
        assert_eq!((said.grace, said.at_once), (Duration::from_secs(1), 3));
        let plain = plan(&["--allow-command", "npm test"]);
        assert_eq!((plain.timeout, plain.grace, plain.at_once), (TIMEOUT, GRACE, 1));
        assert!(plain.folder.is_absolute());
        assert_eq!(plain.address.agent(), "a-runner");
    }

    #[test]
    fn what_is_allowed_may_come_from_files_and_from_the_line() {
        let mut file = tempfile::NamedTempFile::new().expect("a file");
        writeln!(file, "make").expect("written");
        let plan = plan(&["--allow-command", "npm test", "--allow", file.path().to_str().expect("a path")]);
        assert_eq!(plan.allowed.to_string(), "npm test, make");
    }

    #[test]
    fn a_wrong_line_is_refused_with_what_is_wrong() {
        for (line, expected) in [
            (&["--allow-command", "npm test; ls"] as &[&str], "';'"),
            (&["--allow", "/there/is/none"], "/there/is/none: "),
            (&["--allow-command", "x", "--at-once", "0"], "--at-once: \"0\" is no number from 1 to 64"),
            (&["--allow-command", "x", "--timeout", "0s"], "1s to 168h"),
            (&["--allow-command", "x", "--dir", "/there/is/none"], "/there/is/none"),
            (&["--allow-command", "x", "npm"], "npm"),
        ] {
            let wrong = asked(line).expect_err(expected).to_string();
            assert!(wrong.contains(expected), "{line:?}: {wrong}");
        }
    }
}
