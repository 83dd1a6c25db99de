// A list of tasks, newest first, kept in order change by change: ids are ordered by time, so each one's place is found by halving.
import type { Id, Task } from "../model/types";
import { placeIn } from "./sorted";

const order = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

export const newest = (one: Pick<Task, "id">, other: Pick<Task, "id">): number => order(other.id, one.id);

/** The task of this id in a list that is newest first. */
export function taskIn(tasks: readonly Task[], id: Id): Task | null {
  const found = tasks[placeIn<Pick<Task, "id">>(tasks, { id }, newest)];
  return found?.id === id ? found : null;
}

/** Which of these tasks are other ones now, as they were and as they are; those that are here no more are not among `here`. */
export function changed(
  tasks: readonly Task[],
  ids: readonly Id[],
  here: readonly Task[],
): { gone: Task[]; come: Task[] } {
  const now = new Map(here.map((task) => [task.id, task]));
  const gone: Task[] = [];
  const come: Task[] = [];
  for (const id of ids) {
    const old = taskIn(tasks, id);
    const task = now.get(id) ?? null;
    if (old && task && isSame(old, task)) continue;
    if (old) gone.push(old);
    if (task) come.push(task);
  }
  return { gone, come };
}

// What is pending has no revision of its own yet: it is always new.
const isSame = (one: Task, other: Task): boolean => one.revision === other.revision && !one.pending && !other.pending;
