// The rows of a list of which only those in sight exist: one about which nothing has changed is the very one of the last look, and is left alone.
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
