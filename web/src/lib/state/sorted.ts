// Sorted lists that follow changing ones: what changes is found by halving, so that a change among 100,000 costs no sorting, no set and no
// look at the others.

export type Compare<T> = (one: T, other: T) => number;

/** Where an item stands in a sorted list, or would. */
export function placeIn<T>(list: readonly T[], item: T, compare: Compare<T>, from = 0): number {
  let low = from;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compare(list[middle] as T, item) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The list in which these have gone and these have come. The very list, if there are none. */
export function follow<T>(
  list: readonly T[],
  gone: readonly T[],
  come: readonly T[],
  compare: Compare<T>,
): readonly T[] {
  if (gone.length + come.length === 0) return list;
  // What goes stands before what comes in the same place.
  const steps = [...gone.map((item) => ({ item, goes: true })), ...come.map((item) => ({ item, goes: false }))].sort(
    (one, other) => compare(one.item, other.item) || Number(other.goes) - Number(one.goes),
  );
  const pieces: T[][] = [];
  let from = 0;
  for (const { item, goes } of steps) {
    const at = placeIn(list, item, compare, from);
    if (goes && list[at] !== item) continue;
    pieces.push(list.slice(from, at));
    if (!goes) pieces.push([item]);
    from = goes ? at + 1 : at;
  }
  return ([] as T[]).concat(...pieces, list.slice(from));
}

/** What one list has and the other has not, both in this order. Whatever stands at the same place in both costs a glance. */
export function difference<T>(
  before: readonly T[],
  after: readonly T[],
  compare: Compare<T>,
): { gone: T[]; come: T[] } {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const gone: T[] = [];
  const come: T[] = [];
  const ends = [before.length - tail, after.length - tail] as const;
  let [at, to] = [head, head];
  while (at < ends[0] || to < ends[1]) {
    const old = before[at] as T;
    const item = after[to] as T;
    const order = at >= ends[0] ? 1 : to >= ends[1] ? -1 : old === item ? 0 : compare(old, item);
    if (order <= 0) at++;
    if (order >= 0) to++;
    if (order < 0 || (order === 0 && old !== item)) gone.push(old);
    if (order > 0 || (order === 0 && old !== item)) come.push(item);
  }
  return { gone, come };
}
