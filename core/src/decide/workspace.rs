//! The rules of a workspace's name and mission.

use super::check;
use super::draft::Draft;
use crate::command::Context;
use crate::decision::{Decision, EventType};
use crate::limits;
use crate::model::Entity;
use crate::rejection::Rejection;
use crate::view::View;

pub(super) struct Edit {
    pub name: Option<String>,
    pub mission: Option<String>,
    pub enforce_dependencies: Option<bool>,
}

pub(super) fn edit(view: &impl View, cx: &Context, edit: Edit) -> Result<Decision, Rejection> {
    check::person(cx, "change the workspace")?;
    let before = view.workspace().known("the workspace")?;
    let mut workspace = before.clone();
    if let Some(name) = edit.name {
        workspace.name = check::line("name", &name, limits::WORKSPACE_NAME_CHARS)?;
    }
    if let Some(mission) = edit.mission {
        check::text("mission", &mission, limits::MISSION_BYTES)?;
        workspace.mission = mission;
    }
    if let Some(enforce) = edit.enforce_dependencies {
        workspace.enforce_dependencies = enforce;
    }
    if workspace == before {
        return Ok(Decision::already());
    }
    let mut draft = Draft::new(view, cx);
    draft.event(EventType::WorkspaceUpdated, None).put(Entity::Workspace(workspace));
    Ok(draft.done())
}

/// Name and mission of a workspace that is about to be made.
///
/// # Errors
/// When the name is empty or too long, or the mission too long.
pub fn check_workspace(name: &str, mission: &str) -> Result<NameAndMission, Rejection> {
    let name = check::line("name", name, limits::WORKSPACE_NAME_CHARS)?;
    check::text("mission", mission, limits::MISSION_BYTES)?;
    Ok((name, mission.to_owned()))
}

/// A checked name and mission.
type NameAndMission = (String, String);
