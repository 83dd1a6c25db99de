// Attachments: up as raw bytes, down as a blob, because a plain link could not carry the session key.
import type { Attachment } from "../model/types";
import { json, send } from "./http";
import { workspacePath } from "./workspaces";

export const MAX_ATTACHMENT_BYTES = 25 * 1024 * 1024;
export const MAX_ATTACHMENTS = 20;

export function uploadAttachment(workspace: string, file: File, signal?: AbortSignal): Promise<Attachment> {
  const query = new URLSearchParams({ filename: file.name || "pasted" });
  return json<Attachment>(`${workspacePath(workspace)}/attachments?${query}`, {
    method: "POST",
    body: file,
    headers: { "Content-Type": file.type || "application/octet-stream" },
    ...(signal ? { signal } : {}),
  });
}

export async function downloadAttachment(workspace: string, id: string, signal?: AbortSignal): Promise<Blob> {
  const response = await send(`${workspacePath(workspace)}/attachments/${encodeURIComponent(id)}`, {
    headers: { Accept: "*/*" },
    ...(signal ? { signal } : {}),
  });
  return response.blob();
}

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
