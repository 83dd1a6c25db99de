// The bytes of one attachment, fetched when they are wanted, and as an address of exactly the type that was asked for: nothing else can run.
import { downloadAttachment, saveBlob } from "../../api/attachments";
import { asProblem, sentence } from "../../api/problem";
import type { Attachment, Id } from "../../model/types";

export class Bytes {
  url = $state<string | null>(null);
  trouble = $state<string | null>(null);
  busy = $state(false);
  /** They did not come; they may yet. */
  missing = $state(false);
  #blob: Promise<Blob> | null = null;
  readonly #abort = new AbortController();

  constructor(
    readonly workspace: Id,
    readonly attachment: Attachment,
  ) {}

  /** The bytes, or null: what is wrong then stands in `trouble`. */
  async blob(): Promise<Blob | null> {
    this.busy = true;
    this.trouble = null;
    this.missing = false;
    this.#blob ??= downloadAttachment(this.workspace, this.attachment, this.#abort.signal);
    try {
      return await this.#blob;
    } catch (error) {
      this.#blob = null;
      if (!this.#abort.signal.aborted) {
        this.trouble = sentence(asProblem(error));
        this.missing = true;
      }
      return null;
    } finally {
      this.busy = false;
    }
  }

  async text(): Promise<string | null> {
    return (await (await this.blob())?.text()) ?? null;
  }

  async show(type: string): Promise<void> {
    const blob = await this.blob();
    if (blob && this.url === null && !this.#abort.signal.aborted) {
      this.url = URL.createObjectURL(new Blob([blob], { type }));
    }
  }

  async save(): Promise<void> {
    const blob = await this.blob();
    if (blob) saveBlob(blob, this.attachment.filename);
  }

  /** What came is not what its type says. */
  spoiled(what: string): void {
    this.#revoke();
    this.trouble = `This file is not ${what} that can be shown.`;
  }

  release(): void {
    this.#abort.abort();
    this.#revoke();
  }

  #revoke(): void {
    if (this.url !== null) URL.revokeObjectURL(this.url);
    this.url = null;
  }
}
