// Where a task stands in a list that is newest first, and a message in its thread: ids are ordered by time, so a place is found by halving.
import type { Id, Message, Task } from "../model/types";
import { placeIn } from "./sorted";

type Dated = Pick<Task, "id">;
export const oldest = (one: Dated, other: Dated): number => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);
export const newest = (one: Dated, other: Dated): number => oldest(other, one);
export const inThread = (one: Message, other: Message): number => one.index - other.index || oldest(one, other);

/** The task of this id in a list that is newest first. */
export function taskIn(tasks: readonly Task[], id: Id): Task | null {
  const found = tasks[placeIn<Dated>(tasks, { id }, newest)];
  return found?.id === id ? found : null;
}
