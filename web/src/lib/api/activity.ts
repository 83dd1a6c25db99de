// The past of a workspace, commit by commit, newest first: what the activity feed begins with.
import type { Commit } from "../model/sync";
import type { Time } from "../model/types";
import { json } from "./http";
import { workspacePath } from "./workspaces";

export interface ActivityPage {
  commits: (Commit & { at: Time })[];
  /** Where the next page begins; null: nothing is left. */
  nextBefore: number | null;
  /** What was before this commit is kept no longer; null: all of the history is there. */
  compactedBefore: number | null;
}

export function fetchActivity(workspace: string, before: number | null, limit: number): Promise<ActivityPage> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (before !== null) query.set("before", String(before));
  return json<ActivityPage>(`${workspacePath(workspace)}/activity?${query}`);
}
