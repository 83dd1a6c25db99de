//! Reads the command line of `agentrq sync`: which list, and which directory.

use std::path::PathBuf;

use agentrq_core::model::ListName;
use lexopt::{Arg, Parser, ValueExt as _};

use super::{Asked, Surroundings, USAGE, WrongArguments, address};
use crate::address::Role;
use crate::files::place;
use crate::sync::{Plan, Until};

pub(super) fn read(parser: &mut Parser, around: &Surroundings) -> Result<Asked, WrongArguments> {
    let (mut url, mut list, mut directory, mut until) = (None, None, None, Until::Signalled);
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("url") => url = Some(parser.value()?.string()?),
            Arg::Long("list") => list = Some(parser.value()?.string()?),
            Arg::Long("dir") => directory = Some(PathBuf::from(parser.value()?)),
            Arg::Long("once") => until = Until::Same,
            Arg::Long("help") | Arg::Short('h') => return Ok(Asked::Text(USAGE)),
            other => return Err(other.unexpected().into()),
        }
    }
    // What Claude Code on this machine shares is nearer than what stands in an address.
    let said = list.or_else(|| around.claude_list.clone());
    let address = address(url, said.as_deref(), Role::Sync, around)?;
    let list = address.list().map_or_else(|| Ok(ListName::default()), ListName::new).map_err(WrongArguments::List)?;
    let home = around.home.as_deref().ok_or(WrongArguments::NoHome);
    let directory = match directory {
        Some(directory) => directory,
        None => place(list.as_str(), around.claude_config.as_deref(), home?),
    };
    let state = match &around.state {
        Some(state) => state.clone(),
        None => around.home.as_deref().ok_or(WrongArguments::NoHome)?.join(".local/state"),
    };
    let state = state.join("agentrq").join("sync");
    let directory = std::path::absolute(&directory).map_err(|_| WrongArguments::Folder(directory.display().to_string()))?;
    Ok(Asked::Sync(Box::new(Plan { address, list, directory, state, until })))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::read;
    use super::*;

    fn around() -> Surroundings {
        let url = "http://127.0.0.1:8787/mcp/ABC?token=t&agent=a&list=night";
        Surroundings { url: Some(url.into()), host: "box".into(), home: Some("/home/ann".into()), ..Surroundings::default() }
    }

    fn asked(line: &[&str], around: &Surroundings) -> Result<Asked, WrongArguments> {
        read(std::iter::once("sync").chain(line.iter().copied()).map(Into::into), around)
    }

    fn plan(line: &[&str], around: &Surroundings) -> Plan {
        match asked(line, around) {
            Ok(Asked::Sync(plan)) => *plan,
            other => panic!("{line:?}: {other:?}"),
        }
    }

    #[test]
    fn a_list_is_mirrored_where_claude_code_keeps_it() {
        let plain = plan(&[], &around());
        assert_eq!((plain.list.as_str(), plain.directory.as_path()), ("night", Path::new("/home/ann/.claude/tasks/night")));
        assert_eq!((plain.state.as_path(), plain.until), (Path::new("/home/ann/.local/state/agentrq/sync"), Until::Signalled));
        assert_eq!(plain.address.agent(), "a-sync");
        let shared = Surroundings { claude_list: Some("my list".into()), claude_config: Some("/etc/claude".into()), ..around() };
        let shared = plan(&["--once"], &shared);
        assert_eq!((shared.list.as_str(), shared.directory.as_path()), ("my-list", Path::new("/etc/claude/tasks/my-list")));
        assert_eq!(shared.until, Until::Same);
    }

    #[test]
    fn what_is_said_on_the_line_is_nearest() {
        let around = Surroundings { claude_list: Some("other".into()), state: Some("/state".into()), ..around() };
        let said = plan(&["--list", "main", "--dir", "/srv/tasks"], &around);
        assert_eq!((said.list.as_str(), said.directory.as_path()), ("main", Path::new("/srv/tasks")));
        assert_eq!((said.state.as_path(), said.address.list()), (Path::new("/state/agentrq/sync"), Some("main")));
    }

    #[test]
    fn a_wrong_line_is_refused_with_what_is_wrong() {
        for (line, expected) in
            [(&["--list", ""] as &[&str], "--list: the name of a list has 1 to 128 characters"), (&["--dir"], "--dir"), (&["main"], "main")]
        {
            let wrong = asked(line, &around()).expect_err(expected).to_string();
            assert!(wrong.contains(expected), "{line:?}: {wrong}");
        }
        let homeless = Surroundings { home: None, ..around() };
        assert!(asked(&["--dir", "/x"], &homeless).expect_err("no home").to_string().contains("XDG_STATE_HOME"));
    }
}
