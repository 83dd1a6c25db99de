// The places that a first visit need not wait for: each is fetched when it is first opened, and all of them once the page has time.
import { drawn, whenIdle } from "../lib/idle";
import type { Route } from "../lib/router/match";
import { awaits, calm } from "../lib/state/calm";

export const openTask = () => import("../lib/ui/OpenTask.svelte");
export const signIn = () => import("./SignIn.svelte");
export const workspaces = () => import("./Workspaces.svelte");
export const tasks = () => import("./Tasks.svelte");
export const work = () => import("./Work.svelte");
export const agents = () => import("./Agents.svelte");
export const activity = () => import("./Activity.svelte");
export const allActivity = () => import("./AllActivity.svelte");
export const connect = () => import("./Connect.svelte");
export const settings = () => import("./Settings.svelte");

/** Asks for the parts that this address will show. What does not come is asked for again when it is shown. */
export function fetchFor(route: Route): void {
  const parts: Partial<Record<Route["view"], () => Promise<unknown>>> = {
    tasks,
    work,
    agents,
    activity,
    connect,
    settings,
    workspaces,
    signIn,
  };
  parts[route.view]?.().catch(() => {});
  const task = route.view === "home" ? route.open : "task" in route ? route.task : null;
  if (task !== null) awaits(openTask());
  // It will be the next thing that is asked for, once this one is seen: a page has time as well before its frame is drawn.
  else void calm.then(drawn).then(() => whenIdle(() => void openTask().catch(() => {})));
}

/** Asks for all of them, one after the other, so that opening one waits for nothing. Where there is no network, what is here is here already. */
export async function fetchAll(): Promise<void> {
  if (!navigator.onLine) return;
  for (const part of [tasks, work, activity, agents, settings, connect, workspaces, allActivity, signIn])
    await part().catch(() => {});
}
