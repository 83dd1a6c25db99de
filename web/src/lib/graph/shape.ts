// A list as a graph: its tasks in the order of their numbers, each with those that it waits for and those that wait for it.
import type { Id } from "../model/types";

/** As much of a task as says where it stands in the graph. */
export interface Knot {
  id: Id;
  work: { blockedBy?: readonly Id[] };
}

/** Tasks by their places, from 0. What is not here is left out. */
export interface Shape {
  readonly ids: readonly Id[];
  /** What each waits for. */
  readonly before: readonly (readonly number[])[];
  /** What waits for each. */
  readonly after: readonly (readonly number[])[];
}

export function shapeOf(tasks: readonly Knot[]): Shape {
  const places = new Map(tasks.map(({ id }, at) => [id, at]));
  const after: number[][] = tasks.map(() => []);
  const before = tasks.map(({ work }, at) =>
    (work.blockedBy ?? []).flatMap((id) => {
      const blocker = places.get(id);
      if (blocker === undefined || blocker === at) return [];
      after[blocker]?.push(at);
      return [blocker];
    }),
  );
  return { ids: tasks.map(({ id }) => id), before, after };
}

/** Nothing has changed of what makes the graph: what was made of it still holds. */
export function sameShape(one: Shape, other: Shape): boolean {
  const same = (some: readonly unknown[], others: readonly unknown[]): boolean =>
    some.length === others.length && some.every((it, at) => it === others[at]);
  return same(one.ids, other.ids) && one.before.every((blockers, at) => same(blockers, other.before[at] ?? []));
}

/** Every task behind all that it waits for. The server lets no circle be; were one here, its tasks would come last. */
export function inOrder({ before, after }: Shape): number[] {
  const waits = before.map((blockers) => blockers.length);
  const order = [...waits.keys()].filter((at) => waits[at] === 0);
  for (const at of order)
    for (const next of after[at] ?? []) {
      const left = (waits[next] ?? 0) - 1;
      waits[next] = left;
      if (left === 0) order.push(next);
    }
  if (order.length === before.length) return order;
  const there = new Set(order);
  return [...order, ...[...before.keys()].filter((at) => !there.has(at))];
}

/** The wave of each, from 0: one later than the last of what it waits for. */
export function wavesOf(shape: Shape): number[] {
  const waves: number[] = shape.ids.map(() => 0);
  for (const at of inOrder(shape))
    for (const next of shape.after[at] ?? []) waves[next] = Math.max(waves[next] ?? 0, (waves[at] ?? 0) + 1);
  return waves;
}

/** All that is reached from one by these steps, without itself. */
export function reached(steps: readonly (readonly number[])[], from: number): Set<number> {
  const found = new Set<number>();
  const left = [from];
  for (let at = left.pop(); at !== undefined; at = left.pop())
    for (const next of steps[at] ?? [])
      if (!found.has(next)) {
        found.add(next);
        left.push(next);
      }
  found.delete(from);
  return found;
}

/** One of the shortest ways by these steps, both ends included; empty: none. */
export function wayBetween(steps: readonly (readonly number[])[], from: number, to: number): number[] {
  const whence = new Map<number, number>([[from, from]]);
  const order = [from];
  for (const at of order)
    for (const next of steps[at] ?? [])
      if (!whence.has(next)) {
        whence.set(next, at);
        order.push(next);
      }
  if (!whence.has(to)) return [];
  const way = [to];
  for (let at = to; at !== from;) way.unshift((at = whence.get(at) ?? from));
  return way;
}

/**
 * The longest chain of tasks that are still to be done, each of which waits for the one before it: as many must be done one after the
 * other, however many work at it. Of several the one whose last tasks have the lowest places.
 */
export function criticalPath(shape: Shape, isOpen: (at: number) => boolean): number[] {
  const lengths: number[] = shape.ids.map(() => 0);
  const from: number[] = shape.ids.map(() => -1);
  let last = -1;
  for (const at of inOrder(shape)) {
    if (!isOpen(at)) continue;
    let best = -1;
    for (const blocker of shape.before[at] ?? [])
      if (
        (lengths[blocker] ?? 0) > (best < 0 ? 0 : (lengths[best] ?? 0)) ||
        (lengths[blocker] === lengths[best] && blocker < best)
      )
        best = blocker;
    from[at] = best;
    lengths[at] = (best < 0 ? 0 : (lengths[best] ?? 0)) + 1;
    const longest = last < 0 ? 0 : (lengths[last] ?? 0);
    if ((lengths[at] ?? 0) > longest || (lengths[at] === longest && at < last)) last = at;
  }
  const path: number[] = [];
  for (let at = last; at >= 0; at = from[at] ?? -1) path.unshift(at);
  return path;
}
