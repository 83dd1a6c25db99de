// Workspaces and their tokens: what is asked of the server directly, because no replica holds it.
import type { NewToken, Token, Workspace } from "../model/types";
import { json, send } from "./http";

export const workspacePath = (id: string): string => `/api/workspaces/${encodeURIComponent(id)}`;

export async function listWorkspaces(): Promise<Workspace[]> {
  return (await json<{ workspaces: Workspace[] }>("/api/workspaces")).workspaces;
}

export function createWorkspace(name: string, mission: string): Promise<Workspace> {
  return json<Workspace>("/api/workspaces", { method: "POST", json: mission ? { name, mission } : { name } });
}

export async function deleteWorkspace(id: string): Promise<void> {
  await send(workspacePath(id), { method: "DELETE" });
}

export async function listTokens(workspace: string): Promise<Token[]> {
  return (await json<{ tokens: Token[] }>(`${workspacePath(workspace)}/tokens`)).tokens;
}

export function createToken(workspace: string, label: string, expiresInDays?: number): Promise<NewToken> {
  const body = expiresInDays === undefined ? { label } : { label, expiresInDays };
  return json<NewToken>(`${workspacePath(workspace)}/tokens`, { method: "POST", json: body });
}

export async function extendToken(workspace: string, token: string, expiresInDays: number): Promise<void> {
  await send(`${workspacePath(workspace)}/tokens/${encodeURIComponent(token)}`, {
    method: "PATCH",
    json: { expiresInDays },
  });
}

export async function revokeToken(workspace: string, token: string): Promise<void> {
  await send(`${workspacePath(workspace)}/tokens/${encodeURIComponent(token)}`, { method: "DELETE" });
}
