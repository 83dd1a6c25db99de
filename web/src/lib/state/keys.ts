// The keyboard of the workspace: single keys, never while somebody types, never with a modifier held.
import type { Route } from "../router/match";
import { router } from "../router/router.svelte";

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

let leader = 0;

export function workspaceKeys(event: KeyboardEvent, workspace: string, route: Route, showHelp: () => void): void {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const led = Date.now() - leader < 1500;
  leader = 0;
  if (led && goTo(event.key, workspace)) {
    event.preventDefault();
    return;
  }
  let done = true;
  switch (event.key) {
    case "j":
      done = walk(1);
      break;
    case "k":
      done = walk(-1);
      break;
    case "a":
      done = focusOn('[data-key="approve"]');
      break;
    case "x":
      done = focusOn('[data-key="reject"]');
      break;
    case "r":
      done = focusOn('[data-key="reply"]');
      break;
    case "c":
      router.setQuery("new", "task");
      break;
    case "/":
      if (route.view !== "tasks") router.go({ view: "tasks", workspace, task: null });
      queueMicrotask(() => focusOn('[data-key="search"]'));
      break;
    case "g":
      leader = Date.now();
      break;
    case "?":
      showHelp();
      break;
    case "Escape":
      if ((route.view === "tasks" || route.view === "needsYou") && route.task !== null) {
        if (!focusOn(`a[data-task][aria-current="true"]`)) router.go({ view: route.view, workspace, task: null });
      }
      break;
    default:
      done = false;
  }
  if (done) event.preventDefault();
}

function goTo(key: string, workspace: string): boolean {
  if (key === "n") router.go({ view: "needsYou", workspace, task: null });
  else if (key === "t") router.go({ view: "tasks", workspace, task: null });
  else if (key === "a") router.go({ view: "agents", workspace });
  else if (key === "s") router.go({ view: "settings", workspace });
  else return false;
  return true;
}
