// Where the lines of an output stand. All rows are equally high, and every character is equally wide: so how many rows a line takes is
// arithmetic, and only the lines in sight need ever be made.
import type { Held } from "./held";

export interface Span {
  /** The first line, and the one after the last, by their places. */
  from: number;
  to: number;
}

export class Layout {
  /** Columns of the widest line. */
  readonly widest: number;
  readonly rows: number;
  /** How many rows the lines up to each take; null: one each. */
  readonly #ends: Float64Array | null;
  readonly #count: number;

  constructor(
    held: Held,
    /** Lines longer than this go on in further rows; null: none does. */
    columns: number | null,
  ) {
    this.#count = held.count;
    const ends = columns === null ? null : new Float64Array(this.#count);
    let [rows, widest] = [0, 0];
    for (let at = 0; at < this.#count; at++) {
      const wide = held.at(at)?.columns ?? 0;
      widest = Math.max(widest, wide);
      if (ends === null || columns === null) continue;
      rows += Math.max(1, Math.ceil(wide / columns));
      ends[at] = rows;
    }
    this.#ends = ends;
    this.widest = widest;
    this.rows = ends === null ? this.#count : rows;
  }

  /** In which row a line begins; the one after the last begins behind them all. */
  rowOf(line: number): number {
    const at = Math.min(Math.max(0, line), this.#count);
    return this.#ends === null ? at : at === 0 ? 0 : (this.#ends[at - 1] ?? 0);
  }

  /** The line that has this row; the first above all, the last below. */
  lineAt(row: number): number {
    const last = Math.max(0, this.#count - 1);
    if (this.#ends === null) return Math.min(Math.max(0, Math.floor(row)), last);
    let [low, high] = [0, last];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#ends[middle] ?? 0) > row) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The lines of which something stands between these rows. */
  between(top: number, bottom: number): Span {
    if (this.#count === 0) return { from: 0, to: 0 };
    return { from: this.lineAt(Math.floor(top)), to: this.lineAt(Math.ceil(bottom)) + 1 };
  }
}
