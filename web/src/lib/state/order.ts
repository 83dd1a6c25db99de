// The order of what waits for a person: gravest first, then longest wait; and a list that never reorders under a finger.
import type { Id, Task } from "../model/types";
import { risksOf } from "../text/risk";

export function byUrgency(one: Task, other: Task): number {
  return (
    riskClass(one) - riskClass(other) ||
    one.waitingSince.localeCompare(other.waitingSince) ||
    one.id.localeCompare(other.id)
  );
}

const riskClass = (task: Task): number => (risksOf(`${task.title}\n${task.excerpt}`).length > 0 ? 0 : 1);

export interface Shown {
  ids: Id[];
  /** Arrivals that would push what is shown: they wait until they are asked for. */
  held: Id[];
}

/** What to show next, given what is shown: what is gone leaves, what belongs at the end joins, the rest is held back. */
export function settle(shown: readonly Id[], sorted: readonly Id[]): Shown {
  const place = new Map(sorted.map((id, index) => [id, index]));
  const ids = shown.filter((id) => place.has(id));
  const last = ids.reduce((most, id) => Math.max(most, place.get(id) ?? -1), -1);
  const present = new Set(ids);
  const held: Id[] = [];
  for (const id of sorted) {
    if (present.has(id)) continue;
    if ((place.get(id) ?? 0) > last) ids.push(id);
    else held.push(id);
  }
  return { ids, held };
}
