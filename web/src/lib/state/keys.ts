// The keyboard of the page: single keys, never while somebody types. What a key does is said by the part of the page
// that can do it; what any page can do stands here.
import type { Route } from "../router/match";
import { router } from "../router/router.svelte";
import { palette } from "./palette.svelte";
import { KeyReader, type ShortcutName } from "./shortcuts";
import { undo } from "./undo.svelte";

/** Does it, or says `false`: not mine, ask the next. */
type Doing = () => unknown;

const doings = new Map<ShortcutName, Doing[]>();

/** From now on this shortcut is done like this, until the function that comes back is called. The last to say so is asked first. */
export function onShortcut(name: ShortcutName, run: Doing): () => void {
  doings.set(name, [run, ...(doings.get(name) ?? [])]);
  return () =>
    void doings.set(
      name,
      (doings.get(name) ?? []).filter((one) => one !== run),
    );
}

const focusOn = (selector: string): boolean => {
  const target = document.querySelector<HTMLElement>(selector);
  target?.focus();
  return target !== null;
};

/** Where letters are text. A radio button takes arrows, not letters. */
const typing = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.matches('textarea, select, input:not([type="radio"], [type="checkbox"])'));

/** The next row from the one with the focus, else from the one that is open. */
function walk(step: 1 | -1): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>("a[data-task]")];
  if (rows.length === 0) return false;
  const at = rows.indexOf(document.activeElement as HTMLElement);
  const from = at >= 0 ? at : rows.findIndex((row) => row.getAttribute("aria-current") === "true");
  const next = rows[from < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, from + step))];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
  return true;
}

/** The row or card that has the focus. */
const focused = (): HTMLElement | null => document.activeElement?.closest<HTMLElement>("a[data-task]") ?? null;

/** The task that keys are about: the one with the focus in a list, else the open one. */
export function taskAtHand(route: Route): string | null {
  const row = focused()?.dataset["task"];
  if (row) return row;
  if (route.view === "home") return route.open?.task ?? null;
  return "task" in route ? route.task : null;
}

function leave(route: Route): boolean {
  if (focusOn(`a[data-task][aria-current="true"]`)) return true;
  if (route.view === "home" && route.open !== null) router.go({ view: "home", open: null });
  else if ((route.view === "tasks" || route.view === "needsYou") && route.task !== null)
    router.go({ ...route, task: null });
  else return false;
  return true;
}

/** What every page of a workspace can do; without a workspace, what concerns none. */
function standing(name: ShortcutName, workspace: string | null, route: Route, showHelp: () => void): Doing | null {
  const go = (view: "tasks" | "work" | "agents" | "settings" | "activity"): Doing | null => {
    if (workspace === null) return view === "activity" ? () => router.go({ view, workspace }) : null;
    return () => router.go(view === "tasks" ? { view, workspace, task: null } : { view, workspace });
  };
  switch (name) {
    case "next":
      return () => walk(1);
    case "previous":
      return () => walk(-1);
    case "open":
      return () => {
        const row = focused();
        row?.click();
        return row !== null;
      };
    case "approve":
    case "reject":
    case "reply":
    case "stop":
      return () => focusOn(`[data-key="${name}"]`);
    case "edit":
      return () => {
        const row = focused();
        row?.click();
        if (taskAtHand(route) === null) return false;
        router.setQuery("edit", "task", { replace: row !== null });
      };
    case "status":
      return () => {
        const task = taskAtHand(route);
        if (task === null) return false;
        palette.show({ task });
      };
    case "needsYou":
      return () => router.go(workspace === null ? { view: "home", open: null } : { view: name, workspace, task: null });
    case "tasks":
    case "work":
    case "agents":
    case "settings":
    case "activity":
      return go(name);
    case "search":
      return () => {
        if (route.view !== "tasks") void go("tasks")?.();
        queueMicrotask(() => focusOn('[data-key="search"]'));
      };
    case "palette":
      return () => palette.show();
    case "create":
      return () => router.setQuery("new", "task");
    case "undo":
      return () => undo.last();
    case "close":
      return () => leave(route);
    case "help":
      return showHelp;
    default:
      return null;
  }
}

const reader = new KeyReader();

export function workspaceKeys(
  event: KeyboardEvent,
  workspace: string | null,
  route: Route,
  showHelp: () => void,
): void {
  if (event.defaultPrevented || document.querySelector("dialog[open]")) return;
  const text = typing(event.target);
  if (text && !event.ctrlKey && !event.metaKey) return;
  const name = reader.read(event, Date.now());
  // In a field Ctrl+Z is the field's own; only the palette opens from everywhere.
  if (name === null || (text && name !== "palette")) return;
  if (name === "more") {
    event.preventDefault();
    return;
  }
  const tries = [...(doings.get(name) ?? []), standing(name, workspace, route, showHelp)];
  if (tries.some((run) => run !== null && run() !== false)) event.preventDefault();
}
