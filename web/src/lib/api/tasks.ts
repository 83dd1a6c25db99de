// What the page reads of a workspace beside its stream: the snapshot, pages of tasks, threads.
import type { Snapshot, ThreadPage } from "../model/sync";
import type { Task } from "../model/types";
import { json } from "./http";
import { workspacePath } from "./workspaces";

export function fetchSnapshot(workspace: string, signal?: AbortSignal): Promise<Snapshot> {
  return json<Snapshot>(`${workspacePath(workspace)}/snapshot`, signal ? { signal } : {});
}

export interface TaskPage {
  tasks: Task[];
  nextCursor: string | null;
}

export function fetchTasks(workspace: string, query: Record<string, string>): Promise<TaskPage> {
  return json<TaskPage>(`${workspacePath(workspace)}/tasks?${new URLSearchParams(query)}`);
}

export function fetchTask(workspace: string, task: string): Promise<Task> {
  return json<Task>(`${workspacePath(workspace)}/tasks/${encodeURIComponent(task)}`);
}

export interface ThreadQuery {
  order: "asc" | "desc";
  limit: number;
  cursor: string | null;
}

export function fetchThread(workspace: string, task: string, query: ThreadQuery): Promise<ThreadPage> {
  const search = new URLSearchParams({ order: query.order, limit: String(query.limit) });
  if (query.cursor !== null) search.set("cursor", query.cursor);
  return json<ThreadPage>(`${workspacePath(workspace)}/tasks/${encodeURIComponent(task)}/messages?${search}`);
}
