// The parts of the page that come when they are first needed. Each is asked for once; until it is here, and where it cannot be had, it is null,
// and who shows something with it does without. To read its code and to use it are tasks of their own.
import { idle, nextTask } from "../idle";
import { calm } from "../state/calm";

/** A page that never rests has its code shaded all the same. */
const IDLE_MS = 1000;

function part<T>(load: () => Promise<T>): () => T | null {
  let here = $state.raw<T | null>(null);
  let asked = false;
  return () => {
    if (!asked) {
      asked = true;
      load()
        .then((loaded) => nextTask().then(() => (here = loaded)))
        // Without a network it is asked for again by whoever comes next.
        .catch(() => (asked = false));
    }
    return here;
  };
}

// In two files, so that neither takes long to begin.
export const renderer = part(() =>
  Promise.all([import("../text/markdown"), import("dompurify")]).then(([markdown]) => markdown),
);
// Shades add nothing to the words: they come when there is time.
export const highlighter = part(() => calm.then(() => idle(IDLE_MS)).then(() => import("../text/highlight")));
export const diffViewer = part(() => import("./diff/DiffView.svelte"));
