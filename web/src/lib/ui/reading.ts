// What a text needs of the pane it is read in: where #12 leads, how a line is quoted, and whether anything may be folded away.
import { getContext, setContext } from "svelte";

export interface Reading {
  taskLink: (number: number) => string | null;
  /** Puts these words into the reply, as a quotation; null where nothing can be answered. */
  quote: ((words: string) => void) | null;
  /** Somebody decides on what stands here: nothing of it may be folded away by itself. */
  readonly whole: boolean;
  /** The digest of that; null where nothing is decided. */
  readonly digest: string | null;
}

const KEY = Symbol("reading");
const ALONE: Reading = { taskLink: () => null, quote: null, whole: false, digest: null };

export const setReading = (reading: Reading): Reading => setContext(KEY, reading);
export const getReading = (): Reading => getContext<Reading | undefined>(KEY) ?? ALONE;
