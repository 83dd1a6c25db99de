// By which ways the agents of a workspace can be reached this moment. No replica holds it: ways come and go with each call that waits.
import type { Reach } from "../model/types";
import { json } from "./http";
import { workspacePath } from "./workspaces";

export async function fetchReach(workspace: string, signal?: AbortSignal): Promise<Map<string, Reach[]>> {
  const path = `${workspacePath(workspace)}/agents`;
  const { agents } = await json<{ agents: { name: string; reach?: Reach[] }[] }>(path, signal ? { signal } : {});
  return new Map(agents.flatMap(({ name, reach }) => (reach ? [[name, reach]] : [])));
}
