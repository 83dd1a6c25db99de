// What is kept in this browser becomes a replica again: what stands first at once, the rest when the page has time.
import type { Kept } from "../db/archive";
import type { JournalRow } from "../db/tables";
import { idle } from "../idle";
import type { Id, Task } from "../model/types";
import type { Core, Replica } from "./replica";

/** A text is read when the page has time, and at the latest so long after the one before. */
const FILL_MS = 100;

export interface Restored {
  replica: Replica;
  /** All that it holds. */
  tasks: Task[];
  /** Where earlier tasks begin that are not kept. */
  older: string | null;
  /** The threads that were read since the checkpoint. */
  threads: Id[];
  /** The texts that are still to be read. */
  rest: readonly string[];
}

/**
 * Null: nothing is kept, or it can't be read, and the server has it all. "first" reads the first text: what waits for people stands in it,
 * and what is newest.
 */
export function restore(core: Core, kept: Kept, part: "first" | "all"): Restored | null {
  const texts = kept.checkpoint ?? [];
  const read = part === "first" ? texts.slice(0, 1) : texts;
  if (read.length === 0) return null;
  const replica = core.newReplica();
  try {
    replica.restore([...read]);
    const tasks = tasksIn(read);
    // They are known by that.
    replica.changes();
    let { older } = kept;
    const threads: Id[] = [];
    for (const row of kept.journal) {
      const taken = take(replica, row);
      if (taken.older !== undefined) older = taken.older;
      if (taken.thread !== undefined) threads.push(taken.thread);
    }
    return { replica, tasks, older, threads, rest: texts.slice(read.length) };
  } catch {
    // Of an older or a newer page, or with a gap.
    replica.free();
    return null;
  }
}

/** Reads the rest, and stops between two texts for who reads and writes. What has happened since is newer and stands. */
export async function* filled(replica: Replica, rest: readonly string[], goesOn: () => boolean): AsyncGenerator<void> {
  for (const text of rest) {
    await idle(FILL_MS);
    if (!goesOn()) return;
    replica.loadTasks(text);
    yield;
  }
}

/** Loads what came after a checkpoint. Which thread that was, or where earlier tasks begin now, if it says so. */
export function take(replica: Replica, row: JournalRow): { thread?: Id; older?: string | null } {
  const taken: { thread?: Id; older?: string | null } = {};
  for (const text of row.texts) {
    if (row.kind === "thread" && row.task !== null) {
      replica.loadThread(row.task, text);
      taken.thread = row.task;
    } else if (row.kind === "tasks") {
      replica.loadTasks(text);
      taken.older = (JSON.parse(text) as { nextCursor: string | null }).nextCursor;
    } else if (row.kind === "commit") {
      const { reset, unreadable } = replica.applyFrame(text);
      if (reset || unreadable) throw new Error("the journal does not follow on the checkpoint");
    }
  }
  return taken;
}

/** The tasks of a checkpoint: read here, they need not be written by the wasm once more. */
const tasksIn = (texts: readonly string[]): Task[] =>
  texts.flatMap((text) => (JSON.parse(text) as { tasks: Task[] }).tasks);
