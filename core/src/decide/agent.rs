//! The rules of presence and display names.

use super::check;
use super::draft::Draft;
use crate::command::Context;
use crate::decision::{Decision, EventType};
use crate::limits;
use crate::model::{Actor, Agent, AgentName, Client, Entity, Presence, Todo};
use crate::rejection::Rejection;
use crate::view::View;

/// Being heard again within this time is no news.
const NEWS_MS: u64 = 15_000;

pub(super) fn connected(view: &impl View, draft: &mut Draft<'_>, name: AgentName) -> Result<(), Rejection> {
    let agent = known_or_new(view, draft.cx, name)?;
    if agent.presence != Presence::Connected {
        let now = draft.cx.now;
        let agent = Agent { presence: Presence::Connected, since: now, last_heard_at: Some(now), ..agent };
        draft.event(EventType::AgentConnected, None).put(Entity::Agent(agent));
    }
    Ok(())
}

pub(super) fn disconnected(view: &impl View, draft: &mut Draft<'_>, name: &AgentName) -> Result<(), Rejection> {
    let Some(agent) = view.agent(name).known("the agent")? else { return Ok(()) };
    if agent.presence == Presence::Connected {
        let agent = Agent { presence: Presence::Disconnected, since: draft.cx.now, ..agent };
        draft.event(EventType::AgentDisconnected, None).put(Entity::Agent(agent));
    }
    Ok(())
}

pub(super) fn heard(view: &impl View, draft: &mut Draft<'_>, name: AgentName, client: Option<Client>) -> Result<(), Rejection> {
    let known = view.agent(&name).known("the agent")?;
    let is_new = known.is_none();
    let agent = known.unwrap_or_else(|| unknown(draft.cx, name));
    let client = client.map(|it| Client { name: clipped(&it.name), version: clipped(&it.version) });
    let now = draft.cx.now;
    let long_ago = agent.last_heard_at.is_none_or(|at| now.ms().saturating_sub(at.ms()) >= NEWS_MS);
    let other_client = client.is_some() && client != agent.client;
    if is_new || long_ago || other_client {
        let agent = Agent { last_heard_at: Some(now), client: client.or(agent.client), ..agent };
        draft.event(EventType::AgentUpdated, None).put(Entity::Agent(agent));
    }
    Ok(())
}

/// What people call an agent is for people to say.
pub(super) fn name(view: &impl View, cx: &Context, agent: &AgentName, display_name: &str) -> Result<Decision, Rejection> {
    check::person(cx, "name an agent")?;
    let display_name = check::line("displayName", display_name, limits::NAME_CHARS)?;
    let agent = view.agent(agent).known("the agent")?.ok_or_else(|| Rejection::AgentNotFound { agent: agent.clone() })?;
    if agent.display_name == display_name {
        return Ok(Decision::already());
    }
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::AgentUpdated, None).put(Entity::Agent(Agent { display_name, ..agent }));
    Ok(draft.done())
}

/// Replaces the checklist of the agent that asks.
pub(super) fn write_todos(view: &impl View, cx: &Context, todos: Vec<Todo>) -> Result<Decision, Rejection> {
    let Actor::Agent { name } = &cx.actor else {
        return Err(Rejection::Forbidden { what: "write a checklist", who: "an agent" });
    };
    if todos.len() > limits::TODOS {
        return Err(Rejection::TooMany { what: "todos", limit: limits::TODOS, given: todos.len() });
    }
    let line = |field, text: &str| check::line(field, text, limits::TODO_CHARS);
    let todos = todos.into_iter().map(|todo| {
        let content = line("content", &todo.content)?;
        // Where nothing is said of it under way, it is called the same.
        let active_form = if todo.active_form.trim().is_empty() { content.clone() } else { line("activeForm", &todo.active_form)? };
        Ok(Todo { content, active_form, ..todo })
    });
    let todos = todos.collect::<Result<Vec<_>, Rejection>>()?;
    let given = todos.iter().map(|todo| todo.content.len() + todo.active_form.len()).sum();
    if given > limits::TODOS_BYTES {
        return Err(Rejection::TooLong { field: "todos", limit: limits::TODOS_BYTES, unit: "bytes", given });
    }
    let agent = known_or_new(view, cx, name.clone())?;
    if agent.todos == todos {
        return Ok(Decision::already());
    }
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::AgentUpdated, None).put(Entity::Agent(Agent { todos, ..agent }));
    Ok(draft.done())
}

/// What a program calls itself is its own business; how much of it is kept is not.
fn clipped(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(limits::NAME_CHARS).collect()
}

pub(super) fn known_or_new(view: &impl View, cx: &Context, name: AgentName) -> Result<Agent, Rejection> {
    Ok(view.agent(&name).known("the agent")?.unwrap_or_else(|| unknown(cx, name)))
}

/// An agent that has just come for the first time.
fn unknown(cx: &Context, name: AgentName) -> Agent {
    Agent {
        display_name: name.to_string(),
        name,
        presence: Presence::Unknown,
        since: cx.now,
        last_heard_at: None,
        client: None,
        todos: Vec::new(),
        waits_for_work: None,
        revision: 0,
    }
}
