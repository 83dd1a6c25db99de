// Commands that the server refused after the page had shown them. They wait until the person has mended or discarded them, also over a
// reload: nothing that somebody wrote goes without a word.
import { SvelteMap } from "svelte/reactivity";
import type { RefusalRow } from "../db/tables";
import type { Id } from "../model/types";
import { isSame, subjectOf, type Subject } from "../sync/subjects";

export type Refusal = Pick<RefusalRow, "command" | "problem" | "shown">;

export class Refusals {
  /** By the command's id, in the order in which they came. */
  readonly #rows = new SvelteMap<Id, RefusalRow>();

  constructor(readonly dealtWith: (commands: Id[]) => void) {}

  get size(): number {
    return this.#rows.size;
  }

  get all(): RefusalRow[] {
    return [...this.#rows.values()];
  }

  /** The last refusal about this. */
  get(subject: Subject): Refusal | undefined {
    return this.#about(subject).at(-1);
  }

  has(subject: Subject): boolean {
    return this.get(subject) !== undefined;
  }

  of(command: Id): Refusal | undefined {
    return this.#rows.get(command);
  }

  add(row: RefusalRow): void {
    this.#rows.set(row.id, row);
  }

  /** What was refused about this has been mended or discarded. */
  delete(subject: Subject): void {
    this.discard(this.#about(subject).map(({ id }) => id));
  }

  discard(commands: Id[]): void {
    if (commands.length === 0) return;
    this.forget(commands);
    this.dealtWith(commands);
  }

  /** Another tab has dealt with these. */
  forget(commands: Id[]): void {
    for (const id of commands) this.#rows.delete(id);
  }

  #about(subject: Subject): RefusalRow[] {
    return this.all.filter(({ command }) => isSame(subjectOf(command), subject));
  }
}
