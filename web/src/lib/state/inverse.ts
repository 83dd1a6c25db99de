// The way back from a command: what would have to be asked for to have a task as it was before. Not everything has one:
// a verdict is history, and so is whatever would take one away.
import type { Draft } from "../model/commands";
import { isOpen, type Status, type Task } from "../model/types";
import { STATUS_WORDS, taskName } from "../text/format";

export interface WayBack {
  /** What was done. */
  words: string;
  drafts: Draft[];
}

/** What the task said before, where the task itself does not know. */
export interface Was {
  body?: string;
  /** The way back, where whoever asks knows it better. */
  way?: WayBack | null;
}

const setStatus = (task: string, to: Status, reason: string | null): Draft => ({
  type: "setStatus",
  task,
  to,
  ...(reason === null ? {} : { reason }),
});

export function wayBack(before: Task, draft: Draft, was: Was = {}): WayBack | null {
  const name = taskName(before);
  switch (draft.type) {
    case "setStatus": {
      const drafts: Draft[] = [];
      if (draft.to === before.status) return null;
      if (isOpen({ ...before, status: draft.to })) drafts.push(setStatus(before.id, before.status, before.reason));
      else {
        // What is closed is left by reopening alone, and that takes a verdict away.
        if (before.verdict !== null) return null;
        drafts.push({ type: "reopen", task: before.id });
        if (before.status !== "notstarted") drafts.push(setStatus(before.id, before.status, before.reason));
      }
      return {
        words: `${name}: ${STATUS_WORDS[draft.to].toLowerCase()}`,
        drafts,
      };
    }
    case "reopen":
      // Failed and stopped are the system's words: a person can't say them again.
      if (before.verdict !== null || (before.status !== "completed" && before.status !== "rejected")) return null;
      return {
        words: `${name}: reopened`,
        drafts: [setStatus(before.id, before.status, before.reason)],
      };
    case "editTask":
      return wayBackFromEdit(before, draft, was);
    default:
      return null;
  }
}

function wayBackFromEdit(before: Task, draft: Draft & { type: "editTask" }, was: Was): WayBack | null {
  const shown = draft.title !== undefined || draft.body !== undefined;
  if (shown && before.verdict !== null) return null;
  if (draft.body !== undefined && was.body === undefined) return null;
  const back: Draft = {
    type: "editTask",
    task: before.id,
    ...(draft.title === undefined ? {} : { title: before.title }),
    ...(draft.body === undefined || was.body === undefined ? {} : { body: was.body }),
    ...(draft.assignee === undefined ? {} : { assignee: before.assignee }),
  };
  const words = shown ? "edited" : `for ${draft.assignee === "human" ? "a person" : "an agent"} now`;
  return {
    words: `${taskName(before)}: ${words}`,
    drafts: [back],
  };
}

/** Nobody has changed since what a way back would change. */
export function sameShape(one: Task, other: Task): boolean {
  return (
    one.status === other.status &&
    one.digest === other.digest &&
    one.assignee === other.assignee &&
    one.work?.owner === other.work?.owner
  );
}
