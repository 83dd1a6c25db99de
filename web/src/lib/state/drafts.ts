// Words that have been begun and not sent, by task: read and written like a plain record, and kept as they change.
import type { Id, Side } from "../model/types";

/** While somebody types, this long passes before it is kept. */
const REST_MS = 300;

/** A task that is not one yet. */
export interface NewTask {
  title: string;
  body: string;
  assignee: Side;
}
/** Stands where a task's id would; no id is so short. */
const NEW = "new";

export function begunTask(drafts: Record<Id, string>): NewTask | null {
  try {
    return JSON.parse(drafts[NEW] ?? "null") as NewTask | null;
  } catch {
    return null;
  }
}

export function keepBegun(drafts: Record<Id, string>, begun: NewTask): void {
  if (begun.title !== "" || begun.body !== "") drafts[NEW] = JSON.stringify(begun);
  else if (drafts[NEW]) Reflect.deleteProperty(drafts, NEW);
}

export function keptDrafts(keep: (task: Id, text: string) => void): Record<Id, string> {
  const changed = new Map<Id, string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    for (const [task, text] of changed) keep(task, text);
    changed.clear();
  };
  if (typeof document !== "undefined") document.addEventListener("visibilitychange", flush);
  return new Proxy<Record<Id, string>>(
    {},
    {
      set(drafts, task: Id, text: string) {
        if ((drafts[task] ?? "") === text) return true;
        drafts[task] = text;
        changed.set(task, text);
        clearTimeout(timer);
        timer = setTimeout(flush, REST_MS);
        return true;
      },
      deleteProperty(drafts, task: Id) {
        Reflect.deleteProperty(drafts, task);
        changed.set(task, "");
        flush();
        return true;
      },
    },
  );
}
