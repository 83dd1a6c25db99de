// Which threads this page has asked for, and how far back they are here. Their messages stand in the replica, those of before the last
// visit too: a thread that was once read opens without a network.
import { SvelteMap } from "svelte/reactivity";
import { asProblem, type Problem } from "../api/problem";
import { fetchThread } from "../api/tasks";
import { PAGE } from "../model/limits";
import type { Id } from "../model/types";

export interface ThreadState {
  phase: "loading" | "ready" | "failed";
  problem: Problem | null;
  /** Where the earlier messages begin, if not all are here. */
  earlier: string | null;
}

export interface ThreadsHandlers {
  /** What is here of a thread; null if it was never loaded. */
  held: (task: Id) => { earlier: string | null } | null;
  /** Answers to questions of another era say nothing any more. */
  era: () => number;
  /** A page has come, as the server wrote it. */
  arrived: (task: Id, page: string, era: number) => void;
  /** This thread is being read. */
  looked: (task: Id) => void;
}

export class Threads {
  readonly states = new SvelteMap<Id, ThreadState>();

  constructor(
    readonly workspace: Id,
    readonly on: ThreadsHandlers,
  ) {}

  /** The newest messages, and the first one: what is asked stands there. */
  async open(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known && known.phase !== "failed") return;
    if (this.#held(task)) this.on.looked(task);
    else await this.#load(task, null);
  }

  async loadEarlier(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known?.phase === "ready" && known.earlier !== null) await this.#load(task, known.earlier);
  }

  /** The replica has begun anew: what was open and is not here any more is asked for again. */
  renew(): void {
    for (const [task, { phase }] of this.states) {
      if (phase !== "loading" && !this.#held(task)) void this.#load(task, null);
    }
  }

  /** The network is back: what failed is tried again. */
  retry(): void {
    for (const [task, { phase }] of this.states) if (phase === "failed") void this.open(task);
  }

  #held(task: Id): boolean {
    const held = this.on.held(task);
    if (held) this.states.set(task, { phase: "ready", problem: null, earlier: held.earlier });
    return held !== null;
  }

  async #load(task: Id, from: string | null): Promise<void> {
    this.states.set(task, { phase: "loading", problem: null, earlier: from });
    const era = this.on.era();
    try {
      const page = await fetchThread(this.workspace, task, { order: "desc", limit: PAGE, cursor: from });
      const { nextCursor } = JSON.parse(page) as { nextCursor: string | null };
      if (from === null && nextCursor !== null) {
        const first = await fetchThread(this.workspace, task, { order: "asc", limit: 1, cursor: null });
        this.on.arrived(task, first, era);
      }
      this.on.arrived(task, page, era);
      if (era !== this.on.era()) {
        await this.#load(task, null);
        return;
      }
      if (!this.#held(task)) this.states.set(task, { phase: "ready", problem: null, earlier: nextCursor });
      this.on.looked(task);
    } catch (error) {
      this.states.set(task, { phase: "failed", problem: asProblem(error), earlier: from });
    }
  }
}
