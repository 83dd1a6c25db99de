// Undo: what was done offers its way back for some seconds, and on a key for as long as the page lives. A deletion has no way
// back once it is sent, so it waits here meanwhile; it is sent at once when the page is hidden or left.
import { SvelteSet } from "svelte/reactivity";
import { sentence, type Problem } from "../api/problem";
import type { Draft } from "../model/commands";
import type { Id, Task } from "../model/types";
import { taskName } from "../text/format";
import { announcer } from "./announcer.svelte";
import { belongs } from "./belongings";
import { sameShape, wayBack, type Was, type WayBack } from "./inverse";

/** As much of a workspace's store as undoing needs. */
export interface Doer {
  id: Id;
  task(id: Id): Task | null;
  do(draft: Draft): Problem | null;
}

export interface Notice {
  words: string;
  /** What stands on its button, if there is anything to press. */
  action: string | null;
}

interface Step {
  words: string;
  /** Takes it back. A sentence if that can't be done any more. */
  back: () => string | null;
}

interface HeldDeletion {
  step: Step;
  send: () => void;
}

const SHOWN_MS = 6000;
const REMEMBERED = 50;

export class Undo {
  notice = $state.raw<Notice | null>(null);
  /** Tasks whose deletion waits: lists leave them out. */
  readonly held = new SvelteSet<Id>();
  #steps: Step[] = [];
  #deletion: HeldDeletion | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && this.flush());
    addEventListener("pagehide", () => this.flush());
  }

  /** What `store.do` does, with its way back noted where there is one. */
  do(store: Doer, draft: Draft, was: Was = {}): Problem | null {
    const before = "task" in draft ? store.task(draft.task) : null;
    const way = before === null ? null : (was.way ?? wayBack(before, draft, was));
    const problem = store.do(draft);
    const after = before === null ? null : store.task(before.id);
    if (problem === null && after !== null && way !== null) this.#note(stepOf(store, after, way));
    return problem;
  }

  /** What stays of these: what is being deleted stands in no list, as long as that can be undone. */
  left<T extends Task>(tasks: readonly T[]): readonly T[] {
    return this.held.size === 0 ? tasks : tasks.filter(({ id }) => !this.held.has(id));
  }

  /** Deletes a task in a few seconds, unless that is undone. */
  delete(store: Doer, task: Task): void {
    const step: Step = {
      words: `Deleting ${taskName(task)}`,
      back: () => {
        this.held.delete(task.id);
        this.#deletion = null;
        return null;
      },
    };
    const send = (): void => {
      const problem = store.do({ type: "deleteTask", task: task.id });
      this.held.delete(task.id);
      if (problem !== null) this.tell(`${taskName(task)} is not deleted: ${sentence(problem)}`);
    };
    this.held.add(task.id);
    this.#note(step);
    this.#deletion = { step, send };
  }

  /** Takes back what was done last. False if there is nothing. */
  last(): boolean {
    const step = this.#steps.pop();
    if (step === undefined) return false;
    const trouble = step.back();
    this.tell(trouble === null ? `Undone. ${step.words.split(":")[0]} is as it was` : trouble);
    return true;
  }

  /** Sends what waits, now. */
  flush(): void {
    const waiting = this.#deletion;
    if (waiting === null) return;
    this.#deletion = null;
    this.#steps = this.#steps.filter((one) => one !== waiting.step);
    this.#hide();
    waiting.send();
  }

  /** What could be taken back was somebody's who is gone; a deletion that still waited is not made. */
  forget(): void {
    this.#hide();
    this.held.clear();
    this.#steps = [];
    this.#deletion = null;
  }

  /** While somebody points at the notice or has the focus on it, it stays. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  resume(): void {
    clearTimeout(this.#timer);
    if (this.notice !== null) this.#timer = setTimeout(() => this.dismiss(), SHOWN_MS);
  }

  dismiss(): void {
    this.#hide();
    this.flush();
  }

  /** Says something where undo is offered, without offering it. */
  tell(words: string): void {
    this.#show({ words, action: null });
  }

  #note(step: Step): void {
    this.flush();
    this.#steps = [...this.#steps.slice(1 - REMEMBERED), step];
    this.#show({ words: step.words, action: "Undo" });
  }

  #show(notice: Notice): void {
    this.notice = notice;
    announcer.say(notice.action === null ? notice.words : `${notice.words}. Press u to undo.`);
    this.resume();
  }

  #hide(): void {
    clearTimeout(this.#timer);
    this.notice = null;
  }
}

function stepOf(store: Doer, after: Task, way: WayBack): Step {
  return {
    words: way.words,
    back: () => {
      const now = store.task(after.id);
      if (now === null || !sameShape(after, now)) return "It has been changed meanwhile: nothing is undone.";
      for (const draft of way.drafts) {
        const problem = store.do(draft);
        if (problem !== null) return `Not undone: ${sentence(problem)}`;
      }
      return null;
    },
  };
}

export const undo = new Undo();
belongs(undo);
