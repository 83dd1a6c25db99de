// What the keys do, in words, as the sheet of keys has them.
import { KEYS, type ShortcutName } from "../state/shortcuts";

export interface Shortcut {
  name: ShortcutName;
  keys: readonly string[];
  what: string;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: readonly Shortcut[];
}

const of = (title: string, words: Partial<Record<ShortcutName, string>>): ShortcutGroup => ({
  title,
  shortcuts: (Object.entries(words) as [ShortcutName, string][]).map(([name, what]) => ({
    name,
    keys: KEYS[name],
    what,
  })),
});

export const SHORTCUTS: readonly ShortcutGroup[] = [
  of("In a list", {
    next: "Next task",
    previous: "Previous task",
    open: "Open it",
  }),
  of("On a task", {
    approve: "To Approve; Enter then approves",
    reject: "To Deny; Enter then denies",
    reply: "To the reply",
    send: "Send the reply",
    edit: "Edit it",
    status: "Change its status",
    nextHunk: "Next change of a diff",
    previousHunk: "Previous change of a diff",
    viewed: "This file is viewed",
  }),
  of("On background work", {
    stop: "To Stop; Enter then stops it",
    follow: "Follow its output, or pause",
    wrap: "Wrap its long lines, or not",
    find: "Search its output, from within",
  }),
  of("Go to", {
    needsYou: "Needs you",
    tasks: "Tasks",
    work: "Work",
    agents: "Agents",
    activity: "Activity",
    settings: "Settings",
  }),
  of("Anywhere", {
    palette: "Find a task or an action",
    search: "Search the tasks",
    create: "New task",
    undo: "Undo what can be undone",
    close: "Close, or leave the field; then back to the list",
    help: "This list",
  }),
];

/** How a key is written for people. */
export function keyWords(keys: string, mac: boolean): string[] {
  return keys.split(/[ +]/).map((key) => (key === "Mod" ? (mac ? "⌘" : "Ctrl") : key === "Escape" ? "Esc" : key));
}
