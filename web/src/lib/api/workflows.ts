// Workflows: asked of the server directly, because no replica holds them. They are started by a command, and what is started are tasks.
import type { Id } from "../model/types";
import type { KeptWorkflow } from "../model/workflow";
import { json, send } from "./http";
import { workspacePath } from "./workspaces";

const path = (workspace: Id, name: string): string =>
  `${workspacePath(workspace)}/workflows/${encodeURIComponent(name)}`;

export async function listWorkflows(workspace: Id): Promise<KeptWorkflow[]> {
  return (await json<{ workflows: KeptWorkflow[] }>(`${workspacePath(workspace)}/workflows`)).workflows;
}

export function saveWorkflow(workspace: Id, name: string, definition: unknown): Promise<KeptWorkflow> {
  return json<KeptWorkflow>(path(workspace, name), { method: "PUT", json: definition });
}

export async function deleteWorkflow(workspace: Id, name: string): Promise<void> {
  await send(path(workspace, name), { method: "DELETE" });
}
