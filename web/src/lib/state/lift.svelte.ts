// A card that is lifted from the board and not yet put down: by a mouse that moves, a finger that rests, or the space bar.
import type { Problem } from "../api/problem";
import type { Task } from "../model/types";
import { announcer } from "./announcer.svelte";
import { COLUMNS, refusal, type Column, type Judge } from "./columns";

export class Lift {
  card = $state.raw<Task | null>(null);
  /** The column it would go into now. */
  over = $state.raw<Column | null>(null);
  /** Where the pointer holds it; null if the keyboard does. */
  at = $state.raw<{ x: number; y: number; width: number } | null>(null);
  /** Why it can't go somewhere, by column. */
  readonly refusals: Partial<Record<Column["key"], Problem>> = $derived.by(() => {
    const { card } = this;
    if (card === null) return {};
    return Object.fromEntries(
      COLUMNS.flatMap((column) => {
        const problem = refusal(this.judge, card, column);
        return problem === null ? [] : [[column.key, problem]];
      }),
    );
  });

  constructor(
    private readonly judge: Judge,
    private readonly put: (card: Task, into: Column) => void,
  ) {}

  begin(card: Task, at: Lift["at"]): void {
    this.card = card;
    this.at = at;
    this.over = COLUMNS.find(({ holds }) => holds.includes(card.status)) ?? null;
    if (at === null)
      announcer.say(
        `Lifted ${card.title}. Left and right arrows choose a column, Enter puts it down, Escape leaves it.`,
      );
  }

  /** By keyboard: the next column to one side. */
  step(by: 1 | -1): void {
    const from = COLUMNS.findIndex(({ key }) => key === this.over?.key);
    this.over = COLUMNS[Math.min(Math.max(from + by, 0), COLUMNS.length - 1)] ?? null;
    if (this.over === null) return;
    const problem = this.refusals[this.over.key];
    announcer.say(problem ? `${this.over.name}: not possible. ${problem.detail || problem.title}` : this.over.name);
  }

  /** Puts it down where it is. False if it can't be put there: by keyboard it is still held then. */
  drop(): boolean {
    const { card, over } = this;
    if (card === null) return true;
    const problem = over === null ? null : this.refusals[over.key];
    if (problem && this.at === null) {
      announcer.say(`Not possible. ${problem.detail || problem.title}`);
      return false;
    }
    this.#end();
    if (over !== null && !problem && !over.holds.includes(card.status)) this.put(card, over);
    else announcer.say("It stays where it was.");
    return true;
  }

  cancel(): void {
    if (this.card === null) return;
    this.#end();
    announcer.say("It stays where it was.");
  }

  #end(): void {
    this.card = null;
    this.at = null;
    this.over = null;
  }
}
