// Workspaces and their tokens: what is asked of the server directly, because no replica holds it.
import type { NewToken, Scope, Token, Workspace } from "../model/types";
import { json, send } from "./http";

export const workspacePath = (id: string): string => `/api/workspaces/${encodeURIComponent(id)}`;

interface Page {
  workspaces: Workspace[];
  nextCursor: string | null;
}

/** All of them: what is not in this list is gone. */
export async function listWorkspaces(): Promise<Workspace[]> {
  const all: Workspace[] = [];
  for (let query = ""; ;) {
    const { workspaces, nextCursor }: Page = await json<Page>(`/api/workspaces${query}`);
    all.push(...workspaces);
    if (nextCursor === null) return all;
    query = `?${new URLSearchParams({ cursor: nextCursor })}`;
  }
}

export function createWorkspace(name: string, mission: string): Promise<Workspace> {
  return json<Workspace>("/api/workspaces", { method: "POST", json: mission ? { name, mission } : { name } });
}

/** It is gone once all that its background work has printed is. */
const DELETION_MS = 180_000;

export async function deleteWorkspace(id: string): Promise<void> {
  await send(workspacePath(id), { method: "DELETE", headMs: DELETION_MS });
}

export async function listTokens(workspace: string): Promise<Token[]> {
  return (await json<{ tokens: Token[] }>(`${workspacePath(workspace)}/tokens`)).tokens;
}

export interface TokenTerms {
  label: string;
  expiresInDays?: number;
  scopes?: readonly Scope[];
}

export function createToken(workspace: string, terms: TokenTerms): Promise<NewToken> {
  return json<NewToken>(`${workspacePath(workspace)}/tokens`, { method: "POST", json: terms });
}

/** Extends a token from now on, or gives it other scopes, or both. */
export function changeToken(workspace: string, token: string, change: Omit<TokenTerms, "label">): Promise<Token> {
  const path = `${workspacePath(workspace)}/tokens/${encodeURIComponent(token)}`;
  return json<Token>(path, { method: "PATCH", json: change });
}

export async function revokeToken(workspace: string, token: string): Promise<void> {
  await send(`${workspacePath(workspace)}/tokens/${encodeURIComponent(token)}`, { method: "DELETE" });
}
