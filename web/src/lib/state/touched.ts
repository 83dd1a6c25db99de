// What has changed since the page was painted last: some tasks, or everything.
import type { Id } from "../model/types";

export type Changes = { all: true } | { all: false; tasks: Id[] };

export class Touched {
  #tasks = new Set<Id>();
  #any = false;

  /** Notes a change of this task ("" for one of the workspace itself). True if it is the first since the last painting. */
  note(task: Id): boolean {
    const first = !this.#any;
    this.#any = true;
    if (task !== "") this.#tasks.add(task);
    return first;
  }

  get any(): boolean {
    return this.#any;
  }

  /** What has changed; from now on, nothing has. */
  take(): Changes {
    const tasks = [...this.#tasks];
    this.#tasks.clear();
    this.#any = false;
    return { all: false, tasks };
  }
}
