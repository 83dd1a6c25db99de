// The rows of a list of which only those in sight exist. One about which nothing has changed is the very one of the last look, and is left alone;
// one that comes into sight takes over what the page has made for one that has gone, since making it takes many times as long as filling it.
import type { Id, Task } from "../model/types";

export interface Place {
  /** How far below the beginning of its section. */
  top: number;
  height: number;
  /** Which of how many it is, for a screen reader that finds only a few of them in the page. */
  at: number;
  of: number;
  /** It is where the Tab key enters the list. */
  entry: boolean;
}

export interface Row {
  task: Task;
  place: Place;
}

const isSame = (one: Place, other: Place): boolean =>
  one.top === other.top &&
  one.height === other.height &&
  one.at === other.at &&
  one.of === other.of &&
  one.entry === other.entry;

/** Many times as many as are ever in sight. */
const REMEMBERED = 1000;

export class Rows {
  readonly #known = new Map<Id, Row>();

  of(task: Task, place: Place): Row {
    const last = this.#known.get(task.id);
    if (last?.task === task && isSame(last.place, place)) return last;
    if (this.#known.size >= REMEMBERED) this.#known.clear();
    const row = { task, place };
    this.#known.set(task.id, row);
    return row;
  }
}

/**
 * Which of the elements that the page has made each of these tasks has: numbers that stand for them. A task keeps its own; one that comes has that
 * of one that has gone from the same place, between the same neighbours, so that no element moves in the page.
 */
export class Slots {
  #last: { id: Id; slot: number }[] = [];
  #next = 0;

  /** The slots of these tasks, in their order. What `held` has is nobody's after it: the focus is in it, or a finger on it. */
  of(tasks: readonly Id[], held: Id | null): number[] {
    const stay = new Set(tasks);
    const before = new Map(this.#last.map(({ id }, at) => [id, at]));
    const slots: number[] = [];
    let from = 0;
    let come = 0;
    /** Those that have come since the last one that stayed, and what has gone from there. */
    const fill = (to: number): void => {
      const gone = this.#last.slice(from, to).filter(({ id }) => !stay.has(id) && id !== held);
      for (let at = 0; at < come; at++) slots.push(gone[at]?.slot ?? this.#next++);
      come = 0;
    };
    for (const id of tasks) {
      const at = before.get(id);
      const known = at === undefined ? undefined : this.#last[at];
      if (at === undefined || known === undefined) {
        come++;
        continue;
      }
      fill(at);
      slots.push(known.slot);
      from = Math.max(from, at + 1);
    }
    fill(this.#last.length);
    this.#last = tasks.map((id, at) => ({ id, slot: slots[at] ?? 0 }));
    return slots;
  }
}

/** The slots of several lists, by their names: no list has anything of another. */
export class SlotsByList {
  readonly #lists = new Map<string, Slots>();

  of(list: string, tasks: readonly Id[], held: Id | null): number[] {
    const slots = this.#lists.get(list) ?? new Slots();
    this.#lists.set(list, slots);
    return slots.of(tasks, held);
  }
}
