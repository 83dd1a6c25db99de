// Which threads this page has asked for, and how far they are loaded. Their messages stand in the replica.
import { SvelteMap } from "svelte/reactivity";
import { asProblem, type Problem } from "../api/problem";
import { fetchThread } from "../api/tasks";
import type { ThreadPage } from "../model/sync";
import type { Id } from "../model/types";

export interface ThreadState {
  phase: "loading" | "ready" | "failed";
  problem: Problem | null;
  /** Where the next page starts, if there is one. */
  more: string | null;
}

/** So many pages are fetched without being asked; a longer thread waits for its reader. */
const PAGES_AT_ONCE = 10;

export class Threads {
  readonly states = new SvelteMap<Id, ThreadState>();

  constructor(
    readonly workspace: Id,
    readonly arrived: (page: ThreadPage) => void,
  ) {}

  async open(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known && known.phase !== "failed") return;
    await this.#load(task, null);
  }

  async more(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known?.phase === "ready" && known.more !== null) await this.#load(task, known.more);
  }

  /** The replica has started anew: what was open is asked for again. */
  async reload(): Promise<void> {
    const open = [...this.states.keys()];
    await Promise.all(open.map((task) => this.#load(task, null)));
  }

  async #load(task: Id, from: string | null): Promise<void> {
    let cursor = from;
    this.states.set(task, { phase: "loading", problem: null, more: cursor });
    try {
      for (let pages = 0; pages < PAGES_AT_ONCE; pages++) {
        const page = await fetchThread(this.workspace, task, cursor);
        this.arrived(page);
        cursor = page.nextCursor;
        if (cursor === null) break;
      }
      this.states.set(task, { phase: "ready", problem: null, more: cursor });
    } catch (error) {
      this.states.set(task, { phase: "failed", problem: asProblem(error), more: cursor });
    }
  }
}
