// The places that a first visit need not wait for: each is fetched when it is first opened, and all of them once the page has time.
import type { Route } from "../lib/router/match";
import { renderer } from "../lib/ui/chunks.svelte";

export const signIn = () => import("./SignIn.svelte");
export const workspaces = () => import("./Workspaces.svelte");
export const tasks = () => import("./Tasks.svelte");
export const agents = () => import("./Agents.svelte");
export const activity = () => import("./Activity.svelte");
export const allActivity = () => import("./AllActivity.svelte");
export const connect = () => import("./Connect.svelte");
export const settings = () => import("./Settings.svelte");

/** Asks for what this address will show, beside what it will show there. What does not come is asked for again when it is shown. */
export function fetchFor(route: Route): void {
  const parts: Partial<Record<Route["view"], () => Promise<unknown>>> = {
    tasks,
    agents,
    activity,
    connect,
    settings,
    workspaces,
  };
  parts[route.view]?.().catch(() => {});
  const task = route.view === "home" ? route.open : "task" in route ? route.task : null;
  if (task !== null) renderer();
}

/** Asks for all of them, so that opening one waits for nothing. Where there is no network, what is here is here already. */
export function fetchAll(): void {
  if (!navigator.onLine) return;
  for (const part of [signIn, workspaces, tasks, agents, activity, allActivity, connect, settings])
    part().catch(() => {});
}
