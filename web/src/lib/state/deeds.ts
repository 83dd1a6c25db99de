// What a person can do with a task beside answering it: the same in its menu and in the command palette.
import type { Problem } from "../api/problem";
import { sentence } from "../api/problem";
import { isOpen, type Status, type Task } from "../model/types";
import { pathOf } from "../router/match";
import { taskName } from "../text/format";
import { canStop, isJob } from "./background";
import { statusDraft } from "./columns";
import { undo, type Doer } from "./undo.svelte";

export interface Deed {
  id: string;
  label: string;
  hint?: string;
  danger?: boolean;
  /** The shortcut that does the same. */
  keys?: string;
  run: () => void;
}

export interface Surroundings {
  store: Doer;
  task: Task;
  edit: () => void;
  /** Changes what its list says of it, if it is of one. */
  place: () => void;
  /** Asks for a reason, then calls it off. */
  callOff: () => void;
  /** The task is on its way out: whoever looks at it looks elsewhere. */
  leave: () => void;
}

const VERBS: Partial<Record<Status, string>> = {
  notstarted: "Put back to not started",
  ongoing: "Mark as ongoing",
  completed: "Mark as completed",
};

const say = (name: string, problem: Problem | null): void => {
  if (problem !== null) undo.tell(`${name} is as it was: ${sentence(problem)}`);
};

async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    undo.tell(`${what} copied`);
  } catch {
    undo.tell("The browser did not allow copying.");
  }
}

/** The statuses that this task can be given. */
export function statusDeeds({ store, task, callOff }: Surroundings): Deed[] {
  const name = taskName(task);
  if (!isOpen(task))
    return [
      {
        id: "task.reopen",
        label: "Reopen",
        hint: "It begins anew",
        run: () => say(name, undo.do(store, statusDraft(task, "notstarted"))),
      },
    ];
  // What runs in the background is begun and put back by whoever runs it.
  const mine = isJob(task) ? (["completed"] as const) : (["notstarted", "ongoing", "completed"] as const);
  const moves = mine.filter((to) => to !== task.status);
  const stop: Deed = {
    id: "task.stop",
    label: "Stop it",
    keys: "t",
    run: () => say(name, store.do({ type: "stopWork", task: task.id })),
  };
  return [
    ...(isJob(task) && canStop(task) ? [stop] : []),
    ...moves.map((to) => ({
      id: `task.status.${to}`,
      label: VERBS[to] ?? to,
      run: () => say(name, undo.do(store, statusDraft(task, to))),
    })),
    { id: "task.status.rejected", label: "Call it off", hint: "Rejects it, with a reason", run: callOff },
  ];
}

export function taskDeeds(around: Surroundings): Deed[] {
  const { store, task, edit, place, leave } = around;
  const other = task.assignee === "human" ? "agent" : "human";
  const link = pathOf({ view: "tasks", workspace: store.id, task: task.id });
  return [
    { id: "task.edit", label: "Edit", keys: "e", run: edit },
    ...(task.work
      ? [
          {
            id: "task.work",
            label: "Change its place in the list",
            hint: "Priority, owner, what it waits for",
            run: place,
          },
        ]
      : []),
    ...statusDeeds(around),
    {
      id: "task.assign",
      label: other === "human" ? "Give it to a person" : "Give it to an agent",
      run: () => say(taskName(task), undo.do(store, { type: "editTask", task: task.id, assignee: other })),
    },
    { id: "task.link", label: "Copy its link", run: () => void copy(location.origin + link, "Link") },
    { id: "task.id", label: "Copy its id", hint: task.id, run: () => void copy(task.id, "Id") },
    {
      id: "task.delete",
      label: "Delete",
      danger: true,
      run: () => {
        undo.delete(store, task);
        leave();
      },
    },
  ];
}
