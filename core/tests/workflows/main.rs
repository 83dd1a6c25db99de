//! Workflows: what a template may hold, how it is started, and how a run follows from its steps.

mod order;
mod templates;

use agentrq_core::command::{Command, Then, WorkChange};
use agentrq_core::decide::{Refused, STOP_GRACE_MS, due_at, read_workflow, workflow_arguments};
use agentrq_core::id::TaskId;
use agentrq_core::lifecycle::Status;
use agentrq_core::limits;
use agentrq_core::model::{Assignee, DeliveryKind, JobKind, Run, Task, Turn, Verdict, Workflow};
use agentrq_core::report::Report;
use agentrq_core::testing::{Who, World, ada, agent, name};
use serde_json::{Map, Value, json};

/// Test and lint, then a person, then the release, which is announced.
fn release() -> Value {
    json!({
        "name": "release",
        "title": "Release {{version}}",
        "description": "To {{target}}.",
        "parameters": [
            {"name": "version", "description": "as in the tag", "required": true},
            {"name": "target", "values": ["staging", "production"], "default": "staging"},
            {"name": "note"},
            {"name": "kind", "values": ["major", "minor"], "default": ""},
        ],
        "steps": [
            {"key": "test", "subject": "Test {{version}}", "activeForm": "Testing {{version}}", "command": "npm test -- {{note}}", "timeout": 60_000},
            {"key": "read", "subject": "Read the changes", "description": "{{note}}", "metadata": {"priority": "P1"}},
            {"key": "ok", "subject": "Approve: release {{version}}", "assignee": "human", "dependsOn": ["test", "read"]},
            {"key": "ship", "subject": "Ship it", "type": "local_agent", "prompt": "Ship {{version}} to {{target}}", "dependsOn": ["ok"]},
        ],
    })
}

fn template(value: &Value) -> Workflow {
    read_workflow(value).unwrap_or_else(|flaw| panic!("{flaw}"))
}

/// A template of bare steps: their keys, and what each waits for.
fn steps(steps: &[(&str, &[&str])]) -> Workflow {
    let steps: Vec<_> = steps.iter().map(|(key, on)| json!({"key": key, "subject": key, "dependsOn": on})).collect();
    template(&json!({"name": "w", "steps": steps}))
}

fn object(value: Value) -> Map<String, Value> {
    let Value::Object(map) = value else { panic!("an object") };
    map
}

fn starts(world: &mut World, who: &Who, workflow: &Workflow, given: Value) -> TaskId {
    let arguments = workflow_arguments(workflow, &object(given)).unwrap_or_else(|flaw| panic!("{flaw}"));
    world.starts(who, workflow, arguments).unwrap_or_else(|why| panic!("{why:?}"))
}

fn run(world: &World, id: TaskId) -> Run {
    Run::of(&world.task(id)).expect("the run of a workflow")
}

fn step(world: &World, id: TaskId, place: usize) -> Task {
    world.task(run(world, id).steps[place])
}

fn to(status: Status) -> WorkChange {
    WorkChange { status: Some(status), ..WorkChange::default() }
}

fn sets(world: &mut World, who: &Who, id: TaskId, place: usize, status: Status) {
    let step = step(world, id, place).id;
    world.updates(who, step, to(status)).unwrap_or_else(|why| panic!("{why}"));
}

fn stops(world: &mut World, who: &Who, task: TaskId) {
    let id = world.id();
    world.run(who, Command::StopWork { id, task }).expect("stopped");
}

/// What an agent is told of how runs ended.
fn told(world: &World, agent: &str) -> Vec<String> {
    let ended = world.deliveries().into_iter().filter(|it| it.kind == DeliveryKind::Ended && it.agent == Some(name(agent)));
    ended.filter_map(|it| it.note).collect()
}

fn connected(names: &[&str]) -> World {
    let mut world = World::new();
    for agent in names {
        world.report(Report::Connected { agent: name(agent) });
    }
    world
}

#[test]
fn a_start_makes_a_task_for_the_run_and_one_for_each_step_with_the_values_in_their_places() {
    let mut world = connected(&["claude"]);
    let before = world.lists(&agent("claude"), "Something else", &[]);
    let id = starts(&mut world, &agent("claude"), &template(&release()), json!({"version": "1.2; rm -rf /", "note": "it's {{version}}"}));
    assert_eq!(world.log.last().map(|frames| frames.len()), Some(5), "one commit");
    let tracks = world.task(id);
    assert_eq!((tracks.title.as_str(), tracks.excerpt.as_str(), tracks.status), ("Release 1.2; rm -rf /", "To staging.", Status::Active));
    let run = run(&world, id);
    assert_eq!((run.workflow.as_str(), run.revision, run.completed, run.steps.len()), ("release", 1, 0, 4));
    assert_eq!(run.parameters.text("version").as_deref(), Some("1.2; rm -rf /"));
    let tasks: Vec<_> = run.steps.iter().map(|step| world.task(*step)).collect();
    let works: Vec<_> = run.steps.iter().map(|step| world.work(*step)).collect();
    let number = |task: &Task| task.work.as_ref().and_then(|work| work.number);
    assert_eq!(tasks.iter().map(number).collect::<Vec<_>>(), [3, 4, 5, 6].map(Some), "after #{:?}", number(&world.task(before)));
    assert!(works.iter().all(|work| work.step_of == Some(id)));
    assert_eq!(works.iter().map(|work| work.wave).collect::<Vec<_>>(), [Some(1), Some(1), None, None]);
    assert_eq!(works[2].blocked_by, run.steps[..2]);
    let test = works[0].job.clone().expect("a command");
    assert_eq!(
        (test.kind, test.command.as_deref(), test.timeout_ms),
        (JobKind::LocalBash, Some("npm test -- 'it'\\''s {{version}}'"), Some(60_000))
    );
    let ship = works[3].job.clone().expect("an agent");
    assert_eq!((ship.kind, ship.prompt.as_deref()), (JobKind::LocalAgent, Some("Ship 1.2; rm -rf / to staging")));
    assert_eq!(world.thread(run.steps[1])[0].text, "it's {{version}}");
    assert_eq!(works[0].active_form.as_deref(), Some("Testing 1.2; rm -rf /"));
    // A person is asked once the way there is free.
    assert_eq!((tasks[2].assignee, tasks[2].turn), (Assignee::Human, Turn::Agent));
}

#[test]
fn a_start_that_would_make_too_much_or_what_no_task_may_be_makes_nothing() {
    let cases = [
        (json!({"key": "a", "subject": "{{x}}"}), "y".repeat(limits::TITLE_CHARS + 1), "steps[0].subject", "255 are allowed"),
        (json!({"key": "a", "subject": "{{x}}"}), "\u{202e}".to_owned(), "steps[0].subject", "must not be empty"),
        (json!({"key": "a", "subject": "{{x}}"}), " ".to_owned(), "steps[0].subject", "must not be empty"),
        (json!({"key": "a", "subject": "A", "command": "echo {{x}}{{x}}{{x}}"}), "y".repeat(4_000), "steps[0].command", "8192 are allowed"),
        (
            json!({"key": "a", "subject": "A", "description": "{{x}}".repeat(100)}),
            "y".repeat(4_000),
            "steps[0].description",
            "262144 are allowed",
        ),
    ];
    for (step, value, path, says) in cases {
        let workflow = template(&json!({"name": "w", "parameters": [{"name": "x"}], "steps": [step]}));
        let mut world = World::new();
        let before = world.store.clone();
        let Err(Refused::Flaw(flaw)) = world.starts(&ada(), &workflow, [("x".to_owned(), value)].into()) else { panic!("{says}") };
        assert!(flaw.path == path && flaw.problem.contains(says), "{flaw}");
        assert_eq!(before, world.store);
    }
    let steps: Vec<_> = (0..3).map(|at| json!({"key": format!("s{at}"), "subject": "x", "description": "{{x}}".repeat(60)})).collect();
    let workflow = template(&json!({"name": "w", "parameters": [{"name": "x"}], "steps": steps}));
    let started = World::new().starts(&ada(), &workflow, [("x".to_owned(), "y".repeat(4_000))].into());
    let Err(Refused::Flaw(flaw)) = started else { panic!("too much in all") };
    assert!(flaw.path == "steps[2].description" && flaw.problem.contains("524288 bytes in all"), "{flaw}");
}

#[test]
fn a_run_is_completed_with_its_last_step_and_whoever_started_it_is_told_once() {
    let mut world = connected(&["claude", "box"]);
    let (claude, runner) = (agent("claude"), agent("box"));
    let id = starts(&mut world, &claude, &template(&release()), json!({"version": "1.2"}));
    sets(&mut world, &runner, id, 0, Status::Active);
    sets(&mut world, &runner, id, 0, Status::Completed);
    assert_eq!((run(&world, id).completed, world.task(id).status), (1, Status::Active));
    sets(&mut world, &claude, id, 1, Status::Active);
    sets(&mut world, &claude, id, 1, Status::Completed);
    let asked = step(&world, id, 2);
    assert_eq!((asked.turn, asked.waiting_since), (Turn::Human, world.now()), "a person is asked now");
    world.rules(&ada(), asked.id, Verdict::Approved, Then::HandBack).expect("approved");
    assert_eq!(world.task(asked.id).status, Status::Completed, "an approval is all there was to do");
    assert_eq!(told(&world, "claude"), [""; 0]);
    sets(&mut world, &claude, id, 3, Status::Active);
    sets(&mut world, &claude, id, 3, Status::Completed);
    let ended = world.task(id);
    assert_eq!((ended.status, ended.turn, run(&world, id).completed), (Status::Completed, Turn::Nobody, 4));
    assert!(world.work(id).job.is_some_and(|job| job.ended_at == Some(world.now())));
    // The one who ended its last step did not end the run.
    assert_eq!(told(&world, "claude"), ["Background workflow \"Release 1.2\" completed: 4 of 4 steps completed"]);
    world.reopens(&ada(), asked.id).expect("reopened");
    assert_eq!(world.task(id), ended, "its end is final");
}

#[test]
fn where_a_step_fails_what_does_not_depend_on_it_goes_on_and_the_rest_is_called_off_at_the_end() {
    let mut world = connected(&["claude"]);
    let claude = agent("claude");
    let workflow = steps(&[("a", &[]), ("b", &["a"]), ("c", &["b"]), ("d", &[]), ("e", &["d"])]);
    let id = starts(&mut world, &claude, &workflow, json!({}));
    sets(&mut world, &claude, id, 0, Status::Rejected);
    assert_eq!((world.task(id).status, step(&world, id, 2).status), (Status::Active, Status::Pending));
    sets(&mut world, &claude, id, 3, Status::Completed);
    assert_eq!(world.task(id).status, Status::Active);
    sets(&mut world, &claude, id, 4, Status::Completed);
    assert_eq!(world.task(id).status, Status::Failed);
    assert_eq!(world.task(id).reason.as_deref(), Some("2 of 5 steps completed; #2 \"a\" rejected"));
    for place in [1, 2] {
        let left = step(&world, id, place);
        assert_eq!((left.status, left.reason.as_deref()), (Status::Killed, Some("its run cannot go on")));
    }
    assert_eq!(told(&world, "claude"), ["Background workflow \"w\" failed: 2 of 5 steps completed; #2 \"a\" rejected"]);
}

#[test]
fn a_step_that_is_reopened_in_time_gives_its_run_another_chance() {
    let mut world = World::new();
    let claude = agent("claude");
    let id = starts(&mut world, &claude, &steps(&[("a", &[]), ("b", &["a"]), ("c", &[])]), json!({}));
    sets(&mut world, &claude, id, 0, Status::Rejected);
    let a = step(&world, id, 0).id;
    world.reopens(&ada(), a).expect("reopened");
    for place in 0..3 {
        sets(&mut world, &claude, id, place, Status::Completed);
    }
    assert_eq!(world.task(id).status, Status::Completed);
}

#[test]
fn a_stop_calls_off_what_has_not_begun_and_waits_for_whoever_runs_a_command() {
    let mut world = connected(&["claude", "box", "helper"]);
    let (claude, runner, helper) = (agent("claude"), agent("box"), agent("helper"));
    let id = starts(&mut world, &claude, &template(&release()), json!({"version": "1"}));
    sets(&mut world, &runner, id, 0, Status::Active);
    sets(&mut world, &helper, id, 1, Status::Active);
    stops(&mut world, &claude, id);
    let statuses = |world: &World| (0..4).map(|place| step(world, id, place).status).collect::<Vec<_>>();
    assert_eq!(statuses(&world), [Status::Active, Status::Killed, Status::Killed, Status::Killed]);
    assert_eq!(world.task(id).status, Status::Active, "a command runs");
    let heard =
        |world: &World, agent: &str, kind| world.deliveries().iter().filter(|it| it.kind == kind && it.agent == Some(name(agent))).count();
    assert_eq!((heard(&world, "box", DeliveryKind::Stop), heard(&world, "helper", DeliveryKind::Status)), (1, 1));
    stops(&mut world, &claude, id);
    assert_eq!(heard(&world, "box", DeliveryKind::Stop), 1, "said once");
    assert_eq!(due_at(&world.task(id), 1), Some(world.work(id).job.and_then(|job| job.stop).expect("a wish").at.plus_ms(STOP_GRACE_MS)));
    sets(&mut world, &runner, id, 0, Status::Killed);
    assert_eq!(world.task(id).status, Status::Killed);
    assert_eq!(
        world.task(id).reason.as_deref(),
        Some("0 of 4 steps completed; #2 \"Test 1\" killed; #3 \"Read the changes\" killed; #4 \"Approve: release 1\" killed")
    );
    assert_eq!(told(&world, "claude").len(), 1);
}

#[test]
fn a_run_of_which_nothing_runs_is_stopped_at_once_and_who_stopped_it_knows() {
    let mut world = connected(&["claude"]);
    let id = starts(&mut world, &agent("claude"), &template(&release()), json!({"version": "1"}));
    stops(&mut world, &agent("claude"), id);
    assert_eq!(world.task(id).status, Status::Killed);
    assert_eq!(told(&world, "claude"), [""; 0]);
    let id = starts(&mut world, &agent("claude"), &template(&release()), json!({"version": "2"}));
    stops(&mut world, &ada(), id);
    assert_eq!(told(&world, "claude").len(), 1);
}

#[test]
fn both_of_a_lost_agents_commands_end_and_the_run_with_them() {
    let mut world = connected(&["claude", "box"]);
    let workflow = template(&json!({"name": "w", "steps": [
        {"key": "a", "subject": "A", "command": "a"}, {"key": "b", "subject": "B", "command": "b"},
    ]}));
    let id = starts(&mut world, &agent("claude"), &workflow, json!({}));
    sets(&mut world, &agent("box"), id, 0, Status::Active);
    sets(&mut world, &agent("box"), id, 1, Status::Active);
    world.report(Report::Disconnected { agent: name("box") });
    world.wait(2_000);
    let news = world.id();
    world.report(Report::Gone { id: news, agent: name("box"), lease_ms: 1_000 });
    assert_eq!(world.task(id).status, Status::Failed);
    assert_eq!(told(&world, "claude").len(), 1);
}
