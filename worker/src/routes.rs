//! The table of routes: which path and method leads where, and who may go there. Data, so that a test can read it whole.

use agentrq_core::decide::check_workflow_name;
use agentrq_core::id::{AttachmentId, Id, TaskId};
use agentrq_core::model::WorkspaceId;

use crate::names::is_minted_form;
use crate::problem::{Code, Problem};
use crate::workspace::blobs::disposition::percent_decoded;

/// HTTP methods that the product knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
    Other,
}

impl Method {
    pub fn parse(text: &str) -> Self {
        match text {
            "GET" => Self::Get,
            "HEAD" => Self::Head,
            "POST" => Self::Post,
            "PUT" => Self::Put,
            "PATCH" => Self::Patch,
            "DELETE" => Self::Delete,
            _ => Self::Other,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Other => "this method",
        }
    }

    /// Does it only read?
    pub fn is_safe(self) -> bool {
        matches!(self, Self::Get | Self::Head)
    }
}

/// Who may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Anyone,
    Person,
    Agent,
    PersonOrAgent,
}

/// A task as a path names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskRef {
    Id(TaskId),
    /// `12` for `#12` of the workspace's list.
    Number(u64),
}

/// Which revisions of MCP an address speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// All of them.
    Mcp,
    /// Those with a handshake: Claude Code registers a channel only where no later one is spoken.
    Channel,
}

/// Where a path leads. Workspace ids have the form of a minted one here; the gate checks that they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    Session,
    Workspaces,
    /// One stream for all workspaces of a person.
    AllEvents,
    Workspace(WorkspaceId),
    Tokens(WorkspaceId),
    Token(WorkspaceId, Id),
    Tasks(WorkspaceId),
    Task(WorkspaceId, TaskRef),
    Messages(WorkspaceId, TaskRef),
    /// What a background task prints.
    Output(WorkspaceId, TaskRef),
    Attachments(WorkspaceId),
    Attachment(WorkspaceId, AttachmentId),
    Workflows(WorkspaceId),
    Workflow(WorkspaceId, String),
    /// What is started of a workflow.
    WorkflowRuns(WorkspaceId, String),
    Snapshot(WorkspaceId),
    Commands(WorkspaceId),
    Events(WorkspaceId),
    Activity(WorkspaceId),
    Agents(WorkspaceId),
    /// A list or the workspace, on its way out and in.
    Export(WorkspaceId),
    Import(WorkspaceId),
    /// What the hooks of an agent's own program tell.
    Hooks(WorkspaceId),
    Mcp(WorkspaceId, Endpoint),
    /// The dashboard's files: everything that is no interface.
    Asset,
    /// Routes that fail on purpose.
    #[cfg(feature = "faults")]
    Fault(Fault),
}

/// What the tests' build can be asked to do.
#[cfg(feature = "faults")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    PanicInWorker,
    PanicInObject(WorkspaceId),
    /// Which instance of the object answers: a new one after an eviction.
    Instance(WorkspaceId),
    /// Breaks every socket behind a stream, as a reset of the object does.
    BreakSockets(WorkspaceId),
    /// Resets the object, as the platform does when a write fails or a machine goes.
    Reset(WorkspaceId),
    /// Ends the wasm instance, as running out of memory does, with everything that was going on in it.
    Trap(WorkspaceId),
}

impl Route {
    /// The workspace in which the route lies.
    pub fn workspace(&self) -> Option<&WorkspaceId> {
        match self {
            Self::Workspace(ws)
            | Self::Tokens(ws)
            | Self::Token(ws, _)
            | Self::Tasks(ws)
            | Self::Task(ws, _)
            | Self::Messages(ws, _)
            | Self::Output(ws, _)
            | Self::Attachments(ws)
            | Self::Attachment(ws, _)
            | Self::Workflows(ws)
            | Self::Workflow(ws, _)
            | Self::WorkflowRuns(ws, _)
            | Self::Snapshot(ws)
            | Self::Commands(ws)
            | Self::Events(ws)
            | Self::Activity(ws)
            | Self::Agents(ws)
            | Self::Export(ws)
            | Self::Import(ws)
            | Self::Hooks(ws)
            | Self::Mcp(ws, _) => Some(ws),
            #[cfg(feature = "faults")]
            Self::Fault(Fault::PanicInObject(ws) | Fault::Instance(ws) | Fault::BreakSockets(ws) | Fault::Reset(ws) | Fault::Trap(ws)) => {
                Some(ws)
            }
            #[cfg(feature = "faults")]
            Self::Fault(Fault::PanicInWorker) => None,
            Self::Health | Self::Session | Self::Workspaces | Self::AllEvents | Self::Asset => None,
        }
    }
}

/// The parts of a path that a pattern left open, in its order.
struct Parts<'a>(Vec<&'a str>);

type Build = fn(&Parts<'_>) -> Result<Route, Problem>;

/// One line of the table.
struct Entry {
    /// `*` stands for one open part.
    pattern: &'static str,
    methods: &'static [(Method, Who)],
    build: Build,
}

use Method::{Delete, Get, Head, Patch, Post, Put};
use Who::{Agent, Anyone, Person, PersonOrAgent};

#[rustfmt::skip]
const TABLE: &[Entry] = &[
    Entry { pattern: "/healthz", methods: &[(Get, Anyone), (Head, Anyone)], build: |_| Ok(Route::Health) },
    Entry { pattern: "/api/session", methods: &[(Post, Anyone), (Get, Person), (Delete, Person)], build: |_| Ok(Route::Session) },
    Entry { pattern: "/api/events", methods: &[(Get, Person)], build: |_| Ok(Route::AllEvents) },
    Entry { pattern: "/api/workspaces", methods: &[(Get, Person), (Post, Person)], build: |_| Ok(Route::Workspaces) },
    Entry { pattern: "/api/workspaces/*", methods: &[(Get, Person), (Patch, Person), (Delete, Person)], build: |p| Ok(Route::Workspace(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/tokens", methods: &[(Get, Person), (Post, Person)], build: |p| Ok(Route::Tokens(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/tokens/*", methods: &[(Patch, Person), (Delete, Person)], build: |p| Ok(Route::Token(p.workspace()?, p.token()?)) },
    Entry { pattern: "/api/workspaces/*/tasks", methods: &[(Get, PersonOrAgent), (Post, PersonOrAgent)], build: |p| Ok(Route::Tasks(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/tasks/*", methods: &[(Get, PersonOrAgent), (Patch, PersonOrAgent), (Delete, PersonOrAgent)], build: |p| Ok(Route::Task(p.workspace()?, p.task()?)) },
    Entry { pattern: "/api/workspaces/*/tasks/*/messages", methods: &[(Get, PersonOrAgent), (Post, PersonOrAgent)], build: |p| Ok(Route::Messages(p.workspace()?, p.task()?)) },
    Entry { pattern: "/api/workspaces/*/tasks/*/output", methods: &[(Get, PersonOrAgent), (Post, Agent)], build: |p| Ok(Route::Output(p.workspace()?, p.task()?)) },
    Entry { pattern: "/api/workspaces/*/attachments", methods: &[(Post, PersonOrAgent)], build: |p| Ok(Route::Attachments(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/attachments/*", methods: &[(Get, PersonOrAgent)], build: |p| Ok(Route::Attachment(p.workspace()?, p.attachment()?)) },
    Entry { pattern: "/api/workspaces/*/workflows", methods: &[(Get, Person)], build: |p| Ok(Route::Workflows(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/workflows/*", methods: &[(Get, Person), (Put, Person), (Delete, Person)], build: |p| Ok(Route::Workflow(p.workspace()?, p.workflow()?)) },
    Entry { pattern: "/api/workspaces/*/workflows/*/runs", methods: &[(Post, Person)], build: |p| Ok(Route::WorkflowRuns(p.workspace()?, p.workflow()?)) },
    Entry { pattern: "/api/workspaces/*/snapshot", methods: &[(Get, Person)], build: |p| Ok(Route::Snapshot(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/commands", methods: &[(Post, Person)], build: |p| Ok(Route::Commands(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/events", methods: &[(Get, Person)], build: |p| Ok(Route::Events(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/activity", methods: &[(Get, Person)], build: |p| Ok(Route::Activity(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/agents", methods: &[(Get, Person)], build: |p| Ok(Route::Agents(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/export", methods: &[(Get, PersonOrAgent)], build: |p| Ok(Route::Export(p.workspace()?)) },
    Entry { pattern: "/api/workspaces/*/import", methods: &[(Post, PersonOrAgent)], build: |p| Ok(Route::Import(p.workspace()?)) },
    Entry { pattern: "/mcp/*", methods: &[(Get, Agent), (Post, Agent), (Delete, Agent)], build: |p| Ok(Route::Mcp(p.workspace()?, Endpoint::Mcp)) },
    Entry { pattern: "/channel/*", methods: &[(Get, Agent), (Post, Agent), (Delete, Agent)], build: |p| Ok(Route::Mcp(p.workspace()?, Endpoint::Channel)) },
    Entry { pattern: "/hooks/*", methods: &[(Post, Agent)], build: |p| Ok(Route::Hooks(p.workspace()?)) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/panic", methods: &[(Get, Anyone)], build: |_| Ok(Route::Fault(Fault::PanicInWorker)) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/*/panic", methods: &[(Get, Anyone)], build: |p| Ok(Route::Fault(Fault::PanicInObject(p.workspace()?))) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/*/instance", methods: &[(Get, Anyone)], build: |p| Ok(Route::Fault(Fault::Instance(p.workspace()?))) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/*/reset", methods: &[(Get, Anyone)], build: |p| Ok(Route::Fault(Fault::Reset(p.workspace()?))) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/*/trap", methods: &[(Get, Anyone)], build: |p| Ok(Route::Fault(Fault::Trap(p.workspace()?))) },
    #[cfg(feature = "faults")]
    Entry { pattern: "/test/*/break", methods: &[(Get, Anyone)], build: |p| Ok(Route::Fault(Fault::BreakSockets(p.workspace()?))) },
];

/// Paths under these are interfaces: never a page, even where nothing answers.
const INTERFACES: &[&str] = &["/api", "/mcp", "/channel", "/hooks", "/.well-known", "/healthz", "/test"];

/// The methods of the dashboard's files.
const ASSET_METHODS: &[(Method, Who)] = &[(Get, Anyone), (Head, Anyone)];

/// What a method and a path lead to, and who may go there.
pub fn find(method: Method, path: &str) -> Result<(Route, Who), Problem> {
    for entry in TABLE {
        if let Some(parts) = parts(entry.pattern, path) {
            let who = allowed(method, path, entry.methods)?;
            return Ok(((entry.build)(&parts)?, who));
        }
    }
    let interface = INTERFACES.iter().any(|prefix| path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')));
    if interface {
        return Err(Problem::new(Code::NotFound, "there is nothing at this path: check it against the list of routes"));
    }
    Ok((Route::Asset, allowed(method, path, ASSET_METHODS)?))
}

fn allowed(method: Method, path: &str, methods: &'static [(Method, Who)]) -> Result<Who, Problem> {
    if let Some((_, who)) = methods.iter().find(|(known, _)| *known == method) {
        return Ok(*who);
    }
    let names: Vec<&str> = methods.iter().map(|(method, _)| method.name()).collect();
    let path: String = path.chars().take(100).collect();
    Err(Problem::new(
        Code::MethodNotAllowed,
        format!(
            "{} is not answered at {path}; {} {} allowed",
            method.name(),
            names.join(", "),
            if names.len() == 1 { "is" } else { "are" }
        ),
    )
    .with("allowed", names))
}

/// The open parts of `path` if it has the form of `pattern`.
fn parts<'a>(pattern: &str, path: &'a str) -> Option<Parts<'a>> {
    let mut open = Vec::new();
    let mut given = path.split('/');
    for wanted in pattern.split('/') {
        let part = given.next()?;
        match wanted {
            "*" if part.is_empty() => return None,
            "*" => open.push(part),
            _ if wanted == part => {}
            _ => return None,
        }
    }
    given.next().is_none().then_some(Parts(open))
}

impl Parts<'_> {
    fn get(&self, index: usize) -> &str {
        self.0.get(index).copied().unwrap_or_default()
    }

    fn workspace(&self) -> Result<WorkspaceId, Problem> {
        let text = self.get(0);
        if is_minted_form(text) { Ok(WorkspaceId(text.to_owned())) } else { Err(no_workspace()) }
    }

    fn task(&self) -> Result<TaskRef, Problem> {
        let text = self.get(1);
        if let Ok(id) = text.parse::<TaskId>() {
            return Ok(TaskRef::Id(id));
        }
        // Numbers begin at 1, and a task has one path for its number: no zeros before it.
        let plain = text.len() < 11 && !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = if plain { text.parse().ok() } else { None };
        number.map(TaskRef::Number).ok_or_else(|| {
            Problem::new(
                Code::TaskNotFound,
                "a task is named by its id of 11 characters, such as 0ZRgCquBZ7R, or by its number, such as 12",
            )
        })
    }

    fn token(&self) -> Result<Id, Problem> {
        self.get(1).parse().map_err(|_| {
            Problem::new(Code::TokenNotFound, "there is no such token: a token is named by its id of 11 characters, never by its secret")
        })
    }

    fn workflow(&self) -> Result<String, Problem> {
        let name = self.get(1);
        check_workflow_name(name).map(|()| name.to_owned()).map_err(|flaw| {
            // Told as it was written, not as an address has to write it.
            let flaw = check_workflow_name(&percent_decoded(name)).err().unwrap_or(flaw);
            Problem::new(Code::WorkflowNotFound, flaw.to_string())
        })
    }

    fn attachment(&self) -> Result<AttachmentId, Problem> {
        self.get(1).parse().map_err(|_| {
            Problem::new(Code::AttachmentNotFound, "there is no such attachment: an attachment is named by its id of 11 characters")
        })
    }
}

/// What everyone hears who names a workspace that was never made here.
pub fn no_workspace() -> Problem {
    Problem::new(Code::WorkspaceNotFound, "there is no such workspace: the id in the URL was not made by this server")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WS: &str = "0123456789ABCDEFGHIJKL";

    fn who(method: Method, path: &str) -> Result<Who, u16> {
        find(method, &path.replace("WS", WS).replace("ID", "0ZRgCquBZ7R")).map(|(_, who)| who).map_err(|problem| problem.status)
    }

    #[test]
    fn each_route_leads_to_those_who_may_call_it() {
        for (method, path, expected) in [
            (Get, "/healthz", Anyone),
            (Post, "/api/session", Anyone),
            (Delete, "/api/session", Person),
            (Get, "/api/events", Person),
            (Post, "/api/workspaces", Person),
            (Delete, "/api/workspaces/WS", Person),
            (Post, "/api/workspaces/WS/tokens", Person),
            (Delete, "/api/workspaces/WS/tokens/ID", Person),
            (Get, "/api/workspaces/WS/tasks", PersonOrAgent),
            (Patch, "/api/workspaces/WS/tasks/12", PersonOrAgent),
            (Post, "/api/workspaces/WS/tasks/ID/messages", PersonOrAgent),
            (Get, "/api/workspaces/WS/tasks/ID/output", PersonOrAgent),
            (Post, "/api/workspaces/WS/tasks/ID/output", Agent),
            (Post, "/api/workspaces/WS/attachments", PersonOrAgent),
            (Get, "/api/workspaces/WS/attachments/ID", PersonOrAgent),
            (Get, "/api/workspaces/WS/workflows", Person),
            (Get, "/api/workspaces/WS/workflows/release", Person),
            (Put, "/api/workspaces/WS/workflows/release", Person),
            (Delete, "/api/workspaces/WS/workflows/release", Person),
            (Post, "/api/workspaces/WS/workflows/release/runs", Person),
            (Get, "/api/workspaces/WS/snapshot", Person),
            (Post, "/api/workspaces/WS/commands", Person),
            (Get, "/api/workspaces/WS/events", Person),
            (Get, "/api/workspaces/WS/activity", Person),
            (Get, "/api/workspaces/WS/export", PersonOrAgent),
            (Post, "/api/workspaces/WS/import", PersonOrAgent),
            (Post, "/hooks/WS", Agent),
            (Get, "/mcp/WS", Agent),
            (Post, "/mcp/WS", Agent),
            (Get, "/", Anyone),
            (Head, "/assets/index-abc.js", Anyone),
            (Get, "/w/anything/else", Anyone),
            (Get, "/apiary", Anyone),
        ] {
            assert_eq!(who(method, path), Ok(expected), "{} {path}", method.name());
        }
    }

    #[test]
    fn no_interface_is_open_to_anyone_by_accident() {
        let open: Vec<&str> = TABLE
            .iter()
            .filter(|entry| !entry.pattern.starts_with("/test/"))
            .filter(|entry| entry.methods.iter().any(|(_, who)| *who == Anyone))
            .map(|entry| entry.pattern)
            .collect();
        assert_eq!(open, ["/healthz", "/api/session"]);
    }

    #[test]
    fn what_is_not_there_is_404_and_never_a_page() {
        for path in [
            "/api",
            "/api/",
            "/api/nothing",
            "/api/workspaces/",
            "/api/workspaces/short",
            "/api/workspaces/WS/",
            "/api/workspaces/WS/tasks/nothing",
            "/api/workspaces/WS/tasks/-1",
            "/api/workspaces/WS/tasks/99999999999999999999999",
            "/api/workspaces/WS/tokens",
            "/api/workspaces/WS/tokens/x",
            "/mcp",
            "/mcp/x",
            "/mcp/WS/more",
            "/channel",
            "/channel/WS/more",
            "/.well-known/oauth-authorization-server",
            "/.well-known/oauth-protected-resource/mcp/WS",
        ] {
            let method = if path.ends_with("/tokens/x") { Delete } else { Get };
            let expected = if path.ends_with("WS/tokens") { Ok(Person) } else { Err(404) };
            assert_eq!(who(method, path), expected, "{path}");
        }
    }

    #[test]
    fn a_wrong_method_is_405_with_the_right_ones() {
        let problem = find(Post, "/healthz").expect_err("no POST");
        assert_eq!(problem.status, 405);
        assert!(problem.headers().contains(&("allow", "GET, HEAD".to_owned())));
        for (method, path) in [
            (Method::Put, "/api/workspaces/WS"),
            (Post, "/"),
            (Method::Other, "/api/session"),
            (Head, "/api/workspaces"),
            (Method::Put, "/mcp/WS"),
            (Method::Patch, "/channel/WS"),
        ] {
            assert_eq!(who(method, path), Err(405), "{} {path}", method.name());
        }
    }

    #[test]
    fn a_task_is_named_by_id_or_number() {
        let task = |text: &str| {
            find(Get, &format!("/api/workspaces/{WS}/tasks/{text}")).map(|(route, _)| route).map_err(|problem| problem.code.into_owned())
        };
        let ws = WorkspaceId(WS.to_owned());
        assert_eq!(task("12"), Ok(Route::Task(ws.clone(), TaskRef::Number(12))));
        assert_eq!(task("0ZRgCquBZ7R"), Ok(Route::Task(ws, TaskRef::Id("0ZRgCquBZ7R".parse().expect("an id")))));
        for other in ["+12", "0", "00", "012", "123456789012"] {
            assert_eq!(task(other), Err("task_not_found".to_owned()), "{other}");
        }
    }
}
