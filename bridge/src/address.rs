//! The address of a workspace, as the dashboard gives it to an agent, and the addresses that follow from it.

use std::fmt;

use reqwest::Url;

/// What stands in the environment for us alone: a command that others have asked for does not get it.
pub const URL: &str = "AGENTRQ_URL";
pub const TOKEN: &str = "AGENTRQ_TOKEN";

/// As long as an agent's name may be.
const NAME_CHARS: usize = 64;
/// What an agent does here, which its name ends with. Each has a name of its own: of several connections under one name, only the newest is
/// told anything, and a command of one's own would hear what is for the runner beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// It runs one command of its user.
    #[default]
    Run,
    /// It runs what others ask for.
    Runner,
    /// It mirrors a list.
    Sync,
}

impl Role {
    fn ending(self) -> &'static str {
        match self {
            Self::Run => "-run",
            Self::Runner => "-runner",
            Self::Sync => "-sync",
        }
    }
}

const EXAMPLE: &str = "https://example.com/mcp/WORKSPACE?token=TOKEN";

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongAddress {
    #[error("no address: give the workspace's MCP address with --url or in AGENTRQ_URL, e.g. {EXAMPLE}")]
    Missing,
    /// The text itself is not repeated: it may hold a token.
    #[error("the address is no URL ({0}); it looks like {EXAMPLE}")]
    NoUrl(String),
    #[error("the address begins with {0}:// ; http:// and https:// are allowed")]
    Scheme(String),
    #[error("the address has the path {0}; it is /mcp/WORKSPACE, as the dashboard's page \"Connect an agent\" gives it")]
    Path(String),
    #[error("the address has no token: give it as ?token=TOKEN in the address or in AGENTRQ_TOKEN")]
    NoToken,
    #[error("the token has characters that no token has; copy it again")]
    Token,
}

/// A token, which no log and no error message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    fn new(text: &str) -> Result<Self, WrongAddress> {
        let is_sendable = !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic());
        if is_sendable { Ok(Self(text.to_owned())) } else { Err(WrongAddress::Token) }
    }

    /// The secret itself, for the header that bears it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// What is said beside the address itself.
#[derive(Clone, Debug, Default)]
pub struct Beside<'a> {
    /// From the environment; a token in the address is nearer and wins.
    pub token: Option<&'a str>,
    pub list: Option<&'a str>,
    /// The name of this machine, for an agent without a name.
    pub host: &'a str,
    pub role: Role,
}

/// Where a workspace is, who asks there and with what right.
#[derive(Clone, Debug)]
pub struct Address {
    origin: Url,
    workspace: String,
    mcp: Url,
    agent: String,
    list: Option<String>,
    token: Token,
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// What is wrong, and what is allowed.
    pub fn parse(text: &str, beside: &Beside<'_>) -> Result<Self, WrongAddress> {
        let given = Url::parse(text.trim()).map_err(|error| WrongAddress::NoUrl(error.to_string()))?;
        if !matches!(given.scheme(), "http" | "https") {
            return Err(WrongAddress::Scheme(given.scheme().to_owned()));
        }
        let workspace = workspace(given.path()).ok_or_else(|| WrongAddress::Path(given.path().to_owned()))?.to_owned();
        let said =
            |name: &str| given.query_pairs().find(|(key, value)| key == name && !value.is_empty()).map(|(_, value)| value.into_owned());
        let token = match (said("token"), beside.token) {
            (Some(token), _) => Token::new(&token)?,
            (None, Some(token)) => Token::new(token.trim())?,
            (None, None) => return Err(WrongAddress::NoToken),
        };
        let agent = beside_it(&said("agent").unwrap_or_else(|| name_of(beside.host)), beside.role);
        let list = beside.list.map(str::to_owned).or_else(|| said("list"));

        let mut origin = given.clone();
        origin.set_path("/");
        origin.set_query(None);
        origin.set_fragment(None);
        // Who is asked is the token's matter; a name and password of HTTP's own would hide it.
        let _ = origin.set_username("");
        let _ = origin.set_password(None);

        let mut mcp = origin.clone();
        mcp.set_path(&format!("/mcp/{workspace}"));
        {
            let mut query = mcp.query_pairs_mut();
            // The token goes into a header: addresses get into logs.
            query.extend_pairs(given.query_pairs().filter(|(key, _)| !matches!(&**key, "token" | "agent" | "list")));
            query.append_pair("agent", &agent);
            if let Some(list) = &list {
                query.append_pair("list", list);
            }
        }
        Ok(Self { origin, workspace, mcp, agent, list, token })
    }

    /// Where MCP is spoken.
    pub fn mcp(&self) -> &Url {
        &self.mcp
    }

    /// The name under which this machine's work is done.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    pub fn workspace(&self) -> &str {
        &self.workspace
    }

    /// The list that the address names, as it is written there.
    pub fn list(&self) -> Option<&str> {
        self.list.as_deref()
    }

    pub fn token(&self) -> &Token {
        &self.token
    }

    /// The server, as people name it.
    pub fn origin(&self) -> String {
        self.origin.as_str().trim_end_matches('/').to_owned()
    }

    /// Is it this machine? Then no proxy stands between.
    pub fn is_this_machine(&self) -> bool {
        match self.origin.host_str() {
            Some("localhost" | "[::1]") => true,
            Some(host) => host.parse::<std::net::Ipv4Addr>().is_ok_and(|ip| ip.is_loopback()),
            None => false,
        }
    }

    /// Is it spoken to under TLS?
    pub fn is_encrypted(&self) -> bool {
        self.origin.scheme() == "https"
    }

    /// Where a task's output goes, from us.
    pub fn output_of(&self, task: &str) -> Url {
        let mut url = self.with_path(&["api", "workspaces", &self.workspace, "tasks", task, "output"]);
        url.query_pairs_mut().append_pair("agent", &self.agent);
        url
    }

    /// The page of a task.
    pub fn page_of(&self, task: &str) -> Url {
        self.with_path(&["w", &self.workspace, "tasks", task])
    }

    /// The page of a list.
    pub fn page_of_list(&self, list: &str) -> Url {
        let mut url = self.with_path(&["w", &self.workspace, "work"]);
        url.query_pairs_mut().append_pair("list", list);
        url
    }

    fn with_path(&self, parts: &[&str]) -> Url {
        let mut url = self.origin.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.clear().extend(parts);
        }
        url
    }
}

/// The workspace that a path names. The address of Claude Code's channels names the same one.
fn workspace(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/mcp/").or_else(|| path.strip_prefix("/channel/"))?;
    let name = rest.strip_suffix('/').unwrap_or(rest);
    (!name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric())).then_some(name)
}

/// The name under which commands run, beside the agent whose address it is: what that one's model is to hear must not come here.
fn beside_it(agent: &str, role: Role) -> String {
    let ending = role.ending();
    let short: String = agent.chars().take(NAME_CHARS - ending.len()).collect();
    if agent.ends_with(ending) { agent.to_owned() } else { short + ending }
}

/// An agent's name made from a machine's.
fn name_of(host: &str) -> String {
    let name: String = host.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')).take(NAME_CHARS).collect();
    if name.is_empty() { "agentrq".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIVEN: &str = "http://127.0.0.1:8787/mcp/0123456789ABCDEFGHIJKL?token=s3cret&agent=laptop";

    fn address(text: &str, beside: &Beside<'_>) -> Address {
        Address::parse(text, beside).expect("it is right")
    }

    #[test]
    fn the_addresses_of_output_and_page_follow_from_the_one_that_is_given() {
        let address = address(GIVEN, &Beside::default());
        assert_eq!(address.origin(), "http://127.0.0.1:8787");
        assert_eq!(address.agent(), "laptop-run");
        assert_eq!(
            address.output_of("abcDEF12345").as_str(),
            "http://127.0.0.1:8787/api/workspaces/0123456789ABCDEFGHIJKL/tasks/abcDEF12345/output?agent=laptop-run"
        );
        assert_eq!(address.page_of("abcDEF12345").as_str(), "http://127.0.0.1:8787/w/0123456789ABCDEFGHIJKL/tasks/abcDEF12345");
        assert!(address.is_this_machine() && !address.is_encrypted());
    }

    #[test]
    fn the_token_stands_in_no_address_and_no_debug_output() {
        let address = address(GIVEN, &Beside { token: Some("other"), ..Beside::default() });
        assert_eq!(address.mcp().as_str(), "http://127.0.0.1:8787/mcp/0123456789ABCDEFGHIJKL?agent=laptop-run");
        assert_eq!(address.token().reveal(), "s3cret");
        assert!(!format!("{address:?}").contains("s3cret"));
    }

    #[test]
    fn an_agent_without_a_name_is_called_as_its_machine_is() {
        let named = |host| {
            let beside = Beside { token: Some("t"), host, ..Beside::default() };
            address("https://rq.example/mcp/ABC", &beside).mcp().query().unwrap_or_default().to_owned()
        };
        assert_eq!(named("Böb's mac_book-1.local"), "agent=Bbsmac_book-1.local-run");
        assert_eq!(named("…"), "agent=agentrq-run");
        assert_eq!(named(&"x".repeat(100)), format!("agent={}-run", "x".repeat(60)));
    }

    #[test]
    fn commands_run_beside_the_agent_whose_address_it_is_and_not_in_its_name() {
        for (role, name) in [(Role::Run, "claude-run"), (Role::Runner, "claude-runner")] {
            let beside = Beside { role, ..Beside::default() };
            let named = |agent: &str| address(&format!("https://x/mcp/ABC?token=t&agent={agent}"), &beside).agent().to_owned();
            assert_eq!((named("claude").as_str(), named(name).as_str()), (name, name));
            assert_eq!(named(&"y".repeat(64)).chars().count(), 64);
        }
    }

    #[test]
    fn a_list_that_is_said_apart_replaces_the_one_in_the_address() {
        let beside = Beside { list: Some("night shift"), ..Beside::default() };
        let query = |text| address(text, &beside).mcp().query().unwrap_or_default().to_owned();
        assert_eq!(query("https://rq.example/mcp/ABC?token=t&list=main&agent=a&tools=list"), "tools=list&agent=a-run&list=night+shift");
        let without = address("https://rq.example/channel/ABC?token=t&list=main&agent=a", &Beside::default());
        assert_eq!(without.mcp().as_str(), "https://rq.example/mcp/ABC?agent=a-run&list=main");
    }

    #[test]
    fn a_wrong_address_is_refused_with_what_is_wrong_and_what_is_allowed() {
        for (text, expected) in [
            ("127.0.0.1:8787/mcp/ABC", "no URL"),
            ("", "no URL"),
            ("ftp://x/mcp/ABC?token=t", "ftp://"),
            ("https://x/?token=t", "the path /; it is /mcp/WORKSPACE"),
            ("https://x/mcp/?token=t", "/mcp/WORKSPACE"),
            ("https://x/mcp/A/B?token=t", "/mcp/WORKSPACE"),
            ("https://x/mcp/ABC", "no token"),
            ("https://x/mcp/ABC?token=", "no token"),
            ("https://x/mcp/ABC?token=a%0Ab", "copy it again"),
        ] {
            let wrong = Address::parse(text, &Beside::default()).expect_err(text).to_string();
            assert!(wrong.contains(expected), "{text}: {wrong}");
        }
    }
}
