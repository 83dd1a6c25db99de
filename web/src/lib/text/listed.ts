// A task of a list in words: what it is called now, how far it is, who has it, and what holds it up.
import { isEnded, isGuess, needsPerson, type Agent, type Id, type Listed, type Task } from "../model/types";
import { countOf, doneOf, isHeldUp, isShown, nameOf, stuckBy, waitsFor, type WorkList } from "../state/work";
import { agentLabel, duration, since } from "./format";

/** How far it is, as a mark can show it. */
export type StepState = "pending" | "active" | "done" | "given-up";

export function stepOf(task: Listed): StepState {
  if (task.status === "ongoing") return "active";
  if (!isEnded(task)) return "pending";
  return task.status === "completed" ? "done" : "given-up";
}

/** What it is called: while it is under way, by what is being done. */
export const titleOf = (task: Listed): string =>
  task.status === "ongoing" ? (task.work.activeForm ?? task.title) : task.title;

/** How far it is, as a picture tells tasks apart. */
export type Look = "asks" | "active" | "free" | "waiting" | "done" | "given-up";

export const LOOK_WORDS: Record<Look, string> = {
  asks: "needs a person",
  active: "in progress",
  free: "free to begin",
  waiting: "waiting",
  done: "done",
  "given-up": "given up",
};

export function lookOf(task: Listed): Look {
  if (isEnded(task)) return task.status === "completed" ? "done" : "given-up";
  if (needsPerson(task)) return "asks";
  if (task.status !== "notstarted") return "active";
  return isHeldUp(task) ? "waiting" : "free";
}

export interface Around {
  agents: readonly Agent[];
  now: number;
  find: (id: Id) => Task | null;
}

/** Who has it, whom it is for, and what it waits for. */
export function standingOf(task: Listed, { agents, now, find }: Around): string {
  const owner = task.work.owner === undefined ? "" : agentLabel(task.work.owner, agents);
  if (task.status === "ongoing") return [owner, duration(since(task.updatedAt, now))].filter(Boolean).join(", ");
  if (isGuess(task)) return "stop requested";
  if (task.status !== "notstarted") return owner;
  const blockers = waitsFor(task, find);
  const waits = blockers.length > 0 ? `waits for ${blockers.join(", ")}` : "";
  const runner = waits === "" && task.work.job !== undefined ? "waits for a runner" : "";
  return [owner && `for ${owner}`, waits, runner, stuckBy(task)].filter(Boolean).join(", ");
}

/** "3 of 8 done, 2 in progress". */
export function headOf(list: WorkList): string {
  const active = list.active.length > 0 ? `, ${list.active.length} in progress` : "";
  return `${doneOf(list)} of ${countOf(list)} done${active}`;
}

/** "2 running, 5 done" of all lists together; empty where nothing runs and nothing was done. */
export function summaryOf(tasks: readonly Listed[]): string {
  let [running, done] = [0, 0];
  for (const task of tasks) {
    if (!isShown(task)) continue;
    if (task.status === "ongoing") running++;
    else if (task.status === "completed") done++;
  }
  return running + done === 0 ? "" : `${running} running, ${done} done`;
}

/** All of it in a sentence, for who does not see where it stands. */
export const spoken = (task: Listed): string => `${nameOf(task)} ${titleOf(task)}, ${LOOK_WORDS[lookOf(task)]}`;
