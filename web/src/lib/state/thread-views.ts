// The threads that are looked at, as they are painted: news of one repaints no other, and costs the same however long its thread is.
import { SvelteMap } from "svelte/reactivity";
import type { Delivery, Id, Message } from "../model/types";
import type { Changes, Replica } from "../sync/replica";
import { changed, keep, type Versioned } from "./keep";
import { inThread, oldest } from "./place";
import { follow, type Compare } from "./sorted";

/** A thread as it is shown. */
export interface ThreadView {
  messages: readonly Message[];
  /** Oldest first. */
  deliveries: readonly Delivery[];
}

const EMPTY: ThreadView = { messages: [], deliveries: [] };

export class ThreadViews {
  readonly #views = new SvelteMap<Id, ThreadView>();

  of(task: Id): ThreadView {
    return this.#views.get(task) ?? EMPTY;
  }

  /** Reads a thread as a whole. */
  read(replica: Replica, task: Id): void {
    const before = this.of(task);
    this.#show(task, {
      messages: keep(before.messages, replica.thread(task).toSorted(inThread), ({ id }) => id),
      deliveries: keep(before.deliveries, replica.deliveries(task).toSorted(oldest), ({ id }) => id),
    });
  }

  /** The same of each that is looked at, and of the one that is from now on. */
  readAll(replica: Replica, look: Id | null): void {
    for (const task of this.#views.keys()) this.read(replica, task);
    if (look !== null) this.read(replica, look);
  }

  /**
   * Takes over what has changed of those that are looked at. One of which nothing was here, or whose task is gone, is read as a whole; and so
   * is the one that is looked at from now on, whether it is among what has changed or not.
   */
  follow(replica: Replica, { touched, tasks, parts, messages, deliveries }: Changes, look: Id | null): void {
    for (const task of touched) {
      const before = this.#views.get(task);
      if (!before) continue;
      if (before.messages.length === 0 || !tasks.some(({ id }) => id === task)) {
        this.read(replica, task);
        continue;
      }
      const ofIt = (it: { task: Id }): boolean => it.task === task;
      this.#show(task, {
        messages: followed(before.messages, parts, messages.filter(ofIt), inThread),
        deliveries: followed(before.deliveries, parts, deliveries.filter(ofIt), oldest),
      });
    }
    if (look !== null) this.read(replica, look);
  }

  #show(task: Id, view: ThreadView): void {
    const before = this.#views.get(task);
    if (view.messages !== before?.messages || view.deliveries !== before.deliveries) this.#views.set(task, view);
  }
}

/** A list in which these may be other ones now; most of what changes stands at its end. */
function followed<T extends Versioned & { id: Id }>(
  list: readonly T[],
  ids: readonly Id[],
  here: readonly T[],
  compare: Compare<T>,
): readonly T[] {
  const { gone, come } = changed((id) => list.findLast((it) => it.id === id), ids, here);
  return follow(list, gone, come, compare);
}
