// Which frames are worth a person's attention away from the page: a task that has come to need them, just now, and not by their own doing. Pure.
import type { Frame } from "../model/sync";
import { needsPerson, type Id, type Task } from "../model/types";

/** A turn given in this very commit bears its time. */
const SAME_MS = 1000;
/** So many are remembered: more than come between two looks at the page. */
const REMEMBERED = 200;

export interface Surroundings {
  me: Id | null;
  /** It happened just now, and was not caught up with. */
  fresh: boolean;
}

/** The tasks that this frame hands to the person. */
export function asksOf(frame: Frame, { me, fresh }: Surroundings): Task[] {
  if (!fresh || (frame.actor?.kind === "person" && frame.actor.id === me)) return [];
  return tasksOf(frame).filter(
    (task) => needsPerson(task) && Math.abs(Date.parse(frame.at) - Date.parse(task.waitingSince)) < SAME_MS,
  );
}

/** The tasks of which this frame says that they no longer need the person. */
export function settledBy(frame: Frame): Id[] {
  const gone = frame.changes.flatMap((change) =>
    change.op === "delete" && change.entity.type === "task" ? [change.entity.id] : [],
  );
  return [
    ...gone,
    ...tasksOf(frame)
      .filter((task) => !needsPerson(task))
      .map(({ id }) => id),
  ];
}

const tasksOf = (frame: Frame): Task[] =>
  frame.changes.flatMap((change) => (change.op === "put" && change.entity.type === "task" ? [change.entity] : []));

/** One ask of a task: it may ask again later. */
export const askKey = (task: Task): string => `${task.id} ${task.waitingSince}`;

/** What has been told already, so that neither a reload nor another tab tells it again. */
export class Told {
  readonly #keys: string[];

  constructor(stored: readonly string[] = []) {
    this.#keys = stored.slice(-REMEMBERED);
  }

  /** Notes it; false if it had been told. */
  note(key: string): boolean {
    if (this.#keys.includes(key)) return false;
    this.#keys.push(key);
    if (this.#keys.length > REMEMBERED) this.#keys.shift();
    return true;
  }

  get keys(): readonly string[] {
    return this.#keys;
  }
}
