// The one table of keys: what is pressed is looked up here, and the sheet of keys is drawn from here, so the two never differ.

/** Each is one key, `Mod+` a key (Ctrl, or Cmd on a Mac), or two keys one after the other. */
export const KEYS = {
  next: ["j"],
  previous: ["k"],
  open: ["o", "Enter"],
  approve: ["a"],
  reject: ["x"],
  reply: ["r"],
  send: ["Mod+Enter"],
  edit: ["e"],
  status: ["s"],
  nextHunk: ["]"],
  previousHunk: ["["],
  viewed: ["v"],
  stop: ["t"],
  follow: ["f"],
  wrap: ["w"],
  find: ["Mod+f"],
  needsYou: ["g n"],
  tasks: ["g t"],
  work: ["g w"],
  agents: ["g a"],
  activity: ["g v"],
  settings: ["g s"],
  palette: ["Mod+k"],
  search: ["/"],
  create: ["c"],
  undo: ["u", "Mod+z"],
  close: ["Escape"],
  help: ["?"],
} as const satisfies Record<string, readonly string[]>;

export type ShortcutName = keyof typeof KEYS;

/** What is pressed on elements that take it themselves: a link its Enter, the reply its Ctrl Enter. */
const THEIRS: ReadonlySet<string> = new Set(["Enter", "Mod+Enter"]);

const byKeys = new Map<string, ShortcutName>(
  (Object.keys(KEYS) as ShortcutName[]).flatMap((name) =>
    KEYS[name].filter((one) => !THEIRS.has(one)).map((one) => [one, name] as const),
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
