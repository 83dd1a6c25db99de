// What the palette can find: what can be done with the task at hand, the places, the workspaces, the page itself, what other
// parts of the page offer, and every task that is here.
import { awaitsVerdict, type Task } from "../model/types";
import { pathOf, type Route } from "../router/match";
import { router } from "../router/router.svelte";
import { taskName } from "../text/format";
import { offered, type Action } from "./actions";
import { app } from "./app.svelte";
import { taskDeeds } from "./deeds";
import { taskAtHand } from "./keys";
import { palette } from "./palette.svelte";
import { preferences } from "./preferences.svelte";
import type { Entry } from "./rank";
import { theme, type Theme } from "./theme.svelte";
import { undo } from "./undo.svelte";
import type { WorkspaceStore } from "./workspace.svelte";

export interface Here {
  near: WorkspaceStore;
  route: Route;
  /** Shows the sheet of keys. */
  help: () => void;
}

interface AtHand {
  store: WorkspaceStore;
  task: Task;
}

/** The task that is spoken of, wherever it is. */
export function atHand({ near, route }: Here, name: string | null): AtHand | null {
  const wanted = name ?? taskAtHand(route);
  if (wanted === null) return null;
  const home = route.view === "home" ? route.open?.workspace : undefined;
  const stores = [near, ...app.stores].toSorted((one, other) => Number(other.id === home) - Number(one.id === home));
  for (const store of stores) {
    const task = store.find(wanted);
    if (task) return { store, task };
  }
  return null;
}

const pathTo = (store: WorkspaceStore, task: Task): string =>
  pathOf({ view: "tasks", workspace: store.id, task: task.id });

export function deedEntries(here: Here, { store, task }: AtHand): Entry[] {
  const path = pathTo(store, task);
  const group = `${taskName(task)} ${task.title}`;
  const deeds = taskDeeds({
    store,
    task,
    edit: () => router.go(`${path}?edit=task`),
    place: () => router.go(`${path}?edit=work`),
    callOff: () => (palette.callingOff = { store, task }),
    leave: () => {
      if ("task" in here.route && (here.route.task === task.id || here.route.task === String(task.number)))
        router.go({ ...here.route, task: null });
    },
  });
  // A verdict is given where everything is seen that it is about, never from here.
  const decide: Entry[] = awaitsVerdict(task)
    ? [
        {
          id: "task.decide",
          label: "Go and decide",
          words: "approve reject verdict",
          hint: "Shows it with its buttons",
          group,
          run: () => {
            router.go(path);
            requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-key="approve"]')?.focus());
          },
        },
      ]
    : [];
  return [...decide, ...deeds.map((deed) => ({ ...deed, group }))];
}

function places({ near, help }: Here): Action[] {
  const workspace = near.id;
  const to = (id: string, label: string, path: string, keys?: string): Action => ({
    id: `go.${id}`,
    label,
    group: "Go to",
    ...(keys ? { keys } : {}),
    run: () => router.go(path),
  });
  const tasks = pathOf({ view: "tasks", workspace, task: null });
  return [
    to("needsYou", "Needs you", pathOf({ view: "needsYou", workspace, task: null }), "g n"),
    to("tasks", "Tasks", tasks, "g t"),
    to("board", "Board", `${tasks}?layout=board`),
    to("work", "Work", pathOf({ view: "work", workspace }), "g w"),
    to("agents", "Agents", pathOf({ view: "agents", workspace }), "g a"),
    to("connect", "Connect an agent", pathOf({ view: "connect", workspace })),
    to("activity", "Activity", pathOf({ view: "activity", workspace }), "g v"),
    to("settings", "Settings", pathOf({ view: "settings", workspace }), "g s"),
    { id: "help", label: "Keyboard shortcuts", words: "keys help", group: "Go to", keys: "?", run: help },
  ];
}

const THEMES: readonly { value: Theme; label: string }[] = [
  { value: "system", label: "Theme: as the system" },
  { value: "light", label: "Theme: light" },
  { value: "dark", label: "Theme: dark" },
];

function page({ near }: Here): Action[] {
  const group = "This page";
  return [
    ...THEMES.filter(({ value }) => value !== theme.value).map(({ value, label }) => ({
      id: `theme.${value}`,
      label,
      group,
      run: () => (theme.value = value),
    })),
    {
      id: "density",
      label: preferences.compact ? "Rows: two lines" : "Rows: compact",
      words: "density",
      group,
      run: () => preferences.choose({ compact: !preferences.compact }),
    },
    {
      id: "sound",
      label: preferences.sound ? "Sound: off" : "Sound: on",
      words: "notification",
      group,
      run: () => preferences.choose({ sound: !preferences.sound }),
    },
    {
      id: "signOut",
      label: "Sign out",
      group,
      run: () => {
        undo.flush();
        // With changes still on their way it is asked first, where that is explained.
        if (app.sync.unsent > 0) router.go({ view: "settings", workspace: near.id });
        else app.signOut().catch(() => undo.tell("Signing out did not work. Try again."));
      },
    },
  ];
}

function workspaces({ near }: Here): Action[] {
  const group = "Workspaces";
  const others = (app.workspaces ?? []).filter(({ id }) => id !== near.id);
  return [
    ...others.map(({ id, name }) => ({
      id: `workspace.${id}`,
      label: name,
      words: "switch workspace",
      group,
      run: () => router.go({ view: "needsYou", workspace: id, task: null }),
    })),
    {
      id: "workspaces",
      label: "All workspaces",
      words: "manage create",
      group,
      run: () => router.go({ view: "workspaces" }),
    },
  ];
}

function tasks({ near }: Here): Entry[] {
  const stores = [near, ...app.stores.filter((store) => store !== near)];
  return stores.flatMap((store) =>
    undo.left(store.tasks).map((task) => ({
      id: `task:${store.id}/${task.id}`,
      label: task.title,
      group: store === near ? "Tasks" : `Tasks in ${store.workspace?.name ?? "another workspace"}`,
      task,
      agents: store.agents,
      run: () => router.go(pathTo(store, task)),
    })),
  );
}

/** What always fits: to look for it where more than titles is searched, and where a task of that number may be that is not here. */
export function askedEntries({ near }: Here, asked: string): Entry[] {
  const words = asked.trim();
  if (words === "") return [];
  const group = "Look further";
  const path = pathOf({ view: "tasks", workspace: near.id, task: null });
  const [, number] = /^#?(\d{1,9})$/.exec(words) ?? [];
  const elsewhere = number !== undefined && near.lacking !== "nothing" && near.find(number) === null;
  return [
    ...(elsewhere
      ? [
          {
            id: "open",
            label: `Open #${number}`,
            hint: "Asks the server for it",
            group,
            run: () => router.go(pathOf({ view: "tasks", workspace: near.id, task: number })),
          },
        ]
      : []),
    {
      id: "search",
      label: `Search tasks for “${words}”`,
      hint: "Titles, texts and messages",
      group,
      run: () => router.go(`${path}?${new URLSearchParams({ q: words })}`),
    },
  ];
}

export function entriesOf(here: Here, only: string | null): Entry[] {
  const now = atHand(here, only);
  const deeds = now ? deedEntries(here, now) : [];
  if (only !== null) return deeds;
  const create: Action = {
    id: "create",
    label: "New task",
    group: "Do",
    keys: "c",
    run: () => router.setQuery("new", "task"),
  };
  return [...deeds, create, ...offered(), ...places(here), ...workspaces(here), ...page(here), ...tasks(here)];
}
