// What is kept in this browser becomes a replica again: what stands first at once, the rest when the page has time.
import type { Kept } from "../db/archive";
import type { JournalRow } from "../db/tables";
import { idle } from "../idle";
import type { Id, Task } from "../model/types";
import type { Core, Replica } from "./replica";

/** Some texts are read when the page has time, and at the latest so long after those before. */
const FILL_MS = 100;
/** So many characters at a time, less than a checkpoint's text has: what happens meanwhile is held, so the turns must be few. */
const FILL_CHARACTERS = 128 * 1024;

export interface Restored {
  replica: Replica;
  /** All that it holds. */
  tasks: Task[];
  /** Where earlier tasks begin that are not kept. */
  older: string | null;
  /** The threads that were read since the checkpoint. */
  threads: Id[];
  /** The tasks that are still to be read. */
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
  // Nothing goes backwards, so pages of earlier tasks may be read after what has happened since.
  const pages = kept.journal.filter(({ kind }) => kind === "tasks").flatMap(({ texts }) => texts);
  const last = pages.at(-1);
  const replica = core.newReplica();
  try {
    replica.restore([...read]);
    const tasks = tasksIn(read);
    // They are known by that.
    replica.changes();
    const threads = kept.journal
      .filter(({ kind }) => kind !== "tasks")
      .flatMap((row) => take(replica, row).thread ?? []);
    if (part === "all") for (const page of pages) replica.loadTasks(page);
    return {
      replica,
      tasks,
      older: last === undefined ? kept.older : olderAfter(last),
      threads,
      rest: part === "all" ? [] : [...texts.slice(read.length), ...pages],
    };
  } catch {
    // Of an older or a newer page, or with a gap.
    replica.free();
    return null;
  }
}

/** Reads the rest, and stops between two turns for who reads and writes. What has happened since is newer and stands. */
export async function* filled(replica: Replica, rest: readonly string[], goesOn: () => boolean): AsyncGenerator<void> {
  for (let at = 0; at < rest.length;) {
    await idle(FILL_MS);
    if (!goesOn()) return;
    for (let read = 0; at < rest.length && read < FILL_CHARACTERS; at += 1) {
      const text = rest[at] ?? "";
      replica.loadTasks(text);
      read += text.length;
    }
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
      taken.older = olderAfter(text);
    } else if (row.kind === "commit") {
      const { reset, unreadable } = replica.applyFrame(text);
      if (reset || unreadable) throw new Error("the journal does not follow on the checkpoint");
    }
  }
  return taken;
}

/** Where the tasks begin that are earlier than a page of them; null: there are none. */
const olderAfter = (page: string): string | null => (JSON.parse(page) as { nextCursor: string | null }).nextCursor;

/** The tasks of a checkpoint: read here, they need not be written by the wasm once more. */
const tasksIn = (texts: readonly string[]): Task[] =>
  texts.flatMap((text) => (JSON.parse(text) as { tasks: Task[] }).tasks);
