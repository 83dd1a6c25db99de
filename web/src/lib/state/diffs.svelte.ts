// How this browser shows diffs, and which files somebody has ticked off as viewed. Kept where the browser lets it.
import { SvelteSet } from "svelte/reactivity";
import { rules } from "../sync/replica";
import type { Columns } from "../text/diff/rows";
import { belongs, STORED } from "./belongings";

const COLUMNS = "agentrq.diff.columns";
/** The oldest ticks are forgotten first. */
const MOST = 500;

function kept(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function keep(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // As long as the page lasts, then.
  }
}

/** By what the ticks of a file are known: the hash of its very text, and where somebody decides, of that under what is decided on. */
export interface Prints {
  own: string;
  deciding: string | null;
}

export function printsOf(raw: string, digest: string | null): Prints {
  const hash = (under: string): string => rules().sha256(new TextEncoder().encode(`${under}\n${raw}`));
  return { own: hash(""), deciding: digest === null ? null : hash(digest) };
}

class Diffs {
  #columns = $state<Columns | null>(
    ((known) => (known === "split" || known === "unified" ? known : null))(kept(COLUMNS)),
  );
  readonly #viewed = new SvelteSet<string>((kept(STORED.viewed) ?? "").split(" ").filter(Boolean));

  /** What somebody has chosen; null leaves it to the room there is. */
  get columns(): Columns | null {
    return this.#columns;
  }
  set columns(columns: Columns | null) {
    this.#columns = columns;
    keep(COLUMNS, columns ?? "");
  }

  viewed({ own, deciding }: Prints): boolean {
    return this.#viewed.has(deciding ?? own);
  }
  /** What was viewed is whoever's it was. */
  forget(): void {
    this.#viewed.clear();
  }
  view({ own, deciding }: Prints, viewed: boolean): void {
    for (const print of deciding === null ? [own] : [own, deciding]) {
      if (viewed) this.#viewed.add(print);
      else this.#viewed.delete(print);
    }
    keep(STORED.viewed, [...this.#viewed].slice(-MOST).join(" "));
  }
}

export const diffs = new Diffs();
belongs(diffs);
