// The one table of keys: what is pressed is looked up here, and the sheet of keys is drawn from here, so the two never differ.

export type ShortcutName =
  | "next"
  | "previous"
  | "open"
  | "approve"
  | "reject"
  | "reply"
  | "send"
  | "edit"
  | "status"
  | "nextHunk"
  | "previousHunk"
  | "viewed"
  | "needsYou"
  | "tasks"
  | "agents"
  | "activity"
  | "settings"
  | "search"
  | "palette"
  | "create"
  | "undo"
  | "close"
  | "help";

export interface Shortcut {
  name: ShortcutName;
  /** Each is one key, `Mod+` a key (Ctrl, or Cmd on a Mac), or two keys one after the other. */
  keys: readonly string[];
  what: string;
}

export interface ShortcutGroup {
  title: string;
  shortcuts: readonly Shortcut[];
}

export const SHORTCUTS: readonly ShortcutGroup[] = [
  {
    title: "In a list",
    shortcuts: [
      { name: "next", keys: ["j"], what: "Next task" },
      { name: "previous", keys: ["k"], what: "Previous task" },
      { name: "open", keys: ["o", "Enter"], what: "Open it" },
    ],
  },
  {
    title: "On a task",
    shortcuts: [
      { name: "approve", keys: ["a"], what: "To Approve; Enter then approves" },
      { name: "reject", keys: ["x"], what: "To Deny; Enter then denies" },
      { name: "reply", keys: ["r"], what: "To the reply" },
      { name: "send", keys: ["Mod+Enter"], what: "Send the reply" },
      { name: "edit", keys: ["e"], what: "Edit it" },
      { name: "status", keys: ["s"], what: "Change its status" },
      { name: "nextHunk", keys: ["]"], what: "Next change of a diff" },
      { name: "previousHunk", keys: ["["], what: "Previous change of a diff" },
      { name: "viewed", keys: ["v"], what: "This file is viewed" },
    ],
  },
  {
    title: "Go to",
    shortcuts: [
      { name: "needsYou", keys: ["g n"], what: "Needs you" },
      { name: "tasks", keys: ["g t"], what: "Tasks" },
      { name: "agents", keys: ["g a"], what: "Agents" },
      { name: "activity", keys: ["g v"], what: "Activity" },
      { name: "settings", keys: ["g s"], what: "Settings" },
    ],
  },
  {
    title: "Anywhere",
    shortcuts: [
      { name: "palette", keys: ["Mod+k"], what: "Find a task or an action" },
      { name: "search", keys: ["/"], what: "Search the tasks" },
      { name: "create", keys: ["c"], what: "New task" },
      { name: "undo", keys: ["u", "Mod+z"], what: "Undo what can be undone" },
      { name: "close", keys: ["Escape"], what: "Close, or leave the field; then back to the list" },
      { name: "help", keys: ["?"], what: "This list" },
    ],
  },
];

/** What is pressed on elements that take it themselves: a link its Enter, the reply its Ctrl Enter. */
const THEIRS: ReadonlySet<string> = new Set(["Enter", "Mod+Enter"]);

const byKeys = new Map<string, ShortcutName>(
  SHORTCUTS.flatMap(({ shortcuts }) =>
    shortcuts.flatMap(({ name, keys }) => keys.filter((one) => !THEIRS.has(one)).map((one) => [one, name] as const)),
  ),
);
const leaders = new Set([...byKeys.keys()].flatMap((keys) => (keys.includes(" ") ? [keys.split(" ")[0] ?? ""] : [])));

export interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** Reads key presses one after the other: which shortcut each completes, `null` for none, `"more"` for a first half. */
export class KeyReader {
  #leader: { key: string; at: number } | null = null;

  read(pressed: Pressed, now: number): ShortcutName | "more" | null {
    if (pressed.altKey) return null;
    const mod = pressed.ctrlKey || pressed.metaKey;
    const key = mod ? `Mod+${pressed.key.toLowerCase()}` : pressed.key;
    const leader = this.#leader;
    this.#leader = null;
    if (leader !== null && now - leader.at < 1500) {
      const both = byKeys.get(`${leader.key} ${key}`);
      if (both) return both;
    }
    if (leaders.has(key)) {
      this.#leader = { key, at: now };
      return "more";
    }
    return byKeys.get(key) ?? null;
  }
}

/** How a key is written for people. */
export function keyWords(keys: string, mac: boolean): string[] {
  return keys.split(/[ +]/).map((key) => (key === "Mod" ? (mac ? "⌘" : "Ctrl") : key === "Escape" ? "Esc" : key));
}
