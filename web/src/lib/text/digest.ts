// The digest by which a file is known: SHA-256, in hex.
import { loadCore } from "../sync/replica";

export async function sha256(file: Blob): Promise<string> {
  const bytes = await file.arrayBuffer();
  // Outside a secure context (plain http on a local network) browsers hide theirs.
  if (!("subtle" in crypto)) return (await loadCore()).sha256(new Uint8Array(bytes));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
