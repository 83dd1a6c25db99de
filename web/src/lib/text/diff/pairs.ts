// Which removed line became which added one: those that are most alike, in their order.
import type { Line } from "./parse";

/** Less alike than this, and one did not become the other. */
const ALIKE = 0.5;
/** Past so many comparisons they are taken as they stand beside each other. */
const MOST = 2500;
/** Lines are compared by so much of their beginnings. */
const COMPARED = 400;

export type Pair = readonly [left: Line | null, right: Line | null];

const wordsOf = (text: string): string[] => text.slice(0, COMPARED).match(/[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];

/** Twice what two lines have in common, over what they have together (Dice). */
function alike(one: string[], other: string[]): number {
  if (one.length + other.length === 0) return 1;
  const left = new Map<string, number>();
  for (const word of one) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of other) {
    const many = left.get(word) ?? 0;
    if (many > 0) {
      common++;
      left.set(word, many - 1);
    }
  }
  return (2 * common) / (one.length + other.length);
}

/** Every line once, in order; those without a counterpart beside nothing. */
export function pairsOf(removed: readonly Line[], added: readonly Line[]): Pair[] {
  if (removed.length * added.length > MOST) return beside(removed, added);
  const left = removed.map(({ text }) => wordsOf(text));
  const right = added.map(({ text }) => wordsOf(text));
  // The most that can be had of the lines from (i, j) on, as for a longest common subsequence.
  const most = Array.from({ length: left.length + 1 }, () => new Float64Array(right.length + 1));
  const score = left.map((one) => right.map((other) => alike(one, other)));
  const at = (i: number, j: number): number => most[i]?.[j] ?? 0;
  const worth = (i: number, j: number): number => {
    const value = score[i]?.[j] ?? 0;
    return value < ALIKE ? -1 : value;
  };
  for (let i = left.length - 1; i >= 0; i--) {
    const row = most[i];
    for (let j = right.length - 1; row && j >= 0; j--) {
      row[j] = Math.max(at(i + 1, j), at(i, j + 1), worth(i, j) + at(i + 1, j + 1));
    }
  }
  const pairs: Pair[] = [];
  let [i, j] = [0, 0];
  while (i < removed.length || j < added.length) {
    const [one, other] = [removed[i] ?? null, added[j] ?? null];
    if (one && other && worth(i, j) > 0 && at(i, j) === worth(i, j) + at(i + 1, j + 1)) {
      pairs.push([one, other]);
      i++;
      j++;
    } else if (other === null || (one && at(i, j) === at(i + 1, j))) {
      pairs.push([one, null]);
      i++;
    } else {
      pairs.push([null, other]);
      j++;
    }
  }
  return pairs;
}

const beside = (removed: readonly Line[], added: readonly Line[]): Pair[] =>
  Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => [
    removed[index] ?? null,
    added[index] ?? null,
  ]);
