// The columns of the board: what each holds, and what moving a card into it asks for. Whether it may is core's to say.
import type { Problem } from "../api/problem";
import type { Draft } from "../model/commands";
import { isOpen, type Status, type Task } from "../model/types";
import { STATUS_WORDS } from "../text/format";

export interface Column {
  key: "notstarted" | "ongoing" | "completed" | "ended";
  name: string;
  holds: readonly Status[];
  /** What a task becomes that is put here. */
  to: Status;
}

export const COLUMNS: readonly Column[] = [
  { key: "notstarted", name: STATUS_WORDS.notstarted, holds: ["notstarted"], to: "notstarted" },
  { key: "ongoing", name: STATUS_WORDS.ongoing, holds: ["ongoing"], to: "ongoing" },
  { key: "completed", name: STATUS_WORDS.completed, holds: ["completed"], to: "completed" },
  { key: "ended", name: "Rejected or failed", holds: ["rejected", "failed", "killed"], to: "rejected" },
];

/** What asks for a status. A task that is over begins anew by being reopened. */
export function statusDraft(task: Task, to: Status, reason = ""): Draft {
  if (!isOpen(task) && to === "notstarted") return { type: "reopen", task: task.id };
  return { type: "setStatus", task: task.id, to, ...(reason ? { reason } : {}) };
}

export interface Judge {
  /** Whether core would refuse it, as things stand here. */
  may(draft: Draft): Problem | null;
}

/** Why a card can't be put into a column; null where it can, or where it is already. */
export function refusal(judge: Judge, task: Task, column: Column): Problem | null {
  return column.holds.includes(task.status) ? null : judge.may(statusDraft(task, column.to));
}
