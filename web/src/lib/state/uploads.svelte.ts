// The files of one message that is being written: each is sent as soon as it is chosen, and may fail or be taken back on its own.
import { MAX_ATTACHMENT_BYTES, MAX_ATTACHMENTS, uploadAttachment } from "../api/attachments";
import { asProblem } from "../api/problem";
import type { Attachment, Id } from "../model/types";
import { bytes } from "../text/format";

export interface Upload {
  key: number;
  file: File;
  attachment: Attachment | null;
  error: string | null;
  /** Stops the sending when it is taken back. */
  abort: AbortController;
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
      const item: Upload = { key: ++keys, file, attachment: null, error: null, abort: new AbortController() };
      if (this.items.length >= MAX_ATTACHMENTS) item.error = `A message holds ${MAX_ATTACHMENTS} files at most.`;
      else if (file.size > MAX_ATTACHMENT_BYTES) {
        item.error = `${bytes(file.size)} is too large: a file may have ${bytes(MAX_ATTACHMENT_BYTES)}.`;
      }
      this.items = [...this.items, item];
      if (item.error === null) void this.#send(item);
    }
  }

  remove(key: number): void {
    this.items.find((item) => item.key === key)?.abort.abort();
    this.items = this.items.filter((item) => item.key !== key);
  }

  retry(key: number): void {
    const item = this.items.find((one) => one.key === key);
    if (!item) return;
    this.#change(key, { error: null });
    void this.#send(item);
  }

  clear(): void {
    for (const item of this.items) item.abort.abort();
    this.items = [];
  }

  async #send(item: Upload): Promise<void> {
    try {
      const attachment = await uploadAttachment(this.workspace, item.file, item.abort.signal);
      this.arrived(attachment);
      this.#change(item.key, { attachment });
    } catch (error) {
      if (!item.abort.signal.aborted) {
        const problem = asProblem(error);
        this.#change(item.key, { error: problem.detail || problem.title });
      }
    }
  }

  #change(key: number, change: Partial<Upload>): void {
    this.items = this.items.map((item) => (item.key === key ? { ...item, ...change } : item));
  }
}
