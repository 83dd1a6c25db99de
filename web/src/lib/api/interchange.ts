// A list or a whole workspace, taken away as a file and brought in again.
import type { Id } from "../model/types";
import { saveBlob } from "./attachments";
import { json, send } from "./http";
import { workspacePath } from "./workspaces";

/** JSON Lines, or an archive of the files that Claude Code keeps. */
export type Format = "jsonl" | "claude";

const ENDINGS: Readonly<Record<Format, string>> = { jsonl: "jsonl", claude: "tar" };

/** Hands it to the browser's own download: a list, or without one all of it. A plain link could not carry the session key. */
export async function exportFile(workspace: Id, format: Format, list: string, name: string): Promise<void> {
  const query = new URLSearchParams({ format, ...(list === "" ? {} : { list }) });
  const response = await send(`${workspacePath(workspace)}/export?${query}`, { headers: { Accept: "*/*" } });
  saveBlob(await response.blob(), `${name}.${ENDINGS[format]}`);
}

/** What came of a file that was brought in. */
export interface Imported {
  imported: number;
  /** So many tasks were here already, and stayed as they are. */
  already: number;
  files: number;
  renumbered: readonly { task: Id; list: string | null; from: number; to: number }[];
  /** Names in the archive that are no part of a list. */
  passedOver: readonly string[];
}

/** Brings a file in: into one list, or each task to where it was. What it is, its name says, else its first byte. */
export async function importFile(
  workspace: Id,
  file: File,
  { list = "", numbers = "keep" }: { list?: string; numbers?: "keep" | "new" },
): Promise<Imported> {
  const isLines = /\.(?:jsonl|ndjson)$/iu.test(file.name) || (await file.slice(0, 1).text()) === "{";
  const query = new URLSearchParams({ numbers, ...(list === "" ? {} : { list }) });
  return json<Imported>(`${workspacePath(workspace)}/import?${query}`, {
    method: "POST",
    body: file,
    headers: { "Content-Type": isLines ? "application/x-ndjson" : "application/x-tar" },
  });
}
