//! What the scopes of a token open: asked of every command, on tasks for people and on tasks for agents.

use agentrq_core::command::{Asks, Command, Then};
use agentrq_core::decide::check_scope;
use agentrq_core::id::TaskId;
use agentrq_core::json::Raw;
use agentrq_core::lifecycle::Status;
use agentrq_core::model::{Assignee, ListName, Metadata, SCOPES, Scope, Scopes, Verdict};
use agentrq_core::rejection::{Fault, Rejection};
use agentrq_core::testing::{World, ada, agent};

fn scopes(scope: Scope) -> Scopes {
    Scopes::read([scope.word()]).expect("a scope")
}

fn creates(world: &mut World, assignee: Assignee) -> Command {
    Command::CreateTask { id: world.id(), title: "x".into(), body: String::new(), assignee, attachments: Vec::new(), options: None }
}

fn moves(world: &mut World, task: TaskId) -> Command {
    Command::SetStatus { id: world.id(), task, to: Status::Active, reason: None }
}

#[test]
fn each_command_is_open_from_one_scope_on() {
    let mut world = World::new();
    let question = world.asks(&agent("a"), "Question: when?");
    let work = world.gives(&ada(), "Do it");
    let id = world.id();
    let text = String::new;
    let cases = [
        (creates(&mut world, Assignee::Human), Scope::Ask),
        (creates(&mut world, Assignee::Agent), Scope::Agent),
        (moves(&mut world, question), Scope::Ask),
        (moves(&mut world, work), Scope::Agent),
        (
            Command::PostMessage {
                id,
                task: work,
                text: text(),
                attachments: vec![],
                in_reply_to: None,
                asks: Asks::Unsaid,
                choices: Vec::new(),
                digest: None,
            },
            Scope::Ask,
        ),
        (Command::EditTask { id, task: question, title: None, body: None, assignee: Some(Assignee::Agent), options: None }, Scope::Agent),
        (Command::Reopen { id, task: question }, Scope::Agent),
        (Command::DeleteTask { id, task: question }, Scope::Agent),
        (Command::ClaimNext { id }, Scope::Agent),
        (Command::EditWorkspace { id, name: None, mission: None, enforce_dependencies: None }, Scope::Agent),
        (Command::CreateWork { id, list: ListName::default(), work: Box::default() }, Scope::Agent),
        (Command::UpdateWork { id, task: work, change: Box::default() }, Scope::Agent),
        (Command::StopWork { id, task: work }, Scope::Agent),
        (
            Command::StartWorkflow { id, list: ListName::default(), workflow: "release".into(), parameters: Metadata::default() },
            Scope::Agent,
        ),
        (Command::ClaimWork { id, list: ListName::default(), owner: None }, Scope::Agent),
        (Command::WriteTodos { id, todos: Vec::new() }, Scope::Ask),
    ];
    for (command, needed) in cases {
        for held in SCOPES {
            let opened = check_scope(&world.store, &command, &scopes(held));
            assert_eq!(opened.is_ok(), held.includes(needed), "{command:?} with {held}");
            if let Err(why) = opened {
                assert_eq!(why.needed, needed, "{command:?}");
            }
        }
    }
}

#[test]
fn a_verdict_of_an_agent_is_refused_as_a_persons_matter_and_not_for_its_scope() {
    let mut world = World::new();
    let task = world.asks(&agent("a"), "Approve: it");
    let digest = world.task(task).digest;
    let id = world.id();
    let text = String::new();
    let command = Command::GiveVerdict {
        id,
        task,
        verdict: Verdict::Approved,
        digest,
        text,
        attachments: vec![],
        then: Then::HandBack,
        edited: None,
    };
    assert_eq!(check_scope(&world.store, &command, &scopes(Scope::Ask)), Ok(()));
    assert!(matches!(world.run(&agent("a"), command), Err(Rejection::Forbidden { .. })));
}

#[test]
fn a_task_that_is_not_there_is_refused_for_that_and_not_for_the_scope() {
    let mut world = World::new();
    let nowhere = TaskId(world.id());
    let command = moves(&mut world, nowhere);
    assert_eq!(check_scope(&world.store, &command, &scopes(Scope::Ask)), Ok(()));
}

#[test]
fn a_refusal_has_a_stable_code_and_says_what_is_needed_and_what_there_is() {
    let mut world = World::new();
    let command = creates(&mut world, Assignee::Human);
    let why = Rejection::from(check_scope(&world.store, &command, &scopes(Scope::Read)).expect_err("it only looks"));
    assert_eq!((why.code(), why.fault()), ("scope_required", Fault::Forbidden));
    let problem = why.problem();
    assert_eq!(problem.status, 403);
    let extra = |name| problem.extra(name).map(Raw::as_str);
    assert_eq!((extra("scope"), extra("scopes")), (Some(r#""ask""#), Some(r#"["read"]"#)));
}
