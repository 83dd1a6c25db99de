// The lists that agents keep, each in the order in which it is worked off: what is under way, what may begin, what waits, what is over.
import { isEnded, isListed, type Id, type Listed, type Task } from "../model/types";
import type { Queued } from "../sync/pending";
import { rules } from "../sync/replica";

export interface WorkList {
  name: string;
  active: Listed[];
  ready: Listed[];
  waiting: Listed[];
  over: Listed[];
}

/** Agents keep some for themselves: no list shows those. */
export const isShown = ({ work }: Listed): boolean => work.metadata?.["_internal"] !== true;

/** What an agent says holds a task up, beside other tasks. */
export function stuckBy({ work }: Listed): string {
  const reason = work.metadata?.["blocked_reason"];
  return typeof reason === "string" ? reason.trim() : "";
}

/** It may not begin: something else comes first, something holds it up, or it is for those that run such things, never for whoever comes. */
export const isHeldUp = (task: Listed): boolean =>
  task.work.wave === undefined || task.work.job !== undefined || stuckBy(task) !== "";

/** Each task of a list, in the order of their numbers: what has none yet comes last. */
export const tasksOf = ({ active, ready, waiting, over }: WorkList): Listed[] =>
  [...active, ...ready, ...waiting, ...over].sort(numbered);

export const countOf = ({ active, ready, waiting, over }: WorkList): number =>
  active.length + ready.length + waiting.length + over.length;

/** How many were done: what was given up was not. */
export const doneOf = ({ over }: WorkList): number => over.filter(({ status }) => status === "completed").length;

const numbered = (one: Listed, other: Listed): number =>
  (one.work.number ?? Infinity) - (other.work.number ?? Infinity) || (one.id < other.id ? -1 : 1);

const urgency = ({ work }: Listed): number => {
  const said = work.metadata?.["priority"];
  return rules().urgency(typeof said === "string" ? said : "");
};

/** The lists of a workspace: those with something to do first, and of each kind those in which something happened last. */
export function listsOf(tasks: readonly Listed[]): WorkList[] {
  const lists = new Map<string, WorkList & { at: string }>();
  for (const task of tasks) {
    if (!isShown(task)) continue;
    const { list: name } = task.work;
    let list = lists.get(name);
    if (!list) lists.set(name, (list = { name, active: [], ready: [], waiting: [], over: [], at: "" }));
    if (task.updatedAt > list.at) list.at = task.updatedAt;
    if (task.status === "ongoing") list.active.push(task);
    else if (isEnded(task)) list.over.push(task);
    else if (isHeldUp(task)) list.waiting.push(task);
    else list.ready.push(task);
  }
  const isOver = (list: WorkList): boolean => list.over.length === countOf(list);
  const found = [...lists.values()].sort(
    (one, other) => Number(isOver(one)) - Number(isOver(other)) || (one.at > other.at ? -1 : 1),
  );
  for (const { active, ready, waiting, over } of found) {
    active.sort(numbered);
    const order = new Map(ready.map((task) => [task, urgency(task)]));
    ready.sort(
      (one, other) =>
        (order.get(one) ?? 0) - (order.get(other) ?? 0) ||
        (one.work.wave ?? 0) - (other.work.wave ?? 0) ||
        numbered(one, other),
    );
    waiting.sort(numbered);
    over.sort((one, other) => (one.updatedAt > other.updatedAt ? -1 : 1));
  }
  return found;
}

/** What a task still waits for, by the names in its list. What is not here is left out. */
export function waitsFor({ work }: Listed, find: (id: Id) => Task | null): string[] {
  return (work.blockedBy ?? []).flatMap((id) => {
    const blocker = find(id);
    if (!blocker || !isListed(blocker) || blocker.status === "completed") return [];
    const over = blocker.status === "rejected" || blocker.status === "failed" || blocker.status === "killed";
    return [over ? `${nameOf(blocker)} (${blocker.status})` : nameOf(blocker)];
  });
}

/** What it shall wait for as well, once the server has decided that. */
export const comingOf = (waiting: readonly Queued[], task: Task): Id[] =>
  waiting.flatMap(({ command }) =>
    command.type === "updateWork" && command.task === task.id
      ? (command.addBlockedBy ?? []).filter((id) => task.work?.blockedBy?.includes(id) !== true)
      : [],
  );

/** What a task is called in its list. */
export const nameOf = ({ work }: Listed): string => (work.number === null ? "new" : `#${work.number}`);
