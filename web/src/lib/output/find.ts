// Words that are looked for in an output: where they stand, in the order of the lines. What has been looked through is not looked through again
// when lines come.
import type { Line } from "../text/written";
import type { Held } from "./held";

export interface Match {
  /** The line's number, and where in its text. */
  line: number;
  from: number;
  to: number;
}

/** More than these are not counted. */
export const MOST_MATCHES = 10_000;

const isSame = (one: Match, other: Match): boolean => one.line === other.line && one.from === other.from;

export class Finder {
  readonly #pattern: RegExp;
  #matches: Match[] = [];
  #held: Held | null = null;
  /** The lines that have been looked through, by their numbers. */
  #from = 0;
  #to = 0;

  /** As they stand, whatever their case. */
  constructor(words: string) {
    this.#pattern = new RegExp(words.replace(/[.*+?^${}()|[\]\\/]/gu, "\\$&"), "giu");
  }

  /** All places in what is held now. */
  in(held: Held): readonly Match[] {
    const end = held.first + held.lines.length;
    if (held !== this.#held || held.first < this.#from || end < this.#to) {
      this.#matches = [];
      this.#to = held.first;
    }
    this.#held = held;
    this.#from = held.first;
    this.#to = Math.max(this.#to, held.first);
    const gone = this.#matches.findIndex(({ line }) => line >= held.first);
    this.#matches.splice(0, gone < 0 ? this.#matches.length : gone);
    for (; this.#to < end && this.#matches.length < MOST_MATCHES; this.#to++) {
      const line = held.lines[this.#to - held.first];
      if (line) this.#matches.push(...this.#on(line, this.#to));
    }
    return held.open === null ? [...this.#matches] : [...this.#matches, ...this.#on(held.open, end)];
  }

  #on(line: Line, number: number): Match[] {
    if (line.isCut) return [];
    return [...line.text.matchAll(this.#pattern)].map(({ index, 0: found }) => ({
      line: number,
      from: index,
      to: index + found.length,
    }));
  }
}

/** Those of each line. */
export function byLine(matches: readonly Match[]): Map<number, Match[]> {
  const lines = new Map<number, Match[]>();
  for (const match of matches) {
    const own = lines.get(match.line);
    if (own) own.push(match);
    else lines.set(match.line, [match]);
  }
  return lines;
}

/** Which of these it is; -1: none. */
export function placeOf(matches: readonly Match[], match: Match | null): number {
  if (match === null) return -1;
  return matches.findIndex((one) => isSame(one, match));
}

/** The first one from a line on, else the last of all. */
export function nearest(matches: readonly Match[], line: number): Match | null {
  return matches.find((one) => one.line >= line) ?? matches.at(-1) ?? null;
}

/** The next or the last one, around the ends; from nowhere, the one that is nearest to a line. */
export function stepped(matches: readonly Match[], current: Match | null, step: 1 | -1, line: number): Match | null {
  const at = placeOf(matches, current);
  if (at < 0) return nearest(matches, line);
  return matches[(at + step + matches.length) % matches.length] ?? null;
}
