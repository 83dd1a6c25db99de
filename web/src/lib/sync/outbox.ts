// The commands that this page has decided and the server has not confirmed: numbered without gaps, sent in order, in batches.
import { asProblem, UNREACHABLE, type Problem } from "../api/problem";
import { json } from "../api/http";
import type { Command } from "../model/commands";
import type { Id } from "../model/types";
import { Backoff } from "./backoff";

export interface Queued {
  mutationId: number;
  command: Command;
  /** The server has answered for it; its delta is still to come. */
  acknowledged: boolean;
}

/** Where the queue is kept. In memory for now; IndexedDB takes this over without the outbox noticing. */
export interface OutboxStorage {
  append(client: Id, entry: Queued): Promise<void>;
  remove(client: Id, mutationIds: number[]): Promise<void>;
  /** Drops what stands under any other client and keeps these under the new one, in one go. */
  replace(client: Id, entries: Queued[]): Promise<void>;
}

export class MemoryStorage implements OutboxStorage {
  async append(): Promise<void> {}
  async remove(): Promise<void> {}
  async replace(): Promise<void> {}
}

interface CommandsAnswer {
  cursor: string;
  results: { mutationId: number; rejection: Problem | null }[];
}

export interface OutboxHandlers {
  /** The server has taken this one; the commit of this cursor brings it. */
  accepted: (entry: Queued, cursor: string) => void;
  /** The server refused this one for good. */
  rejected: (entry: Queued, problem: Problem) => void;
  /** The server wants this client to start anew: every entry has got another number. */
  renumbered: (client: Id, entries: readonly Queued[]) => void;
  changed: () => void;
}

const BATCH = 100;
const START_ANEW = new Set(["mutation_gap", "mutation_conflict"]);

export class Outbox {
  #client: Id;
  #next = 1;
  #entries: Queued[] = [];
  #sending = false;
  #closed = false;
  #backoff = new Backoff(400, 15_000);
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Why the last try failed, while it is being tried again. */
  trouble: Problem | null = null;

  constructor(
    readonly path: string,
    readonly newId: () => Id,
    readonly storage: OutboxStorage,
    readonly on: OutboxHandlers,
  ) {
    this.#client = newId();
    addEventListener("online", this.#wake);
  }

  get client(): Id {
    return this.#client;
  }
  /** The number that the next command will bear. */
  get nextMutation(): number {
    return this.#next;
  }
  get entries(): readonly Queued[] {
    return this.#entries;
  }
  /** How many the server has not answered for. */
  get unsent(): number {
    return this.#entries.reduce((count, entry) => count + (entry.acknowledged ? 0 : 1), 0);
  }

  /** Takes a command that has been decided here and sends it on. */
  add(command: Command): Queued {
    const entry: Queued = { mutationId: this.#next++, command, acknowledged: false };
    this.#entries.push(entry);
    this.on.changed();
    void this.storage.append(this.#client, entry).then(() => this.flush());
    return entry;
  }

  /** A new history has begun from a snapshot: what the server has answered for is part of it. */
  forgetAcknowledged(): void {
    this.confirm(this.#entries.filter((entry) => entry.acknowledged).map((entry) => entry.mutationId));
  }

  /** The stream has shown these as done (or refused): they are the past now. */
  confirm(mutationIds: readonly number[]): void {
    if (mutationIds.length === 0) return;
    const done = new Set(mutationIds);
    this.#entries = this.#entries.filter((entry) => !done.has(entry.mutationId));
    void this.storage.remove(this.#client, [...mutationIds]);
    this.on.changed();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    removeEventListener("online", this.#wake);
  }

  #wake = (): void => {
    this.#backoff.reset();
    void this.flush();
  };

  async flush(): Promise<void> {
    if (this.#sending || this.#closed) return;
    clearTimeout(this.#timer);
    this.#sending = true;
    try {
      for (;;) {
        const batch = this.#entries.filter((entry) => !entry.acknowledged).slice(0, BATCH);
        if (batch.length === 0 || this.#closed) return;
        if (!(await this.#send(batch))) return;
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Sends one batch; false means: not now, a later try is set. */
  async #send(batch: Queued[]): Promise<boolean> {
    const client = this.#client;
    try {
      const answer = await json<CommandsAnswer>(this.path, {
        method: "POST",
        json: { clientId: client, commands: batch.map(({ mutationId, command }) => ({ mutationId, command })) },
      });
      this.#backoff.reset();
      this.trouble = null;
      for (const { mutationId, rejection } of answer.results) {
        const entry = this.#entries.find((one) => one.mutationId === mutationId);
        if (!entry) continue; // the stream was faster than this answer
        entry.acknowledged = true;
        if (rejection) {
          this.confirm([mutationId]);
          this.on.rejected(entry, rejection);
        } else this.on.accepted(entry, answer.cursor);
      }
      this.on.changed();
      return true;
    } catch (error) {
      return this.#failed(batch, asProblem(error));
    }
  }

  #failed(batch: Queued[], problem: Problem): boolean {
    if (START_ANEW.has(problem.code)) {
      this.#startAnew();
      return true;
    }
    const temporary =
      problem.code === UNREACHABLE || problem.status >= 500 || problem.status === 429 || problem.status === 401;
    if (!temporary) {
      // The batch as a whole was refused (too large, malformed, no longer a member): none of it took effect, and trying again would not help.
      this.confirm(batch.map((entry) => entry.mutationId));
      for (const entry of batch) this.on.rejected(entry, problem);
      this.#startAnew();
      return true;
    }
    this.trouble = problem;
    this.on.changed();
    const wait = problem.retryAfter === undefined ? this.#backoff.next() : problem.retryAfter * 1000;
    this.#timer = setTimeout(() => void this.flush(), wait);
    return false;
  }

  #startAnew(): void {
    this.#client = this.newId();
    this.#entries = this.#entries
      .filter((entry) => !entry.acknowledged)
      .map(({ command }, index) => ({ mutationId: index + 1, command, acknowledged: false }));
    this.#next = this.#entries.length + 1;
    void this.storage.replace(this.#client, this.#entries);
    this.on.renumbered(this.#client, this.#entries);
    this.on.changed();
  }
}
