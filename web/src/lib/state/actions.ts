// What can be done from the command palette: each part of the page offers its own actions here while it is there.

export interface Action {
  /** Unique and lasting: recent actions are remembered by it. */
  id: string;
  label: string;
  /** The heading under which it stands. */
  group: string;
  /** More words by which it is found. */
  words?: string;
  hint?: string;
  /** The shortcut that does the same, as it stands in the table of shortcuts. */
  keys?: string;
  run: () => void;
}

type Source = () => readonly Action[];

const sources = new Set<Source>();

/** From now on the palette asks here as well, each time it opens; until the function that comes back is called. */
export function offer(source: Source): () => void {
  sources.add(source);
  return () => void sources.delete(source);
}

export const offered = (): Action[] => [...sources].flatMap((source) => [...source()]);
