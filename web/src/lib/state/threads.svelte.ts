// Which threads this page has asked for, and how far back they are loaded. Their messages stand in the replica.
import { SvelteMap } from "svelte/reactivity";
import { asProblem, type Problem } from "../api/problem";
import { fetchThread } from "../api/tasks";
import type { ThreadPage } from "../model/sync";
import type { Delivery, Id, Message } from "../model/types";

export interface ThreadState {
  phase: "loading" | "ready" | "failed";
  problem: Problem | null;
  /** Where the earlier messages begin, if not all are here. */
  earlier: string | null;
}

/** A thread as it is shown. */
export interface ThreadView {
  messages: Message[];
  /** By the id of the message. */
  deliveries: Record<Id, Delivery>;
}

export const EMPTY_THREAD: ThreadView = { messages: [], deliveries: {} };

const PAGE = 100;

export class Threads {
  readonly states = new SvelteMap<Id, ThreadState>();

  constructor(
    readonly workspace: Id,
    readonly arrived: (task: Id, page: ThreadPage) => void,
  ) {}

  /** The newest messages, and the first one: what is asked stands there. */
  async open(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known && known.phase !== "failed") return;
    await this.#load(task, null);
  }

  async loadEarlier(task: Id): Promise<void> {
    const known = this.states.get(task);
    if (known?.phase === "ready" && known.earlier !== null) await this.#load(task, known.earlier);
  }

  /** The replica has started anew: what was open is asked for again. */
  async reload(): Promise<void> {
    await Promise.all([...this.states.keys()].map((task) => this.#load(task, null)));
  }

  async #load(task: Id, from: string | null): Promise<void> {
    this.states.set(task, { phase: "loading", problem: null, earlier: from });
    try {
      const page = await fetchThread(this.workspace, task, { order: "desc", limit: PAGE, cursor: from });
      if (from === null && page.nextCursor !== null) {
        this.arrived(task, await fetchThread(this.workspace, task, { order: "asc", limit: 1, cursor: null }));
      }
      this.arrived(task, page);
      // Once the first message is all that is missing, nothing is: it is here.
      const earlier = page.messages.at(-1)?.index === 1 ? null : page.nextCursor;
      this.states.set(task, { phase: "ready", problem: null, earlier });
    } catch (error) {
      this.states.set(task, { phase: "failed", problem: asProblem(error), earlier: from });
    }
  }
}
