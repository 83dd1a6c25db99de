// Sends the queue of one workspace: files first, then the commands that name them, in order, in batches, until the server has answered for
// all. What to send and what a failure means is core's to say; the rows are the archive's.
import { uploadAttachment } from "../api/attachments";
import { json } from "../api/http";
import { asProblem, unreachable, type Problem } from "../api/problem";
import { workspacePath } from "../api/workspaces";
import type { Archive } from "../db/archive";
import type { Files } from "../db/files";
import type { QueueRow } from "../db/tables";
import type { Attachment, Id } from "../model/types";
import { Backoff } from "./backoff";
import type { Batch, BatchAnswer, Core, Outbox } from "./replica";
import type { Answer } from "./words";

export interface SenderHandlers {
  /** The server has answered for these; without a cursor it refused them unseen. */
  answered: (cursor: string | null, results: Answer[]) => Promise<void>;
  /** These are kept; the page may know better. Resolves to whether others are now. */
  reconcile: (rows: QueueRow[]) => Promise<boolean>;
  /** All that waits is numbered and sent anew. */
  anew: () => Promise<void>;
  /** Why it does not go on just now; null: it does. */
  trouble: (problem: Problem | null) => void;
}

const filesOf = ({ command }: { command: QueueRow["command"] }): Id[] =>
  "attachments" in command ? command.attachments : [];

export class Sender {
  #running = false;
  #again = false;
  #stopped = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #backoff = new Backoff(400, 15_000);
  /** Files that are being sent. */
  #uploads = new Map<Id, Promise<Problem | null>>();
  #outbox: { client: Id; rules: Outbox } | null = null;
  /** Ends what is on its way. */
  #onItsWay = new AbortController();

  constructor(
    readonly workspace: Id,
    readonly core: Core,
    readonly archive: Archive,
    readonly files: Files,
    readonly on: SenderHandlers,
  ) {}

  /** There is something to send, or another reason to try at once. */
  wake(): void {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#again = true;
    if (!this.#running) void this.#run();
  }

  /** The network is another than it was: what is on its way there may never come back, and sent again it takes effect once. */
  renew(): void {
    this.#onItsWay.abort();
    this.#onItsWay = new AbortController();
    this.wake();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#outbox?.rules.free();
    this.#outbox = null;
  }

  async #run(): Promise<void> {
    this.#running = true;
    try {
      while (this.#again && !this.#stopped) {
        this.#again = false;
        // Files that no command names yet go out meanwhile, so that the words that will name them need not wait.
        void this.files.waiting(this.workspace).then((files) => this.#upload(files));
        while (!this.#stopped && (await this.#next()));
      }
    } catch (error) {
      this.#later(asProblem(error));
    } finally {
      this.#running = false;
    }
    // Woken between the last look and here.
    if (this.#again && !this.#stopped) this.wake();
  }

  /** Sends one batch. False: there is nothing to send, or not now. */
  async #next(): Promise<boolean> {
    const { client, next, rows } = await this.archive.queue(this.workspace);
    const isStale = !this.#stopped && (await this.on.reconcile(rows));
    if (this.#stopped) return false;
    if (isStale) return true;
    const outbox = this.#rules(client);
    outbox.load(
      rows.map(({ mutationId, command, at, acknowledged }) => ({ mutationId, command, at, acknowledged })),
      next,
    );
    const batch = outbox.batch();
    if (batch === null) {
      this.on.trouble(null);
      return false;
    }
    const waiting = await this.files.waiting(this.workspace);
    if (this.#stopped) return false;
    const ready = withFiles(batch, new Set(waiting.map(({ id }) => id)));
    const first = ready.commands[0];
    if (!first) return this.#sendFiles(batch, waiting);
    const { signal } = this.#onItsWay;
    try {
      const answer = await json<BatchAnswer>(`${workspacePath(this.workspace)}/commands`, {
        method: "POST",
        json: ready,
        signal,
      });
      if (this.#stopped) return false;
      this.#backoff.reset();
      this.on.trouble(null);
      outbox.answered(answer);
      await this.on.answered(answer.cursor, answer.results);
      return true;
    } catch (error) {
      return this.#stopped || signal.aborted ? false : this.#failed(outbox, asProblem(error));
    }
  }

  /** The next command names files that the server does not have: they go first. */
  async #sendFiles(batch: Batch, waiting: Attachment[]): Promise<boolean> {
    const [first] = batch.commands;
    if (!first) return false;
    const named = new Set(filesOf(first));
    const problem = await this.#upload(waiting.filter(({ id }) => named.has(id)));
    if (problem === null) return true;
    const setback = this.core.setback(problem);
    if (setback === "passing" || setback === "signedOut") return this.#later(problem);
    // The server will not have the file: neither can it have the words that name it.
    await this.on.answered(null, [{ command: first.command.id, rejection: problem }]);
    await this.on.anew();
    return true;
  }

  /** Sends files, in order. The problem that stopped it, if one did. */
  async #upload(files: Attachment[]): Promise<Problem | null> {
    for (const file of files) {
      const under = this.#uploads.get(file.id) ?? this.#send(file).finally(() => this.#uploads.delete(file.id));
      this.#uploads.set(file.id, under);
      const problem = await under;
      if (problem !== null) return problem;
    }
    return null;
  }

  async #send(file: Attachment): Promise<Problem | null> {
    if (this.#stopped) return null;
    const { signal } = this.#onItsWay;
    try {
      const blob = await this.files.blob(this.workspace, file.id);
      if (blob) await uploadAttachment(this.workspace, file, blob, signal);
      await this.files.sent(this.workspace, file.id);
      return null;
    } catch (error) {
      return signal.aborted ? unreachable() : asProblem(error);
    }
  }

  async #failed(outbox: Outbox, problem: Problem): Promise<boolean> {
    const failed = outbox.failed(problem);
    switch (failed.what) {
      case "retry":
        return this.#later(problem);
      case "anew":
        await this.on.anew();
        return true;
      case "refused":
        await this.on.answered(
          null,
          failed.refused.map(({ command, rejection }) => ({ command: command.id, rejection })),
        );
        await this.on.anew();
        return true;
    }
  }

  #later(problem: Problem): false {
    this.on.trouble(problem);
    const wait = problem.retryAfter === undefined ? this.#backoff.next() : problem.retryAfter * 1000;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), wait);
    return false;
  }

  #rules(client: Id): Outbox {
    if (this.#outbox?.client !== client) {
      this.#outbox?.rules.free();
      this.#outbox = { client, rules: this.core.newOutbox(client) };
    }
    return this.#outbox.rules;
  }
}

/** The commands before the first one that names a file that still waits. */
function withFiles(batch: Batch, waiting: ReadonlySet<Id>): Batch {
  const stop = batch.commands.findIndex((one) => filesOf(one).some((id) => waiting.has(id)));
  return stop < 0 ? batch : { ...batch, commands: batch.commands.slice(0, stop) };
}
