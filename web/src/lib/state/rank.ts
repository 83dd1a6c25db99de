// Which entries of the palette fit what is typed, the best first: letters may be left out, words may be in any order, and a
// number with its # means that very task.
import uFuzzy from "@leeoniya/ufuzzy";
import type { Agent, Task } from "../model/types";
import type { Action } from "./actions";
import { fold } from "../text/search";

export interface Entry extends Action {
  /** The task that it opens, if that is what it does. */
  task?: Task;
  /** The agents of the task's workspace. */
  agents?: readonly Agent[];
}

export interface Group {
  name: string;
  entries: Entry[];
}

// Letters of every script, not only Latin ones.
const fuzzy = new uFuzzy({
  unicode: true,
  interSplit: "[^\\p{L}\\d']+",
  intraSplit: "\\p{Ll}\\p{Lu}",
  intraBound: "\\p{L}\\d|\\d\\p{L}|\\p{Ll}\\p{Lu}",
  intraChars: "[\\p{L}\\d']",
  intraContr: "'\\p{L}{1,2}\\b",
  intraIns: 1,
});
const SHOWN = 40;
const FEW = 6;

/** What can be found: folded once, then asked a keystroke. */
export class Ranking {
  readonly #entries: readonly Entry[];
  #texts: string[] | null = null;

  constructor(
    entries: readonly Entry[],
    private readonly recent: readonly string[],
  ) {
    this.#entries = entries;
  }

  find(asked: string): Group[] {
    const needle = fold(asked.trim());
    if (needle === "") return this.#beginning();
    const number = /^#(\d+)$/.exec(needle);
    const found = number
      ? this.#entries.filter(({ task }) => String(task?.number ?? "").startsWith(number[1] ?? ""))
      : this.#search(needle);
    if (number) found.sort((one, other) => (one.task?.number ?? 0) - (other.task?.number ?? 0));
    return grouped(found.slice(0, SHOWN), ({ group }) => group);
  }

  /** What was done last comes first among equals. */
  #search(needle: string): Entry[] {
    this.#texts ??= this.#entries.map(({ label, words, task }) =>
      fold(`${label} ${words ?? ""}${task ? ` ${task.number ?? ""} ${task.id}` : ""}`),
    );
    const [places, info, order] = fuzzy.search(this.#texts, needle, 1, 2000);
    const ranked = info && order ? order.map((at) => info.idx[at]) : (places ?? []);
    const found = ranked.flatMap((at) => (at === undefined ? [] : (this.#entries[at] ?? [])));
    const lately = found.filter(({ id }) => this.recent.includes(id)).slice(0, 3);
    return [...lately, ...found.filter((entry) => !lately.includes(entry))];
  }

  /** Before anything is typed: what was done last, what can be done here, and only then the rest; no tasks but recent ones. */
  #beginning(): Group[] {
    const recent = this.recent.flatMap((id) => this.#entries.find((entry) => entry.id === id) ?? []).slice(0, FEW);
    const rest = this.#entries.filter((entry) => entry.task === undefined && !recent.includes(entry));
    return [
      ...(recent.length > 0 ? [{ name: "Recent", entries: recent }] : []),
      ...grouped(rest, ({ group }) => group),
    ];
  }
}

function grouped(entries: readonly Entry[], nameOf: (entry: Entry) => string): Group[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return [...groups].map(([name, some]) => ({ name, entries: some }));
}
