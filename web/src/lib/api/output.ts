// What background work has printed: followed as events, read in pieces, or taken whole.
import { saveBlob } from "./attachments";
import { send } from "./http";
import { workspacePath } from "./workspaces";

export const outputPath = (workspace: string, task: string): string =>
  `${workspacePath(workspace)}/tasks/${encodeURIComponent(task)}/output`;

/** A piece of the output: some of the first bytes asked for may no longer be kept. */
export interface OutputPiece {
  /** Where its first byte stands. */
  from: number;
  bytes: Uint8Array;
  /** How many have been printed by now. */
  total: number;
}

export async function readOutput(
  workspace: string,
  task: string,
  offset: number,
  limit: number,
  signal?: AbortSignal,
): Promise<OutputPiece> {
  const query = new URLSearchParams({ offset: String(offset), limit: String(limit) });
  const response = await send(`${outputPath(workspace, task)}?${query}`, {
    headers: { Accept: "*/*" },
    ...(signal ? { signal } : {}),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, ...placeOf(response.headers.get("Content-Range") ?? "", offset, bytes.length) };
}

// `bytes a-b/total`; where there is nothing from the offset on, `bytes */total`.
function placeOf(range: string, offset: number, length: number): { from: number; total: number } {
  const [, first, all] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/u.exec(range) ?? [];
  // An answer that says nothing of the rest is all that there is.
  if (all === undefined) return { from: offset, total: offset + length };
  const total = Number(all);
  return { from: first === undefined ? Math.max(offset, total) : Number(first), total };
}

/** Hands all that is kept to the browser's own download. A plain link could not carry the session key. */
export async function downloadOutput(workspace: string, task: string): Promise<void> {
  const response = await send(`${outputPath(workspace, task)}?download=1`, { headers: { Accept: "*/*" } });
  saveBlob(await response.blob(), `${task}.output`);
}
