// The files of one message that is being written: each is kept in this browser as soon as it is chosen, also without a network, and may
// fail or be taken back on its own. What is kept is sent from there.
import { ATTACHMENT_BYTES, ATTACHMENTS } from "../model/limits";
import type { Attachment, Id } from "../model/types";
import { sha256 } from "../text/digest";
import { bytes } from "../text/format";
import { app } from "./app.svelte";

export interface Upload {
  key: number;
  file: File;
  attachment: Attachment | null;
  error: string | null;
}

let keys = 0;

export class Uploads {
  items = $state.raw<Upload[]>([]);
  readonly busy: boolean = $derived(this.items.some((item) => item.attachment === null && item.error === null));
  readonly broken: boolean = $derived(this.items.some((item) => item.error !== null));
  readonly ids: Id[] = $derived(this.items.flatMap((item) => (item.attachment ? [item.attachment.id] : [])));

  constructor(
    readonly workspace: Id,
    readonly arrived: (attachment: Attachment) => void,
  ) {}

  add(files: Iterable<File>): void {
    for (const file of files) {
      const item: Upload = { key: ++keys, file, attachment: null, error: null };
      if (this.items.length >= ATTACHMENTS) item.error = `A message holds ${ATTACHMENTS} files at most.`;
      else if (file.size > ATTACHMENT_BYTES) {
        item.error = `${bytes(file.size)} is too large: a file may have ${bytes(ATTACHMENT_BYTES)}.`;
      }
      this.items = [...this.items, item];
      if (item.error === null) void this.#keep(item);
    }
  }

  remove(key: number): void {
    const attachment = this.items.find((item) => item.key === key)?.attachment;
    if (attachment) void app.tab().then((tab) => tab.files.remove(this.workspace, attachment.id));
    this.items = this.items.filter((item) => item.key !== key);
  }

  retry(key: number): void {
    const item = this.items.find((one) => one.key === key);
    if (!item) return;
    this.#change(key, { error: null });
    void this.#keep(item);
  }

  /** They are another's now: the message's that names them. */
  clear(): void {
    this.items = [];
  }

  async #keep({ key, file }: Upload): Promise<void> {
    try {
      const tab = await app.tab();
      const attachment: Attachment = {
        id: tab.core.newId(),
        filename: file.name || "pasted",
        mimeType: file.type || "application/octet-stream",
        size: file.size,
        sha256: await sha256(file),
      };
      await tab.files.add(this.workspace, attachment, file);
      // Taken back meanwhile.
      if (!this.items.some((item) => item.key === key)) {
        await tab.files.remove(this.workspace, attachment.id);
        return;
      }
      this.arrived(attachment);
      this.#change(key, { attachment });
      tab.say({ type: "file", workspace: this.workspace });
      tab.wake(this.workspace);
    } catch {
      this.#change(key, { error: "This file could not be read." });
    }
  }

  #change(key: number, change: Partial<Upload>): void {
    this.items = this.items.map((item) => (item.key === key ? { ...item, ...change } : item));
  }
}
