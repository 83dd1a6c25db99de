// What the page reads of a workspace beside its stream: the snapshot, pages of tasks, threads. They come as texts: core reads them.
import { text } from "./http";
import { workspacePath } from "./workspaces";

export const snapshotPath = (workspace: string): string => `${workspacePath(workspace)}/snapshot`;

export function fetchSnapshot(workspace: string): Promise<string> {
  return text(snapshotPath(workspace));
}

/** A page of tasks: `{tasks, nextCursor}`. */
export function fetchTasks(workspace: string, query: Record<string, string>): Promise<string> {
  return text(`${workspacePath(workspace)}/tasks?${new URLSearchParams(query)}`);
}

export function fetchTask(workspace: string, task: string): Promise<string> {
  return text(`${workspacePath(workspace)}/tasks/${encodeURIComponent(task)}`);
}

export interface ThreadQuery {
  order: "asc" | "desc";
  limit: number;
  cursor: string | null;
}

/** A page of a thread: `{messages, deliveries, nextCursor}`. */
export function fetchThread(workspace: string, task: string, query: ThreadQuery): Promise<string> {
  const search = new URLSearchParams({ order: query.order, limit: String(query.limit) });
  if (query.cursor !== null) search.set("cursor", query.cursor);
  return text(`${workspacePath(workspace)}/tasks/${encodeURIComponent(task)}/messages?${search}`);
}
