// The order of what waits for a person: gravest first, then longest wait; and a list that never reorders under a finger.
import type { Task } from "../model/types";
import { risksIn } from "../text/risk";

/** Reading a text for risks costs more than comparing it: each version of a task is read once. */
const classes = new WeakMap<Task, number>();

function riskClass(task: Task): number {
  let known = classes.get(task);
  if (known === undefined) {
    known = risksIn(task).length > 0 ? 0 : 1;
    classes.set(task, known);
  }
  return known;
}

const compare = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export function byUrgency(one: Task, other: Task): number {
  return (
    riskClass(one) - riskClass(other) || compare(one.waitingSince, other.waitingSince) || compare(one.id, other.id)
  );
}

export interface Shown<K extends string> {
  ids: K[];
  /** Arrivals that would push what is shown: they wait until they are asked for. */
  held: K[];
}

/** What to show next, given what is shown: what is gone leaves, what belongs at the end joins, the rest is held back. */
export function settle<K extends string>(shown: readonly K[], sorted: readonly K[]): Shown<K> {
  const place = new Map(sorted.map((id, index) => [id, index]));
  const ids = shown.filter((id) => place.has(id));
  const last = ids.reduce((most, id) => Math.max(most, place.get(id) ?? -1), -1);
  const present = new Set(ids);
  const held: K[] = [];
  for (const id of sorted) {
    if (present.has(id)) continue;
    if ((place.get(id) ?? 0) > last) ids.push(id);
    else held.push(id);
  }
  return { ids, held };
}
