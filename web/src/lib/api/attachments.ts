// Attachments: up as raw bytes, down as a blob, because a plain link could not carry the session key.
import type { Attachment } from "../model/types";
import { sha256 } from "../text/digest";
import { json, send } from "./http";
import { ProblemError, type Problem } from "./problem";
import { workspacePath } from "./workspaces";

/** Sends a file under the id that it was given here: sent twice, it is there once. */
export function uploadAttachment(
  workspace: string,
  { id, filename, mimeType }: Attachment,
  bytes: Blob,
  signal?: AbortSignal,
): Promise<Attachment> {
  const query = new URLSearchParams({ id, filename });
  return json<Attachment>(`${workspacePath(workspace)}/attachments?${query}`, {
    method: "POST",
    body: bytes,
    headers: { "Content-Type": mimeType },
    ...(signal ? { signal } : {}),
  });
}

/** Where files stay that were chosen or seen here. */
export interface FileCache {
  /** Its bytes, if they are here: those of its digest, whatever else came under its id. */
  seen(workspace: string, attachment: Attachment): Promise<Blob | null>;
  keep(workspace: string, attachment: Attachment, blob: Blob): Promise<void>;
}

let cache: FileCache | null = null;
export function cacheFilesIn(where: FileCache | null): void {
  cache = where;
}

/** The bytes of a file: those that are here, also without a network, else the server's, if they are what people decide on. */
export async function downloadAttachment(
  workspace: string,
  attachment: Attachment,
  signal?: AbortSignal,
): Promise<Blob> {
  const here = await cache?.seen(workspace, attachment).catch(() => null);
  if (here) return here;
  const response = await send(`${workspacePath(workspace)}/attachments/${encodeURIComponent(attachment.id)}`, {
    headers: { Accept: "*/*" },
    ...(signal ? { signal } : {}),
  });
  const blob = await response.blob();
  if ((await sha256(blob)) !== attachment.sha256) throw new ProblemError(ANOTHER);
  void cache?.keep(workspace, attachment, blob).catch(() => {});
  return blob;
}

const ANOTHER: Problem = {
  code: "another_file",
  title: "This is not the file that was attached",
  detail: "The server sent other bytes than the ones that were attached here. They are not shown.",
  status: 0,
};

/** Hands a blob to the browser's own download. */
export function saveBlob(blob: Blob, filename: string): void {
  // Typed as plain bytes: what an agent sent must never be opened as a page of this origin.
  const url = URL.createObjectURL(new Blob([blob], { type: "application/octet-stream" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
